//! Media with answers.

use crate::fake::{Drive, Fake};
use crate::shop::{MIB, Shop, Wish};
use station::End;

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
