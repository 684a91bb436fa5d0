//! One file a verb: its arguments, and what it does with the libraries.

pub mod build;
pub mod cat;
pub mod check;
pub mod client;
pub mod completions;
pub mod deploy;
pub mod device;
pub mod disksyncmgr;
pub mod identify;
pub mod images;
pub mod inspect;
pub mod keygen;
pub mod locate;
pub mod ls;
pub mod man;
pub mod plan;
pub mod publish;
pub mod serve;
pub mod verify;
