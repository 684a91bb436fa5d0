//! NTFS 3.1.

pub mod read;
