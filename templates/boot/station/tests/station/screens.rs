//! What people see. Every page is drawn at several sizes and kept as a picture beside the test, for whoever looks at it.

use std::collections::BTreeSet;
use std::fs::{File, create_dir_all};
use std::io::BufWriter;
use std::path::Path;

use station::{Bus, Disk as _, Frame};

use crate::fake::{Drive, Fake};
use crate::shop::{MIB, Shop, Wish, public};

/// Sizes of screens, in pixels.
const SIZES: [(u32, u32); 5] = [(640, 480), (800, 600), (1280, 800), (1920, 1080), (3840, 2160)];

fn save(name: &str, frame: &Frame) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
    create_dir_all(&folder).unwrap();
    let file = BufWriter::new(File::create(folder.join(format!("{name}.png"))).unwrap());
    let mut encoder = png::Encoder::new(file, frame.width, frame.height);
    encoder.set_compression(png::Compression::Fastest);
    encoder.set_color(png::ColorType::Rgb);
    let bytes: Vec<u8> = frame.pixels.iter().flat_map(|pixel| pixel.to_be_bytes()[1..].to_vec()).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
}

/// A machine with disks of many kinds.
fn machine(medium: &[u8]) -> Fake {
    let stick = Drive::new("usb0", medium.to_vec()).with(|about| {
        about.started_from = true;
        about.bus = Bus::Usb;
        about.model = "SanDisk Ultra Fit".into();
    });
    let nvme = Drive::new("nvme0", vec![0; 64 * MIB]).with(|about| {
        about.bus = Bus::Nvme;
        about.model = "Samsung SSD 980 PRO 500GB".into();
        about.serial = "S5GYNX0R412345K".into();
    });
    let sata = Drive::new("sata0", vec![0x77; 9 * MIB]);
    let small = Drive::new("sata1", vec![0; MIB])
        .with(|about| about.model = "A model with a very long name that nobody has room for".into());
    let wide = Drive::new("nvme1", vec![0; 64 * MIB]).with(|about| about.sector_size = 4096);
    Fake::new(vec![stick, nvme, sata, small, wide])
}

#[test]
fn every_page_is_drawn_at_every_size() {
    let shop = Shop::new();
    let signed = shop.press(&Wish { signed: true, ..Wish::default() });
    for (width, height) in SIZES {
        let mut machine = machine(&signed).with_key(public()).typing("1\nno\nnvme0\n\nr");
        machine.terminal.pixels = Some((width, height));
        machine.terminal.keeps = true;
        let lines = machine.run();
        assert!(lines.last().unwrap().starts_with("seedpress: deployed Golden@1 to nvme0"));
        let frames = &machine.terminal.frames;
        let different: BTreeSet<&[u32]> = frames.iter().map(|frame| frame.pixels.as_slice()).collect();
        assert!(different.len() > 8, "{} pages", different.len());
        for (number, frame) in frames.iter().enumerate() {
            save(&format!("{width}x{height}-{number:02}"), frame);
        }
    }
}

#[test]
fn refusals_and_countdowns_are_drawn_too() {
    let shop = Shop::new();
    let text = "format = 1\nimage = \"Golden\"\nend = \"stay\"\n[target]\nserial = \"SN-sata0\"\n";
    let medium = shop.press(&Wish { answers: Some(text), ..Wish::default() });
    for (name, keys, drive) in [("countdown", "", "sata0"), ("refused", "", "sata9")] {
        let mut machine = machine(&medium).typing(keys);
        machine.drives.retain(|disk| drive != "sata9" || disk.about().name != "sata0");
        machine.terminal.pixels = Some((1280, 800));
        machine.terminal.keeps = true;
        machine.run();
        for (number, frame) in machine.terminal.frames.iter().enumerate() {
            save(&format!("{name}-{number:02}"), frame);
        }
        assert!(machine.terminal.frames.len() > 1);
    }
}

#[test]
fn a_key_changes_little_of_the_screen() {
    let shop = Shop::new();
    let mut machine = machine(&shop.press(&Wish::default())).typing("\nnvm\u{1b}p\n");
    machine.terminal.pixels = Some((1280, 800));
    machine.run();
    let whole = 1280 * 800;
    let small = machine.terminal.shown.iter().filter(|area| area.width * area.height < whole / 20).count();
    assert!(small >= 4, "{:?}", machine.terminal.shown);
}
