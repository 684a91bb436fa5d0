//! `tidy`: holds the tree to its own rules, and prints like a compiler: `path:line: message`.

mod functions;
mod layers;
mod source;
mod table;
mod uses;
mod words;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::place;
use source::Source;

/// Hold the tree to its own rules: layers, lengths, words
#[derive(clap::Args, Default)]
pub struct Args {}

impl Args {
    /// Prints every breach.
    ///
    /// # Errors
    /// When there is one, or a file cannot be read.
    pub fn run(self) -> Result<()> {
        let files = files(&place::root())?;
        let problems: Vec<Problem> = files.iter().flat_map(check).collect();
        for problem in &problems {
            println!("{problem}");
        }
        if !problems.is_empty() {
            bail!("tidy: {} breaches in {} files", problems.len(), files.len());
        }
        println!("tidy: {} files hold to the rules", files.len());
        Ok(())
    }
}

/// A breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, from the root of the tree.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and why it is a rule.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// A file of the tree.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the root of the tree, with `/`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Git holds no file that is longer, in bytes: a longer one is made by `fixtures` or by a test.
const FILE_LIMIT: usize = 64 << 10;
/// Lines in a file of Rust: the 90th percentile of the code bases that we learned from.
const LINE_LIMIT: usize = 400;

/// Every breach in one file.
pub fn check(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    if file.bytes.len() > FILE_LIMIT && file.path != "Cargo.lock" {
        problems
            .push(file.problem(1, format!("{} bytes where {FILE_LIMIT} are the limit", file.bytes.len())));
    }
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        return problems;
    };
    problems.extend(words::in_text(&file.path, text));
    if file.path.ends_with(".rs") {
        let source = Source::new(&file.path, text);
        problems.extend(shape(file, text));
        problems.extend(functions::too_long(&source));
        problems.extend(words::in_code(&source));
        problems.extend(layers::crossed(&source));
    }
    problems.sort();
    problems.dedup();
    problems
}

fn shape(file: &File, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !text.starts_with("//!") {
        problems.push(file.problem(1, "begins without a `//!` line that says what it is".into()));
    }
    let lines = text.lines().count();
    if lines > LINE_LIMIT {
        problems
            .push(file.problem(LINE_LIMIT + 1, format!("{lines} lines where {LINE_LIMIT} are the limit")));
    }
    problems
}

impl File {
    fn problem(&self, line: usize, message: String) -> Problem {
        Problem { path: self.path.clone(), line, message }
    }
}

/// Every file of the tree, but for what is built and for git's own.
fn files(root: &Path) -> Result<Vec<File>> {
    let mut folders = vec![root.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))? {
            let path = entry?.path();
            let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            if [".git", "target"].contains(&name.as_str()) || path.is_symlink() {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).with_context(|| format!("reading {name}"))?;
                files.push(File { path: name, bytes });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, bytes: impl Into<Vec<u8>>) -> Vec<String> {
        let file = File { path: path.into(), bytes: bytes.into() };
        check(&file).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_file_has_no_breach() {
        let good = "//! What it is.\n\n/// Adds.\npub fn add(a: u8, b: u8) -> u8 {\n    a + b\n}\n";
        assert_eq!(messages("formats/src/good.rs", good), [""; 0]);
    }

    #[test]
    fn a_file_says_first_what_it_is() {
        let found = messages("xtask/src/a.rs", "use std::fs;\n");
        assert_eq!(found, ["xtask/src/a.rs:1: begins without a `//!` line that says what it is"]);
    }

    #[test]
    fn a_file_is_short() {
        let lines = |count: usize| format!("//! What it is.\n{}", "\n".repeat(count - 1));
        assert_eq!(messages("xtask/src/a.rs", lines(400)), [""; 0]);
        assert_eq!(
            messages("xtask/src/a.rs", lines(401)),
            ["xtask/src/a.rs:401: 401 lines where 400 are the limit"]
        );
    }

    #[test]
    fn git_holds_no_big_files() {
        assert_eq!(messages("tests/data/a.bin", vec![0; 65536]), [""; 0]);
        let found = messages("tests/data/a.bin", vec![0xff; 65537]);
        assert_eq!(found, ["tests/data/a.bin:1: 65537 bytes where 65536 are the limit"]);
    }
}
