//! An archive in the format that the kernel takes its first root filesystem from: cpio, "newc"
//! (Documentation/driver-api/early-userspace/buffer-format.rst).

/// A regular file that may be executed.
const PROGRAM: u32 = 0o100_755;
/// A directory.
const FOLDER: u32 = 0o040_755;
/// A character device.
const CHARACTERS: u32 = 0o020_600;

/// The device that everything is written to: number 5:1.
const CONSOLE: (u32, u32) = (5, 1);

/// An archive in the making.
pub struct Initramfs {
    bytes: Vec<u8>,
    entries: u32,
}

impl Initramfs {
    /// With the folders and the one device that a kernel needs to start a program.
    pub fn bare() -> Self {
        let mut archive = Self { bytes: Vec::new(), entries: 0 };
        for folder in ["bin", "dev", "mnt", "modules", "proc", "sys", "tmp"] {
            archive.add(folder, FOLDER, &[], (0, 0));
        }
        archive.add("dev/console", CHARACTERS, &[], CONSOLE);
        archive
    }

    /// With a program, a script or a module.
    pub fn program(&mut self, path: &str, bytes: &[u8]) {
        self.add(path, PROGRAM, bytes, (0, 0));
    }

    /// The archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.add("TRAILER!!!", 0, &[], (0, 0));
        self.bytes
    }

    fn add(&mut self, path: &str, mode: u32, bytes: &[u8], device: (u32, u32)) {
        self.entries += 1;
        let (len, name_len) = (bytes.len() as u32, path.len() as u32 + 1);
        let fields = [self.entries, mode, 0, 0, 1, 0, len, 0, 0, device.0, device.1, name_len, 0];
        self.bytes.extend(b"070701");
        self.bytes.extend(fields.iter().flat_map(|field| format!("{field:08x}").into_bytes()));
        self.bytes.extend(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(bytes);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn cpio_lists_what_was_put_in() {
        let mut archive = Initramfs::bare();
        archive.program("init", b"#!/bin/sh\n");
        let scratch = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(scratch.path(), archive.finish()).unwrap();
        let listed = Command::new("cpio").arg("-tvF").arg(scratch.path()).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains("-rwxr-xr-x") && listed.contains(" init\n"), "{listed}");
        assert!(listed.contains("5,   1") && listed.contains(" dev/console\n"), "{listed}");
    }
}
