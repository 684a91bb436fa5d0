//! The media that are started: how each is pressed, and what is damaged on it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::grub;
use crate::desk::Desk;
use crate::fixtures::bootable::Bootable;
use crate::guest::{Packaged, Release};
use crate::program;

/// The image that is deployed, and the version.
pub const IMAGE: &str = "Golden@2";
/// The version.
pub const VERSION: u32 = 2;

/// A medium.
pub struct Medium {
    /// What it is called in the names of cases.
    pub name: &'static str,
    /// How it is pressed: what stands behind `build`.
    build: &'static str,
    /// The answers that it has.
    answers: Option<Answers>,
    /// What is damaged afterwards.
    damage: Option<Damage>,
}

/// Answers: the table `[target]` of an answer file.
type Answers = &'static str;

/// A file of which one byte is flipped.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// The one with this path on the medium.
    File(&'static str),
    /// The longest layer, in a frame that is none of the first.
    Frame,
}

const ONLY: Answers = "only-disk = true";

const fn medium(name: &'static str, build: &'static str, answers: Answers) -> Medium {
    Medium { name, build, answers: Some(answers), damage: None }
}

const fn damaged(name: &'static str, build: &'static str, damage: Damage) -> Medium {
    Medium { name, build, answers: Some(ONLY), damage: Some(damage) }
}

/// How media are pressed that are damaged.
const NATIVE: &str = "usb --boot native --sign key --trust key.pub";
const LINUX: &str = "usb --boot linux --sign key --trust key.pub";
const LINUX_DISC: &str = "disc --boot linux --sign key --trust key.pub";

const fn silent(name: &'static str, build: &'static str) -> Medium {
    Medium { name, build, answers: None, damage: None }
}

/// All of them.
pub const MEDIA: &[Medium] = &[
    medium("usb-native", "usb --boot native --sign key --trust key.pub", ONLY),
    medium("disc-native", "disc --boot native --sign key --trust key.pub", r#"serial = "NVME512-0""#),
    medium("disc-by-size", "disc --boot native", "smallest = \"90 MiB\"\nlargest = \"100 MiB\""),
    medium("udf-native", "disc --udf-only --boot native", ONLY),
    medium("usb-signed", "usb --boot native --sign key --trust key.pub --sign-efi efi.key efi.pem", ONLY),
    medium("usb-linux", "usb --boot linux --sign key --trust key.pub", ONLY),
    medium("disc-linux", "disc --boot linux --sign key --trust key.pub", ONLY),
    medium("udf-linux", "disc --udf-only --boot linux --sign key --trust key.pub", ONLY),
    medium("usb-both", "usb --boot both --sign key --trust key.pub", ONLY),
    silent("usb-menu", "usb --boot native --sign key --trust key.pub"),
    silent("usb-tree", "usb --boot tree esp"),
    silent("disc-tree", "disc --boot tree esp"),
    silent("udf-tree", "disc --udf-only --boot tree esp"),
    damaged("bad-frame", NATIVE, Damage::Frame),
    damaged("bad-manifest", NATIVE, Damage::File("seed/manifest.json")),
    damaged("bad-signature", NATIVE, Damage::File("seed/manifest.json.minisig")),
    damaged("bad-frame-linux", LINUX, Damage::Frame),
    damaged("bad-manifest-linux", LINUX_DISC, Damage::File("seed/manifest.json")),
];

/// Puts together what the media are pressed from: images, keys, programs.
///
/// # Errors
/// When a program that does it fails.
pub fn lay_ground(desk: &Desk, golden: &Bootable) -> Result<()> {
    grub::make(&desk.path("esp"))?;
    for version in [1, 2] {
        let link = desk.path(format!("golden-{version}.vhd"));
        std::os::unix::fs::symlink(golden.vhd(version), link).context("linking to a golden disk")?;
    }
    desk.show(desk.seedpress("publish Golden@1 golden-1.vhd"))?;
    desk.show(desk.seedpress("publish Golden@2 golden-2.vhd --parent Golden@1"))?;
    desk.show(desk.seedpress("keygen --no-password -s key -p key.pub"))?;
    own_key(desk)
}

/// The key that the firmware with its own key trusts, without its password, which everybody knows.
fn own_key(desk: &Desk) -> Result<()> {
    const FROM: &str = "/usr/share/ovmf/PkKek-1-snakeoil";
    let open = format!("openssl rsa -in {FROM}.key -passin pass:snakeoil -out efi.key");
    program::capture(&mut desk.other(&open))?;
    fs::copy(format!("{FROM}.pem"), desk.path("efi.pem")).context("copying the firmware's certificate")?;
    Ok(())
}

/// Presses the media with these names. Those that cannot be pressed have the reason instead.
pub fn press(desk: &Desk, names: &[&str]) -> BTreeMap<&'static str, Result<PathBuf, String>> {
    let wanted = MEDIA.iter().filter(|medium| names.contains(&medium.name));
    wanted
        .map(|medium| {
            let pressed = medium.press(desk).with_context(|| format!("pressing {}", medium.name));
            (medium.name, pressed.map_err(|error| format!("{error:#}")))
        })
        .collect()
}

impl Medium {
    fn has_linux(&self) -> bool {
        ["--boot linux", "--boot both"].iter().any(|option| self.build.contains(option))
    }

    fn press(&self, desk: &Desk) -> Result<PathBuf> {
        let image = format!("{}.img", self.name);
        let mut line = format!("build {} -o {image} Golden@1 Golden@2", self.build);
        if self.has_linux() {
            let Packaged { image, modules } = Release::Stable.packaged()?;
            line = format!("{line} --kernel {} --modules {}", image.display(), modules.display());
        }
        if let Some(target) = self.answers {
            let answers = format!("{}.toml", self.name);
            fs::write(desk.path(&answers), answer_file(IMAGE, target))?;
            line = format!("{line} --answer {answers}");
        }
        let mut build = desk.seedpress(&line);
        println!("$ seedpress {line}");
        program::capture(&mut build)?;
        if let Some(damage) = self.damage {
            damage.strike(desk, &image)?;
        }
        Ok(desk.path(image))
    }
}

/// An answer file that wants this image on a disk that is described so.
pub fn answer_file(image: &str, target: &str) -> String {
    format!(
        "format = 1\nimage = \"{image}\"\nend = \"power-off\"\nrefused = \"power-off\"\n\n[target]\n{target}\n"
    )
}

impl Damage {
    /// Flips one byte of the file, wherever it lies on the medium.
    fn strike(self, desk: &Desk, image: &str) -> Result<()> {
        let (path, eighths) = match self {
            Self::File(path) => (path.to_owned(), 4),
            Self::Frame => (longest(desk, image)?, 6),
        };
        let mut cat = desk.seedpress(&format!("cat {image} {path}"));
        let content = program::output(&mut cat)?.stdout;
        ensure!(content.len() > 64, "{path} on {image} has {} bytes", content.len());
        let at = content.len() / 8 * eighths;
        let needle = content.get(at..(at + 64).min(content.len())).unwrap_or_default();
        // A kernel on the EFI system partition may have the bytes of the golden disk's: the layer lies behind it.
        let most = if matches!(self, Self::Frame) { 1 } else { usize::MAX };
        let flipped = flip(&desk.path(image), needle, most)?;
        ensure!(flipped > 0, "{path} does not lie on {image} as it is read");
        Ok(())
    }
}

/// The longest file of the seed volume: the base's layer.
fn longest(desk: &Desk, image: &str) -> Result<String> {
    let listed = program::capture(&mut desk.seedpress(&format!("ls -lR {image}")))?;
    longest_of(&listed).with_context(|| format!("no file on {image}:\n{listed}"))
}

/// The path at the end of the line that has the largest number in it.
fn longest_of(listed: &str) -> Option<String> {
    let sized = listed.lines().filter_map(|line| {
        let size = line.split_whitespace().find_map(|word| word.replace(',', "").parse::<u64>().ok())?;
        Some((size, line.split_whitespace().last()?))
    });
    sized.max_by_key(|(size, _)| *size).map(|(_, path)| path.to_owned())
}

/// Flips a bit of the first byte of the places that have these bytes, at most of so many from the end, and gives how many
/// that are.
fn flip(image: &Path, needle: &[u8], most: usize) -> Result<usize> {
    let bytes = fs::read(image)?;
    let places: Vec<_> = places(&bytes, needle);
    let last = places.len().saturating_sub(most);
    let file = File::options().write(true).open(image)?;
    for at in &places[last..] {
        file.write_all_at(&[bytes[*at] ^ 1], *at as u64)?;
    }
    Ok(places.len() - last)
}

fn places(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let Some(first) = needle.first() else { return Vec::new() };
    let starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first).map(|(at, _)| at);
    starts.filter(|at| bytes[*at..].starts_with(needle)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_is_flipped_wherever_the_bytes_lie() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"..abc..abd..abc").unwrap();
        assert_eq!(flip(file.path(), b"abc", 9).unwrap(), 2);
        assert_eq!(fs::read(file.path()).unwrap(), b"..`bc..abd..`bc");
        assert_eq!(flip(file.path(), b"xyz", 9).unwrap(), 0);
        assert_eq!(flip(file.path(), b"`bc", 1).unwrap(), 1);
        assert_eq!(fs::read(file.path()).unwrap(), b"..`bc..abd..abc");
    }

    #[test]
    fn the_longest_file_is_found_in_a_list() {
        assert_eq!(longest_of("12 seed/a\n4096 seed/b\n9 c\n").as_deref(), Some("seed/b"));
        assert_eq!(longest_of("nothing here"), None);
    }
}
