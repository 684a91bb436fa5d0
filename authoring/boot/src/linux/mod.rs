//! The Linux payload: shim, GRUB and a kernel as a distribution signed them, and an initramfs of ours.
//!
//! ```text
//! UEFI ──> shim ──> GRUB ─┐ grub.cfg
//! BIOS ──> GRUB core ─────┴─────────> kernel + initramfs: init, keys, modules
//! ```
//!
//! Nothing of a distribution's comes with seedpress: all of it is found on the machine that presses, or is given. Names,
//! versions and digests are recorded as they are read out of the files themselves.

mod bytes;
mod bzimage;
mod core;
mod cpio;
mod elf;
mod error;
mod find;
mod grub;
mod initramfs;
mod modules;
mod pe;
mod sbat;

use std::path::{Path, PathBuf};

use formats::digest::Sha256;
use formats::manifest::{Component, Volume, paths};
use formats::minisign::PublicKey;
use press::boot::{Boot, BootFile, Content};

pub use error::{LinuxError, Missing};
pub use find::{Given, find};

/// What is taken from a distribution, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The kernel: a bzImage.
    pub kernel: PathBuf,
    /// The folder of its modules: `/lib/modules/6.1.0-56-amd64`.
    pub modules: PathBuf,
    /// shim, signed by Microsoft.
    pub shim: PathBuf,
    /// The program that enrols keys for shim, where there is one.
    pub mok_manager: Option<PathBuf>,
    /// GRUB, signed by the distribution.
    pub grub: PathBuf,
    /// The folder of the GRUB for BIOS.
    pub grub_bios: PathBuf,
}

/// What kind of medium it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stick: everything lies on the EFI system partition.
    Usb,
    /// An optical disc with ISO 9660: kernel and initramfs lie on the seed volume.
    Disc,
    /// An image of a disc that has UDF alone: GRUB does not read it, and everything lies on the EFI system partition.
    UdfOnly,
}

/// Where the kernel and what belongs to it lie, on the volume that GRUB reads.
const KERNEL: &str = "seed/vmlinuz";
const INITRAMFS: &str = "seed/initrd.zst";
/// What GRUB does, for a GRUB of ours.
const CONFIG: &str = "seed/grub.cfg";

/// Puts the payload together: `init` is our first program, `keys` are those that it trusts, `answers` is what it is not to
/// ask.
///
/// # Errors
/// [`LinuxError`].
pub fn payload(
    parts: &Parts,
    init: &[u8],
    keys: &[PublicKey],
    answers: Option<String>,
    kind: Kind,
) -> Result<Boot, LinuxError> {
    let read = |path: &Path| std::fs::read(path).map_err(|source| error::unreadable(path, source));
    let (shim, grub, kernel) = (read(&parts.shim)?, read(&parts.grub)?, read(&parts.kernel)?);
    let prefix = grub::prefix(&parts.grub, &grub)?;
    let chosen = modules::choose(&parts.modules)?;
    let mut components = vec![
        sbat::component("shim", &parts.shim, &shim)?,
        sbat::component("grub", &parts.grub, &grub)?,
        bzimage::component(&parts.kernel, &kernel)?,
        chosen.component(&parts.modules),
        Component {
            role: "init".into(),
            name: "seedpress-init".into(),
            version: version(),
            sha256: Sha256::of(init),
        },
    ];
    let initramfs = initramfs::make(init, keys, &chosen)?;
    let (bios, grub_bios) = core::make(&parts.grub_bios, kind)?;
    components.push(grub_bios);
    let files = Files { kind, files: Vec::new() };
    let mut files = files.esp("EFI/BOOT/BOOTX64.EFI", shim).esp("EFI/BOOT/grubx64.efi", grub);
    if let Some(manager) = &parts.mok_manager {
        files = files.esp("EFI/BOOT/mmx64.efi", read(manager)?);
    }
    files = files.configured(&prefix).read(KERNEL, kernel).read(INITRAMFS, initramfs);
    if let Some(answers) = answers {
        files = files.esp(paths::ANSWERS, answers.into_bytes());
    }
    Ok(Boot { files: files.files, bios: Some(bios), components })
}

/// Our own version.
fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// Files, put where a kind of medium has them.
struct Files {
    kind: Kind,
    files: Vec<BootFile>,
}

impl Files {
    /// With a file on the EFI system partition.
    fn esp(self, path: &str, bytes: Vec<u8>) -> Self {
        self.with(Volume::Esp, path, Content::Bytes(bytes))
    }

    /// With a file that GRUB reads.
    fn read(self, path: &str, bytes: Vec<u8>) -> Self {
        let volume = self.volume();
        self.with(volume, path, Content::Bytes(bytes))
    }

    /// With all that GRUB does what it is told by: `prefix` is where the signed one looks.
    fn configured(self, prefix: &str) -> Self {
        let config = || Content::Text(grub::CONFIG.into());
        let volume = self.volume();
        let files =
            self.with(Volume::Esp, &format!("{prefix}/grub.cfg"), config()).with(volume, CONFIG, config());
        match volume {
            Volume::Esp => files,
            // A signed GRUB that was started as a disc takes the whole disc for its own, and looks for these two.
            Volume::Seed => files.with(volume, ".disk/info", Content::Text(grub::DISC_INFO.into())).with(
                volume,
                "boot/grub/grub.cfg",
                config(),
            ),
        }
    }

    /// The volume that GRUB reads.
    fn volume(&self) -> Volume {
        match self.kind {
            Kind::Usb | Kind::UdfOnly => Volume::Esp,
            Kind::Disc => Volume::Seed,
        }
    }

    fn with(mut self, volume: Volume, path: &str, content: Content) -> Self {
        self.files.push(BootFile { volume, path: path.into(), content });
        self
    }
}
