//! Clients find seed media wherever they are, use those that may be used, say why not of the others, and read their
//! frames without believing a byte.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use formats::io::read_vec;
use formats::layer::{Frame, LayerDescriptor, print_digests};
use formats::manifest::{Manifest, paths};
use formats::minisign::{KeyId, SecretKey};
use formats::units::{ByteLen, ByteOffset, MIB};
use press::template::Kind;
use seedpress_tests::press::{BASE, CHILD, Order, secret, store, time};
use seedpress_tests::tampered::Spread;
use seedpress_tests::workshop::Workshop;
use store::{Layer, Store};
use sync::client::media::{Found, Machine, MediumSource, Search, find};
use sync::client::source::{Offer, Source, SourceError, SourceKind};

/// A workshop with a store.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    workshop
}

fn order(workshop: &Workshop) -> Order {
    Order::new(&workshop.path("store"))
}

fn pressed(workshop: &Workshop, name: &str, order: &Order) -> PathBuf {
    let path = workshop.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    order.press(&path, 2).unwrap();
    path
}

fn disc(workshop: &Workshop, name: &str) -> PathBuf {
    let mut order = order(workshop);
    order.shape(Kind::Disc);
    pressed(workshop, name, &order)
}

/// A search that trusts the key of the tests, for media that are named.
fn search(named: &[&Path]) -> Search {
    Search {
        named: named.iter().map(|path| path.to_path_buf()).collect(),
        keys: vec![secret().public()],
        now: Some(time()),
        ..Search::new(None)
    }
}

fn layer(workshop: &Workshop, uuid: uuid::Uuid) -> Layer {
    Store::open(&workshop.path("store")).unwrap().layer(uuid).unwrap()
}

/// The only medium that is found, which is used.
fn only(search: &Search) -> MediumSource {
    let mut found = find(search);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).source.unwrap()
}

/// Why the only medium that is found is not used.
fn why_not(search: &Search) -> String {
    let found = find(search);
    let [found] = &found[..] else { panic!("{found:?}") };
    found.why_not().unwrap_or_else(|| panic!("{found:?} is used"))
}

/// Reads frames and compares them with the store's; the numbers of those that came, and what ended it.
fn read(offer: &dyn Offer, layer: &Layer, frames: &[Frame]) -> (Vec<usize>, Result<(), SourceError>) {
    let mut seen = Vec::new();
    let ended = offer.read(frames, &mut |frame, bytes| {
        layer.frames.check(frame, bytes).unwrap();
        seen.push(frame.number);
        ControlFlow::Continue(())
    });
    (seen, ended)
}

/// Sees that a source has all of a layer.
fn has_all(source: &MediumSource, layer: &Layer) {
    let offer = source.offer(&layer.descriptor).unwrap().unwrap();
    assert_eq!(offer.digests().unwrap(), print_digests(layer.frames.digests()));
    let frames: Vec<_> = layer.frames.frames().collect();
    let end = frames.last().unwrap().stored.end;
    let table = read_vec(&layer.stored, ByteOffset(end), (layer.descriptor.stored.len.0 - end) as usize);
    assert_eq!(offer.seek_table().unwrap(), table.unwrap());
    assert!(frames.iter().all(|frame| offer.has(frame)));
    let (seen, ended) = read(&*offer, layer, &frames);
    ended.unwrap();
    assert_eq!(seen, (0..frames.len()).collect::<Vec<_>>());
    let backwards: Vec<_> = frames.iter().rev().cloned().collect();
    assert_eq!(read(&*offer, layer, &backwards).0, (0..frames.len()).rev().collect::<Vec<_>>());
}

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

#[test]
fn frames_before_one_that_cannot_be_read_come_and_those_behind_can_be_asked_for() {
    let workshop = workshop();
    let spread = Spread::new(&pressed(&workshop, "stick", &order(&workshop)), &workshop.path("mounted"));
    let layer = layer(&workshop, BASE);
    let source = only(&search(&[&spread.folder]));
    let offer = source.offer(&layer.descriptor).unwrap().unwrap();
    let frames: Vec<_> = layer.frames.frames().collect();
    let mut one = Vec::new();
    let mut first = |frame: &Frame, _: &[u8]| {
        one.push(frame.number);
        ControlFlow::Break(())
    };
    offer.read(&frames, &mut first).unwrap();
    assert_eq!(one, [0]);
    // The stick is pulled out while it is read: nothing behind the first frame is there any more.
    let file = fs::File::options().write(true).open(spread.path(&paths::layer_disk(BASE))).unwrap();
    file.set_len(frames[0].stored.end).unwrap();
    let (seen, ended) = read(&*offer, &layer, &frames);
    assert_eq!(seen, [0]);
    assert!(matches!(ended, Err(SourceError::Read(_))), "{ended:?}");
    assert!(read(&*offer, &layer, &frames[1..]).1.is_err());
}

/// What is said of a layer of a medium that lies, signed by somebody who is trusted.
fn lie(spread: &Spread, change: impl FnOnce(&mut Manifest)) -> Result<(), String> {
    spread.rewrite(Some(&secret()), change);
    let workshop = spread.folder.parent().unwrap();
    let layer = Store::open(&workshop.join("store")).unwrap().layer(BASE).unwrap();
    let mut found = find(&search(&[&spread.folder]));
    let source = found.remove(0).source.map_err(|error| formats::kind::with_causes(&error))?;
    let offer = source.offer(&layer.descriptor).map_err(|error| error.to_string())?;
    let offer = offer.ok_or("nothing")?;
    offer.digests().and_then(|_| offer.seek_table()).map(drop).map_err(|error| error.to_string())
}

#[test]
fn media_that_lie_are_refused_in_words() {
    let workshop = workshop();
    let stick = pressed(&workshop, "stick", &order(&workshop));
    let spread = |name: &str| Spread::new(&stick, &workshop.path(name));
    let stored = paths::layer_disk(BASE);
    let of_layer =
        |manifest: &mut Manifest| manifest.files.iter().position(|it| it.layer == Some(BASE)).unwrap();
    let said = |name: &str, spoil: &dyn Fn(&Spread), change: &dyn Fn(&mut Manifest)| {
        let spread = spread(name);
        spoil(&spread);
        lie(&spread, change).unwrap_err()
    };
    assert_eq!(lie(&spread("honest"), |_| ()), Ok(()));
    let outside = workshop.write("outside", &[7; 100]);
    let linked = |spread: &Spread| {
        fs::remove_file(spread.path(&stored)).unwrap();
        symlink(&outside, spread.path(&stored)).unwrap();
    };
    let text = said("link", &linked, &|_| ());
    assert!(text.contains("there is no"), "{text}");
    let text = said("gone", &|it| fs::remove_file(it.path(&stored)).unwrap(), &|_| ());
    assert!(text.contains("there is no"), "{text}");
    let text = said("short", &|it| fs::write(it.path(&stored), "short").unwrap(), &|_| ());
    assert!(text.contains("has 5 bytes") || text.contains("expected"), "{text}");
    let list = paths::layer_frames(BASE);
    let text = said("list", &|it| fs::write(it.path(&list), [7; 96]).unwrap(), &|_| ());
    assert!(text.contains("is not the list"), "{text}");
    let text = said("long", &|it| fs::write(it.path(&list), [7; 960]).unwrap(), &|_| ());
    assert!(text.contains("at most"), "{text}");
    let text = said("other", &|_| (), &|manifest| manifest.layers[0]["virtual_size"] = 1.into());
    assert!(text.contains("another layer"), "{text}");
    let unlisted = |manifest: &mut Manifest| {
        let index = of_layer(manifest);
        manifest.files.remove(index);
    };
    assert_eq!(said("unlisted", &|_| (), &unlisted), "nothing");
    let elsewhere = |manifest: &mut Manifest| {
        let index = of_layer(manifest);
        manifest.files[index].path = "outside".into();
    };
    let text = said("elsewhere", &|_| (), &elsewhere);
    assert!(text.contains("there is no"), "{text}");
}

#[test]
fn a_path_that_leads_out_of_a_medium_makes_its_manifest_useless() {
    let workshop = workshop();
    let spread = Spread::new(&pressed(&workshop, "stick", &order(&workshop)), &workshop.path("mounted"));
    let text = fs::read_to_string(spread.path(paths::MANIFEST)).unwrap();
    let body = text.replace(&paths::layer_disk(BASE), "../outside");
    let mut value: serde_json::Value = serde_json::from_str(&body).unwrap();
    value.as_object_mut().unwrap().remove("checksum");
    let text = formats::document::print_sealed(&value);
    fs::write(spread.path(paths::MANIFEST), &text).unwrap();
    let signature = formats::minisign::sign(&secret(), text.as_bytes(), "tampered").unwrap().print();
    fs::write(spread.path(paths::SIGNATURE), signature).unwrap();
    let said = why_not(&search(&[&spread.folder]));
    assert!(said.contains("the manifest cannot be used"), "{said}");
}
