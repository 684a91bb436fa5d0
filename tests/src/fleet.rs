//! What Secure Boot needs: keys and certificates that openssl makes, and programs that others made and signed.

use std::fs;

use boot::sign::EfiKey;

use crate::judge::Judge;
use crate::workshop::Workshop;

/// shim, which Microsoft signed for Debian with both of its certificate authorities.
pub const SHIM: &str = "/usr/lib/shim/shimx64.efi.signed";
/// GRUB, signed by Debian.
pub const GRUB: &str = "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed";
/// systemd-boot, signed by nobody.
pub const UNSIGNED: &str = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";

/// The bytes of a program of another's.
///
/// # Panics
/// When it is not installed.
pub fn program(path: &str) -> Vec<u8> {
    let package = xtask::setup::package_of(path).unwrap_or("an unknown package");
    fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}: apt-get install {package}"))
}

/// Makes `NAME.key` (PKCS #8), and `NAME.pem`, its certificate for `CN=NAME`.
///
/// # Panics
/// When openssl cannot.
pub fn make(workshop: &Workshop, name: &str, bits: u32) {
    let subject = format!("/CN={name}");
    let kind = format!("rsa:{bits}");
    let openssl = Judge::new("openssl").folder(workshop.folder());
    let openssl = openssl.args(["req", "-x509", "-newkey", &kind, "-nodes", "-sha256", "-days", "3650"]);
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    openssl.args(["-subj", &subject, "-keyout", &key, "-out", &certificate]).agrees();
}

/// The key that [`make`] made.
///
/// # Panics
/// When it cannot be used.
pub fn load(workshop: &Workshop, name: &str) -> EfiKey {
    let read = |end: &str| fs::read(workshop.path(&format!("{name}.{end}"))).expect("a file of openssl's");
    EfiKey::load(&read("key"), &read("pem")).expect("a key that can be used")
}
