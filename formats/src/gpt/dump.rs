//! A partition table as text.

use core::fmt;

use super::{Partition, Table};

impl fmt::Display for Table {
    /// A line for the disk, then a line for each partition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "GPT {} {} in sectors of {}", self.guid, self.size, self.sector_size)?;
        self.partitions.iter().enumerate().try_for_each(|(n, p)| writeln!(f, "{:>3} {p}", n + 1))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind, guid, start, len, attributes } = self;
        write!(f, "{start} {len} {name:?} {guid} of type {kind}")?;
        if *attributes == 0 { Ok(()) } else { write!(f, " attributes {attributes:#x}") }
    }
}
