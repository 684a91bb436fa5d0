//! Optical media: what is pressed is found there again through UDF and through ISO 9660, and nobody finds anything
//! wrong.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deploy::Medium;
use formats::io::{ReadAt, Window, read_vec};
use formats::kind::ErrorKind;
use formats::manifest::Volume;
use formats::udf::Revision;
use formats::units::{ByteLen, ByteOffset};
use host::FileSource;
use press::layout::LayoutError;
use press::template::Kind;
use press::verify::{Depth, Verdict};
use seedpress_tests::content::Content;
use seedpress_tests::disc::by_tools::{Side, isoinfo, seven_zip, udfinfo, unpacked, xorriso};
use seedpress_tests::golden;
use seedpress_tests::judge::Judge;
use seedpress_tests::press::{Order, look, store};
use seedpress_tests::workshop::Workshop;

/// A workshop with a store, and folders to be added, for a disc.
fn begin() -> (Workshop, Order) {
    let workshop = Workshop::new();
    let root = workshop.path("store");
    store(&root);
    workshop.write("added/drivers/net.sys", &[5; 70_000]);
    workshop.write("added/drivers/empty.inf", b"");
    workshop.write("added/Grüße 世界 \u{1F4BF}.txt", "Grüße 世界".as_bytes());
    workshop.write(&format!("added/{}", "long".repeat(50)), b"long");
    std::fs::create_dir(workshop.path("added/nothing")).unwrap();
    workshop.write("esp/EFI/BOOT/BOOTX64.EFI", &[0x4d; 300_000]);
    let mut order = Order::new(&root);
    order.shape(Kind::Disc);
    order.folders = vec![(workshop.path("added"), Volume::Seed), (workshop.path("esp"), Volume::Esp)];
    (workshop, order)
}

fn disk(path: &Path) -> Arc<dyn ReadAt> {
    Arc::new(FileSource::open(path).unwrap())
}

fn judged(image: &Path) {
    udfinfo(image);
    seven_zip(Side::Udf, image);
    let said = Judge::new("sgdisk").arg("-v").arg(image).agrees();
    assert!(said.all().contains("No problems found"), "{said}");
}

#[test]
fn discs_of_every_revision_are_pristine_and_sound_to_everyone() {
    let (workshop, mut order) = begin();
    for revision in Revision::ALL {
        order.template.disc.udf_revision = revision;
        let path = workshop.path(&format!("{}.iso", revision.name()));
        order.press(&path, 3).unwrap();
        let report = look(disk(&path), Depth::Full).unwrap();
        assert_eq!((report.verdict, &report.problems[..]), (Verdict::Pristine, &[][..]), "{revision:?}");
        judged(&path);
        seven_zip(Side::Iso, &path);
    }
}

#[test]
fn both_sides_hold_the_same_files_under_their_whole_names() {
    let (workshop, mut order) = begin();
    for revision in Revision::ALL {
        order.template.disc.udf_revision = revision;
        let path = workshop.path(revision.name());
        order.press(&path, 2).unwrap();
        let medium = Medium::open(disk(&path)).unwrap();
        let ours = Content::of(medium.seed());
        assert!(ours.files.contains_key("Grüße 世界 \u{1F4BF}.txt"));
        ours.agrees(&unpacked(Side::Udf, &path, &workshop.path("unpacked")), "7-Zip");
        let said = isoinfo(&path, &["-R", "-f"]);
        for name in ours.files.keys() {
            assert!(said.text().lines().any(|line| line.trim_start_matches('/') == name), "{name}: {said}");
        }
    }
}

#[test]
fn boot_records_and_the_boot_volume_are_where_firmware_looks() {
    let (workshop, order) = begin();
    let path = workshop.path("medium.iso");
    order.press(&path, 2).unwrap();
    let said = xorriso(&path, &["-report_el_torito", "plain"]);
    let text = said.all();
    assert!(text.contains("1  BIOS  y   none") && text.contains("2  UEFI  y   none"), "{said}");
    Judge::new("fsck.fat").arg("-n").arg(esp(&workshop, &path)).agrees();
}

/// Copies the boot volume of an image into a file of its own.
fn esp(workshop: &Workshop, image: &Path) -> PathBuf {
    let disk = disk(image);
    let table = Medium::open(disk.clone()).unwrap().table().cloned().unwrap();
    let found = &table.partitions[0];
    let window = Window::new(disk, found.start, found.len).unwrap();
    workshop.write("esp.img", &read_vec(&window, ByteOffset(0), found.len.0 as usize).unwrap())
}

#[test]
fn a_disc_can_do_without_iso_9660() {
    let (workshop, mut order) = begin();
    order.template.disc.iso_9660 = false;
    let path = workshop.path("medium.udf");
    order.press(&path, 2).unwrap();
    assert_eq!(look(disk(&path), Depth::Full).unwrap().verdict, Verdict::Pristine);
    judged(&path);
    let sectors = read_vec(&disk(&path), ByteOffset(16 * 2048), 8 * 2048).unwrap();
    assert!(!sectors.windows(5).any(|five| five == b"CD001"));
}

#[test]
fn what_does_not_fit_on_a_disc_is_refused_with_both_sizes() {
    let (_workshop, mut order) = begin();
    order.size = Some(ByteLen(20 << 20));
    let error = order.layout().unwrap_err();
    let error = error.downcast_ref::<LayoutError>().unwrap();
    assert_eq!(error.kind(), ErrorKind::Fit);
    let text = formats::kind::with_causes(error);
    assert!(text.contains("this kind has") && text.contains("20971520"), "{text}");
}

#[test]
fn the_same_request_gives_the_same_disc() {
    let (workshop, order) = begin();
    let pressed = |name: &str, threads| {
        let path = workshop.path(name);
        order.press(&path, threads).unwrap();
        formats::digest::Sha256::of(&std::fs::read(path).unwrap())
    };
    let one = pressed("one.iso", 1);
    assert_eq!(one, pressed("eight.iso", 8));
    golden::digests_agree("discs", &[("a bridged disc, UDF 1.02", one)]);
}

#[test]
fn damage_to_a_disc_is_named() {
    let (workshop, order) = begin();
    let path = workshop.path("medium.iso");
    order.press(&path, 2).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let medium = Medium::open(disk(&path)).unwrap();
    let paths = Content::of(medium.seed()).files;
    for path in paths.keys().filter(|path| !path.starts_with("seed/manifest")) {
        let Some(extents) = medium.seed().extents(path).unwrap() else { panic!("a disc has extents") };
        let Some(place) = extents.first().and_then(|extent| extent.on_volume) else { continue };
        let mut damaged = bytes.clone();
        damaged[place.0 as usize] ^= 1;
        let report = look(Arc::new(damaged), Depth::Full).unwrap();
        assert_eq!(report.verdict, Verdict::PayloadChanged, "{path}");
        assert!(report.problems.iter().any(|problem| problem.to_string().contains(path.as_str())), "{path}");
    }
}
