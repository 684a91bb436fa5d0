//! The command line, as it is read, and what is said of one that makes no sense.

use std::ffi::{OsStr, OsString};

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::booting::TREE;
use crate::code::Code;
use crate::error::{Refusal, Told};
use crate::options::Options;
use crate::output;

/// The options of the command line `args`, whose first is the program; or how the program ends without any.
pub fn read(args: impl Iterator<Item = OsString>) -> Result<Options, Code> {
    let args = with_dashes(with_trees(without_help(args.collect())));
    Options::try_parse_from(&args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has seen enough is no error.
            let _ = error.print();
            Code::Done
        }
        _ => refuse(error, &args),
    })
}

/// `seedpress help VERB` is `seedpress VERB --help`.
fn without_help(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|first| first == "help") {
        args.remove(1);
        args.push("--help".into());
    }
    args
}

/// `--boot tree DIR` as one word, which leaves what stands behind it alone.
fn with_trees(args: Vec<OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        if arg == "--" {
            joined.push(arg);
            joined.extend(args);
            break;
        }
        let after_boot = joined.last().is_some_and(|last| last == "--boot") && arg == "tree";
        let is_tree = after_boot || arg == "--boot=tree";
        let folder = args.next_if(|next| is_tree && !next.as_encoded_bytes().starts_with(b"-"));
        joined.push(folder.map_or(arg, |folder| {
            let mut word = OsString::from(if after_boot { TREE.into() } else { format!("--boot={TREE}") });
            word.push(folder);
            word
        }));
    }
    joined
}

/// The options of `disksyncmgr` with the dashes that old instructions print: one, or a typographic one.
fn with_dashes(mut args: Vec<OsString>) -> Vec<OsString> {
    let dashes = ["-", "\u{2013}", "\u{2014}", "\u{2212}"];
    let named = args.iter().position(|arg| arg == "disksyncmgr").unwrap_or(args.len());
    for arg in args.iter_mut().skip(named) {
        let word = arg.to_str().and_then(|text| {
            let word = dashes.iter().find_map(|dash| text.strip_prefix(dash))?;
            ["set", "get", "list"].into_iter().find(|option| *option == word)
        });
        if let Some(word) = word {
            *arg = format!("--{word}").into();
        }
    }
    args
}

/// Tells what is wrong, in the form in which every error is told.
fn refuse(mut error: Error, args: &[OsString]) -> Code {
    if let Some(ContextValue::StyledStrs(mut tips)) = error.remove(ContextKind::Suggested) {
        // That an option unknown here may be a file's name is no help.
        tips.retain(|tip| !tip.to_string().contains(" as a value"));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    let args: Vec<_> = args.iter().take_while(|arg| *arg != "--").map(OsString::as_os_str).collect();
    let json = args.contains(&OsStr::new("--json"));
    let events = args.windows(2).any(|pair| pair == ["--progress", "json"])
        || args.contains(&OsStr::new("--progress=json"));
    if !json && !events {
        // With colours where there is a terminal.
        let _ = error.print();
        return Code::Usage;
    }
    let text = error.render().to_string();
    let refusal = Refusal::usage(summary(&error, &text)).next("--help says what is accepted");
    output::tell(&Told::of(&refusal.into(), Code::Usage), text.trim_end(), events, json);
    Code::Usage
}

/// The first sentence of clap's text: that ends with an empty line.
fn summary(error: &Error, text: &str) -> String {
    let missing = [ErrorKind::MissingSubcommand, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    if missing.contains(&error.kind()) {
        return "a verb is missing".into();
    }
    let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let text = lines.join(" ");
    text.strip_prefix("error: ").unwrap_or(&text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_instructions_for_the_switches_are_understood() {
        let read = |line: &str| {
            let words = with_dashes(line.split(' ').map(OsString::from).collect());
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        for dash in ["-", "--", "\u{2013}", "\u{2014}"] {
            let line = format!("seedpress disksyncmgr {dash}set enable-usb-cache false");
            assert_eq!(read(&line), "seedpress disksyncmgr --set enable-usb-cache false");
        }
        assert_eq!(read("seedpress disksyncmgr -setting -q"), "seedpress disksyncmgr -setting -q");
        assert_eq!(read("seedpress images -set"), "seedpress images -set");
    }

    #[test]
    fn a_tree_is_one_word_with_its_folder_and_nothing_else_changes() {
        let joined = |line: &str| {
            let words = with_trees(line.split(' ').map(OsString::from).collect());
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(joined("build --boot tree d A@1"), "build --boot tree=d A@1");
        assert_eq!(joined("build --boot=tree d A@1"), "build --boot=tree=d A@1");
        assert_eq!(joined("build --boot none tree"), "build --boot none tree");
        assert_eq!(joined("build --boot tree"), "build --boot tree");
        assert_eq!(joined("add tree x"), "add tree x");
        assert_eq!(joined("build --boot tree --label x"), "build --boot tree --label x");
        assert_eq!(joined("build -- --boot tree x"), "build -- --boot tree x");
    }
}
