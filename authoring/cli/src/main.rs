//! The `seedpress` program: arguments in, answers, progress and exit codes out. What is done is done by the libraries.
//!
//! | file | for |
//! |---|---|
//! | `line`, `options` | what stands on the command line: global options and verbs |
//! | `verbs/` | one file a verb: its arguments, and what it does with the libraries |
//! | `shell` | what a verb is given: global options, threads, progress |
//! | `code`, `error` | exit codes, and how errors are told |
//! | `output`, `progress/` | stdout, stderr and bars |
//! | `pressing`, `look`, `booting` | what `plan` and `build` press, what it looks like, what it starts |
//! | `embedded` | the programs that media start, which are part of this one |
//! | `medium`, `place` | media as arguments, and paths on them |
//! | `judged`, `inspected` | what was found on media |
//! | `target`, `decoder` | what `deploy` writes to, and with what it decodes |
//! | `logger` | what `serve` tells while it runs |
//! | `date`, `interrupt` | clock and environment, Ctrl-C |
//! | `elsewhere` | stores behind URLs |
//! | `key`, `secret`, `drafts` | minisign's keys, their passwords, how both are written |
//! | `name`, `table`, `text` | `Win7@2`, columns, small files |

mod booting;
mod code;
mod date;
mod decoder;
mod drafts;
mod elsewhere;
mod embedded;
mod error;
mod inspected;
mod interrupt;
mod judged;
mod key;
mod line;
mod logger;
mod look;
mod medium;
mod name;
mod options;
mod output;
mod place;
mod pressing;
mod progress;
mod secret;
mod shell;
mod table;
mod target;
mod text;
mod verbs;

use std::process::ExitCode;

use crate::code::Code;
use crate::options::{Options, Verb};
use crate::shell::Shell;

fn main() -> ExitCode {
    let Options { global, verb } = match line::read(std::env::args_os()) {
        Ok(options) => options,
        Err(code) => return code.into(),
    };
    let mut shell = Shell::open(global, matches!(verb, Verb::Serve(_)));
    let outcome = run(verb, &shell);
    shell.close(outcome).into()
}

fn run(verb: Verb, shell: &Shell) -> anyhow::Result<Code> {
    match verb {
        Verb::Publish(args) => args.run(shell),
        Verb::Images(args) => args.run(shell),
        Verb::Locate(args) => args.run(shell),
        Verb::Check(args) => args.run(shell),
        Verb::Plan(args) => args.run(shell),
        Verb::Build(args) => args.run(shell),
        Verb::Verify(args) => args.run(shell),
        Verb::Identify(args) => args.run(shell),
        Verb::Inspect(args) => args.run(shell),
        Verb::Ls(args) => args.run(shell),
        Verb::Cat(args) => args.run(shell),
        Verb::Deploy(args) => args.run(shell),
        Verb::Serve(args) => args.run(shell),
        Verb::Device(args) => args.run(shell),
        Verb::Client(args) => args.run(shell),
        Verb::Disksyncmgr(args) => args.run(shell),
        Verb::Keygen(args) => args.run(shell),
        Verb::Completions(args) => args.run(shell),
        Verb::Man(args) => args.run(shell),
    }
}
