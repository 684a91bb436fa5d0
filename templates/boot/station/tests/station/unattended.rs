//! Media with answers.

use std::sync::Arc;

use formats::manifest::paths;

use crate::damage::place;
use crate::fake::{Drive, Fake};
use crate::shop::{MIB, Shop, Wish, time};
use station::{Bus, End};

const ONLY: &str = "format = 1\nimage = \"Golden@2\"\nend = \"reboot\"\n[target]\nonly-disk = true\n";

#[test]
fn answers_deploy_without_a_question_and_say_every_step() {
    let shop = Shop::new();
    let medium = shop.press(&Wish { answers: Some(ONLY), ..Wish::default() });
    let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
    let mut machine = Fake::new(vec![stick, Drive::new("sata0", vec![0x77; 9 * MIB])]);
    let lines = machine.run();
    assert_eq!(lines[0], "seedpress: seedpress test");
    let last = format!("seedpress: deployed Golden@2 to sata0 sha256={}", shop.sha256(2));
    assert_eq!(lines.last(), Some(&last));
    assert_eq!(machine.ended, Some(End::Reboot));
    let disk = machine.drive("sata0").bytes();
    assert!(disk[..6 * MIB] == shop.disks[1]);
    assert!(disk[8 * MIB..].iter().all(|byte| *byte == 0), "an old backup table would be found there");
    assert!(disk[6 * MIB..8 * MIB].iter().all(|byte| *byte == 0x77));
}

/// The lines of a machine whose medium has these answers and whose only disk is `sata0`; `keys` are hit at once.
fn run(answers: &str, keys: &str) -> (Vec<String>, Fake) {
    let shop = Shop::new();
    let medium = shop.press(&Wish { answers: Some(answers), ..Wish::default() });
    let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
    let mut machine = Fake::new(vec![stick, Drive::new("sata0", vec![0x77; 9 * MIB])]).typing(keys);
    (machine.run(), machine)
}

#[test]
fn answers_with_a_slip_of_the_pen_are_refused_with_the_line() {
    for (answers, expected) in [
        ("format = 1\nend = \"reboot\"\ntarget = 3\n", "the answer file cannot be used: line 3: "),
        (
            "format = 1\nend = \"reboot\"\n[target]\nserail = \"x\"\n",
            "the answer file cannot be used: line 4: unknown field",
        ),
        ("format = 1\nend = \"reboot\"\n[target]\n", "[target] chooses no disk"),
        ("format = 2\nend = \"reboot\"\n[target]\nonly-disk = true\n", "the answer file has format 2"),
        (
            "format = 1\nend = \"reboot\"\n[target]\nonly-disk = true\n",
            "the answers want the only image; the medium has Golden@1, Golden@2",
        ),
        (
            "format = 1\nimage = \"Gold\"\nend = \"reboot\"\n[target]\nonly-disk = true\n",
            "the answers want Gold; the medium has",
        ),
    ] {
        let (lines, machine) = run(answers, "");
        let last = lines.last().unwrap();
        assert!(last.starts_with(&format!("seedpress: refused: {expected}")), "{last}");
        assert!(machine.drive("sata0").writes().is_empty());
    }
}

#[test]
fn a_key_stops_the_countdown_and_brings_the_menu() {
    let (lines, machine) = run(ONLY, " p\n");
    assert!(lines.contains(&"seedpress: a key was pressed: the answers are left aside".into()));
    assert_eq!(lines.last().unwrap(), "seedpress: refused: nobody chose an image");
    assert!(machine.drive("sata0").writes().is_empty());
    assert_eq!(lines.iter().filter(|line| line.starts_with("seedpress: menu after ")).count(), 1);
}

#[test]
fn the_newest_version_is_meant_where_none_is_named_and_the_machine_ends_as_asked() {
    for (end, ended) in [("reboot", End::Reboot), ("power-off", End::PowerOff), ("stay", End::Reboot)] {
        let (lines, machine) = run(&ONLY.replace("Golden@2", "Golden").replace("reboot", end), "");
        assert!(lines.last().unwrap().starts_with("seedpress: deployed Golden@2 to sata0"));
        assert_eq!(machine.ended, Some(ended), "{end}");
    }
}

#[test]
fn what_is_refused_ends_as_asked_too() {
    let text = ONLY.replace("only-disk = true", "serial = \"none\"");
    let (_, machine) = run(&text.replace("[target]", "refused = \"power-off\"\n[target]"), "");
    assert_eq!(machine.ended, Some(End::PowerOff));
    let (_, machine) = run(&text, "");
    assert_eq!(machine.ended, Some(End::Reboot), "it stays, until somebody hits r");
}

#[test]
fn any_key_at_all_stops_the_countdown() {
    let (lines, machine) = run(ONLY, "\tp\n");
    assert!(lines.contains(&"seedpress: a key was pressed: the answers are left aside".into()));
    assert!(machine.drive("sata0").writes().is_empty());
}

#[test]
fn a_disk_that_comes_or_goes_before_the_first_byte_stops_the_answers() {
    let shop = Shop::new();
    let medium = shop.press(&Wish { answers: Some(ONLY), ..Wish::default() });
    let machine = || {
        let stick = Drive::new("usb0", medium.clone()).with(|about| about.started_from = true);
        Fake::new(vec![stick, Drive::new("sata0", vec![0x77; 9 * MIB])])
    };
    let comes = |drives: &mut Vec<Arc<Drive>>| drives.push(Arc::new(Drive::new("nvme0", vec![0; 9 * MIB])));
    let goes = |drives: &mut Vec<Arc<Drive>>| drop(drives.pop());
    for (mut machine, what) in
        [(machine().changing(comes), "nvme0 came"), (machine().changing(goes), "sata0 went")]
    {
        let before = machine.drives.clone();
        let last = machine.run().pop().unwrap();
        let expected = format!("seedpress: refused: the disks of this machine changed meanwhile ({what})");
        assert!(last.starts_with(&expected), "{last}");
        assert!(before.iter().all(|drive| drive.writes().is_empty()));
    }
}

#[test]
fn answers_take_a_usb_disk_only_by_name_and_another_seed_medium_never() {
    let shop = Shop::new();
    let other = shop.press(&Wish { size: Some(formats::units::ByteLen(120 << 20)), ..Wish::default() });
    let machine = |target: &str, drive: Drive| {
        let text = ONLY.replace("only-disk = true", target);
        let medium = shop.press(&Wish { answers: Some(&text), ..Wish::default() });
        let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
        Fake::new(vec![stick, drive])
    };
    let usb = || Drive::new("usb1", vec![0x77; 9 * MIB]).with(|about| about.bus = Bus::Usb);
    for target in ["only-disk = true", "smallest = \"1 MiB\"", "smallest = \"1 MiB\"\nonly-disk = true"] {
        let mut machine = machine(target, usb());
        let lines = machine.run();
        let why = "not a target: answers take a USB disk only by its serial or model";
        assert_eq!(lines.iter().filter(|line| line.contains(why)).count(), 2, "{}", lines.join("\n"));
        assert!(machine.drive("usb1").writes().is_empty());
    }
    for target in ["serial = \"SN-usb1\"", "model = \"Model of usb1\"\nonly-disk = true"] {
        let last = machine(target, usb()).run().pop().unwrap();
        assert!(last.starts_with("seedpress: deployed Golden@2 to usb1 "), "{last}");
    }
    let why = "not a target: it holds a seed medium, which only people may overwrite";
    // Its manifest may be damaged: it is a seed medium all the same.
    let mut damaged = other.clone();
    let manifest = place(&other, paths::MANIFEST) + 150;
    damaged[manifest] ^= 1;
    for (target, bytes) in
        [("only-disk = true", &other), ("serial = \"SN-sata1\"", &other), ("only-disk = true", &damaged)]
    {
        let text = ONLY.replace("only-disk = true", target);
        let medium = shop.press(&Wish { answers: Some(&text), ..Wish::default() });
        let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
        let mut machine = Fake::new(vec![stick, Drive::new("sata1", bytes.clone())]);
        let lines = machine.run();
        assert!(lines.last().unwrap().contains(why), "{}", lines.join("\n"));
        assert!(machine.drive("sata1").writes().is_empty());
        let mut by_hand = Fake::new(vec![
            Drive::new("usb0", shop.press(&Wish::default())).with(|about| about.started_from = true),
            Drive::new("sata1", bytes.clone()),
        ]);
        by_hand = by_hand.typing("\nsata1\n\np");
        assert!(by_hand.run().last().unwrap().starts_with("seedpress: deployed Golden@2 to sata1 "));
    }
}

#[test]
fn a_medium_that_expires_needs_a_clock_and_answers_need_it_set() {
    let shop = Shop::new();
    let expires = formats::time::Timestamp::from_unix(time().unix() + 10).unwrap();
    let never_set = formats::time::Timestamp::from_unix(station::machine::EARLIEST_CLOCK - 1).unwrap();
    for now in [None, Some(never_set)] {
        let machine = |answers: Option<&str>, keys: &str| {
            let medium = shop.press(&Wish { answers, expires: Some(expires), ..Wish::default() });
            let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
            let mut machine = Fake::new(vec![stick, Drive::new("sata0", vec![0; 9 * MIB])]).typing(keys);
            machine.now = now;
            machine.run()
        };
        let said =
            format!("seedpress: expires {}, and this machine's clock is not set: not checked", expires);
        let lines = machine(None, "\nsata0\n\np");
        assert!(lines.contains(&said) && lines.last().unwrap().starts_with("seedpress: deployed "));
        let lines = machine(Some(ONLY), "");
        let why = format!("seedpress: refused: the medium expires at {}, and this", expires);
        assert!(lines.contains(&said) && lines.last().unwrap().starts_with(&why), "{}", lines.join("\n"));
    }
}
