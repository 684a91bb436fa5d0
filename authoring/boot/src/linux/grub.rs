//! GRUB: what it is told, and where the signed one looks for that.

use std::path::Path;

use super::bytes::{slice, text, u32_at, u64_at};
use super::error::{LinuxError, unusable};
use super::pe;

/// What GRUB does on a medium.
pub const CONFIG: &str = include_str!("../../../../templates/boot/linux/grub.cfg");
/// What a BIOS core does, before it can read a configuration: flat commands alone.
pub const EARLY: &str = include_str!("../../../../templates/boot/linux/early.cfg");
/// What tells a signed GRUB that a disc is one it was made for.
pub const DISC_INFO: &str = "seedpress {medium}\n";

/// How the list of what is built into GRUB starts (grub-core/kern/main.c, include/grub/kernel.h).
const MODULES: &[u8] = b"mimg";
/// An entry of the list: the folder that GRUB reads its configuration from.
const PREFIX: u32 = 3;
/// Kind and length of an entry, in bytes.
const ENTRY: u64 = 8;
/// No GRUB has more parts.
const MOST: usize = 10_000;

/// The folder in which the signed GRUB looks for its configuration, as a path on the EFI system partition: `EFI/debian`.
pub fn prefix(path: &Path, grub: &[u8]) -> Result<String, LinuxError> {
    let found = pe::section(grub, "mods").and_then(built_in);
    let found =
        found.ok_or_else(|| unusable(path, "it does not say where it looks for its configuration".into()))?;
    // "(hd0,gpt1)/EFI/x" names a device that is not ours; only the path can be used.
    let folder = found.rsplit(')').next().unwrap_or_default().trim_matches('/');
    let is_path = folder.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    let is_plain = folder.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c));
    if folder.len() > 200 || !is_path || !is_plain {
        return Err(unusable(path, format!("it looks for its configuration in {found:?}")));
    }
    Ok(folder.into())
}

fn built_in(list: &[u8]) -> Option<String> {
    if !list.starts_with(MODULES) {
        return None;
    }
    let (mut at, end) = (u64_at(list, 8)?, u64_at(list, 16)?);
    for _ in 0..MOST {
        let (kind, len) = (u32_at(list, at)?, u32_at(list, at.checked_add(4)?)?);
        if kind == PREFIX {
            return Some(text(slice(list, at + ENTRY, u64::from(len).checked_sub(ENTRY)?)?));
        }
        at = at.checked_add(u64::from(len).max(ENTRY))?;
        if at >= end {
            return None;
        }
    }
    None
}
