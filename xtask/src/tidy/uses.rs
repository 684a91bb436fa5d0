//! The paths that code names: `use` declarations spread out, every other line as it stands.

use super::source::Source;

/// A place where code names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The line, from 1.
    pub line: usize,
    /// A full path from a `use`, or a line of code.
    pub text: String,
}

/// Everything that the code outside of tests names.
pub fn named(source: &Source) -> Vec<Named> {
    let mut all = Vec::new();
    let mut at = 0;
    for line in source.code.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if !source.is_test(start) {
            all.extend(in_line(source, start, line));
        }
    }
    all
}

fn in_line(source: &Source, start: usize, line: &str) -> Vec<Named> {
    let number = source.line(start);
    let Some(tree) = use_tree(source, start, line) else {
        return vec![Named { line: number, text: line.trim().into() }];
    };
    let paths = spread(&tree);
    paths.into_iter().map(|text| Named { line: number, text }).collect()
}

/// What stands between `use` and `;` where a line starts a `use` declaration.
fn use_tree(source: &Source, start: usize, line: &str) -> Option<String> {
    let declaration = line.trim_start();
    let words = declaration.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
    words.trim_start_matches("pub ").strip_prefix("use ")?;
    let rest = &source.code[start..];
    let tree = rest[..rest.find(';')?].split_once("use ")?.1;
    Some(tree.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The paths of a tree such as `std::{fs, io::{self, Read as R}}`, to any depth.
fn spread(tree: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![tree.to_owned()];
    while let Some(tree) = open.pop() {
        match tree.split_once('{') {
            Some((prefix, rest)) => {
                let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
                open.extend(branches(inner).iter().map(|branch| format!("{}{branch}", prefix.trim())));
            }
            None => done.push(tree.split(" as ").next().unwrap_or_default().trim().to_owned()),
        }
    }
    done.sort();
    done
}

/// The parts of a list that are divided by commas outside of braces.
fn branches(list: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0usize, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.iter_mut().rev().take(1).for_each(|part| part.push(c));
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Whether `text` names `path`: as a whole word, and not as the tail of a longer path.
pub fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let after = text[at + path.len()..].chars().next();
        let ends = !path.ends_with(is_word) || after.is_none_or(|c| !is_word(c));
        ends && starts(&text[..at])
    })
}

fn starts(before: &str) -> bool {
    let before = before.strip_suffix("::").unwrap_or(before);
    before.chars().next_back().is_none_or(|c| !is_word(c) && c != ':' && c != '>')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_spread_to_full_paths() {
        let text = "use std::{\n    fs, // files\n    io::{self, Read as R},\n};\nlet a = 1;\n";
        let all = named(&Source::new("a.rs", text));
        let paths: Vec<_> = all.iter().filter(|it| it.line == 1).map(|it| it.text.as_str()).collect();
        assert_eq!(paths, ["std::fs", "std::io::Read", "std::io::self"]);
        assert!(all.contains(&Named { line: 5, text: "let a = 1;".into() }));
    }

    #[test]
    fn only_whole_paths_count() {
        assert!(names("std::fs::File", "std::fs"));
        assert!(names("::std::fs", "std::fs"));
        assert!(names("let a = rand::random();", "rand"));
        assert!(!names("mystd::fs", "std::fs"));
        assert!(!names("std::fsync", "std::fs"));
        assert!(!names("crate::ntfs::raw", "ntfs::"));
        assert!(!names("operand", "rand"));
    }
}
