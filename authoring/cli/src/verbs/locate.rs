//! `locate`: the chain of a version, and where its layers are.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use formats::layer::{DiskKind, ImageDocument};
use formats::time::Timestamp;
use formats::units::ByteLen;
use serde::Serialize;
use store::{Layer, Located};
use uuid::Uuid;

use crate::code::Code;
use crate::error::one_line;
use crate::name::{self, Wanted};
use crate::output::{self, Answer};
use crate::shell::Shell;
use crate::table::Table;

/// Show the chain of a version and where its layers are.
#[derive(Args, Debug)]
pub struct Locate {
    /// The version; without @VERSION the newest one
    #[arg(value_name = "NAME[@VERSION]", required_unless_present = "name", conflicts_with = "name")]
    wanted: Option<Wanted>,
    /// The image, in two words
    #[arg(short, long, value_name = "NAME", value_parser = name::check)]
    name: Option<String>,
    /// Its version; without it the newest one
    #[arg(short = 'v', long = "version", value_name = "VERSION", value_parser = name::check, requires = "name")]
    image_version: Option<String>,
    /// Also say how long tasks took
    // Has the short form of the option of every verb for the version.
    #[arg(long, help_heading = crate::options::HEADING)]
    verbose: bool,
}

#[derive(Serialize)]
struct Chain {
    name: String,
    version: String,
    size: ByteLen,
    published: Timestamp,
    note: String,
    tool: String,
    /// Base first.
    layers: Vec<Link>,
}

#[derive(Serialize)]
struct Link {
    uuid: Uuid,
    parent: Option<Uuid>,
    kind: DiskKind,
    virtual_size: ByteLen,
    vhd: ByteLen,
    stored: ByteLen,
    #[serde(serialize_with = "output::lossy")]
    path: PathBuf,
}

impl Locate {
    /// Shows the chain.
    ///
    /// # Errors
    /// When the version is not there, or its chain is not whole.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let named = self.name.map(|name| Wanted { name, version: self.image_version });
        // clap sees to it that there is one of the two.
        let Some(Wanted { name, version }) = self.wanted.or(named) else { return Ok(Code::Usage) };
        let located = shell.store()?.locate(&name, version.as_deref())?;
        shell.answer(&Chain::from(located))?;
        Ok(Code::Done)
    }
}

impl From<Located> for Chain {
    fn from(Located { document, layers }: Located) -> Self {
        let ImageDocument { name, version, size, published, note, tool, .. } = document;
        Self { name, version, size, published, note, tool, layers: layers.iter().map(Link::from).collect() }
    }
}

impl From<&Layer> for Link {
    fn from(layer: &Layer) -> Self {
        let about = &layer.descriptor;
        Self {
            uuid: about.uuid,
            parent: about.parent,
            kind: about.kind,
            virtual_size: about.virtual_size,
            vhd: about.vhd.len,
            stored: about.stored.len,
            path: layer.stored_path().into(),
        }
    }
}

impl Answer for Chain {
    const SCHEMA: &'static str = "seedpress.locate/1";
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}@{}: a disk of {}", self.name, self.version, self.size.exact())?;
        writeln!(f, "published {} by {}", self.published, one_line(&self.tool))?;
        if !self.note.is_empty() {
            writeln!(f, "note: {}", one_line(&self.note))?;
        }
        let mut table = Table::new(["LAYER", "KIND", "VHD", "STORED", "FILE"]);
        for link in &self.layers {
            let sizes = [link.vhd, link.stored].map(|len| len.human());
            let [vhd, stored] = sizes;
            table.row([
                link.uuid.to_string(),
                link.kind.to_string(),
                vhd,
                stored,
                link.path.display().to_string(),
            ]);
        }
        table.fmt(f)
    }
}
