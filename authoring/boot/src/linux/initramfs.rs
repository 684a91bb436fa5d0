//! The first root filesystem: init, the keys that it trusts, and modules in the order in which they are loaded.

use std::io::Write;

use formats::minisign::PublicKey;

use super::cpio::Archive;
use super::error::LinuxError;
use super::modules::Chosen;

/// Made once, read on every start. Its window of 8 MiB is a sixteenth of what the kernel takes (lib/decompress_unzstd.c).
const LEVEL: i32 = 15;
/// Numbers of devices that the kernel gives to a program before it mounts anything (Documentation/admin-guide/devices.txt).
const CONSOLE: (u32, u32) = (5, 1);
const NULL: (u32, u32) = (1, 3);

/// The archive, compressed.
pub fn make(init: &[u8], keys: &[PublicKey], modules: &Chosen) -> Result<Vec<u8>, LinuxError> {
    let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL).map_err(LinuxError::Compress)?;
    encoder.include_checksum(true).map_err(LinuxError::Compress)?;
    encoder.write_all(&archive(init, keys, modules)).map_err(LinuxError::Compress)?;
    encoder.finish().map_err(LinuxError::Compress)
}

fn archive(init: &[u8], keys: &[PublicKey], modules: &Chosen) -> Vec<u8> {
    let mut archive = Archive::default();
    for folder in ["dev", "modules", "proc", "sys"] {
        archive.folder(folder);
    }
    archive.device("dev/console", CONSOLE);
    archive.device("dev/null", NULL);
    let keys: String = keys.iter().map(|key| key.to_base64() + "\n").collect();
    // Before init: an initramfs that was cut has both or does nothing.
    archive.document("keys", keys.as_bytes());
    archive.program("init", init);
    for (number, module) in modules.modules.iter().enumerate() {
        archive.document(&format!("modules/{number:03}-{}.ko", module.name), &module.bytes);
    }
    archive.finish()
}
