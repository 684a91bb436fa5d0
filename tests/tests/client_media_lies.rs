//! Media that are damaged, pulled out or made to lie give errors in words, and what they still have.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;

use formats::layer::{Frame, Frames};
use formats::manifest::{Manifest, paths};
use formats::units::{ByteLen, MIB};
use seedpress_tests::paper::Noise;
use seedpress_tests::press::{BASE, CHILD, secret};
use seedpress_tests::sought::{layer, only, order, pressed, read, search, why_not, workshop};
use seedpress_tests::tampered::Spread;
use store::{Layer, Store};
use sync::client::media::find;
use sync::client::source::{Source, SourceError};

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

/// Reads all that a stick offers. What is not a frame as it was written must be told, by an error or by its digest.
fn read_whatever_comes(stick: &Path, layers: &[Layer]) -> usize {
    let mut found = find(&search(&[stick]));
    let Ok(source) = found.remove(0).source else { return 0 };
    let mut right = 0;
    for layer in layers {
        let Ok(Some(offer)) = source.offer(&layer.descriptor) else { continue };
        let lists = offer.digests().and_then(|digests| Ok((digests, offer.seek_table()?)));
        if let Ok((digests, table)) = lists {
            Frames::open_apart(&layer.descriptor, &table, &digests).unwrap();
        }
        for frame in layer.frames.frames() {
            let sink = &mut |frame: &Frame, bytes: &[u8]| {
                right += usize::from(layer.frames.check(frame, bytes).is_ok());
                ControlFlow::Continue(())
            };
            // An error ends the reading of this frame alone.
            let _ = offer.read(std::slice::from_ref(&frame), sink);
        }
    }
    right
}

#[test]
fn a_stick_that_is_damaged_anywhere_gives_errors_and_never_a_wrong_list() {
    let workshop = workshop();
    let stick = pressed(&workshop, "stick", &order(&workshop));
    let layers = [BASE, CHILD].map(|uuid| layer(&workshop, uuid));
    assert_eq!(read_whatever_comes(&stick, &layers), 5);
    let file = fs::File::options().read(true).write(true).open(&stick).unwrap();
    let places = Noise { seed: 5, len: ByteLen(8 * 60) }.bytes();
    let (mut least, size) = (5, file.metadata().unwrap().len());
    for (number, word) in places.as_chunks::<8>().0.iter().enumerate() {
        // Structures lie in front, of the disk and of its partitions.
        let start = [0, MIB, 66 * MIB, 0][number % 4];
        let reach = if number % 4 == 3 { size } else { 64 << 10 };
        let at = start + u64::from_le_bytes(*word) % reach;
        let mut there = [0; 16];
        file.read_exact_at(&mut there, at).unwrap();
        file.write_all_at(&there.map(|byte| byte ^ 0x55), at).unwrap();
        least = least.min(read_whatever_comes(&stick, &layers));
        file.write_all_at(&there, at).unwrap();
    }
    assert!(least < 5, "something was hit");
    assert_eq!(read_whatever_comes(&stick, &layers), 5);
}
