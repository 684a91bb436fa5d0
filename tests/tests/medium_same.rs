//! The same request gives the same bytes: with any number of threads, in any folder.

use formats::digest::Sha256;
use formats::manifest::Volume;
use seedpress_tests::content::digest;
use seedpress_tests::golden;
use seedpress_tests::press::{Order, store};
use seedpress_tests::workshop::{HostFile, Workshop};

/// Presses a medium in a new folder, and takes its digest.
fn press(threads: usize, change: impl FnOnce(&Workshop, &mut Order)) -> Sha256 {
    let workshop = Workshop::new();
    let root = workshop.path("store");
    store(&root);
    workshop.write("added/many/a", &[1; 5000]);
    workshop.write("added/many/b", &[2; 9_000_000]);
    workshop.write("esp/EFI/BOOT/BOOTX64.EFI", &[3; 40_000]);
    let mut order = Order::new(&root);
    order.folders = vec![(workshop.path("added"), Volume::Seed), (workshop.path("esp"), Volume::Esp)];
    change(&workshop, &mut order);
    let target = workshop.path("medium");
    order.press(&target, threads).unwrap();
    digest(&HostFile::open(&target))
}

#[test]
fn threads_and_folders_make_no_difference() {
    let one = press(1, |_, _| {});
    assert_eq!(press(8, |_, _| {}), one);
    assert_eq!(press(3, |_, _| {}), one);
}

#[test]
fn whatever_is_asked_for_otherwise_makes_one() {
    let mut digests = vec![
        press(2, |_, _| {}),
        press(2, |_, order| order.signed = false),
        press(2, |_, order| order.versions = vec!["1"]),
        press(2, |_, order| order.sector_size = 4096),
        press(2, |workshop, _| drop(workshop.write("added/many/a", &[4; 5000]))),
        press(2, |workshop, _| std::fs::create_dir(workshop.path("added/more")).unwrap()),
    ];
    let count = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn media_are_what_they_were() {
    golden::digests_agree(
        "media",
        &[
            ("signed, sectors of 512 bytes", press(2, |_, _| {})),
            (
                "unsigned, sectors of 4096 bytes",
                press(2, |_, order| {
                    order.signed = false;
                    order.sector_size = 4096;
                }),
            ),
        ],
    );
}

#[test]
fn a_layout_on_paper_is_what_it_was() {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    workshop.write("added/a", &[1; 5000]);
    let mut order = Order::new(&workshop.path("store"));
    order.folders = vec![(workshop.path("added"), Volume::Seed)];
    let layout = order.layout().unwrap();
    golden::agrees("layout", &layout.text());
    let json: serde_json::Value = serde_json::from_str(&layout.json()).unwrap();
    assert_eq!(json["schema"], "seedpress.plan/1");
    let regions = json["regions"].as_array().unwrap();
    let end = regions.iter().fold(0, |end, region| {
        assert_eq!(region["start"], end);
        end + region["len"].as_u64().unwrap()
    });
    assert_eq!(json["size"], end);
}
