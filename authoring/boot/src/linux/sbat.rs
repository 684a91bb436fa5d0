//! Names and versions of shim and GRUB: their SBAT, a list of who made what (shim, SBAT.md).

use std::path::Path;

use formats::digest::Sha256;
use formats::manifest::{Component, MAX_TEXT};

use super::bytes::text;
use super::error::{LinuxError, unusable};
use super::pe;

/// A component for a UEFI program. The line of a distribution's own package comes after that of who wrote the program: it is
/// the one with most dots.
pub fn component(role: &str, path: &Path, file: &[u8]) -> Result<Component, LinuxError> {
    let section = pe::section(file, ".sbat")
        .ok_or_else(|| unusable(path, format!("it has no SBAT section, as a signed {role} has")))?;
    let sbat = text(section);
    let lines = sbat.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
    let mut best: Option<(usize, String, String)> = None;
    for line in lines {
        let [name, _, _, package, version, ..] = line[..] else { continue };
        let depth = name.split('.').count();
        if name.split('.').next() == Some(role) && best.as_ref().is_none_or(|(least, ..)| depth > *least) {
            best = Some((depth, package.into(), version.into()));
        }
    }
    let (_, name, version) =
        best.ok_or_else(|| unusable(path, format!("its SBAT does not say that it is a {role}")))?;
    let cut = |text: String| text.chars().filter(|c| !c.is_control()).take(MAX_TEXT / 4).collect();
    Ok(Component { role: role.into(), name: cut(name), version: cut(version), sha256: Sha256::of(file) })
}
