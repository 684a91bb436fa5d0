//! One file a verb: its arguments, and what it does with the libraries.

pub mod completions;
pub mod images;
pub mod keygen;
pub mod locate;
pub mod man;
