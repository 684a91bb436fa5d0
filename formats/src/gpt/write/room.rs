//! Room at the end of the disk, where optical media have their last anchor (ECMA-167 3/8.4.2.1): the backup's entries
//! lie in front of the partitions then. The backup's header stays in the last sector (UEFI 2.10, 5.3.2).

use zerocopy::{FromBytes, IntoBytes};

use super::edges::Edges;
use crate::gpt::Table;
use crate::gpt::raw::{ENTRIES_LEN, Header, crc32};
use crate::units::ByteOffset;

/// Says in both headers that the backup's entries lie at `entries`, a multiple of the sector size.
pub(super) fn make(edges: &mut Edges, table: &Table, entries: ByteOffset) {
    let sector = u64::from(table.sector_size);
    let last = table.size.0 - sector;
    for at in [sector, last] {
        let mut bytes = edges.cut(at, size_of::<Header>() as u64);
        if let Ok(header) = Header::mut_from_bytes(&mut bytes) {
            header.first_usable.set((entries.0 + ENTRIES_LEN) / sector);
            header.last_usable.set(last / sector - 1);
            if at == last {
                header.entries_lba.set(entries.0 / sector);
            }
            header.header_crc.set(0);
            let crc = crc32(header.as_bytes());
            header.header_crc.set(crc);
        }
        edges.put(at, &bytes);
    }
}
