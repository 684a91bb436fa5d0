//! What the kernel tells of mounts and block devices.

use std::fs;
use std::path::{Path, PathBuf};

use super::Machine;
use crate::client::source::SourceKind;

/// File systems that seed volumes may lie on when somebody has mounted them: those of disks. A mount of any other kind
/// is not touched: behind a network it may never answer.
const FILE_SYSTEMS: [&str; 17] = [
    "ntfs", "ntfs3", "fuseblk", "ufsd", "udf", "iso9660", "vfat", "msdos", "exfat", "ext2", "ext3", "ext4",
    "xfs", "btrfs", "f2fs", "overlay", "tmpfs",
];
/// The type of an optical drive, in the `type` of a SCSI device (SPC-4, "Peripheral device type").
const OPTICAL: &str = "5";

/// A block device that may be a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its name: `sdb`, `sr0`.
    pub name: String,
    /// What kind of medium it is.
    pub kind: SourceKind,
}

/// A volume that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub path: PathBuf,
    /// The disk that it lies on, where that is one that may be a medium.
    pub disk: Option<Disk>,
}

/// The block devices that are removable, on USB, or optical, and have something in them; in the order of their names.
pub fn disks(machine: &Machine) -> Vec<Disk> {
    let entries = fs::read_dir(machine.sysfs.join("block")).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names.into_iter().filter_map(|name| disk(machine, name)).collect()
}

fn disk(machine: &Machine, name: String) -> Option<Disk> {
    let folder = machine.sysfs.join("block").join(&name);
    let says = |file: &str, what: &str| text(&folder.join(file)).is_some_and(|text| text == what);
    let is_optical = says("device/type", OPTICAL) || name.starts_with("sr");
    let is_usb = fs::canonicalize(&folder)
        .is_ok_and(|path| path.iter().any(|part| part.to_string_lossy().starts_with("usb")));
    let is_empty = says("size", "0");
    if is_empty || !(is_optical || is_usb || says("removable", "1")) {
        return None;
    }
    let kind = if is_optical { SourceKind::Dvd } else { SourceKind::Usb };
    Some(Disk { name, kind })
}

/// The volumes that are mounted, of the kinds that seed volumes may have; each place once.
pub fn mounts(machine: &Machine) -> Vec<Mount> {
    let table = text(&machine.mounts).unwrap_or_default();
    let disks = disks(machine);
    let mut mounts: Vec<Mount> = table.lines().filter_map(|line| mount(machine, &disks, line)).collect();
    let mut seen = std::collections::BTreeSet::new();
    mounts.retain(|mount| seen.insert(mount.path.clone()));
    mounts
}

/// A line of mountinfo (proc(5)): the third field is major:minor, the fifth the place, the one behind ` - ` the kind.
fn mount(machine: &Machine, disks: &[Disk], line: &str) -> Option<Mount> {
    let (fields, rest) = line.split_once(" - ")?;
    let kind = rest.split(' ').next()?;
    let mut fields = fields.split(' ');
    let number = fields.nth(2)?;
    let path = unescape(fields.nth(1)?);
    let disk = || disks.iter().find(|disk| is_on(machine, number, disk)).cloned();
    FILE_SYSTEMS.contains(&kind).then(|| Mount { path, disk: disk() })
}

/// Whether a device number is that of a disk or of one of its partitions.
fn is_on(machine: &Machine, number: &str, disk: &Disk) -> bool {
    let folder = machine.sysfs.join("block").join(&disk.name);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let partitions = entries.map(|entry| entry.path().join("dev"));
    let mut numbers = [folder.join("dev")].into_iter().chain(partitions).filter_map(|path| text(&path));
    numbers.any(|found| found == number)
}

/// A path of mountinfo: blanks and the like are three octal digits behind a backslash.
fn unescape(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped =
            digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| *first == b'\\');
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(3..).unwrap_or_default() } else { tail };
    }
    std::ffi::OsString::from_vec(bytes).into()
}

/// What a file of the kernel says, without the line's end.
fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim_end().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn removable_usb_and_optical_disks_are_looked_at_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let sysfs = folder.path();
        let usb = sysfs.join("devices/pci0/usb1/sdd");
        write(&usb.join("removable"), "0\n");
        fs::create_dir_all(sysfs.join("block")).unwrap();
        std::os::unix::fs::symlink(&usb, sysfs.join("block/sdd")).unwrap();
        for (file, text) in [
            ("sda/removable", "0\n"),
            ("sdb/removable", "1\n"),
            ("sdc/removable", "1\n"),
            ("sdc/size", "0\n"),
            ("sr0/removable", "1\n"),
            ("vdx/device/type", "5\n"),
            ("sdb/dev", "8:16\n"),
            ("sdb/sdb2/dev", "8:18\n"),
        ] {
            write(&sysfs.join("block").join(file), text);
        }
        let mounts_at = folder.path().join("mountinfo");
        let table = "22 1 8:18 / /media/my\\040stick rw shared:1 - ntfs3 /dev/sdb2 rw\n\
                     23 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                     24 1 0:40 / /mnt rw - nfs4 host:/ rw\n\
                     25 1 0:41 / /run rw - fuse.sshfs host: rw\n\
                     26 1 8:18 / /media/my\\040stick rw shared:1 - ntfs3 /dev/sdb2 rw\n\
                     bad line\n";
        fs::write(&mounts_at, table).unwrap();
        let machine = Machine { sysfs: sysfs.into(), devices: "/dev".into(), mounts: mounts_at };
        let found = disks(&machine);
        let names: Vec<_> = found.iter().map(|disk| (&*disk.name, disk.kind)).collect();
        let (usb, dvd) = (SourceKind::Usb, SourceKind::Dvd);
        assert_eq!(names, [("sdb", usb), ("sdd", usb), ("sr0", dvd), ("vdx", dvd)]);
        let stick = Disk { name: "sdb".into(), kind: usb };
        let expected = [
            Mount { path: "/media/my stick".into(), disk: Some(stick) },
            Mount { path: "/".into(), disk: None },
        ];
        assert_eq!(mounts(&machine), expected);
    }
}
