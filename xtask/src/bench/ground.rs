//! What all contests need: payload that does not compress, a disk that does, both published, in `target/bench`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::desk::Desk;
use crate::{fixtures, program};

/// Where the data in a dynamic VHD begin, at the latest, in bytes. Without what is in front, nobody takes it for a VHD.
const DATA: usize = 1 << 20;

/// Folders of files that planning a medium of many files lists, and how many files each has.
pub const MANY: (u32, u32) = (100, 1000);

/// The folder and what is in it.
#[derive(Clone, Debug)]
pub struct Ground {
    desk: Desk,
    /// Bytes of payload.
    pub size: u64,
}

impl Ground {
    /// Makes everything that the contests need.
    ///
    /// # Errors
    /// When there is no room, or a program fails.
    pub fn lay(size: u64) -> Result<Self> {
        let fixtures = fixtures::ensure()?;
        let ground = Self { desk: Desk::empty("bench")?, size };
        println!("bench: making the payload in {}", ground.folder().display());
        ground.halves()?;
        ground.system(&fixtures.vhd(1))?;
        ground.many_files()?;
        Ok(ground)
    }

    /// The folder.
    pub fn folder(&self) -> PathBuf {
        self.desk.path("")
    }

    /// A line of shell that calls `seedpress` with these arguments.
    pub fn seedpress(&self, arguments: &str) -> String {
        let command = self.desk.seedpress(&format!("-q {arguments}"));
        format!("SOURCE_DATE_EPOCH={} {}", fixtures::EPOCH, program::line(&command))
    }

    /// Runs a script that is not timed, and waits until the disk is idle.
    ///
    /// # Errors
    /// When it fails.
    pub fn prepare(&self, script: &str) -> Result<()> {
        self.shell(script)?;
        program::run(&mut Command::new("sync"))
    }

    /// Takes everything away.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn clear(&self) -> Result<()> {
        fs::remove_dir_all(self.folder()).context("clearing the bench")
    }

    /// Random bytes in two halves, so that contenders that use one core can be run on two. Both are published;
    /// `half-one` and `half-two` are the stored files, and `medium.img` holds them.
    fn halves(&self) -> Result<()> {
        for half in ["one", "two"] {
            let raw = self.desk.path(format!("{half}.raw"));
            write(&raw, File::open("/dev/urandom")?, self.size / 2)?;
            self.shell(&self.seedpress(&format!("publish --store store {half}@1 {half}.raw")))?;
            self.shell(&format!("find store -name disk.vhd.zst -links 1 -exec ln {{}} half-{half} \\;"))?;
            fs::remove_file(&raw)?;
        }
        self.shell(&self.seedpress("build usb --store store -o medium.img one@1 two@1"))
    }

    /// A disk with the files of a real system, over and over: `system.raw`, on the medium `system.img`, and in
    /// two halves that zstd compressed.
    fn system(&self, disk: &Path) -> Result<()> {
        let once = fs::read(disk).with_context(|| format!("reading {}", disk.display()))?;
        let once = once.get(DATA..).context("the golden disk is too small")?;
        write(&self.desk.path("system.raw"), Repeated { bytes: once, at: 0 }, self.size)?;
        self.shell(&self.seedpress("publish --store system-store System@1 system.raw"))?;
        self.shell(&self.seedpress("build usb --store system-store -o system.img System@1"))?;
        let half = self.size / 2;
        self.shell(&format!("head -c {half} system.raw | zstd -q -T0 -3 -o half-one.zst"))?;
        self.shell(&format!("tail -c +{} system.raw | zstd -q -T0 -3 -o half-two.zst", half + 1))
    }

    fn shell(&self, script: &str) -> Result<()> {
        program::run(Command::new("sh").args(["-e", "-c", script]).current_dir(self.folder()))
    }

    fn many_files(&self) -> Result<()> {
        for folder in 0..MANY.0 {
            let folder = self.desk.path(format!("many/folder-{folder:03}"));
            fs::create_dir_all(&folder)?;
            for file in 0..MANY.1 {
                File::create(folder.join(format!("file-{file:05}")))?;
            }
        }
        Ok(())
    }
}

fn write(path: &Path, source: impl Read, len: u64) -> Result<()> {
    let mut to = File::create(path).with_context(|| format!("making {}", path.display()))?;
    let copied = std::io::copy(&mut source.take(len), &mut to)?;
    anyhow::ensure!(copied == len, "{} has {copied} bytes where {len} were to be written", path.display());
    Ok(to.flush()?)
}

/// The same bytes over and over.
struct Repeated<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.bytes.len() {
            self.at = 0;
        }
        let read = (&self.bytes[self.at..]).read(buf)?;
        self.at += read;
        Ok(read)
    }
}
