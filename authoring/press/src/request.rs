//! What is asked for. Time and identity enter here and nowhere else, so that the same request gives the same medium.

use formats::time::Timestamp;
use formats::units::ByteLen;

use crate::template::{Kind, Payload, Template};

/// The name of this program and its version, as media carry it.
pub const TOOL: &str = concat!("seedpress ", env!("CARGO_PKG_VERSION"));

/// The most UTF-16 units of a label: what Windows takes for NTFS. Discs could have longer ones, but a label is to suit
/// either kind of medium.
pub const LONGEST_LABEL: usize = 32;

/// A medium that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// How it is put together.
    pub kind: Kind,
    /// What it looks like.
    pub template: Template,
    /// The label of the seed volume: at most [`LONGEST_LABEL`] units.
    pub label: String,
    /// How long it may be; `None` makes it as short as its content and the template's free room allow.
    pub size: Option<ByteLen>,
    /// The size of its sectors, in bytes: 512 or 4096.
    pub sector_size: u32,
    /// The size of the seed volume's clusters, in bytes; `None` takes what suits its size.
    pub cluster_size: Option<u32>,
    /// When it is pressed: the time of every file on it.
    pub time: Timestamp,
    /// From when on clients refuse it.
    pub expires: Option<Timestamp>,
    /// Whether it will be signed. Who signs it makes no difference to its identity.
    pub signed: bool,
}

impl Request {
    /// A request for an unsigned medium of the smallest size.
    pub fn new(kind: Kind, template: Template, time: Timestamp) -> Self {
        let label = template.seed.label.clone();
        Self {
            kind,
            template,
            label,
            size: None,
            sector_size: 512,
            cluster_size: None,
            time,
            expires: None,
            signed: false,
        }
    }

    /// Whether firmware is told by El Torito, a part of ISO 9660, what to start.
    pub fn has_el_torito(&self) -> bool {
        self.kind == Kind::Disc && self.template.disc.iso_9660 && self.template.boot.payload != Payload::None
    }
}
