//! What descriptors are made of: tags, texts, times, identifiers, extents.

use zerocopy::little_endian::{I16, U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::on_disc::on_disc;

on_disc! {
    /// Descriptor tag (ECMA-167 3/7.2).
    Tag, 0x10, {
        /// Which descriptor: [`super::tag`].
        identifier: U16,
        /// 2 for NSR02, 3 for NSR03.
        version: U16,
        /// Sum of the other 15 bytes, modulo 256.
        checksum: u8,
        /// 0.
        reserved: u8,
        /// Same number in all descriptors of a disc.
        serial: U16,
        /// CRC-ITU-T of the `crc_length` bytes behind the tag.
        crc: U16,
        /// In bytes.
        crc_length: U16,
        /// The number of the sector, or of the block in its partition, that holds the descriptor.
        location: U32,
    }
}

on_disc! {
    /// A character set (ECMA-167 1/7.2.1; UDF 2.1.2).
    CharSpec, 0x40, {
        /// 0: CS0.
        kind: u8,
        /// `OSTA Compressed Unicode`.
        information: [u8; 63],
    }
}

on_disc! {
    /// A point in time (ECMA-167 1/7.3).
    Stamp, 0x0C, {
        /// Type 1 (local time) in the upper four bits; the offset from UTC, here 0, in the others.
        type_and_zone: U16,
        /// The year.
        year: I16,
        /// Month, day, hour, minute, second, centiseconds, hundreds of microseconds, microseconds.
        rest: [u8; 8],
    }
}

on_disc! {
    /// An entity identifier (ECMA-167 1/7.4; UDF 2.1.5).
    EntityId, 0x20, {
        /// 0.
        flags: u8,
        /// The name, padded with zeros.
        identifier: [u8; 23],
        /// What it means depends on the kind of identifier.
        suffix: [u8; 8],
    }
}

on_disc! {
    /// An extent of the volume (ECMA-167 3/7.1).
    ExtentAd, 0x08, {
        /// In bytes.
        length: U32,
        /// The first sector.
        location: U32,
    }
}

on_disc! {
    /// An extent of the descriptor's own partition (ECMA-167 4/14.14.1).
    ShortAd, 0x08, {
        /// In bytes; the extent's type in the upper two bits.
        length: U32,
        /// The first block in the partition.
        block: U32,
    }
}

on_disc! {
    /// An extent of any partition (ECMA-167 4/14.14.2).
    LongAd, 0x10, {
        /// In bytes; the extent's type in the upper two bits.
        length: U32,
        /// The first block in the partition.
        block: U32,
        /// Which partition: its index in the partition maps.
        partition: U16,
        /// Flags and, in a file identifier, the unique id of the file (UDF 2.3.4.3).
        implementation_use: [u8; 6],
    }
}
