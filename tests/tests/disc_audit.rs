//! Pressed discs are sound to judges that know the specifications only.

use formats::manifest::Volume;
use formats::udf::Revision;
use press::Template;
use seedpress_tests::press::{Order, store};
use seedpress_tests::udf;
use seedpress_tests::workshop::{HostFile, Workshop};

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
    order.template = Template::disc().unwrap();
    order.folders = vec![(workshop.path("added"), Volume::Seed)];
    for revision in Revision::ALL {
        for iso_9660 in [true, false] {
            order.template.disc.udf_revision = revision;
            order.template.disc.iso_9660 = iso_9660;
            let path = workshop.path("medium");
            order.press(&path, 2).unwrap();
            udf::audit::agrees(&HostFile::open(&path));
            std::fs::remove_file(path).unwrap();
        }
    }
}
