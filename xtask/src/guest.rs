//! `guest`: lets the Linux kernel's own drivers read volumes, in a small machine that QEMU plays.
//!
//! A stable kernel and a newer one come from Debian's suites, by apt's own means and without installing anything;
//! each boots once, with all volumes as disks, a shell and one script in its initramfs. The script's output comes
//! back over the serial line.

mod apt;
mod boot;
mod driver;
mod initramfs;
mod kernel;

use std::time::Duration;

use anyhow::{Result, ensure};

pub use boot::{Disk, Report, boot};
pub use driver::{Driver, JOLIET, OF_DISCS, PLAIN, ROCK_RIDGE, UDF};
pub use initramfs::Initramfs;
pub use kernel::{Kernel, Packaged, Release, shell};

/// How long a boot with a script may take. Without KVM a kernel alone needs about 10 s.
pub const LIMIT: Duration = Duration::from_secs(600);

/// Let the Linux kernel's own drivers read volumes, in a guest that boots a stable and a newer kernel
#[derive(clap::Args)]
pub struct Args {
    /// Disk images, each followed by `:N` when the volume is partition N of it
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// They are optical images: read by the drivers of UDF and ISO 9660, not by those of NTFS
    #[arg(long)]
    disc: bool,
}

impl Args {
    /// Prints what each driver finds: files with their SHA-256 digests, and what the kernel said.
    ///
    /// # Errors
    /// When a kernel cannot be had, or a driver refuses a volume.
    pub fn run(self) -> Result<()> {
        let disks: Vec<Disk> = self.images.iter().map(|image| named(image)).collect();
        for release in Release::ALL {
            let kernel = release.kernel()?;
            println!("guest: Linux {}", kernel.release);
            let drivers = if self.disc { OF_DISCS.to_vec() } else { vec![Driver::ntfs(release)] };
            let reading = |(index, disk): (usize, &Disk)| -> String {
                drivers.iter().map(|driver| driver.reading(&disk.device(index))).collect()
            };
            let script: String = disks.iter().enumerate().map(reading).collect();
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
        Some((path, number)) => Disk { partition: Some(number), ..Disk::new(path) },
        None => Disk::new(image),
    }
}
