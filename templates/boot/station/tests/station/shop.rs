//! Media pressed for tests, of disks that are known.

use std::fs;
use std::path::{Path, PathBuf};

use formats::digest::Sha256;
use formats::manifest::{Volume, paths};
use formats::minisign::{KeyId, PublicKey, SecretKey};
use formats::time::Timestamp;
use formats::units::ByteLen;
use host::{Crew, Ignore, Output, Stop};
use press::template::Kind;
use press::{Request, Sources, Template};
use store::Store;
use tempfile::TempDir;

/// A MiB, in bytes.
pub const MIB: usize = 1 << 20;

/// A workshop with a store, in which `Golden@1` is a disk of 6 MiB and `Golden@2` one of differences to it.
pub struct Shop {
    folder: TempDir,
    pub disks: [Vec<u8>; 2],
}

/// How a medium is pressed.
pub struct Wish<'a> {
    pub kind: Kind,
    pub signed: bool,
    pub answers: Option<&'a str>,
    pub size: Option<ByteLen>,
    pub expires: Option<Timestamp>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { kind: Kind::Usb, signed: false, answers: None, size: None, expires: None }
    }
}

impl Shop {
    /// A new one: disks with a partition table for sectors of 512 bytes.
    pub fn new() -> Self {
        Self::of(&golden(6))
    }

    /// One whose first version is this disk; the second has other sectors here and there, and zeros where there were none.
    pub fn of(first: &[u8]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut second = first.to_vec();
        for number in 0..40 {
            let at = (number * 7919 % (second.len() / 512)) * 512;
            second[at..at + 512].fill(if number % 5 == 0 { 0 } else { number as u8 });
        }
        second[..4096].copy_from_slice(&first[..4096]);
        let shop = Self { folder, disks: [first.to_vec(), second] };
        let store = Store::open_or_create(&shop.path("store")).unwrap();
        for (number, disk) in (1..).zip(&shop.disks) {
            let path = shop.path(&format!("{number}.img"));
            fs::write(&path, disk).unwrap();
            let mut request = store::Request::new("Golden", &number.to_string(), vec![path], time());
            if number > 1 {
                let version = Some((number - 1).to_string());
                request.parent = Some(store::publish::Parent { name: "Golden".into(), version });
            }
            store::publish(&store, &request, &crew(), &Ignore).unwrap();
        }
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A medium with both versions.
    pub fn press(&self, wish: &Wish<'_>) -> Vec<u8> {
        let (request, sources) = self.order(wish);
        let complete = press::plan(request, sources).unwrap().lay_out().unwrap();
        let key = wish.signed.then(secret);
        let complete = complete.complete(key.as_ref(), &crew()).unwrap();
        write(complete, &self.path("medium"))
    }

    /// The media of a set.
    pub fn press_set(&self, wish: &Wish<'_>) -> Vec<Vec<u8>> {
        let (request, sources) = self.order(wish);
        let layouts = press::span(&request, &sources, &crew(), &Ignore).unwrap();
        let key = wish.signed.then(secret);
        let each = layouts.into_iter().map(|layout| layout.complete(key.as_ref(), &crew()).unwrap());
        each.map(|complete| write(complete, &self.path("medium"))).collect()
    }

    fn order(&self, wish: &Wish<'_>) -> (Request, Sources) {
        let store = Store::open(&self.path("store")).unwrap();
        let mut sources = Sources::new();
        for version in ["1", "2"] {
            sources.add_version(store.locate("Golden", Some(version)).unwrap());
        }
        if let Some(answers) = wish.answers {
            sources.add_bytes(Volume::Esp, paths::ANSWERS, answers.into());
        }
        let name = match wish.kind {
            Kind::Usb => "courier-usb",
            Kind::Disc => "courier-disc",
        };
        let template = Template::named(name).unwrap().unwrap();
        let mut request = Request::new(wish.kind, template, time());
        (request.signed, request.size, request.expires) = (wish.signed, wish.size, wish.expires);
        (request, sources)
    }

    /// The digest of the disk of version 1 or 2.
    pub fn sha256(&self, version: usize) -> String {
        Sha256::of(&self.disks[version - 1]).to_string()
    }
}

fn write(complete: press::Complete, path: &Path) -> Vec<u8> {
    let (output, _) = Output::begin(path, complete.size().0, false).unwrap();
    let sealed = complete.fill(&crew(), &Ignore, output).unwrap().seal().unwrap();
    sealed.output.commit().unwrap();
    let bytes = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    bytes
}

/// A disk of so many MiB: noise, zeros, single sectors; its first sectors look like a GPT for sectors of 512 bytes.
pub fn golden(mib: usize) -> Vec<u8> {
    let mut disk = vec![0; mib * MIB];
    let mut word = 1u64;
    for (number, piece) in disk.chunks_mut(MIB / 2).enumerate() {
        let len = [piece.len(), 0, 512, piece.len() / 3][number % 4];
        for byte in &mut piece[..len] {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (word >> 56) as u8;
        }
    }
    disk[..8192].fill(0);
    disk[450] = 0xee;
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk[512..520].copy_from_slice(b"EFI PART");
    let end = disk.len();
    disk[end - 512..end - 504].copy_from_slice(b"EFI PART");
    disk
}

/// The key that media are signed with.
pub fn secret() -> SecretKey {
    SecretKey::from_seed(&[7; 32], KeyId([1, 2, 3, 4, 5, 6, 7, 8]))
}

/// The key that they are held against.
pub fn public() -> PublicKey {
    secret().public()
}

/// When all is pressed.
pub fn time() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn crew() -> Crew {
    Crew::new(Some(2), Stop::new()).unwrap()
}
