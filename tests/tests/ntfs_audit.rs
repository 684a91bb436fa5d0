//! The strictest judge of volumes is itself judged: it has nothing against mkntfs, and misses no single fault.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use seedpress_tests::content::Sample;
use seedpress_tests::judge::Judge;
use seedpress_tests::ntfs::{audit, press, volume};
use seedpress_tests::workshop::Workshop;

#[test]
fn volumes_that_mkntfs_made_pass() {
    for (sector, cluster) in [("512", "512"), ("512", "4096"), ("512", "65536"), ("4096", "4096")] {
        let workshop = Workshop::new();
        let image = workshop.path("volume");
        File::create(&image).unwrap().set_len(64 << 20).unwrap();
        Judge::new("mkntfs").args(["-F", "-Q", "-p", "0", "-s", sector, "-c", cluster]).arg(&image).agrees();
        audit::agrees(&image);
    }
}

/// A volume of ours that is changed byte by byte.
struct Victim {
    path: PathBuf,
    bytes: Vec<u8>,
    _workshop: Workshop,
}

impl Victim {
    fn new() -> Self {
        let workshop = Workshop::new();
        let path = press(&workshop, &volume(), &Sample::some_of_everything());
        Self { bytes: std::fs::read(&path).unwrap(), path, _workshop: workshop }
    }

    /// Where the record of a file with this name starts.
    fn record(&self, name: &str) -> usize {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let holds = |at: &usize| {
            let record = &self.bytes[*at..at + 1024];
            record.starts_with(b"FILE") && record.windows(name.len()).any(|window| window == name)
        };
        (0..self.bytes.len()).step_by(1024).find(holds).expect("the file's record")
    }

    /// Where an attribute of a record starts.
    fn attribute(&self, record: usize, ty: u32) -> usize {
        let mut at = record + usize::from(self.bytes[record + 0x14]);
        while u32_at(&self.bytes, at) != ty {
            at += u32_at(&self.bytes, at + 4) as usize;
        }
        at
    }

    /// Expects that a finding has `finding` in it when the byte at `at` is another, and puts the byte back.
    fn check(&self, at: usize, finding: &str) {
        let found = with_byte(&self.path, at, self.bytes[at] ^ 0x08, || audit::findings(&self.path));
        with_byte(&self.path, at, self.bytes[at], || ());
        assert!(found.iter().any(|found| found.contains(finding)), "{finding:?} is not in {found:#?}");
    }
}

fn with_byte<T>(path: &Path, at: usize, byte: u8, work: impl FnOnce() -> T) -> T {
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&[byte], at as u64).unwrap();
    work()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn faults_of_records_are_found() {
    let victim = Victim::new();
    let record = victim.record("4095");
    victim.check(record + 0x10, "entries of directories for its names");
    victim.check(record + 0x12, "links");
    victim.check(record + 0x18, "its end mark");
    victim.check(record + 0x2c, "its own number");
    let names = victim.attribute(record, 0x30);
    victim.check(names + 0x18, "its directory");
    victim.check(names + 0x18 + 0x30, "the record has no such $FILE_NAME");
    let information = victim.attribute(record, 0x10);
    victim.check(information + 0x18, "times");
    victim.check(information + 0x18 + 0x35, "there is no descriptor");
    let data = victim.attribute(record, 0x80);
    victim.check(data + 0x18, "the highest cluster");
    victim.check(data + 0x28, "the allocated size");
    victim.check(data + 0x30, "sizes");
    victim.check(data + 0x42, "$Bitmap is wrong");
}

#[test]
fn faults_of_directories_are_found() {
    let victim = Victim::new();
    let block = victim.bytes.chunks(4096).rposition(|block| block.starts_with(b"INDX")).unwrap() * 4096;
    let entry = block + 0x18 + u32_at(&victim.bytes, block + 0x18) as usize;
    victim.check(block + 0x10, "the number of a block");
    victim.check(block + 0x20, "its length");
    victim.check(entry, "the record has no such $FILE_NAME");
    victim.check(entry + 6, "the reference");
    victim.check(entry + 16 + 0x30, "sizes");
    victim.check(entry + 16 + 0x38, "flags");
}

#[test]
fn faults_of_the_volumes_own_files_are_found() {
    let victim = Victim::new();
    victim.check(0x48, "the copy of the boot sector");
    victim.check(victim.bytes.len() - 512, "the copy of the boot sector");
    let mirror = victim.bytes.chunks(4096).rposition(|block| block.starts_with(b"FILE")).unwrap() * 4096;
    victim.check(mirror + 0x30, "$MFTMirr");
    let log =
        victim.bytes.chunks(4096).position(|block| block.iter().all(|byte| *byte == 0xff)).unwrap() * 4096;
    victim.check(log, "$LogFile");
    // The first descriptor of $SDS: after its hash the id 256, the position 0, and the revision of what follows.
    let is_first = |at: &usize| {
        let head = &victim.bytes[*at..at + 22];
        head[4..16] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] && head[20..] == [1, 0]
    };
    let descriptor = (0..victim.bytes.len() - 4096).step_by(512).find(is_first);
    victim.check(descriptor.unwrap() + 20 + 4, "its hash");
}
