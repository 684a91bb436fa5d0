//! Descriptors of the volume (ECMA-167 part 3).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::basic::{CharSpec, EntityId, ExtentAd, LongAd, Stamp, Tag};
use crate::on_disc::on_disc;

on_disc! {
    /// Primary volume descriptor (ECMA-167 3/10.1).
    PrimaryVolume, 0x200, {
        /// The tag.
        tag: Tag,
        /// The highest among descriptors of this kind prevails.
        sequence_number: U32,
        /// 0 for the one primary descriptor.
        number: U32,
        /// A dstring: the volume's name.
        volume_id: [u8; 32],
        /// Which volume of its set, from 1.
        volume_number: U16,
        /// How many volumes the set has.
        max_volume_number: U16,
        /// 2: one volume; 3: a set (UDF 2.2.2.1).
        interchange_level: U16,
        /// The highest that it may become: 3.
        max_interchange_level: U16,
        /// Bit 0: CS0.
        character_sets: U32,
        /// Bit 0: CS0.
        max_character_sets: U32,
        /// A dstring: the set's name, whose first 16 characters make it unique.
        volume_set_id: [u8; 128],
        /// The character set of this descriptor.
        descriptor_charset: CharSpec,
        /// The character set of what the next two point to.
        explanatory_charset: CharSpec,
        /// Unused: zeros.
        abstract_extent: ExtentAd,
        /// Unused: zeros.
        copyright_extent: ExtentAd,
        /// Unused: zeros.
        application_id: EntityId,
        /// When the volume was made.
        recorded: Stamp,
        /// Who made it.
        implementation_id: EntityId,
        /// Unused: zeros.
        implementation_use: [u8; 64],
        /// Unused: 0.
        predecessor: U32,
        /// Bit 0: all volumes of the set name it so.
        flags: U16,
        /// Zeros.
        reserved: [u8; 22],
    }
}

on_disc! {
    /// Anchor volume descriptor pointer (ECMA-167 3/10.2).
    AnchorPointer, 0x200, {
        /// The tag.
        tag: Tag,
        /// The main volume descriptor sequence.
        main: ExtentAd,
        /// The reserve volume descriptor sequence.
        reserve: ExtentAd,
        /// Zeros.
        reserved: [u8; 480],
    }
}

on_disc! {
    /// Implementation use volume descriptor with `*UDF LV Info` (ECMA-167 3/10.4; UDF 2.2.7).
    LogicalVolumeInfo, 0x200, {
        /// The tag.
        tag: Tag,
        /// The highest among descriptors of this kind prevails.
        sequence_number: U32,
        /// `*UDF LV Info`.
        implementation_id: EntityId,
        /// The character set of what follows.
        charset: CharSpec,
        /// A dstring: the logical volume's name.
        logical_volume_id: [u8; 128],
        /// Three dstrings: owner, organization, contact.
        info: [[u8; 36]; 3],
        /// Who made it.
        implementer: EntityId,
        /// Unused: zeros.
        implementation_use: [u8; 128],
    }
}

on_disc! {
    /// Partition descriptor (ECMA-167 3/10.5).
    Partition, 0x200, {
        /// The tag.
        tag: Tag,
        /// The highest among descriptors of one partition prevails.
        sequence_number: U32,
        /// Bit 0: space has been allocated for it.
        flags: U16,
        /// The partition's number.
        number: U16,
        /// `+NSR02` or `+NSR03`.
        contents: EntityId,
        /// A partition header descriptor (ECMA-167 4/14.3): zeros, as nothing is free.
        contents_use: [u8; 128],
        /// 1: read only.
        access_type: U32,
        /// The first sector.
        start: U32,
        /// In sectors.
        length: U32,
        /// Who made it.
        implementation_id: EntityId,
        /// Unused: zeros.
        implementation_use: [u8; 128],
        /// Zeros.
        reserved: [u8; 156],
    }
}

on_disc! {
    /// The fixed part of a logical volume descriptor (ECMA-167 3/10.6); partition maps follow.
    LogicalVolume, 0x1B8, {
        /// The tag.
        tag: Tag,
        /// The highest among descriptors of one volume prevails.
        sequence_number: U32,
        /// The character set of the name.
        charset: CharSpec,
        /// A dstring: the volume's name.
        logical_volume_id: [u8; 128],
        /// 2048.
        block_size: U32,
        /// `*OSTA UDF Compliant` with the revision.
        domain_id: EntityId,
        /// Where the file set descriptor sequence is.
        file_set: LongAd,
        /// In bytes.
        map_table_length: U32,
        /// How many partition maps follow.
        partition_maps: U32,
        /// Who made it.
        implementation_id: EntityId,
        /// Unused: zeros.
        implementation_use: [u8; 128],
        /// Where the integrity sequence is.
        integrity: ExtentAd,
    }
}

on_disc! {
    /// A map to a partition of this volume (ECMA-167 3/10.7.2).
    PartitionMap, 0x06, {
        /// 1.
        kind: u8,
        /// 6.
        length: u8,
        /// Which volume of the set: 1.
        volume: U16,
        /// Which partition.
        number: U16,
    }
}

on_disc! {
    /// A map to the metadata partition (UDF 2.50 2.2.10).
    MetadataMap, 0x40, {
        /// 2.
        kind: u8,
        /// 64.
        length: u8,
        /// Zeros.
        reserved: U16,
        /// `*UDF Metadata Partition`.
        id: EntityId,
        /// Which volume of the set: 1.
        volume: U16,
        /// The partition that the metadata file lies in.
        number: U16,
        /// The block of the metadata file's entry.
        metadata_file: U32,
        /// The block of the mirror's entry.
        mirror_file: U32,
        /// 0xFFFFFFFF: there is no bitmap, as nothing is written later.
        bitmap_file: U32,
        /// In blocks.
        allocation_unit: U32,
        /// In blocks.
        alignment_unit: U16,
        /// Bit 0: the mirror has a copy of the data of its own.
        flags: u8,
        /// Zeros.
        reserved_end: [u8; 5],
    }
}

on_disc! {
    /// The fixed part of a logical volume integrity descriptor (ECMA-167 3/10.10); the tables follow.
    Integrity, 0x50, {
        /// The tag.
        tag: Tag,
        /// When the volume was closed.
        recorded: Stamp,
        /// 1: closed.
        kind: U32,
        /// Unused: zeros.
        next: ExtentAd,
        /// The next unique id that would be given (ECMA-167 4/14.15).
        unique_id: U64,
        /// Zeros.
        reserved: [u8; 24],
        /// How many entries each table has.
        partitions: U32,
        /// In bytes.
        implementation_use_length: U32,
    }
}

on_disc! {
    /// What UDF keeps in the integrity descriptor's implementation use (UDF 2.2.6.4).
    IntegrityUse, 0x2E, {
        /// Who closed the volume.
        implementation_id: EntityId,
        /// How many files there are.
        files: U32,
        /// How many directories, the root among them.
        directories: U32,
        /// The oldest revision whose readers can read the volume.
        min_read_revision: U16,
        /// The oldest revision whose writers can write it.
        min_write_revision: U16,
        /// The newest revision that wrote to it.
        max_write_revision: U16,
    }
}
