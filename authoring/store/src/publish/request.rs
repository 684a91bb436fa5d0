//! What is to be published.

use std::path::PathBuf;

use formats::layer::{FORMAT, ImageDocument};
use formats::names::check_name;
use formats::time::Timestamp;
use formats::units::ByteLen;
use formats::vhd::SizeRule;
use uuid::Uuid;

use super::error::PublishError;

/// What is to be published. Time comes in here and from nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The image's name.
    pub name: String,
    /// The version's name.
    pub version: String,
    /// The disks: the leaf of a chain of VHDs, with as many of its parents as one likes, in any order; or a raw disk.
    pub disks: Vec<PathBuf>,
    /// The version that the one disk is to be stored as the differences to.
    pub parent: Option<Parent>,
    /// Gives a VHD an identity of its own, which follows from its content, instead of the one that it has.
    pub new_uuid: bool,
    /// Which of a VHD's two sizes counts.
    pub size_rule: SizeRule,
    /// How hard zstd tries: 1 to 19.
    pub level: i32,
    /// What there is to say about the version.
    pub note: String,
    /// What devices are told by default: rows `DAEMON:KEY:VALUE`.
    pub policies: Vec<String>,
    /// When this is.
    pub time: Timestamp,
    /// The program and its version: `seedpress 0.1.0`.
    pub tool: String,
}

/// A version in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The image's name.
    pub name: String,
    /// The version; the newest one when there is none.
    pub version: Option<String>,
}

impl Request {
    /// The level that zstd takes by default.
    pub const LEVEL: i32 = 3;
    /// The levels that there are. Higher ones of zstd need a reader with more memory.
    pub const LEVELS: std::ops::RangeInclusive<i32> = 1..=19;
    /// How long a note may be, in bytes.
    pub const MAX_NOTE: usize = 64 * 1024;

    /// Publishes `disks` as `name@version`, with nothing special about it.
    pub fn new(name: &str, version: &str, disks: Vec<PathBuf>, time: Timestamp) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            disks,
            parent: None,
            new_uuid: false,
            size_rule: SizeRule::default(),
            level: Self::LEVEL,
            note: String::new(),
            policies: Vec::new(),
            time,
            tool: concat!("seedpress ", env!("CARGO_PKG_VERSION")).into(),
        }
    }

    /// The version as it will be called: `Win7@2`.
    pub fn title(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Checks what can be said before any disk is looked at.
    pub(super) fn check(&self) -> Result<(), PublishError> {
        check_name(&self.name).map_err(PublishError::Name)?;
        check_name(&self.version).map_err(PublishError::Name)?;
        if !Self::LEVELS.contains(&self.level) {
            return Err(PublishError::Level { found: self.level });
        }
        if self.note.len() > Self::MAX_NOTE {
            return Err(PublishError::Note { len: self.note.len() });
        }
        if self.disks.is_empty() {
            return Err(PublishError::NoDisk);
        }
        if self.parent.is_some() && (self.disks.len() > 1 || self.new_uuid) {
            return Err(PublishError::OneWholeDisk);
        }
        // The chain is not known yet: any will do for the rest of the document.
        self.document(vec![Uuid::nil()], ByteLen::ZERO).check().map_err(PublishError::Document)
    }

    /// The document of the version, for a chain and the size of its disk.
    pub(super) fn document(&self, chain: Vec<Uuid>, size: ByteLen) -> ImageDocument {
        ImageDocument {
            format: FORMAT,
            name: self.name.clone(),
            version: self.version.clone(),
            chain,
            size,
            note: self.note.clone(),
            policies: self.policies.clone(),
            published: self.time,
            tool: self.tool.clone(),
        }
    }
}
