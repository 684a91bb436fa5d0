//! Partition tables and EFI system partitions stand up to the programs that people repair them with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::digest::Sha256;
use formats::fat;
use formats::files::{Files, Kind, read_file};
use formats::gpt::{self, Partition, Table, raw};
use formats::io::{ReadAt, Window};
use formats::region::{Region, Regions, Stage};
use formats::time::Timestamp;
use formats::tree::{Data, Directory};
use formats::units::{ByteLen, ByteOffset, GIB, MIB};
use proptest::test_runner::{Config, TestRunner};
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::{Noise, OnPaper};
use seedpress_tests::workshop::Workshop;
use uuid::Uuid;

fn partition(name: &str, number: u128, kind: Uuid, start: u64, len: u64) -> Partition {
    let guid = Uuid::from_u128(number);
    Partition { name: name.into(), kind, guid, start: ByteOffset(start), len: ByteLen(len), attributes: 0 }
}

/// An ESP of `esp` bytes and a seed partition up to the backup table.
fn usb(size: u64, sector_size: u32, esp: u64) -> Table {
    let seed = MIB + esp;
    let end = raw::usable(ByteLen(size), sector_size).unwrap().end / MIB * MIB;
    Table {
        size: ByteLen(size),
        sector_size,
        guid: Uuid::from_u128(0xd15c),
        partitions: vec![
            partition("EFI system partition", 1, raw::EFI_SYSTEM, MIB, esp),
            partition("SEED", 2, raw::BASIC_DATA, seed, end - seed),
        ],
    }
}

fn on_disk(table: &Table) -> Regions {
    Regions::cover(gpt::write::table(table).unwrap(), table.size).unwrap()
}

/// What an ESP may hold: names of every kind, files of every length.
fn boot_files() -> Vec<(String, Vec<u8>)> {
    let noise = |seed, len| Noise { seed, len: ByteLen(len) }.bytes();
    let mut files = vec![
        ("EFI/BOOT/BOOTX64.EFI".to_owned(), noise(1, 3 * MIB + 17)),
        ("EFI/BOOT/grub.cfg".to_owned(), b"set timeout=0\n".to_vec()),
        ("seed/An empty file with a long name.txt".to_owned(), Vec::new()),
        ("seed/Überraschung – 日本語 😀.dat".to_owned(), noise(2, 4096)),
        ("lower.txt".to_owned(), noise(3, 511)),
        (format!("{}.x", "n".repeat(253)), noise(4, 513)),
    ];
    files.extend((0..300).map(|n| (format!("many/Module number {n:03}.mod"), noise(n, n * 7))));
    files
}

fn boot_tree() -> Directory {
    let mut tree = Directory::new();
    for (path, bytes) in boot_files() {
        tree.add_file(&path, Data::Bytes(bytes.into())).unwrap();
    }
    tree.add_directory("empty/inside").unwrap();
    tree
}

fn esp(size: u64, sector_size: u32) -> fat::write::Volume {
    let time: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    let hidden = ByteOffset(MIB);
    fat::write::Volume {
        size: ByteLen(size),
        sector_size,
        hidden,
        label: "ESP".into(),
        serial: 0x0123_4567,
        time,
    }
}

fn on_volume(volume: &fat::write::Volume, tree: &Directory) -> Regions {
    Regions::cover(fat::write::volume(volume, tree).unwrap(), volume.size).unwrap()
}

fn press(workshop: &Workshop, volume: &fat::write::Volume, tree: &Directory) -> PathBuf {
    workshop.press("esp.img", &on_volume(volume, tree), &[])
}

#[test]
fn sgdisk_and_sfdisk_have_no_complaint() {
    let workshop = Workshop::new();
    let path = workshop.press("disk.img", &on_disk(&usb(GIB, 512, 64 * MIB)), &[]);
    let said = Judge::new("sgdisk").arg("-v").arg(&path).agrees().all();
    assert!(said.contains("No problems found"), "{said}");
    assert!(!said.to_lowercase().contains("warning") && !said.contains("Caution"), "{said}");
    let listed = Judge::new("sgdisk").args(["-i", "1"]).arg(&path).agrees().text();
    assert!(listed.contains("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"), "{listed}");
    Judge::new("sfdisk").arg("--verify").arg(&path).agrees();
}

#[test]
fn sectors_of_4096_bytes_are_as_good() {
    let workshop = Workshop::new();
    let table = usb(GIB, 4096, 300 * MIB);
    let path = workshop.press("disk.img", &on_disk(&table), &[]);
    let fdisk = Judge::new("fdisk").args(["--sector-size", "4096", "-l"]).arg(&path).agrees().all();
    assert!(fdisk.contains("Disklabel type: gpt") && !fdisk.contains("corrupt"), "{fdisk}");
    assert!(fdisk.contains(&format!("{}", MIB / 4096)), "{fdisk}");
    let found = gpt::read::read(&OnPaper::new(&on_disk(&table), &[])).unwrap();
    assert_eq!((found.table, found.other), (table, None));
}

#[test]
fn a_table_comes_back_as_it_was_written() {
    for (size, sector_size) in [(GIB, 512), (GIB, 4096), (16 << 40, 512), (16 << 40, 4096)] {
        let table = usb(size, sector_size, 300 * MIB);
        let regions = on_disk(&table);
        let found = gpt::read::read(&OnPaper::new(&regions, &[])).unwrap();
        assert_eq!((found.copy, &found.other), (gpt::read::Copy::Primary, &None));
        assert_eq!(found.table, table);
        let anchors = regions.iter().filter(|region| region.stage == Stage::Anchor).count();
        assert_eq!(anchors, 3, "the protective MBR and both headers are written last");
    }
}

#[test]
fn a_table_is_readable_text() {
    let text = usb(GIB, 512, 64 * MIB).to_string();
    let expected = "\
GPT 00000000-0000-0000-0000-00000000d15c 1073741824 bytes in sectors of 512
  1 0x100000 67108864 bytes \"EFI system partition\" 00000000-0000-0000-0000-000000000001 of type c12a7328-f81f-11d2-ba4b-00a0c93ec93b
  2 0x4100000 1004535808 bytes \"SEED\" 00000000-0000-0000-0000-000000000002 of type ebd0a0a2-b9e5-4433-87c0-68b6b72699c7
";
    assert_eq!(text, expected);
}

#[test]
fn a_damaged_primary_table_falls_back_to_the_backup_and_says_so() {
    for sector_size in [512, 4096] {
        let table = usb(64 * MIB, sector_size, 33 * MIB);
        let disk = bytes_of(&on_disk(&table));
        // In the header, and in the second entry.
        for at in [sector_size as usize + 40, 2 * sector_size as usize + 130] {
            let mut damaged = disk.clone();
            damaged[at] ^= 0x10;
            let found = gpt::read::read(&damaged).unwrap();
            assert_eq!((found.copy, found.table), (gpt::read::Copy::Backup, table.clone()));
            assert!(found.other.unwrap().to_string().contains("checksum"));
            let end = damaged.len() - sector_size as usize;
            damaged[end + 40] ^= 0x10;
            assert!(matches!(gpt::read::read(&damaged), Err(gpt::read::GptError::Damaged { .. })));
        }
        assert_eq!(gpt::read::read(&vec![0; 4096]), Err(gpt::read::GptError::Missing));
    }
}

#[test]
fn hostile_tables_never_panic() {
    let table = usb(2 * MIB + 64 * 1024, 512, 512 * 1024);
    let disk = bytes_of(&on_disk(&table));
    let header = 512usize..1016;
    let strategy = (header, proptest::collection::vec(proptest::num::u8::ANY, 1..8));
    let mut runner =
        TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, fixed());
    let checked = runner.run(&strategy, |(at, bytes)| {
        let mut changed = disk.clone();
        changed[at..at + bytes.len()].copy_from_slice(&bytes);
        // A right checksum lets the fields be looked at.
        let size = u32::from_le_bytes(changed[524..528].try_into().unwrap()).min(512) as usize;
        changed[528..532].fill(0);
        let crc = raw::crc32(&changed[512..512 + size]);
        changed[528..532].copy_from_slice(&crc.to_le_bytes());
        let _ = gpt::read::read(&changed);
        Ok(())
    });
    checked.unwrap();
}

fn fixed() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

fn bytes_of(regions: &Regions) -> Vec<u8> {
    let medium = OnPaper::new(regions, &[]);
    formats::io::read_vec(&medium, ByteOffset::ZERO, regions.total().0 as usize).unwrap()
}

#[test]
fn partitions_that_do_not_fit_are_refused() {
    let good = usb(GIB, 512, 64 * MIB);
    let refused = |change: fn(&mut Table)| {
        let mut table = good.clone();
        change(&mut table);
        gpt::write::table(&table).unwrap_err()
    };
    use gpt::write::WriteError;
    assert!(matches!(refused(|t| t.partitions[1].start = ByteOffset(MIB)), WriteError::Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[1].len = ByteLen(GIB)), WriteError::Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[0].len = ByteLen(100)), WriteError::Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[0].len = ByteLen(0)), WriteError::Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[0].name = "x".repeat(37)), WriteError::Name { .. }));
    assert!(matches!(refused(|t| t.partitions[0].guid = Uuid::from_u128(2)), WriteError::Identity { .. }));
    assert!(matches!(refused(|t| t.size = ByteLen(GIB + 1)), WriteError::DiskSize { .. }));
    assert!(matches!(refused(|t| t.size = ByteLen(1024)), WriteError::DiskSize { .. }));
    assert!(matches!(refused(|t| t.sector_size = 2048), WriteError::SectorSize { .. }));
}

#[test]
fn fsck_finds_the_volume_clean_and_mtools_finds_every_file() {
    let workshop = Workshop::new();
    for (size, sector_size) in [(64 * MIB, 512), (300 * MIB, 512), (300 * MIB, 4096)] {
        let path = press(&workshop, &esp(size, sector_size), &boot_tree());
        let said = Judge::new("fsck.fat").args(["-n", "-v"]).arg(&path).agrees().all();
        assert!(!said.contains("differ") && !said.contains("Free cluster summary wrong"), "{said}");
        let listed = Judge::new("mdir").arg("-/").arg("-b").arg("-i").arg(&path).arg("::").agrees().text();
        assert!(listed.contains("::/empty/inside/"), "{listed}");
        for (file, bytes) in boot_files() {
            let digest = if file.contains('😀') { seven_zip(&path, &file) } else { mcopy(&path, &file) };
            assert_eq!(digest, Sha256::of(&bytes), "{file}");
        }
    }
}

/// The digest of a file as mtools reads it.
fn mcopy(volume: &Path, file: &str) -> Sha256 {
    let said =
        Judge::new("mcopy").arg("-n").arg("-i").arg(volume).arg(format!("::/{file}")).arg("-").agrees();
    Sha256::of(&said.stdout)
}

/// The same by 7-Zip, which knows surrogate pairs.
fn seven_zip(volume: &Path, file: &str) -> Sha256 {
    Sha256::of(&Judge::new("7z").args(["x", "-so", "-tfat"]).arg(volume).arg(file).agrees().stdout)
}

#[test]
fn our_reader_finds_what_our_writer_wrote() {
    let volume = esp(64 * MIB, 512);
    let regions = on_volume(&volume, &boot_tree());
    let medium = OnPaper::new(&regions, &[]);
    let reader = fat::Reader::open(&medium).unwrap();
    assert_eq!(reader.serial(), volume.serial);
    for (path, bytes) in boot_files() {
        assert_eq!(read_file(&reader, &path, 1 << 23).unwrap(), bytes, "{path}");
        let extents = reader.extents(&path).unwrap().unwrap();
        assert_eq!(extents.iter().map(|e| e.len.0).sum::<u64>(), bytes.len() as u64);
    }
    assert!(reader.open("efi/boot/bootx64.efi").is_ok(), "FAT names have no case");
    assert_eq!(reader.list("empty").unwrap()[0].name, "inside");
    assert_eq!(reader.list("").unwrap().iter().filter(|e| e.kind == Kind::Directory).count(), 4);
    assert!(reader.open("EFI").is_err() && reader.list("lower.txt").is_err() && reader.list("no").is_err());
}

#[test]
fn the_same_tree_gives_the_same_bytes_and_only_boot_sectors_wait() {
    let volume = esp(64 * MIB, 512);
    let (one, other) = (on_volume(&volume, &boot_tree()), on_volume(&volume, &boot_tree()));
    assert_eq!(Sha256::of(&bytes_of(&one)), Sha256::of(&bytes_of(&other)));
    let anchors: Vec<&Region> = one.iter().filter(|region| region.stage == Stage::Anchor).collect();
    assert!(anchors.iter().all(|region| region.name.contains("boot sector")));
    assert!(fat::Reader::open(&OnPaper::new(&without_anchors(&one), &[])).is_err());
}

fn without_anchors(regions: &Regions) -> Regions {
    let body = regions.iter().filter(|region| region.stage == Stage::Body).cloned().collect();
    Regions::cover(body, regions.total()).unwrap()
}

#[test]
fn what_does_not_fit_says_how_much_is_needed() {
    let mut tree = Directory::new();
    tree.add_file("big", Data::Payload { source: 0, offset: ByteOffset(0), len: ByteLen(100 * MIB) })
        .unwrap();
    let refused = fat::write::volume(&esp(64 * MIB, 512), &tree).unwrap_err();
    let fat::write::WriteError::TooSmall { needed, available } = refused else { panic!("{refused}") };
    assert_eq!(available, ByteLen(64 * MIB));
    assert!(fat::write::volume(&esp(needed.0, 512), &tree).is_ok());
    assert!(needed.0 < 110 * MIB, "{needed}");
    for sector_size in [512, 4096] {
        let smallest = fat::write::smallest(sector_size, &boot_tree());
        assert!(fat::write::volume(&esp(smallest.0, sector_size), &boot_tree()).is_ok(), "{smallest}");
        assert!(fat::write::volume(&esp(smallest.0 - 4 * MIB, sector_size), &boot_tree()).is_err());
    }
}

#[test]
fn names_that_fat_cannot_hold_are_refused() {
    let refused = |paths: &[&str]| {
        let mut tree = Directory::new();
        paths.iter().for_each(|path| tree.add_file(path, Data::Bytes(Arc::from([]))).unwrap());
        fat::write::volume(&esp(64 * MIB, 512), &tree).unwrap_err()
    };
    let long = "x".repeat(256);
    for paths in [&["a:b"][..], &["a?"], &["dot."], &["A.txt", "a.TXT"], &[&long], &["d/\u{1}"]] {
        let error = refused(paths);
        assert!(matches!(error, fat::write::WriteError::Name { .. }), "{paths:?}: {error}");
    }
}

#[test]
fn hostile_volumes_never_panic_and_never_loop() {
    let mut tree = Directory::new();
    for (path, bytes) in boot_files().into_iter().skip(1).take(20) {
        tree.add_file(&path, Data::Bytes(bytes.into())).unwrap();
    }
    let regions = on_volume(&esp(40 * MIB, 512), &tree);
    let volume = bytes_of(&regions);
    let used: Vec<_> =
        regions.iter().filter(|r| &*r.name != "free" && r.len.0 < MIB).map(Region::range).collect();
    let strategy = (0..used.len(), proptest::num::u32::ANY, proptest::num::u8::ANY);
    let config = Config { failure_persistence: None, cases: 400, ..Config::default() };
    let changed = std::cell::RefCell::new(volume);
    let checked = TestRunner::new_with_rng(config, fixed()).run(&strategy, |(region, place, byte)| {
        let range = &used[region];
        let at = (range.start + u64::from(place) % (range.end - range.start)) as usize;
        let before = changed.borrow()[at];
        changed.borrow_mut()[at] = byte;
        read_everything(&changed.borrow());
        changed.borrow_mut()[at] = before;
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn directories_that_lead_back_or_never_end_are_named() {
    let volume = esp(40 * MIB, 512);
    let mut tree = Directory::new();
    tree.add_directory("one/two").unwrap();
    let regions = on_volume(&volume, &tree);
    let find =
        |name: &str| regions.iter().find(|region| &*region.name == name).unwrap().range().start as usize;
    let (one, table) = (find("directory /one"), find("FAT 1"));
    let good = bytes_of(&regions);
    let listed = |volume: &Vec<u8>, path: &str| fat::Reader::open(volume).unwrap().list(path).map(|_| ());
    assert_eq!(listed(&good, "one/two"), Ok(()));
    // The entry of `two` is the third in `one`; its first cluster becomes that of `one`, the one of `.`.
    let mut ring = good.clone();
    let own = ring[one + 26..one + 28].to_vec();
    ring[one + 64 + 26..one + 64 + 28].copy_from_slice(&own);
    assert!(listed(&ring, "one/two").unwrap_err().to_string().contains("contains itself"));
    let mut endless = good.clone();
    let entry = table + 4 * usize::from(own[0]);
    endless[entry..entry + 4].copy_from_slice(&[own[0], 0, 0, 0]);
    assert!(listed(&endless, "one").unwrap_err().to_string().contains("ring"));
}

/// Reads as far as the volume lets itself be read, at most eight levels deep.
fn read_everything(source: &Vec<u8>) {
    let whole = Window::new(source, ByteOffset::ZERO, source.size()).unwrap();
    let Ok(reader) = fat::Reader::open(whole) else { return };
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        for entry in reader.list(&path).unwrap_or_default() {
            let inner = if path.is_empty() { entry.name } else { format!("{path}/{}", entry.name) };
            match entry.kind {
                Kind::Directory if inner.matches('/').count() < 8 => open.push(inner),
                Kind::Directory => {}
                Kind::File => drop(read_file(&reader, &inner, 1 << 23)),
            }
        }
    }
}
