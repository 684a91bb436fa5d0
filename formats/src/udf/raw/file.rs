//! Descriptors of files and directories (ECMA-167 part 4).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::basic::{CharSpec, EntityId, LongAd, Stamp, Tag};
use crate::on_disc::on_disc;

on_disc! {
    /// File set descriptor (ECMA-167 4/14.1).
    FileSet, 0x200, {
        /// The tag.
        tag: Tag,
        /// When the set was made.
        recorded: Stamp,
        /// 3.
        interchange_level: U16,
        /// 3.
        max_interchange_level: U16,
        /// Bit 0: CS0.
        character_sets: U32,
        /// Bit 0: CS0.
        max_character_sets: U32,
        /// 0.
        number: U32,
        /// 0.
        descriptor_number: U32,
        /// The character set of the next field.
        volume_charset: CharSpec,
        /// A dstring: the logical volume's name.
        logical_volume_id: [u8; 128],
        /// The character set of the next fields.
        set_charset: CharSpec,
        /// A dstring: the set's name.
        set_id: [u8; 32],
        /// Unused: zeros.
        copyright_id: [u8; 32],
        /// Unused: zeros.
        abstract_id: [u8; 32],
        /// The root directory's file entry.
        root: LongAd,
        /// `*OSTA UDF Compliant` with the revision.
        domain_id: EntityId,
        /// Unused: zeros.
        next: LongAd,
        /// Unused: zeros.
        streams: LongAd,
        /// Zeros.
        reserved: [u8; 32],
    }
}

on_disc! {
    /// An ICB tag (ECMA-167 4/14.6).
    IcbTag, 0x14, {
        /// 0.
        prior_entries: U32,
        /// 4: one entry (UDF 2.3.5.1).
        strategy: U16,
        /// Zeros.
        strategy_parameter: [u8; 2],
        /// 1.
        max_entries: U16,
        /// 0.
        reserved: u8,
        /// [`super::file_type`].
        file_type: u8,
        /// Unused: zeros.
        parent: [u8; 6],
        /// The form of allocation descriptors in bits 0 to 2: 0 short, 1 long. Bit 5: archive.
        flags: U16,
    }
}

on_disc! {
    /// The fixed part of a file entry (ECMA-167 4/14.9); allocation descriptors follow.
    FileEntry, 0xB0, {
        /// The tag.
        tag: Tag,
        /// Type and form.
        icb: IcbTag,
        /// 0xFFFFFFFF: no owner.
        uid: U32,
        /// 0xFFFFFFFF: no group.
        gid: U32,
        /// Who may do what (ECMA-167 4/14.9.5).
        permissions: U32,
        /// How many file identifiers lead here.
        links: U16,
        /// Unused: zeros.
        record: [u8; 6],
        /// In bytes.
        information_length: U64,
        /// In blocks.
        blocks_recorded: U64,
        /// Last read.
        accessed: Stamp,
        /// Last written.
        modified: Stamp,
        /// Attributes last changed.
        attributes_changed: Stamp,
        /// 1.
        checkpoint: U32,
        /// Unused: zeros.
        extended_attributes: LongAd,
        /// Who made it.
        implementation_id: EntityId,
        /// 0 for the root directory, 16 and more for others.
        unique_id: U64,
        /// 0.
        extended_attributes_length: U32,
        /// In bytes.
        allocation_length: U32,
    }
}

on_disc! {
    /// The fixed part of an extended file entry (ECMA-167 4/14.17); allocation descriptors follow.
    ExtendedFileEntry, 0xD8, {
        /// The tag.
        tag: Tag,
        /// Type and form.
        icb: IcbTag,
        /// 0xFFFFFFFF: no owner.
        uid: U32,
        /// 0xFFFFFFFF: no group.
        gid: U32,
        /// Who may do what (ECMA-167 4/14.9.5).
        permissions: U32,
        /// How many file identifiers lead here.
        links: U16,
        /// Unused: zeros.
        record: [u8; 6],
        /// In bytes.
        information_length: U64,
        /// In bytes, all streams together: the same, as there are none.
        object_size: U64,
        /// In blocks.
        blocks_recorded: U64,
        /// Last read.
        accessed: Stamp,
        /// Last written.
        modified: Stamp,
        /// Made.
        created: Stamp,
        /// Attributes last changed.
        attributes_changed: Stamp,
        /// 1.
        checkpoint: U32,
        /// 0.
        reserved: U32,
        /// Unused: zeros.
        extended_attributes: LongAd,
        /// Unused: zeros.
        streams: LongAd,
        /// Who made it.
        implementation_id: EntityId,
        /// 0 for the root directory, 16 and more for others.
        unique_id: U64,
        /// 0.
        extended_attributes_length: U32,
        /// In bytes.
        allocation_length: U32,
    }
}

on_disc! {
    /// The fixed part of a file identifier descriptor (ECMA-167 4/14.4); the name follows, padded to 4 bytes.
    FileIdentifier, 0x26, {
        /// The tag.
        tag: Tag,
        /// 1.
        version: U16,
        /// [`super::characteristics`].
        characteristics: u8,
        /// The length of the name, in bytes.
        name_length: u8,
        /// The file's entry.
        icb: LongAd,
        /// 0.
        implementation_use_length: U16,
    }
}

on_disc! {
    /// Allocation extent descriptor (ECMA-167 4/14.5); allocation descriptors follow.
    AllocationExtent, 0x18, {
        /// The tag.
        tag: Tag,
        /// Unused: 0.
        previous: U32,
        /// In bytes.
        allocation_length: U32,
    }
}
