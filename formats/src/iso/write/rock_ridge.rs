//! Rock Ridge: names, permissions and times of POSIX in system use areas (SUSP 1.12, RRIP 1.12).

use alloc::vec::Vec;

use super::super::raw::{Both32, SECTOR, short_time};
use crate::time::Timestamp;
use zerocopy::IntoBytes;

/// The length of a CE entry (SUSP 5.1), in bytes.
const CONTINUATION: usize = 28;
/// The most bytes of a name in one NM entry: its length has 8 bits, and 5 bytes are its head (RRIP 4.1.4).
const NAME_PIECE: usize = 250;
/// A directory that everybody may read and search.
const DIRECTORY: u32 = 0o040_555;
/// A file that everybody may read.
const FILE: u32 = 0o100_444;

/// What Rock Ridge says of one directory record.
#[derive(Clone, Copy, Debug)]
pub struct Posix<'a> {
    /// The name; empty for the records of a directory itself and of the one above.
    pub name: &'a str,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// How many links lead to it.
    pub links: u32,
    /// When it was made.
    pub time: Timestamp,
    /// Whether this is the first record of the root: it says that the volume has Rock Ridge.
    pub is_root: bool,
}

/// The continuation areas of a hierarchy: what does not fit into records, packed into sectors.
#[derive(Clone, Debug, Default)]
pub struct Continuations {
    bytes: Vec<u8>,
    first: u32,
}

impl Continuations {
    /// None yet; the first will lie in sector `first`.
    pub fn new(first: u32) -> Self {
        Self { bytes: Vec::new(), first }
    }

    /// The bytes of all areas, in whole sectors.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len().next_multiple_of(SECTOR as usize), 0);
        self.bytes
    }

    /// Keeps an area, which never crosses a sector's end, and gives the entry that leads to it.
    fn keep(&mut self, area: &[u8]) -> [u8; CONTINUATION] {
        let sector = SECTOR as usize;
        let used = self.bytes.len() % sector;
        if used + area.len() > sector {
            self.bytes.resize(self.bytes.len().next_multiple_of(sector), 0);
        }
        let at = self.bytes.len();
        self.bytes.extend_from_slice(area);
        // Cannot cut: areas are a part of the directories, whose sectors have 32 bits.
        let place =
            [self.first + (at / sector) as u32, (at % sector) as u32, area.len() as u32].map(Both32::new);
        let mut entry = [0; CONTINUATION];
        entry[..4].copy_from_slice(&[b'C', b'E', CONTINUATION as u8, 1]);
        entry[4..].copy_from_slice(place.as_bytes());
        entry
    }
}

/// The system use area of a record that has room for `room` bytes; what does not fit goes on in a continuation area.
pub fn system_use(posix: &Posix, room: usize, continuations: &mut Continuations) -> Vec<u8> {
    let entries = entries(posix);
    let total: usize = entries.iter().map(Vec::len).sum();
    if total <= room {
        return entries.concat();
    }
    let mut here = Vec::new();
    let mut rest = entries.iter();
    while let Some(entry) =
        rest.as_slice().first().filter(|entry| here.len() + entry.len() + CONTINUATION <= room)
    {
        here.extend_from_slice(entry);
        rest.next();
    }
    here.extend_from_slice(&continuations.keep(&rest.as_slice().concat()));
    here
}

fn entries(posix: &Posix) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    if posix.is_root {
        // SP: the system use sharing protocol is here, from the first byte on (SUSP 5.3).
        entries.push(b"SP\x07\x01\xBE\xEF\x00".to_vec());
    }
    entries.push(permissions(posix));
    entries.push(times(posix.time));
    entries.extend(names(posix.name));
    if posix.is_root {
        entries.push(extension());
    }
    entries
}

/// PX: mode, links, owner, group (RRIP 4.1.1).
fn permissions(posix: &Posix) -> Vec<u8> {
    let mode = if posix.is_directory { DIRECTORY } else { FILE };
    let fields = [mode, posix.links, 0, 0].map(Both32::new);
    [b"PX\x24\x01", fields.as_bytes()].concat()
}

/// TF: written, read and changed, in this order (RRIP 4.1.6).
fn times(time: Timestamp) -> Vec<u8> {
    [b"TF\x1A\x01\x0E".as_slice(), &short_time(time).repeat(3)].concat()
}

/// NM, as often as the name is long (RRIP 4.1.4).
fn names(name: &str) -> Vec<Vec<u8>> {
    let pieces: Vec<_> = name.as_bytes().chunks(NAME_PIECE).collect();
    let last = pieces.len().saturating_sub(1);
    let entry = |(number, piece): (usize, &&[u8])| {
        // Cannot cut: pieces have at most 250 bytes. Bit 0 says that the name goes on.
        let head = [b'N', b'M', piece.len() as u8 + 5, 1, u8::from(number != last)];
        [&head, *piece].concat()
    };
    pieces.iter().enumerate().map(entry).collect()
}

/// ER: which extension the entries are of, in the words that RRIP prescribes (RRIP 4.3).
fn extension() -> Vec<u8> {
    const ID: &[u8] = b"RRIP_1991A";
    const DESCRIPTION: &[u8] =
        b"THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS";
    const SOURCE: &[u8] = b"PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR FOR CONTACT INFORMATION.";
    let length = 8 + ID.len() + DESCRIPTION.len() + SOURCE.len();
    // Cannot cut: 237 bytes.
    let head = [b'E', b'R', length as u8, 1, ID.len() as u8, DESCRIPTION.len() as u8, SOURCE.len() as u8, 1];
    [&head, ID, DESCRIPTION, SOURCE].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_on_elsewhere_and_never_across_a_sector() {
        let name = "n".repeat(700);
        let posix =
            Posix { name: &name, is_directory: false, links: 1, time: Timestamp::EARLIEST, is_root: false };
        let mut continuations = Continuations::new(100);
        let areas: Vec<_> = (0..5).map(|_| system_use(&posix, 200, &mut continuations)).collect();
        assert!(areas.iter().all(|area| area.len() <= 200));
        let offsets: Vec<u32> = areas
            .iter()
            .map(|area| {
                let (here, entry) = area.split_at(area.len() - CONTINUATION);
                assert_eq!(&entry[..2], b"CE");
                let number =
                    |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
                assert!(number(12) + number(20) <= SECTOR);
                let start = ((number(4) - 100) * SECTOR + number(12)) as usize;
                let behind = &continuations.bytes[start..start + number(20) as usize];
                assert_eq!([here, behind].concat(), entries(&posix).concat());
                number(4)
            })
            .collect();
        assert_eq!(offsets, [100, 100, 101, 101, 102]);
    }
}
