//! People choose: by keyboard or over the serial console, which is the same.

use std::sync::Arc;

use crate::fake::{Drive, Fake};
use crate::shop::{MIB, Shop, Wish};
use station::End;

/// A machine that was started from a medium without answers, with two disks.
fn machine(shop: &Shop, keys: &str) -> Fake {
    let stick = Drive::new("usb0", shop.press(&Wish::default())).with(|about| about.started_from = true);
    let disks = ["sata0", "sata1"].map(|name| Drive::new(name, vec![0x77; 9 * MIB]));
    Fake::new([stick].into_iter().chain(disks).collect()).typing(keys)
}

#[test]
fn an_image_is_chosen_a_disk_named_and_both_confirmed() {
    let shop = Shop::new();
    let mut machine = machine(&shop, "1\nsata1\n\nr");
    let lines = machine.run();
    let place = |line: &str| lines.iter().position(|found| found.starts_with(line)).expect(line);
    let order = [
        "seedpress: menu after ",
        "seedpress: image number: 1",
        "seedpress: name of the disk to overwrite: sata1",
        "seedpress: everything on sata1 will be lost: Enter to begin, Escape to go back: ",
        "seedpress: deploying Golden@1 to sata1",
        "seedpress: written 6 MiB in ",
        "seedpress: comparing",
        "seedpress: compared 6 MiB in ",
        &format!("seedpress: deployed Golden@1 to sata1 sha256={}", shop.sha256(1)),
    ];
    assert!(order.map(place).is_sorted(), "{}", lines.join("\n"));
    assert_eq!(place(order[8]), lines.len() - 1);
    assert!(machine.drive("sata1").bytes()[..6 * MIB] == shop.disks[0]);
    assert!(machine.drive("sata0").writes().is_empty() && machine.drive("usb0").writes().is_empty());
    assert_eq!(machine.ended, Some(End::Reboot));
}

#[test]
fn the_newest_image_is_chosen_before_anything_is_typed_and_arrows_choose_another() {
    let shop = Shop::new();
    let last = |keys: &str| machine(&shop, keys).run().pop().unwrap();
    assert!(last("\nsata0\n\np").starts_with("seedpress: deployed Golden@2 to sata0"));
    assert!(last("↑\nsata0\n\np").starts_with("seedpress: deployed Golden@1 to sata0"));
    assert!(last("↑↑↓↓↓\nsata0\n\np").starts_with("seedpress: deployed Golden@2 to sata0"));
}

#[test]
fn nothing_is_written_before_the_last_enter_and_every_step_can_be_taken_back() {
    let shop = Shop::new();
    // Slips of the pen, names that are none, the medium itself, escape from each page, and switching off at last.
    let keys = "9\nx\n2\nsata\nsata01\u{8}\u{8}\n\nusb0\nSATA0\nsata0\n\u{1b}sata1\n\u{1b}\u{1b}p\n";
    let mut machine = machine(&shop, keys);
    let lines = machine.run();
    let said = |line: &str| assert!(lines.iter().any(|found| found == line), "{line}: {}", lines.join("\n"));
    said("seedpress: there is no image 9: type a number from 1 to 2");
    said("seedpress: there is no image x: type a number from 1 to 2");
    said("seedpress: there is no disk \"sata\"");
    said("seedpress: type the name of a disk, as it stands in the list");
    said("seedpress: usb0 cannot be the target: this was started from it");
    said("seedpress: there is no disk \"SATA0\"");
    said("seedpress: everything on sata0 will be lost: Enter to begin, Escape to go back: ");
    assert_eq!(lines.last().unwrap(), "seedpress: refused: nobody chose an image");
    assert!(machine.drives.iter().all(|drive| drive.writes().is_empty()));
    assert_eq!(machine.ended, Some(End::PowerOff));
}

#[test]
fn a_screen_without_pixels_shows_the_same_lines() {
    let shop = Shop::new();
    let mut machine = machine(&shop, "1\nsata1\n\nr");
    let lines = machine.run();
    let text = &machine.terminal.text;
    let whole: Vec<_> =
        lines.iter().filter(|line| !line.contains(": name of") && !line.contains("number: ")).collect();
    assert!(whole.len() > 12 && whole.iter().all(|line| text.contains(line)), "{text:?}");
    assert!(text.contains(&"sata1".into()), "what was typed");
    assert!(text.iter().any(|line| line == "seedpress: image number: "));
    assert!(text.last().unwrap().starts_with("seedpress: deployed Golden@1 to sata1"));
}

#[test]
fn a_disk_that_comes_while_people_choose_is_listed_when_they_go_back() {
    let shop = Shop::new();
    let comes = |drives: &mut Vec<Arc<Drive>>| drives.push(Arc::new(Drive::new("sata2", vec![0; 9 * MIB])));
    // It comes when the list of disks is there already; Escape leads back to the images, of which the first stays chosen.
    let mut machine = machine(&shop, "1\nsata2\n\u{1b}\nsata2\n\nr").changing(|_| {}).changing(comes);
    let lines = machine.run();
    let said = |line: &str| assert!(lines.iter().any(|found| found == line), "{line}: {}", lines.join("\n"));
    said("seedpress: there is no disk \"sata2\"");
    said("seedpress: the disks of this machine changed: sata2 came");
    assert!(
        lines.last().unwrap().starts_with("seedpress: deployed Golden@1 to sata2 "),
        "{}",
        lines.join("\n")
    );
}

#[test]
fn a_disk_that_was_exchanged_before_the_last_enter_is_not_written() {
    let shop = Shop::new();
    let exchange = |drives: &mut Vec<Arc<Drive>>| {
        let stays = |drive: &&mut Arc<Drive>| drive.about.name == "sata1";
        *drives.iter_mut().find(stays).unwrap() = Arc::new(Drive::new("sata1", vec![0x55; 9 * MIB]));
    };
    // It has the same name, model, serial number and size.
    let mut machine = machine(&shop, "1\nsata1\n\np\n").changing(|_| {}).changing(exchange);
    let before = machine.drives.clone();
    let lines = machine.run();
    assert!(lines.contains(&"seedpress: the disks of this machine changed: sata1 went, sata1 came".into()));
    assert_eq!(lines.last().unwrap(), "seedpress: refused: nobody chose an image");
    assert!(before.iter().chain(&machine.drives).all(|drive| drive.writes().is_empty()));
}

#[test]
fn a_return_of_two_bytes_is_one_and_does_not_confirm() {
    let shop = Shop::new();
    let mut two = machine(&shop, "1\n␊sata1\n␊\u{1b}\u{1b}p\n");
    assert_eq!(two.run().last().unwrap(), "seedpress: refused: nobody chose an image");
    assert!(two.drives.iter().all(|drive| drive.writes().is_empty()));
    let mut one = machine(&shop, "1␊sata1␊␊r");
    assert!(one.run().last().unwrap().starts_with("seedpress: deployed Golden@1 to sata1 "));
}

#[test]
fn keys_that_were_hit_before_the_question_stood_there_do_not_confirm() {
    let shop = Shop::new();
    let mut machine = machine(&shop, "\u{1b}\u{1b}p\n").typing_ahead("1\nsata1\n\n\n");
    let lines = machine.run();
    assert!(lines.iter().any(|line| line.starts_with("seedpress: everything on sata1 will be lost")));
    assert_eq!(lines.last().unwrap(), "seedpress: refused: nobody chose an image");
    assert!(machine.drives.iter().all(|drive| drive.writes().is_empty()));
}

#[test]
fn keys_that_nobody_needs_change_nothing_and_the_menu_is_timed_from_the_program_s_first_moment() {
    let shop = Shop::new();
    let mut machine = machine(&shop, "\t1\t\nsa\tta1\n\t\nr").running_for(4000);
    let lines = machine.run();
    assert!(
        lines.last().unwrap().starts_with("seedpress: deployed Golden@1 to sata1 "),
        "{}",
        lines.join("\n")
    );
    let after = lines.iter().find_map(|line| line.strip_prefix("seedpress: menu after ")).unwrap();
    assert!(after.strip_suffix(" ms").unwrap().parse::<u64>().unwrap() > 4000, "{after}");
}
