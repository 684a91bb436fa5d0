//! `publish`: disks into the store, as a version of an image.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use formats::layer::DiskKind;
use formats::units::ByteLen;
use formats::vhd::SizeRule;
use serde::Serialize;
use store::publish::{How, Parent, Put};
use store::{Published, Request, publish};
use uuid::Uuid;

use crate::code::Code;
use crate::date;
use crate::name::{Exact, Wanted};
use crate::output::Answer;
use crate::shell::{Shell, Threads};
use crate::table::Table;

/// Put disks into the store, as a version of an image.
///
/// A disk is a VHD (fixed, dynamic or differencing) or raw. Parents of a differencing VHD are found in the store, among
/// the disks named, and in the leaf's folder. The store is made when its folder is empty or not there. A publish that
/// is cut off leaves the store as it was. A layer that is there already is read, and stored again where it is damaged.
/// The time of publishing is SOURCE_DATE_EPOCH or, where that is not set, now.
#[derive(Args, Debug)]
pub struct Publish {
    /// The image and the version to publish
    #[arg(value_name = "NAME@VERSION")]
    title: Exact,
    /// The disk; of a chain its leaf, and its parents in any order
    #[arg(value_name = "DISK", required = true)]
    disks: Vec<PathBuf>,
    /// Store only what differs from this version; the disk is a whole one
    #[arg(long, value_name = "NAME[@VERSION]", conflicts_with = "new_uuid")]
    parent: Option<Wanted>,
    /// What there is to say about the version
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    /// Give a VHD an identity that follows from its content instead of its own
    #[arg(long)]
    new_uuid: bool,
    /// How hard to compress: 1 is quick, 19 small
    #[arg(long, value_name = "N", default_value_t = Request::LEVEL, value_parser = level())]
    level: i32,
    /// Which of the two sizes in a VHD's footer is the disk's
    #[arg(long, value_enum, value_name = "WHICH", default_value_t)]
    size_by: SizeBy,
    #[command(flatten)]
    threads: Threads,
}

/// Which of a VHD's two sizes counts.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum SizeBy {
    /// The current size, as Hyper-V does
    #[default]
    Current,
    /// The geometry, as Virtual PC does
    Geometry,
}

#[derive(Serialize)]
struct Added {
    name: String,
    version: String,
    size: ByteLen,
    chain: Vec<Uuid>,
    /// Whether the version was not there before.
    is_new: bool,
    layers: Vec<Layer>,
}

#[derive(Serialize)]
struct Layer {
    uuid: Uuid,
    kind: DiskKind,
    vhd: ByteLen,
    stored: ByteLen,
    how: &'static str,
}

fn level() -> clap::builder::RangedI64ValueParser<i32> {
    let (least, most) = Request::LEVELS.into_inner();
    clap::value_parser!(i32).range(i64::from(least)..=i64::from(most))
}

impl Publish {
    /// Publishes the disks.
    ///
    /// # Errors
    /// When they cannot be published; the store is then as it was.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let crew = self.threads.crew(shell)?;
        let request = self.request()?;
        let store = shell.store_or_new()?;
        let published = publish(&store, &request, &crew, shell.observer())?;
        shell.answer(&Added::from(published))?;
        Ok(Code::Done)
    }

    fn request(self) -> anyhow::Result<Request> {
        let Exact { name, version } = self.title;
        let parent = self.parent.map(|Wanted { name, version }| Parent { name, version });
        let size_rule = match self.size_by {
            SizeBy::Current => SizeRule::Current,
            SizeBy::Geometry => SizeRule::Geometry,
        };
        let (note, new_uuid, level) = (self.note, self.new_uuid, self.level);
        let plain = Request::new(&name, &version, self.disks, date::epoch_or_now()?);
        Ok(Request { parent, note, new_uuid, level, size_rule, ..plain })
    }
}

impl From<Published> for Added {
    fn from(Published { document, layers, is_new }: Published) -> Self {
        let layers = layers.into_iter().map(Layer::from).collect();
        let formats::layer::ImageDocument { name, version, size, chain, .. } = document;
        Self { name, version, size, chain, is_new, layers }
    }
}

impl From<Put> for Layer {
    fn from(Put { descriptor, how }: Put) -> Self {
        let how = match how {
            How::Stored => "stored",
            How::There => "there",
            How::Repaired => "repaired",
        };
        let (vhd, stored) = (descriptor.vhd.len, descriptor.stored.len);
        Self { uuid: descriptor.uuid, kind: descriptor.kind, vhd, stored, how }
    }
}

impl Answer for Added {
    const SCHEMA: &'static str = "seedpress.publish/1";
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_new { "published" } else { "was published already" };
        let count = self.chain.len();
        let layers = if count == 1 { "1 layer".into() } else { format!("{count} layers") };
        writeln!(f, "{}@{} {what}: a disk of {} in {layers}", self.name, self.version, self.size.human())?;
        let mut table = Table::new(["LAYER", "KIND", "VHD", "STORED", ""]);
        for layer in &self.layers {
            let how = match layer.how {
                "there" => "was there",
                other => other,
            };
            let [vhd, stored] = [layer.vhd, layer.stored].map(|len| len.human());
            table.row([layer.uuid.to_string(), layer.kind.to_string(), vhd, stored, how.into()]);
        }
        table.fmt(f)
    }
}
