//! What is assigned to a device.

use formats::names::check_name;
use serde::{Deserialize, Serialize};

use super::document::DeviceError;
use super::row::Row;

/// How an image is taken from a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Removal {
    /// When nobody uses it: the device is told so.
    Soft,
    /// At once: the device is not told of it any more.
    Hard,
}

/// An image that a device is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The image's name.
    pub image: String,
    /// The version that it is to run.
    pub current: String,
    /// The version that it is to fetch and not to run yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<String>,
    /// Policies of this image on this device, laid over those of the version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
    /// Whether the device is to leave the image as it is: neither another version nor a soft removal reaches it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Whether it is to be given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
}

impl Assignment {
    /// A version that a device is to run.
    pub fn new(image: &str, current: &str) -> Self {
        Self {
            image: image.into(),
            current: current.into(),
            staged: None,
            rows: Vec::new(),
            locked: false,
            removed: None,
        }
    }

    /// The versions that the device may fetch; none when it was taken away at once.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        let is_gone = self.removed == Some(Removal::Hard);
        [Some(&self.current), self.staged.as_ref()]
            .into_iter()
            .flatten()
            .map(|it| &**it)
            .filter(move |_| !is_gone)
    }

    pub(super) fn check(&self) -> Result<(), DeviceError> {
        check_name(&self.image)?;
        check_name(&self.current)?;
        self.staged.as_deref().map_or(Ok(()), check_name)?;
        Ok(())
    }
}
