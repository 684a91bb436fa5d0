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
mod read;
mod sbat;

use std::path::PathBuf;

use formats::digest::Sha256;
use formats::manifest::{Component, Volume, paths};
use formats::minisign::PublicKey;
use press::boot::{Boot, BootFile, Content};

pub use error::{LinuxError, Missing};
pub use find::{Given, Wanted, find};

/// What is taken from a distribution, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The kernel: a bzImage.
    pub kernel: PathBuf,
    /// The folder of its modules: `/lib/modules/6.1.0-56-amd64`.
    pub modules: PathBuf,
    /// What UEFI starts it by, where UEFI is to.
    pub uefi: Option<Uefi>,
    /// The folder of the GRUB for BIOS.
    pub grub_bios: PathBuf,
}

/// What UEFI starts the payload by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uefi {
    /// shim, signed by Microsoft.
    pub shim: PathBuf,
    /// The program that enrols keys for shim, where there is one.
    pub mok_manager: Option<PathBuf>,
    /// GRUB, signed by the distribution.
    pub grub: PathBuf,
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
    let kernel = read::bytes(&parts.kernel)?;
    let kernel_component = bzimage::component(&parts.kernel, &kernel)?;
    let release = bzimage::release(&kernel).unwrap_or_default();
    let chosen = modules::choose(&parts.modules, (&parts.kernel, &release))?;
    let files = Files { kind, files: Vec::new(), components: Vec::new() };
    let mut files = match &parts.uefi {
        Some(uefi) => files.uefi(uefi)?,
        None => files,
    };
    let init_component = Component {
        role: "init".into(),
        name: "seedpress-init".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        sha256: Sha256::of(init),
    };
    let (bios, grub_bios) = core::make(&parts.grub_bios, kind)?;
    files.components.extend([kernel_component, chosen.component(&parts.modules), init_component, grub_bios]);
    files = files.read(CONFIG, Content::Text(grub::CONFIG.into())).read(KERNEL, Content::Bytes(kernel));
    files = files.read(INITRAMFS, Content::Bytes(initramfs::make(init, keys, &chosen)?));
    if let Some(answers) = answers {
        files = files.esp(paths::ANSWERS, Content::Bytes(answers.into_bytes()));
    }
    Ok(Boot { files: files.files, bios: Some(bios), components: files.components })
}

/// Files, put where a kind of medium has them, and what they are.
struct Files {
    kind: Kind,
    files: Vec<BootFile>,
    components: Vec<Component>,
}

impl Files {
    /// With what UEFI starts, and what tells the signed GRUB where to go on.
    fn uefi(mut self, uefi: &Uefi) -> Result<Self, LinuxError> {
        let (shim, grub) = (read::bytes(&uefi.shim)?, read::bytes(&uefi.grub)?);
        let prefix = grub::prefix(&uefi.grub, &grub)?;
        self.components.push(sbat::component("shim", &uefi.shim, &shim)?);
        self.components.push(sbat::component("grub", &uefi.grub, &grub)?);
        let mut files = self.esp("EFI/BOOT/BOOTX64.EFI", Content::Bytes(shim));
        files = files.esp("EFI/BOOT/grubx64.efi", Content::Bytes(grub));
        if let Some(manager) = &uefi.mok_manager {
            files = files.esp("EFI/BOOT/mmx64.efi", Content::Bytes(read::bytes(manager)?));
        }
        let config = || Content::Text(grub::CONFIG.into());
        files = files.esp(&format!("{prefix}/grub.cfg"), config());
        Ok(match files.volume() {
            Volume::Esp => files,
            // A signed GRUB that was started as a disc takes the whole disc for its own, and looks for these two.
            Volume::Seed => files
                .read(".disk/info", Content::Text(grub::DISC_INFO.into()))
                .read("boot/grub/grub.cfg", config()),
        })
    }

    /// With a file on the EFI system partition.
    fn esp(self, path: &str, content: Content) -> Self {
        self.with(Volume::Esp, path, content)
    }

    /// With a file that GRUB reads.
    fn read(self, path: &str, content: Content) -> Self {
        let volume = self.volume();
        self.with(volume, path, content)
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
