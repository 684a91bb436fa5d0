//! Words that have no place in the tree.

use super::Problem;
use super::source::Source;
use super::uses::names;

/// A word, and why it has no place.
type Ban = (&'static str, &'static str);

/// Anywhere in any text. (In two pieces, so that this file may be checked too.)
const TEXT: &[Ban] = &[
    (concat!("/wo", "rk/"), "is a path of one machine"),
    (concat!("/ho", "me/"), "is a path of one machine"),
    (concat!("/ro", "ot/"), "is a path of one machine"),
    (concat!("TO", "DO"), "belongs into an issue"),
    (concat!("FIX", "ME"), "belongs into an issue"),
    (concat!("XX", "X:"), "belongs into an issue"),
    (concat!("this ses", "sion"), "means nothing to a later reader"),
    (concat!("the bri", "ef"), "means nothing to a later reader"),
    (concat!("sub", "agent"), "means nothing to a later reader"),
    (concat!("static.cra", "tes.io"), "is a host of a registry, which settings of a machine name"),
    (concat!("index.cra", "tes.io"), "is a host of a registry, which settings of a machine name"),
    (concat!("deb.deb", "ian.org"), "is a host of a registry, which settings of a machine name"),
    (concat!("pypi", ".org"), "is a host of a registry, which settings of a machine name"),
];

/// Anywhere in code, that of tests included.
const CODE: &[Ban] = &[
    ("todo!", "is unfinished work"),
    ("unimplemented!", "is unfinished work"),
    ("dbg!", "is for a moment at one's own desk"),
    ("#[ignore", "hides a test that does not pass"),
    ("#[should_panic", "cannot tell one failure from another"),
    ("#[allow(dead_code", "keeps code that nothing calls"),
    ("#![allow(", "silences a whole file"),
];

/// The words in a file's text that have no place there.
pub fn in_text(path: &str, text: &str) -> Vec<Problem> {
    let lines = || text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let hits = TEXT
        .iter()
        .flat_map(|ban| lines().filter(|(_, line)| line.contains(ban.0)).map(move |it| (it.0, ban)));
    hits.map(|(line, ban)| told(path, line, ban)).collect()
}

/// The words in a file's code that have no place there.
pub fn in_code(source: &Source) -> Vec<Problem> {
    let lines = || source.code.lines().enumerate().map(|(index, line)| (index + 1, line));
    let hits =
        CODE.iter().flat_map(|ban| lines().filter(|(_, line)| names(line, ban.0)).map(move |it| (it.0, ban)));
    hits.map(|(line, ban)| told(&source.path, line, ban)).collect()
}

fn told(path: &str, line: usize, (word, why): &Ban) -> Problem {
    Problem { path: path.into(), line, message: format!("`{word}` {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_in_text() {
        for (word, _) in TEXT {
            assert_eq!(in_text("README.md", &format!("good\nbad {word} bad\n")).len(), 1, "{word}");
        }
        assert_eq!(in_text("README.md", "good words, such as todo lists and work/ folders\n"), []);
    }

    #[test]
    fn every_word_is_found_in_code_and_not_in_strings() {
        for (word, _) in CODE {
            let code = format!("//! x\n    {word}\n");
            let quoted = format!("let a = \"{word}\"; // {word}\n");
            assert_eq!(in_code(&Source::new("a.rs", &code)).len(), 1, "{word}");
            assert_eq!(in_code(&Source::new("a.rs", &quoted)), [], "{word}");
        }
    }
}
