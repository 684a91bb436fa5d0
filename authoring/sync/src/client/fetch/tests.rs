//! Frames from sources in memory, whatever is wrong with these.

use std::fs;
use std::path::Path;

use host::{Crew, Ignore, Stop};
use proptest::prelude::*;
use store::Store;

use super::*;
use crate::client::board::GIVE_UP;
use crate::client::fake::{self, Fake, Fault, Layer};
use crate::client::home::Home;
use crate::client::source::Source;
use crate::client::survey::{Means, Panel, survey};
use crate::client::twins::Twins;

/// What became of a job.
struct Done {
    outcome: Result<Fetched, ClientError>,
    /// Why sources were left out when they were surveyed.
    out: Vec<Option<String>>,
}

impl Done {
    /// How many frames each source gave.
    fn given(&self) -> Vec<u64> {
        let fetched = self.outcome.as_ref().unwrap();
        fetched.tallies.iter().map(|tally| tally.taken.values().map(|taken| taken.0).sum()).collect()
    }

    fn failures(&self) -> Vec<String> {
        let fetched = self.outcome.as_ref().unwrap();
        fetched.failures.iter().map(|(_, error)| with_causes(error)).collect()
    }
}

fn crew() -> Crew {
    Crew::new(Some(2), Stop::new()).unwrap()
}

/// Fetches layers from sources into a client's folder.
fn fetch(home: &Home, layers: &[&Layer], sources: &[&Fake]) -> Done {
    let crew = crew();
    let store = home.store().unwrap();
    let mut panel = Panel::new(sources.iter().map(|source| *source as &dyn Source).collect());
    let twins = Twins::of(&store).unwrap();
    let means = Means { home, crew: &crew, observer: &Ignore, twins: &twins, dry_run: false };
    let surveyed: Result<Vec<_>, _> =
        layers.iter().map(|layer| survey(&mut panel, &layer.descriptor, means)).collect();
    let out = |panel: &Panel<'_>| panel.seats().iter().map(|it| Some(it.out.as_ref()?.1.clone())).collect();
    let surveyed = match surveyed {
        Ok(surveyed) => surveyed,
        Err(error) => return Done { outcome: Err(error), out: out(&panel) },
    };
    let job = Fetch { layers: &surveyed, kinds: &panel.kinds(), stop: crew.stop(), observer: &Ignore };
    let (fetched, ended) =
        job.run(|number| surveyed[number].making.commit(&store, surveyed[number].descriptor));
    let outcome = ended.map(|()| fetched);
    Done { outcome, out: out(&panel) }
}

/// Whether a layer is whole in the client's store, byte for byte.
fn is_whole(home: &Home, layer: &Layer) -> bool {
    let folder = home.path("store/layers").join(layer.descriptor.uuid.to_string());
    let same = |file: &str, bytes: &[u8]| fs::read(folder.join(file)).is_ok_and(|found| found == bytes);
    same("disk.vhd.zst", &layer.stored)
        && same("frames.bin", &layer.list)
        && Store::open(&home.path("store")).unwrap().layer(layer.descriptor.uuid).is_ok()
}

/// Fetches one layer into a new folder.
fn fetch_one(layer: &Layer, sources: &[&Fake]) -> Done {
    let folder = tempfile::tempdir().unwrap();
    let home = fake::home(folder.path());
    let done = fetch(&home, &[layer], sources);
    let failed = done.outcome.as_ref().map_or(true, |fetched| !fetched.failures.is_empty());
    assert_eq!(is_whole(&home, layer), !failed);
    done
}

const NETWORK: SourceKind = SourceKind::Network;
const USB: SourceKind = SourceKind::Usb;
const DVD: SourceKind = SourceKind::Dvd;

#[test]
fn each_frame_comes_from_the_nearest_source_that_has_it() {
    let layer = fake::layer(1, None, 5);
    let network = Fake::new(NETWORK, &[&layer]);
    let usb = Fake::new(USB, &[&layer]).with(&layer, 1, Fault::Wrong).with(&layer, 3, Fault::Absent);
    let dvd = Fake::new(DVD, &[&layer]).with(&layer, 1, Fault::Unreadable);
    // However they are named: the order is that of their kinds.
    let done = fetch_one(&layer, &[&network, &dvd, &usb]);
    assert_eq!(done.given(), [3, 1, 1]);
    let mut of_dvd = dvd.asked();
    of_dvd.sort_unstable();
    assert_eq!((network.asked(), of_dvd), (vec![1], vec![1, 3]));
}

#[test]
fn what_the_network_gives_wrong_is_asked_for_once_more_and_then_named() {
    let layer = fake::layer(1, None, 4);
    let once = Fake::new(NETWORK, &[&layer]).with(&layer, 2, Fault::WrongOnce);
    assert_eq!(fetch_one(&layer, &[&once]).given(), [4]);
    let always = Fake::new(NETWORK, &[&layer]).with(&layer, 2, Fault::Wrong);
    let done = fetch_one(&layer, &[&always]);
    let failures = done.failures();
    let named = format!("no source has frame 2 of layer {}", layer.descriptor.uuid);
    assert!(failures.len() == 1 && failures[0].starts_with(&named), "{failures:?}");
    let kind = done.outcome.unwrap().failures[0].1.kind();
    assert_eq!((always.asked().iter().filter(|frame| **frame == 2).count(), kind), (2, ErrorKind::Corrupt));
}

#[test]
fn a_source_with_another_list_of_frames_is_left_out() {
    let layer = fake::layer(1, None, 3);
    let usb = Fake { false_list: true, ..Fake::new(USB, &[&layer]) };
    let network = Fake::new(NETWORK, &[&layer]);
    let done = fetch_one(&layer, &[&usb, &network]);
    assert_eq!(done.given(), [0, 3]);
    assert!(done.out[0].as_ref().unwrap().contains("list of the frames"), "{:?}", done.out);
    let alone = fetch_one(&layer, &[&usb]).outcome;
    assert!(matches!(alone, Err(ClientError::NoList { lied: true, .. })));
}

/// The table of a layer, with the first two frames cut elsewhere.
fn lying(layer: &Layer) -> formats::layer::SeekTable {
    let mut table = formats::layer::SeekTable::new();
    for frame in layer.table.frames() {
        let (stored, plain) = (frame.stored.end - frame.stored.start, frame.plain.end - frame.plain.start);
        let stored = [stored + 3, stored - 3, stored][frame.number.min(2)];
        table.push(stored as u32, plain as u32);
    }
    table
}

#[test]
fn a_seek_table_that_contradicts_frames_is_a_lie_wherever_it_comes_from() {
    let layer = fake::layer(1, None, 4);
    let honest = |kind| Fake::new(kind, &[&layer]);
    let liar = |kind| Fake { false_table: Some(lying(&layer)), ..honest(kind) };
    let done = fetch_one(&layer, &[&liar(USB), &honest(NETWORK)]);
    assert_eq!(done.given(), [0, 4]);
    assert!(done.out[0].as_ref().unwrap().contains("contradicts"), "{:?}", done.out);
    assert_eq!(fetch_one(&layer, &[&honest(USB), &liar(NETWORK)]).given(), [4, 0]);
    assert_eq!(fetch_one(&layer, &[&liar(USB), &honest(DVD)]).given(), [0, 4]);
    let done = fetch_one(&layer, &[&liar(USB)]);
    assert!(done.failures()[0].contains("no source has frame 0"), "{:?}", done.failures());
}

#[test]
fn a_medium_that_was_pulled_out_is_given_up_and_the_rest_comes_over_the_network() {
    let count = 3 * GIVE_UP as usize;
    let layer = fake::layer(1, None, count);
    let broken = |usb: Fake, frame| usb.with(&layer, frame, Fault::Unreadable);
    let usb = (4..count).fold(Fake::new(USB, &[&layer]), broken);
    let done = fetch_one(&layer, &[&usb, &Fake::new(NETWORK, &[&layer])]);
    assert_eq!(done.given(), [4, count as u64 - 4]);
    let tallies = done.outcome.unwrap().tallies;
    assert!(tallies[0].out.as_ref().unwrap().1.contains("scratched"));
    // Two threads may each have asked for one more.
    assert!(usb.asked().len() <= 4 + GIVE_UP as usize + 2, "{:?}", usb.asked());
    let dead = Fake { dead: true, ..Fake::new(USB, &[&layer]) };
    let done = fetch_one(&layer, &[&dead, &Fake::new(NETWORK, &[&layer])]);
    assert_eq!(done.given(), [0, count as u64]);
    assert_eq!(done.out[0].as_deref(), Some("cannot read at 0x0: pulled out"));
}

#[test]
fn what_was_fetched_stays_and_is_compared_before_it_counts() {
    let layer = fake::layer(1, None, 4);
    let folder = tempfile::tempdir().unwrap();
    let home = fake::home(folder.path());
    let usb = Fake::new(USB, &[&layer]).with(&layer, 3, Fault::Wrong);
    assert_eq!(fetch(&home, &[&layer], &[&usb]).failures().len(), 1);
    let stored = home.partial(layer.descriptor.uuid).join("disk.vhd.zst");
    spoil(&stored, 0);
    let network = Fake::new(NETWORK, &[&layer]);
    let done = fetch(&home, &[&layer], &[&network]);
    assert_eq!((done.given(), network.asked()), (vec![2], vec![0, 3]));
    assert!(is_whole(&home, &layer) && !stored.exists());
}

fn spoil(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_layer_that_fails_keeps_no_other_from_being_whole() {
    let (base, child) = (fake::layer(1, None, 3), fake::layer(2, Some(1), 2));
    let folder = tempfile::tempdir().unwrap();
    let home = fake::home(folder.path());
    let network = Fake::new(NETWORK, &[&base, &child]).with(&base, 1, Fault::Wrong);
    let done = fetch(&home, &[&base, &child], &[&network]);
    assert_eq!(done.failures().len(), 1);
    assert!(!is_whole(&home, &base) && is_whole(&home, &child));
}

#[test]
fn frames_that_another_layer_has_here_do_not_come_again() {
    let one = fake::layer(1, None, 4);
    let mut other = fake::layer(1, None, 5);
    other.descriptor.uuid = uuid::Uuid::from_u128(2);
    let folder = tempfile::tempdir().unwrap();
    let home = fake::home(folder.path());
    let network = Fake::new(NETWORK, &[&one, &other]);
    fetch(&home, &[&one], &[&network]);
    assert_eq!(fetch(&home, &[&other], &[&network]).given(), [1]);
    assert!(is_whole(&home, &one) && is_whole(&home, &other));
}

#[test]
fn a_reader_that_breaks_down_ends_the_job_and_nobody_waits() {
    let layer = fake::layer(1, None, 3);
    let usb = Fake::new(USB, &[&layer]).with(&layer, 1, Fault::Panics);
    let done = fetch_one(&layer, &[&usb, &Fake::new(NETWORK, &[&layer])]);
    assert!(matches!(done.outcome, Err(ClientError::Panicked(_))));
}

#[test]
fn where_nobody_else_is_asked_a_medium_is_asked_for_every_frame() {
    let count = 3 * GIVE_UP as usize;
    let layer = fake::layer(1, None, count);
    let broken = |usb: Fake, frame| usb.with(&layer, frame, Fault::Unreadable);
    let usb = (4..count - 2).fold(Fake::new(USB, &[&layer]), broken);
    assert_eq!(fetch_one(&layer, &[&usb]).given(), [6]);
}

/// What may be wrong with a frame.
fn fault() -> impl Strategy<Value = Option<Fault>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Fault::Absent)),
        1 => Just(Some(Fault::Wrong)),
        1 => Just(Some(Fault::Unreadable)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is wrong with which frame of which source: what can be had is right and from the nearest source that
    /// has it; what cannot be had is named; and nothing wrong is kept.
    #[test]
    fn random_damage_over_three_sources(faults in prop::collection::vec(prop::array::uniform3(fault()), 1..7)) {
        let layer = fake::layer(1, None, faults.len());
        // The service is there, or it is not: that some of its frames cannot be read is not its way.
        let network = |fault| if fault == Some(Fault::Unreadable) { Some(Fault::Wrong) } else { fault };
        let source = |kind, number: usize| {
            let fault = |frame: usize| faults[frame][number];
            let fault = |frame| if kind == NETWORK { network(fault(frame)) } else { fault(frame) };
            let add = |source: Fake, frame| match fault(frame) {
                Some(fault) => source.with(&layer, frame, fault),
                None => source,
            };
            (0..faults.len()).fold(Fake::new(kind, &[&layer]), add)
        };
        let sources = [source(USB, 0), source(DVD, 1), source(NETWORK, 2)];
        let nearest: Vec<Option<usize>> =
            faults.iter().map(|frame| frame.iter().position(Option::is_none)).collect();
        let done = fetch_one(&layer, &sources.each_ref());
        if nearest.iter().all(Option::is_some) {
            let expected = [0, 1, 2].map(|source| nearest.iter().filter(|it| **it == Some(source)).count() as u64);
            prop_assert_eq!(done.given(), expected);
        } else {
            let failures = done.failures();
            prop_assert_eq!(failures.len(), 1);
            let lost = (0..faults.len()).filter(|frame| nearest[*frame].is_none());
            let named = lost.map(|frame| format!("no source has frame {frame} of layer")).collect::<Vec<_>>();
            prop_assert!(named.iter().any(|name| failures[0].starts_with(name)), "{:?}", failures);
        }
    }
}
