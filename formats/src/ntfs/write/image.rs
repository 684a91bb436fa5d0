//! A volume that is laid out, and its records as they are asked for.

use alloc::string::String;
use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::allocation::{Map, bitmap_len};
use super::attributes::{RESIDENT_BITMAP, RecordWriter, Stream, reference_to};
use super::catalogue::{Body, Catalogue, FIRST_USER, Index};
use super::geometry::Units;
use super::runs::{self, Extent};
use super::{directory, security, system, views};
use crate::ntfs::raw::attribute::{
    FileName, StandardInformation, VolumeInformation, file_flags, kind, namespace,
};
use crate::ntfs::raw::index::I30;
use crate::ntfs::raw::number;
use crate::ntfs::raw::record::flags;

/// Windows is to make no short names on this volume, as on those that it formats today: the persistent state
/// `PERSISTENT_VOLUME_STATE_SHORT_NAME_CREATION_DISABLED` (`FILE_FS_PERSISTENT_VOLUME_INFORMATION`).
const NO_SHORT_NAMES: u16 = 0x80;

/// A volume that is laid out.
pub(super) struct Image {
    pub(super) units: Units,
    /// When it was made, [MS-DTYP] 2.3.3.
    pub(super) time: u64,
    pub(super) label: String,
    /// The stream `$Info` of `$UpCase`.
    pub(super) up_case_info: [u8; 0x20],
    pub(super) map: Map,
    pub(super) catalogue: Catalogue,
}

/// What is said of a file in its record and in the directory that it is in.
struct Facts {
    parent: u32,
    namespace: u8,
    /// See [`file_flags`].
    flags: u32,
    security: u32,
    /// Bytes that its unnamed stream takes up, and bytes of that stream.
    sizes: (u64, u64),
}

impl Image {
    /// A record, as it lies on disk.
    pub(super) fn record(&self, number: u32) -> Vec<u8> {
        match number {
            number::UNNAMED..number::RESERVED => self.unnamed(number),
            _ if self.catalogue.name(number).is_empty() => self.start(number, 0, 0).finish(),
            _ if number < FIRST_USER => self.metadata(number),
            _ => self.file(number),
        }
    }

    /// The value of `$FILE_NAME`, which is the key in the directory as well.
    pub(super) fn key(&self, number: u32) -> Vec<u8> {
        let Facts { parent, namespace, flags, sizes: (allocated, size), .. } = self.facts(number);
        let name = self.catalogue.name(number);
        let head = FileName {
            parent: reference_to(parent).into(),
            created: self.time.into(),
            modified: self.time.into(),
            changed: self.time.into(),
            accessed: self.time.into(),
            allocated: allocated.into(),
            size: size.into(),
            flags: flags.into(),
            reparse: 0.into(),
            name_len: name.len() as u8,
            namespace,
        };
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
        bytes
    }

    fn facts(&self, number: u32) -> Facts {
        match self.catalogue.node(number) {
            Some(node) => Facts {
                parent: node.parent,
                namespace: if node.is_short { namespace::WIN32_AND_DOS } else { namespace::POSIX },
                flags: self.file_flags(number, &node.body),
                security: self.security(number, &node.body),
                sizes: self.sizes(&node.body),
            },
            None => Facts {
                parent: if number < number::UNNAMED { number::ROOT } else { number::EXTEND },
                namespace: namespace::WIN32_AND_DOS,
                flags: metadata_flags(number),
                security: system::security(number),
                sizes: system::stream(number, &self.map, &self.units)
                    .map_or((0, 0), |(extent, size)| (self.units.bytes(extent.clusters), size)),
            },
        }
    }

    fn file_flags(&self, number: u32, body: &Body) -> u32 {
        match body {
            Body::Directory(_) if number == self.catalogue.kept_by_windows => {
                file_flags::DIRECTORY | file_flags::HIDDEN | file_flags::SYSTEM
            }
            Body::Directory(_) => file_flags::DIRECTORY,
            _ => file_flags::ARCHIVE,
        }
    }

    fn security(&self, number: u32, body: &Body) -> u32 {
        match body {
            Body::Directory(_) if number == self.catalogue.kept_by_windows => security::SYSTEM_ONLY,
            Body::Directory(_) => security::DIRECTORY,
            _ => security::FILE,
        }
    }

    fn sizes(&self, body: &Body) -> (u64, u64) {
        match body {
            Body::Directory(_) => (0, 0),
            Body::Resident(bytes) => (bytes.len().next_multiple_of(8) as u64, bytes.len() as u64),
            _ => {
                let len = body.clustered_len();
                (self.units.bytes(self.units.clusters(len)), len)
            }
        }
    }

    fn start(&self, number: u32, flags: u16, links: u16) -> RecordWriter {
        RecordWriter::new(&self.units, number, flags, links)
    }

    /// A record with the attributes that every file has.
    fn start_file(&self, number: u32, flags: u16) -> RecordWriter {
        let facts = self.facts(number);
        let mut record = self.start(number, flags | flags::IN_USE, 1);
        self.standard_information(&mut record, facts.flags, facts.security);
        record.resident(kind::FILE_NAME, "", &self.key(number));
        record
    }

    fn standard_information(&self, record: &mut RecordWriter, flags: u32, security: u32) {
        let value = StandardInformation {
            created: self.time.into(),
            modified: self.time.into(),
            changed: self.time.into(),
            accessed: self.time.into(),
            flags: flags.into(),
            maximum_versions: 0.into(),
            version: 0.into(),
            class: 0.into(),
            owner: 0.into(),
            security: security.into(),
            quota_charged: 0.into(),
            update_sequence: 0.into(),
        };
        record.resident(kind::STANDARD_INFORMATION, "", value.as_bytes());
    }

    /// A file or directory of the tree.
    fn file(&self, number: u32) -> Vec<u8> {
        let Some(node) = self.catalogue.node(number) else { return self.start(number, 0, 0).finish() };
        let is_directory = matches!(node.body, Body::Directory(_));
        let mut record = self.start_file(number, if is_directory { flags::DIRECTORY } else { 0 });
        match &node.body {
            Body::Directory(_) => self.index(&mut record, number),
            Body::Resident(bytes) => record.resident(kind::DATA, "", bytes),
            body => {
                let extent = self.catalogue.extent(node, &self.units);
                record.clusters(kind::DATA, "", &self.stream(extent, body.clustered_len()));
            }
        }
        record.finish()
    }

    /// A metadata file.
    fn metadata(&self, number: u32) -> Vec<u8> {
        let mut record = self.start_file(number, metadata_record_flags(number));
        if number == number::VOLUME {
            self.volume(&mut record);
        }
        match system::stream(number, &self.map, &self.units) {
            Some((extent, size)) => record.clusters(kind::DATA, "", &self.stream(extent, size)),
            None if matches!(number, number::VOLUME | number::BAD_CLUSTERS) => {
                record.resident(kind::DATA, "", &[]);
            }
            None => {}
        }
        self.named_streams(&mut record, number);
        self.index(&mut record, number);
        for view in views::of(number, self.time) {
            directory::view(&mut record, &view, &self.units);
        }
        if number == number::MFT {
            let bitmap = self.stream(self.map.mft_bitmap, bitmap_len(self.map.records));
            record.clusters(kind::BITMAP, "", &bitmap);
        }
        record.finish()
    }

    fn volume(&self, record: &mut RecordWriter) {
        let label: Vec<u8> = self.label.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let version =
            VolumeInformation { unused: 0.into(), major: 3, minor: 1, flags: NO_SHORT_NAMES.into() };
        record.resident(kind::VOLUME_NAME, "", &label);
        record.resident(kind::VOLUME_INFORMATION, "", version.as_bytes());
    }

    fn named_streams(&self, record: &mut RecordWriter, number: u32) {
        match number {
            number::BAD_CLUSTERS => record.clusters(kind::DATA, "$Bad", &self.no_bad_clusters()),
            number::SECURE => {
                let stream = self.stream(self.map.security, security::stream_len());
                record.clusters(kind::DATA, "$SDS", &stream);
            }
            number::UP_CASE => record.resident(kind::DATA, "$Info", &self.up_case_info),
            _ => {}
        }
    }

    /// A record that is in use and belongs to nothing.
    fn unnamed(&self, number: u32) -> Vec<u8> {
        let mut record = self.start(number, flags::IN_USE, 0);
        self.standard_information(&mut record, file_flags::HIDDEN | file_flags::SYSTEM, security::METADATA);
        record.resident(kind::DATA, "", &[]);
        record.finish()
    }

    /// The index of a directory, where the record is one.
    fn index(&self, record: &mut RecordWriter, number: u32) {
        let Some(index) = self.catalogue.index(number) else { return };
        let Some(shape) = &index.shape else {
            return directory::in_record(record, self, index);
        };
        directory::in_blocks(record, shape, &self.units);
        let size = directory::blocks_len(shape);
        record.clusters(kind::INDEX_ALLOCATION, I30, &self.stream(index.blocks, size));
        self.index_bitmap(record, index, bitmap_len(shape.blocks().into()));
    }

    fn index_bitmap(&self, record: &mut RecordWriter, index: &Index, len: u64) {
        if len > RESIDENT_BITMAP {
            return record.clusters(kind::BITMAP, I30, &self.stream(index.bitmap, len));
        }
        let blocks = index.shape.as_ref().map_or(0, |shape| shape.blocks());
        record.resident(kind::BITMAP, I30, &directory::ones(blocks.into(), len));
    }

    fn stream(&self, extent: Extent, size: u64) -> Stream {
        Stream {
            runs: runs::one(extent),
            clusters: extent.clusters,
            allocated: self.units.bytes(extent.clusters),
            size,
            initialized: size,
        }
    }

    /// A hole as large as the volume: no cluster is bad.
    fn no_bad_clusters(&self) -> Stream {
        let clusters = self.map.clusters;
        let size = self.units.bytes(clusters);
        Stream { runs: runs::hole(clusters), clusters, allocated: size, size, initialized: 0 }
    }
}

fn metadata_flags(number: u32) -> u32 {
    let index = match number {
        number::ROOT | number::EXTEND => file_flags::DIRECTORY,
        number::SECURE => file_flags::VIEW_INDEX,
        number::QUOTA.. => file_flags::VIEW_INDEX | file_flags::ARCHIVE,
        _ => 0,
    };
    file_flags::HIDDEN | file_flags::SYSTEM | index
}

fn metadata_record_flags(number: u32) -> u16 {
    match number {
        number::ROOT | number::EXTEND => flags::DIRECTORY,
        number::SECURE => flags::VIEW_INDEX,
        number::QUOTA.. => flags::EXTENSION | flags::VIEW_INDEX,
        _ => 0,
    }
}
