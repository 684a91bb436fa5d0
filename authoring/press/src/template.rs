//! Templates: what a kind of medium looks like, as a TOML file.

use serde::{Deserialize, Serialize};

use formats::udf::Revision;
use formats::units::{ByteLen, MIB};

/// The version of the template format that this program reads.
const FORMAT: u32 = 1;

/// The template for USB media that comes with the program.
const USB: &str = include_str!("../../../templates/usb.toml");

/// The template for optical media that comes with the program.
const DISC: &str = include_str!("../../../templates/disc.toml");

/// A kind of medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    format: u32,
    /// Its name, which the manifest repeats.
    pub name: String,
    /// What has to be known to press it.
    pub kind: Kind,
    /// The EFI system partition.
    pub esp: Esp,
    /// The seed volume.
    pub seed: Seed,
    /// The file systems of an optical medium; a USB medium has none of them, and no such keys.
    #[serde(default)]
    pub disc: Disc,
    /// The text that tells people what the medium is.
    pub readme: Readme,
}

/// What has to be known to press a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A disk with a GUID partition table.
    Usb,
    /// An optical image.
    Disc,
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
    #[error("the template has [disc], and is not of kind \"disc\"")]
    NotOfDisc,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let malformed = |e| TemplateError::Malformed { reason: reason(text, &e) };
        let template: Self = toml::from_str(text).map_err(malformed)?;
        let table: toml::Table = toml::from_str(text).map_err(malformed)?;
        match (template.format, template.kind, table.contains_key("disc")) {
            (FORMAT, Kind::Disc, false) => Err(TemplateError::NoDisc),
            (FORMAT, Kind::Usb, true) => Err(TemplateError::NotOfDisc),
            (FORMAT, ..) => Ok(template),
            (found, ..) => Err(TemplateError::Format { found }),
        }
    }

    /// Whether firmware is told by El Torito, a part of ISO 9660, what to start.
    pub fn has_el_torito(&self) -> bool {
        self.kind == Kind::Disc && self.disc.iso_9660
    }

    /// The template that comes with the program, for USB media.
    ///
    /// # Errors
    /// None, as a test shows.
    pub fn usb() -> Result<Self, TemplateError> {
        Self::parse(USB)
    }

    /// The template that comes with the program, for optical media.
    ///
    /// # Errors
    /// None, as a test shows.
    pub fn disc() -> Result<Self, TemplateError> {
        Self::parse(DISC)
    }
}

/// What is wrong, and in which line, in one line.
fn reason(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
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
mod tests {
    use super::*;

    #[test]
    fn the_templates_that_come_with_the_program_are_some() {
        let disc = Template::disc().unwrap();
        assert_eq!((&*disc.name, disc.kind, disc.disc), ("disc", Kind::Disc, Disc::default()));
        let usb = Template::usb().unwrap();
        assert_eq!(
            (&*usb.name, usb.esp.size(), usb.seed.free()),
            ("usb", ByteLen(64 * MIB), ByteLen(16 * MIB))
        );
    }

    #[test]
    fn keys_that_mean_nothing_are_refused_where_they_stand() {
        let bad = USB.replace("size_mib", "size_mb");
        let error = Template::parse(&bad).unwrap_err().to_string();
        assert!(error.contains("size_mb") && error.contains("line 10"), "{error}");
        assert_eq!(
            Template::parse(&USB.replace("format = 1", "format = 2")),
            Err(TemplateError::Format { found: 2 })
        );
    }

    #[test]
    fn the_keys_of_a_disc_are_in_the_template_of_one_and_in_no_other() {
        let disc = "[disc]\nudf_revision = \"1.02\"\niso_9660 = true\n";
        assert_eq!(Template::parse(&DISC.replace(disc, "")), Err(TemplateError::NoDisc));
        assert_eq!(Template::parse(&format!("{USB}{disc}")), Err(TemplateError::NotOfDisc));
        let half = Template::parse(&DISC.replace("iso_9660 = true", "")).unwrap_err().to_string();
        assert!(half.contains("iso_9660"), "{half}");
    }
}
