//! `guest`: lets the Linux kernel's own NTFS drivers read volumes, in a small machine that QEMU plays.
//!
//! A stable kernel and a newer one come from Debian's suites, by apt's own means and without installing anything;
//! each boots once, with all volumes as disks, a shell and one script in its initramfs. The script's output comes
//! back over the serial line.

mod apt;
mod boot;
mod initramfs;
mod kernel;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};

pub use boot::{Disk, Report, boot};
pub use kernel::{DRIVERS, Driver, Kernel};

/// How long a boot with a script may take. Without KVM a kernel alone needs about 10 s.
pub const LIMIT: Duration = Duration::from_secs(600);

/// Let the Linux kernel's NTFS drivers read volumes, in a guest that boots each driver's kernel
#[derive(clap::Args)]
pub struct Args {
    /// Disk images, each followed by `:N` when the volume is partition N of it
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// Only this driver: ntfs3 or ntfs
    #[arg(long, value_name = "NAME")]
    driver: Option<String>,
}

impl Args {
    /// Prints what each driver finds: files with their SHA-256 digests, and what the kernel said.
    ///
    /// # Errors
    /// When a kernel cannot be had, or a driver refuses a volume.
    pub fn run(self) -> Result<()> {
        let disks: Vec<Disk> = self.images.iter().map(|image| named(image)).collect();
        let chosen = |driver: &&Driver| self.driver.as_deref().is_none_or(|name| name == driver.name);
        for driver in DRIVERS.iter().filter(chosen) {
            let kernel = driver.kernel()?;
            println!("guest: driver {} of Linux {}", driver.name, kernel.release);
            let script: String =
                (0..disks.len()).map(|index| driver.reading(&disks[index].device(index))).collect();
            let report = boot(&kernel, &disks, &script, LIMIT)?;
            report.said.iter().for_each(|line| println!("{line}"));
            report.kernel.iter().for_each(|line| println!("kernel: {line}"));
            ensure!(!report.said.iter().any(|line| line.starts_with("refused")), "a volume was refused");
        }
        Ok(())
    }
}

fn named(image: &str) -> Disk {
    match image.rsplit_once(':').and_then(|(path, number)| Some((path, number.parse().ok()?))) {
        Some((path, number)) => {
            Disk { image: PathBuf::from(path), partition: Some(number), ..Disk::default() }
        }
        None => Disk { image: PathBuf::from(image), ..Disk::default() },
    }
}
