//! What a BIOS starts: GRUB's own boot sector, and a core that its own program makes.
//!
//! Both are told by number where the core lies (grub-core/boot/i386/pc/boot.S, diskboot.S, cdboot.S; El Torito 1.0 and the
//! table that mkisofs calls boot information).

use std::path::Path;
use std::process::{Command, Stdio};

use formats::digest::Sha256;
use formats::manifest::Component;
use press::boot::{Bios, DISC_CORE, USB_CORE};

use super::error::{LinuxError, Missing, unreadable, unusable};
use super::{Kind, grub, read};

/// What it needs to read the volumes that we press, to run the configuration, and to start a kernel with a screen of pixels.
const MODULES: &str = "biosdisk normal configfile linux search search_fs_file part_gpt part_msdos fat iso9660 \
    echo test regexp sleep reboot probe all_video video vbe vga";
/// The part of a boot sector that is a program, in bytes.
const PROGRAM: usize = 440;
/// Where a stick's boot sector has the core's first sector.
const STICK_START: usize = 0x5c;
/// Where it has the drive that the core is on: 255 for the one that it was started from.
const DRIVE: usize = 0x64;
/// Where it skips what trusts the BIOS about the drive; two bytes that do nothing make it not trust.
const DRIVE_CHECK: usize = 0x66;
const NOTHING: [u8; 2] = [0x90, 0x90];
/// Where the boot sector of a disc image on a stick has the core's first sector.
const HYBRID_START: usize = 0x1b0;
/// Where a core's first sector has the start of the rest.
const REST: usize = 0x1f4;
/// How long the part of a disc's core is that reads discs, in bytes.
const DISC_READER: usize = 2048;
/// Where a disc's core has the boot information, in bytes, and where what it sums up starts.
const INFORMATION: usize = 8;
const SUMMED: usize = 64;
/// The sector of a disc where its volume descriptors start.
const DESCRIPTORS: u32 = 16;
/// No version of a GRUB has more characters.
const LONGEST_VERSION: usize = 64;
/// Sectors of 512 bytes in one of a disc's.
const PER_DISC_SECTOR: u64 = 4;

/// The boot sector and the core for a kind of medium, and where they came from.
pub fn make(folder: &Path, kind: Kind) -> Result<(Bios, Component), LinuxError> {
    let (sector, format) = match kind {
        Kind::Usb => ("boot.img", "i386-pc"),
        Kind::Disc | Kind::UdfOnly => ("boot_hybrid.img", "i386-pc-eltorito"),
    };
    let path = folder.join(sector);
    let mut bootstrap = read::bytes(&path)?;
    let mut core = mkimage(folder, format)?;
    let sha256 = Sha256::of(&[&bootstrap[..], &core].concat());
    let placed = match kind {
        Kind::Usb => stick(&mut bootstrap, &mut core),
        Kind::Disc | Kind::UdfOnly => disc(&mut bootstrap, &mut core),
    };
    placed.ok_or_else(|| unusable(&path, "it and its core are shorter than GRUB's are".into()))?;
    bootstrap.truncate(PROGRAM);
    let component =
        Component { role: "grub-bios".into(), name: "grub".into(), version: version(folder)?, sha256 };
    Ok((Bios { bootstrap, core }, component))
}

fn stick(bootstrap: &mut [u8], core: &mut [u8]) -> Option<()> {
    put(bootstrap, STICK_START, &USB_CORE.to_le_bytes())?;
    put(bootstrap, DRIVE, &[0xff])?;
    put(bootstrap, DRIVE_CHECK, &NOTHING)?;
    put(core, REST, &(USB_CORE + 1).to_le_bytes())
}

fn disc(bootstrap: &mut [u8], core: &mut [u8]) -> Option<()> {
    let start = u64::from(DISC_CORE) * PER_DISC_SECTOR;
    put(bootstrap, HYBRID_START, &(start + PER_DISC_SECTOR).to_le_bytes())?;
    put(core, DISC_READER + REST, &(start + PER_DISC_SECTOR + 1).to_le_bytes())?;
    let len = u32::try_from(core.len()).ok()?;
    let words = core.get(SUMMED..)?.chunks(4).map(|word| {
        let mut padded = [0; 4];
        padded[..word.len()].copy_from_slice(word);
        u32::from_le_bytes(padded)
    });
    let sum = words.fold(0_u32, u32::wrapping_add);
    let fields = [DESCRIPTORS, DISC_CORE, len, sum];
    put(core, INFORMATION, &fields.map(u32::to_le_bytes).concat())
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) -> Option<()> {
    bytes.get_mut(at..at + value.len())?.copy_from_slice(value);
    Some(())
}

/// Has GRUB's program make a core.
fn mkimage(folder: &Path, format: &str) -> Result<Vec<u8>, LinuxError> {
    let scratch = tempfile::tempdir().map_err(|error| failed(&error))?;
    let (early, core) = (scratch.path().join("early.cfg"), scratch.path().join("core.img"));
    std::fs::write(&early, grub::EARLY).map_err(|error| failed(&error))?;
    let mut command = Command::new("grub-mkimage");
    command
        .arg("--directory")
        .arg(folder)
        .args(["--format", format, "--prefix", "/seed", "--config"])
        .arg(&early);
    command.arg("--output").arg(&core).args(MODULES.split_whitespace());
    said(&mut command)?;
    std::fs::read(&core).map_err(|source| unreadable(&core, source))
}

/// The version of the GRUB in a folder. Where its modules do not say it, the program is named that made the core of them.
fn version(folder: &Path) -> Result<String, LinuxError> {
    let path = folder.join("normal.mod");
    if let Some(version) = path.exists().then(|| read::bytes(&path)).transpose()?.as_deref().and_then(printed)
    {
        return Ok(version);
    }
    let said = said(Command::new("grub-mkimage").arg("--version"))?;
    Ok(format!("made by grub-mkimage {}", said.split_whitespace().last().unwrap_or_default()))
}

/// The version that a module prints: the one text in it that starts as versions do (grub-core/normal/main.c).
fn printed(module: &[u8]) -> Option<String> {
    let texts = module.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
    let is_version = |text: &&str| {
        let (major, rest) = text.split_once('.').unwrap_or_default();
        let is_number = !major.is_empty() && major.chars().all(|c| c.is_ascii_digit());
        let is_plain = rest.chars().all(|c| c.is_ascii_alphanumeric() || ".+~:-".contains(c));
        is_number
            && is_plain
            && rest.starts_with(|c: char| c.is_ascii_digit())
            && text.len() <= LONGEST_VERSION
    };
    let mut versions = texts.filter(is_version);
    versions.next().filter(|_| versions.next().is_none()).map(str::to_owned)
}

fn said(command: &mut Command) -> Result<String, LinuxError> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => LinuxError::Missing(vec![Missing {
            what: "the program grub-mkimage",
            package: "grub-common",
            option: "",
        }]),
        _ => failed(&error),
    })?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn failed(reason: &impl ToString) -> LinuxError {
    LinuxError::Mkimage { reason: reason.to_string() }
}
