//! Media pressed for tests: from a small store whose layers hold noise, which nobody has to decode here.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deploy::{Medium, Trust};
use formats::digest::Sha256;
use formats::io::ReadAt;
use formats::layer::{
    Compression, Digested, DiskKind, FRAME, ImageDocument, LayerDescriptor, Method, SeekTable, print_digests,
};
use formats::manifest::Volume;
use formats::minisign::{KeyId, SecretKey};
use formats::time::Timestamp;
use formats::units::ByteLen;
use host::{Crew, Ignore, Output, Stop};
use press::template::Kind;
use press::verify::{Check, Depth, Report, verify};
use press::{Boot, Complete, Layout, Request, Sources, Summary, Template};
use store::Store;
use uuid::Uuid;

use crate::paper::Noise;

/// The base of the chain in the store.
pub const BASE: Uuid = Uuid::from_u128(0x0a5e_0000_0000_4000_8000_0000_0000_0001);
/// The layer above it.
pub const CHILD: Uuid = Uuid::from_u128(0x0c41_0000_0000_4000_8000_0000_0000_0002);

/// What is ordered from the press.
#[derive(Clone, Debug)]
pub struct Order {
    /// The store.
    pub store: PathBuf,
    /// What the medium looks like.
    pub template: Template,
    /// How the medium is put together.
    pub kind: Kind,
    /// What it starts.
    pub boot: Boot,
    /// Versions of the image `Win7`.
    pub versions: Vec<&'static str>,
    /// Folders that are added, and to which volume.
    pub folders: Vec<(PathBuf, Volume)>,
    /// The size of sectors.
    pub sector_size: u32,
    /// The size of the medium.
    pub size: Option<ByteLen>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Whether it is signed, with [`secret`].
    pub signed: bool,
}

impl Order {
    /// Both versions from a store, signed, of the smallest size, on a USB medium.
    ///
    /// # Panics
    /// Never: the template is the program's own.
    pub fn new(store: &Path) -> Self {
        let versions = vec!["1", "2"];
        Self {
            store: store.into(),
            kind: Kind::Usb,
            boot: Boot::default(),
            template: own(Kind::Usb),
            versions,
            folders: Vec::new(),
            sector_size: 512,
            size: None,
            expires: None,
            signed: true,
        }
    }

    /// Makes it an order for another kind of medium, with that kind's own template.
    ///
    /// # Panics
    /// Never: the template is the program's own.
    pub fn shape(&mut self, kind: Kind) {
        self.kind = kind;
        self.template = own(kind);
    }

    /// What the medium is made of.
    ///
    /// # Errors
    /// The library's.
    pub fn sources(&self) -> anyhow::Result<Sources> {
        let store = Store::open(&self.store)?;
        let mut sources = Sources::new();
        for version in &self.versions {
            sources.add_version(store.locate("Win7", Some(version))?);
        }
        sources.add_boot(self.boot.clone());
        for (folder, volume) in &self.folders {
            sources.add_folder(folder, *volume, &crew(3), &Ignore)?;
        }
        Ok(sources)
    }

    /// Where everything will lie.
    ///
    /// # Errors
    /// The library's.
    pub fn layout(&self) -> anyhow::Result<Layout> {
        Ok(press::plan(self.request(), self.sources()?)?.lay_out()?)
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.kind, self.template.clone(), time());
        request.sector_size = self.sector_size;
        request.size = self.size;
        request.expires = self.expires;
        request.signed = self.signed;
        request
    }

    /// Where everything will lie on the media of a set.
    ///
    /// # Errors
    /// The library's.
    pub fn span(&self, threads: usize) -> anyhow::Result<Vec<Layout>> {
        Ok(press::span(&self.request(), &self.sources()?, &crew(threads), &Ignore)?)
    }

    /// Presses a set of media into `folder`, each under its number from 1.
    ///
    /// # Errors
    /// The library's.
    pub fn press_set(&self, folder: &Path, threads: usize) -> anyhow::Result<Vec<PathBuf>> {
        let layouts = self.span(threads)?;
        let key = self.signed.then(secret);
        let mut media = Vec::new();
        for (number, layout) in (1..).zip(layouts) {
            let target = folder.join(number.to_string());
            let complete = layout.complete(key.as_ref(), &crew(threads))?;
            write_medium(complete, &target, threads)?;
            media.push(target);
        }
        Ok(media)
    }

    /// Everything that is to be written.
    ///
    /// # Errors
    /// The library's.
    pub fn complete(&self) -> anyhow::Result<Complete> {
        let key = self.signed.then(secret);
        Ok(self.layout()?.complete(key.as_ref(), &crew(3))?)
    }

    /// Presses the medium on `threads` threads.
    ///
    /// # Errors
    /// The library's.
    pub fn press(&self, target: &Path, threads: usize) -> anyhow::Result<Summary> {
        write_medium(self.complete()?, target, threads)
    }
}

fn write_medium(complete: Complete, target: &Path, threads: usize) -> anyhow::Result<Summary> {
    let (output, _) = Output::begin(target, complete.size().0, false)?;
    let sealed = complete.fill(&crew(threads), &Ignore, output)?.seal()?;
    sealed.output.commit()?;
    Ok(sealed.summary)
}

/// A crew of so many threads.
///
/// # Panics
/// When the system gives none.
pub fn crew(threads: usize) -> Crew {
    Crew::new(Some(threads), Stop::new()).expect("threads")
}

/// When all media of the tests are pressed.
///
/// # Panics
/// Never: it is a time.
pub fn time() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().expect("a time")
}

/// The key that signs them; its id begins with zeros.
pub fn secret() -> SecretKey {
    SecretKey::from_seed(&[7; 32], KeyId([0x12, 0x34, 0x56, 0x78, 0x9a, 0, 0, 0]))
}

/// Makes a store in the folder `root`: the image `Win7`, version 1 of three frames, version 2 with two more above.
///
/// # Panics
/// When it cannot be written.
pub fn store(root: &Path) {
    store_of(root, 3);
}

/// The same, with so many frames in version 1.
///
/// # Panics
/// When it cannot be written.
pub fn store_of(root: &Path, frames: u64) {
    Store::open_or_create(root).expect("a store");
    layer(root, BASE, None, frames);
    layer(root, CHILD, Some(BASE), 2);
    image(root, "1", &[BASE]);
    image(root, "2", &[BASE, CHILD]);
}

/// Makes a store in the folder `root` whose image `Win7` has one version of so many frames of 4 MiB. They are holes in
/// the stored file: they take room on a medium and none here, and can be planned and not pressed.
///
/// # Panics
/// When it cannot be written.
pub fn store_of_holes(root: &Path, frames: u64) {
    Store::open_or_create(root).expect("a store");
    let mut table = SeekTable::new();
    let digests = vec![Sha256::of(b"a hole"); frames as usize];
    digests.iter().for_each(|_| table.push(FRAME as u32, FRAME as u32));
    let seek = table.print();
    let holes = frames * FRAME as u64;
    let len = ByteLen(holes + seek.len() as u64);
    let stored = Digested { len, sha256: Sha256::of(b"never read") };
    let path = put_layer(root, &describe(BASE, None, &table, stored, &digests), &digests);
    let written = File::create(path).and_then(|file| file.write_all_at(&seek, holes));
    written.unwrap_or_else(|e| panic!("{e}"));
    image(root, "1", &[BASE]);
}

/// Writes a layer of so many frames, of odd lengths.
fn layer(root: &Path, uuid: Uuid, parent: Option<Uuid>, frames: u64) {
    let mut stored = Vec::new();
    let mut table = SeekTable::new();
    let mut digests = Vec::new();
    for number in 0..frames {
        let frame = Noise {
            seed: u64::from(uuid.as_bytes()[15]) * 16 + number,
            len: ByteLen(3_000_001 + number * 777),
        };
        let plain = if number + 1 == frames { 512 } else { FRAME as u32 };
        table.push(frame.len.0 as u32, plain);
        digests.push(Sha256::of(&frame.bytes()));
        stored.extend(frame.bytes());
    }
    stored.extend(table.print());
    let descriptor = describe(uuid, parent, &table, Digested::of(&stored), &digests);
    write(&put_layer(root, &descriptor, &digests), &stored);
}

/// The description of a layer.
fn describe(
    uuid: Uuid,
    parent: Option<Uuid>,
    table: &SeekTable,
    stored: Digested,
    digests: &[Sha256],
) -> LayerDescriptor {
    LayerDescriptor {
        format: 1,
        uuid,
        parent,
        kind: if parent.is_some() { DiskKind::Differencing } else { DiskKind::Dynamic },
        virtual_size: ByteLen(1 << 30),
        vhd: Digested { len: table.plain_len(), sha256: Sha256::of(uuid.as_bytes()) },
        stored,
        frames: Digested::of(&print_digests(digests)),
        compression: Compression { method: Method::Zstd, level: 3 },
        published: time(),
        tool: "seedpress 0.1.0".into(),
    }
}

/// Writes a layer's documents and gives the path of the stored file, which is not there yet.
fn put_layer(root: &Path, descriptor: &LayerDescriptor, digests: &[Sha256]) -> PathBuf {
    let folder = root.join("layers").join(descriptor.uuid.to_string());
    write(&folder.join("layer.json"), descriptor.print().as_bytes());
    write(&folder.join("frames.bin"), &print_digests(digests));
    folder.join("disk.vhd.zst")
}

fn image(root: &Path, version: &str, chain: &[Uuid]) {
    let document = ImageDocument {
        format: 1,
        name: "Win7".into(),
        version: version.into(),
        chain: chain.into(),
        size: ByteLen(1 << 30),
        note: String::new(),
        policies: Vec::new(),
        published: time(),
        tool: "seedpress 0.1.0".into(),
    };
    write(&root.join(format!("images/Win7/{version}.json")), document.print().as_bytes());
}

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().expect("a file in a folder");
    fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes)).unwrap_or_else(|e| panic!("{e}"));
}

/// What verifying a medium finds, when it can be opened.
///
/// # Errors
/// Why it cannot be opened.
pub fn look(disk: Arc<dyn ReadAt>, depth: Depth) -> anyhow::Result<Report> {
    let medium = Medium::open(disk)?;
    let trust = Trust { keys: vec![secret().public()], now: Some(time()) };
    Ok(verify(&medium, &Check { trust, depth }, &crew(2), &Ignore)?)
}

/// The template that comes with the program for a kind of medium.
fn own(kind: Kind) -> Template {
    let name = match kind {
        Kind::Usb => "courier-usb",
        Kind::Disc => "courier-disc",
    };
    Template::named(name).expect("a template").expect("a template of this name")
}
