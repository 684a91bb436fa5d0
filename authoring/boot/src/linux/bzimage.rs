//! The kernel's own words about itself (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").

use std::path::Path;

use formats::digest::Sha256;
use formats::manifest::Component;

use super::bytes::{slice, text, u16_at};
use super::error::{LinuxError, unusable};

/// Where `HdrS` stands.
const MAGIC: u64 = 0x202;
/// Where the place of the version stands, less [`BASE`].
const VERSION: u64 = 0x20e;
const BASE: u64 = 0x200;
/// No kernel says more of itself.
const LONGEST: u64 = 256;

/// A component for a kernel: `uname -r`, and the version of the package where Debian says it.
pub fn component(path: &Path, file: &[u8]) -> Result<Component, LinuxError> {
    let said = said(file).ok_or_else(|| unusable(path, "it is no bzImage, as kernels for x86 are".into()))?;
    let mut words = said.split_whitespace();
    let release = words.next().unwrap_or_default().to_owned();
    let rest: Vec<_> = words.collect();
    // "Debian 6.1.192-2 (2026-11-16)", "#64-Ubuntu SMP ...": Ubuntu's number belongs to the release.
    let package = rest.iter().position(|word| *word == "Debian").and_then(|at| rest.get(at + 1));
    let build = rest.iter().find(|word| word.starts_with('#'));
    let version = package.or(build).map_or_else(String::new, |word| (*word).to_owned());
    Ok(Component {
        role: "kernel".into(),
        name: format!("linux {release}"),
        version,
        sha256: Sha256::of(file),
    })
}

/// The kernel's release: what `uname -r` says.
pub fn release(file: &[u8]) -> Option<String> {
    said(file)?.split_whitespace().next().map(str::to_owned)
}

/// What the kernel says of itself: its release, who built it, when.
fn said(file: &[u8]) -> Option<String> {
    if slice(file, MAGIC, 4)? != b"HdrS" {
        return None;
    }
    let at = u64::from(u16_at(file, VERSION)?) + BASE;
    let rest = file.get(usize::try_from(at).ok()?..)?;
    let said = text(slice(rest, 0, LONGEST.min(rest.len() as u64))?);
    said.starts_with(|c: char| c.is_ascii_digit()).then(|| said.chars().filter(|c| !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(said: &str) -> Vec<u8> {
        let mut file = vec![0; 0x300];
        file[0x202..0x206].copy_from_slice(b"HdrS");
        file[0x20e] = 0x20;
        file[0x220..0x220 + said.len()].copy_from_slice(said.as_bytes());
        file
    }

    #[test]
    fn a_kernel_names_its_release_and_its_package() {
        let named = |said: &str| {
            let component = component(Path::new("vmlinuz"), &kernel(said)).unwrap();
            (component.name, component.version)
        };
        let debian =
            "6.1.0-56-amd64 (debian-kernel@lists) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)";
        assert_eq!(named(debian), ("linux 6.1.0-56-amd64".into(), "6.1.192-2".into()));
        let ubuntu = "6.8.0-31-generic (buildd@host) #31-Ubuntu SMP PREEMPT_DYNAMIC Sat Apr 20";
        assert_eq!(named(ubuntu), ("linux 6.8.0-31-generic".into(), "#31-Ubuntu".into()));
    }

    #[test]
    fn what_is_no_kernel_is_refused_with_its_path() {
        let whole = kernel("6.1.0");
        for file in [&whole[..0x20f], &whole[..0x220], b"MZ"] {
            let error = component(Path::new("boot/vmlinuz-6"), file).unwrap_err();
            assert!(error.to_string().contains("boot/vmlinuz-6"), "{error}");
        }
    }
}
