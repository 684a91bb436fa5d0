//! A VHD that cannot be trusted is refused by name: which structure, where, what was expected and what was found.

use formats::units::{ByteLen, ByteOffset, GIB};
use formats::vhd::{Disk, Kind, Plan, SizeRule, Vhd, VhdError, Warning, write};
use seedpress_tests::vhds::{HEADER, Made, SECTOR, Shape, TABLE, fixed, put, reseal, seal};
use uuid::Uuid;

/// Two blocks of 4 KiB and half a block; the first and the last are there.
///
/// ```text
/// 0x000 copy of the footer | 0x200 header | 0x600 table | 0x800 block 0 | 0x1a00 block 2 | 0x2c00 footer
/// ```
fn sound() -> Made {
    let sectors = [(0, 1), (3, 2)].into();
    let last = [(1, 3)].into();
    Made { size: 10240, block_size: 4096, id: 1, blocks: [(0, sectors), (2, last)].into(), ..Made::default() }
}

const FOOTER: usize = 0x2c00;

fn refusal(file: Vec<u8>) -> String {
    match Vhd::open(file, SizeRule::Current) {
        Ok(_) => "none".into(),
        Err(e) => e.to_string(),
    }
}

/// The sound file, changed, with right checksums.
fn sealed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut file = sound().bytes();
    assert_eq!(file.len(), FOOTER + SECTOR);
    change(&mut file);
    reseal(&mut file);
    file
}

/// Changes a field of the footer, and of its copy.
fn in_footers(at: usize, value: &[u8]) -> Vec<u8> {
    sealed(|file| {
        put(file, at, value);
        put(file, FOOTER + at, value);
    })
}

fn in_header(at: usize, value: &[u8]) -> Vec<u8> {
    sealed(|file| put(file, HEADER + at, value))
}

fn in_table(entry: usize, sector: u32) -> Vec<u8> {
    sealed(|file| put(file, TABLE + entry * 4, &sector.to_be_bytes()))
}

/// What is refused, and the words.
type Case = (Vec<u8>, &'static str);

fn faults_of_the_footer() -> Vec<Case> {
    vec![
        (vec![0; 400], "expected at least 511 bytes, which a VHD's footer has, found 400 bytes"),
        (
            in_footers(8, &[0, 0, 0, 1]),
            "footer at 0x2c00: expected features with bit 0x2 set, found 0x00000001",
        ),
        (in_footers(12, &[0, 2, 0, 0]), "footer at 0x2c00: expected version 0x00010000, found 0x00020000"),
        (
            in_footers(60, &[0, 0, 0, 5]),
            "footer at 0x2c00: expected disk type 2 (fixed), 3 (dynamic) or 4 (differencing), found 5",
        ),
        (
            in_footers(84, &[1]),
            "footer at 0x2c00: expected saved state 0, found 1: the disk belongs to a suspended machine; \
             shut it down first",
        ),
        (
            in_footers(0, b"v_poison"),
            "footer at 0x2c00: the cookie is \"v_poison\": a program was rearranging the file and did not finish; \
             repair it where it was made",
        ),
        (
            in_footers(48, &4095u64.to_be_bytes()),
            "expected a disk size in whole sectors of 512 bytes, found 4095 bytes",
        ),
        (
            in_footers(48, &(2041 * GIB).to_be_bytes()),
            "expected a disk of at most 2040 GiB (2190433320960 bytes), found 2191507062784 bytes: \
             a VHD numbers its sectors with 32 bits",
        ),
        (
            in_footers(16, &0x2c00u64.to_be_bytes()),
            "header at 0x2c00 with 1024 bytes: expected its end by 0x2c00, where the file's data end",
        ),
        (
            in_footers(16, &u64::MAX.to_be_bytes()),
            "header at 0xffffffffffffffff with 1024 bytes: expected its end by 0x2c00, where the file's data end",
        ),
    ]
}

fn faults_of_the_header() -> Vec<Case> {
    vec![
        (in_header(0, b"dxsparse"), "header at 0x200: expected the cookie \"cxsparse\", found \"dxsparse\""),
        (in_header(24, &[0, 1, 0, 1]), "header at 0x200: expected version 0x00010000, found 0x00010001"),
        (
            in_header(32, &4097u32.to_be_bytes()),
            "header at 0x200: expected a block size that is a power of two from 512 bytes on, found 4097 bytes",
        ),
        (
            in_header(32, &256u32.to_be_bytes()),
            "header at 0x200: expected a block size that is a power of two from 512 bytes on, found 256 bytes",
        ),
        (
            in_header(28, &2u32.to_be_bytes()),
            "header at 0x200: expected at least 3 table entries for the size of the disk, found 2",
        ),
        (
            in_header(16, &0x2bf8u64.to_be_bytes()),
            "block allocation table at 0x2bf8 with 12 bytes: expected its end by 0x2c00, where the file's data end",
        ),
        (
            in_header(16, &0x5feu64.to_be_bytes()),
            "block allocation table at 0x5fe lies over the header at 0x200",
        ),
        (
            in_header(16, &0x10u64.to_be_bytes()),
            "block allocation table at 0x10 lies over the copy of the footer at 0x0",
        ),
    ]
}

fn faults_of_the_table() -> Vec<Case> {
    vec![
        (in_table(1, 0), "block 1 at 0x0 lies over the copy of the footer at 0x0"),
        (in_table(1, 2), "block 1 at 0x400 lies over the header at 0x200"),
        (in_table(1, 3), "block 1 at 0x600 lies over the block allocation table at 0x600"),
        (in_table(1, 4), "block 1 at 0x800 lies over block 0 at 0x800"),
        (in_table(1, 12), "block 1 at 0x1800 lies over block 0 at 0x800"),
        (in_table(1, 14), "block 1 at 0x1c00 lies over block 2 at 0x1a00"),
        (
            in_table(1, 22),
            "block 1 at 0x2c00 with 4608 bytes: expected its end by 0x2c00, where the file's data end",
        ),
        (
            in_table(2, 0xffff_fffe),
            "block 2 at 0x1fffffffc00 with 2560 bytes: expected its end by 0x2c00, where the file's data end",
        ),
        (
            Made { shape: Shape { batmap: Some(1), ..Shape::default() }, ..sound() }.bytes(),
            "batmap at 0x800: it holds the hash of a key: the disk is encrypted; decrypt it where it was made",
        ),
    ]
}

#[test]
fn every_fault_is_refused_by_name() {
    assert_eq!(refusal(sound().bytes()), "none");
    let cases = [faults_of_the_footer(), faults_of_the_header(), faults_of_the_table()];
    let (found, expected): (Vec<_>, Vec<_>) =
        cases.into_iter().flatten().map(|(file, words)| (refusal(file), words)).unzip();
    assert_eq!(found, expected);
}

#[test]
fn every_flipped_byte_of_header_and_table_is_refused() {
    for at in (HEADER..TABLE + 12).filter(|at| !(TABLE + 4..TABLE + 8).contains(at)) {
        let mut file = sound().bytes();
        file[at] ^= 0x11;
        let words = refusal(file);
        assert_ne!(words, "none", "byte {at:#x}");
        if at < TABLE && !(HEADER..HEADER + 8).contains(&at) {
            assert!(words.starts_with("header at 0x200: its checksum is 0x"), "byte {at:#x}: {words}");
        }
    }
}

#[test]
fn a_damaged_footer_is_replaced_by_its_copy_with_a_warning() {
    for at in FOOTER..FOOTER + SECTOR {
        let mut file = sound().bytes();
        file[at] ^= 1;
        let vhd = Vhd::open(file, SizeRule::Current).unwrap_or_else(|e| panic!("byte {at:#x}: {e}"));
        assert!(matches!(vhd.warnings(), [Warning::FooterDamaged(_)]), "byte {at:#x}");
        assert_eq!((vhd.unique_id(), vhd.disk_size()), (Uuid::from_u128(1), ByteLen(10240)));
    }
    let mut file = sound().bytes();
    file[FOOTER + 100] ^= 1;
    file[100] ^= 1;
    assert!(refusal(file).starts_with("footer at 0x2c00: its checksum is 0x"));
}

#[test]
fn a_damaged_or_different_copy_is_a_warning() {
    let warnings = |file: Vec<u8>| Vhd::open(file, SizeRule::Current).unwrap().warnings().to_vec();
    let mut file = sound().bytes();
    file[100] ^= 1;
    assert!(matches!(&*warnings(file), [Warning::FooterCopyDamaged(VhdError::Checksum { .. })]));
    let other = sealed(|file| file[68] ^= 1);
    assert_eq!(warnings(other), [Warning::FootersDiffer { at: ByteOffset(FOOTER as u64) }]);
}

#[test]
fn a_file_that_was_cut_off_is_refused_wherever_that_was() {
    let file = sound().bytes();
    // What lies behind the last sector that the disk has, and the footer, can be spared.
    let last = 0x1a00 + 512 + 2048;
    for len in 0..file.len() {
        let words = refusal(file[..len].to_vec());
        assert_eq!(words == "none", len >= last, "{len}: {words}");
    }
    let block = "block 2 at 0x1a00 with 2560 bytes: expected its end by 0x2000, where the file's data end";
    assert_eq!(refusal(file[..0x2000].to_vec()), block);
    // Without its last byte a footer is one of the old, short ones.
    let disk = fixed(&[1; 4096], 1);
    assert!((0..disk.len() - 1).all(|len| refusal(disk[..len].to_vec()) != "none"));
}

#[test]
fn a_fixed_disk_is_never_taken_for_a_vhd_in_its_data() {
    let mut disk = sound().bytes();
    disk.resize(0x4000, 0);
    let mut file = fixed(&disk, 9);
    assert_eq!(
        Vhd::open(&*Box::leak(file.clone().into_boxed_slice()), SizeRule::Current).map(|v| v.kind()),
        Ok(Kind::Fixed)
    );
    file[0x4000 + 100] ^= 1;
    assert!(refusal(file).starts_with("footer at 0x4000: its checksum is 0x"));
    let mut missing = fixed(&disk, 9);
    missing.drain(100 * 8..100 * 8 + 512);
    assert_eq!(
        refusal(missing),
        "data at 0x0 with 16384 bytes: expected its end by 0x3e00, where the file's data end"
    );
}

#[test]
fn tapdisk_may_hide_a_disk_without_a_new_checksum() {
    let hidden = |version: &[u8; 4]| {
        let mut file = in_footers(28, &[b"tap\0", &version[..]].concat());
        file[FOOTER + 85] = 1;
        file
    };
    for version in [[0, 0, 0, 1], [0, 1, 0, 1]] {
        let vhd = Vhd::open(hidden(&version), SizeRule::Current).unwrap();
        assert_eq!((vhd.warnings(), vhd.footer().hidden), (&[][..], 1));
    }
    let vhd = Vhd::open(hidden(&[0, 1, 0, 3]), SizeRule::Current).unwrap();
    assert!(matches!(vhd.warnings(), [Warning::FooterDamaged(_)]));
}

#[test]
fn the_size_is_the_one_that_was_asked_for() {
    let by = |creator: &[u8; 4], geometry: [u8; 4], rule| {
        let mut file = in_footers(28, creator);
        put(&mut file, 56, &geometry);
        put(&mut file, FOOTER + 56, &geometry);
        reseal(&mut file);
        let vhd = Vhd::open(file, rule).unwrap();
        (vhd.disk_size().0, vhd.warnings().len())
    };
    // One cylinder of 4 heads of 4 sectors: 8192 bytes.
    let small = [0, 1, 4, 4];
    assert_eq!(by(b"vpc ", small, SizeRule::Current), (10240, 1));
    assert_eq!(by(b"qemu", small, SizeRule::Geometry), (8192, 1));
    assert_eq!(by(b"win ", small, SizeRule::Current), (10240, 0));
    assert_eq!(by(b"qemu", [0, 1, 4, 5], SizeRule::Geometry), (10240, 0));
    // The largest geometry says nothing: qemu writes it whatever the size.
    assert_eq!(by(b"qemu", [0xff, 0xff, 16, 255], SizeRule::Geometry), (10240, 0));
}

#[test]
fn a_bitmap_that_spells_tdbatmap_is_a_bitmap() {
    // The bits of the cookie, and one where the cookie of a key would be.
    let spelt = (0..64).filter(|bit| b"tdbatmap"[bit / 8] & (0x80 >> (bit % 8)) != 0);
    let sectors = spelt.chain([29 * 8]).map(|sector| (sector, 1)).collect();
    let made = Made { size: 1 << 17, block_size: 1 << 17, blocks: [(0, sectors)].into(), ..Made::default() };
    let file = made.bytes();
    assert_eq!(&file[0x800..0x808], b"tdbatmap");
    assert_eq!(refusal(file), "none");
}

#[test]
fn locators_that_lead_nowhere_are_skipped_with_a_warning() {
    let mut file = Made { parent: Some((7, 0)), ..sound() }.bytes();
    let locator = |code: &[u8; 4], len: u32, at: u64| {
        [&code[..], &[0, 0, 0, 1], &len.to_be_bytes(), &[0; 4], &at.to_be_bytes()].concat()
    };
    put(&mut file, HEADER + 576, &locator(b"W2ru", 100, u64::MAX - 50));
    put(&mut file, HEADER + 600, &locator(b"W2ku", 0x7fff_ffff, 0));
    put(&mut file, HEADER + 624, &locator(b"MacX", 4, 0x2bfe));
    put(&mut file, HEADER + 648, &locator(b"????", 4, 0x1fc));
    reseal(&mut file);
    let vhd = Vhd::open(file, SizeRule::Current).unwrap();
    let slots = vhd.warnings().iter().filter_map(|warning| match warning {
        Warning::LocatorSkipped { slot, .. } => Some(*slot),
        _ => None,
    });
    assert_eq!(slots.collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(vhd.parent().unwrap().locators.len(), 1);
}

#[test]
fn disks_that_no_vhd_can_hold_are_not_planned() {
    let time = "2026-11-22T08:00:00Z".parse().unwrap();
    let disk = |size| Disk::new(ByteLen(size), Uuid::from_u128(1), time);
    let largest = Plan::new(&disk(2040 * GIB), 0..2040 * 512).unwrap();
    assert!(largest.file_len().0 < 1 << 41, "sector numbers have 32 bits");
    let large = 2040 * GIB + 512;
    assert_eq!(Plan::new(&disk(large), []), Err(VhdError::TooLarge { found: ByteLen(large) }));
    assert_eq!(write::fixed_footer(&disk(large)), Err(VhdError::TooLarge { found: ByteLen(large) }));
    assert_eq!(Plan::new(&disk(1000), []), Err(VhdError::OddSize { found: ByteLen(1000) }));
    let order = |blocks: &[u32]| Plan::new(&disk(3 << 21), blocks.iter().copied()).err();
    assert_eq!(order(&[0, 2]), None);
    assert!(matches!(order(&[0, 3]), Some(VhdError::BlockOrder { found: 3, .. })));
    assert!(matches!(order(&[1, 1]), Some(VhdError::BlockOrder { found: 1, previous: Some(1), .. })));
    let tiny = Disk { block_size: 512, ..disk(1 << 40) };
    assert!(matches!(Plan::new(&tiny, []), Err(VhdError::TooManyBlocks { .. })));
}

#[test]
fn a_table_of_gigabytes_is_not_kept() {
    let mut file = in_footers(48, &(1u64 << 40).to_be_bytes());
    put(&mut file, HEADER + 28, &u32::MAX.to_be_bytes());
    put(&mut file, HEADER + 32, &512u32.to_be_bytes());
    seal(&mut file[HEADER..TABLE], 36);
    let words = "header at 0x200: expected at most 8388608 blocks, found 2147483648: \
                 the block size is too small for the disk";
    assert_eq!(refusal(file), words);
}
