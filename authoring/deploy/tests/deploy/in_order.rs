//! Frames that are placed in their order: the same disk, and no sector is written twice.

use std::sync::Mutex;

use deploy::{Flatten, Set, Target, TargetError, Version};
use formats::units::{ByteLen, ByteOffset};

use crate::fake::{Copying, Recipe, Stack, mix};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// A disk that refuses to have a sector written twice.
struct Once {
    bytes: Mutex<Vec<u8>>,
    written: Mutex<Vec<bool>>,
}

impl Once {
    fn new(len: usize) -> Self {
        Self { bytes: Mutex::new(vec![0x55; len]), written: Mutex::new(vec![false; len / 512]) }
    }

    fn note(&self, at: usize, len: usize) {
        assert!(at.is_multiple_of(512) && len.is_multiple_of(512));
        for (sector, written) in
            self.written.lock().unwrap()[at / 512..(at + len) / 512].iter_mut().enumerate()
        {
            assert!(!*written, "sector {} is written twice", at / 512 + sector);
            *written = true;
        }
    }
}

impl Target for Once {
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        let at = offset.0 as usize;
        self.note(at, bytes.len());
        self.bytes.lock().unwrap()[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn zero_at(&self, offset: ByteOffset, len: ByteLen) -> Result<(), TargetError> {
        let (at, len) = (offset.0 as usize, len.0 as usize);
        self.note(at, len);
        self.bytes.lock().unwrap()[at..at + len].fill(0);
        Ok(())
    }
}

/// A chain of up to four layers of any shape; in one of eight, bitmaps are long enough to lie in two frames.
fn recipes(round: u64) -> Vec<Recipe> {
    let mut state = round;
    let mut draw = move |below: u64| {
        state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
        state % below
    };
    let large = draw(8) == 0;
    (0..=draw(4))
        .map(|layer| {
            let (size, block_size) = match large {
                true => (20 * MIB + draw(4 * MIB) / 512 * 512, 16 << 20),
                false => (2 * MIB + draw(7 * MIB) / 512 * 512, ((64 * KIB) << draw(6)) as u32),
            };
            let missing = if layer == 0 && draw(3) == 0 { 0 } else { 2 + draw(6) };
            Recipe { seed: 1 + round * 100 + layer, size, block_size, missing }
        })
        .collect()
}

#[test]
fn three_hundred_chains_become_their_disks_with_every_sector_written_once() {
    for round in 0..300 {
        let stack = Stack::of(&recipes(round));
        let medium = stack.medium();
        let decoder = Copying::default();
        let version = Version::open(&Set::new(&medium, stack.manifest()), ("disk", None), &decoder).unwrap();
        let target = Once::new(stack.disk.len());
        let mut flatten = Flatten::new(&version);
        while !flatten.is_done() {
            let mut layer = flatten.in_order(&decoder);
            let mut bytes = Vec::new();
            for job in flatten.jobs() {
                flatten.fetch(job, &decoder, &mut bytes).unwrap();
                layer.place(job, &bytes, &target).unwrap();
            }
            let placed = layer.finish();
            flatten.pass_on(&placed, &target).unwrap();
        }
        assert!(target.written.lock().unwrap().iter().all(|written| *written), "round {round}");
        assert!(target.bytes.into_inner().unwrap() == stack.disk, "round {round}");
    }
}

#[test]
fn the_start_of_a_disk_is_had_from_the_frames_that_hold_it() {
    for round in 0..60 {
        let stack = Stack::of(&recipes(round));
        let medium = stack.medium();
        let decoder = Copying::default();
        let version = Version::open(&Set::new(&medium, stack.manifest()), ("disk", None), &decoder).unwrap();
        decoder.0.lock().unwrap().clear();
        assert!(version.start(8192, &decoder).unwrap() == stack.disk[..8192], "round {round}");
        assert!(version.start(64 << 20, &decoder).unwrap() == stack.disk, "round {round}");
    }
    let recipe = Recipe { seed: 7, size: 24 * MIB, block_size: 2 << 20, missing: 9 };
    let stack = Stack::of(&[recipe]);
    let medium = stack.medium();
    let decoder = Copying::default();
    let version = Version::open(&Set::new(&medium, stack.manifest()), ("disk", None), &decoder).unwrap();
    decoder.0.lock().unwrap().clear();
    version.start(8192, &decoder).unwrap();
    assert_eq!(decoder.0.lock().unwrap().len(), 1, "frames that hold nothing of it are not read");
}
