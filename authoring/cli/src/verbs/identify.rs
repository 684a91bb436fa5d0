//! `identify`: what a medium says of itself.

use std::fmt;

use clap::Args;
use deploy::{Loaded, Medium, Trust};
use formats::manifest::{Image, Kind, Manifest};
use formats::time::Timestamp;
use formats::units::{ByteLen, ByteOffset};
use serde::Serialize;
use uuid::Uuid;

use crate::code::Code;
use crate::error::one_line;
use crate::medium::{MediumArg, Membership, SignedLines, Signer};
use crate::output::Answer;
use crate::shell::Shell;
use crate::table::Table;

/// Show what a medium says of itself, at once; verify checks it.
#[derive(Args, Debug)]
pub struct Identify {
    #[command(flatten)]
    medium: MediumArg,
}

#[derive(Serialize)]
struct Identity {
    medium: Uuid,
    set: Option<Membership>,
    label: String,
    kind: Kind,
    created: Timestamp,
    expires: Option<Timestamp>,
    tool: String,
    template: String,
    size: ByteLen,
    sector_size: u32,
    signed: Option<Signer>,
    partitions: Vec<Partition>,
    images: Vec<Image>,
}

#[derive(Serialize)]
struct Partition {
    name: String,
    start: ByteOffset,
    len: ByteLen,
}

impl Identify {
    /// Shows the manifest's head.
    ///
    /// # Errors
    /// When the medium has no manifest that can be read.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let medium = self.medium.open(shell)?;
        let loaded = self.medium.manifest(&medium, &Trust::default())?;
        shell.answer(&Identity::of(&medium, loaded))?;
        Ok(Code::Done)
    }
}

impl Identity {
    fn of(medium: &Medium, Loaded { manifest, signed }: Loaded) -> Self {
        let partitions = medium.table().into_iter().flat_map(|table| &table.partitions);
        let partitions = partitions.map(|p| Partition { name: p.name.clone(), start: p.start, len: p.len });
        let Manifest { medium, label, kind, created, expires, tool, .. } = manifest;
        let Manifest { template, size, sector_size, images, set, .. } = manifest;
        let set = Membership::of(set.as_ref());
        let signed = Signer::of(&signed);
        let partitions = partitions.collect();
        Self {
            medium,
            set,
            label,
            kind,
            created,
            expires,
            tool,
            template,
            size,
            sector_size,
            signed,
            partitions,
            images,
        }
    }
}

impl Answer for Identity {
    const SCHEMA: &'static str = "seedpress.identify/1";
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "medium    {}", self.medium)?;
        self.set.iter().try_for_each(|set| set.fmt(f))?;
        writeln!(f, "label     {}", one_line(&self.label))?;
        writeln!(f, "pressed   {} by {}", self.created, one_line(&self.tool))?;
        if let Some(expires) = self.expires {
            writeln!(f, "expires   {expires}")?;
        }
        writeln!(f, "size      {}, sectors of {}", self.size.exact(), self.sector_size)?;
        writeln!(f, "{}", SignedLines(self.signed.as_ref()))?;
        let mut table = Table::new(["IMAGE", "SIZE", "LAYERS", "NOTE"]);
        for image in &self.images {
            let title = format!("{}@{}", image.name, image.version);
            let layers = image.chain.len().to_string();
            table.row([title, image.size.human(), layers, one_line(&image.note)]);
        }
        table.fmt(f)
    }
}
