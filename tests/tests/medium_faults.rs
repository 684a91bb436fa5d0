//! When something goes wrong while a medium is pressed, the fault is named and no medium appears.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use formats::manifest::Volume;
use host::{Crew, Ignore, Output, Stop};
use press::Complete;
use press::template::Kind;
use seedpress_tests::press::{BASE, Order, store};
use seedpress_tests::workshop::Workshop;

/// Runs a test for each kind of medium, in a workshop with a store and a folder for what is pressed.
fn each(test: impl Fn(&Workshop, Order, &Path)) {
    for kind in [Kind::Usb, Kind::Disc] {
        let workshop = Workshop::new();
        store(&workshop.path("store"));
        workshop.write("added/one", &[1; 9_000_000]);
        fs::create_dir(workshop.path("out")).unwrap();
        let mut order = Order::new(&workshop.path("store"));
        order.shape(kind);
        order.folders = vec![(workshop.path("added"), Volume::Seed)];
        test(&workshop, order, &workshop.path("out/medium"));
    }
}

/// Everything but the anchors is written, which must fail; what is said of it.
fn refused(complete: Complete, target: &Path, crew: &Crew) -> String {
    let (output, _) = Output::begin(target, complete.size().0, false).unwrap();
    let error = complete.fill(crew, &Ignore, output).unwrap_err();
    assert_eq!(fs::read_dir(target.parent().unwrap()).unwrap().count(), 0, "something was left behind");
    format!("{:#}", anyhow::Error::from(error))
}

fn crew() -> Crew {
    Crew::new(Some(3), Stop::new()).unwrap()
}

#[test]
fn a_layer_that_is_damaged_in_the_store_is_named_with_frame_and_offset() {
    each(|workshop, order, target| {
        let stored = workshop.path(&format!("store/layers/{BASE}/disk.vhd.zst"));
        let complete = order.complete().unwrap();
        let file = OpenOptions::new().write(true).open(stored).unwrap();
        // The first frame has 3,000,001 bytes.
        file.write_all_at(b"damaged", 3_000_001 + 1_000_000).unwrap();
        let said = refused(complete, target, &crew());
        assert!(said.contains(&format!("layer {BASE}: frame 1 at 0x2dc6c1 is damaged")), "{said}");
    });
}

#[test]
fn a_layer_that_is_cut_short_in_the_store_is_named() {
    each(|workshop, order, target| {
        let stored = workshop.path(&format!("store/layers/{BASE}/disk.vhd.zst"));
        let complete = order.complete().unwrap();
        OpenOptions::new().write(true).open(stored).unwrap().set_len(8_000_000).unwrap();
        let said = refused(complete, target, &crew());
        assert!(
            said.contains(&format!("layer {BASE}: frame 2")) && said.contains("became shorter"),
            "{said}"
        );
    });
}

#[test]
fn a_file_that_changes_after_it_was_seen_is_named() {
    each(|workshop, order, target| {
        let complete = order.complete().unwrap();
        let file = OpenOptions::new().write(true).open(workshop.path("added/one")).unwrap();
        file.write_all_at(&[2], 5_000_000).unwrap();
        let said = refused(complete, target, &crew());
        assert!(said.contains("one: piece 1 at 0x400000 is damaged"), "{said}");
        let complete = order.complete().unwrap();
        file.set_len(100).unwrap();
        let said = refused(complete, target, &crew());
        assert!(said.contains("has 100 bytes, had 9000000 bytes"), "{said}");
    });
}

#[test]
fn what_was_interrupted_leaves_nothing_behind() {
    each(|_workshop, order, target| {
        let stop = Stop::new();
        stop.set();
        let said = refused(order.complete().unwrap(), target, &Crew::new(Some(2), stop).unwrap());
        assert_eq!(said, "interrupted");
    });
}

#[test]
fn a_medium_that_is_there_is_not_overwritten() {
    each(|_workshop, order, target| {
        fs::write(target, "precious").unwrap();
        let said = order.press(target, 2).unwrap_err().to_string();
        assert!(said.contains("exists"), "{said}");
        assert_eq!(fs::read(target).unwrap(), b"precious");
    });
}

#[test]
fn a_medium_cannot_be_mounted_before_it_is_sealed() {
    each(|_workshop, order, target| {
        let complete = order.complete().unwrap();
        let (output, _) = Output::begin(target, complete.size().0, false).unwrap();
        let filled = complete.fill(&crew(), &Ignore, output).unwrap();
        let partial = target.with_file_name("~medium.partial");
        let open = |path: &Path| {
            deploy::Medium::open(std::sync::Arc::new(host::FileSource::open(path).unwrap())).map(drop)
        };
        assert!(open(&partial).is_err());
        let sealed = filled.seal().unwrap();
        assert!(open(&partial).is_ok());
        assert!(!target.exists());
        sealed.output.commit().unwrap();
        assert!(open(target).is_ok());
    });
}

#[test]
fn files_that_want_the_same_place_are_refused_by_name() {
    each(|workshop, mut order, _| {
        workshop.write("added/README.txt", b"mine");
        let said = format!("{:#}", order.layout().unwrap_err());
        assert!(said.contains("\"README.txt\" is there twice"), "{said}");
        order.folders = vec![(workshop.path("clash"), Volume::Seed)];
        workshop.write("clash/seed/manifest.json", b"mine");
        let said = format!("{:#}", order.layout().unwrap_err());
        assert!(said.contains("\"seed/manifest.json\" is there twice"), "{said}");
    });
}

#[test]
fn names_that_differ_in_case_alone_are_refused_where_case_does_not_tell_names_apart() {
    each(|workshop, order, _| {
        workshop.write("added/readme.TXT", b"mine");
        match order.layout() {
            Ok(_) => assert_eq!(order.kind, Kind::Disc, "NTFS does not tell them apart"),
            Err(error) => {
                let said = format!("{error:#}");
                assert!(said.contains("case does not tell names apart"), "{said}");
                assert_eq!(order.kind, Kind::Usb, "UDF tells them apart");
            }
        }
    });
}
