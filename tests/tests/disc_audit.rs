//! Pressed discs are sound to judges that know the specifications only.

use std::path::Path;

use formats::files::{Extent, Files};
use formats::manifest::Volume;
use formats::udf::Revision;
use formats::udf::read::Reader;
use press::template::Kind;
use seedpress_tests::content::Content;
use seedpress_tests::press::{Order, store};
use seedpress_tests::workshop::{HostFile, Workshop};
use seedpress_tests::{iso, udf};

/// Both sides lead to the same bytes of each file.
fn one_copy(path: &Path) {
    let iso = iso::audit::agrees(&HostFile::open(path));
    let udf = Reader::open(HostFile::open(path)).unwrap();
    let names = Content::of(&udf).files;
    assert_eq!(iso.len(), names.len());
    for name in names.keys() {
        let extents = udf.extents(name).unwrap().unwrap();
        let extent = |extent: &Extent| (extent.on_volume.unwrap().0 / 2048, extent.len.0);
        let found = iso[&format!("/{name}")].iter().copied().filter(|(_, len)| *len > 0);
        assert_eq!(extents.iter().map(extent).collect::<Vec<_>>(), found.collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn discs_of_every_revision_with_and_without_iso_9660_pass() {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    workshop.write("added/drivers/net.sys", &[5; 70_000]);
    workshop.write("added/drivers/empty.inf", b"");
    workshop.write("added/Grüße 世界 \u{1F4BF}.txt", "Grüße 世界".as_bytes());
    workshop.write(&format!("added/{}", "long".repeat(50)), b"long");
    (0..60).for_each(|number| drop(workshop.write(&format!("added/many/a;b {number}.c.d"), b"many")));
    let mut order = Order::new(&workshop.path("store"));
    order.shape(Kind::Disc);
    order.folders = vec![(workshop.path("added"), Volume::Seed)];
    for revision in Revision::ALL {
        for iso_9660 in [true, false] {
            order.template.disc.udf_revision = revision;
            order.template.disc.iso_9660 = iso_9660;
            let path = workshop.path("medium");
            order.press(&path, 2).unwrap();
            udf::audit::agrees(&HostFile::open(&path));
            if iso_9660 {
                one_copy(&path);
            }
            std::fs::remove_file(path).unwrap();
        }
    }
}
