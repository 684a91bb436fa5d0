//! Sets: what does not fit on one medium is cut over several, each of which stands alone, and together are the whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deploy::{Medium, Trust, load};
use formats::digest::Sha256;
use formats::files::read_file;
use formats::kind::ErrorKind;
use formats::manifest::{Manifest, Volume, paths, sums};
use formats::units::{ByteLen, MIB};
use host::FileSource;
use press::Layout;
use press::layout::LayoutError;
use press::span::SpanError;
use press::template::Kind;
use press::verify::{Depth, Verdict};
use seedpress_tests::content::digest;
use seedpress_tests::disc::by_tools::{Side, seven_zip};
use seedpress_tests::press::{BASE, CHILD, Order, look, store, store_of};
use seedpress_tests::workshop::{HostFile, Workshop};

/// An order for discs of so many bytes: boot files and lists take 17 MiB of them.
fn discs(workshop: &Workshop, size: u64) -> Order {
    let root = workshop.path("store");
    if !root.exists() {
        store(&root);
        workshop.write("added/drivers/net.sys", &[5; 70_000]);
        workshop.write("esp/EFI/BOOT/BOOTX64.EFI", &[0x4d; 300_000]);
    }
    let mut order = Order::new(&root);
    order.shape(Kind::Disc);
    order.size = Some(ByteLen(size));
    order.folders = vec![(workshop.path("added"), Volume::Seed), (workshop.path("esp"), Volume::Esp)];
    order
}

/// An order for sticks of so many bytes: the partition table and the boot volume take 66 MiB of them, and no NTFS volume is shorter than 16.
fn sticks(workshop: &Workshop, size: u64) -> Order {
    let mut order = discs(workshop, size);
    order.shape(Kind::Usb);
    order
}

fn open(path: &Path) -> Medium {
    Medium::open(Arc::new(FileSource::open(path).unwrap())).unwrap()
}

fn manifest(path: &Path) -> Manifest {
    load(&open(path), &Trust::default()).unwrap().manifest
}

/// The compressed disk of a layer, put together from the files of media as `cat` would.
fn joined(media: &[PathBuf], layer: uuid::Uuid) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for path in media {
        let medium = open(path);
        if let Some(file) = manifest(path).layer_file(layer) {
            files.push((file.path.clone(), read_file(medium.seed(), &file.path, 1 << 30).unwrap()));
        }
    }
    files.sort();
    files.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

fn stored(workshop: &Workshop, layer: uuid::Uuid) -> Vec<u8> {
    std::fs::read(workshop.path(&format!("store/layers/{layer}/disk.vhd.zst"))).unwrap()
}

/// Compares every file of a medium with the digests that its `SHA256SUMS` and its manifest have for it.
fn sums_agree(path: &Path) {
    let medium = open(path);
    let read = |name: &str| read_file(medium.seed(), name, 1 << 30).unwrap();
    let text = String::from_utf8(read(paths::SUMS)).unwrap();
    let listed = sums::parse(&text).unwrap();
    assert!(listed.iter().any(|(name, _)| name.contains(".vhd.zst")));
    for (name, digest) in listed {
        assert_eq!(Sha256::of(&read(name)), digest, "{name}");
        assert_eq!(manifest(path).file(Volume::Seed, name).unwrap().sha256, digest, "{name}");
    }
}

fn check_set(workshop: &Workshop, media: &[PathBuf], size: u64) {
    let set = manifest(&media[0]).set.unwrap();
    assert_eq!(set.media.len(), media.len());
    for (number, path) in (1..).zip(media) {
        let found = manifest(path);
        let own = found.set.as_ref().unwrap();
        assert_eq!((own.number, own.id, &own.media), (number, set.id, &set.media));
        assert!(found.size.0 <= size, "{}", found.size);
        let report = look(Arc::new(FileSource::open(path).unwrap()), Depth::Full).unwrap();
        assert_eq!((report.verdict, &report.problems[..]), (Verdict::Pristine, &[][..]), "{number}");
    }
    for layer in [BASE, CHILD] {
        assert!(joined(media, layer) == stored(workshop, layer), "{layer}");
    }
    media.iter().for_each(|path| sums_agree(path));
}

#[test]
fn discs_and_sticks_of_a_set_stand_alone_and_make_up_the_whole() {
    let workshop = Workshop::new();
    let mut long = sticks(&workshop, 82 * MIB);
    long.template.seed.label = "Kundenstick Berlin und Umgebung!".into();
    let cases = [
        (discs(&workshop, 24 * MIB), 24 * MIB, ["SEED-1", "SEED-2"]),
        (long, 82 * MIB, ["Kundenstick Berlin und Umgebun-1", "Kundenstick Berlin und Umgebun-2"]),
    ];
    for (place, (order, size, labels)) in cases.into_iter().enumerate() {
        let folder = workshop.path(&format!("set{place}"));
        std::fs::create_dir(&folder).unwrap();
        let media = order.press_set(&folder, 3).unwrap();
        assert!((2..=4).contains(&media.len()), "{}", media.len());
        check_set(&workshop, &media, size);
        let found: Vec<_> = media.iter().map(|path| manifest(path).label).collect();
        assert_eq!(found[..2], labels);
        let has = |path: &PathBuf, volume, name: &str| manifest(path).file(volume, name).is_some();
        assert!(media.iter().all(|path| has(path, Volume::Esp, "EFI/BOOT/BOOTX64.EFI")));
        let added: Vec<_> = media.iter().filter(|path| has(path, Volume::Seed, "drivers/net.sys")).collect();
        assert_eq!(added, [&media[0]]);
    }
}

#[test]
fn parts_are_cut_where_frames_end_and_say_so_when_damaged() {
    let workshop = Workshop::new();
    let media = discs(&workshop, 24 * MIB).press_set(workshop.folder(), 2).unwrap();
    let (place, part) = media
        .iter()
        .enumerate()
        .find_map(|(place, path)| {
            let found = manifest(path);
            Some((place, found.files.into_iter().find(|file| file.offset.is_some_and(|at| at.0 > 0))?))
        })
        .unwrap();
    let medium = open(&media[place]);
    let table = read_file(medium.seed(), &paths::layer_seek_table(part.layer.unwrap()), 1 << 20).unwrap();
    assert_eq!(&stored(&workshop, part.layer.unwrap())[..].ends_with(&table), &true);
    let extents = medium.seed().extents(&part.path).unwrap().unwrap();
    let mut bytes = std::fs::read(&media[place]).unwrap();
    bytes[extents[0].on_volume.unwrap().0 as usize + 1] ^= 1;
    let report = look(Arc::new(bytes), Depth::Full).unwrap();
    assert_eq!(report.verdict, Verdict::PayloadChanged);
    let problem = report.problems[0].to_string();
    assert!(problem.contains(&part.path) && problem.contains("frame 2 at 0x0"), "{problem}");
}

/// That each layout fits, and that together they have every byte of every layer once.
fn sound(workshop: &Workshop, layouts: &[Layout], size: u64) {
    let set = layouts[0].set().unwrap();
    assert_eq!(set.media.len(), layouts.len());
    assert!(layouts.iter().all(|layout| layout.size().0 <= size));
    // Manifests are refused whose parts leave a gap.
    let end = |layer| {
        let mut parts = set.media.iter().flat_map(|member| &member.parts).filter(|part| part.layer == layer);
        parts.next_back().map(|part| part.offset.0 + part.len.0)
    };
    for layer in [BASE, CHILD] {
        assert_eq!(end(layer), Some(stored(workshop, layer).len() as u64));
    }
}

#[test]
fn media_of_any_size_hold_what_they_are_given() {
    let workshop = Workshop::new();
    let mut counts = BTreeSet::new();
    for size in (21 * MIB..34 * MIB).step_by(700_001) {
        let layouts = discs(&workshop, size).span(2).unwrap();
        match layouts.len() {
            1 => assert!(layouts[0].set().is_none() && layouts[0].size().0 <= size),
            _ => sound(&workshop, &layouts, size),
        }
        counts.insert(layouts.len());
    }
    assert_eq!(counts, [1, 2, 3, 5].into());
}

#[test]
fn a_set_may_have_more_than_nine_media() {
    let workshop = Workshop::new();
    store_of(&workshop.path("store"), 12);
    let order = Order { folders: Vec::new(), ..discs(&workshop, 21 * MIB) };
    let layouts = order.span(2).unwrap();
    assert!(layouts.len() > 10, "{}", layouts.len());
    assert!(layouts.iter().all(|layout| layout.size().0 <= 21 * MIB));
}

#[test]
fn what_fits_on_one_medium_is_one_medium() {
    let workshop = Workshop::new();
    let media = discs(&workshop, 64 * MIB).press_set(workshop.folder(), 2).unwrap();
    assert_eq!((media.len(), manifest(&media[0]).set), (1, None));
    assert_eq!(manifest(&media[0]).label, "SEED");
}

#[test]
fn the_same_order_gives_the_same_set() {
    let workshop = Workshop::new();
    let order = discs(&workshop, 24 * MIB);
    let press = |name: &str, threads| -> Vec<Sha256> {
        std::fs::create_dir(workshop.path(name)).unwrap();
        let media = order.press_set(&workshop.path(name), threads).unwrap();
        media.iter().map(|path| digest(&HostFile::open(path))).collect()
    };
    assert_eq!(press("one", 1), press("four", 4));
}

#[test]
fn media_too_small_for_a_frame_or_for_the_folders_are_refused() {
    let workshop = Workshop::new();
    let refused = |order: Order| {
        let error = order.press_set(workshop.folder(), 2).unwrap_err();
        error.downcast::<SpanError>().unwrap()
    };
    let error = refused(discs(&workshop, 20 * MIB));
    assert!(matches!(error, SpanError::NoRoom { number: 2, missing } if missing.0 > 0), "{error}");
    assert_eq!(error.kind(), ErrorKind::Fit);
    workshop.write("added/large", &[7; 9 << 20]);
    let error = refused(discs(&workshop, 24 * MIB));
    let SpanError::BesideLayers { number: 1, source: LayoutError::Disc(_) } = &error else {
        panic!("{error}")
    };
    assert_eq!(error.kind(), ErrorKind::Fit);
}

#[test]
fn media_of_a_set_are_sound_to_everyone() {
    let workshop = Workshop::new();
    let media = discs(&workshop, 24 * MIB).press_set(workshop.folder(), 2).unwrap();
    for side in [Side::Udf, Side::Iso] {
        seven_zip(side, &media[1]);
    }
}
