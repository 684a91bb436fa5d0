//! The answer file: what an unattended deployment would otherwise ask. templates/README.md documents its keys.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer};

use crate::names::{NoName, check_name};
use crate::size;
use crate::slip::reason;
use crate::units::ByteLen;

/// The version of the format that this program reads.
pub const FORMAT: u32 = 1;
/// How long an answer file may be, in bytes.
pub const MAX_TEXT: usize = 64 << 10;

/// What to do without asking.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    format: u32,
    /// What to deploy; `None` where the medium has only one version.
    #[serde(default)]
    pub image: Option<Wanted>,
    /// The disk that is overwritten.
    pub target: Target,
    /// What happens when it is deployed.
    pub end: Ending,
    /// What happens when something is refused.
    #[serde(default)]
    pub refused: Ending,
}

/// An image, and maybe which version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The image's name.
    pub name: String,
    /// The version; `None` is the newest one.
    pub version: Option<String>,
}

/// Which disk: all that is given must hold, for exactly one disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Target {
    /// Its serial number, without the blanks around it.
    #[serde(default)]
    pub serial: Option<String>,
    /// Its model, without the blanks around it.
    #[serde(default)]
    pub model: Option<String>,
    /// It is at least so long.
    #[serde(default, deserialize_with = "size_of")]
    pub smallest: Option<ByteLen>,
    /// It is at most so long.
    #[serde(default, deserialize_with = "size_of")]
    pub largest: Option<ByteLen>,
    /// The machine has no other disk that could be overwritten.
    #[serde(default)]
    pub only_disk: bool,
}

/// How a machine goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It stays on, with its last screen.
    #[default]
    Stay,
    /// It starts anew.
    Reboot,
    /// It is switched off.
    PowerOff,
}

/// Why an answer file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is not TOML, or has not the keys of an answer file.
    #[error("the answer file cannot be used: {reason}")]
    Malformed {
        /// What the parser found, and in which line.
        reason: String,
    },
    /// It was written for another program.
    #[error("the answer file has format {found}, this program reads format {FORMAT}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// It does not say which disk is overwritten.
    #[error("[target] chooses no disk: give serial, model, smallest, largest or only-disk = true")]
    NoTarget,
    /// A key has a value that chooses nothing.
    #[error("{key} is empty: give a value, or leave the key out")]
    Empty {
        /// The key.
        key: &'static str,
    },
    /// No disk can be so long.
    #[error("smallest is {smallest} and largest is {largest}: no disk is both")]
    Range {
        /// At least.
        smallest: ByteLen,
        /// At most.
        largest: ByteLen,
    },
}

impl Answers {
    /// Parses an answer file.
    ///
    /// # Errors
    /// [`AnswerError`]; a key that is not known is one.
    pub fn parse(text: &str) -> Result<Self, AnswerError> {
        let malformed = |error: toml::de::Error| AnswerError::Malformed { reason: reason(text, &error) };
        let answers: Self = toml::from_str(text).map_err(malformed)?;
        if answers.format != FORMAT {
            return Err(AnswerError::Format { found: answers.format });
        }
        answers.target.check()?;
        Ok(answers)
    }
}

impl Target {
    fn check(&self) -> Result<(), AnswerError> {
        for (key, text) in [("target.serial", &self.serial), ("target.model", &self.model)] {
            if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
                return Err(AnswerError::Empty { key });
            }
        }
        match (self.smallest, self.largest) {
            (Some(smallest), Some(largest)) if smallest > largest => {
                Err(AnswerError::Range { smallest, largest })
            }
            _ if *self == Self::default() => Err(AnswerError::NoTarget),
            _ => Ok(()),
        }
    }

    /// What is asked of the disk, for people: `serial "S4EV"`, `at least 100 GB`.
    pub fn wishes(&self) -> String {
        let text =
            |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value:?}"));
        let size =
            |name: &str, value: Option<ByteLen>| value.map(|value| format!("{name} {}", value.human()));
        let wishes = [
            text("serial", &self.serial),
            text("model", &self.model),
            size("at least", self.smallest),
            size("at most", self.largest),
            self.only_disk.then(|| "the only disk".into()),
        ];
        wishes.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Whether it names a disk, and not only what any disk may be.
    pub fn names_a_disk(&self) -> bool {
        self.serial.is_some() || self.model.is_some()
    }

    /// Whether a disk is as is asked, but for `only_disk`.
    pub fn fits(&self, serial: &str, model: &str, size: ByteLen) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.trim() == found.trim())
        };
        same(&self.serial, serial)
            && same(&self.model, model)
            && self.smallest.is_none_or(|smallest| size >= smallest)
            && self.largest.is_none_or(|largest| size <= largest)
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text.as_str(), None),
        };
        let checked = check_name(name).and_then(|()| version.map_or(Ok(()), check_name));
        checked.map_err(|error: NoName| serde::de::Error::custom(error.to_string()))?;
        Ok(Self { name: name.into(), version: version.map(Into::into) })
    }
}

fn size_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ByteLen>, D::Error> {
    let text = String::deserialize(deserializer)?;
    size::parse(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"
format = 1
image = "Golden@2"
end = "power-off"
refused = "reboot"
[target]
serial = "S4EV"
model = "A disk"
smallest = "100 GB"
largest = "600GiB"
only-disk = true
"#;

    fn refused(text: &str) -> String {
        Answers::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn every_key_is_read() {
        let answers = Answers::parse(FULL).unwrap();
        let image = Wanted { name: "Golden".into(), version: Some("2".into()) };
        assert_eq!(answers.image, Some(image));
        assert_eq!((answers.end, answers.refused), (Ending::PowerOff, Ending::Reboot));
        let target = &answers.target;
        assert_eq!(target.smallest, Some(ByteLen(100_000_000_000)));
        assert!(target.fits(" S4EV ", "A disk", ByteLen(200 << 30)) && target.only_disk);
        assert!(!target.fits("S4EV", "A disk", ByteLen(1)));
        assert!(!target.fits("S4EV", "A disk", ByteLen(601 << 30)));
        assert!(!target.fits("S4E", "A disk", ByteLen(200 << 30)));
        assert!(!target.fits("S4EV", "Another", ByteLen(200 << 30)));
    }

    #[test]
    fn little_is_enough() {
        let answers = Answers::parse("format = 1\nend = \"stay\"\n[target]\nonly-disk = true\n").unwrap();
        assert_eq!((answers.image, answers.refused), (None, Ending::Stay));
    }

    #[test]
    fn slips_of_the_pen_are_errors_with_their_line() {
        for line in ["imaeg = \"x\"", "end = \"halt\"", "image = \"a/b\"", "image = \"\"", "image = \"a@\""] {
            let text = FULL.replace("image = \"Golden@2\"", line);
            assert!(refused(&text).contains("line "), "{line}: {}", refused(&text));
        }
        let text = FULL.replace("smallest = \"100 GB\"", "smallest = \"many\"");
        assert!(refused(&text).contains("line 9: expected a size such as"), "{}", refused(&text));
        let text = FULL.replace("only-disk", "only_disk");
        assert!(refused(&text).contains("line 11"), "{}", refused(&text));
    }

    #[test]
    fn the_page_about_answers_has_every_key_and_no_other() {
        let page = include_str!("../../templates/README.md").split("## Answers").nth(1).unwrap();
        let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        assert!(Answers::parse(example).is_ok());
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut told: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
        let full: toml::Table = toml::from_str(FULL).unwrap();
        let target = full["target"].as_table().unwrap().keys().map(|key| format!("target.{key}"));
        let mut known: Vec<_> = full.keys().filter(|key| *key != "target").cloned().chain(target).collect();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known);
    }

    #[test]
    fn a_target_that_chooses_nothing_is_refused() {
        let with = |target: &str| refused(&format!("format = 1\nend = \"stay\"\n{target}"));
        assert!(with("").contains("target"));
        assert!(with("[target]\n").contains("[target] chooses no disk"));
        assert!(with("[target]\nonly-disk = false\n").contains("[target] chooses no disk"));
        assert!(with("[target]\nserial = \" \"\n").contains("target.serial is empty"));
        assert!(with("[target]\nsmallest = \"2G\"\nlargest = \"1G\"\n").contains("no disk is both"));
        assert!(refused(&FULL.replace("format = 1", "format = 2")).contains("has format 2"));
    }
}
