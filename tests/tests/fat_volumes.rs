//! FAT volumes of both kinds, as EFI system partitions have them, stand up to the programs that people repair them with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::digest::Sha256;
use formats::fat::write::WriteError;
use formats::fat::{self, Kind::Fat16, Kind::Fat32};
use formats::files::{Files, Kind, read_file};
use formats::io::{ReadAt, Window};
use formats::region::{Region, Regions, Stage};
use formats::time::Timestamp;
use formats::tree::{Data, Directory};
use formats::units::{ByteLen, ByteOffset, MIB};
use seedpress_tests::damage::runner;
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::{Noise, OnPaper, bytes_of};
use seedpress_tests::workshop::Workshop;

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

fn esp(kind: fat::Kind, size: u64, sector_size: u32) -> fat::write::Volume {
    let time: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    let (size, hidden, label) = (ByteLen(size), ByteOffset(MIB), "ESP".into());
    fat::write::Volume { kind, size, sector_size, hidden, label, serial: 0x0123_4567, time }
}

/// One of each kind, for tests in which sizes do not matter.
fn esps() -> [fat::write::Volume; 2] {
    [esp(Fat16, 16 * MIB, 512), esp(Fat32, 40 * MIB, 512)]
}

fn on_volume(volume: &fat::write::Volume, tree: &Directory) -> Regions {
    Regions::cover(fat::write::volume(volume, tree).unwrap(), volume.size).unwrap()
}

fn press(workshop: &Workshop, volume: &fat::write::Volume, tree: &Directory) -> PathBuf {
    workshop.press("esp.img", &on_volume(volume, tree), &[])
}

#[test]
fn fsck_finds_the_volume_clean_and_mtools_finds_every_file() {
    let workshop = Workshop::new();
    let large = [(Fat32, 64, 512), (Fat32, 300, 512), (Fat32, 300, 4096)];
    let small = [(Fat16, 16, 512), (Fat16, 31, 512), (Fat16, 64, 512), (Fat16, 256, 4096)];
    for (kind, size, sector_size) in large.into_iter().chain(small) {
        let path = press(&workshop, &esp(kind, size * MIB, sector_size), &boot_tree());
        let said = Judge::new("fsck.fat").args(["-n", "-v"]).arg(&path).agrees().all();
        let bits = if kind == Fat16 { "16 bit" } else { "32 bit" };
        assert!(said.contains(&format!("{bits} entries")), "{said}");
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
    esps().iter().for_each(finds_what_was_written);
}

fn finds_what_was_written(volume: &fat::write::Volume) {
    let regions = on_volume(volume, &boot_tree());
    let medium = OnPaper::new(&regions, &[]);
    let reader = fat::Reader::open(&medium).unwrap();
    assert_eq!((reader.kind(), reader.serial()), (volume.kind, volume.serial));
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
    for volume in esps() {
        let (one, other) = (on_volume(&volume, &boot_tree()), on_volume(&volume, &boot_tree()));
        assert_eq!(Sha256::of(&bytes_of(&one)), Sha256::of(&bytes_of(&other)));
        let anchors: Vec<&Region> = one.iter().filter(|region| region.stage == Stage::Anchor).collect();
        assert!(anchors.iter().all(|region| region.name.contains("boot sector")));
        assert!(fat::Reader::open(&OnPaper::new(&without_anchors(&one), &[])).is_err());
    }
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
    let refused = |volume| fat::write::volume(&volume, &tree).unwrap_err();
    let error = refused(esp(Fat32, 64 * MIB, 512));
    let WriteError::TooSmall { needed, available, .. } = error else { panic!("{error}") };
    assert_eq!(available, ByteLen(64 * MIB));
    assert!(fat::write::volume(&esp(Fat32, needed.0, 512), &tree).is_ok());
    assert!(needed.0 < 110 * MIB, "{needed}");
    for (kind, sector_size) in [(Fat16, 512), (Fat16, 4096), (Fat32, 512), (Fat32, 4096)] {
        let smallest = fat::write::smallest(kind, sector_size, &boot_tree());
        let esp = |size| fat::write::volume(&esp(kind, size, sector_size), &boot_tree());
        assert!(esp(smallest.0).is_ok(), "{smallest}");
        assert!(matches!(esp(smallest.0 - 4 * MIB), Err(WriteError::TooSmall { .. })));
    }
    // No FAT16 volume has room.
    let error = refused(esp(Fat16, 31 * MIB, 512));
    assert!(matches!(error, WriteError::TooSmall { needed, largest, .. } if needed > largest), "{error}");
}

#[test]
fn fat16_ends_where_its_clusters_and_its_root_do() {
    let written = |volume, tree: &Directory| fat::write::volume(&volume, tree);
    for (sector_size, largest) in [(512, 64 * MIB), (4096, 256 * MIB)] {
        assert!(written(esp(Fat16, largest, sector_size), &boot_tree()).is_ok());
        let error = written(esp(Fat16, largest + MIB, sector_size), &boot_tree()).unwrap_err();
        let too_large = matches!(error, WriteError::TooLarge { largest: found, .. } if found.0 == largest);
        assert!(too_large, "{error}");
    }
    let mut tree = Directory::new();
    for n in 0..255 {
        tree.add_directory(&n.to_string()).unwrap();
    }
    assert!(written(esp(Fat16, 16 * MIB, 512), &tree).is_ok());
    tree.add_directory("one more").unwrap();
    let error = written(esp(Fat16, 16 * MIB, 512), &tree).unwrap_err();
    assert_eq!(error, WriteError::RootFull { needed: 514 });
    assert!(written(esp(Fat32, 40 * MIB, 512), &tree).is_ok());
}

#[test]
fn the_count_of_clusters_must_be_that_of_the_kind() {
    let good = bytes_of(&on_volume(&esps()[0], &Directory::new()));
    let opened = |at: usize, value: u16| {
        let mut volume = good.clone();
        volume[at..at + 2].copy_from_slice(&value.to_le_bytes());
        fat::Reader::open(volume).map(|reader| reader.kind()).map_err(|error| error.to_string())
    };
    assert_eq!(opened(19, 16 * 2048), Ok(Fat16));
    // BPB_TotSec16: so few are FAT12; BPB_RootEntCnt: FAT32 has none; BPB_FATSz16: room for fewer.
    assert_eq!(opened(19, 2880), Err(fat::FatError::NotFat.to_string()));
    assert_eq!(opened(17, 0), Err(fat::FatError::NotFat.to_string()));
    assert_eq!(opened(22, 9), Err("the FAT boot sector's BPB_FATSz16 is 9".to_owned()));
}

#[test]
fn names_that_fat_cannot_hold_are_refused() {
    let refused = |paths: &[&str]| {
        let mut tree = Directory::new();
        paths.iter().for_each(|path| tree.add_file(path, Data::Bytes(Arc::from([]))).unwrap());
        fat::write::volume(&esp(Fat32, 64 * MIB, 512), &tree).unwrap_err()
    };
    let long = "x".repeat(256);
    for paths in [&["a:b"][..], &["a?"], &["dot."], &["A.txt", "a.TXT"], &[&long], &["d/\u{1}"]] {
        let error = refused(paths);
        assert!(matches!(error, WriteError::Name { .. }), "{paths:?}: {error}");
    }
}

#[test]
fn hostile_volumes_never_panic_and_never_loop() {
    let mut tree = Directory::new();
    for (path, bytes) in boot_files().into_iter().skip(1).take(20) {
        tree.add_file(&path, Data::Bytes(bytes.into())).unwrap();
    }
    esps().iter().for_each(|volume| stands_changes(&on_volume(volume, &tree)));
}

/// Changes bytes of the structures and small files of a volume one by one, and reads it.
fn stands_changes(regions: &Regions) {
    let volume = bytes_of(regions);
    let used: Vec<_> =
        regions.iter().filter(|r| &*r.name != "free" && r.len.0 < MIB).map(Region::range).collect();
    let strategy = (0..used.len(), proptest::num::u32::ANY, proptest::num::u8::ANY);
    let changed = std::cell::RefCell::new(volume);
    let checked = runner(400).run(&strategy, |(region, place, byte)| {
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
    let mut tree = Directory::new();
    tree.add_directory("one/two").unwrap();
    esps().iter().for_each(|volume| names_rings(volume.kind, &on_volume(volume, &tree)));
}

fn names_rings(kind: fat::Kind, regions: &Regions) {
    let find =
        |name: &str| regions.iter().find(|region| &*region.name == name).unwrap().range().start as usize;
    let (one, table) = (find("directory /one"), find("FAT 1"));
    let good = bytes_of(regions);
    let listed = |volume: &Vec<u8>, path: &str| fat::Reader::open(volume).unwrap().list(path).map(|_| ());
    assert_eq!(listed(&good, "one/two"), Ok(()));
    // The entry of `two` is the third in `one`; its first cluster becomes that of `one`, the one of `.`.
    let own = good[one + 26];
    // The root is cluster 2 of FAT32; FAT16 has no cluster for it.
    for above in [own, if kind == Fat16 { 0 } else { 2 }] {
        let mut ring = good.clone();
        ring[one + 64 + 26..one + 64 + 28].copy_from_slice(&[above, 0]);
        assert!(listed(&ring, "one/two").unwrap_err().to_string().contains("contains itself"));
    }
    let mut endless = good.clone();
    let width = kind.entry_size() as usize;
    let entry = table + width * usize::from(own);
    endless[entry..entry + width].copy_from_slice(&[own, 0, 0, 0][..width]);
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
