//! Booting a kernel with disks and a script, and its report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::initramfs::Initramfs;
use super::kernel::{Kernel, shell};
use crate::program;

/// The first program: it gets the devices ready, runs the script and turns the machine off. What the script says
/// is marked with `@`, what the kernel says of our filesystems and of errors with `!`.
const INIT: &str = "#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
for module in /modules/*; do insmod $module || echo \"@refused $module\"; done
mdev -s
sh /script 2>&1 | sed 's/^/@/'
dmesg | grep -iE 'ntfs|udf|iso ?9660|isofs|rock|I/O error|BUG:|WARNING:|Oops|Call Trace' | sed 's/^/!/'
echo '@ the end'
poweroff -f
";

/// The last line of a report that is whole.
const END: &str = "@ the end";

/// The guest's memory, in MiB.
const MEMORY: &str = "768";

/// A disk of the guest.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Its image.
    pub image: PathBuf,
    /// Which partition the volume is in; `None` when the volume is the whole disk.
    pub partition: Option<u32>,
    /// Whether what the guest writes goes into the image. Otherwise it is forgotten.
    pub writable: bool,
    /// The size of its sectors, in bytes.
    pub sector_size: u32,
}

/// What came of a boot.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the script wrote, a line each.
    pub said: Vec<String>,
    /// What the kernel said of our filesystems, and of errors.
    pub kernel: Vec<String>,
}

impl Disk {
    /// A disk with sectors of 512 bytes that is all one volume and is not written.
    pub fn new(image: impl Into<PathBuf>) -> Self {
        Self { image: image.into(), partition: None, writable: false, sector_size: 512 }
    }

    /// The device of the volume, in a guest where this is the disk number `index` (at most 25).
    pub fn device(&self, index: usize) -> String {
        let letter = char::from(b'a' + index as u8);
        let partition = self.partition.map(|number| number.to_string()).unwrap_or_default();
        format!("/dev/vd{letter}{partition}")
    }
}

/// Boots a kernel with disks, runs a shell script in it, and gives its report.
///
/// # Errors
/// When the guest does not come to its end within `limit`; the error has what came over the serial line.
pub fn boot(kernel: &Kernel, disks: &[Disk], script: &str, limit: Duration) -> Result<Report> {
    ensure!(disks.len() <= 26, "a guest has at most 26 disks, not {}", disks.len());
    let scratch = tempfile::tempdir()?;
    let [initramfs, serial] = ["initramfs", "serial"].map(|name| scratch.path().join(name));
    std::fs::write(&initramfs, root(kernel, script)?)?;
    let mut machine = program::system("timeout");
    machine.arg("--kill-after=5").arg(limit.as_secs().to_string()).arg("qemu-system-x86_64");
    machine.args([
        "-accel",
        "tcg",
        "-cpu",
        "max",
        "-m",
        MEMORY,
        "-display",
        "none",
        "-no-reboot",
        "-nic",
        "none",
    ]);
    machine.arg("-serial").arg(format!("file:{}", serial.display()));
    machine.arg("-kernel").arg(kernel.image()).arg("-initrd").arg(&initramfs);
    machine.args(["-append", "console=ttyS0 quiet loglevel=1 panic=-1"]);
    for (index, disk) in disks.iter().enumerate() {
        let path = disk.image.to_str().context("an image's path that is no UTF-8")?.replace(',', ",,");
        let snapshot = if disk.writable { "off" } else { "on" };
        let sector = disk.sector_size;
        machine.arg("-drive").arg(format!("file={path},format=raw,if=none,id=d{index},snapshot={snapshot}"));
        machine.arg("-device").arg(format!(
            "virtio-blk-pci,drive=d{index},logical_block_size={sector},physical_block_size={sector}"
        ));
    }
    let ended = program::output(&mut machine)?;
    let serial = read_lossy(&serial);
    report(&serial).with_context(|| {
        let stderr = String::from_utf8_lossy(&ended.stderr);
        format!("the guest ended with {} and without a whole report:\n{serial}\n{stderr}", ended.status)
    })
}

fn root(kernel: &Kernel, script: &str) -> Result<Vec<u8>> {
    let mut root = Initramfs::bare();
    root.program("bin/busybox", &shell()?);
    root.program("init", INIT.as_bytes());
    root.program("script", script.as_bytes());
    for (number, module) in kernel.modules()?.iter().enumerate() {
        root.program(&format!("modules/{number}.ko"), module);
    }
    Ok(root.finish())
}

fn read_lossy(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Takes the marked lines out of what came over the serial line; `None` when the end is missing.
fn report(serial: &str) -> Option<Report> {
    let lines: Vec<&str> = serial.lines().map(|line| line.trim_end_matches('\r')).collect();
    let marked = |mark| lines.iter().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect();
    let mut said: Vec<String> = marked('@');
    if !lines.contains(&END) {
        return None;
    }
    said.pop();
    Some(Report { said, kernel: marked('!') })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_from_what_else_comes_over_the_line() {
        let whole = report("noise\r\n@one\r\n!ntfs: two\r\n@ the end\r\nnoise").unwrap();
        assert_eq!(whole.said, ["one"]);
        assert_eq!(whole.kernel, ["ntfs: two"]);
        assert!(report("@one\r\n").is_none());
    }
}
