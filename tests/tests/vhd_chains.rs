//! A chain of VHDs reads as the disk that its layers make up, whatever they look like.

use std::sync::Arc;

use formats::io::ReadAt;
use formats::units::{ByteLen, ByteOffset};
use formats::vhd::{Chain, ChainError, Layer, ParentLink, Relinked, SizeRule, Vhd, Warning, lineage};
use proptest::prelude::*;
use proptest::sample::Index;
use seedpress_tests::damage::runner;
use seedpress_tests::vhds::{Made, SECTOR, Shape, fixed, put, reseal};
use uuid::Uuid;

/// The base of a chain that is to be made.
#[derive(Clone, Debug)]
enum Base {
    Raw(usize),
    Fixed(usize),
    Blocks(Made),
}

fn shape() -> impl Strategy<Value = Shape> {
    (0..300usize, any::<[bool; 3]>(), any::<bool>()).prop_map(
        |(spare_entries, [backwards, turned, short_footer], batmap)| Shape {
            spare_entries,
            backwards,
            turned,
            batmap: batmap.then_some(0),
            short_footer,
        },
    )
}

fn made() -> impl Strategy<Value = Made> {
    let sectors = prop::collection::vec((any::<Index>(), 1..=255u8), 0..40);
    let blocks = prop::collection::vec((any::<Index>(), sectors), 0..6);
    (1..300usize, 0..6u32, blocks, shape()).prop_map(|(size, power, blocks, shape)| {
        let (size, per_block) = (size * SECTOR, 1usize << power);
        let block_size = per_block * SECTOR;
        let blocks = blocks.into_iter().map(|(block, sectors)| {
            let sectors = sectors.into_iter().map(|(sector, fill)| (sector.index(per_block), fill));
            (block.index(size.div_ceil(block_size)), sectors.collect())
        });
        Made { size, block_size, blocks: blocks.collect(), shape, ..Made::default() }
    })
}

fn base() -> impl Strategy<Value = Base> {
    prop_oneof![
        (1..100_000usize).prop_map(Base::Raw),
        (1..200usize).prop_map(|sectors| Base::Fixed(sectors * SECTOR)),
        made().prop_map(Base::Blocks),
    ]
}

/// Bytes that are nowhere zero and nowhere the same as in a layer above.
fn plain(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 | 1).collect()
}

fn opened(file: Vec<u8>) -> Layer<Vec<u8>> {
    Layer::vhd(Vhd::open(file, SizeRule::Current).unwrap())
}

/// The chain, and the disk that it makes up.
fn build(base: Base, children: Vec<Made>) -> (Chain<Vec<u8>>, Vec<u8>) {
    let mut id = 1;
    let (first, mut disk) = match base {
        Base::Raw(len) => {
            id = 0;
            (Layer::Raw(plain(len)), plain(len))
        }
        Base::Fixed(len) => (opened(fixed(&plain(len), id)), plain(len)),
        Base::Blocks(made) => {
            let mut disk = Vec::new();
            made.apply(&mut disk);
            (opened(Made { id, ..made }.bytes()), disk)
        }
    };
    let mut layers = vec![first];
    for child in children {
        let child = Made { id: id + 1, parent: Some((id, 0)), ..child };
        id = child.id;
        child.apply(&mut disk);
        layers.push(opened(child.bytes()));
    }
    (Chain::new(layers).unwrap(), disk)
}

fn read(source: &impl ReadAt, range: std::ops::Range<usize>) -> Vec<u8> {
    let mut bytes = vec![0xaa; range.len()];
    source.read_at(ByteOffset(range.start as u64), &mut bytes).unwrap();
    bytes
}

/// Every byte that is not zero lies in what the chain names as data.
fn check_data(chain: &Chain<Vec<u8>>, disk: &[u8]) {
    let mut at = 0;
    while let Some(data) = chain.next_data(ByteOffset(at as u64)).unwrap() {
        let (start, end) = (data.start as usize, data.end as usize);
        assert!(at <= start && start < end && end <= disk.len(), "{data:?} from {at}");
        assert!(disk[at..start].iter().all(|byte| *byte == 0), "data before {data:?}");
        at = end;
    }
    assert!(disk[at..].iter().all(|byte| *byte == 0), "data behind {at}");
}

/// The segments follow each other, and no two could be one.
fn check_segments(chain: &Chain<Vec<u8>>, disk: &[u8]) {
    let segments: Vec<_> = chain.segments(0..u64::MAX).map(Result::unwrap).collect();
    let mut at = 0;
    for segment in &segments {
        assert_eq!(segment.range.start, at);
        at = segment.range.end;
    }
    assert_eq!(at, disk.len() as u64);
    for pair in segments.windows(2) {
        let len = pair[0].range.end - pair[0].range.start;
        let goes_on = pair[0].layer == pair[1].layer
            && (pair[0].layer.is_none() || pair[0].offset.0 + len == pair[1].offset.0);
        assert!(!goes_on, "{pair:?}");
    }
}

#[test]
fn chains_of_any_layers_read_as_the_disk_that_they_make_up() {
    let strategy = (base(), prop::collection::vec(made(), 0..6), any::<(Index, Index)>());
    runner(300)
        .run(&strategy, |(base, children, (from, to))| {
            let (chain, disk) = build(base, children);
            assert_eq!(chain.size(), ByteLen(disk.len() as u64));
            assert!(read(&chain, 0..disk.len()) == disk);
            let (from, to) = (from.index(disk.len() + 1), to.index(disk.len() + 1));
            let part = from.min(to)..from.max(to);
            assert!(read(&chain, part.clone()) == disk[part]);
            assert!(chain.read_at(ByteOffset(disk.len() as u64), &mut [0]).is_err());
            check_data(&chain, &disk);
            check_segments(&chain, &disk);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_chain_of_five_hundred_layers_reads_as_one_of_two() {
    let layer = |sector: usize| {
        let sectors = [(sector % 8, (sector % 250) as u8 + 1)].into();
        Made {
            size: 64 * SECTOR,
            block_size: 8 * SECTOR,
            blocks: [(sector / 8 % 8, sectors)].into(),
            ..Made::default()
        }
    };
    let (chain, disk) = build(Base::Raw(40 * SECTOR), (0..500).map(layer).collect());
    assert!(read(&chain, 0..disk.len()) == disk);
}

#[test]
fn any_bytes_may_be_opened() {
    let noise = prop::collection::vec((any::<Index>(), any::<u8>()), 1..12);
    runner(1500)
        .run(&(made(), any::<bool>(), any::<bool>(), noise), |(made, is_child, sealed, noise)| {
            let made = Made { id: 2, parent: is_child.then_some((1, 0)), ..made };
            let mut file = made.bytes();
            // Half of the noise hits the structures in front, which are where it hurts.
            for (number, (at, byte)) in noise.into_iter().enumerate() {
                let len = if number % 2 == 0 { file.len() } else { 1600.min(file.len()) };
                file[at.index(len)] ^= byte;
            }
            if sealed && file.len().is_multiple_of(SECTOR) {
                reseal(&mut file);
            }
            let Ok(vhd) = Vhd::open(file, SizeRule::Current) else { return Ok(()) };
            formats::vhd::dump::dump(&vhd).unwrap();
            let len = vhd.disk_size().0.min(1 << 20) as usize;
            let layers =
                if is_child { vec![Layer::Raw(vec![]), Layer::vhd(vhd)] } else { vec![Layer::vhd(vhd)] };
            if let Ok(chain) = Chain::new(layers) {
                read(&chain, 0..len);
            }
            Ok(())
        })
        .unwrap();
}

fn small(id: u128, parent: Option<(u128, u32)>) -> Vec<u8> {
    Made { size: 4096, block_size: 4096, id, parent, ..Made::default() }.bytes()
}

fn refused(layers: Vec<Layer<Vec<u8>>>) -> ChainError {
    Chain::new(layers).err().expect("layers that are no chain")
}

#[test]
fn layers_that_do_not_belong_together_are_refused_by_name() {
    let id = Uuid::from_u128;
    let layer = |id, parent: u128| opened(small(id, Some((parent, 0))));
    let base = || opened(small(1, None));
    let raw = || Layer::Raw(vec![0; 4096]);
    assert_eq!(refused(vec![]), ChainError::Empty);
    assert_eq!(refused(vec![layer(2, 1)]), ChainError::ParentMissing { child: id(2), parent: id(1) });
    assert_eq!(refused(vec![layer(2, 0)]), ChainError::RawParentMissing { child: id(2) });
    let wrong = |child, expected, found| ChainError::WrongParent {
        child: id(child),
        expected: id(expected),
        found: id(found),
    };
    assert_eq!(refused(vec![base(), layer(3, 2)]), wrong(3, 2, 1));
    assert_eq!(refused(vec![raw(), layer(2, 1)]), wrong(2, 1, 0));
    assert_eq!(refused(vec![base(), layer(2, 1), layer(3, 0)]), wrong(3, 0, 2));
    let complete = ChainError::NotDifferencing { disk: id(2), below: id(1) };
    assert_eq!(refused(vec![base(), opened(small(2, None))]), complete);
    assert_eq!(refused(vec![base(), raw()]), ChainError::RawAbove { index: 1 });
    assert_eq!(refused(vec![base(), layer(2, 1), layer(1, 2)]), ChainError::Cycle { disk: id(1) });
}

#[test]
fn a_raw_parent_may_be_kept_as_a_vhd() {
    let chain = Chain::new(vec![opened(fixed(&[5; 4096], 1)), opened(small(2, Some((0, 9))))]).unwrap();
    assert_eq!(chain.warnings().count(), 0);
    assert_eq!(read(&chain, 0..4096), [5; 4096]);
}

#[test]
fn identities_are_followed_to_the_base_and_never_in_circles() {
    let id = Uuid::from_u128;
    let parent_of = |disk: Uuid| match disk.as_u128() {
        1 => Some(None),
        5 => Some(Some(Uuid::nil())),
        9 => Some(Some(id(8))),
        n @ (2..=4 | 6) => Some(Some(id(n - 1))),
        7 => Some(Some(id(7))),
        _ => None,
    };
    assert_eq!(lineage(id(4), parent_of).unwrap(), [1, 2, 3, 4].map(id));
    assert_eq!(lineage(id(6), parent_of).unwrap(), [5, 6].map(id));
    assert_eq!(lineage(id(7), parent_of), Err(ChainError::Cycle { disk: id(7) }));
    assert_eq!(lineage(id(9), parent_of), Err(ChainError::ParentMissing { child: id(9), parent: id(8) }));
    assert_eq!(lineage(id(10), parent_of), Err(ChainError::Missing { disk: id(10) }));
}

#[test]
fn a_parent_with_another_time_stamp_is_a_warning() {
    let warnings = |stamp: u32| {
        let layers = vec![opened(small(1, None)), opened(small(2, Some((1, stamp))))];
        Chain::new(layers).unwrap().warnings().cloned().collect::<Vec<_>>()
    };
    let made = 0x2f00_0007;
    assert_eq!(warnings(made), []);
    // Windows itself leaves the field empty.
    assert_eq!(warnings(0), []);
    let (child, parent) = (Uuid::from_u128(2), Uuid::from_u128(1));
    let expected = Warning::ParentTimeStamp { child, parent, expected: made + 1, found: made };
    assert_eq!(warnings(made + 1), [expected]);
}

#[test]
fn the_disks_data_may_look_like_a_vhd() {
    let mut disk = vec![0; 8 * SECTOR];
    put(&mut disk, 0, &small(7, None));
    let file = fixed(&disk, 1);
    let chain = Chain::new(vec![opened(file)]).unwrap();
    assert_eq!(chain.layers()[0].unique_id(), Uuid::from_u128(1));
    assert!(read(&chain, 0..disk.len()) == disk);
}

/// The same file, with its parent named anew, once for each name.
fn named(child: &Made, names: &[String]) -> Vec<u8> {
    let (parent, time_stamp) = child.parent.unwrap();
    names.iter().fold(child.bytes(), |file, name| {
        let vhd = Vhd::open(Arc::new(file), SizeRule::Current).unwrap();
        let link = ParentLink { unique_id: Uuid::from_u128(parent), time_stamp, name: name.clone() };
        let named = Relinked::new(&vhd, &link).unwrap();
        read(&named, 0..named.size().0 as usize)
    })
}

#[test]
fn a_disk_whose_parent_is_named_anew_has_the_same_bytes_and_names_that_parent() {
    let names = prop::collection::vec("[a-z0-9 üß\u{1f4be}]{1,80}", 1..4);
    let child =
        (made(), names).prop_map(|(made, names)| (Made { id: 2, parent: Some((1, 7)), ..made }, names));
    let property = |(child, names): (Made, Vec<String>)| {
        let (before, after) = (child.bytes(), named(&child, &names));
        let (before, after) =
            (Vhd::open(before, SizeRule::Current).unwrap(), Vhd::open(after, SizeRule::Current).unwrap());
        assert_eq!(after.warnings(), []);
        assert!(before.blocks().eq(after.blocks()));
        for block in before.blocks() {
            let end = block.data.0 + (block.range.end - block.range.start);
            let range = block.bitmap.0 as usize..end as usize;
            assert!(read(before.source(), range.clone()) == read(after.source(), range));
        }
        let (parent, name) = (after.parent().unwrap(), names.last().unwrap());
        assert_eq!((parent.unique_id.as_u128(), parent.time_stamp, &parent.name), (1, 7, name));
        let paths: Vec<_> = parent.locators.iter().map(|locator| locator.relative()).collect();
        assert_eq!(paths, [Some(name.clone())]);
        let size = after.source().len();
        assert!(after.source()[..512] == after.source()[size - 512..]);
        Ok(())
    };
    runner(64).run(&child, property).unwrap();
}
