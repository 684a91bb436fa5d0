//! Templates: what a kind of medium looks like, as a TOML file.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use formats::manifest::{PathError, Volume, paths};
use formats::slip::reason;
use formats::udf::Revision;
use formats::units::{ByteLen, MIB};

use crate::readme;

/// The version of the template format that this program reads.
const FORMAT: u32 = 1;

/// The templates that come with the program, by their names.
const OWN: [(&str, &str); 4] = [
    ("courier-usb", include_str!("../../../templates/courier-usb.toml")),
    ("courier-disc", include_str!("../../../templates/courier-disc.toml")),
    ("data-only", include_str!("../../../templates/data-only.toml")),
    ("secure-boot", include_str!("../../../templates/secure-boot.toml")),
];

/// The README.txt of media whose template has none.
const README: &str = include_str!("../../../templates/medium-readme.txt");

/// A kind of medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    format: u32,
    /// Its name, which the manifest repeats.
    pub name: String,
    /// Which media look so.
    pub kind: Suits,
    /// The EFI system partition, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub esp: Option<Esp>,
    /// The seed volume.
    pub seed: Seed,
    /// The file systems of an optical medium; a template for USB media alone has no such keys.
    #[serde(default)]
    pub disc: Disc,
    /// What it starts.
    pub boot: Boot,
    /// More files.
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ExtraFile>,
    /// The text that tells people what the medium is.
    #[serde(default)]
    pub readme: Readme,
}

/// Which media look so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suits {
    /// Disks with a GUID partition table.
    Usb,
    /// Optical images.
    Disc,
    /// Both.
    Any,
}

/// How a medium is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A disk with a GUID partition table.
    Usb,
    /// An optical image.
    Disc,
}

/// What a medium starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boot {
    /// The programs.
    pub payload: Payload,
}

/// The programs that a medium starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// The loader, on PCs with UEFI.
    Native,
    /// A Linux of the authoring machine's distribution, on PCs with UEFI or a BIOS.
    Linux,
    /// The loader on PCs with UEFI, Linux on those with a BIOS.
    Both,
    /// A tree of the user's.
    Tree,
    /// Nothing.
    None,
}

/// A file beside those that every medium has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraFile {
    /// The volume that it goes to.
    pub volume: Volume,
    /// Its path on the volume.
    pub path: String,
    /// Its text; [`crate::readme`] says which words in braces stand for what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The file whose bytes it has: a path from the template's folder that leads downwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// The file systems of an optical medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disc {
    /// The revision of UDF.
    #[serde(with = "revision")]
    pub udf_revision: Revision,
    /// Whether ISO 9660 is there beside UDF.
    pub iso_9660: bool,
}

impl Default for Disc {
    /// 1.02, which every reader of UDF reads.
    fn default() -> Self {
        Self { udf_revision: Revision::V1_02, iso_9660: true }
    }
}

/// A revision of UDF as people write it.
mod revision {
    use formats::udf::Revision;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(revision: &Revision, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(revision.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Revision, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = Revision::ALL.into_iter().find(|revision| revision.name() == name);
        found
            .ok_or_else(|| D::Error::custom(format!("expected UDF 1.02, 1.50, 2.01 or 2.50, found {name:?}")))
    }
}

/// The EFI system partition of a medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Esp {
    /// Its label: at most 11 characters.
    pub label: String,
    size_mib: u32,
}

/// The volume that holds the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Its label, when the request has none.
    pub label: String,
    free_mib: u32,
}

/// `README.txt` of a medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readme {
    /// Its text; [`crate::readme`] says which words in braces stand for what.
    pub text: String,
}

impl Default for Readme {
    /// The text for media whose template has none.
    fn default() -> Self {
        Self { text: README.into() }
    }
}

/// Why a template is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is not TOML, or not the keys of a template.
    #[error("the template cannot be used: {reason}")]
    Malformed {
        /// What the parser found, and where.
        reason: String,
    },
    /// It was written for a newer program.
    #[error("the template has format {found}, this program reads format {FORMAT}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// The keys of an optical medium are missing from the template of one.
    #[error("the template of a disc has no [disc]: expected disc.udf_revision and disc.iso_9660")]
    NoDisc,
    /// The template of another kind of medium has the keys of an optical one.
    #[error("the template has [disc], and is of kind \"usb\"")]
    NotOfDisc,
    /// Something is to be started, or to lie there, and there is no EFI system partition.
    #[error("the template has no [esp] for {what}")]
    NoEsp {
        /// What is to lie there.
        what: String,
    },
    /// A file whose bytes are given in two ways, or not at all.
    #[error("the template's file {path:?} has {found}: expected either text or from")]
    File {
        /// Its path.
        path: String,
        /// What it has.
        found: &'static str,
    },
    /// A word in braces of its README.txt that stands for nothing.
    #[error("{{{word}}} in readme.text stands for nothing: templates/README.md lists the words")]
    Word {
        /// The word.
        word: String,
    },
    /// A path that leads nowhere on a medium, or out of the template's folder.
    #[error("the template names a path that it must not")]
    Path(#[source] PathError),
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let malformed = |e| TemplateError::Malformed { reason: reason(text, &e) };
        let format: Format = toml::from_str(text).map_err(malformed)?;
        if format.format != FORMAT {
            return Err(TemplateError::Format { found: format.format });
        }
        let template: Self = toml::from_str(text).map_err(malformed)?;
        match (template.kind, format.disc.is_some()) {
            (Suits::Disc | Suits::Any, false) => return Err(TemplateError::NoDisc),
            (Suits::Usb, true) => return Err(TemplateError::NotOfDisc),
            _ => template.check_boot()?,
        }
        template.files.iter().try_for_each(|file| file.check(template.esp.is_some()))?;
        if let Some(word) = readme::unknown_word(&template.readme.text) {
            return Err(TemplateError::Word { word: word.into() });
        }
        Ok(template)
    }

    fn check_boot(&self) -> Result<(), TemplateError> {
        match (&self.esp, self.boot.payload) {
            (Some(_), _) | (None, Payload::None) => Ok(()),
            (None, payload) => {
                Err(TemplateError::NoEsp { what: format!("the boot payload {:?}", payload.name()) })
            }
        }
    }

    /// Whether media of a kind look so.
    pub fn suits(&self, kind: Kind) -> bool {
        matches!((self.kind, kind), (Suits::Any, _) | (Suits::Usb, Kind::Usb) | (Suits::Disc, Kind::Disc))
    }

    /// The names of the templates that come with the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        OWN.into_iter().map(|(name, _)| name)
    }

    /// A template that comes with the program; `None` when none has this name.
    ///
    /// # Errors
    /// None, as a test shows.
    pub fn named(name: &str) -> Result<Option<Self>, TemplateError> {
        let text = OWN.into_iter().find(|(own, _)| *own == name);
        text.map(|(_, text)| Self::parse(text)).transpose()
    }
}

impl Payload {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Native, Self::Linux, Self::Both, Self::Tree, Self::None];

    /// As templates and the command line name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Linux => "linux",
            Self::Both => "both",
            Self::Tree => "tree",
            Self::None => "none",
        }
    }
}

impl ExtraFile {
    fn check(&self, has_esp: bool) -> Result<(), TemplateError> {
        let found = match (&self.text, &self.from) {
            (Some(_), None) | (None, Some(_)) => None,
            (None, None) => Some("neither"),
            (Some(_), Some(_)) => Some("both"),
        };
        if let Some(found) = found {
            return Err(TemplateError::File { path: self.path.clone(), found });
        }
        if self.volume == Volume::Esp && !has_esp {
            return Err(TemplateError::NoEsp { what: format!("the file {:?}", self.path) });
        }
        let paths = self.from.iter().chain([&self.path]);
        paths.into_iter().try_for_each(|path| paths::check(path)).map_err(TemplateError::Path)
    }
}

/// What is looked at before all other keys.
#[derive(Deserialize)]
struct Format {
    format: u32,
    disc: Option<IgnoredAny>,
}

impl Esp {
    /// How large it is at least.
    pub fn size(&self) -> ByteLen {
        ByteLen(u64::from(self.size_mib) * MIB)
    }
}

impl Seed {
    /// How much room stays free on a medium whose size was not asked for.
    pub fn free(&self) -> ByteLen {
        ByteLen(u64::from(self.free_mib) * MIB)
    }
}

#[cfg(test)]
mod tests;
