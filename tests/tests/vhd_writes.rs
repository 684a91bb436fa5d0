//! What our writer writes is pinned: as text, as digests, and by what our reader finds in it.

use formats::digest::Sha256;
use formats::io::{ReadAt, read_vec};
use formats::units::{ByteLen, ByteOffset, GIB, MIB};
use formats::vhd::{
    Chain, Disk, Layer, ParentLink, Plan, SectorMap, SizeRule, Vhd, VhdError, VhdFile, dump::dump, write,
};
use seedpress_tests::golden;
use seedpress_tests::paper::{Islands, Noise};
use uuid::Uuid;

/// Not a whole number of blocks, and not what a geometry can say.
const SIZE: u64 = 7 * MIB + 3 * 512;

fn disk(size: u64, id: u128) -> Disk {
    Disk::new(ByteLen(size), Uuid::from_u128(id), "2026-11-22T08:00:00Z".parse().unwrap())
}

fn noise(seed: u64, len: u64) -> Vec<u8> {
    Noise { seed, len: ByteLen(len) }.bytes()
}

/// Noise in the blocks 0 and 3, zeros otherwise.
fn base_disk() -> Vec<u8> {
    let mut bytes = noise(1, SIZE);
    bytes[2 << 20..6 << 20].fill(0);
    bytes
}

/// The base with other bytes here and there.
fn child_disk() -> Vec<u8> {
    let mut bytes = base_disk();
    bytes[512] ^= 1;
    bytes[4096..12288].fill(0);
    let end = bytes.len();
    bytes[end - 1] ^= 1;
    bytes[5 << 20..(5 << 20) + 700].fill(9);
    bytes
}

fn all(source: &impl ReadAt) -> Vec<u8> {
    read_vec(source, ByteOffset::ZERO, source.size().0 as usize).unwrap()
}

fn dynamic(disk: &Disk, blocks: &[u32], bytes: &[u8]) -> Vec<u8> {
    let plan = Plan::new(disk, blocks.iter().copied()).unwrap();
    all(&VhdFile::whole(plan, bytes.to_vec()))
}

fn link(name: &str) -> ParentLink {
    ParentLink { unique_id: Uuid::from_u128(0xba5e), time_stamp: 0x3295_b463, name: name.into() }
}

/// The sectors of a block that differ from the parent.
fn differing(parent: &[u8], child: &[u8], block: u32) -> SectorMap {
    let from = (block as usize) << 21;
    let to = (from + (2 << 20)).min(child.len());
    SectorMap::differing(&child[from..to], &parent[from..to], 4096)
}

fn child(name: &str) -> Vec<u8> {
    let (parent, bytes) = (base_disk(), child_disk());
    let blocks = (0..4).filter(|block| !differing(&parent, &bytes, *block).is_empty());
    let plan = Plan::new(&disk(SIZE, 0xc41d).on(link(name)), blocks).unwrap();
    let map_of = |block: &formats::vhd::Block| Ok(differing(&parent, &bytes, block.number));
    all(&VhdFile::with_maps(plan, &bytes, map_of))
}

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let fixed = [base_disk(), write::fixed_footer(&disk(SIZE, 0xf1)).unwrap().to_vec()].concat();
    vec![
        ("empty", dynamic(&disk(0, 1), &[], &[])),
        ("zeros", dynamic(&disk(SIZE, 2), &[], &base_disk())),
        ("fixed", fixed),
        ("dynamic", dynamic(&disk(SIZE, 0xba5e), &[0, 3], &base_disk())),
        ("differencing", child("base.vhd")),
        ("longest name", child(&"é".repeat(255))),
    ]
}

fn opened(file: Vec<u8>) -> Vhd<Vec<u8>> {
    let vhd = Vhd::open(file, SizeRule::Current).unwrap();
    assert_eq!(vhd.warnings(), []);
    vhd
}

#[test]
fn the_structures_are_those_that_are_pinned() {
    let text =
        cases().into_iter().map(|(name, file)| format!("[{name}]\n{}\n", dump(&opened(file)).unwrap()));
    golden::agrees("vhd_structures", &text.collect::<String>());
}

#[test]
fn the_bytes_are_those_that_are_pinned() {
    let digests: Vec<_> = cases().iter().map(|(name, file)| (*name, Sha256::of(file))).collect();
    golden::digests_agree("vhd_digests", &digests);
}

#[test]
fn what_is_written_is_read_again() {
    let case = |wanted: &str| cases().into_iter().find(|(name, _)| *name == wanted).unwrap().1;
    let chain = |names: &[&str]| {
        Chain::new(names.iter().map(|name| Layer::vhd(opened(case(name)))).collect()).unwrap()
    };
    assert!(all(&chain(&["fixed"])) == base_disk());
    assert!(all(&chain(&["dynamic"])) == base_disk());
    assert!(all(&chain(&["dynamic", "longest name"])) == child_disk());
    assert!(all(&chain(&["zeros"])).iter().all(|byte| *byte == 0));
    let pressed = chain(&["dynamic", "differencing"]);
    assert!(all(&pressed) == child_disk());
    let here = pressed.segments(0..u64::MAX).map(Result::unwrap).filter(|segment| segment.layer == Some(1));
    let ranges: Vec<_> = here.map(|segment| segment.range).collect();
    let island = 5 * MIB;
    assert_eq!(ranges, [512..1024, 4096..12288, island..island + 1024, SIZE - 512..SIZE]);
}

#[test]
fn a_file_may_be_made_in_pieces_of_any_size() {
    let plan = || Plan::new(&disk(SIZE, 0xba5e), [0, 3]).unwrap();
    let file = VhdFile::whole(plan(), base_disk());
    let whole = all(&file);
    assert_eq!(whole.len() as u64, plan().file_len().0);
    for piece in [511, 4096, 1_000_003] {
        let mut pieces = Vec::new();
        while pieces.len() < whole.len() {
            let len = piece.min(whole.len() - pieces.len());
            pieces.extend(read_vec(&file, ByteOffset(pieces.len() as u64), len).unwrap());
        }
        assert!(pieces == whole, "pieces of {piece}");
    }
}

#[test]
fn the_largest_disk_is_written_opened_and_walked_without_being_kept() {
    let size = 2040 * GIB;
    let island = size - 9 * MIB;
    let bytes = Islands { len: ByteLen(size), at: vec![island] };
    let plan = Plan::new(&disk(size, 1), 0..1020 * 1024).unwrap();
    let vhd = Vhd::open(VhdFile::whole(plan, &bytes), SizeRule::Current).unwrap();
    let chain = Chain::new(vec![Layer::vhd(vhd)]).unwrap();
    for start in (0..size).step_by(4 << 20) {
        assert_eq!(chain.next_data(ByteOffset(start)), Ok(Some(start..size)));
    }
    let [found, expected] = [&chain as &dyn ReadAt, &bytes].map(|s| read_vec(s, ByteOffset(island), 8192));
    assert!(found == expected && found.unwrap().iter().any(|byte| *byte != 0));
}

#[test]
fn data_lie_at_multiples_of_four_kibibytes() {
    let vhd = opened(child("base.vhd"));
    assert_eq!(vhd.blocks().count(), 3);
    assert!(vhd.blocks().all(|block| block.data.0.is_multiple_of(4096)));
}

#[test]
fn a_parent_is_named_by_a_file_name_and_nothing_else() {
    let parent = opened(child("base.vhd")).parent().cloned().unwrap();
    assert_eq!(
        (parent.unique_id, parent.time_stamp, &*parent.name),
        (Uuid::from_u128(0xba5e), 0x3295_b463, "base.vhd")
    );
    let paths: Vec<_> = parent.locators.iter().map(|locator| (&*locator.path, locator.relative())).collect();
    assert_eq!(paths, [(".\\base.vhd", Some("base.vhd".into()))]);
    for name in ["", "..", "a/b", "a\\b", "C:b", "a\0", &"é".repeat(256)] {
        let refused = Plan::new(&disk(SIZE, 1).on(link(name)), []);
        assert!(matches!(refused, Err(VhdError::ParentName { .. })), "{name:?}");
    }
}
