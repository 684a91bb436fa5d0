//! The demo's media, read by the Linux kernel's own drivers: every file that a medium's SHA256SUMS lists has the digest
//! that stands there.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::guest::{self, Disk, Driver, LIMIT, ROCK_RIDGE, Release, UDF};
use crate::{place, program};

/// The partition of a USB medium that holds the seed volume.
const SEED: u32 = 2;

/// Lets every driver read the media that the demo left; each kernel boots once.
///
/// # Errors
/// When there is none, or a driver reads a file otherwise or not at all.
pub fn read_the_demo() -> Result<()> {
    let demo = place::target().join("demo");
    let [stick, disc] = ["medium.img", "disc.iso"].map(|name| demo.join(name));
    let disks = [Disk { partition: Some(SEED), ..Disk::new(&stick) }, Disk::new(&disc)];
    let sums = [listed(&stick)?, listed(&disc)?];
    for release in Release::ALL {
        let readings = [(Driver::ntfs(release), 0), (UDF, 1), (ROCK_RIDGE, 1)];
        let script: String =
            readings.iter().map(|(driver, disk)| driver.reading(&disks[*disk].device(*disk))).collect();
        let kernel = release.kernel()?;
        let report = guest::boot(&kernel, &disks, &script, LIMIT)?;
        let said: Vec<_> = report.said.split(|line| line.starts_with("ro ")).skip(1).collect();
        ensure!(said.len() == readings.len(), "the guest read {} of {} volumes", said.len(), readings.len());
        for ((driver, disk), said) in readings.iter().zip(said) {
            agrees(driver, &sums[*disk], said)?;
            let count = sums[*disk].lines().count();
            println!(
                "guest: driver {} of Linux {} reads {count} files as listed",
                driver.name, kernel.release
            );
        }
    }
    Ok(())
}

/// The digests of all files of a medium.
fn listed(medium: &Path) -> Result<String> {
    let sums = program::capture(
        std::process::Command::new(place::seedpress()?).arg("cat").arg(medium).arg("SHA256SUMS"),
    )?;
    ensure!(!sums.is_empty(), "{} lists no files", medium.display());
    Ok(sums)
}

/// Compares what a driver reads with a list of digests.
fn agrees(driver: &Driver, sums: &str, said: &[String]) -> Result<()> {
    let missing: Vec<_> = unseen(sums, said).collect();
    ensure!(missing.is_empty(), "driver {} does not read as listed: {}", driver.name, missing.join(", "));
    Ok(())
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
