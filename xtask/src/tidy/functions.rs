//! Functions are short.

use super::Problem;
use super::source::{Source, body};

/// Lines in a function, its signature included.
const LIMIT: usize = 60;

/// The functions that are too long.
pub fn too_long(source: &Source) -> Vec<Problem> {
    let starts = source.code.match_indices("fn ").map(|(at, _)| at).filter(|at| is_word(&source.code, *at));
    starts.filter_map(|at| judge(source, at)).collect()
}

fn is_word(code: &str, at: usize) -> bool {
    let before = code[..at].chars().next_back();
    before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
}

fn judge(source: &Source, at: usize) -> Option<Problem> {
    let body = body(&source.code, at)?;
    let first = source.line(at);
    let lines = source.line(body.end - 1) - first + 1;
    let name: String =
        source.code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let message = format!("function `{name}` has {lines} lines where {LIMIT} are the limit");
    (lines > LIMIT).then(|| Problem { path: source.path.clone(), line: first, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        too_long(&Source::new("a.rs", text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_function_of_60_lines_is_short_and_one_of_61_is_not() {
        let function = |lines: usize| format!("\nfn f(a: [u8; 4]) -> u8 {{{}}}\n", "\n".repeat(lines - 1));
        assert_eq!(found(&function(60)), [""; 0]);
        assert_eq!(found(&function(61)), ["a.rs:2: function `f` has 61 lines where 60 are the limit"]);
    }

    #[test]
    fn braces_in_text_do_not_count() {
        let text = format!("fn f() {{ let a = \"{{\"; // {{\n}}\n{}fn g() {{}}", "\n".repeat(80));
        assert_eq!(found(&text), [""; 0]);
        assert_eq!(found(&format!("trait T {{\n fn f(); {} }}", "\n".repeat(80))), [""; 0]);
    }
}
