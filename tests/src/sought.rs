//! Media that clients of tests look for, and what they read from them.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use formats::io::read_vec;
use formats::layer::{Frame, print_digests};
use formats::units::ByteOffset;
use press::template::Kind;
use store::{Layer, Store};
use sync::client::media::{MediumSource, Search, find};
use sync::client::source::{Offer, Source, SourceError};

use crate::press::{Order, secret, store, time};
use crate::workshop::Workshop;

/// A workshop with a store.
pub fn workshop() -> Workshop {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    workshop
}

/// An order for a stick with all of the store, signed.
pub fn order(workshop: &Workshop) -> Order {
    Order::new(&workshop.path("store"))
}

/// Presses a medium into the workshop, and gives its path.
///
/// # Panics
/// When it cannot be pressed.
pub fn pressed(workshop: &Workshop, name: &str, order: &Order) -> PathBuf {
    let path = workshop.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    order.press(&path, 2).unwrap();
    path
}

/// Presses a disc with all of the store.
pub fn disc(workshop: &Workshop, name: &str) -> PathBuf {
    let mut order = order(workshop);
    order.shape(Kind::Disc);
    pressed(workshop, name, &order)
}

/// A search that trusts the key of the tests, for media that are named.
pub fn search(named: &[&Path]) -> Search {
    Search {
        named: named.iter().map(|path| path.to_path_buf()).collect(),
        keys: vec![secret().public()],
        now: Some(time()),
        ..Search::new(None)
    }
}

/// A layer of the store.
///
/// # Panics
/// When it is not there.
pub fn layer(workshop: &Workshop, uuid: uuid::Uuid) -> Layer {
    Store::open(&workshop.path("store")).unwrap().layer(uuid).unwrap()
}

/// The only medium that is found, which is used.
///
/// # Panics
/// When that is not so.
pub fn only(search: &Search) -> MediumSource {
    let mut found = find(search);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).source.unwrap()
}

/// Why the only medium that is found is not used.
///
/// # Panics
/// When that is not so.
pub fn why_not(search: &Search) -> String {
    let found = find(search);
    let [found] = &found[..] else { panic!("{found:?}") };
    found.why_not().unwrap_or_else(|| panic!("{found:?} is used"))
}

/// Reads frames and compares them with the store's; the numbers of those that came, and what ended it.
///
/// # Panics
/// When that is not so.
pub fn read(offer: &dyn Offer, layer: &Layer, frames: &[Frame]) -> (Vec<usize>, Result<(), SourceError>) {
    let mut seen = Vec::new();
    let ended = offer.read(frames, &mut |frame, bytes| {
        layer.frames.check(frame, bytes).unwrap();
        seen.push(frame.number);
        ControlFlow::Continue(())
    });
    (seen, ended)
}

/// Sees that a source has all of a layer.
///
/// # Panics
/// When that is not so.
pub fn has_all(source: &MediumSource, layer: &Layer) {
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
