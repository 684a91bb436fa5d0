//! Damaged and malicious ISO 9660 volumes can be printed: no panic, no endless work, no text out of proportion.

use formats::iso::dump::dump;
use seedpress_tests::content::Sample;
use seedpress_tests::damage::Changed;
use seedpress_tests::iso::{METADATA, lay_out};
use seedpress_tests::paper::bytes_of;

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
