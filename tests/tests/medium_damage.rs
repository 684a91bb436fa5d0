//! Damage on a medium is found and named, and told apart from what a host writes; nothing makes the reader panic.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use deploy::{Medium, Trust, TrustError};
use formats::files::read_file;
use formats::io::{ReadAt, ReadError};
use formats::kind::ErrorKind;
use formats::manifest::{Manifest, Volume, paths};
use formats::units::{ByteLen, ByteOffset};
use host::{FileSource, Ignore};
use press::verify::{Change, Check, Depth, Problem, Report, Verdict, verify};
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::Noise;
use seedpress_tests::press::{BASE, Order, crew, look, secret, store};
use seedpress_tests::workshop::Workshop;

/// A medium of which some bytes are not those of its file.
struct Flipped {
    medium: Arc<FileSource>,
    at: u64,
    mask: u8,
}

impl ReadAt for Flipped {
    fn size(&self) -> ByteLen {
        self.medium.size()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.medium.read_at(offset, buf)?;
        let into = self.at.checked_sub(offset.0).and_then(|into| buf.get_mut(into as usize));
        into.into_iter().for_each(|byte| *byte ^= self.mask);
        Ok(())
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        let data = self.medium.next_data(offset)?;
        let flipped = (offset.0 <= self.at).then_some(self.at..self.at + 1);
        Ok([data, flipped].into_iter().flatten().min_by_key(|range| range.start))
    }
}

/// A medium with everything on it, for damaging.
struct Victim {
    workshop: Workshop,
    path: PathBuf,
    file: Arc<FileSource>,
    medium: Medium,
    manifest: Manifest,
}

impl Victim {
    fn new() -> Self {
        let workshop = Workshop::new();
        store(&workshop.path("store"));
        workshop.write("added/one", &Noise { seed: 1, len: ByteLen(5_000_000) }.bytes());
        workshop.write("esp/EFI/BOOT/BOOTX64.EFI", &Noise { seed: 2, len: ByteLen(90_000) }.bytes());
        let mut order = Order::new(&workshop.path("store"));
        order.folders = vec![(workshop.path("added"), Volume::Seed), (workshop.path("esp"), Volume::Esp)];
        let path = workshop.path("medium");
        order.press(&path, 3).unwrap();
        let file = Arc::new(FileSource::open(&path).unwrap());
        let medium = Medium::open(file.clone()).unwrap();
        let text = read_file(medium.seed(), paths::MANIFEST, 1 << 20).unwrap();
        let manifest = Manifest::parse(&text).unwrap();
        Self { workshop, path, file, medium, manifest }
    }

    /// Where on the medium byte `at` of a file lies.
    fn place(&self, volume: Volume, path: &str, at: u64) -> u64 {
        let extents = self.medium.volume(volume).unwrap().extents(path).unwrap().unwrap();
        let extent = extents.iter().rfind(|extent| extent.at.0 <= at).unwrap();
        self.medium.start(volume).unwrap().0 + extent.on_volume.unwrap().0 + at - extent.at.0
    }

    /// What is found after one byte was changed; `None` when the medium cannot even be opened.
    fn flip(&self, at: u64, mask: u8, depth: Depth) -> Option<Report> {
        look(Arc::new(Flipped { medium: self.file.clone(), at, mask }), depth).ok()
    }

    /// What is wrong after byte `at` of a file was changed.
    fn problems(&self, volume: Volume, path: &str, at: u64) -> Vec<Problem> {
        let report = self.flip(self.place(volume, path, at), 1, Depth::Full).unwrap();
        report.problems
    }
}

/// So many numbers below `end` that look drawn by lot.
fn lots(seed: u64, count: usize, end: u64) -> impl Iterator<Item = u64> {
    let bytes = Noise { seed, len: ByteLen(count as u64 * 8) }.bytes();
    let numbers: Vec<u64> =
        bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()) % end).collect();
    numbers.into_iter()
}

#[test]
fn damage_in_a_layer_is_named_with_file_frame_and_offset() {
    let victim = Victim::new();
    let path = paths::layer_disk(BASE);
    let len = victim.manifest.layer_file(BASE).unwrap().len.0;
    // Where the frames start, and the seek table behind them.
    let starts = [0, 3_000_001, 6_000_779, 9_002_334];
    for at in lots(1, 20, starts[3]).chain([0, 3_000_000, 3_000_001, starts[3] - 1]) {
        let number = starts.partition_point(|start| *start <= at) - 1;
        let problems = victim.problems(Volume::Seed, &path, at);
        let expected = format!("{path}: frame {number} at {:#x} is damaged", starts[number]);
        assert!(problems.len() == 1 && problems[0].to_string().starts_with(&expected), "{at}: {problems:?}");
        assert_eq!(problems[0].kind(), ErrorKind::Corrupt);
    }
    for at in starts[3]..len {
        let problems = victim.problems(Volume::Seed, &path, at);
        assert!(problems.iter().all(|problem| problem.to_string().starts_with(&path)), "{at}: {problems:?}");
        assert!(!problems.is_empty(), "{at}");
    }
}

#[test]
fn damage_in_other_files_is_named() {
    let victim = Victim::new();
    for file in victim.manifest.files.iter().filter(|file| file.layer.is_none()) {
        for at in lots(2, 3, file.len.0) {
            let problems = victim.problems(file.volume, &file.path, at);
            let named = problems.iter().any(|problem| match problem {
                Problem::Digest { volume, path, .. } => (*volume, path) == (file.volume, &file.path),
                _ => false,
            });
            assert!(named, "{} {at}: {problems:?}", file.path);
        }
    }
}

#[test]
fn a_changed_manifest_and_a_changed_signature_are_told_apart() {
    let victim = Victim::new();
    let len = victim.medium.seed().open(paths::MANIFEST).unwrap().size().0;
    for at in lots(3, 30, len) {
        let report = victim.flip(victim.place(Volume::Seed, paths::MANIFEST, at), 1, Depth::Quick).unwrap();
        assert!(matches!(report.problems[0], Problem::Document(_)), "{at}: {:?}", report.problems);
        let trust = report.problems.iter().any(|p| matches!(p, Problem::Document(TrustError::Changed(_))));
        assert!(trust && report.manifest.is_none() && report.signed.is_none(), "{at}: {:?}", report.problems);
        assert_eq!(report.verdict, Verdict::PayloadChanged);
    }
    let text = read_file(victim.medium.seed(), paths::SIGNATURE, 1 << 10).unwrap();
    // The first line is a comment that nobody signs.
    let signed = text.iter().position(|byte| *byte == b'\n').unwrap() as u64 + 1;
    for at in 0..text.len() as u64 {
        let report = victim.flip(victim.place(Volume::Seed, paths::SIGNATURE, at), 2, Depth::Quick).unwrap();
        if !(signed..text.len() as u64 - 1).contains(&at) {
            assert!(!report.problems.is_empty() || report.changes == [Change::Signature], "{at}");
            continue;
        }
        assert_eq!(report.problems.len(), 1, "{at}: {:?}", report.problems);
        assert_eq!(report.problems[0].kind(), ErrorKind::Trust, "{at}: {:?}", report.problems);
        assert!(report.signed.is_none() && report.verdict != Verdict::PayloadChanged, "{at}");
    }
}

#[test]
fn no_changed_byte_anywhere_goes_unnoticed_or_makes_the_reader_panic() {
    let victim = Victim::new();
    let structures = &victim.manifest.structures;
    let chosen = lots(4, 200, structures.len() as u64).map(|number| &structures[number as usize]);
    let inside = chosen.zip(lots(5, 200, u64::MAX)).map(|(s, lot)| s.start.0 + lot % s.len.0);
    let anywhere = lots(6, 30, victim.manifest.size.0);
    let masks = lots(7, 230, 255).map(|lot| lot as u8 + 1);
    for (at, mask) in inside.chain(anywhere).zip(masks) {
        let Some(report) = victim.flip(at, mask, Depth::Full) else { continue };
        let panicked = report.problems.iter().find(|p| matches!(p, Problem::Panicked { .. }));
        assert_eq!(panicked, None, "{at:#x} ^ {mask:#x}");
        assert!(report.verdict != Verdict::Pristine, "{at:#x} ^ {mask:#x} went unnoticed");
    }
}

#[test]
fn what_a_host_writes_is_no_damage() {
    let victim = Victim::new();
    let table = victim.medium.table().unwrap();
    let (start, len) = (table.partitions[1].start.0, table.partitions[1].len.0);
    let mut bytes = std::fs::read(&victim.path).unwrap();
    let seed = victim.workshop.write("seed", &bytes[start as usize..(start + len) as usize]);
    let settings = victim.workshop.write("settings", &[7; 20_000]);
    let name = "System Volume Information/WPSettings.dat";
    Judge::new("ntfscp").arg("-f").arg(&seed).arg(settings).arg(name).agrees();
    bytes[start as usize..(start + len) as usize].copy_from_slice(&std::fs::read(seed).unwrap());
    let written = victim.workshop.write("written", &bytes);
    let report = look(Arc::new(FileSource::open(&written).unwrap()), Depth::Full).unwrap();
    assert_eq!(report.problems, []);
    assert_eq!(report.verdict, Verdict::PayloadIntact);
    let added =
        report.changes.iter().any(|change| matches!(change, Change::File { path, .. } if path == name));
    let table = report
        .changes
        .iter()
        .any(|change| matches!(change, Change::Structure { name, .. } if name == "$MFT"));
    let free = report.changes.iter().any(|change| matches!(change, Change::Free { .. }));
    assert!(added && table && free, "{:?}", report.changes);
}

#[test]
fn a_medium_that_is_cut_short_says_so() {
    let victim = Victim::new();
    let bytes = std::fs::read(&victim.path).unwrap();
    for len in [bytes.len() - 512, bytes.len() / 2, 70 << 20, 3 << 20, 512, 0] {
        let Ok(report) = look(Arc::new(bytes[..len].to_vec()), Depth::Full) else { continue };
        assert!(report.verdict != Verdict::Pristine, "{len}");
    }
}

#[test]
fn an_expired_medium_is_no_damage() {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    let mut order = Order::new(&workshop.path("store"));
    order.expires = Some("2027-01-01T00:00:00Z".parse().unwrap());
    let path = workshop.path("medium");
    order.press(&path, 2).unwrap();
    let medium = Medium::open(Arc::new(FileSource::open(&path).unwrap())).unwrap();
    for (now, expected) in
        [("2026-12-31T23:59:59Z", vec![]), ("2027-01-01T00:00:00Z", vec![ErrorKind::Expired])]
    {
        let trust = Trust { keys: vec![secret().public()], now: Some(now.parse().unwrap()) };
        let check = Check { trust, depth: Depth::Full };
        let report = verify(&medium, &check, &crew(2), &Ignore).unwrap();
        let kinds: Vec<_> = report.problems.iter().map(Problem::kind).collect();
        assert_eq!((kinds, report.verdict), (expected, Verdict::Pristine), "{now}");
    }
}

#[test]
fn a_missing_signature_is_no_damage() {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    let mut order = Order::new(&workshop.path("store"));
    order.signed = false;
    let path = workshop.path("medium");
    order.press(&path, 2).unwrap();
    let report = look(Arc::new(FileSource::open(&path).unwrap()), Depth::Full).unwrap();
    assert_eq!(report.problems, [Problem::Document(TrustError::NoSignature)]);
    assert_eq!((report.verdict, report.problems[0].kind()), (Verdict::Pristine, ErrorKind::Trust));
}
