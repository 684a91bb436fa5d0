//! Parents are found by who they are, and two disks with the same identity are never mixed up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use host::{ErrorKind, Event};
use seedpress_tests::disks::golden;
use seedpress_tests::stores::{
    differences, empty, flattened, problems, publish, publish_heard, request, snapshot,
};
use seedpress_tests::vhds::{Made, fixed, put, reseal};
use seedpress_tests::workshop::Workshop;
use store::publish::{How, Parent};
use store::{Depth, PublishError, Request, Store};

/// The time stamp in all footers that are made here.
const STAMP: u32 = 0x2f00_0007;

/// The VHD number `id` of a chain, with a sector of its own in each of two blocks.
fn made(id: u128, parent: Option<u128>) -> Made {
    let sectors = |fill: u8| BTreeMap::from([(id as usize, fill), (100, fill)]);
    Made {
        size: 5 << 20,
        block_size: 2 << 20,
        id,
        parent: parent.map(|parent| (parent, STAMP)),
        blocks: BTreeMap::from([(0, sectors(id as u8)), (2, sectors(id as u8 + 1))]),
        ..Made::default()
    }
}

/// The disk that these make up, base first.
fn disk(chain: &[Made]) -> Vec<u8> {
    let mut disk = Vec::new();
    chain.iter().for_each(|layer| layer.apply(&mut disk));
    disk
}

fn titled(workshop: &Workshop, paths: &[&str]) -> Request {
    let paths: Vec<PathBuf> = paths.iter().map(|path| workshop.path(path)).collect();
    request("Win7@1", &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>())
}

/// Publishes, which must fail; what is said, and what it means.
fn refused(store: &Store, request: &Request) -> (String, ErrorKind) {
    let before = snapshot(store);
    let error = publish(store, request).unwrap_err();
    let kind = error.kind();
    assert_eq!(snapshot(store), before);
    (format!("{:#}", anyhow::Error::from(error)), kind)
}

#[test]
fn parents_are_found_among_the_disks_named_in_any_order() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let chain = [made(1, None), made(2, Some(1)), made(3, Some(2))];
    for (name, layer) in ["a/1.vhd", "b/2.vhd", "c/3.vhd"].iter().zip(&chain) {
        workshop.write(name, &layer.bytes());
    }
    let published = publish(&store, &titled(&workshop, &["b/2.vhd", "c/3.vhd", "a/1.vhd"])).unwrap();
    assert_eq!(published.document.chain.iter().map(|u| u.as_u128()).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(flattened(&store, "Win7@1") == disk(&chain));
    assert_eq!(problems(&store, Depth::Full), Vec::<String>::new());
}

#[test]
fn parents_are_found_in_the_leafs_folder_and_in_the_store() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let chain = [made(1, None), made(2, Some(1)), made(3, Some(2))];
    workshop.write("folder/whatever-1", &chain[0].bytes());
    workshop.write("folder/whatever-2", &chain[1].bytes());
    publish(&store, &titled(&workshop, &["folder/whatever-2"])).unwrap();
    workshop.write("elsewhere/3.vhd", &chain[2].bytes());
    let request = Request { version: "2".into(), ..titled(&workshop, &["elsewhere/3.vhd"]) };
    let published = publish(&store, &request).unwrap();
    assert_eq!(published.layers.len(), 1);
    assert!(flattened(&store, "Win7@2") == disk(&chain));
}

/// A differencing VHD that says where its parent is: `platform` and `path`, behind the table.
fn with_locator(layer: &Made, platform: &[u8; 4], path: &str) -> Vec<u8> {
    let path: Vec<u8> = path.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = layer.bytes();
    let footer = bytes.split_off(bytes.len() - 512);
    let at = bytes.len();
    bytes.extend(&path);
    bytes.resize(at + 512, 0);
    bytes.extend(footer);
    let entry = 512 + 576;
    put(&mut bytes, entry, platform);
    put(&mut bytes, entry + 4, &512u32.to_be_bytes());
    put(&mut bytes, entry + 8, &(path.len() as u32).to_be_bytes());
    put(&mut bytes, entry + 16, &(at as u64).to_be_bytes());
    reseal(&mut bytes);
    bytes
}

#[test]
fn relative_locators_are_followed_and_absolute_ones_never() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let (base, child) = (made(1, None), made(2, Some(1)));
    let base_path = workshop.write("bases/base.vhd", &base.bytes());
    let absolute = base_path.to_str().unwrap();
    for (platform, path) in [(b"W2ku", absolute), (b"W2ru", absolute), (b"W2ru", "..\\bases\\absent.vhd")] {
        workshop.write("leaf/2.vhd", &with_locator(&child, platform, path));
        let (said, kind) = refused(&store, &titled(&workshop, &["leaf/2.vhd"]));
        assert!(said.contains("needs its parent 00000000-0000-0000-0000-000000000001"), "{said}");
        assert_eq!(kind, ErrorKind::Chain);
    }
    workshop.write("leaf/2.vhd", &with_locator(&child, b"W2ru", "..\\bases\\base.vhd"));
    publish(&store, &titled(&workshop, &["leaf/2.vhd"])).unwrap();
    assert!(flattened(&store, "Win7@1") == disk(&[base, child]));
}

#[test]
fn a_locator_that_leads_to_another_disk_is_an_error() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    workshop.write("bases/base.vhd", &made(9, None).bytes());
    workshop.write("leaf/2.vhd", &with_locator(&made(2, Some(1)), b"W2ru", "..\\bases\\base.vhd"));
    let (said, kind) = refused(&store, &titled(&workshop, &["leaf/2.vhd"]));
    assert!(said.contains("found 00000000-0000-0000-0000-000000000009"), "{said}");
    assert_eq!(kind, ErrorKind::Chain);
}

#[test]
fn a_parent_that_changed_later_is_a_warning() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    workshop.write("1.vhd", &made(1, None).bytes());
    workshop.write("2.vhd", &Made { parent: Some((1, STAMP + 1)), ..made(2, None) }.bytes());
    let (published, heard) = publish_heard(&store, &titled(&workshop, &["2.vhd"]));
    published.unwrap();
    let warned = heard.events().iter().any(|e| matches!(e, Event::Warning(w) if w.contains("time stamp")));
    assert!(warned, "{:?}", heard.events());
}

#[test]
fn a_raw_parent_becomes_the_base() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let mut expected = golden(3, 5);
    workshop.write("base.img", &expected);
    let child = Made { parent: Some((0, 0)), ..made(2, None) };
    let path = workshop.write("2.vhd", &child.bytes());
    let (_, kind) = refused(&store, &titled(&workshop, &["2.vhd"]));
    assert_eq!(kind, ErrorKind::Chain);
    publish(&store, &titled(&workshop, &["base.img", "2.vhd"])).unwrap();
    child.apply(&mut expected);
    assert!(flattened(&store, "Win7@1") == expected);
    let kept = store.locate("Win7", None).unwrap().layers.pop().unwrap().descriptor.vhd;
    assert_eq!(kept, formats::layer::Digested::of(&std::fs::read(path).unwrap()));
}

#[test]
fn disks_that_do_not_belong_together_are_refused() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    workshop.write("1.vhd", &made(1, None).bytes());
    workshop.write("2.vhd", &made(2, Some(1)).bytes());
    workshop.write("9.vhd", &made(9, None).bytes());
    let (said, kind) = refused(&store, &titled(&workshop, &["2.vhd", "9.vhd"]));
    assert!(said.contains("2 that are nobody's parent") && said.contains("9.vhd"), "{said}");
    assert_eq!(kind, ErrorKind::Usage);
    workshop.write("a/5.vhd", &made(5, Some(6)).bytes());
    workshop.write("a/6.vhd", &made(6, Some(5)).bytes());
    let (said, kind) = refused(&store, &titled(&workshop, &["a/5.vhd"]));
    assert!(said.contains("cycle"), "{said}");
    assert_eq!(kind, ErrorKind::Chain);
}

/// A store with a fixed disk as `Win7@1`, and the same disk patched in place afterwards, with its content.
fn patched(workshop: &Workshop) -> (Store, PathBuf, Vec<u8>) {
    let store = empty(workshop);
    let mut disk = golden(3, 5);
    let path = workshop.write("disk.vhd", &fixed(&disk, 7));
    publish(&store, &request("Win7@1", &[&path])).unwrap();
    disk[3 << 20] ^= 1;
    workshop.write("disk.vhd", &fixed(&disk, 7));
    (store, path, disk)
}

#[test]
fn a_disk_that_was_patched_in_place_is_refused_with_two_ways_out() {
    let workshop = Workshop::new();
    let (store, path, _) = patched(&workshop);
    let (said, _) = refused(&store, &request("Win7@2", &[&path]));
    assert!(said.contains("--parent NAME@VERSION") && said.contains("--new-uuid"), "{said}");
}

#[test]
fn a_patched_disk_can_be_stored_as_differences() {
    let workshop = Workshop::new();
    let (store, path, disk) = patched(&workshop);
    let published = publish(&store, &differences("Win7@2", &path, "Win7@1")).unwrap();
    assert_eq!(published.document.chain.len(), 2);
    assert!(published.layers[0].descriptor.vhd.len.0 < 3 << 20);
    assert!(flattened(&store, "Win7@2") == disk);
}

#[test]
fn a_patched_disk_can_have_an_identity_of_its_own() {
    let workshop = Workshop::new();
    let (store, path, disk) = patched(&workshop);
    let request = Request { new_uuid: true, ..request("Win7@2", &[&path]) };
    let published = publish(&store, &request).unwrap();
    assert_eq!(published.layers[0].how, How::Stored);
    assert_ne!(published.document.chain[0].as_u128(), 7);
    assert!(flattened(&store, "Win7@2") == disk);
    assert_eq!(publish(&store, &request).unwrap().layers[0].how, How::There);
}

#[test]
fn a_version_is_not_replaced_by_another_one() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let one = workshop.write("1.img", &golden(1, 1));
    let two = workshop.write("2.img", &golden(2, 1));
    publish(&store, &request("Win7@1", &[&one])).unwrap();
    let (said, _) = refused(&store, &request("Win7@1", &[&two]));
    assert!(said.contains("Win7@1 is published already"), "{said}");
}

#[test]
fn a_damaged_vhd_is_not_taken_for_a_raw_disk() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let good = fixed(&golden(3, 1), 7);
    let footer = good.len() - 512;
    for (name, at) in [("disk.vhd", footer), ("disk", footer), ("disk", footer + 70), ("disk", footer + 50)] {
        let mut bad = good.clone();
        bad[at] ^= 0x20;
        let path = workshop.write(name, &bad);
        let (_, kind) = refused(&store, &request("Win7@1", &[&path]));
        assert_eq!(kind, ErrorKind::Corrupt, "{name} {at}");
    }
}

#[test]
fn names_that_would_leave_the_store_are_refused() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let path = workshop.write("disk", &golden(3, 1));
    for title in ["../Win7@1", "Win7@../1", ".@1", "@1", "Win7@", "a/b@1", "~Win7@1"] {
        let (_, kind) = refused(&store, &request(title, &[&path]));
        assert_eq!(kind, ErrorKind::Usage, "{title}");
    }
    let parent = Some(Parent { name: "..".into(), version: None });
    let (_, kind) = refused(&store, &Request { parent, ..request("Win7@1", &[&path]) });
    assert_eq!(kind, ErrorKind::Usage);
}

#[test]
fn requests_that_contradict_themselves_are_refused() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let path = workshop.write("disk", &golden(3, 1));
    let plain = request("Win7@1", &[&path]);
    let parent = Some(Parent { name: "Win7".into(), version: None });
    let spoiled = [
        Request { level: 20, ..plain.clone() },
        Request { note: "n".repeat(Request::MAX_NOTE + 1), ..plain.clone() },
        Request { policies: vec!["no colon".into()], ..plain.clone() },
        Request { disks: Vec::new(), ..plain.clone() },
        Request { parent: parent.clone(), new_uuid: true, ..plain.clone() },
        Request { parent, disks: vec![path.clone(), path], ..plain },
    ];
    for request in spoiled {
        assert_eq!(refused(&store, &request).1, ErrorKind::Usage, "{request:?}");
    }
    let absent = request("Win7@1", &[Path::new("absent")]);
    assert_eq!(refused(&store, &absent).1, ErrorKind::Unreachable);
    assert!(matches!(publish(&store, &absent), Err(PublishError::Host(_))));
}
