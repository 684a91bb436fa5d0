//! Other people's programs and files agree with us about VHDs.

use std::path::Path;

use formats::io::{ReadAt, read_vec};
use formats::units::{ByteLen, ByteOffset, MIB};
use formats::vhd::{
    Block, Chain, Disk, Kind, Layer, ParentLink, Plan, SectorMap, SizeRule, Vhd, VhdFile, Warning, write,
};
use seedpress_tests::judge::Judge;
use seedpress_tests::mounted::Mounted;
use seedpress_tests::paper::Noise;
use seedpress_tests::workshop::Workshop;
use uuid::Uuid;

/// Written by Windows 10; see `tests/data/README.md`.
const WINDOWS: &[u8] = include_bytes!("../data/fat-differential.vhd.zst");
/// Sizes that a geometry can say, nearly can, and cannot at all.
const SIZES: [u64; 4] = [17 * 4 * 600 * 512, 512, 5 * MIB + 512, 64 * MIB];

/// A disk with noise at both ends and in the middle.
fn disk(len: u64) -> Vec<u8> {
    let mut disk = Noise { seed: len, len: ByteLen(len) }.bytes();
    let third = disk.len() / 3;
    disk[third..2 * third - 100].fill(0);
    disk
}

fn described(len: u64) -> Disk {
    Disk::new(ByteLen(len), Uuid::from_u128(0x00c0_ffee << 64), "2026-11-22T08:00:00Z".parse().unwrap())
}

fn all(source: &impl ReadAt) -> Vec<u8> {
    read_vec(source, ByteOffset::ZERO, source.size().0 as usize).unwrap()
}

fn opened(file: Vec<u8>) -> Vhd<Vec<u8>> {
    Vhd::open(file, SizeRule::Current).unwrap()
}

fn read_as_raw(shop: &Workshop, vhd: &Path) -> Vec<u8> {
    let raw = shop.path("read.raw");
    Judge::new("qemu-img").args(["convert", "-f", "vpc", "-O", "raw"]).arg(vhd).arg(&raw).agrees();
    std::fs::read(raw).unwrap()
}

fn virtual_size(vhd: &Path) -> u64 {
    let said = Judge::new("qemu-img").args(["info", "-f", "vpc", "--output", "json"]).arg(vhd).agrees();
    let info: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    info["virtual-size"].as_u64().unwrap()
}

#[test]
fn qemu_reads_what_we_write() {
    let shop = Workshop::new();
    for len in SIZES {
        let bytes = disk(len);
        let plan = Plan::new(&described(len), 0..len.div_ceil(2 * MIB) as u32).unwrap();
        let dynamic = shop.write("dynamic.vhd", &all(&VhdFile::whole(plan, &bytes)));
        let footer = write::fixed_footer(&described(len)).unwrap();
        let fixed = shop.write("fixed.vhd", &[&bytes[..], &footer].concat());
        for vhd in [dynamic, fixed] {
            assert_eq!(virtual_size(&vhd), len, "{}", vhd.display());
            assert!(read_as_raw(&shop, &vhd) == bytes, "{} of {len} bytes", vhd.display());
        }
    }
}

#[test]
fn we_read_what_qemu_writes() {
    let shop = Workshop::new();
    for (len, options, kind) in [
        (5 * MIB + 512, "subformat=dynamic", Kind::Dynamic),
        (5 * MIB + 512, "subformat=dynamic,force_size=on", Kind::Dynamic),
        (5 * MIB + 512, "subformat=fixed", Kind::Fixed),
        (5 * MIB + 512, "subformat=fixed,force_size=on", Kind::Fixed),
        (64 * MIB, "subformat=dynamic", Kind::Dynamic),
    ] {
        let mut bytes = disk(len);
        let raw = shop.write("disk.raw", &bytes);
        let vhd = shop.path("qemu.vhd");
        let convert = Judge::new("qemu-img").args(["convert", "-f", "raw", "-O", "vpc", "-o", options]);
        convert.arg(raw).arg(&vhd).agrees();
        let file = std::fs::read(&vhd).unwrap();
        for rule in [SizeRule::Current, SizeRule::Geometry] {
            let read = Vhd::open(file.clone(), rule).unwrap();
            assert_eq!((read.kind(), read.warnings()), (kind, &[][..]), "{options}");
            // Unless told otherwise, qemu-img makes disks larger until a geometry can say their size.
            bytes.resize(virtual_size(&vhd) as usize, 0);
            assert!(all(&Chain::new(vec![Layer::vhd(read)]).unwrap()) == bytes, "{options}, {rule:?}");
        }
    }
}

/// What vhdiinfo says behind a label.
fn said_of(vhd: &Path, label: &str) -> String {
    let said = Judge::new("vhdiinfo").arg(vhd).agrees();
    let text = said.text();
    let line = text.lines().find(|line| line.trim_start().starts_with(label));
    let line = line.unwrap_or_else(|| panic!("no {label}: {said}"));
    line.split_once(": ").unwrap().1.trim().into()
}

#[test]
fn libvhdi_sees_the_identities_that_we_write() {
    let shop = Workshop::new();
    // One identity in 256 starts with a zero, and the parent's is one of them.
    let parent = Uuid::from_u128(0x00c0_ffee << 64);
    let link = ParentLink { unique_id: parent, time_stamp: 7, name: "grüße \u{1f4be}.vhd".into() };
    let child = Disk { unique_id: Uuid::from_u128(0xc41d), ..described(5 * MIB) }.on(link);
    let bytes = disk(5 * MIB);
    let map_of = |_: &Block| Ok(SectorMap::first(5, 4096));
    let file = VhdFile::with_maps(Plan::new(&child, [1]).unwrap(), &bytes, map_of);
    let vhd = shop.write("child.vhd", &all(&file));
    assert_eq!(said_of(&vhd, "Disk type"), "Differential");
    assert_eq!(said_of(&vhd, "Media size"), "5.0 MiB (5242880 bytes)");
    assert_eq!(said_of(&vhd, "Identifier"), child.unique_id.to_string());
    assert_eq!(said_of(&vhd, "Parent identifier"), parent.to_string());
    assert_eq!(said_of(&vhd, "Parent filename"), "grüße \u{1f4be}.vhd");
}

#[test]
fn libvhdi_reads_our_chains_of_whole_blocks() {
    let shop = Workshop::new();
    let size = 7 * MIB;
    let mut bytes = Noise { seed: 1, len: ByteLen(size) }.bytes();
    let parent = described(size);
    let base = VhdFile::whole(Plan::new(&parent, [0, 1, 3]).unwrap(), &bytes);
    shop.write("base.vhd", &all(&base));
    let link = ParentLink { unique_id: parent.unique_id, time_stamp: 0, name: "base.vhd".into() };
    let child = Disk { unique_id: Uuid::from_u128(0xc41d), ..parent.clone() }.on(link);
    let changed = Noise { seed: 2, len: ByteLen(size) }.bytes();
    let file = VhdFile::whole(Plan::new(&child, [1]).unwrap(), &changed);
    let vhd = shop.write("child.vhd", &all(&file));
    let block = 2 << 20;
    bytes[block..2 * block].copy_from_slice(&changed[block..2 * block]);
    bytes[2 * block..3 * block].fill(0);
    let mounted = Mounted::by(Judge::new("vhdimount").arg(vhd), &shop.path("mounted"));
    // The first is the base, the second what the child makes of it.
    assert!(std::fs::read(mounted.folder().join("vhdi2")).unwrap() == bytes);
    mounted.take_down();
}

#[test]
fn a_disk_that_windows_wrote_is_understood() {
    let vhd = opened(zstd::decode_all(WINDOWS).unwrap());
    assert_eq!(vhd.kind(), Kind::Differencing);
    assert_eq!(vhd.warnings(), []);
    assert_eq!(vhd.disk_size(), ByteLen(4 * MIB));
    assert_eq!(vhd.unique_id().to_string(), "f84f1636-cd9e-9041-a69e-dcc2380e416a");
    let parent = vhd.parent().unwrap();
    assert_eq!(parent.unique_id.to_string(), "5fa21a55-f394-aa4d-9958-1951a67d5540");
    assert_eq!(parent.name, r"C:\Projects\dfvfs\test_data\fat-parent.vhd");
    let paths: Vec<_> = parent.locators.iter().map(|l| (&*l.path, l.relative(), l.space.0)).collect();
    let absolute = (r"C:\Projects\dfvfs\test_data\fat-parent.vhd", None, 4096);
    assert_eq!(paths, [absolute, (r".\fat-parent.vhd", Some("fat-parent.vhd".into()), 65536)]);
    let blocks: Vec<_> = vhd.blocks().map(|block| (block.number, block.bitmap.0, block.data.0)).collect();
    assert_eq!(blocks, [(0, 0x13e00, 0x14000)]);
    let geometry = Vhd::open(vhd.source(), SizeRule::Geometry).unwrap();
    assert_eq!(geometry.disk_size(), ByteLen(4_177_920));
}

#[test]
fn the_sectors_that_windows_wrote_lie_over_the_parents() {
    let vhd = opened(zstd::decode_all(WINDOWS).unwrap());
    let parent = Uuid::parse_str("5fa21a55-f394-aa4d-9958-1951a67d5540").unwrap();
    let plan = Plan::new(&Disk { unique_id: parent, ..described(4 * MIB) }, [0]).unwrap();
    let below = opened(all(&VhdFile::whole(plan, vec![0x55; 4 << 20])));
    let disk = all(&Chain::new(vec![Layer::vhd(below), Layer::vhd(vhd)]).unwrap());
    // The volume's label, in the sector of a directory that Windows wrote last.
    let label = disk.windows(10).position(|bytes| bytes == b"TESTVOLUME").unwrap();
    assert_eq!((label, label % 512), (0x13000, 0));
    assert!(disk[..512].iter().all(|byte| *byte == 0x55), "the first sector is the parent's");
    assert!(disk[2 << 20..].iter().all(|byte| *byte == 0), "neither has the second block");
}

#[test]
fn a_disk_of_virtual_pc_is_read_by_either_size() {
    let shop = Workshop::new();
    let vhd = shop.path("qemu.vhd");
    Judge::new("qemu-img").args(["create", "-q", "-f", "vpc"]).arg(&vhd).arg("5M").agrees();
    let mut file = std::fs::read(&vhd).unwrap();
    // As Virtual PC leaves it: the current size is no product of the geometry.
    let size = u64::from_be_bytes(file[48..56].try_into().unwrap());
    let end = file.len() - 512;
    for footer in [0, end] {
        seedpress_tests::vhds::put(&mut file, footer + 28, b"vpc ");
        seedpress_tests::vhds::put(&mut file, footer + 48, &(size + 512).to_be_bytes());
    }
    seedpress_tests::vhds::reseal(&mut file);
    let path = shop.write("vpc.vhd", &file);
    assert_eq!(virtual_size(&path), size);
    for (rule, expected) in [(SizeRule::Geometry, size), (SizeRule::Current, size + 512)] {
        let vhd = Vhd::open(&file, rule).unwrap();
        assert_eq!(vhd.disk_size(), ByteLen(expected));
        assert!(matches!(vhd.warnings(), [Warning::SizesDiffer { .. }]));
    }
}
