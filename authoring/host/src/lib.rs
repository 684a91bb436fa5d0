//! The machine that we author on: files and devices, threads, and word of how far a job is.
//!
//! Store, press and the command line share what is here, so that there is one way to read at a position
//! ([`FileSource`]), one way to make a file that is there whole or not at all ([`Output`]), one pool of threads
//! ([`Crew`]) and one way to tell progress ([`Observer`]).

mod buffer;
mod contain;
mod crew;
mod device;
mod error;
mod folder;
mod held;
mod observer;
mod occupied;
mod output;
mod overlap;
mod place;
mod source;

pub use buffer::{ALIGNMENT, AlignedBuf};
pub use contain::{Panicked, contain};
pub use crew::{Crew, Interrupted, Stop};
pub use device::{is_device, mounted_at};
pub use error::{HostError, Operation};
pub use folder::Folder;
pub use formats::kind::ErrorKind;
pub use observer::{Event, Ignore, Observer, Recorder, Unit};
pub use output::{Leftover, Output};
pub use overlap::keep_input;
pub use place::sync_folder_of;
pub use source::FileSource;
