//! The Linux kernel's own drivers read every file of our discs, under every name, and have nothing to complain about.

use std::path::PathBuf;

use formats::udf::Revision;
use seedpress_tests::content::Content;
use seedpress_tests::disc::{self, LARGEST, Long};
use seedpress_tests::guest::{Looked, looked};
use seedpress_tests::workshop::Workshop;
use xtask::guest::{Disk, Driver, JOLIET, LIMIT, PLAIN, ROCK_RIDGE, Release, UDF, boot};

/// How many extents of a file the driver of ISO 9660 follows (`isofs_read_level3_size` in `fs/isofs/inode.c`).
const ISO_EXTENTS: u64 = 100;
/// The most bytes of an extent of ISO 9660.
const ISO_EXTENT: u64 = (1 << 32) - 2048;

/// A disc for the guest, and what each driver must find there.
struct Case {
    image: PathBuf,
    asked: Vec<(Driver, Asked)>,
}

/// What a driver is asked.
enum Asked {
    /// Every file under its name.
    Names(Content),
    /// Every file, whatever its name.
    Files(Content),
    /// Places of long files.
    Places(Vec<Long>),
}

impl Asked {
    fn script(&self) -> String {
        match self {
            Self::Names(_) | Self::Files(_) => Driver::READING.into(),
            Self::Places(files) => files.iter().map(Long::script).collect(),
        }
    }

    fn agrees(&self, found: &Looked) {
        match self {
            Self::Names(content) => content.agrees(&found.content(), &found.who),
            Self::Files(content) => content.agrees_but_for_names(&found.content(), &found.who),
            Self::Places(files) => {
                let said: Vec<_> = files.iter().flat_map(Long::said).collect();
                assert_eq!(found.lines, said, "{}", found.who);
            }
        }
    }
}

/// A pressed disc of every revision. Only the first has thousands of files, for which a driver looks one after the
/// other; the ISO 9660 side is always the same.
fn pressed(workshop: &Workshop, revision: Revision) -> Case {
    let many = if revision == Revision::V1_02 { 3000 } else { 100 };
    let image = workshop.path(revision.name());
    disc::order(workshop, revision, many).press(&image, 2).unwrap();
    let content = disc::content(workshop, many, &image);
    let names = Asked::Names(content.clone());
    let asked = match revision {
        Revision::V1_02 => vec![(UDF, names), (ROCK_RIDGE, Asked::Names(content))],
        Revision::V1_50 => vec![(UDF, names), (JOLIET, Asked::Files(content))],
        Revision::V2_01 => vec![(UDF, names), (PLAIN, Asked::Files(content))],
        Revision::V2_50 => vec![(UDF, names)],
    };
    Case { image, asked }
}

/// A disc of every revision with files as long as borders lie.
fn long(workshop: &Workshop, revision: Revision) -> Case {
    let files = disc::long_files(LARGEST);
    let image =
        disc::written(workshop, &format!("long-{}", revision.name()), revision, &disc::sample_of(&files));
    let mut asked = vec![(UDF, Asked::Places(files))];
    if revision == Revision::V1_02 {
        asked.push((ROCK_RIDGE, Asked::Places(disc::long_files(ISO_EXTENTS * ISO_EXTENT))));
    }
    Case { image, asked }
}

/// Boots a kernel once, with all discs in drives of a sector size.
fn check(release: Release, sector_size: u32) {
    let workshop = Workshop::new();
    let cases: Vec<_> = Revision::ALL
        .into_iter()
        .flat_map(|revision| [pressed(&workshop, revision), long(&workshop, revision)])
        .collect();
    let disks: Vec<_> = cases.iter().map(|case| Disk { sector_size, ..Disk::new(&case.image) }).collect();
    let mut script = String::new();
    for ((index, disk), case) in disks.iter().enumerate().zip(&cases) {
        for (driver, asked) in &case.asked {
            script += &driver.looking(&disk.device(index), &asked.script());
        }
    }
    let found = looked(&boot(&release.kernel().unwrap(), &disks, &script, LIMIT).unwrap());
    let asked: Vec<_> = cases.iter().flat_map(|case| &case.asked).collect();
    assert_eq!(found.len(), asked.len());
    for ((_, asked), found) in asked.into_iter().zip(&found) {
        asked.agrees(found);
    }
}

#[test]
fn the_stable_kernel_reads_our_discs() {
    check(Release::Stable, 512);
}

#[test]
fn a_newer_kernel_reads_our_discs_in_drives_of_large_sectors() {
    check(Release::Newer, 2048);
}
