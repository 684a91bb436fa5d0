//! Long files of zeros with some noise where the extents of a disc have their borders.

use formats::digest::{Hasher, Sha256};
use formats::io::{ReadAt, read_vec};
use formats::units::{ByteLen, ByteOffset};

use crate::paper::Islands;

/// What is read of a file at a time, in bytes: two sectors, one on either side of a border.
pub const PIECE: u64 = 4096;
/// A sector, in bytes.
const SECTOR: u64 = 2048;
/// The most bytes of an extent of UDF (ECMA-167 4/14.14.1.1).
const UDF_EXTENT: u64 = (1 << 30) - SECTOR;
/// The most bytes of an extent of ISO 9660 (ECMA-119 7.3).
const ISO_EXTENT: u64 = (1 << 32) - SECTOR;

/// A long file.
#[derive(Clone, Copy, Debug)]
pub struct Long {
    len: u64,
}

impl Long {
    /// A file of so many bytes, at least some sectors.
    pub fn new(len: u64) -> Self {
        Self { len }
    }

    /// Its path.
    pub fn name(&self) -> String {
        format!("long/{}", self.len)
    }

    /// How long it is, in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What it holds.
    pub fn islands(&self) -> Islands {
        let mut at = self.pieces();
        at.retain(|at| *at != self.zeros());
        Islands { len: ByteLen(self.len), at }
    }

    /// Where pieces start that are to be read: at the start, at the end, in the middle, around borders, and one of
    /// zeros. All borders are among them up to 64 GiB, and those where a file entry or an allocation extent is full.
    pub fn pieces(&self) -> Vec<u64> {
        let borders = |extent: u64| (1..self.len.div_ceil(extent)).map(move |n| (n, n * extent - SECTOR));
        let looked_at = |n: &u64| *n <= 64 || [113, 228, 233].iter().any(|first| chained(*n, *first));
        let last = self.len.saturating_sub(1) / SECTOR * SECTOR - SECTOR;
        let mut pieces = vec![0, self.zeros(), self.len / 2 / SECTOR * SECTOR, last];
        pieces.extend(borders(UDF_EXTENT).filter(|(n, _)| looked_at(n)).map(|(_, at)| at));
        pieces.extend(borders(ISO_EXTENT).filter(|(n, _)| *n <= 16).map(|(_, at)| at));
        pieces.sort_unstable();
        pieces.dedup();
        pieces
    }

    /// The sectors where pieces start.
    pub fn sectors(&self) -> Vec<u64> {
        self.pieces().iter().map(|at| at / SECTOR).collect()
    }

    /// The digest of all pieces, one behind the other.
    ///
    /// # Panics
    /// Never: they lie in the file.
    pub fn digest(&self) -> Sha256 {
        let islands = self.islands();
        let mut hasher = Hasher::new();
        for at in self.pieces() {
            let len = PIECE.min(self.len - at) as usize;
            hasher
                .update(&read_vec(&islands as &dyn ReadAt, ByteOffset(at), len).expect("bytes of the file"));
        }
        hasher.finish()
    }

    /// A shell script that says the path and the length, and the digest of all pieces.
    pub fn script(&self) -> String {
        let path = self.name();
        let sectors: Vec<_> = self.sectors().iter().map(u64::to_string).collect();
        format!(
            "stat -c '%n %s' {path}\nfor sector in {}\ndo dd if={path} bs={SECTOR} skip=$sector count=2 2>/dev/null\n\
             done | sha256sum\n",
            sectors.join(" ")
        )
    }

    /// What [`Self::script`] says.
    pub fn said(&self) -> [String; 2] {
        [format!("{} {}", self.name(), self.len), format!("{}  -", self.digest())]
    }

    /// Where there are zeros.
    fn zeros(&self) -> u64 {
        self.len / 3 / SECTOR * SECTOR
    }
}

/// Whether border `n` lies where a file's descriptors go on elsewhere: the first `first` stand in its entry.
fn chained(n: u64, first: u64) -> bool {
    let in_extent = if first == 113 { 125 } else { 252 };
    n >= first && (n - first).is_multiple_of(in_extent)
}
