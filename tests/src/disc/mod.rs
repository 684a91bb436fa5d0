//! Optical images for tests, and their judges.

pub mod by_python;
pub mod by_tools;
mod long;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deploy::Medium;
use formats::iso;
use formats::manifest::Volume;
use formats::placed::{Placed, Placer};
use formats::region::Regions;
use formats::time::Timestamp;
use formats::tree::Directory;
use formats::udf::raw::SECTOR;
use formats::udf::{self, Revision};
use formats::units::{ByteLen, ByteOffset};
use host::FileSource;
use press::template::Kind;

pub use self::long::Long;
use crate::content::{Content, Sample};
use crate::press::{Order, store};
use crate::workshop::Workshop;

/// The first sector of the ISO 9660 metadata.
const METADATA: u32 = 257;

/// The longest file, in bytes: its entry does not hold all of its extents, and leads on more than once.
pub const LARGEST: u64 = 1_500 << 30;

/// Where everything of a volume of UDF and ISO 9660 lies, without a partition table and without anything to boot.
///
/// # Panics
/// When a writer refuses it.
pub fn regions(revision: Revision, root: &Directory) -> Regions {
    let skeleton = Placed::of(root);
    let udf = udf::write::Measured::new(revision, &skeleton).expect("names that UDF holds");
    let iso = iso::write::Measured::new(&skeleton).expect("directories that ISO 9660 holds");
    let partition = METADATA + iso.sectors();
    let mut placer = Placer::new(sector(partition + udf.sectors()), SECTOR);
    let placed = placer.place(root).expect("places");
    let sectors = u32::try_from(placer.free_from().0 / u64::from(SECTOR)).expect("at most 8 TiB") + 1;
    let boot = iso::write::Boot::default();
    let volume = udf::write::Volume {
        label: "SEED",
        serial: 0x0123_4567,
        time: Timestamp::EARLIEST,
        recognition: 16 + iso::write::Measured::descriptors(&boot),
        partition_start: partition,
        partition_end: sectors - 1,
        end_anchors: &[sectors - 1],
    };
    let mut regions = udf.lay_out(&volume, &placed).expect("a volume");
    let time = Timestamp::EARLIEST;
    let volume = iso::write::Volume { label: "SEED", time, metadata: METADATA, sectors, boot };
    regions.extend(iso.lay_out(&volume, &placed));
    regions.extend(placer.into_regions());
    Regions::cover(regions, ByteLen(sector(sectors).0)).expect("regions beside each other")
}

/// Writes a volume with a sample on it into a workshop, as a sparse file.
///
/// # Panics
/// When it cannot be written.
pub fn written(workshop: &Workshop, name: &str, revision: Revision, sample: &Sample) -> PathBuf {
    workshop.press(name, &regions(revision, &sample.tree), &sample.sources())
}

/// What is ordered from the press: a disc with a layer and with [`names`], `many` of them in one directory.
///
/// # Panics
/// When a file cannot be written.
pub fn order(workshop: &Workshop, revision: Revision, many: u32) -> Order {
    let root = workshop.path("store");
    if !root.exists() {
        store(&root);
    }
    let folder = added(workshop, many);
    if !folder.exists() {
        for path in names(many) {
            workshop.write(&format!("added-{many}/{path}"), path.as_bytes());
        }
        std::fs::create_dir(folder.join("nothing")).expect("a directory");
    }
    let mut order = Order::new(&root);
    order.shape(Kind::Disc);
    order.template.disc.udf_revision = revision;
    order.versions = vec!["1"];
    order.folders = vec![(folder, Volume::Seed)];
    order
}

/// The folder with [`names`] that orders share.
fn added(workshop: &Workshop, many: u32) -> PathBuf {
    workshop.path(&format!("added-{many}"))
}

/// What our reader finds on a medium that was ordered by [`order`].
///
/// # Panics
/// When it cannot be read, or lacks what was added.
pub fn content(workshop: &Workshop, many: u32, image: &Path) -> Content {
    let source = FileSource::open(image).unwrap_or_else(|e| panic!("{e}"));
    let content = Content::of(Medium::open(Arc::new(source)).unwrap_or_else(|e| panic!("{e}")).seed());
    let added = Content::of_folder(&added(workshop, many));
    assert!(added.files.iter().all(|(path, digest)| content.files.get(path) == Some(digest)));
    assert!(content.directories.is_superset(&added.directories));
    content
}

/// Paths of so many files in one directory, of files with names as long as Linux shows them, in several scripts, and
/// of files that lie deep.
pub fn names(many: u32) -> Vec<String> {
    let mut paths: Vec<String> = (0..many).map(|n| format!("many/{n:04}")).collect();
    let long = ["n".repeat(250), "ü".repeat(126), "世".repeat(84), "\u{1F4BF}".repeat(62)];
    paths.extend(long.iter().map(|name| format!("names/{name}")));
    for end in ["one", "two"] {
        paths.push(format!("names/{}.{end}", "the same start ".repeat(8)));
    }
    let short = [
        "Grüße 世界 \u{1F4BF}.txt",
        "README",
        "readme",
        "a.b.c",
        ".hidden",
        "semi;colon",
        "end.",
        "_-~$%'@!(){}^#&+,=[] .x",
    ];
    paths.extend(short.iter().map(|name| format!("names/{name}")));
    let mut deep = String::from("deep");
    for level in 2..=24 {
        deep += &format!("/level {level:02} of a path that is long");
        paths.push(format!("{deep}/file"));
    }
    paths
}

/// Files as long as borders of formats lie, up to a length; each is a few islands in zeros.
pub fn long_files(most: u64) -> Vec<Long> {
    let lengths = [
        (1 << 30) - 2048,
        1 << 30,
        u64::from(u32::MAX),
        1 << 32,
        6_442_444_800,
        8_600_000_000,
        40 << 30,
        LARGEST,
    ];
    lengths.into_iter().filter(|len| *len <= most).map(Long::new).collect()
}

/// A sample of long files.
pub fn sample_of(files: &[Long]) -> Sample {
    let mut sample = Sample::new();
    files.iter().for_each(|file| sample.unhashed(&file.name(), file.islands()));
    sample
}

fn sector(number: u32) -> ByteOffset {
    ByteOffset(u64::from(number) * u64::from(SECTOR))
}
