//! Whatever is damaged in a store is found and named, and what is sound beside it stays in use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use formats::layer::{DESCRIPTOR_FILE, FRAMES_FILE, STORED_FILE};
use formats::units::ByteLen;
use host::{ErrorKind, Event};
use seedpress_tests::disks::golden;
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::Noise;
use seedpress_tests::stores::{
    Stocked, crew, empty, flattened, problems, publish, publish_heard, request, snapshot, stocked,
};
use seedpress_tests::workshop::Workshop;
use store::publish::How;
use store::{Depth, Layer, Lost, Scope, Store, StoreError};

/// A store with one small layer, whose disk is `disk`.
fn small(workshop: &Workshop) -> Store {
    let store = empty(workshop);
    let path = workshop.write("disk", &golden(1, 3));
    publish(&store, &request("Win7@1", &[&path])).unwrap();
    store
}

/// The layers of a version, base first.
fn layers(store: &Store, version: &str) -> Vec<Layer> {
    store.locate("Win7", Some(version)).unwrap().layers
}

/// The folder that a layer's files are in.
fn folder(layer: &Layer) -> PathBuf {
    layer.stored_path().parent().unwrap().into()
}

/// Sees that a full check names the file at `path` when the byte at `at` is another one.
fn is_found(store: &Store, path: &Path, at: usize) {
    let good = fs::read(path).unwrap();
    let mut bad = good.clone();
    bad[at] ^= 0x01;
    fs::write(path, bad).unwrap();
    let found = problems(store, Depth::Full);
    fs::write(path, good).unwrap();
    let named = found.iter().any(|problem| problem.contains(path.to_str().unwrap()));
    assert!(named, "{} at {at}: {found:?}", path.display());
}

#[test]
fn every_changed_byte_of_a_document_or_a_list_is_found_and_its_file_named() {
    let workshop = Workshop::new();
    let store = small(&workshop);
    for (path, _) in snapshot(&store).iter().filter(|(path, _)| !path.ends_with(STORED_FILE)) {
        let len = fs::metadata(path).unwrap().len() as usize;
        (0..len).for_each(|at| is_found(&store, path, at));
    }
}

#[test]
fn changed_bytes_of_a_stored_file_are_found_and_the_file_named() {
    let workshop = Workshop::new();
    let store = small(&workshop);
    let path = layers(&store, "1")[0].stored_path().to_path_buf();
    let len = fs::metadata(&path).unwrap().len();
    let places = Noise { seed: 5, len: ByteLen(8 * 40) }.bytes();
    let random = places.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()) % len);
    // The seek table of one frame has 25 bytes.
    random.chain([0]).chain(len - 25..len).for_each(|at| is_found(&store, &path, at as usize));
}

/// Changes a byte in the middle of frame `number` of a layer; where that frame starts.
fn damage_frame(layer: &Layer, number: usize) -> u64 {
    let frame = layer.frames.frame(number).unwrap();
    let mut bytes = fs::read(layer.stored_path()).unwrap();
    bytes[(frame.stored.start + frame.stored.end) as usize / 2] ^= 0x80;
    fs::write(layer.stored_path(), bytes).unwrap();
    frame.stored.start
}

#[test]
fn a_damaged_frame_is_named_with_layer_number_and_offset() {
    let workshop = Workshop::new();
    let Stocked { store, disks } = stocked(&workshop);
    let base = layers(&store, "3").remove(0);
    let offset = damage_frame(&base, 1);
    let name = format!("frame 1 of layer {}, at {offset:#x}", base.uuid());
    assert_eq!(problems(&store, Depth::Quick), Vec::<String>::new());
    let found = problems(&store, Depth::Full);
    assert!(matches!(&found[..], [only] if only.contains(&name)), "{found:?}");
    let disk = store.locate("Win7", Some("1")).unwrap().disk().unwrap();
    let mut bytes = vec![0; disks[0].len()];
    let read = formats::io::ReadAt::read_at(&disk, formats::units::ByteOffset(0), &mut bytes);
    assert!(read.unwrap_err().to_string().contains(&name));
}

#[test]
fn all_damaged_frames_are_named_at_once() {
    let workshop = Workshop::new();
    let Stocked { store, .. } = stocked(&workshop);
    let layers = layers(&store, "2");
    damage_frame(&layers[0], 0);
    damage_frame(&layers[0], 2);
    damage_frame(&layers[1], 0);
    let found = store::check(&store, Scope::All, Depth::Full, &crew(), &host::Ignore).unwrap();
    let kinds: Vec<_> = found.problems.iter().map(|problem| problem.error.kind()).collect();
    assert_eq!(kinds, [ErrorKind::Corrupt; 3]);
    let one = Scope::Image { name: "Win7", version: Some("1") };
    let of_one = store::check(&store, one, Depth::Full, &crew(), &host::Ignore).unwrap();
    assert_eq!(of_one.problems.len(), 2);
    let needed_by = ["Win7@1", "Win7@2", "Win7@3"].map(String::from);
    assert_eq!(of_one.lost, [Lost { layer: layers[0].uuid(), needed_by: needed_by.to_vec() }]);
    assert!(found.lost.contains(&of_one.lost[0]) && found.lost.len() == 2);
    let leaf = Lost { layer: layers[1].uuid(), needed_by: needed_by[1..].to_vec() };
    assert!(found.lost.contains(&leaf));
}

#[test]
fn parts_that_are_cut_short_or_missing_are_named() {
    let workshop = Workshop::new();
    let store = small(&workshop);
    let folder = folder(&layers(&store, "1")[0]);
    for part in [DESCRIPTOR_FILE, STORED_FILE, FRAMES_FILE] {
        let path = folder.join(part);
        let good = fs::read(&path).unwrap();
        for len in [good.len() - 1, good.len() / 2, 8, 0] {
            fs::write(&path, &good[..len]).unwrap();
            let found = problems(&store, Depth::Quick);
            assert!(found.iter().any(|p| p.contains(path.to_str().unwrap())), "{part} {len}: {found:?}");
        }
        fs::remove_file(&path).unwrap();
        assert!(problems(&store, Depth::Quick).iter().any(|p| p.contains(part)), "{part}");
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn what_does_not_answer_is_told_from_what_is_damaged() {
    let workshop = Workshop::new();
    let store = small(&workshop);
    let folder = folder(&layers(&store, "1")[0]);
    for part in [DESCRIPTOR_FILE, STORED_FILE, FRAMES_FILE] {
        let path = folder.join(part);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        // Reading from a pipe would wait for ever.
        Judge::new("mkfifo").arg(&path).agrees();
        let error = store.locate("Win7", None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
        fs::remove_file(&path).unwrap();
        fs::write(&path, good).unwrap();
    }
    assert_eq!(problems(&store, Depth::Full), Vec::<String>::new());
}

#[test]
fn a_damaged_document_does_not_hide_the_others() {
    let workshop = Workshop::new();
    let Stocked { store, disks } = stocked(&workshop);
    let path = store.root().join("images/Win7/2.json");
    fs::write(&path, "{}").unwrap();
    let images = store.images().unwrap();
    let versions: Vec<_> = images.versions.iter().map(|image| image.version.as_str()).collect();
    assert_eq!(versions, ["1", "3"]);
    assert!(matches!(&images.problems[..], [only] if only.error.path() == Some(&path)));
    assert!(flattened(&store, "Win7@3") == disks[2]);
    assert_eq!(store.locate("Win7", Some("2")).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn documents_in_the_wrong_place_are_refused() {
    let workshop = Workshop::new();
    let Stocked { store, .. } = stocked(&workshop);
    let images = store.root().join("images/Win7");
    fs::copy(images.join("1.json"), images.join("4.json")).unwrap();
    let found = problems(&store, Depth::Quick);
    assert!(matches!(&found[..], [only] if only.contains("is about Win7@1, expected Win7@4")), "{found:?}");
    fs::remove_file(images.join("4.json")).unwrap();
    let [base, leaf] = [0, 1].map(|index| folder(&layers(&store, "2")[index]).join(DESCRIPTOR_FILE));
    fs::copy(&base, &leaf).unwrap();
    assert_eq!(store.locate("Win7", Some("2")).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_layer_that_is_missing_breaks_every_chain_that_needs_it() {
    let workshop = Workshop::new();
    let Stocked { store, .. } = stocked(&workshop);
    let base = layers(&store, "1").remove(0);
    fs::remove_dir_all(folder(&base)).unwrap();
    assert_eq!(store.locate("Win7", None).unwrap_err().kind(), ErrorKind::Chain);
    let found = problems(&store, Depth::Quick);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|problem| problem.contains(&base.uuid().to_string())), "{found:?}");
}

#[test]
fn what_is_no_store_is_refused() {
    let workshop = Workshop::new();
    let refused = |path: &Path| Store::open(path).unwrap_err();
    assert_eq!(refused(&workshop.path("absent")).kind(), ErrorKind::Unreachable);
    workshop.write("other/file", b"something else");
    assert_eq!(refused(&workshop.path("other")).kind(), ErrorKind::Unreachable);
    assert!(matches!(Store::open_or_create(&workshop.path("other")), Err(StoreError::NoStore { .. })));
    assert_eq!(fs::read_dir(workshop.path("other")).unwrap().count(), 1);
    workshop.write("new/store.json", b"{ \"format\": 2 }\n");
    assert!(matches!(refused(&workshop.path("new")), StoreError::Format { found: 2, .. }));
    workshop.write("new/store.json", b"{ \"format\": 1 }\n");
    assert!(Store::open(&workshop.path("new")).unwrap().images().unwrap().versions.is_empty());
}

/// Damages a file of a small store, publishes the same disk again, and sees that all is well.
fn is_repaired(damage: impl Fn(&Path), file: impl Fn(&Store) -> PathBuf) {
    let workshop = Workshop::new();
    let store = small(&workshop);
    let before = snapshot(&store);
    damage(&file(&store));
    assert_ne!(problems(&store, Depth::Quick), Vec::<String>::new());
    let (published, heard) = publish_heard(&store, &request("Win7@1", &[&workshop.path("disk")]));
    published.unwrap();
    assert!(heard.events().iter().any(|e| matches!(e, Event::Notice(n) if n.contains("damaged"))));
    assert_eq!(snapshot(&store), before);
}

#[test]
fn publishing_the_same_content_again_repairs_what_is_damaged() {
    let cut = |path: &Path| drop(File::create(path).unwrap());
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    for part in [DESCRIPTOR_FILE, STORED_FILE, FRAMES_FILE] {
        let file = |store: &Store| folder(&layers(store, "1")[0]).join(part);
        is_repaired(cut, file);
        is_repaired(remove, file);
    }
    is_repaired(cut, |store| store.root().join("images/Win7/1.json"));
}

#[test]
fn publishing_a_disk_again_under_any_name_repairs_a_frame_that_changed() {
    for title in ["Win7@1", "New@1"] {
        let workshop = Workshop::new();
        let store = small(&workshop);
        let before = snapshot(&store);
        damage_frame(&layers(&store, "1")[0], 0);
        let published = publish(&store, &request(title, &[&workshop.path("disk")])).unwrap();
        assert_eq!(published.layers[0].how, How::Repaired);
        let after = snapshot(&store);
        assert!(before.iter().all(|file| after.contains(file)), "{title}");
    }
}

#[test]
fn a_repair_says_so_and_does_not_take_other_content() {
    use seedpress_tests::vhds::fixed;
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let path = workshop.write("disk.vhd", &fixed(&golden(1, 3), 7));
    publish(&store, &request("Win7@1", &[&path])).unwrap();
    fs::remove_file(folder(&layers(&store, "1")[0]).join(FRAMES_FILE)).unwrap();
    workshop.write("disk.vhd", &fixed(&golden(2, 3), 7));
    let error = publish(&store, &request("Win7@1", &[&path])).unwrap_err();
    assert!(error.to_string().contains("other content"), "{error}");
    workshop.write("disk.vhd", &fixed(&golden(1, 3), 7));
    let published = publish(&store, &request("Win7@1", &[&path])).unwrap();
    assert_eq!(published.layers[0].how, How::Repaired);
    assert_eq!(problems(&store, Depth::Full), Vec::<String>::new());
}

/// A repair may be cut off when the damaged layer is put aside and the mended one is not in its place yet.
#[test]
fn a_damaged_layer_that_was_put_aside_gets_its_name_back() {
    let workshop = Workshop::new();
    let store = small(&workshop);
    let before = snapshot(&store);
    damage_frame(&layers(&store, "1")[0], 0);
    let layer = folder(&layers(&store, "1")[0]);
    let name = layer.file_name().unwrap().to_str().unwrap();
    let [draft, aside] = ["", ".damaged"].map(|end| layer.with_file_name(format!("~{name}{end}")));
    fs::rename(&layer, &aside).unwrap();
    fs::create_dir(&draft).unwrap();
    let other = workshop.write("other", &golden(9, 1));
    let (published, heard) = publish_heard(&store, &request("Other@1", &[&other]));
    published.unwrap();
    assert!(heard.events().iter().any(|e| matches!(e, Event::Notice(n) if n.contains("its name again"))));
    assert!(layer.is_dir() && !aside.exists() && !draft.exists());
    let published = publish(&store, &request("Win7@1", &[&workshop.path("disk")])).unwrap();
    assert_eq!(published.layers[0].how, How::Repaired);
    let after = snapshot(&store);
    assert!(before.iter().all(|file| after.contains(file)));
}
