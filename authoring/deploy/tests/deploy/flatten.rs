//! A chain on a medium becomes the disk that it describes.

use std::sync::{LazyLock, Mutex};

use deploy::{DeployError, Flatten, Learned, Scratch, Set, Tools, Version, VhdTarget};
use formats::kind::ErrorKind;
use formats::layer::FRAME;
use formats::manifest::paths;
use formats::time::Timestamp;
use formats::units::ByteOffset;
use formats::vhd::{Chain, Disk, Layer, Plan, SizeRule, Vhd};
use uuid::Uuid;

use crate::fake::{Copying, Memory, Recipe, Stack, mix};

const MIB: u64 = 1 << 20;

fn recipe(seed: u64, size: u64, block_size: u32, missing: u64) -> Recipe {
    Recipe { seed, size, block_size, missing }
}

/// Chains of every shape, made once.
static STACKS: LazyLock<Vec<(&str, Stack)>> =
    LazyLock::new(|| recipes().into_iter().map(|(name, recipes)| (name, Stack::of(&recipes))).collect());

/// One layer, many, blocks of all sizes, disks that grow and shrink.
fn recipes() -> Vec<(&'static str, Vec<Recipe>)> {
    let (two, half, large) = (2 << 20, 512 << 10, 16 << 20);
    vec![
        ("a fixed disk", vec![recipe(1, 9 * MIB + 512, two, 0)]),
        ("a dynamic disk", vec![recipe(2, 21 * MIB + 512, two, 4)]),
        (
            "two differences",
            vec![recipe(3, 20 * MIB, two, 4), recipe(4, 20 * MIB, two, 2), recipe(5, 20 * MIB, two, 3)],
        ),
        ("on a fixed disk", vec![recipe(6, 16 * MIB, two, 0), recipe(7, 16 * MIB, two, 2)]),
        (
            "mixed blocks",
            vec![recipe(8, 20 * MIB, half, 4), recipe(9, 20 * MIB, two, 5), recipe(10, 20 * MIB, half, 2)],
        ),
        ("torn bitmaps", vec![recipe(11, 50 * MIB, large, 9), recipe(12, 50 * MIB, large, 9)]),
        ("grown", vec![recipe(13, 10 * MIB, two, 4), recipe(14, 17 * MIB, two, 2)]),
        (
            "shrunk and grown",
            vec![
                recipe(15, 20 * MIB, two, 9),
                recipe(16, 9 * MIB + 1024, two, 2),
                recipe(17, 18 * MIB, two, 3),
            ],
        ),
    ]
}

fn open<'m>(medium: &'m deploy::Medium, stack: &Stack) -> Result<Version<'m>, DeployError> {
    Version::open(&Set::new(medium, stack.manifest()), ("disk", None), &Copying::default())
}

#[test]
fn every_chain_becomes_its_disk_on_new_and_on_used_targets() {
    for (name, stack) in &*STACKS {
        let medium = stack.medium();
        let version = open(&medium, stack).unwrap();
        assert_eq!(version.disk_size().0, stack.disk.len() as u64);
        for target in [Memory::new(stack.disk.len()), Memory::used(stack.disk.len())] {
            let tools = Tools { decoder: &Copying::default(), target: &target };
            Flatten::new(&version).run_all(tools).unwrap();
            assert!(target.bytes() == stack.disk, "{name}");
        }
    }
}

#[test]
fn the_library_that_reads_chains_agrees() {
    for (name, stack) in &*STACKS {
        let vhds = (0..stack.chain.len()).map(|index| stack.vhd(index));
        let layers = vhds.map(|vhd| Layer::vhd(Vhd::open(vhd, SizeRule::Current).unwrap()));
        let chain = Chain::new(layers.collect()).unwrap();
        let read = formats::io::read_vec(&chain, ByteOffset(0), stack.disk.len()).unwrap();
        assert!(read == stack.disk, "{name}");
    }
}

#[test]
fn frames_are_independent_jobs_and_each_is_decoded_once() {
    let (_, stack) = &STACKS[2];
    let medium = stack.medium();
    let version = open(&medium, stack).unwrap();
    let target = Memory::used(stack.disk.len());
    let decoder = Copying::default();
    let tools = Tools { decoder: &decoder, target: &target };
    let mut flatten = Flatten::new(&version);
    while !flatten.is_done() {
        let mut jobs: Vec<_> = flatten.jobs().collect();
        jobs.reverse();
        let learned = Mutex::new(Vec::<Learned>::new());
        std::thread::scope(|scope| {
            for half in jobs.chunks(jobs.len().div_ceil(2).max(1)) {
                let (flatten, learned) = (&flatten, &learned);
                scope.spawn(move || {
                    let mut scratch = Scratch::default();
                    for job in half {
                        let found = flatten.run(*job, tools, &mut scratch).unwrap();
                        learned.lock().unwrap().push(found);
                    }
                });
            }
        });
        flatten.settle(learned.into_inner().unwrap(), tools).unwrap();
    }
    assert!(target.bytes() == stack.disk);
    assert!(decoder.0.lock().unwrap().values().all(|count| *count == 1));
}

#[test]
fn frames_that_layers_above_hide_are_not_read() {
    // The leaf is whole: every block, every sector.
    let mut recipes = vec![recipe(20, 12 * MIB, 2 << 20, 1 << 60), recipe(21, 12 * MIB, 2 << 20, 1 << 60)];
    recipes[1].seed = (21..).find(|seed| whole(*seed)).unwrap();
    let stack = Stack::of(&recipes);
    let medium = stack.medium();
    let version = open(&medium, &stack).unwrap();
    let target = Memory::used(stack.disk.len());
    let tools = Tools { decoder: &Copying::default(), target: &target };
    let mut flatten = Flatten::new(&version);
    let learned: Vec<_> =
        flatten.jobs().map(|job| flatten.run(job, tools, &mut Scratch::default()).unwrap()).collect();
    flatten.settle(learned, tools).unwrap();
    assert_eq!(flatten.jobs().count(), 0);
    flatten.settle([], tools).unwrap();
    assert!(flatten.is_done() && target.bytes() == stack.disk);
}

/// Whether a layer of six blocks made from this seed has all its sectors.
fn whole(seed: u64) -> bool {
    (0..6u64).all(|block| mix(seed.wrapping_mul(31) + block).is_multiple_of(4))
}

#[test]
fn the_disk_can_become_a_dynamic_vhd() {
    for (name, stack) in &*STACKS {
        let medium = stack.medium();
        let version = open(&medium, stack).unwrap();
        let disk = Disk::new(version.disk_size(), Uuid::from_u128(7), Timestamp::EARLIEST);
        let file = Memory::new(stack.disk.len() + (4 << 20));
        let plan = Plan::new(&disk, version.blocks(disk.block_size)).unwrap();
        let len = plan.file_len().0 as usize;
        let target = VhdTarget::new(&file, plan);
        Flatten::new(&version).run_all(Tools { decoder: &Copying::default(), target: &target }).unwrap();
        target.finish().unwrap();
        let mut bytes = file.bytes();
        bytes.truncate(len);
        let vhd = Vhd::open(bytes, SizeRule::Current).unwrap();
        assert!(vhd.warnings().is_empty(), "{:?}", vhd.warnings());
        let chain = Chain::new(vec![Layer::vhd(vhd)]).unwrap();
        let read = formats::io::read_vec(&chain, ByteOffset(0), stack.disk.len()).unwrap();
        assert!(read == stack.disk, "{name}");
    }
}

#[test]
fn a_damaged_frame_is_named_and_nothing_of_it_is_written() {
    let mut stack = Stack::of(&recipes()[0].1);
    let layer = stack.chain[0];
    let manifest = stack.manifest();
    stack.shelf.0.get_mut(&paths::layer_disk(layer)).unwrap()[FRAME + 100] ^= 1;
    let medium = stack.medium();
    let set = Set::new(&medium, manifest);
    let version = Version::open(&set, ("disk", Some("1")), &Copying::default()).unwrap();
    let target = Memory::used(stack.disk.len());
    let error =
        Flatten::new(&version).run_all(Tools { decoder: &Copying::default(), target: &target }).unwrap_err();
    let DeployError::Frame(damage) = &error else { panic!("{error}") };
    assert_eq!((damage.layer, damage.frame, damage.offset), (layer, 1, ByteOffset(FRAME as u64)));
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let after = &target.bytes()[FRAME..];
    assert!(after.iter().all(|byte| *byte == 0x55), "jobs after the damaged one were not begun");
}

#[test]
fn hostile_disks_inside_sound_layers_never_panic() {
    let sound = Stack::of(&[recipe(30, MIB, 64 << 10, 3), recipe(31, MIB, 64 << 10, 3)]);
    let vhd = sound.vhd(1);
    // The copy of the footer, the header and the table, and the footer at the end.
    let places: Vec<usize> = (0..4096).chain(vhd.len() - 512..vhd.len()).collect();
    for round in 0..300u64 {
        let mut vhd = vhd.clone();
        for change in 0..=mix(round) % 3 {
            let word = mix(round * 7 + change);
            vhd[places[word as usize % places.len()]] = (word >> 40) as u8;
        }
        let mut stack = sound.clone();
        stack.replace(1, &vhd);
        let medium = stack.medium();
        let Ok(version) = open(&medium, &stack) else { continue };
        let target = Memory::new(4 << 20);
        let _ = Flatten::new(&version).run_all(Tools { decoder: &Copying::default(), target: &target });
    }
}

#[test]
fn what_is_missing_is_said() {
    let (_, stack) = &STACKS[2];
    let medium = stack.medium();
    let manifest = stack.manifest();
    let refused = |name: (&str, Option<&str>), manifest: &formats::manifest::Manifest| {
        Version::open(&Set::new(&medium, manifest.clone()), name, &Copying::default()).err().unwrap()
    };
    let error = refused(("disk", Some("9")), &manifest);
    assert_eq!(error.to_string(), "the medium has no disk@9; it has disk@1");
    let mut short = manifest.clone();
    short.images[0].chain.remove(0);
    assert!(matches!(refused(("disk", None), &short), DeployError::Chain { .. }));
    let mut other = manifest.clone();
    other.images[0].chain.swap(1, 2);
    assert_eq!(refused(("disk", None), &other).kind(), ErrorKind::Chain);
    let mut gone = stack.shelf.clone();
    gone.0.remove(&paths::layer_frames(stack.chain[1]));
    let medium = deploy::Medium::mounted(Box::new(gone));
    let set = Set::new(&medium, manifest);
    let error = Version::open(&set, ("disk", None), &Copying::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Chain);
}
