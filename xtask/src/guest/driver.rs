//! Drivers of the Linux kernel for our kinds of volumes, and the scripts by which they read and change them.

use super::kernel::Release;

/// A driver, told how to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driver {
    /// Its name, as `mount -t` has it.
    pub name: &'static str,
    /// How it is told that names are shown in UTF-8, and which names it takes where there are several.
    pub options: &'static str,
}

/// The driver of UDF.
pub const UDF: Driver = Driver { name: "udf", options: "iocharset=utf8" };
/// The driver of ISO 9660, with the names of Rock Ridge where there are some.
pub const ROCK_RIDGE: Driver = Driver { name: "iso9660", options: "iocharset=utf8" };
/// The same with the names of Joliet.
pub const JOLIET: Driver = Driver { name: "iso9660", options: "norock,iocharset=utf8" };
/// The same with the plain names of ISO 9660.
pub const PLAIN: Driver = Driver { name: "iso9660", options: "norock,nojoliet" };

/// All drivers that read discs.
pub const OF_DISCS: [Driver; 4] = [UDF, ROCK_RIDGE, JOLIET, PLAIN];

impl Driver {
    /// A script that writes the names of all folders in the current one, and the digests of all files.
    pub const READING: &'static str = "find . -type d; find . -type f -exec sha256sum {} +";

    /// The NTFS driver of a kernel.
    pub fn ntfs(release: Release) -> Self {
        let options = match release {
            Release::Stable => "iocharset=utf8",
            Release::Newer => "nls=utf8",
        };
        Self { name: release.ntfs_module(), options }
    }

    /// A script that mounts a device read-only, and runs [`Self::READING`] in its root.
    pub fn reading(&self, device: &str) -> String {
        self.looking(device, Self::READING)
    }

    /// A script that mounts a device read-only, and runs `script` in its root.
    pub fn looking(&self, device: &str, script: &str) -> String {
        self.mounted(device, "ro", script)
    }

    /// A script that mounts a device to be written, and runs `script` in its root.
    pub fn changing(&self, device: &str, script: &str) -> String {
        self.mounted(device, "rw", script)
    }

    /// `loud`, as busybox would otherwise have the kernel keep its complaints about a volume to itself.
    fn mounted(&self, device: &str, mode: &str, script: &str) -> String {
        let (name, options) = (self.name, self.options);
        format!(
            "echo {mode} {device} {name} {options}\n\
             if mount -t {name} -o loud,{mode},{options} {device} /mnt\n\
             then cd /mnt\n{script}\ncd / && umount /mnt || echo refused to unmount {device}\n\
             else echo refused {device}\nfi\n"
        )
    }
}
