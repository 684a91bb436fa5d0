//! The names that each hierarchy gives a file: short and plain in ISO 9660's own, in Unicode in Joliet's.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Which of the two trees of directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hierarchy {
    /// ISO 9660's own, with Rock Ridge: letters, digits and `_`; at most 30 characters (ECMA-119 10.1).
    Primary,
    /// Joliet's: UCS-2, at most 64 characters.
    Joliet,
}

/// The most characters of a directory in ISO 9660's own hierarchy: with a file of 32 in the deepest of eight levels
/// a path has 250, where ECMA-119 6.8.2.1 allows 255. One more each, as 7.6.3 would let, are too many.
const DIRECTORY: usize = 30;

/// The most digits of a number in an identifier: directories have fewer entries than these can number.
const DIGITS: u32 = 9;

/// Names given in one directory, so that each is given once.
#[derive(Debug)]
pub struct Given {
    hierarchy: Hierarchy,
    taken: BTreeSet<String>,
    /// For each cut name and length of a number the number to try next. All smaller ones are taken, so that many
    /// names that are cut to the same do not count from the start each time.
    next: BTreeMap<String, u32>,
}

/// A name in its parts.
#[derive(Clone, Copy, Debug)]
struct Name<'a> {
    stem: &'a str,
    extension: &'a str,
    is_directory: bool,
}

impl Given {
    /// None yet.
    pub fn new(hierarchy: Hierarchy) -> Self {
        Self { hierarchy, taken: BTreeSet::new(), next: BTreeMap::new() }
    }

    /// The identifier for a name: cut, replaced and numbered as far as needed, in bytes.
    pub fn give(&mut self, name: &str, is_directory: bool) -> Vec<u8> {
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !is_directory && !stem.is_empty() => (stem, extension),
            _ => (name, ""),
        };
        let name = Name { stem, extension, is_directory };
        let plain = self.take(name, "");
        plain.or_else(|| (1..=DIGITS).find_map(|digits| self.numbered(name, digits))).unwrap_or_default()
    }

    /// The identifier with the first number of so many digits that is free.
    fn numbered(&mut self, name: Name, digits: u32) -> Option<Vec<u8>> {
        // No identifier has a `?`.
        let cut = sought(&self.identifier(name, &format!("_{}", "?".repeat(digits as usize))));
        let mut next = self.next.get(&cut).copied().unwrap_or(10u32.pow(digits - 1));
        let mut found = None;
        while found.is_none() && next < 10u32.pow(digits) {
            found = self.take(name, &format!("_{next}"));
            next += 1;
        }
        self.next.insert(cut, next);
        found
    }

    /// The identifier with a suffix, unless another has it.
    fn take(&mut self, name: Name, suffix: &str) -> Option<Vec<u8>> {
        let identifier = self.identifier(name, suffix);
        self.taken.insert(sought(&identifier)).then(|| self.encoded(&identifier))
    }

    fn identifier(&self, name: Name, suffix: &str) -> String {
        match self.hierarchy {
            Hierarchy::Primary => primary(name, suffix),
            Hierarchy::Joliet => joliet(name, suffix),
        }
    }

    fn encoded(&self, identifier: &str) -> Vec<u8> {
        match self.hierarchy {
            Hierarchy::Primary => identifier.into(),
            Hierarchy::Joliet => identifier.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }
}

/// What an identifier is found by: Windows and Linux look for Joliet's names without regard to case, and without dots
/// at their end.
fn sought(identifier: &str) -> String {
    identifier.trim_end_matches(";1").trim_end_matches('.').to_lowercase()
}

/// `STEM.EXT;1`, or `STEM` for a directory.
fn primary(name: Name, suffix: &str) -> String {
    let Name { stem, extension, is_directory } = name;
    let plain = |text: &str, most: usize| -> String { text.chars().map(d_character).take(most).collect() };
    if is_directory {
        return format!("{}{suffix}", plain(stem, DIRECTORY - suffix.len()));
    }
    let extension = plain(extension, 8);
    let stem = plain(stem, 29 - suffix.len() - extension.len());
    format!("{stem}{suffix}.{extension};1")
}

/// A letter, digit or `_` for any character (ECMA-119 7.4.1).
fn d_character(c: char) -> char {
    let c = c.to_ascii_uppercase();
    if c.is_ascii_uppercase() || c.is_ascii_digit() { c } else { '_' }
}

/// The name, at most 64 units of UTF-16; with its version unless it is a directory's.
fn joliet(name: Name, suffix: &str) -> String {
    let Name { stem, extension, is_directory } = name;
    let end = match (is_directory, extension.is_empty()) {
        (true, _) => suffix.into(),
        (false, true) => format!("{suffix};1"),
        (false, false) => format!("{suffix}.{};1", cut(&replaced(extension), 32)),
    };
    let most = 64usize.saturating_sub(end.encode_utf16().count());
    format!("{}{end}", cut(&replaced(stem), most))
}

/// Joliet allows no `*/:;?\`.
fn replaced(text: &str) -> String {
    text.chars().map(|c| if "*/:;?\\".contains(c) || c.is_control() { '_' } else { c }).collect()
}

/// The first characters that take at most so many UTF-16 units.
fn cut(text: &str, most: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > most
    });
    end.map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn plain_names_are_upper_case_and_told_apart() {
        let mut given = Given::new(Hierarchy::Primary);
        assert_eq!(text(&given.give("README.txt", false)), "README.TXT;1");
        assert_eq!(text(&given.give("readme.TXT", false)), "README_1.TXT;1");
        assert_eq!(text(&given.give("no extension", false)), "NO_EXTENSION.;1");
        assert_eq!(text(&given.give("3f2b.vhd.zst", false)), "3F2B_VHD.ZST;1");
        assert_eq!(text(&given.give("dir.d", true)), "DIR_D");
        let long = given.give(&format!("{}.frames", "é".repeat(200)), false);
        assert_eq!(long.len(), 32);
    }

    #[test]
    fn unicode_names_keep_what_fits() {
        let mut given = Given::new(Hierarchy::Joliet);
        let back = |bytes: Vec<u8>| {
            let units: Vec<u16> =
                bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        };
        assert_eq!(back(given.give("日本語 \u{1F4BF}.txt", false)), "日本語 \u{1F4BF}.txt;1");
        assert_eq!(back(given.give("a:b", true)), "a_b");
        assert_eq!(back(given.give("Readme", false)), "Readme;1");
        assert_eq!(back(given.give("README", false)), "README_1;1");
        assert_eq!(back(given.give("readme...", true)), "readme..._1");
        assert_eq!(back(given.give("a;b.c;d", false)), "a_b.c_d;1");
        let long = "\u{1F4BF}".repeat(100);
        assert_eq!(back(given.give(&long, true)), "\u{1F4BF}".repeat(32));
        assert_eq!(back(given.give(&long, true)), format!("{}_1", "\u{1F4BF}".repeat(31)));
    }

    #[test]
    fn names_that_differ_behind_the_cut_alone_are_numbered_in_one_go() {
        let mut given = Given::new(Hierarchy::Primary);
        let mut last = String::new();
        // Each from the start would be 5 * 10^9 tries.
        for number in 0..100_000 {
            last = text(&given.give(&format!("2026-11-22 Measurement station {number:06}.csv"), false));
        }
        assert_eq!(last, "2026_11_22_MEASUREME_99999.CSV;1");
        // A number that a name has by itself is left out.
        assert_eq!(text(&given.give("b_2", true)), "B_2");
        assert_eq!(
            ["b", "B", "b.", "b "].map(|name| text(&given.give(name, true))),
            ["B", "B_1", "B_", "B__1"]
        );
        assert_eq!(text(&given.give("b", true)), "B_3");
    }
}
