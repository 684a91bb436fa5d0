//! `cargo xtask VERB`: the only door to building, checking and measuring seedpress. CI calls nothing else.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{bench, boot, ci, demo, fixtures, guest, loader, no_std, reproduce, setup, test, tidy};

/// How we work on seedpress.
#[derive(Parser)]
#[command(name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Demo(demo::Args),
    Ci(ci::Args),
    Test(test::Args),
    Tidy(tidy::Args),
    Loader(loader::Args),
    NoStd(no_std::Args),
    Reproduce(reproduce::Args),
    Bench(bench::Args),
    Fixtures(fixtures::Args),
    Boot(boot::Args),
    Guest(guest::Args),
    Setup(setup::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Demo(args) => args.run(),
        Verb::Ci(args) => args.run(),
        Verb::Test(args) => args.run(),
        Verb::Tidy(args) => args.run(),
        Verb::Loader(args) => args.run(),
        Verb::NoStd(args) => args.run(),
        Verb::Reproduce(args) => args.run(),
        Verb::Bench(args) => args.run(),
        Verb::Fixtures(args) => args.run(),
        Verb::Boot(args) => args.run(),
        Verb::Guest(args) => args.run(),
        Verb::Setup(args) => args.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
