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
    println!("{}", lines.join("\n"));
    assert_eq!(lines[0], "seedpress: seedpress test");
    let last = format!("seedpress: deployed Golden@2 to sata0 sha256={}", shop.sha256(2));
    assert_eq!(lines.last(), Some(&last));
    assert_eq!(machine.ended, Some(End::Reboot));
    let disk = machine.drive("sata0").bytes();
    assert!(disk[..6 * MIB] == shop.disks[1]);
    assert!(disk[8 * MIB..].iter().all(|byte| *byte == 0), "an old backup table would be found there");
    assert!(disk[6 * MIB..8 * MIB].iter().all(|byte| *byte == 0x77));
}
