//! Reading damaged volumes to their end, whatever that is.

use formats::files::{Files, Kind};
use formats::io::ReadAt;
use formats::ntfs::read::Reader;
use formats::units::ByteOffset;

use crate::content::join;
use crate::damage::Changed;

/// More than a volume of ours in the tests ever holds.
const MANY: usize = 100_000;

/// Follows everything that can be followed and reads it, as far as it goes. Returns whether all went well.
///
/// # Panics
/// When a small volume seems to hold more than it can.
pub fn read_all(volume: &dyn ReadAt) -> bool {
    let Ok(reader) = Reader::open(volume) else { return false };
    let mut is_sound = true;
    let mut directories = vec![String::new()];
    let mut seen = 0;
    while let Some(directory) = directories.pop() {
        let Ok(entries) = reader.list(&directory) else {
            is_sound = false;
            continue;
        };
        seen += entries.len();
        assert!(seen < MANY, "a small volume seems to hold {seen} files");
        // Some of many files are enough.
        let step = entries.len() / 40 + 1;
        for entry in entries.iter().step_by(step) {
            let path = join(&directory, &entry.name);
            match entry.kind {
                Kind::Directory if path.len() < 4096 => directories.push(path),
                Kind::Directory => is_sound = false,
                Kind::File => is_sound &= read_file(&reader, &path),
            }
        }
    }
    is_sound
}

fn read_file(reader: &dyn Files, path: &str) -> bool {
    let Ok(file) = reader.open(path) else { return false };
    let mut piece = [0; 4096];
    let len = file.size().0.min(piece.len() as u64) as usize;
    let last = ByteOffset(file.size().0 - len as u64);
    file.read_at(ByteOffset::ZERO, &mut piece[..len]).is_ok() && file.read_at(last, &mut piece[..len]).is_ok()
}

/// Flips bits of the bytes in a range, some positions apart, and reads all each time.
pub fn flip(volume: &dyn ReadAt, start: usize, len: usize, step: usize) {
    for at in (start..start + len).step_by(step) {
        for mask in [0x01, 0x80, 0xff] {
            read_all(&Changed::flipped(volume, at as u64, mask));
        }
    }
}
