//! What may stand between a client and its service: lines that are cut, and services that lie.

mod cutter;
mod liar;
mod plain;

pub use cutter::Cutter;
pub use liar::{Asked, Liar, Said};
pub use plain::Plain;
