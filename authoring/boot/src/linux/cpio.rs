//! An archive in the format that the kernel takes its first root filesystem from: cpio, "newc"
//! (Documentation/driver-api/early-userspace/buffer-format.rst).
//!
//! Everything belongs to root and was made in 1970, and inode numbers are in order: the same files give the same bytes.

/// A regular file that may be executed.
const PROGRAM: u32 = 0o100_755;
/// A regular file.
const DOCUMENT: u32 = 0o100_644;
/// A directory.
const FOLDER: u32 = 0o040_755;
/// A character device.
const CHARACTERS: u32 = 0o020_600;

/// An archive in the making.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

/// What an entry is.
struct Entry<'a> {
    mode: u32,
    device: (u32, u32),
    bytes: &'a [u8],
}

impl Archive {
    /// With a directory.
    pub fn folder(&mut self, path: &str) {
        self.add(path, &Entry { mode: FOLDER, device: (0, 0), bytes: &[] });
    }

    /// With a character device of these numbers.
    pub fn device(&mut self, path: &str, device: (u32, u32)) {
        self.add(path, &Entry { mode: CHARACTERS, device, bytes: &[] });
    }

    /// With a program.
    pub fn program(&mut self, path: &str, bytes: &[u8]) {
        self.add(path, &Entry { mode: PROGRAM, device: (0, 0), bytes });
    }

    /// With a file that is only read.
    pub fn document(&mut self, path: &str, bytes: &[u8]) {
        self.add(path, &Entry { mode: DOCUMENT, device: (0, 0), bytes });
    }

    /// The archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.add("TRAILER!!!", &Entry { mode: 0, device: (0, 0), bytes: &[] });
        self.bytes
    }

    fn add(&mut self, path: &str, entry: &Entry<'_>) {
        self.entries += 1;
        // Cannot cut: nothing in an initramfs comes near 4 GiB.
        let (len, name) = (entry.bytes.len() as u32, path.len() as u32 + 1);
        let (major, minor) = entry.device;
        let fields = [self.entries, entry.mode, 0, 0, 1, 0, len, 0, 0, major, minor, name, 0];
        self.bytes.extend(b"070701");
        self.bytes.extend(fields.iter().flat_map(|field| format!("{field:08x}").into_bytes()));
        self.bytes.extend(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(entry.bytes);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
