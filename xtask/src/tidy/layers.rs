//! Layers stay apart: checks a file against the table of what must never name what.

use super::Problem;
use super::source::Source;
use super::table::{FORMATS, LAYERS};
use super::uses::{Named, named, names};

/// The places where a file names what its layer must not.
pub fn crossed(source: &Source) -> Vec<Problem> {
    let bans = bans(&source.path);
    if bans.is_empty() {
        return Vec::new();
    }
    let places = named(source);
    let pairs = places.iter().flat_map(|place| bans.iter().map(move |ban| (place, ban)));
    pairs
        .filter(|(place, ban)| names(&place.text, &ban.0))
        .map(|(place, ban)| told(source, place, ban))
        .collect()
}

/// What must not be named, and what that gives us.
type Ban = (String, &'static str);

fn told(source: &Source, place: &Named, (path, so_that): &Ban) -> Problem {
    let message = format!("must not name `{path}`, so that {so_that}");
    Problem { path: source.path.clone(), line: place.line, message }
}

fn bans(path: &str) -> Vec<Ban> {
    let rows = LAYERS.iter().filter(|layer| layer.who.iter().any(|who| path.starts_with(who)));
    let mut bans: Vec<Ban> =
        rows.flat_map(|layer| layer.not.iter().map(|not| ((*not).into(), layer.so_that))).collect();
    bans.extend(other_formats(path));
    bans
}

fn other_formats(path: &str) -> Vec<Ban> {
    let inside = path.strip_prefix("formats/src/").and_then(|rest| rest.split(['/', '.']).next());
    let Some(own) = inside.filter(|name| FORMATS.contains(name)) else {
        return Vec::new();
    };
    let others = FORMATS.iter().filter(|other| **other != own);
    others.map(|other| (format!("crate::{other}"), "a format can be deleted")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        crossed(&Source::new(path, text)).iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn every_row_binds_someone() {
        for layer in LAYERS {
            for (who, not) in layer.who.iter().flat_map(|who| layer.not.iter().map(move |not| (who, not))) {
                let bad = format!("let a = {not}{};", if not.ends_with("::") { "a" } else { "" });
                assert_eq!(found(&format!("{who}/x.rs"), &bad).first(), Some(&1), "{who} {not}");
                assert_eq!(found("xtask/src/x.rs", &bad), [0; 0], "{not}");
            }
        }
    }

    #[test]
    fn a_format_names_itself_and_what_all_share() {
        let good = "use crate::units::ByteLen;\nuse crate::vhd::raw;\n";
        assert_eq!(found("formats/src/vhd/read.rs", good), [0; 0]);
        assert_eq!(found("formats/src/vhd/read.rs", "use crate::{ntfs::raw, units};\n"), [1]);
        assert_eq!(found("formats/src/lib.rs", "use crate::ntfs;\n"), [0; 0]);
    }

    #[test]
    fn grouped_and_renamed_imports_do_not_hide() {
        assert_eq!(found("formats/src/io.rs", "\nuse std::{\n  fmt,\n  fs as files,\n};\n"), [2]);
    }

    #[test]
    fn comments_strings_and_tests_may_name_anything() {
        let good = "// std::fs\nlet a = \"std::fs\";\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(found("formats/src/io.rs", good), [0; 0]);
    }

    #[test]
    fn the_writer_may_name_its_own_format_but_not_the_judge() {
        let path = "formats/src/ntfs/write/index.rs";
        assert_eq!(found(path, "use crate::ntfs::raw;\nuse ntfs::Ntfs;\nuse ::ntfs::Ntfs;\n"), [2, 3]);
        assert_eq!(found("formats/src/ntfs/read.rs", "use ::ntfs::Ntfs;\n"), [0; 0]);
    }
}
