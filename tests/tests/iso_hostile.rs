//! Damaged and malicious ISO 9660 volumes can be printed: no panic, no endless work, no text out of proportion.

use formats::iso::dump::dump;
use seedpress_tests::content::Sample;
use seedpress_tests::damage::Changed;
use seedpress_tests::iso::{METADATA, lay_out};
use seedpress_tests::paper::bytes_of;

/// How long a sector is, in bytes.
const SECTOR: usize = 2048;

/// A directory with a file, and names that go on in continuation areas.
fn sample() -> Sample {
    let mut sample = Sample::new();
    sample.file(&format!("{}/b", "long".repeat(50)), b"b");
    sample
}

#[test]
fn a_volume_may_end_anywhere() {
    let volume = bytes_of(&lay_out(&sample().tree));
    (0..volume.len()).step_by(997).for_each(|len| drop(dump(&volume[..len].to_vec())));
}

#[test]
fn any_byte_of_the_structures_may_be_wrong() {
    let volume = bytes_of(&lay_out(&sample().tree));
    let whole = dump(&volume).unwrap().len();
    let end = (METADATA as usize + 14) * 2048;
    for at in (16 * 2048..end).filter(|at| at % 2048 < 300) {
        for mask in [0x01, 0x80, 0xFF] {
            let text = dump(&Changed::flipped(&volume, at as u64, mask)).unwrap();
            assert!(text.len() < 20 * whole + volume.len(), "byte {at}: {} bytes", text.len());
        }
    }
}

#[test]
fn an_area_that_continues_every_record_is_not_printed_for_each() {
    let mut sample = Sample::new();
    (0..1000).for_each(|number| sample.file(&format!("{number:03}{}", "long".repeat(50)), b""));
    sample.file("area", &[0xEE; SECTOR]);
    let mut volume = bytes_of(&lay_out(&sample.tree));
    let area = volume.chunks(SECTOR).position(|sector| sector == [0xEE; SECTOR]).unwrap() as u32;
    let both = |number: u32| [number.to_le_bytes(), number.to_be_bytes()].concat();
    let link = [b"CE\x1C\x01".to_vec(), both(area), both(0), both(SECTOR as u32)].concat();
    let full = [&link[..], &b"XX\x04\x01".repeat((SECTOR - link.len()) / 4)].concat();
    volume[area as usize * SECTOR..][..SECTOR].copy_from_slice(&full);
    let ends: Vec<_> =
        (0..volume.len() - link.len()).filter(|at| volume[*at..].starts_with(&link[..4])).collect();
    assert!(ends.len() >= 1000, "{}", ends.len());
    ends.into_iter().for_each(|at| volume[at..at + link.len()].copy_from_slice(&link));
    let text = dump(&volume).unwrap();
    assert!(text.len() < 16 * volume.len(), "{} bytes of {}", text.len(), volume.len());
}
