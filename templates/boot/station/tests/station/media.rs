//! Which medium is used, and the others of its set.

use formats::units::ByteLen;
use uuid::Uuid;

use crate::fake::{Drive, Fake};
use crate::shop::{MIB, Shop, Wish};
use press::template::Kind;

const ANSWERS: &str = "format = 1\nimage = \"Golden@2\"\nend = \"reboot\"\n[target]\nserial = \"SN-sata0\"\n";

fn target() -> Drive {
    Drive::new("sata0", vec![0x77; 9 * MIB])
}

fn id(medium: &[u8]) -> Uuid {
    let opened = deploy::Medium::open(std::sync::Arc::new(medium.to_vec())).unwrap();
    deploy::load(&opened, &deploy::Trust::default()).unwrap().manifest.medium
}

fn last(machine: &mut Fake) -> String {
    machine.run().pop().unwrap()
}

#[test]
fn a_disc_is_deployed_like_a_stick() {
    let shop = Shop::new();
    let disc = shop.press(&Wish { kind: Kind::Disc, answers: Some(ANSWERS), ..Wish::default() });
    let drive = Drive::new("sr0", disc).with(|about| {
        about.read_only = true;
        about.sector_size = 2048;
    });
    let mut machine = Fake::new(vec![target(), drive]);
    assert!(
        last(&mut machine)
            .starts_with(&format!("seedpress: deployed Golden@2 to sata0 sha256={}", shop.sha256(2)))
    );
}

#[test]
fn the_medium_is_found_by_its_identity_among_others_and_a_copy_is_no_target() {
    let shop = Shop::new();
    let wanted = shop.press(&Wish { answers: Some(ANSWERS), ..Wish::default() });
    let other = shop.press(&Wish { size: Some(ByteLen(120 << 20)), ..Wish::default() });
    assert_ne!(id(&wanted), id(&other));
    let drives = vec![
        Drive::new("usb0", other.clone()),
        Drive::new("usb1", wanted.clone()),
        target(),
        Drive::new("usb2", wanted.clone()),
    ];
    let mut machine = Fake::new(drives).of_medium(id(&wanted));
    let lines = machine.run();
    let said = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(said(&format!("medium {} \"SEED\" on usb1", id(&wanted))), "{}", lines.join("\n"));
    assert!(
        lines.iter().any(|line| line.contains("disk usb2,")
            && line.ends_with("not a target: it holds a medium of this set"))
    );
    assert!(lines.iter().any(|line| line.contains("disk usb0,")
        && line.contains("seed medium \"SEED\", not a target: it holds a seed medium")));
    assert!(lines.last().unwrap().starts_with("seedpress: deployed"));
    let drives = vec![
        Drive::new("usb0", wanted.clone()),
        Drive::new("usb1", wanted.clone()).with(|about| about.started_from = true),
        target(),
    ];
    let mut machine = Fake::new(drives).of_medium(id(&wanted));
    assert!(
        machine.run().iter().any(|line| line.ends_with("\"SEED\" on usb1")),
        "the one that was started from"
    );
}

#[test]
fn without_a_medium_or_with_too_many_nothing_is_done() {
    let shop = Shop::new();
    let one = shop.press(&Wish { answers: Some(ANSWERS), ..Wish::default() });
    let other = shop.press(&Wish { size: Some(ByteLen(120 << 20)), ..Wish::default() });
    let mut none = Fake::new(vec![target()]).of_medium(id(&one));
    let why = last(&mut none);
    assert_eq!(
        why,
        format!(
            "seedpress: refused: medium {} is not among the disks of this machine: there is no medium; nothing was written to any disk",
            id(&one)
        )
    );
    let mut wrong = Fake::new(vec![Drive::new("usb0", other.clone()), target()]).of_medium(id(&one));
    assert!(
        last(&mut wrong).contains(&format!("is not among the disks of this machine: {} on usb0", id(&other)))
    );
    let mut two = Fake::new(vec![Drive::new("usb0", other), Drive::new("usb1", one.clone()), target()]);
    assert!(last(&mut two).starts_with("seedpress: refused: several media are attached ("));
    let mut only = Fake::new(vec![Drive::new("usb1", one), target()]);
    assert!(last(&mut only).starts_with("seedpress: deployed Golden@2 to sata0"));
    for machine in [&none, &wrong, &two] {
        assert!(machine.drives.iter().all(|drive| drive.writes().is_empty()));
    }
}

#[test]
fn no_other_disk_has_the_medium_where_one_is_known_to_have_started_the_machine() {
    let shop = Shop::new();
    let medium = shop.press(&Wish { answers: Some(ANSWERS), ..Wish::default() });
    let other = shop.press(&Wish { size: Some(ByteLen(120 << 20)), ..Wish::default() });
    let mut damaged = medium.clone();
    damaged[..].fill(0);
    for (started, expected) in [
        (other.clone(), format!("medium {} is not among the disks of this machine: ", id(&medium))),
        (damaged, "the medium on usb0 cannot be used".into()),
    ] {
        let drives = vec![
            Drive::new("usb0", started).with(|about| about.started_from = true),
            Drive::new("usb1", medium.clone()),
            target(),
        ];
        let mut machine = Fake::new(drives).of_medium(id(&medium));
        let last = last(&mut machine);
        assert!(last.starts_with(&format!("seedpress: refused: {expected}")), "{last}");
        assert!(machine.drives.iter().all(|drive| drive.writes().is_empty()));
    }
}

#[test]
fn the_media_of_a_set_are_used_together_and_none_of_them_is_a_target() {
    let shop = Shop::of(&noise(24));
    let set =
        shop.press_set(&Wish { answers: Some(ANSWERS), size: Some(ByteLen(86 << 20)), ..Wish::default() });
    assert!(set.len() > 1, "{} media", set.len());
    let big = || Drive::new("sata0", vec![0x77; 25 * MIB]);
    let drive = |(number, medium): (usize, &Vec<u8>)| {
        Drive::new(&format!("usb{number}"), medium.clone()).with(|about| about.started_from = number == 0)
    };
    let mut whole = Fake::new(set.iter().enumerate().map(drive).chain([big()]).collect());
    let lines = whole.run();
    assert!(
        lines
            .last()
            .unwrap()
            .starts_with(&format!("seedpress: deployed Golden@2 to sata0 sha256={}", shop.sha256(2))),
        "{}",
        lines.join("\n")
    );
    assert!(
        lines.iter().any(|line| line.contains("disk usb1,")
            && line.ends_with("not a target: it holds a medium of this set"))
    );
    let mut part = Fake::new(set.iter().enumerate().take(1).map(drive).chain([big()]).collect());
    let lines = part.run();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("seedpress: medium 2 ")
                && line.ends_with("of the set is not attached"))
    );
    assert!(
        lines
            .last()
            .unwrap()
            .starts_with("seedpress: refused: Golden@2 needs media of the set that are not here: number 2"),
        "{}",
        lines.join("\n")
    );
    assert!(part.drive("sata0").writes().is_empty());
}

/// A disk that cannot be compressed.
fn noise(mib: usize) -> Vec<u8> {
    let mut word = 3u64;
    let mut next = || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (word >> 56) as u8
    };
    (0..mib * MIB).map(|_| next()).collect()
}
