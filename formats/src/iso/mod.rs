//! ISO 9660 volumes, written once and never again: ECMA-119 level 3 with Joliet and Rock Ridge, and El Torito.
//!
//! | file | holds |
//! |---|---|
//! | `raw` | structures and constants |
//! | `names` | the names that each hierarchy gives a file |
//! | `write` | a volume from a tree of placed files: measured first, then laid out |

mod names;
pub mod raw;
pub mod write;

use alloc::string::String;

/// Why a tree cannot become an ISO 9660 volume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsoError {
    /// Directories lie deeper than ECMA-119 6.8.2.1 allows.
    #[error("{path:?} lies {depth} levels deep, expected at most 8 on ISO 9660")]
    TooDeep {
        /// The directory.
        path: String,
        /// Its level; the root has 1.
        depth: usize,
    },
    /// More directories than path tables can number.
    #[error("there are {found} directories, expected at most 65535 on ISO 9660")]
    TooManyDirectories {
        /// How many there are.
        found: usize,
    },
    /// A directory, or the volume, needs more sectors than 32 bits can number.
    #[error("{what} needs {sectors} sectors, more than ISO 9660 can number")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How many it needs.
        sectors: u64,
    },
}
