//! What a medium starts lies where firmware and BIOS look for it, is listed in the manifest, and harms nothing else.

use std::path::Path;
use std::sync::Arc;

use formats::digest::Sha256;
use formats::io::ReadAt;
use formats::kind::ErrorKind;
use formats::manifest::{Component, Volume, paths};
use formats::units::ByteLen;
use host::FileSource;
use press::Template;
use press::boot::{Bios, Boot, BootFile, Content, DISC_CORE, DISC_CORE_ROOM, USB_CORE, USB_CORE_ROOM};
use press::layout::LayoutError;
use press::template::{Kind, Payload};
use press::verify::{Depth, Report, Verdict};
use seedpress_tests::disc::by_tools::{Side, seven_zip, udfinfo};
use seedpress_tests::judge::Judge;
use seedpress_tests::press::{Order, look, store};
use seedpress_tests::program;
use seedpress_tests::workshop::Workshop;

fn boot(core: usize) -> Boot {
    let file = |volume, path: &str, content| BootFile { volume, path: path.into(), content };
    let component = Component {
        role: "kernel".into(),
        name: "linux".into(),
        version: "6.1".into(),
        sha256: Sha256::of(b"kernel"),
    };
    Boot {
        files: vec![
            file(Volume::Esp, "EFI/BOOT/BOOTX64.EFI", Content::Bytes(vec![0x4d; 300_000])),
            file(Volume::Esp, paths::MARKER, Content::Text("id {medium}.\n".into())),
            file(Volume::Seed, "boot/kernel", Content::Bytes(b"kernel".to_vec())),
        ],
        bios: Some(Bios { bootstrap: vec![0xeb; 440], core: (0..core).map(|at| at as u8).collect() }),
        components: vec![component],
    }
}

/// A workshop with a store, and an order for a medium that starts something.
fn begin(kind: Kind, core: usize) -> (Workshop, Order) {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    let mut order = Order::new(&workshop.path("store"));
    order.shape(kind);
    order.boot = boot(core);
    (workshop, order)
}

fn open(path: &Path) -> Report {
    let disk: Arc<dyn ReadAt> = Arc::new(FileSource::open(path).unwrap());
    look(disk, Depth::Full).unwrap()
}

/// The bytes of a file of a medium's volume.
fn cat(medium: &Path, volume: Volume, path: &str) -> Vec<u8> {
    let options = if volume == Volume::Esp { &["--esp"][..] } else { &[] };
    program::judge().arg("cat").args(options).arg(medium).arg(path).agrees().stdout
}

/// Presses, and gives the medium's bytes when it is pristine.
fn press(workshop: &Workshop, order: &Order) -> Vec<u8> {
    let path = workshop.path("medium");
    let summary = order.press(&path, 3).unwrap();
    let report = open(&path);
    assert_eq!((report.verdict, &report.problems[..]), (Verdict::Pristine, &[][..]));
    let said = Judge::new("sgdisk").arg("-v").arg(&path).agrees();
    assert!(said.all().contains("No problems found"), "{said}");
    if !order.boot.files.is_empty() {
        let id = format!("id {}.\n", summary.medium);
        assert_eq!(String::from_utf8(cat(&path, Volume::Esp, paths::MARKER)).unwrap(), id);
        assert_eq!(cat(&path, Volume::Seed, "boot/kernel"), b"kernel");
        let manifest = cat(&path, Volume::Seed, paths::MANIFEST);
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["boot"][0]["version"], "6.1");
    }
    std::fs::read(&path).unwrap()
}

#[test]
fn a_stick_has_what_a_bios_goes_on_with_in_a_partition_of_its_own() {
    let (workshop, order) = begin(Kind::Usb, 100_001);
    let medium = press(&workshop, &order);
    assert_eq!(&medium[..440], &[0xeb; 440]);
    let core = &medium[USB_CORE as usize * 512..][..100_001];
    assert_eq!(core, &order.boot.bios.as_ref().unwrap().core[..]);
    let said = Judge::new("sgdisk").arg("-p").arg(workshop.path("medium")).agrees().text();
    let listed: Vec<_> =
        said.lines().filter(|line| line.contains(" MiB ") || line.contains(" KiB ")).collect();
    let kinds: Vec<_> = listed.iter().filter_map(|line| line.split_whitespace().nth(5)).collect();
    assert_eq!(kinds, ["EF00", "0700", "EF02"], "{said}");
    assert!(listed[2].contains(&format!(" {USB_CORE} ")), "{said}");
}

#[test]
fn a_disc_has_it_behind_the_first_anchor_and_el_torito_names_it() {
    let (workshop, order) = begin(Kind::Disc, 100_001);
    let medium = press(&workshop, &order);
    assert_eq!(&medium[..440], &[0xeb; 440]);
    let core = &medium[DISC_CORE as usize * 2048..][..100_001];
    assert_eq!(core, &order.boot.bios.as_ref().unwrap().core[..]);
    let catalog = u32::from_le_bytes(*medium[17 * 2048 + 0x47..].first_chunk().unwrap()) as usize * 2048;
    let entry = &medium[catalog + 32..][..32];
    assert_eq!((entry[0], u32::from_le_bytes(*entry[8..].first_chunk().unwrap())), (0x88, DISC_CORE));
    udfinfo(&workshop.path("medium"));
    seven_zip(Side::Udf, &workshop.path("medium"));
    seven_zip(Side::Iso, &workshop.path("medium"));
}

#[test]
fn a_bios_program_that_has_no_room_is_refused() {
    for (kind, core, sector_size) in
        [(Kind::Usb, USB_CORE_ROOM + 1, 512), (Kind::Usb, 1, 4096), (Kind::Disc, DISC_CORE_ROOM + 1, 512)]
    {
        let (_workshop, mut order) = begin(kind, core);
        order.sector_size = sector_size;
        let error = order.layout().unwrap_err();
        let error = error.downcast_ref::<LayoutError>().unwrap();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(formats::kind::with_causes(error).contains("BIOS program"), "{error}");
    }
}

#[test]
fn media_of_the_template_without_an_efi_system_partition_start_nothing() {
    for kind in [Kind::Usb, Kind::Disc] {
        let (workshop, mut order) = begin(kind, 1);
        order.boot = Boot::default();
        order.template = Template::named("data-only").unwrap().unwrap();
        let medium = press(&workshop, &order);
        let said = Judge::new("sgdisk").arg("-p").arg(workshop.path("medium")).agrees().text();
        assert!(!said.contains("EF00") && said.contains("SEED"), "{said}");
        let line = b"seedpress: this medium starts nothing";
        assert!(medium[..440].windows(line.len()).any(|bytes| bytes == line));
        assert!(!medium.windows(23).any(|bytes| bytes == b"EL TORITO SPECIFICATION"));
    }
}

#[test]
fn files_of_a_template_lie_where_it_says_with_their_words_filled_in() {
    let (workshop, mut order) = begin(Kind::Usb, 1);
    let text = include_str!("../../templates/courier-usb.toml");
    let more = "[[file]]\nvolume = \"esp\"\npath = \"label.txt\"\ntext = \"{label} {medium}\"\n";
    order.template = Template::parse(&format!("{text}\n{more}")).unwrap();
    let summary = order.press(&workshop.path("medium"), 3).unwrap();
    let said = cat(&workshop.path("medium"), Volume::Esp, "label.txt");
    assert_eq!(String::from_utf8(said).unwrap(), format!("SEED {}", summary.medium));
}

#[test]
fn every_medium_of_a_set_starts_by_itself() {
    let workshop = Workshop::new();
    seedpress_tests::press::store_of(&workshop.path("store"), 12);
    let mut order = Order::new(&workshop.path("store"));
    order.shape(Kind::Disc);
    order.boot = boot(2048);
    order.size = Some(ByteLen(40 << 20));
    std::fs::create_dir(workshop.path("set")).unwrap();
    let media = order.press_set(&workshop.path("set"), 3).unwrap();
    assert!(media.len() > 1);
    let ids: Vec<_> = media.iter().map(|medium| cat(medium, Volume::Esp, paths::MARKER)).collect();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "each names itself");
    assert!(media.iter().all(|medium| cat(medium, Volume::Seed, "boot/kernel") == b"kernel"));
}

#[test]
fn the_same_boot_files_give_the_same_medium_and_others_another_identity() {
    let (_workshop, order) = begin(Kind::Usb, 100);
    let id = |order: &Order| order.layout().unwrap().medium();
    assert_eq!(id(&order), id(&order));
    assert_eq!(order.template.boot.payload, Payload::Native);
    for change in [
        |order: &mut Order| order.boot.files.truncate(1),
        |order: &mut Order| order.boot.bios = None,
        |order: &mut Order| order.boot.files[1].content = Content::Text("{medium}".into()),
        |order: &mut Order| order.template.boot.payload = Payload::Both,
    ] {
        let mut other = order.clone();
        change(&mut other);
        assert_ne!(id(&other), id(&order));
    }
}
