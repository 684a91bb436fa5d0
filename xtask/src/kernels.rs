//! The demo's medium, read by the Linux kernel's own NTFS drivers: every file that its SHA256SUMS lists has the
//! digest that stands there.

use anyhow::{Result, ensure};

use crate::guest::{self, Disk, Driver, LIMIT, Release};
use crate::{place, program};

/// The partition of a medium that holds the seed volume.
const SEED: u32 = 2;

/// Lets every driver read the medium that the demo left.
///
/// # Errors
/// When there is none, or a driver reads a file otherwise or not at all.
pub fn read_the_demo() -> Result<()> {
    let medium = place::target().join("demo/medium.img");
    let sums = program::capture(
        std::process::Command::new(place::seedpress()?).arg("cat").arg(&medium).arg("SHA256SUMS"),
    )?;
    for release in Release::ALL {
        let disk = Disk { partition: Some(SEED), ..Disk::new(&medium) };
        let driver = Driver::ntfs(release);
        let version = agree((release, driver), disk, &sums)?;
        println!(
            "guest: driver {} of Linux {version} reads {} files as listed",
            driver.name,
            sums.lines().count()
        );
    }
    Ok(())
}

/// Compares what a driver of a kernel reads with a list of digests, and gives the kernel's version.
fn agree((release, driver): (Release, Driver), disk: Disk, sums: &str) -> Result<String> {
    let kernel = release.kernel()?;
    let script = driver.reading(&disk.device(0));
    let report = guest::boot(&kernel, &[disk], &script, LIMIT)?;
    let missing: Vec<_> = unseen(sums, &report.said).collect();
    ensure!(missing.is_empty(), "driver {} does not read as listed: {}", driver.name, missing.join(", "));
    ensure!(!sums.is_empty(), "the medium lists no files");
    Ok(kernel.release)
}

/// The lines of a list of digests that a reader, which starts paths with `./`, did not print.
fn unseen<'a>(sums: &'a str, said: &'a [String]) -> impl Iterator<Item = &'a str> {
    let matches = |listed: &str, found: &str| match (listed.split_once("  "), found.split_once("  ./")) {
        (Some(listed), Some(found)) => listed == found,
        _ => false,
    };
    sums.lines().filter(move |listed| !said.iter().any(|found| matches(listed, found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_read_otherwise_or_not_at_all_is_found() {
        let said = ["volume 0", "aa  ./one", "bb  ./two words"].map(str::to_owned);
        assert_eq!(unseen("aa  one\nbb  two words\n", &said).count(), 0);
        assert_eq!(
            unseen("aa  one\ncc  two words\ndd  three\n", &said).collect::<Vec<_>>(),
            ["cc  two words", "dd  three"]
        );
    }
}
