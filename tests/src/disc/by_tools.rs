//! Programs that read optical images: 7-Zip, xorriso, isoinfo, udfinfo.

use std::collections::BTreeMap;
use std::path::Path;

use formats::digest::{Hasher, Sha256};

use super::Long;
use super::long::PIECE;
use crate::content::Content;
use crate::judge::{Judge, Said};

/// A side of an image, as 7-Zip calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// UDF.
    Udf,
    /// ISO 9660: with the names of Joliet.
    Iso,
}

impl Side {
    fn kind(self) -> &'static str {
        match self {
            Self::Udf => "-tudf",
            Self::Iso => "-tiso",
        }
    }
}

/// What 7-Zip says when it reads every file of a side and has nothing to complain about.
///
/// # Panics
/// When it has.
pub fn seven_zip(side: Side, image: &Path) -> Said {
    let said = Judge::new("7z").args(["t", side.kind()]).arg(image).agrees();
    assert!(said.all().contains("Everything is Ok"), "{said}");
    quiet(said)
}

/// What 7-Zip unpacks from a side into `folder`, which it makes anew.
///
/// # Panics
/// When it complains.
pub fn unpacked(side: Side, image: &Path, folder: &Path) -> Content {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    }
    let judge = Judge::new("7z").args(["x", "-y", side.kind()]).arg(format!("-o{}", folder.display()));
    quiet(judge.arg(image).agrees());
    Content::of_folder(folder)
}

/// The files of a side with their lengths, as 7-Zip lists them.
///
/// # Panics
/// When it complains.
pub fn seven_zip_list(side: Side, image: &Path) -> BTreeMap<String, u64> {
    let said = quiet(Judge::new("7z").args(["l", "-slt", side.kind()]).arg(image).agrees());
    let text = said.text();
    let (_, listed) = text.split_once("----------\n").unwrap_or_else(|| panic!("{said}"));
    let entry = |entry: &str| {
        let field = |name| entry.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        let is_directory = field("Folder = ").is_some_and(|folder| folder == "+");
        if is_directory { None } else { Some((field("Path = ")?, field("Size = ")?.parse().ok()?)) }
    };
    listed.split("\n\n").filter_map(entry).collect()
}

/// What xorriso says of an image, when it has nothing to say that would be more than a note.
///
/// # Panics
/// When it has.
pub fn xorriso(image: &Path, commands: &[&str]) -> Said {
    let judge =
        Judge::new("xorriso").args(["-abort_on", "WARNING", "-return_with", "WARNING", "32", "-indev"]);
    quiet(judge.arg(image).args(commands).agrees())
}

/// The digest of a long file's pieces, which xorriso copies into `folder` one by one.
///
/// # Panics
/// When it complains, or copies less.
pub fn cut_by_xorriso(image: &Path, file: &Long, folder: &Path) -> Sha256 {
    let mut judge =
        Judge::new("xorriso").args(["-abort_on", "WARNING", "-osirrox", "on", "-indev"]).arg(image);
    let piece = |number: usize| folder.join(format!("piece-{}-{number}", file.len()));
    for (number, at) in file.pieces().into_iter().enumerate() {
        let (start, len) = (at.to_string(), PIECE.min(file.len() - at).to_string());
        judge = judge.args(["-extract_cut", &format!("/{}", file.name()), &start, &len]).arg(piece(number));
    }
    quiet(judge.agrees());
    let mut hasher = Hasher::new();
    for number in 0..file.pieces().len() {
        let copied =
            std::fs::read(piece(number)).unwrap_or_else(|e| panic!("{}: {e}", piece(number).display()));
        hasher.update(&copied);
    }
    hasher.finish()
}

/// What isoinfo says, quietly.
///
/// # Panics
/// When it complains.
pub fn isoinfo(image: &Path, options: &[&str]) -> Said {
    let said = Judge::new("isoinfo").args(options).arg("-i").arg(image).agrees();
    assert!(said.stderr.is_empty(), "{said}");
    said
}

/// Expects that udfinfo knows the volume and that it was closed.
///
/// # Panics
/// When it does not.
pub fn udfinfo(image: &Path) -> Said {
    let said = Judge::new("udfinfo").arg("--utf8").arg(image).agrees();
    assert!(said.text().contains("integrity=closed") && said.stderr.is_empty(), "{said}");
    quiet(said)
}

fn quiet(said: Said) -> Said {
    let text = said.all().to_lowercase();
    assert!(!["warning", "error", "sorry", "failure"].iter().any(|word| text.contains(word)), "{said}");
    said
}
