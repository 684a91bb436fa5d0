//! Texts and digests that must not change unnoticed, kept in `tests/golden`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use formats::digest::Sha256;

/// Compares `found` with `tests/golden/NAME.txt`, or writes that file when `UPDATE_GOLDEN=1` is set.
///
/// # Panics
/// When they differ: with the first line that does.
pub fn agrees(name: &str, found: &str) {
    let path = path_of(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("the folder of golden files")).expect("a folder");
        std::fs::write(&path, found).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if let Some(difference) = first_difference(&golden, found) {
        panic!("{}{difference}\n(UPDATE_GOLDEN=1 takes over what was found)", path.display());
    }
}

/// Compares digests, each with the name of its case, with `tests/golden/NAME.txt`.
///
/// # Panics
/// When one differs.
pub fn digests_agree(name: &str, digests: &[(&str, Sha256)]) {
    let lines = digests.iter().fold(String::new(), |mut lines, (case, digest)| {
        writeln!(lines, "{digest}  {case}").expect("text can be added to a string");
        lines
    });
    agrees(name, &lines);
}

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.txt"))
}

fn first_difference(golden: &str, found: &str) -> Option<String> {
    if golden == found {
        return None;
    }
    let differs = golden.lines().zip(found.lines()).position(|(one, other)| one != other);
    let number = differs.unwrap_or_else(|| golden.lines().count().min(found.lines().count()));
    let line = |text: &str| text.lines().nth(number).unwrap_or("(the end)").to_owned();
    Some(format!(":{}: differs\nexpected: {}\nfound:    {}", number + 1, line(golden), line(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let shown = first_difference("a\nb\n", "a\nc\n").unwrap();
        assert_eq!(shown, ":2: differs\nexpected: b\nfound:    c");
        let shown = first_difference("a\n", "a\nc\n").unwrap();
        assert_eq!(shown, ":2: differs\nexpected: (the end)\nfound:    c");
    }
}
