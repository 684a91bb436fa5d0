//! The press: from the layers of a store to a medium.
//!
//! ```text
//! Sources ─┐
//! Request ─┴─> Plan ──────> Layout ────────> Complete ───────> Filled ───────> Sealed
//!              which files  where they lie   every byte known  all but anchors  whole
//! ```
//!
//! Each value is the only way to the next, and none can be used twice. Up to [`Complete`] nothing is written;
//! [`Plan`] and [`Layout`] come without I/O. [`verify`] stands apart: it looks at a medium as a customer does and
//! shares nothing with the writers.
//!
//! | module | holds |
//! |---|---|
//! | [`request`], [`template`] | what is asked for |
//! | [`sources`], [`payload`] | what there is: layers of the store, folders, with the digests of their pieces |
//! | [`mod@plan`], [`layout`] | which files, and where |
//! | [`usb`], [`disc`] | how a USB medium and an optical medium are put together |
//! | [`mod@span`] | content that takes more than one medium |
//! | [`complete`] | the manifest and its signature |
//! | [`fill`], [`seal`] | writing |
//! | [`verify`] | checking |

mod assemble;
mod bios;
pub mod boot;
pub mod complete;
pub mod disc;
mod edges;
pub mod fill;
mod folder;
mod frames;
pub mod laid;
pub mod layout;
pub mod payload;
pub mod plan;
mod print;
pub mod readme;
pub mod request;
mod runs;
pub mod seal;
pub mod sources;
pub mod span;
pub mod template;
pub mod usb;
pub mod verify;
mod windows;

pub use boot::Boot;
pub use complete::{Complete, Summary};
pub use fill::Filled;
pub use layout::Layout;
pub use plan::{Plan, plan};
pub use print::set_json;
pub use request::Request;
pub use seal::Sealed;
pub use sources::Sources;
pub use span::{SpanError, span};
pub use template::Template;
