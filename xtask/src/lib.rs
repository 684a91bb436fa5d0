//! How we work: one file a verb, each with its `Args` and their `run`. `main` only picks one.
//!
//! | verb | does |
//! |---|---|
//! | [`fixtures`] | makes the golden disks that demo and benchmarks press |
//! | [`setup`] | installs the Debian packages that tests and measurements call |
//! | [`tidy`] | holds the tree to its own rules, and prints like a compiler |

pub mod fixtures;
pub mod place;
pub mod program;
pub mod setup;
pub mod tidy;
