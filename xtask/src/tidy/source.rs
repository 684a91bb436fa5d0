//! A file of Rust with its comments and literals blanked, so that rules see code and nothing else.

use std::ops::Range;

/// A file of Rust.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path from the root of the tree.
    pub path: String,
    /// Its text with blanks for everything in comments, strings and characters; lines are where they were.
    pub code: String,
    /// The bytes of `code` that are compiled for tests alone.
    tests: Vec<Range<usize>>,
}

impl Source {
    /// A file's text, taken apart.
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank(text);
        let tests = if is_test_file(path) { std::iter::once(0..code.len()).collect() } else { tests(&code) };
        Self { path: path.into(), code, tests }
    }

    /// Whether the byte `at` of `code` is compiled for tests alone.
    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// The line of the byte `at` of `code`, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.code.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// The bodies of `#[cfg(test)] mod name { ... }`.
fn tests(code: &str) -> Vec<Range<usize>> {
    let marks = code.match_indices("#[cfg(test)]").map(|(at, _)| at);
    marks.filter_map(|at| Some(at..body(code, at)?.end)).collect()
}

/// The first `{ ... }` after `from`, unless a `;` comes before it (outside of brackets).
pub fn body(code: &str, from: usize) -> Option<Range<usize>> {
    let (mut brackets, mut braces, mut start) = (0usize, 0usize, None);
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' if start.is_none() => brackets += 1,
            b')' | b']' if start.is_none() => brackets = brackets.saturating_sub(1),
            b';' if start.is_none() && brackets == 0 => return None,
            b'{' => {
                start.get_or_insert(at);
                braces += 1;
            }
            b'}' => braces = braces.checked_sub(1)?,
            _ => {}
        }
        if let Some(start) = start.filter(|_| braces == 0) {
            return Some(start..at + 1);
        }
    }
    None
}

/// The text with blanks for comments and literals. Bytes stay where they were.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    while code.len() < bytes.len() {
        let at = code.len();
        let len = literal(bytes, at).min(bytes.len() - at);
        if len == 0 {
            code.push(bytes[at]);
        } else {
            code.extend(bytes[at..at + len].iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// How many bytes the comment or literal that starts at `at` has; 0 when none starts there.
fn literal(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, b'"'),
        [b'r', b'"' | b'#', ..] if !in_word => raw_string(rest, 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !in_word => raw_string(rest, 2),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', first, ..] => character(rest, *first),
        _ => 0,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        match rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[u8], mark: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != mark {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return 0;
    }
    let open = prefix + hashes + 1;
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let end = rest[open..].windows(close.len()).position(|window| window == close);
    end.map_or(rest.len(), |end| open + end + close.len())
}

/// A character such as `'x'`; a lifetime such as `'x` has no second mark and is left alone.
fn character(rest: &[u8], first: u8) -> usize {
    let width = match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    if rest.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"a("b\"c") d"#, "a(      ) d"),
            (r##"a(r#"b"c"#) d"##, "a(        ) d"),
            (r"a(b'\'', 'x') d", "a(b    ,    ) d"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("r#type = 'ä'", "r#type =     "),
            ("\"open", "     "),
        ];
        for (text, code) in cases {
            assert_eq!(blank(text), code, "{text}");
        }
    }

    #[test]
    fn test_modules_are_known() {
        let source = Source::new("a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nfn c() {}\n");
        let at = |name: &str| source.code.find(name).unwrap();
        assert!(!source.is_test(at("fn a")));
        assert!(source.is_test(at("fn b")));
        assert!(!source.is_test(at("fn c")));
        assert_eq!(source.line(at("fn c")), 6);
    }
}
