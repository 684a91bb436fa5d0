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

/// Why a tree cannot become an ISO 9660 volume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsoError {
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
