//! A desk: a scratch folder in which `seedpress` is called as a person would call it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::judge::{Judge, Said};
use crate::program;
use crate::stores::{self, Stocked};
use crate::workshop::Workshop;

/// What a signed medium is built from, in the store of a stocked desk.
pub const BUILD: &str = "build usb --store store Win7@1 Win7@3 --boot tree esp --sign key";
/// The same for a disc.
pub const BUILD_DISC: &str = "build disc --store store Win7@1 Win7@3 --boot tree esp --sign key";

/// A folder to call the program in.
pub struct Desk {
    workshop: Workshop,
}

impl Desk {
    /// An empty folder.
    pub fn empty() -> Self {
        Self { workshop: Workshop::new() }
    }

    /// A folder with a store in `store`, whose disks `Win7@1` to `Win7@3` are `1.img` to `3.img`; with keys `key` and
    /// `key.pub`; and with something to boot in `esp`.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn stocked() -> Self {
        let desk = Self::empty();
        let Stocked { store, .. } = stores::stocked(&desk.workshop);
        assert_eq!(store.root(), desk.path("store"));
        desk.does("keygen -s key -p key.pub --no-password");
        desk.write("esp/EFI/BOOT/BOOTX64.EFI", b"boot");
        desk
    }

    /// A stocked folder with a signed USB medium in `medium.img`.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn pressed() -> Self {
        Self::pressed_by(BUILD)
    }

    /// A stocked folder with what `build` makes in `medium.img`.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn pressed_by(build: &str) -> Self {
        let desk = Self::stocked();
        desk.does(&format!("{build} -o medium.img"));
        desk
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.workshop.folder()
    }

    /// The path of `name` in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.workshop.path(name)
    }

    /// Writes a file of the folder, with the folders that it needs.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        self.workshop.write(name, bytes);
    }

    /// The bytes of a file of the folder.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Puts another byte into a file of the folder.
    ///
    /// # Panics
    /// When it cannot be read or written.
    pub fn flip(&self, name: &str, at: usize) {
        let mut bytes = self.read(name);
        bytes[at] ^= 0xff;
        self.write(name, &bytes);
    }

    /// The names in the folder, in order.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).expect("the scratch folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// `seedpress` with the words of `line` as arguments, in this folder.
    pub fn judge(&self, line: &str) -> Judge {
        program::judge().args(line.split_whitespace()).folder(self.folder())
    }

    /// Runs `seedpress`, however it ends.
    ///
    /// # Panics
    /// When it panics.
    pub fn run(&self, line: &str) -> Said {
        let said = self.judge(line).run();
        assert!(!said.all().contains("panicked"), "{said}");
        said
    }

    /// Runs `seedpress` and expects that it does what it was asked for.
    ///
    /// # Panics
    /// When it ends with another code than 0.
    pub fn does(&self, line: &str) -> Said {
        let said = self.run(line);
        assert_eq!(said.code, Some(0), "{said}");
        said
    }

    /// Runs `seedpress --json` and gives the one object that it prints, which names the schema of its verb.
    ///
    /// # Panics
    /// When it ends with another code or prints something else.
    pub fn object(&self, code: i32, line: &str) -> Value {
        let verb = line.split_whitespace().next().unwrap_or_default();
        self.object_of(code, verb, line)
    }

    /// The same, of a verb whose answers have schemas of their own.
    ///
    /// # Panics
    /// When it ends with another code or prints something else.
    pub fn object_of(&self, code: i32, schema: &str, line: &str) -> Value {
        let said = self.run(&format!("{line} --json"));
        assert_eq!(said.code, Some(code), "{said}");
        let object: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
        assert_eq!(object["schema"], format!("seedpress.{schema}/1"), "{said}");
        object
    }

    /// Runs `seedpress` and expects that it refuses, with `code` and an error in the one form that errors have. Gives
    /// what it said.
    ///
    /// # Panics
    /// When it does not.
    pub fn refuses(&self, code: i32, line: &str) -> String {
        let said = self.run(line);
        let stderr = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.code, Some(code), "{said}");
        assert!(said.stdout.is_empty() && stderr.lines().any(|line| line.starts_with("error: ")), "{said}");
        stderr
    }
}
