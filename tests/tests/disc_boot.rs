//! What firmware reads of a disc before anything starts: El Torito's records (El Torito 1.0; UEFI 2.10, 13.3.2.1), byte
//! by byte, and the EFI system partition that they name.

use formats::io::{ReadAt, read_vec};
use formats::kind::ErrorKind;
use formats::manifest::Volume;
use formats::units::{ByteLen, ByteOffset};
use press::Template;
use press::layout::LayoutError;
use press::template::Kind;
use seedpress_tests::paper::OnPaper;
use seedpress_tests::press::{Order, store};
use seedpress_tests::workshop::Workshop;

/// Bytes of a sector of a disc, and of one that El Torito counts in.
const SECTOR: u64 = 2048;
const COUNTED: u64 = 512;
/// The sector of the boot record volume descriptor.
const BOOT_RECORD: u64 = 17;

/// A disc's order, with a template whose EFI system partition has so many MiB, and a file of so many bytes for it.
fn order(workshop: &Workshop, mib: u32, file: usize) -> Order {
    store(&workshop.path("store"));
    workshop.write("esp/file", &vec![0; file]);
    let mut order = Order::new(&workshop.path("store"));
    order.shape(Kind::Disc);
    let text = include_str!("../../templates/courier-disc.toml");
    order.template = Template::parse(&text.replace("size_mib = 16", &format!("size_mib = {mib}"))).unwrap();
    order.folders = vec![(workshop.path("esp"), Volume::Esp)];
    order
}

/// The boot catalog of a disc of this order.
fn catalog(order: &Order) -> Vec<u8> {
    let layout = order.layout().unwrap();
    // The payloads are not looked at.
    let disc = OnPaper::new(layout.regions(), &[]);
    let record = read(&disc, BOOT_RECORD);
    assert_eq!((record[0], &record[1..7]), (0, &b"CD001\x01"[..]));
    assert_eq!(&record[7..39], b"EL TORITO SPECIFICATION\0\0\0\0\0\0\0\0\0");
    read(&disc, number(&record[0x47..0x4b]))
}

fn read(disc: &impl ReadAt, sector: u64) -> Vec<u8> {
    read_vec(disc, ByteOffset(sector * SECTOR), SECTOR as usize).unwrap()
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[test]
fn the_catalog_names_a_bios_image_and_an_efi_system_partition_without_emulation() {
    let workshop = Workshop::new();
    let catalog = catalog(&order(&workshop, 16, 1));
    let [validation, default, header, section] = [0, 32, 64, 96].map(|at| &catalog[at..at + 32]);
    assert_eq!((validation[0], validation[1], &validation[30..]), (1, 0, &[0x55, 0xaa][..]));
    let words = validation.chunks(2).map(|word| number(word) as u16);
    assert_eq!(words.fold(0, u16::wrapping_add), 0);
    // Bootable, no emulation, four sectors.
    assert_eq!((default[0], default[1], number(&default[6..8])), (0x88, 0, 4));
    // The last header, for UEFI, with one entry.
    assert_eq!((header[0], header[1], number(&header[2..4])), (0x91, 0xef, 1));
    assert_eq!((section[0], section[1]), (0x88, 0));
    assert!(catalog[128..].iter().all(|byte| *byte == 0));
}

#[test]
fn the_catalog_says_where_the_efi_system_partition_lies_and_how_long_it_is() {
    // 31 MiB are more sectors than 15 bits can count.
    for mib in [16, 31] {
        let workshop = Workshop::new();
        let order = order(&workshop, mib, 1);
        let catalog = catalog(&order);
        let layout = order.layout().unwrap();
        let boot_sector = layout.regions().iter().find(|region| &*region.name == "boot sector").unwrap();
        assert_eq!(number(&catalog[104..108]) * SECTOR, boot_sector.start.0);
        assert_eq!(number(&catalog[102..104]) * COUNTED, u64::from(mib) << 20);
    }
}

#[test]
fn an_efi_system_partition_grows_with_its_files_until_its_sectors_cannot_be_counted() {
    let workshop = Workshop::new();
    let grown = catalog(&order(&workshop, 16, 30 << 20));
    let sectors = number(&grown[102..104]);
    assert!(sectors * COUNTED > 30 << 20 && sectors * COUNTED < 32 << 20, "{sectors}");
    for (mib, file) in [(32, 1), (16, 32 << 20), (16, 70 << 20)] {
        let error = order(&workshop, mib, file).layout().unwrap_err();
        let error = error.downcast_ref::<LayoutError>().unwrap();
        assert_eq!(error.kind(), ErrorKind::Fit);
        let text = formats::kind::with_causes(error);
        let most = ByteLen(65_535 * COUNTED);
        assert!(
            text.contains("partition needs") && text.contains(&format!("one of {}", most.exact())),
            "{text}"
        );
    }
}
