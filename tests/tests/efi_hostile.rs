//! Programs that were made to harm who looks at them: whatever their bytes, they are read or refused.

use boot::inspect::Program;
use formats::pe::Pe;
use formats::pe::raw::{CHECK_SUM, CoffHeader};
use proptest::prelude::*;
use seedpress_tests::damage::runner;
use seedpress_tests::fleet::{GRUB, SHIM, UNSIGNED, program};

/// Looks at everything that there is to see of a program.
fn look(bytes: &[u8]) -> Option<Program> {
    let pe = Pe::parse(bytes).ok()?;
    let _ = pe
        .ready(true)
        .is_ok_and(|ready| Pe::parse(&ready).is_ok_and(|pe| pe.with_signature(&[7; 99]).is_ok()));
    Some(Program::of(&pe, &[]))
}

/// Small programs: all headers and signatures, and little between them, so that many can be looked at.
fn samples() -> Vec<Vec<u8>> {
    vec![program(UNSIGNED), shortened(&program(SHIM)), shortened(&program(GRUB))]
}

/// A program with the contents of its sections cut out of the middle: headers and certificate table only.
fn shortened(bytes: &[u8]) -> Vec<u8> {
    let pe = Pe::parse(bytes).unwrap();
    let mut short = bytes[..pe.headers].to_vec();
    // The number of sections, two bytes into the COFF header, which the optional header follows.
    let sections = pe.check_sum - CHECK_SUM - size_of::<CoffHeader>() + 2;
    short[sections..sections + 2].fill(0);
    short.resize(short.len().next_multiple_of(8), 0);
    let at = pe.directory.unwrap();
    let start = u32::try_from(short.len()).unwrap();
    short[at..at + 4].copy_from_slice(&start.to_le_bytes());
    short.extend_from_slice(&bytes[pe.table.clone()]);
    short
}

#[test]
fn a_shortened_program_still_has_its_signatures() {
    let signers = |bytes: &[u8]| look(bytes).unwrap().signatures.len();
    assert_eq!(samples().iter().map(|sample| signers(sample)).collect::<Vec<_>>(), [0, 2, 1]);
}

#[test]
fn thousands_of_changed_programs_are_read_or_refused() {
    for sample in samples() {
        let len = sample.len();
        // Most changes are where the structures are: in the headers, and in the table at the end.
        let place = prop_oneof![0..len.min(1024), len.saturating_sub(4096)..len, 0..len];
        let change = (place, prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x80)]);
        let changes = prop::collection::vec(change, 1..6);
        runner(2000)
            .run(&changes, |changes| {
                let mut bytes = sample.clone();
                for (at, byte) in changes {
                    bytes[at] = byte;
                }
                look(&bytes);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn programs_that_were_cut_short_are_read_or_refused() {
    for sample in samples() {
        for len in (0..sample.len()).step_by(if sample.len() > 20_000 { 97 } else { 7 }) {
            look(&sample[..len]);
        }
    }
}

#[test]
fn a_change_anywhere_that_is_signed_is_noticed() {
    let bytes = program(SHIM);
    let pe = Pe::parse(&bytes).unwrap();
    assert_eq!(look(&bytes).unwrap().intact().count(), 2);
    let places =
        [0x80, pe.headers - 1, pe.sections[0].range.start, pe.sections[0].range.end - 1, pe.table.start - 1];
    for at in places {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        // What is damaged so that it is no program is not started either.
        let intact = look(&changed).map_or(0, |program| program.intact().count());
        assert_eq!(intact, 0, "{at:#x}");
    }
}
