//! Virtual Hard Disks: the layers of a chain. Fixed, dynamic and differencing, read and written.
//!
//! The source is Microsoft's "Virtual Hard Disk Image Format Specification", version 1.0, October 2006 (here
//! "VHD 1.0", with the heading of the section). All integers are big-endian and a sector has 512 bytes.
//!
//! ```text
//! fixed          data | footer
//! dynamic        footer's copy | header | block allocation table | blocks | footer
//! differencing   as dynamic; the header names the parent, and locators say where it was last seen
//! block          bitmap, one bit a sector | data
//! ```
//!
//! | module | has |
//! |---|---|
//! | [`raw`] | the structures and constants |
//! | [`read`] | [`Vhd`]: one file, checked when it is opened |
//! | [`chain`] | [`Chain`]: files on top of each other, read as one disk |
//! | [`mod@write`] | a file laid out before it is written; [`VhdFile`] yields its bytes |
//! | [`identity`] | whose file it is, and the same file under another identity |
//! | [`relink`] | the same file with another word for where its parent is |
//! | [`dump`] | a file's structures as text |

mod bitmap;
pub mod chain;
pub mod dump;
mod error;
mod file;
mod footer;
mod header;
pub mod identity;
mod locator;
pub mod raw;
pub mod read;
pub mod relink;
mod segment;
mod size;
mod table;
pub mod write;

pub use bitmap::SectorMap;
pub use chain::{Chain, ChainError, Layer, LayerSegment, lineage};
pub use error::{Structure, VhdError, Warning};
pub use file::{MapOf, VhdFile};
pub use header::Parent;
pub use identity::{Renamed, has_footer, identity_of};
pub use locator::{Locator, Platform};
pub use read::{Block, Kind, Vhd};
pub use relink::{Patch, Relinked};
pub use segment::{Found, Segment};
pub use size::SizeRule;
pub use write::{Disk, ParentLink, Plan};
