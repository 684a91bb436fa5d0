//! Media of every shape are filled as they were laid out, whatever was there before.

use super::*;
use formats::region::{Content, Region};
use formats::units::{ByteLen, ByteOffset};
use host::{Ignore, Stop};

use crate::payload::{Payload, Pieces};
use formats::digest::Sha256;

/// Bytes that differ from their neighbours and from those a block away.
fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| (at.wrapping_mul(167) ^ (at >> 7) ^ seed) as u8 | 1).collect()
}

/// A payload in frames that end at `ends`.
fn payload(ends: &[u64], seed: usize) -> (Payload, Vec<u8>) {
    let bytes = pattern(ends[ends.len() - 1] as usize, seed);
    let mut start = 0;
    let digests = ends.iter().map(|end| {
        let digest = Sha256::of(&bytes[start..*end as usize]);
        start = *end as usize;
        digest
    });
    let pieces = Pieces::frames(ends.to_vec(), digests.collect());
    (Payload::new("p", Sha256::of(&bytes), pieces, std::sync::Arc::new(bytes.clone())), bytes)
}

fn part(source: u32, offset: u64, start: u64, len: u64) -> Region {
    let content = Content::Payload { source, offset: ByteOffset(offset) };
    Region { content, ..Region::zero("p", ByteOffset(start), ByteLen(len)) }
}

/// A medium with odd borders everywhere: a payload in two places, one behind another in the same block, structures
/// between them, an anchor; and what it must look like before it is sealed.
fn medium() -> (Regions, Vec<Payload>, Vec<u8>) {
    let (one, one_bytes) = payload(&[5000, 12_000, 12_001, 30_000], 1);
    let (two, two_bytes) = payload(&[7, 4097], 2);
    let made = pattern(70_001, 3);
    let parts =
        [(513, &one_bytes[..10_000]), (20_000, &one_bytes[10_000..]), (40_000, &two_bytes), (200_100, &made)];
    let regions = vec![
        Region::bytes("anchor", ByteOffset(0), pattern(513, 4)).anchor(),
        part(0, 0, 513, 10_000),
        part(0, 10_000, 20_000, 20_000),
        part(1, 0, 40_000, 4097),
        Region::bytes("made", ByteOffset(200_100), made.clone()),
        Region::bytes("late", ByteOffset(499_990), pattern(11, 5)).anchor(),
    ];
    let mut expected = vec![0; 500_001];
    for (start, bytes) in parts {
        expected[start..start + bytes.len()].copy_from_slice(bytes);
    }
    (Regions::cover(regions, ByteLen(500_001)).unwrap(), vec![one, two], expected)
}

/// What is on an output that was filled.
fn filled(target: u64, threads: usize, leave_out_zeros: bool) -> Vec<u8> {
    let (regions, payloads, expected) = medium();
    let folder = tempfile::tempdir().unwrap();
    let (output, _) = Output::begin(&folder.path().join("out"), expected.len() as u64, false).unwrap();
    if !leave_out_zeros {
        output.write_at(0, &vec![0xff; expected.len()]).unwrap();
    }
    let medium = Assembler { regions: &regions, payloads: &payloads };
    let crew = Crew::new(Some(threads), Stop::new()).unwrap();
    Filling { medium, output: &output, leave_out_zeros, target }.fill(&crew, &Ignore).unwrap();
    output.sync().unwrap();
    std::fs::read(output.path()).unwrap()
}

#[test]
fn media_are_filled_as_they_were_laid_out() {
    let (_, _, expected) = medium();
    for target in [4096, 5000, 8192, 50_000, LONG_RUN] {
        for threads in [1, 4] {
            assert!(filled(target, threads, true) == expected, "runs of {target}, {threads} threads");
        }
    }
}

#[test]
fn what_was_on_a_device_is_gone_even_where_the_medium_has_zeros() {
    let (_, _, expected) = medium();
    for target in [4096, LONG_RUN] {
        assert!(filled(target, 3, false) == expected, "runs of {target}");
    }
}

#[test]
fn a_region_that_is_longer_than_its_payload_is_an_error_and_not_an_endless_loop() {
    let (one, _) = payload(&[100], 1);
    let regions = Regions::cover(vec![part(0, 0, 0, 101)], ByteLen(4096)).unwrap();
    let medium = Assembler { regions: &regions, payloads: &[one] };
    let error = medium.assemble(&(0..4096), &mut [0; 4096], &mut Vec::new()).unwrap_err();
    assert!(matches!(error, FillError::Piece(PieceError::Unreadable { number: 1, .. })), "{error}");
}
