//! What a manifest promises.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::digest::Sha256;
use crate::time::Timestamp;
use crate::units::{ByteLen, ByteOffset};

const LAYER: Uuid = Uuid::from_u128(0x0a);

fn file(path: &str) -> File {
    File {
        volume: Volume::Seed,
        path: path.into(),
        len: ByteLen(3),
        sha256: Sha256::of(path.as_bytes()),
        layer: None,
        offset: None,
    }
}

fn structure(name: &str, start: u64, len: u64) -> Structure {
    Structure { name: name.into(), start: ByteOffset(start), len: ByteLen(len), sha256: Sha256::of(b"") }
}

fn sample() -> Manifest {
    Manifest {
        format: FORMAT,
        medium: Uuid::from_u128(1),
        kind: Kind::Usb,
        label: "SEED".into(),
        created: Timestamp::EARLIEST,
        expires: None,
        tool: "seedpress 0.1.0".into(),
        template: "usb".into(),
        size: ByteLen(1 << 30),
        sector_size: 512,
        set: None,
        images: vec![image("1"), image("2")],
        boot: Vec::new(),
        layers: vec![json!({ "uuid": LAYER, "size": 5 })],
        files: vec![file("README.txt"), File { layer: Some(LAYER), ..file(&paths::layer_disk(LAYER)) }],
        structures: vec![structure("protective MBR", 0, 512), structure("$MFT", 512, 1024)],
    }
}

fn image(version: &str) -> Image {
    let name = String::from("Win7");
    Image { name, version: version.into(), size: ByteLen(7), chain: vec![LAYER], note: String::new() }
}

fn refused(change: impl FnOnce(&mut Manifest)) -> ManifestError {
    let mut manifest = sample();
    change(&mut manifest);
    let printed = crate::document::print_sealed(&manifest);
    let error = Manifest::parse(printed.as_bytes()).expect_err("a reader refuses it");
    assert_eq!(manifest.print(), Err(error.clone()), "the writer refuses what the reader refuses");
    error
}

#[test]
fn a_manifest_comes_back_as_it_was_printed() {
    let text = sample().print().unwrap();
    let back = Manifest::parse(text.as_bytes()).unwrap();
    assert_eq!(back, sample());
    assert_eq!(back.print().unwrap(), text);
    assert_eq!(back.image("Win7", None).unwrap().version, "2");
    assert_eq!(back.image("Win7", Some("1")).unwrap().version, "1");
    assert_eq!(back.layer_file(LAYER).unwrap().path, paths::layer_disk(LAYER));
    assert_eq!(back.layer(LAYER).unwrap()["size"], 5);
}

#[test]
fn every_flipped_bit_of_a_manifest_is_noticed() {
    let text = sample().print().unwrap().into_bytes();
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(Manifest::parse(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn a_file_is_listed_once_and_lies_inside_its_volume() {
    assert!(matches!(refused(|m| m.files.push(file("README.txt"))), ManifestError::Twice { .. }));
    assert!(matches!(refused(|m| m.files.push(file(paths::MANIFEST))), ManifestError::Twice { .. }));
    for path in ["", "/etc", "a/../../b", "..", "a\\b", "a\nb", "a//b", "a/", "a\u{85}"] {
        assert!(matches!(refused(|m| m.files[0].path = path.into()), ManifestError::Path(_)), "{path:?}");
    }
    let on_esp = |m: &mut Manifest| m.files.push(File { volume: Volume::Esp, ..file("README.txt") });
    let mut both = sample();
    on_esp(&mut both);
    assert!(both.print().is_ok());
}

#[test]
fn an_image_has_layers_that_are_listed() {
    assert!(matches!(refused(|m| m.layers.clear()), ManifestError::NoLayer { .. }));
    assert!(matches!(refused(|m| m.images[0].chain.clear()), ManifestError::EmptyChain { .. }));
    assert!(matches!(refused(|m| m.layers.push(json!([]))), ManifestError::NoUuid { index: 1 }));
    assert!(matches!(refused(|m| m.layers.push(m.layers[0].clone())), ManifestError::Twice { .. }));
    assert!(matches!(refused(|m| m.images[0].name = "..".into()), ManifestError::Name(_)));
    assert!(matches!(refused(|m| m.images[0].version = "2".into()), ManifestError::Twice { .. }));
    let error = refused(|m| m.images[0].chain.push(LAYER));
    assert_eq!(error, ManifestError::Twice { what: format!("layer {LAYER} in the chain of Win7@1") });
}

#[test]
fn structures_are_in_order_and_inside_the_medium() {
    let ends: [(u64, u64); 3] = [(0, 1), ((1 << 30) - 1, 2), (u64::MAX, 1)];
    for (start, len) in ends {
        let error = refused(|m| m.structures.push(structure("x", start, len)));
        assert!(matches!(error, ManifestError::Misplaced { .. }), "{start} {len}");
    }
}

#[test]
fn another_format_is_named() {
    assert_eq!(refused(|m| m.format = 2), ManifestError::Format { found: 2 });
    assert_eq!(Manifest::parse(&[b'{', 0xff]), Err(ManifestError::NotText { offset: ByteOffset(1) }));
    let long = vec![b' '; MAX_TEXT + 1];
    assert!(matches!(Manifest::parse(&long), Err(ManifestError::TooLong { .. })));
}

#[test]
fn sums_come_back_as_they_were_printed() {
    let list = [("a b", Sha256::of(b"1")), ("seed/é", Sha256::of(b"2"))];
    let text = sums::print(list).unwrap();
    assert_eq!(sums::parse(&text).unwrap(), Vec::from(list));
    let binary = text.replace("  ", " *");
    assert_eq!(sums::parse(&binary).unwrap(), Vec::from(list));
    assert!(sums::print([("a\\b", Sha256::of(b""))]).is_err());
    for bad in ["x", "\n", "0  a", &text.replace("a b", "../a"), &text.replace("  ", " ")] {
        assert!(sums::parse(bad).is_err(), "{bad:?}");
    }
}

/// The first of two media, over which the layer is cut.
fn first_of_two() -> Manifest {
    let part = |offset, len| Part { layer: LAYER, offset: ByteOffset(offset), len: ByteLen(len) };
    let member = |id, part| Member { medium: Uuid::from_u128(id), label: "SEED".into(), parts: vec![part] };
    let media = vec![member(1, part(0, 3)), member(2, part(3, 4))];
    Manifest { set: Some(Set { id: Uuid::from_u128(9), number: 1, media }), ..sample() }
}

#[test]
fn a_medium_names_its_set_and_what_of_layers_is_where() {
    let text = first_of_two().print().unwrap();
    let set = Manifest::parse(text.as_bytes()).unwrap().set.unwrap();
    assert_eq!(set.member().unwrap().medium, Uuid::from_u128(1));
    assert_eq!(set.holding(LAYER).map(|(number, _)| number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(set.holding(Uuid::nil()).count(), 0);
}

#[test]
fn a_set_that_contradicts_itself_is_refused() {
    let spoil: [fn(&mut Set); 8] = [
        |set| set.media.clear(),
        |set| set.number = 0,
        |set| set.number = 2,
        |set| set.media[1].medium = Uuid::from_u128(1),
        |set| set.media[1].parts[0].offset = ByteOffset(4),
        |set| set.media[1].parts[0].len = ByteLen(u64::MAX),
        |set| set.media[0].parts.clear(),
        |set| set.media[0].parts[0].len = ByteLen(2),
    ];
    for spoil in spoil {
        let error = refused(|m| {
            *m = first_of_two();
            m.set.iter_mut().for_each(spoil);
        });
        assert!(matches!(error, ManifestError::Set(_)), "{error}");
    }
    let alone = refused(|m| m.files[1].offset = Some(ByteOffset(0)));
    assert_eq!(alone, ManifestError::Set(SetError::OtherFiles));
}
