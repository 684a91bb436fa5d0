//! Volume descriptors: primary, boot record, Joliet's, terminator (ECMA-119 8).

use alloc::vec::Vec;

use zerocopy::{FromZeros, IntoBytes};

use super::super::names::Hierarchy;
use super::super::raw::{Both16, Both32, NO_TIME, SECTOR, VolumeDescriptor, long_time, padded};
use super::hierarchy::Directories;
use super::{Volume, boot};
use crate::label;

/// Joliet level 3: UCS-2 (Joliet, "Escape Sequences").
const JOLIET: &[u8] = b"%/E";
/// What made the volume.
const APPLICATION: &str = "SEEDPRESS";

/// All descriptors, each for a sector of its own.
pub fn all(volume: &Volume, primary: &Directories, joliet: &Directories) -> Vec<Vec<u8>> {
    let mut list = alloc::vec![descriptor(volume, primary)];
    if !volume.boot.is_none() {
        list.push(boot::record(volume.metadata));
    }
    list.push(descriptor(volume, joliet));
    // The terminator (ECMA-119 8.3): type 255.
    list.push(b"\xFFCD001\x01".to_vec());
    list
}

fn descriptor(volume: &Volume, directories: &Directories) -> Vec<u8> {
    let hierarchy = directories.hierarchy();
    let is_joliet = hierarchy == Hierarchy::Joliet;
    let descriptor = VolumeDescriptor {
        kind: if is_joliet { 2 } else { 1 },
        identifier: *b"CD001",
        version: 1,
        system_id: text(hierarchy, ""),
        volume_id: text(hierarchy, volume.label),
        space_size: Both32::new(volume.sectors),
        escapes: padded(if is_joliet { JOLIET } else { b"" }, 0),
        set_size: Both16::new(1),
        sequence_number: Both16::new(1),
        // Cannot cut: 2048.
        block_size: Both16::new(SECTOR as u16),
        path_table_size: Both32::new(directories.path_table_size()),
        path_table_l: directories.first().into(),
        path_table_m: directories.second_path_table().into(),
        root: directories.root_record(volume.time),
        set_id: text(hierarchy, volume.label),
        publisher_id: text(hierarchy, ""),
        preparer_id: text(hierarchy, ""),
        application_id: text(hierarchy, APPLICATION),
        copyright_file: text(hierarchy, ""),
        abstract_file: text(hierarchy, ""),
        bibliographic_file: text(hierarchy, ""),
        created: long_time(volume.time),
        modified: long_time(volume.time),
        expires: NO_TIME,
        effective: NO_TIME,
        structure_version: 1,
        ..VolumeDescriptor::new_zeroed()
    };
    descriptor.as_bytes().to_vec()
}

/// A text in a field, padded with spaces. One that does not fit is cut as labels are.
fn text<const N: usize>(hierarchy: Hierarchy, text: &str) -> [u8; N] {
    match hierarchy {
        Hierarchy::Primary => {
            let plain = |c: char| {
                if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() as u8 } else { b'_' }
            };
            let text = label::cut(text, |text| text.chars().count() <= N);
            padded(&text.chars().map(plain).collect::<Vec<_>>(), b' ')
        }
        Hierarchy::Joliet => {
            let text = label::cut(text, |text| text.encode_utf16().count() <= N / 2);
            let units = text.encode_utf16().chain(core::iter::repeat(u16::from(b' ')));
            // Fields of an odd length end with half a character: a zero.
            padded(&units.take(N / 2).flat_map(u16::to_be_bytes).collect::<Vec<_>>(), 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_volumes_of_a_set_have_labels_of_their_own() {
        let joliet: [u8; 32] = text(Hierarchy::Joliet, "Kundenstick Berlin-2");
        let expected: Vec<u8> = "Kundenstick Be-2".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(joliet[..], expected);
        let primary: [u8; 32] = text(Hierarchy::Primary, &alloc::format!("{}-2", "x".repeat(40)));
        assert!(primary.ends_with(b"XX_2"));
    }
}
