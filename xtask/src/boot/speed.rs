//! How fast a deployment reads its medium, against GRUB reading the same bytes of the same emulated device.
//!
//! GRUB's `testspeed` only reads, through the firmware's BlockIO, as the loader does; the loader hashes, decodes and writes as well.
//! The disk's bytes are such that nobody can compress them: as much is read as is written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::disks;
use super::grub;
use super::hardware::{Bus, Disk, Drive, Firmware, Machine};
use super::machine::{Step, Then};
use super::media::answer_file;
use super::serial::behind;
use crate::desk::Desk;
use crate::program;
use crate::table::{self, Table};

/// MiB in the disk.
const MIB: u64 = 64;
/// MiB that GRUB reads. It asks an optical drive for little at a time, which takes it long.
const SAMPLE: u64 = 16;
/// How long a machine may run, in seconds.
const LIMIT: u64 = 300;
/// The kinds of media: what they are put into, and what GRUB calls them.
const KINDS: [(&str, Drive, &str); 2] = [("usb", Drive::Stick, "hd0"), ("disc", Drive::Disc, "cd1")];
/// Where reading begins, in sectors of 512 bytes: behind what the firmware has read already.
const FROM: u64 = 32 << 11;
/// What stands before the time that writing took, and between it and how much was read for it.
const WRITTEN: &str = "seedpress: written ";
const READ: &str = " (read ";

/// Measures, and prints what comes of it.
///
/// # Errors
/// When a medium cannot be pressed or does not start.
pub fn measure(desk: &Desk) -> Result<()> {
    let disk = desk.path("speed.raw");
    write_noise(&disk)?;
    desk.show(desk.seedpress("publish Speed@1 speed.raw"))?;
    std::fs::write(desk.path("speed.toml"), answer_file("Speed@1", "only-disk = true"))?;
    let mut table = Table::new(&["medium", "GRUB only reads", "deploying reads", "share"]);
    for (kind, drive, device) in KINDS {
        let plain = plain(desk, kind, drive, device)?;
        let deploying = deploying(desk, kind, drive)?;
        let share = format!("{:.0} %", 100.0 * plain.as_secs_f64() / deploying.as_secs_f64().max(1e-6));
        let rates = [plain, deploying].map(|time| table::rate(MIB << 20, time));
        let [plain, deploying] = rates;
        table.row([kind.into(), plain, deploying, share]);
    }
    println!("\n{table}");
    Ok(())
}

/// How long GRUB would take for as many bytes as the disk has.
fn plain(desk: &Desk, kind: &str, drive: Drive, device: &str) -> Result<Duration> {
    let tree = desk.path(format!("speed-{kind}"));
    let commands = format!(
        "terminal_output console\ntestspeed -s 1048576 ({device}){FROM}+{}\necho \"{}\"\nsleep 3600\n",
        SAMPLE << 11,
        grub::END
    );
    grub::build(&tree, &commands)?;
    let name = format!("speed-{kind}-grub");
    let build = format!("build {kind} --boot none --esp-tree speed-{kind} -o {name}.img Speed@1");
    program::capture(&mut desk.seedpress(&build))?;
    let medium = desk.path(format!("{name}.img"));
    let machine =
        Machine { firmware: Firmware::Uefi, medium: Some((&medium, drive)), disks: vec![], keeps: false };
    let run = machine.run(&[Step { hears: grub::END, then: Then::Off }], LIMIT, &desk.path(&name))?;
    let said = behind("Elapsed time: ", &run.lines).and_then(|rest| rest.split_whitespace().next());
    let seconds: f64 = said.context("GRUB does not say how long it took")?.parse()?;
    Ok(Duration::try_from_secs_f64(seconds * MIB as f64 / SAMPLE as f64)?)
}

/// How long the deployment takes until everything is written, for as many bytes of the medium as the disk has.
fn deploying(desk: &Desk, kind: &str, drive: Drive) -> Result<Duration> {
    let name = format!("speed-{kind}-native");
    let build = format!("build {kind} --boot native --answer speed.toml -o {name}.img Speed@1");
    program::capture(&mut desk.seedpress(&build))?;
    let [medium, target] = ["img", "raw"].map(|end| desk.path(format!("{name}.{end}")));
    disks::empty(&target, MIB)?;
    let machine = Machine {
        firmware: Firmware::Uefi,
        medium: Some((&medium, drive)),
        disks: vec![(Disk::new(Bus::Virtio, 512, MIB), &target)],
        keeps: true,
    };
    let run =
        machine.run(&[Step { hears: READ, then: Then::Picture("written") }], LIMIT, &desk.path(&name))?;
    let whole: Vec<String> = run.lines.into_iter().filter(|line| line.contains(READ)).collect();
    let said = behind(WRITTEN, &whole).context("nothing was written")?;
    time_for(said, MIB << 20).with_context(|| format!("it does not say how long it took: {said}"))
}

/// How long so many bytes take, by a line such as `128 MiB in 2000 ms (read 67108864 bytes of the medium)`.
fn time_for(said: &str, bytes: u64) -> Option<Duration> {
    let (time, read) = said.split_once(READ)?;
    let millis: f64 = time.split_once(" in ")?.1.strip_suffix(" ms")?.parse().ok()?;
    let read: f64 = read.split(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(millis / 1000.0 * bytes as f64 / read).ok()
}

/// Writes bytes without a pattern, always the same (xorshift64*, Vigna 2014).
fn write_noise(path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path).with_context(|| format!("making {}", path.display()))?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..MIB << 17 {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        file.write_all(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes())?;
    }
    Ok(file.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_for_the_bytes_that_were_read() {
        let said = "128 MiB in 2000 ms (read 67108864 bytes of the medium)";
        assert_eq!(time_for(said, 128 << 20), Some(Duration::from_secs(4)));
        assert_eq!(time_for("128 MiB", 1), None);
        assert_eq!(time_for("1 MiB in 1 ms (read 0 bytes of the medium)", 1), None);
    }
}
