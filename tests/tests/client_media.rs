//! Clients find seed media wherever they are, use those that may be used, and say why not of the others.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use formats::layer::{LayerDescriptor, print_digests};
use formats::manifest::paths;
use formats::minisign::{KeyId, SecretKey};
use formats::units::{ByteLen, MIB};
use press::template::Kind;
use seedpress_tests::press::{BASE, CHILD, Order, secret};
use seedpress_tests::sought::{disc, has_all, layer, only, order, pressed, read, search, why_not, workshop};
use seedpress_tests::tampered::Spread;
use seedpress_tests::workshop::Workshop;
use sync::client::media::{Found, Machine, MediumSource, Search, find};
use sync::client::source::{Source, SourceError, SourceKind};

#[test]
fn image_files_in_a_folder_are_found_and_sticks_come_before_discs() {
    let workshop = workshop();
    disc(&workshop, "media/a.iso");
    let stick = pressed(&workshop, "media/b.IMG", &order(&workshop));
    workshop.write("media/c.img", &[0; 70_000]);
    workshop.write("media/d.iso", b"short");
    fs::copy(&stick, workshop.path("media/e.bin")).unwrap();
    let folders = vec![workshop.path("media"), workshop.path("absent")];
    let found = find(&Search { folders, ..search(&[]) });
    let kinds: Vec<_> = found.iter().map(|it| (it.kind, it.name.rsplit('/').next().unwrap())).collect();
    assert_eq!(kinds, [(SourceKind::Usb, "b.IMG"), (SourceKind::Dvd, "a.iso")]);
    for Found { source, label, size, medium, .. } in found {
        let source = source.unwrap();
        assert_eq!((&*label, source.medium()), ("SEED", medium));
        assert!(size.unwrap().0 > 10 * MIB);
        for uuid in [BASE, CHILD] {
            has_all(&source, &layer(&workshop, uuid));
        }
    }
}

#[test]
fn a_layer_that_is_not_on_a_medium_is_not_offered() {
    let workshop = workshop();
    let mut first = order(&workshop);
    first.versions = vec!["1"];
    let stick = pressed(&workshop, "stick", &first);
    let source = only(&search(&[&stick]));
    assert!(source.offer(&layer(&workshop, CHILD).descriptor).unwrap().is_none());
    let other = LayerDescriptor { virtual_size: ByteLen(1), ..layer(&workshop, BASE).descriptor };
    let refused = source.offer(&other).err().unwrap();
    assert!(matches!(refused, SourceError::Lies { .. }), "{refused}");
}

#[test]
fn media_that_may_not_be_used_say_why() {
    let workshop = workshop();
    let stick = pressed(&workshop, "stick", &order(&workshop));
    let other = SecretKey::from_seed(&[8; 32], KeyId([9; 8]));
    let said = |search: Search| why_not(&search);
    assert!(
        said(Search { keys: vec![other.public()], ..search(&[&stick]) }).contains("which is not trusted")
    );
    let nobody = Search { keys: Vec::new(), ..search(&[&stick]) };
    let text = said(nobody.clone());
    assert!(text.contains("trusts no key yet") && text.contains(&secret().public().id.to_string()), "{text}");
    assert!(said(Search { allow_unsigned: true, ..nobody }).contains("trusts no key yet"));
    let off = said(Search { use_usb: false, ..search(&[&stick]) });
    assert_eq!(off, "switched off by enable-usb-cache");
    let expires = "2027-01-01T00:00:00Z".parse().ok();
    let late = pressed(&workshop, "late", &Order { expires, ..order(&workshop) });
    only(&search(&[&late]));
    assert!(said(Search { now: expires, ..search(&[&late]) }).contains("expired"));
    assert!(find(&Search { now: None, ..search(&[&late]) })[0].source.is_ok());
    assert!(said(search(&[&workshop.path("absent")])).contains("No such file"));
    let noise = workshop.write("noise", &[7; 100_000]);
    assert_eq!(said(search(&[&noise])), "it is no seed medium");
    assert_eq!(said(search(&[workshop.folder()])), "it is no seed medium");
}

#[test]
fn unsigned_media_are_used_where_that_is_allowed_and_bad_signatures_never() {
    let workshop = workshop();
    let unsigned = pressed(&workshop, "unsigned", &Order { signed: false, ..order(&workshop) });
    assert!(why_not(&search(&[&unsigned])).contains("not signed"));
    let nobody = Search { keys: Vec::new(), ..search(&[&unsigned]) };
    assert!(why_not(&nobody).contains("not signed"));
    for allowed in [search(&[&unsigned]), nobody] {
        has_all(&only(&Search { allow_unsigned: true, ..allowed }), &layer(&workshop, BASE));
    }
    let spread = Spread::new(&pressed(&workshop, "stick", &order(&workshop)), &workshop.path("mounted"));
    let allowed = Search { allow_unsigned: true, ..search(&[&spread.folder]) };
    only(&allowed);
    let signature = fs::read(spread.path(paths::SIGNATURE)).unwrap();
    spread.rewrite(Some(&secret()), |manifest| manifest.label = "Changed".into());
    only(&allowed);
    fs::write(spread.path(paths::SIGNATURE), signature).unwrap();
    assert!(why_not(&allowed).contains("was changed"));
    fs::write(spread.path(paths::SIGNATURE), "no signature").unwrap();
    assert!(why_not(&allowed).contains("is damaged"));
    let nobody = Search { keys: Vec::new(), ..allowed };
    assert!(why_not(&nobody).contains("trusts no key"));
}

/// A machine with disks that are files, and mounts that are folders.
fn machine(workshop: &Workshop, disks: &[(&str, &str, &Path)], mounts: &str) -> Machine {
    for (name, number, image) in disks {
        workshop.write(&format!("sys/block/{name}/removable"), b"1\n");
        workshop.write(&format!("sys/block/{name}/dev"), format!("{number}\n").as_bytes());
        fs::create_dir_all(workshop.path("dev")).unwrap();
        symlink(image, workshop.path("dev").join(name)).unwrap();
    }
    let mounts = workshop.write("mountinfo", mounts.as_bytes());
    Machine { sysfs: workshop.path("sys"), devices: workshop.path("dev"), mounts }
}

#[test]
fn media_in_drives_and_mounted_ones_are_found_once_and_raw_where_that_goes() {
    let workshop = workshop();
    let stick = pressed(&workshop, "stick", &order(&workshop));
    let noise = workshop.write("noise", &[7; 100_000]);
    let spread = Spread::new(&disc(&workshop, "disc"), &workshop.path("on disc"));
    let twin = Spread::new(&stick, &workshop.path("stick mounted"));
    let network = Spread::new(&stick, &workshop.path("far"));
    let line = |number: &str, path: &Path, kind: &str| {
        let path = path.display().to_string().replace(' ', "\\040");
        format!("22 1 {number} / {path} rw shared:1 - {kind} /dev/x rw\n")
    };
    let mounts = [
        line("8:17", &twin.folder, "ntfs3"),
        line("11:0", &spread.folder, "udf"),
        line("0:40", &network.folder, "nfs4"),
        line("0:41", &workshop.path("nothing there"), "ext4"),
    ];
    let disks = [("sdb", "8:16", &*stick), ("sdc", "8:32", &*noise), ("sdd", "8:48", Path::new("/absent"))];
    let machine = machine(&workshop, &disks, &mounts.concat());
    workshop.write("sys/block/sdb/sdb1/dev", b"8:17\n");
    let found = find(&Search { machine: Some(machine.clone()), ..search(&[]) });
    let names: Vec<_> = found.iter().map(|it| (it.kind, it.name.clone(), it.source.is_ok())).collect();
    let shown = |path: PathBuf| path.display().to_string();
    let expected = [
        (SourceKind::Usb, shown(workshop.path("dev/sdb")), true),
        (SourceKind::Usb, shown(workshop.path("dev/sdd")), false),
        (SourceKind::Dvd, shown(spread.folder.clone()), true),
    ];
    assert_eq!(names, expected);
    has_all(found[0].source.as_ref().unwrap(), &layer(&workshop, BASE));
    has_all(found[2].source.as_ref().unwrap(), &layer(&workshop, BASE));
    // Where the device cannot be read, the mount is used, and nobody hears of the device.
    fs::remove_file(workshop.path("dev/sdb")).unwrap();
    let found = find(&Search { machine: Some(machine), ..search(&[]) });
    assert_eq!(found.iter().filter(|it| it.source.is_ok()).count(), 2);
    assert!(found.iter().any(|it| it.name == shown(twin.folder.clone()) && it.size.is_none()));
    assert!(!found.iter().any(|it| it.name == shown(workshop.path("dev/sdb"))));
}

#[test]
fn a_medium_that_is_named_and_found_is_there_once() {
    let workshop = workshop();
    let stick = pressed(&workshop, "media/stick.img", &order(&workshop));
    fs::copy(&stick, workshop.path("media/twin.img")).unwrap();
    symlink(&stick, workshop.path("link")).unwrap();
    let folders = vec![workshop.path("media")];
    let named = [workshop.path("link"), workshop.path("media/../media/stick.img")];
    let found = find(&Search { folders, ..search(&[&named[0], &named[1]]) });
    assert_eq!(found.iter().map(|it| &*it.name).collect::<Vec<_>>(), [named[0].display().to_string()]);
}

#[test]
fn media_of_a_set_are_one_and_what_is_on_missing_ones_is_missing() {
    let workshop = workshop();
    let mut order = order(&workshop);
    order.shape(Kind::Disc);
    order.size = Some(ByteLen(22 * MIB));
    let media = order.press_set(workshop.folder(), 2).unwrap();
    assert!(media.len() > 2);
    let paths: Vec<&Path> = media.iter().rev().map(PathBuf::as_path).collect();
    let whole = only(&search(&paths));
    assert!(whole.missing().is_empty());
    for uuid in [BASE, CHILD] {
        has_all(&whole, &layer(&workshop, uuid));
    }
    for alone in &media {
        let source = only(&search(&[alone]));
        assert_eq!(source.missing().len(), media.len() - 1);
        let said = find(&search(&[alone])).remove(0).missing().unwrap();
        assert_eq!(said.matches("number").count(), media.len() - 1, "{said}");
        part_of_each(&source, &workshop);
    }
}

/// Sees that a source gives just the frames that it says it has, and the lists of every layer that it has a part of.
fn part_of_each(source: &MediumSource, workshop: &Workshop) {
    let mut count = 0;
    for layer in [BASE, CHILD].map(|uuid| layer(workshop, uuid)) {
        let Some(offer) = source.offer(&layer.descriptor).unwrap() else { continue };
        assert_eq!(offer.digests().unwrap(), print_digests(layer.frames.digests()));
        assert!(layer.descriptor.stored.len.0 > offer.seek_table().unwrap().len() as u64);
        let frames: Vec<_> = layer.frames.frames().collect();
        for frame in &frames {
            let (seen, ended) = read(&*offer, &layer, std::slice::from_ref(frame));
            assert_eq!((seen.len() == 1, ended.is_ok()), (offer.has(frame), offer.has(frame)));
        }
        count += frames.iter().filter(|frame| offer.has(frame)).count();
        let (seen, ended) = read(&*offer, &layer, &frames);
        let before: Vec<_> = frames.iter().take_while(|frame| offer.has(frame)).map(|it| it.number).collect();
        assert_eq!((seen, ended.is_ok()), (before.clone(), before.len() == frames.len()));
    }
    assert!((1..5).contains(&count), "{count}");
}
