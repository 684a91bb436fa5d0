//! NTFS 3.1: volumes written whole, read back, and printed.
//!
//! Sources: [MS-FSCC] for names and flags, the Linux-NTFS project's pages and Joachim Metz, "New Technologies File
//! System (NTFS)" (libfsntfs) for what lies on disk.

pub mod dump;
pub mod raw;
pub mod read;
pub mod write;
