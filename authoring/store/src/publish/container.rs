//! Files that hold a disk and are none: disks in formats that are not read, and compressed files. Taken for raw disks,
//! they would be published as what they are on the host, and boot nowhere.

use std::path::Path;

use formats::io::{ReadAt, ReadError, read_vec};
use formats::units::ByteOffset;

/// A file that is no disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container {
    /// What it is, with its article.
    pub what: &'static str,
    /// The first word of its signature, in bytes from the start of the file.
    at: usize,
    signature: &'static [u8],
    /// How a disk is made of it: what stands before its path, and whether the path of a disk follows.
    make: (&'static str, bool),
}

/// Converts disks of other formats.
const CONVERT: (&str, bool) = ("qemu-img convert -O raw", true);

/// What people keep disks in. Signatures that stand later than the first bytes come first.
const CONTAINERS: [Container; 11] = [
    of("a VDI", b"\x7f\x10\xda\xbe", CONVERT).at(0x40),
    of("a VHDX", b"vhdxfile", CONVERT),
    of("a VMDK", b"KDMV", CONVERT),
    of("a VMDK", b"COWD", CONVERT),
    of("a VMDK", b"# Disk DescriptorFile", CONVERT),
    of("a qcow2", b"QFI\xfb", CONVERT),
    of("compressed with zstd", b"\x28\xb5\x2f\xfd", ("zstd -d", false)),
    of("compressed with gzip", b"\x1f\x8b\x08", ("gunzip -k", false)),
    of("compressed with xz", b"\xfd7zXZ\0", ("unxz -k", false)),
    of("compressed with bzip2", b"BZh", ("bunzip2 -k", false)),
    of("a zip archive", b"PK\x03\x04", ("unzip", false)),
];

/// What a sector ends with that a computer starts: such a disk is one, whatever it begins with.
const BOOTABLE: (usize, [u8; 2]) = (510, [0x55, 0xaa]);

/// How much of a file is looked at, in bytes: a sector.
const HEAD: u64 = 512;

const fn of(what: &'static str, signature: &'static [u8], make: (&'static str, bool)) -> Container {
    Container { what, at: 0, signature, make }
}

impl Container {
    /// Finds out whether a file is no disk.
    pub fn find(file: &dyn ReadAt) -> Result<Option<Self>, ReadError> {
        let head = read_vec(file, ByteOffset::ZERO, file.size().0.min(HEAD) as usize)?;
        let has = |at: usize, bytes: &[u8]| head.get(at..).is_some_and(|there| there.starts_with(bytes));
        if has(BOOTABLE.0, &BOOTABLE.1) {
            return Ok(None);
        }
        Ok(CONTAINERS.into_iter().find(|container| has(container.at, container.signature)))
    }

    /// The command that makes a disk of the file at `path`.
    pub fn command(self, path: &Path) -> String {
        let (command, names_disk) = self.make;
        let disk = if names_disk { " DISK" } else { "" };
        format!("{command} {}{disk}", path.display())
    }

    const fn at(self, at: usize) -> Self {
        Self { at, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_from_disks_that_begin_like_them() {
        for container in CONTAINERS {
            let mut file = vec![0; 1024];
            file[container.at..][..container.signature.len()].copy_from_slice(container.signature);
            assert_eq!(Container::find(&file), Ok(Some(container)));
            file[510..512].copy_from_slice(&[0x55, 0xaa]);
            assert_eq!(Container::find(&file), Ok(None), "{}", container.what);
        }
        for disk in [vec![], vec![0x28, 0xb5, 0x2f], vec![0; 600]] {
            assert_eq!(Container::find(&disk), Ok(None));
        }
    }
}
