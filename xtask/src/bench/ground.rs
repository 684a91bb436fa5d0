//! What the contests need, made when the first of them asks for it: payload that does not compress, a disk that does,
//! both published, in `target/bench`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::desk::Desk;
use crate::{fixtures, program};

/// Where the data in a dynamic VHD begin, at the latest, in bytes. Without what is in front, nobody takes it for a VHD.
const DATA: usize = 1 << 20;

/// Folders of many files, and how many each has.
const FOLDERS: u32 = 100;
const FILES_EACH: u32 = 1000;

/// The folder and what is in it.
#[derive(Clone, Debug)]
pub struct Ground {
    desk: Desk,
    /// A disk with the files of a real system.
    golden: PathBuf,
    /// Bytes of payload.
    pub size: u64,
}

impl Ground {
    /// An empty folder for contests about `size` bytes.
    ///
    /// # Errors
    /// When there is no golden disk, or no folder.
    pub fn new(size: u64) -> Result<Self> {
        let golden = fixtures::ensure()?.vhd(1);
        Ok(Self { desk: Desk::empty("bench")?, golden, size })
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

    /// Random bytes in two halves, so that contenders that use one core can be run on two. Both are published in
    /// `store`; `half-one` and `half-two` are the stored files.
    ///
    /// # Errors
    /// When there is no room, or a program fails.
    pub fn halves(&self) -> Result<()> {
        for half in ["one", "two"].into_iter().filter(|half| !self.has(&format!("half-{half}"))) {
            println!("bench: making half {half} of the payload");
            let raw = self.desk.path(format!("{half}.raw"));
            write(&raw, File::open("/dev/urandom")?, self.size / 2)?;
            self.shell(&self.seedpress(&format!("publish --store store {half}@1 {half}.raw")))?;
            self.shell(&format!("find store -name disk.vhd.zst -links 1 -exec ln {{}} half-{half} \\;"))?;
            fs::remove_file(&raw)?;
        }
        Ok(())
    }

    /// The halves, and `medium.img`, which holds both.
    ///
    /// # Errors
    /// When there is no room, or a program fails.
    pub fn medium(&self) -> Result<()> {
        self.halves()?;
        self.shell(&self.seedpress("build usb --store store -o medium.img one@1 two@1"))
    }

    /// The halves, and a folder `many` with very many files.
    ///
    /// # Errors
    /// When there is no room, or a program fails.
    pub fn many_files(&self) -> Result<()> {
        self.halves()?;
        for folder in 0..FOLDERS {
            let folder = self.desk.path(format!("many/folder-{folder:03}"));
            fs::create_dir_all(&folder)?;
            for file in 0..FILES_EACH {
                File::create(folder.join(format!("file-{file:05}")))?;
            }
        }
        Ok(())
    }

    /// A disk with the files of a real system, over and over, as a dynamic VHD: `system.vhd`. `system.sum` has the
    /// digest of the disk. The payload that does not compress makes room for it.
    ///
    /// # Errors
    /// When there is no room, or a program fails.
    pub fn system(&self) -> Result<()> {
        if self.has("system.vhd") {
            return Ok(());
        }
        println!("bench: making the disk");
        self.shell("rm -rf store half-* medium.img many")?;
        let once = fs::read(&self.golden).with_context(|| format!("reading {}", self.golden.display()))?;
        let once = once.get(DATA..).context("the golden disk is too small")?;
        write(&self.desk.path("out"), Repeated { bytes: once, at: 0 }, self.size)?;
        self.shell("sha256sum out > system.sum")?;
        self.shell("qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on out system.vhd; rm out")
    }

    /// The medium `system.img` with that disk on it, and its VHD in two halves that zstd compressed.
    ///
    /// # Errors
    /// When there is no room, or a program fails.
    pub fn system_medium(&self) -> Result<()> {
        self.system()?;
        self.shell(&self.seedpress("publish --store system-store System@1 system.vhd"))?;
        self.shell(&self.seedpress("build usb --store system-store -o system.img System@1"))?;
        let half = self.size / 2;
        self.shell(&format!("head -c {half} system.vhd | zstd -q -T0 -3 -o half-one.zst"))?;
        self.shell(&format!("tail -c +{} system.vhd | zstd -q -T0 -3 -o half-two.zst", half + 1))?;
        self.shell("rm -rf system-store system.vhd")
    }

    fn has(&self, name: &str) -> bool {
        self.desk.path(name).exists()
    }

    fn shell(&self, script: &str) -> Result<()> {
        let mut command = Command::new("sh");
        program::run(command.args(["-e", "-c", script]).current_dir(self.folder()).stdout(Stdio::null()))
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
