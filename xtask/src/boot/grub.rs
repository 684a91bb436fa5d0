//! What the media carry on their EFI system partition for this: GRUB, made with a list of commands that say where it
//! was started from and what it finds there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::program;

/// Stands before the device and folder that the program was started from.
pub const STARTED: &str = "seedpress boot: started from ";
/// What a file beside the program says: it is read back from the partition that it lies on.
pub const MARK: &str = "seedpress boot: this file lies on the EFI system partition";
/// Stands before the kind of the seed volume and its device.
pub const SEED: &str = "seedpress boot: seed volume ";
/// The file of the seed volume that is read and hashed.
pub const MANIFEST: &str = "seed/manifest.json";
/// What is said last.
pub const END: &str = "seedpress boot: the end";

/// Parts of GRUB. Its own drivers read FAT, NTFS, UDF and ISO 9660.
const MODULES: &str = "echo minicmd probe search search_fs_file hashsum gcry_sha256 sleep testspeed part_gpt fat ntfs udf iso9660";

/// Makes the folder `tree`, from which an EFI system partition is made.
///
/// # Errors
/// When GRUB cannot be put together.
pub fn make(tree: &Path) -> Result<()> {
    build(tree, &commands())?;
    Ok(fs::write(tree.join("mark.txt"), format!("{MARK}\n"))?)
}

/// Makes the folder `tree` with a program that carries out these commands.
///
/// # Errors
/// When GRUB cannot be put together.
pub fn build(tree: &Path, commands: &str) -> Result<()> {
    let boot = tree.join("EFI/BOOT");
    fs::create_dir_all(&boot).with_context(|| format!("making {}", boot.display()))?;
    let list = tempfile::NamedTempFile::new()?;
    fs::write(list.path(), commands)?;
    let mut image = program::system("grub-mkimage");
    image.args(["--format=x86_64-efi", "--prefix=/", "--config"]).arg(list.path());
    image.arg("--output").arg(boot.join("BOOTX64.EFI")).args(MODULES.split(' '));
    program::capture(&mut image).map(drop)
}

/// What GRUB does. OVMF sends its console over the serial line as well. The seed volume of a bridged disc is read
/// through ISO 9660 first; once that driver is gone, GRUB takes the same disc for UDF.
fn commands() -> String {
    let look =
        format!("probe --set=kind --fs $seed\necho \"{SEED}$kind on $seed\"\nsha256sum ($seed)/{MANIFEST}\n");
    format!(
        "terminal_output console\n\
         echo \"{STARTED}$cmdpath\"\n\
         search --set=esp --file /mark.txt\n\
         cat ($esp)/mark.txt\n\
         search --set=seed --file /{MANIFEST}\n\
         {look}rmmod iso9660\n{look}\
         echo \"{END}\"\n\
         sleep 3600\n"
    )
}
