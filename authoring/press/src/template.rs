//! Templates: what a kind of medium looks like, as a TOML file.

use serde::{Deserialize, Serialize};

use formats::units::{ByteLen, MIB};

/// The version of the template format that this program reads.
const FORMAT: u32 = 1;

/// The template for USB media that comes with the program.
const USB: &str = include_str!("../../../templates/usb.toml");

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
    /// The text that tells people what the medium is.
    pub readme: Readme,
}

/// What has to be known to press a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A disk with a GUID partition table.
    Usb,
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
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let template: Self = toml::from_str(text)
            .map_err(|e| TemplateError::Malformed { reason: e.to_string().trim_end().into() })?;
        match template.format {
            FORMAT => Ok(template),
            found => Err(TemplateError::Format { found }),
        }
    }

    /// The template that comes with the program, for USB media.
    ///
    /// # Errors
    /// None, as a test shows.
    pub fn usb() -> Result<Self, TemplateError> {
        Self::parse(USB)
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
    fn the_template_that_comes_with_the_program_is_one() {
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
}
