//! The command line, as it is read, and what is said of one that makes no sense.

use std::ffi::{OsStr, OsString};

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::code::Code;
use crate::error::{Refusal, Told};
use crate::options::Options;
use crate::output;

/// The options of the command line `args`, whose first is the program; or how the program ends without any.
pub fn read(args: impl Iterator<Item = OsString>) -> Result<Options, Code> {
    let args = without_help(args.collect());
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
