//! `cargo xtask VERB`: the only door to building, checking and measuring seedpress. CI calls nothing else.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{fixtures, setup, tidy};

/// How we work on seedpress.
#[derive(Parser)]
#[command(name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Fixtures(fixtures::Args),
    Setup(setup::Args),
    Tidy(tidy::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Fixtures(args) => args.run(),
        Verb::Setup(args) => args.run(),
        Verb::Tidy(args) => args.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
