//! What is published comes back, whoever reads it, and takes no more room than it must.

use std::fs::{self, File};
use std::path::Path;

use formats::io::read_vec;
use formats::layer::{DiskKind, FRAME};
use formats::units::{ByteLen, ByteOffset, GIB};
use formats::vhd::raw::MAX_DISK;
use formats::vhd::{SizeRule, Vhd};
use host::{Crew, ErrorKind, Ignore, Stop};
use seedpress_tests::disks::{SECTOR, golden, next_version, write_sparse};
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::Noise;
use seedpress_tests::stores::{differences, empty, flattened, problems, publish, request, snapshot, stocked};
use seedpress_tests::vhds::fixed;
use seedpress_tests::workshop::Workshop;
use store::publish::How;
use store::{Depth, Request, Store};

/// Writes a disk beside the store, with holes for its zeros, and publishes it.
fn publish_raw(workshop: &Workshop, store: &Store, title: &str, disk: &[u8]) {
    let path = workshop.path(&format!("{title}.img"));
    write_sparse(&path, disk);
    publish(store, &request(title, &[&path])).unwrap();
}

/// The stored file of a version's leaf.
fn stored(store: &Store, name: &str) -> std::path::PathBuf {
    store.locate(name, None).unwrap().layers.last().unwrap().stored_path().into()
}

#[test]
fn every_version_of_a_chain_comes_back_as_the_disk_that_it_was() {
    let workshop = Workshop::new();
    let stocked = stocked(&workshop);
    for (number, disk) in (1..).zip(&stocked.disks) {
        assert!(flattened(&stocked.store, &format!("Win7@{number}")) == *disk, "Win7@{number}");
    }
    assert_eq!(problems(&stocked.store, Depth::Full), Vec::<String>::new());
}

#[test]
fn zstd_unpacks_a_layer_to_the_vhd_byte_for_byte() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let vhd = fixed(&golden(4, 9), 7);
    let path = workshop.write("Win7.vhd", &vhd);
    publish(&store, &request("Win7@1", &[&path])).unwrap();
    let unpacked = Judge::new("zstd").args(["-d", "-c"]).arg(stored(&store, "Win7")).agrees();
    assert!(unpacked.stdout == vhd);
}

#[test]
fn another_reader_of_the_seekable_format_finds_the_same_frames() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let vhd = fixed(&golden(4, 9), 7);
    let path = workshop.write("Win7.vhd", &vhd);
    publish(&store, &request("Win7@1", &[&path])).unwrap();
    let file = File::open(stored(&store, "Win7")).unwrap();
    let mut decoder = zeekstd::Decoder::new(file).unwrap();
    assert_eq!(decoder.seek_table().num_frames() as usize, vhd.len().div_ceil(FRAME));
    decoder.set_lower_frame(2).unwrap();
    let mut last = Vec::new();
    std::io::Read::read_to_end(&mut decoder, &mut last).unwrap();
    assert!(last == vhd[2 * FRAME..]);
}

#[test]
fn what_is_there_is_not_stored_again() {
    let workshop = Workshop::new();
    let stocked = stocked(&workshop);
    let before = snapshot(&stocked.store);
    let raw = request("Win7@1", &[&workshop.path("1.img")]);
    let child = differences("Win7@2", &workshop.path("2.img"), "Win7@1");
    for request in [raw, child] {
        let again = publish(&stocked.store, &request).unwrap();
        assert!(!again.is_new);
        assert!(again.layers.iter().all(|layer| layer.how == How::There));
    }
    assert_eq!(snapshot(&stocked.store), before);
}

#[test]
fn the_same_disk_under_another_name_shares_its_layer() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let disk = golden(5, 5);
    publish_raw(&workshop, &store, "One@1", &disk);
    publish_raw(&workshop, &store, "Two@1", &disk);
    let chain = |name| store.find(name, None).unwrap().chain;
    assert_eq!(chain("One"), chain("Two"));
    assert_eq!(fs::read_dir(store.root().join("layers")).unwrap().count(), 1);
}

#[test]
fn the_newest_version_is_the_one_with_the_highest_numbers() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    for version in ["9", "10", "2", "1.30"] {
        publish_raw(&workshop, &store, &format!("Win7@{version}"), &golden(1, 1));
    }
    let versions: Vec<_> = store.images().unwrap().versions.into_iter().map(|v| v.version).collect();
    assert_eq!(versions, ["1.30", "2", "9", "10"]);
    assert_eq!(store.locate("Win7", None).unwrap().document.version, "10");
}

#[test]
fn a_raw_disk_becomes_a_dynamic_vhd_of_its_blocks_that_are_not_zeros() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let mut disk = vec![0; 11 << 20];
    disk[5 << 20] = 1;
    publish_raw(&workshop, &store, "Win7@1", &disk);
    let located = store.locate("Win7", None).unwrap();
    let layer = &located.layers[0];
    assert_eq!((layer.descriptor.kind, layer.descriptor.virtual_size.0), (DiskKind::Dynamic, 11 << 20));
    let vhd = Vhd::open(layer.reader(), SizeRule::Current).unwrap();
    assert_eq!(vhd.blocks().map(|block| block.number).collect::<Vec<_>>(), [2]);
    assert!(flattened(&store, "Win7@1") == disk);
}

/// The sectors of a disk that a differencing VHD has.
fn sectors_of(vhd: &Vhd<impl formats::io::ReadAt>) -> Vec<usize> {
    let mut sectors = Vec::new();
    for block in vhd.blocks() {
        let bitmap = read_vec(vhd.source(), block.bitmap, 512).unwrap();
        let map = vhd.sector_map(&bitmap);
        let first = block.range.start as usize / SECTOR;
        sectors.extend((0..map.sectors()).filter(|sector| map.has(*sector)).map(|n| first + n as usize));
    }
    sectors
}

#[test]
fn differences_hold_exactly_the_sectors_that_differ() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    // The last block is not a whole one.
    let one = golden(1, 7);
    let two = next_version(&one, 6, 12);
    publish_raw(&workshop, &store, "Win7@1", &one);
    write_sparse(&workshop.path("two.img"), &two);
    let published = publish(&store, &differences("Win7@2", &workshop.path("two.img"), "Win7@1")).unwrap();
    assert_eq!(published.document.chain.len(), 2);
    let leaf = store.locate("Win7", Some("2")).unwrap().layers.pop().unwrap();
    let vhd = Vhd::open(leaf.reader(), SizeRule::Current).unwrap();
    let differ: Vec<usize> = (0..one.len() / SECTOR)
        .filter(|n| one[n * SECTOR..(n + 1) * SECTOR] != two[n * SECTOR..(n + 1) * SECTOR])
        .collect();
    assert_eq!(sectors_of(&vhd), differ);
    assert!(flattened(&store, "Win7@2") == two);
}

#[test]
fn a_disk_that_does_not_differ_needs_no_block() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    publish_raw(&workshop, &store, "Win7@1", &golden(1, 5));
    let same = workshop.path("Win7@1.img");
    let published = publish(&store, &differences("Win7@2", &same, "Win7@1")).unwrap();
    assert!(published.layers[0].descriptor.vhd.len.0 < 8192, "{:?}", published.layers);
    assert!(flattened(&store, "Win7@2") == golden(1, 5));
}

#[test]
fn differences_to_a_shorter_or_longer_disk_come_back() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let longer = golden(1, 9);
    publish_raw(&workshop, &store, "Win7@1", &longer[..(5 << 20) + SECTOR]);
    for (version, disk) in [("2", &longer[..]), ("3", &longer[..(3 << 20) + 7 * SECTOR])] {
        let path = workshop.path(&format!("{version}.img"));
        write_sparse(&path, disk);
        let title = format!("Win7@{version}");
        publish(&store, &differences(&title, &path, "Win7@1")).unwrap();
        assert!(flattened(&store, &title) == disk, "{title}");
    }
}

#[test]
fn the_same_request_gives_the_same_store_with_any_number_of_threads() {
    let stores: Vec<_> = [1, 2, 8]
        .into_iter()
        .map(|threads| {
            let workshop = Workshop::new();
            let store = empty(&workshop);
            write_sparse(&workshop.path("disk"), &golden(1, 13));
            let crew = Crew::new(Some(threads), Stop::new()).unwrap();
            store::publish(&store, &request("Win7@1", &[&workshop.path("disk")]), &crew, &Ignore).unwrap();
            let files = snapshot(&store);
            let name = |path: &Path| path.strip_prefix(store.root()).unwrap().to_path_buf();
            files.into_iter().map(|(path, digest)| (name(&path), digest)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(stores[0].len(), 5);
    assert!(stores.iter().all(|store| *store == stores[0]));
}

#[test]
fn the_level_is_the_publishers_choice() {
    let workshop = Workshop::new();
    // The same noise twice, too far apart for the window of level 1.
    let noise = Noise { seed: 1, len: ByteLen(1 << 20) }.bytes();
    let path = workshop.write("disk", &[&noise[..], &noise].concat());
    let stored_len = |level| {
        let store = Store::open_or_create(&workshop.path(&format!("store-{level}"))).unwrap();
        let request = Request { level, ..request("Win7@1", &[&path]) };
        let published = publish(&store, &request).unwrap();
        assert_eq!(published.layers[0].descriptor.compression.level, level);
        published.layers[0].descriptor.stored.len
    };
    assert!(stored_len(12) < stored_len(1));
}

#[test]
fn holes_of_the_largest_disk_cost_nothing() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let path = workshop.path("disk");
    let file = File::create(&path).unwrap();
    file.set_len(MAX_DISK).unwrap();
    for at in [0, 700 * GIB + 5, MAX_DISK - 1] {
        std::os::unix::fs::FileExt::write_all_at(&file, &[7], at).unwrap();
    }
    let published = publish(&store, &request("Win7@1", &[&path])).unwrap();
    assert!(published.layers[0].descriptor.vhd.len.0 < 16 << 20);
    let disk = store.locate("Win7", None).unwrap().disk().unwrap();
    assert_eq!(read_vec(&disk, ByteOffset(700 * GIB + 4), 3).unwrap(), [0, 7, 0]);
}

#[test]
fn a_disk_that_no_vhd_can_hold_is_refused_with_the_reason() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let path = workshop.path("disk");
    for (len, kind, reason) in [
        (MAX_DISK + 512, ErrorKind::Fit, "at most 2040 GiB"),
        (4095, ErrorKind::Usage, "whole sectors of 512 bytes"),
        (0, ErrorKind::Usage, "is empty"),
    ] {
        File::create(&path).unwrap().set_len(len).unwrap();
        let error = publish(&store, &request("Win7@1", &[&path])).unwrap_err();
        let said = format!("{:#}", anyhow::Error::from(error));
        assert!(said.contains(reason), "{said}");
        let error = publish(&store, &request("Win7@1", &[&path])).unwrap_err();
        assert_eq!(error.kind(), kind, "{len}");
    }
}

#[test]
fn containers_of_other_formats_are_no_raw_disks() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let mut disk = golden(1, 3);
    disk[..8].copy_from_slice(b"vhdxfile");
    disk[510..512].fill(0);
    for name in ["v.vhdx", "v.vhd", "v.img"] {
        let path = workshop.write(name, &disk);
        let error = publish(&store, &request("A@1", &[&path])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        let path = path.display();
        let told = format!("{path} is a VHDX, which is not read: make a disk of it with `qemu-img convert");
        assert!(error.to_string().starts_with(&told), "{error}");
    }
    assert!(store.images().unwrap().versions.is_empty());
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    publish_raw(&workshop, &store, "A@1", &disk);
    assert!(flattened(&store, "A@1") == disk);
}
