//! Versions of images as arguments: `Win7@2`, or `Win7` for its newest version.

use std::fmt;
use std::str::FromStr;

use formats::names::check_name;

/// An image, and which version of it; `None` is the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The image's name.
    pub name: String,
    /// The version's name.
    pub version: Option<String>,
}

/// One version of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exact {
    /// The image's name.
    pub name: String,
    /// The version's name.
    pub version: String,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) =
            text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        check(name)?;
        version.map(check).transpose()?;
        Ok(Self { name: name.into(), version: version.map(Into::into) })
    }
}

impl FromStr for Exact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted: Wanted = text.parse()?;
        let version = wanted.version.ok_or_else(|| format!("expected NAME@VERSION, found {text:?}"))?;
        Ok(Self { name: wanted.name, version })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.version.iter().try_for_each(|version| write!(f, "@{version}"))
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// Checks a name, for clap.
///
/// # Errors
/// The sentence of [`check_name`].
pub fn check(name: &str) -> Result<String, String> {
    check_name(name).map(|()| name.into()).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_named_with_an_at_sign() {
        assert_eq!("Win7@2".parse::<Exact>().unwrap().to_string(), "Win7@2");
        assert_eq!("Win7".parse::<Wanted>().unwrap().version, None);
        assert!("Win7".parse::<Exact>().is_err());
        for text in ["", "@", "Win7@", "@2", "a@b@c", "../x", "a/b@1"] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
    }
}
