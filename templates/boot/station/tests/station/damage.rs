//! Media that are damaged, or not what they should be, and disks that fail: nothing of it may start a machine.

use formats::manifest::{Manifest, Volume, paths};
use station::End;

use crate::fake::{Drive, Fake};
use crate::shop::{MIB, Shop, Wish, golden, public, time};

const ANSWERS: &str = "format = 1\nimage = \"Golden@1\"\nend = \"reboot\"\nrefused = \"power-off\"\n[target]\nonly-disk = true\n";

/// An image of which everything can be damaged: signed, with answers.
fn medium(shop: &Shop) -> Vec<u8> {
    shop.press(&Wish { signed: true, answers: Some(ANSWERS), ..Wish::default() })
}

fn machine(medium: Vec<u8>, target: Drive) -> Fake {
    let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
    Fake::new(vec![stick, target]).with_key(public())
}

fn target() -> Drive {
    Drive::new("sata0", vec![0x77; 9 * MIB])
}

/// The manifest on a medium.
fn manifest(medium: &[u8]) -> Manifest {
    let opened = deploy::Medium::open(std::sync::Arc::new(medium.to_vec())).unwrap();
    deploy::load(&opened, &deploy::Trust::default()).unwrap().manifest
}

/// Where a file of the seed volume starts on the medium.
pub fn place(medium: &[u8], path: &str) -> usize {
    let opened = deploy::Medium::open(std::sync::Arc::new(medium.to_vec())).unwrap();
    let start = opened.start(Volume::Seed).unwrap().0;
    let extents = opened.seed().extents(path).unwrap().unwrap();
    (start + extents[0].on_volume.unwrap().0) as usize
}

/// The last line, and the machine it was said on.
fn refused(mut machine: Fake) -> (String, Fake) {
    let lines = machine.run();
    let last = lines.last().unwrap().clone();
    let why = last.strip_prefix("seedpress: refused: ").unwrap_or_else(|| panic!("{}", lines.join("\n")));
    (why.into(), machine)
}

#[test]
fn a_damaged_frame_stops_it_by_name_before_anything_could_start() {
    let shop = Shop::of(&golden(14));
    let medium = medium(&shop);
    let manifest = manifest(&medium);
    let layer = manifest.image("Golden", Some("1")).unwrap().chain[0];
    let path = paths::layer_disk(layer);
    let start = place(&medium, &path);
    let len = manifest.file(Volume::Seed, &path).unwrap().len.0 as usize;
    // The first frame is met when the version is opened; one in the middle when the first was written.
    for (frame, at, first) in [(0, 100, 0x77), (1, len / 2, 0)] {
        let mut damaged = medium.clone();
        damaged[start + at] ^= 1;
        let drive = Drive::new("sata0", vec![0x77; 17 * MIB]);
        let (why, machine) = refused(machine(damaged, drive));
        assert!(why.starts_with(&format!("frame {frame} of layer {layer}, at 0x")), "{why}");
        assert_eq!(
            why.ends_with(
                "; sata0: what was on it is lost; its first MiB is zeros, so that it does not boot"
            ),
            frame != 0,
            "{why}"
        );
        let drive = machine.drive("sata0");
        assert_eq!(drive.writes().is_empty(), frame == 0);
        assert!(drive.bytes()[..MIB].iter().all(|byte| *byte == first), "its first MiB is {first:#x}: {why}");
        assert_eq!(machine.ended, Some(End::PowerOff));
    }
}

#[test]
fn a_changed_manifest_or_signature_is_refused_before_any_disk_is_looked_at() {
    let shop = Shop::new();
    let medium = medium(&shop);
    for (path, expected) in [
        (paths::MANIFEST, "the medium on usb0 is not trusted: "),
        (paths::SIGNATURE, "the medium on usb0 is not trusted: "),
    ] {
        let start = place(&medium, path);
        for at in [150, 250] {
            let mut damaged = medium.clone();
            damaged[start + at] ^= 1;
            let id = manifest(&medium).medium;
            let (why, machine) = refused(machine(damaged, target()).of_medium(id));
            assert!(why.starts_with(expected), "{path}: {why}");
            assert!(machine.drive("sata0").writes().is_empty());
        }
    }
}

#[test]
fn media_that_nobody_signed_or_somebody_else_did_or_that_are_too_old_are_refused() {
    let shop = Shop::new();
    let unsigned = shop.press(&Wish { answers: Some(ANSWERS), ..Wish::default() });
    let (why, _) = refused(machine(unsigned, target()));
    assert!(why.contains("usb0 is not trusted: the medium is not signed"), "{why}");
    let mut other = machine(medium(&shop), target());
    other.start.keys[0].id.0[0] ^= 1;
    let (why, _) = refused(other);
    assert!(why.contains("usb0 is not trusted"), "{why}");
    let mut later = formats::time::Timestamp::from_unix(time().unix() + 10).unwrap();
    let wish = Wish { signed: true, answers: Some(ANSWERS), expires: Some(later), ..Wish::default() };
    let expiring = shop.press(&wish);
    let mut fresh = machine(expiring.clone(), target());
    fresh.now = Some(time());
    assert!(fresh.run().last().unwrap().starts_with("seedpress: deployed"));
    later = formats::time::Timestamp::from_unix(time().unix() + 11).unwrap();
    let mut old = machine(expiring, target());
    old.now = Some(later);
    let (why, _) = refused(old);
    assert!(why.contains("the medium expired at"), "{why}");
}

#[test]
fn answers_that_were_changed_after_pressing_are_refused() {
    let shop = Shop::new();
    let mut medium = medium(&shop);
    let found = medium.windows(10).position(|bytes| bytes == b"only-disk ").unwrap();
    medium[found - 9..found].copy_from_slice(b"[target]\t");
    let (why, machine) = refused(machine(medium, target()));
    assert!(why.starts_with("the answer file is not the one in the medium's manifest"), "{why}");
    assert!(machine.drive("sata0").writes().is_empty());
}

#[test]
fn a_disk_that_fails_while_it_is_written_is_named_and_does_not_start() {
    let shop = Shop::new();
    let medium = medium(&shop);
    for (stays_broken, left) in [
        (false, "what was on it is lost; its first MiB is zeros, so that it does not boot"),
        (true, "its state is unknown, for its ends could not be made zeros either"),
    ] {
        let drive = Drive { breaks_at: Some(3 * MIB as u64 + 5), stays_broken, ..target() };
        let (why, machine) = refused(machine(medium.clone(), drive));
        assert!(why.starts_with("sata0 cannot be written: cannot write at 0x"), "{why}");
        assert!(why.contains(": medium error; ") && why.contains(left), "{why}");
        assert!(machine.drive("sata0").bytes()[..MIB].iter().all(|byte| *byte == 0));
        assert_eq!(machine.ended, Some(End::PowerOff));
    }
}

#[test]
fn a_disk_that_fails_at_its_first_sector_is_left_as_it_is() {
    let shop = Shop::new();
    let drive = Drive { breaks_at: Some(0), stays_broken: true, ..target() };
    let (why, machine) = refused(machine(medium(&shop), drive));
    assert!(why.starts_with("sata0 cannot be written: cannot write at 0x0: medium error"), "{why}");
    assert!(machine.drive("sata0").bytes().iter().all(|byte| *byte == 0x77));
}

#[test]
fn a_disk_that_gives_other_bytes_back_is_caught_wherever_it_lies() {
    let shop = Shop::new();
    let medium = medium(&shop);
    let (wiped, unknown) = ("so that it does not boot", "its state is unknown");
    // The head, the middle, what is partly zeros, and the tail: the ends are written a first time as zeros.
    for (at, good_for, left) in
        [(700, 1, unknown), (2 * MIB + 77, 0, wiped), (3 * MIB / 2 + 9, 0, wiped), (6 * MIB - 3, 1, unknown)]
    {
        let drive = Drive { lies_at: Some(at as u64), good_for, ..target() };
        let (why, machine) = refused(machine(medium.clone(), drive));
        let expected = format!("sata0 does not hold what was written, in the MiB at {:#x}; ", at / MIB * MIB);
        assert!(why.starts_with(&expected) && why.contains(left), "{why}");
        assert!(machine.drive("sata0").bytes()[..MIB].iter().all(|byte| *byte == 0), "{at:#x}");
    }
}

#[test]
fn a_disk_that_keeps_nothing_is_refused_before_the_body_and_its_state_is_not_known() {
    let shop = Shop::new();
    let medium = medium(&shop);
    for drive in [Drive { swallows: true, ..target() }, Drive { lies_at: Some(MIB as u64 - 1), ..target() }] {
        let (why, machine) = refused(machine(medium.clone(), drive));
        let expected =
            "sata0 cannot be written: cannot write at 0x0: the disk does not keep what is written to it; ";
        assert!(why.starts_with(expected) && why.contains("its state is unknown"), "{why}");
        let is_end = |at: u64| at < MIB as u64 || at >= 5 * MIB as u64;
        assert!(machine.drive("sata0").writes().iter().all(|(at, _)| is_end(*at)), "no body");
    }
}

#[test]
fn a_disk_that_fails_at_its_very_last_write_keeps_no_partition_table() {
    let shop = Shop::new();
    let medium = medium(&shop);
    for drive in [
        Drive { breaks_at: Some(0), good_for: 1, ..target() },
        Drive { lies_at: Some(513), good_for: 1, ..target() },
    ] {
        let (why, machine) = refused(machine(medium.clone(), drive));
        assert!(why.contains("its state is unknown"), "{why}");
        let drive = machine.drive("sata0");
        let tail = |at: &u64| (5 * MIB as u64..6 * MIB as u64).contains(at);
        assert_eq!(drive.writes().iter().filter(|(at, _)| tail(at)).count(), 3, "zeros, the image, zeros");
        assert!(drive.bytes()[5 * MIB..6 * MIB].iter().all(|byte| *byte == 0), "the image's second table");
    }
}

#[test]
fn answers_that_were_signed_and_are_gone_are_refused() {
    let shop = Shop::new();
    let mut medium = medium(&shop);
    // Its name in its folder, of which there is one: FAT's mark of a file that was deleted.
    let found: Vec<_> = medium
        .windows(11)
        .enumerate()
        .filter(|(_, name)| *name == b"DEPLOY~1TOM")
        .map(|(at, _)| at)
        .collect();
    assert_eq!(found.len(), 1);
    medium[found[0]] = 0xe5;
    let (why, machine) = refused(machine(medium, target()));
    assert!(
        why.starts_with("the answer file is not there, and it is listed in the medium's manifest"),
        "{why}"
    );
    assert!(machine.drive("sata0").writes().is_empty());
}

#[test]
fn a_damaged_image_does_not_keep_people_from_the_others() {
    let shop = Shop::new();
    let mut medium = shop.press(&Wish::default());
    let manifest = manifest(&medium);
    let newest = manifest.image("Golden", Some("2")).unwrap();
    let layer =
        newest.chain.iter().find(|layer| !manifest.image("Golden", Some("1")).unwrap().chain.contains(layer));
    let at = place(&medium, &paths::layer_disk(*layer.unwrap()));
    medium[at + 100] ^= 1;
    let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
    let mut machine = Fake::new(vec![stick, target()]).typing("2\n1\nsata0\n\np");
    let lines = machine.run();
    let why = format!("seedpress: frame 0 of layer {}, at 0x", layer.unwrap());
    assert!(lines.iter().any(|line| line.starts_with(&why)), "{}", lines.join("\n"));
    assert!(lines.last().unwrap().starts_with("seedpress: deployed Golden@1 to sata0 "));
}
