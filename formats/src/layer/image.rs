//! `images/NAME/VERSION.json`: the chain of layers that makes up a version of an image.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{FORMAT, LayerError};
use crate::document;
use crate::names::check_name;
use crate::time::Timestamp;
use crate::units::ByteLen;

/// A version of an image. Its document is sealed ([`crate::document`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageDocument {
    /// [`FORMAT`].
    pub format: u32,
    /// The image's name.
    pub name: String,
    /// The version's name.
    pub version: String,
    /// The layers that make it up, base first, leaf last.
    pub chain: Vec<Uuid>,
    /// How long the leaf's disk is.
    pub size: ByteLen,
    /// What its publisher said of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What devices to which it is assigned are told by default, as rows `DAEMON:KEY:VALUE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// When it was published.
    pub published: Timestamp,
    /// The program that published it and its version: `seedpress 0.1.0`.
    pub tool: String,
}

impl ImageDocument {
    /// Parses the document of a version.
    ///
    /// # Errors
    /// [`LayerError`].
    pub fn parse(text: &str) -> Result<Self, LayerError> {
        let document: Self = document::parse_sealed(text).map_err(LayerError::Document)?;
        document.check()?;
        Ok(document)
    }

    /// The text of the document.
    pub fn print(&self) -> String {
        document::print_sealed(self)
    }

    /// The image and its version: `Win7@2`.
    pub fn title(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Checks the rules that the fields' types do not say. [`ImageDocument::parse`] has done it already.
    ///
    /// # Errors
    /// [`LayerError`].
    pub fn check(&self) -> Result<(), LayerError> {
        if self.format != FORMAT {
            return Err(LayerError::Format { found: self.format });
        }
        check_name(&self.name).map_err(LayerError::Name)?;
        check_name(&self.version).map_err(LayerError::Name)?;
        self.check_chain()?;
        match self.policies.iter().find(|row| !is_policy(row)) {
            Some(row) => Err(LayerError::Policy { found: row.clone() }),
            None => Ok(()),
        }
    }

    fn check_chain(&self) -> Result<(), LayerError> {
        let mut seen = BTreeSet::new();
        let reason = if self.chain.is_empty() {
            "without layers"
        } else if !self.chain.iter().all(|layer| seen.insert(layer)) {
            "with the same layer twice"
        } else {
            return Ok(());
        };
        Err(LayerError::Chain { image: self.title(), reason })
    }
}

/// Whether a row has a daemon, a key and a value; the value may have colons of its own.
fn is_policy(row: &str) -> bool {
    let mut parts = row.splitn(3, ':');
    let mut named = || parts.next().is_some_and(|part| !part.is_empty());
    named() && named() && parts.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> ImageDocument {
        ImageDocument {
            format: FORMAT,
            name: "Win7".into(),
            version: "2".into(),
            chain: [Uuid::from_u128(1), Uuid::from_u128(2)].into(),
            size: ByteLen(512),
            note: String::new(),
            policies: ["vm:policy-print-screen:0".into(), "disk:path:a:b".into()].into(),
            published: Timestamp::EARLIEST,
            tool: "seedpress 0.1.0".into(),
        }
    }

    #[test]
    fn a_version_comes_back_as_it_was_printed() {
        assert_eq!(ImageDocument::parse(&version().print()), Ok(version()));
        assert_eq!(version().title(), "Win7@2");
    }

    #[test]
    fn what_cannot_be_a_version_is_refused() {
        let spoil: [fn(&mut ImageDocument); 6] = [
            |image| image.format = 0,
            |image| image.name = "../Win7".into(),
            |image| image.version = String::new(),
            |image| image.chain.clear(),
            |image| image.chain.push(Uuid::from_u128(1)),
            |image| image.policies.push("vm::0".into()),
        ];
        for spoil in spoil {
            let mut bad = version();
            spoil(&mut bad);
            assert!(ImageDocument::parse(&bad.print()).is_err(), "{bad:?}");
        }
    }
}
