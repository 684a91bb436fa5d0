//! The Linux kernel's own drivers read every file of our volumes, and may change them without leaving damage.

use std::path::PathBuf;

use formats::ntfs::write::Volume;
use formats::units::{ByteLen, GIB, MIB};
use seedpress_tests::content::{Content, Sample};
use seedpress_tests::guest::looked;
use seedpress_tests::ntfs::{by_check, change, expected, press, read, volume};
use seedpress_tests::workshop::{HostFile, Workshop};
use xtask::guest::{Disk, Driver, LIMIT, Release, boot};

/// A volume for the guest, and what it must find there.
struct Case {
    disk: Disk,
    content: Content,
    workshop: Workshop,
}

impl Case {
    fn new(volume: &Volume, sample: &Sample) -> Self {
        let workshop = Workshop::new();
        let image = press(&workshop, volume, sample);
        let disk = Disk { sector_size: volume.sector_size, ..Disk::new(image) };
        Self { disk, content: expected(sample), workshop }
    }

    /// The same volume once more, to be changed.
    fn changed(&self) -> Self {
        let workshop = Workshop::new();
        let image = workshop.path("changed");
        std::fs::copy(self.workshop.path("volume"), &image).unwrap();
        let disk = Disk { image, writable: true, ..self.disk.clone() };
        Self { disk, content: change::after(&self.content), workshop }
    }

    fn image(&self) -> &PathBuf {
        &self.disk.image
    }
}

/// Volumes to be read: every kind of cluster, large and small volumes, many files and deep directories.
fn cases() -> Vec<Case> {
    let everything = Sample::some_of_everything();
    let mut many = Sample::new();
    for number in 0..5000 {
        many.file(&format!("directory/{number:x} is a file of this directory"), b"");
    }
    many.directory("d/".repeat(64).trim_end_matches('/'));
    let with =
        |sector_size, cluster_size| Volume { sector_size, cluster_size: Some(cluster_size), ..volume() };
    vec![
        Case::new(&with(512, 512), &everything),
        Case::new(&with(512, 4096), &everything),
        Case::new(&with(512, 65536), &everything),
        Case::new(&with(4096, 4096), &everything),
        Case::new(&with(512, 1024), &many),
        Case::new(&Volume { size: ByteLen(16 * MIB), ..volume() }, &Sample::new()),
        Case::new(&Volume { size: ByteLen(300 * GIB + 512), ..volume() }, &everything),
    ]
}

/// Boots a kernel once: its driver reads every volume, and changes copies of the first four.
fn check(release: Release) {
    let driver = Driver::ntfs(release);
    let mut cases = cases();
    let read_only = cases.len();
    let copies: Vec<Case> = cases[..4].iter().map(Case::changed).collect();
    cases.extend(copies);
    let disks: Vec<Disk> = cases.iter().map(|case| case.disk.clone()).collect();
    let mut script = String::new();
    for (index, disk) in disks.iter().enumerate() {
        let device = disk.device(index);
        if disk.writable {
            script += &driver.changing(&device, change::SCRIPT);
        }
        script += &driver.reading(&device);
    }
    let report = boot(&release.kernel().unwrap(), &disks, &script, LIMIT).unwrap();
    let found = looked(&report);
    assert_eq!(found.len(), cases.len());
    for (case, found) in cases.iter().zip(&found) {
        case.content.agrees(&found.content(), &found.who);
    }
    for case in &cases[read_only..] {
        case.content.agrees(&read(case.image()), "our reader, of a changed volume");
        by_check::agrees_on(&HostFile::open(case.image()));
    }
}

#[test]
fn ntfs3_of_the_stable_kernel_reads_and_changes_our_volumes() {
    check(Release::Stable);
}

#[test]
fn ntfs_of_newer_kernels_reads_and_changes_our_volumes() {
    check(Release::Newer);
}
