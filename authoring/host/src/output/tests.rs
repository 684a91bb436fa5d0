//! What outputs promise.

use super::*;

#[test]
fn a_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let (output, leftover) = Output::begin(&target, 8192, false).unwrap();
    assert_eq!(leftover, None);
    output.write_at(4096, &[7; 10]).unwrap();
    assert!(!target.exists());
    drop(output);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let (output, _) = Output::begin(&target, 8192, false).unwrap();
    output.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), vec![0; 8192]);
}

#[test]
fn a_file_that_came_meanwhile_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let (output, _) = Output::begin(&target, 1, false).unwrap();
    fs::write(&target, "new").unwrap();
    assert!(matches!(output.commit(), Err(HostError::Exists { .. })));
    assert_eq!(
        (fs::read(&target).unwrap(), fs::read_dir(folder.path()).unwrap().count()),
        (b"new".into(), 1)
    );
}

#[test]
fn what_is_there_stays_unless_forced_and_two_do_not_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    fs::write(&target, "old").unwrap();
    assert!(matches!(Output::begin(&target, 1, false), Err(HostError::Exists { .. })));
    let (output, _) = Output::begin(&target, 1, true).unwrap();
    assert!(matches!(Output::begin(&target, 1, true), Err(HostError::Busy { .. })));
    drop(output);
    assert_eq!(fs::read(&target).unwrap(), b"old");
}

#[test]
fn bytes_anywhere_go_past_the_cache_and_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let bytes: Vec<u8> = (0..3_000_000u32).map(|at| (at / 3) as u8).collect();
    let (output, _) = Output::begin(&target, 4_000_000, false).unwrap();
    for (offset, range) in
        [(512, 0..1_500_000), (1_500_512, 1_500_000..1_500_100), (1_500_612, 1_500_100..3_000_000)]
    {
        output.write_past_cache(offset, &bytes[range]).unwrap();
    }
    output.commit().unwrap();
    let found = fs::read(&target).unwrap();
    assert!(found[512..3_000_512] == bytes && found[3_000_512..].iter().all(|byte| *byte == 0));
}

#[test]
fn of_writes_over_each_other_the_last_counts() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let mut expected = vec![0; 1_000_000];
    let (output, _) = Output::begin(&target, expected.len() as u64, false).unwrap();
    let mut state = 1u64;
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for number in 0..600 {
        let len = 1 + draw(if number % 3 == 0 { 200_000 } else { 9000 });
        let offset = draw(expected.len() - len);
        expected[offset..offset + len].fill(number as u8);
        output.write_past_cache(offset as u64, &expected[offset..offset + len]).unwrap();
    }
    output.commit().unwrap();
    assert!(fs::read(&target).unwrap() == expected);
}

#[test]
fn leftovers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    fs::write(folder.path().join("~out.partial"), "half").unwrap();
    let (_, leftover) = Output::begin(&target, 1, false).unwrap();
    assert_eq!(leftover.map(|l| l.len), Some(4));
}
