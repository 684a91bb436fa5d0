//! A layout as text for people and as JSON for programs.

use std::fmt::Write as _;
use std::ops::Range;

use formats::digest::Sha256;
use formats::document;
use formats::manifest::{File, Image, Set};
use formats::region::{Content, Region, Stage};
use formats::time::Timestamp;
use formats::units::{ByteLen, ByteOffset};
use serde::Serialize;
use uuid::Uuid;

use crate::layout::Layout;

/// The version of the JSON form.
const SCHEMA: &str = "seedpress.plan/1";

/// The version of the JSON form of a set.
const SET_SCHEMA: &str = "seedpress.plan-set/1";

/// The JSON form of a set.
#[derive(Serialize)]
struct JsonSet<'a> {
    schema: &'static str,
    media: Vec<Json<'a>>,
}

/// The layouts of a set as JSON.
pub fn set_json(layouts: &[Layout]) -> String {
    document::print(&JsonSet { schema: SET_SCHEMA, media: layouts.iter().map(Layout::describe).collect() })
}

/// The JSON form. Sizes and offsets are in bytes; offsets are from the start of the medium.
#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    medium: Uuid,
    set: Option<&'a Set>,
    label: &'a str,
    created: Timestamp,
    expires: Option<Timestamp>,
    size: ByteLen,
    free: ByteLen,
    sector_size: u32,
    signed: bool,
    partitions: Vec<JsonPartition<'a>>,
    images: &'a [Image],
    files: &'a [File],
    regions: Vec<JsonRegion<'a>>,
}

#[derive(Serialize)]
struct JsonPartition<'a> {
    name: &'a str,
    start: ByteOffset,
    len: ByteLen,
}

#[derive(Serialize)]
struct JsonRegion<'a> {
    start: ByteOffset,
    len: ByteLen,
    /// `structure`, `payload` or `zero`.
    content: &'static str,
    name: &'a str,
    /// Whether it is written last.
    anchor: bool,
    /// The digest of the payload that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Sha256>,
}

impl Layout {
    /// The layout as text: what the medium is, its partitions and images, and a line for each region.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let manifest = &self.plan.manifest;
        let set = self.set().map_or_else(
            || "none".into(),
            |set| format!("{}, medium {} of {}", set.id, set.number, set.media.len()),
        );
        let fields = [
            ("medium", format!("{} \"{}\"", manifest.medium, manifest.label)),
            ("set", set),
            ("pressed", manifest.created.to_string()),
            ("expires", manifest.expires.map_or_else(|| "never".into(), |time| time.to_string())),
            ("size", self.size().exact()),
            ("free", self.free.exact()),
            ("signed", if self.plan.request.signed { "yes" } else { "no" }.into()),
        ];
        for (name, value) in fields {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{name:<8} {value}");
        }
        self.partition_lines(&mut text);
        self.image_lines(&mut text);
        self.region_lines(&mut text);
        text
    }

    fn partition_lines(&self, text: &mut String) {
        let _ = writeln!(text, "\n{:>18} {:>17} {:>12}  partition", "start", "bytes", "size");
        for (name, range) in &self.partitions {
            text.push_str(&line(range, name));
        }
    }

    fn image_lines(&self, text: &mut String) {
        for image in &self.plan.manifest.images {
            let title = format!("{}@{}", image.name, image.version);
            let _ = writeln!(text, "\n{title}, a disk of {}", image.size.exact());
            for layer in &image.chain {
                let file = held(self, *layer);
                let _ = writeln!(text, "  {layer} {file}");
            }
        }
    }

    fn region_lines(&self, text: &mut String) {
        let _ = writeln!(text, "\n{:>18} {:>17} {:>12}  region", "start", "bytes", "size");
        for region in self.regions.iter() {
            let last = if region.stage == Stage::Anchor { " (written last)" } else { "" };
            text.push_str(&line(&region.range(), &format!("{}{last}", region.name)));
        }
    }

    /// The layout as JSON.
    pub fn json(&self) -> String {
        document::print(&self.describe())
    }

    fn describe(&self) -> Json<'_> {
        let partitions = self.partitions.iter().map(|(name, range)| JsonPartition {
            name,
            start: ByteOffset(range.start),
            len: ByteLen(range.end - range.start),
        });
        Json {
            schema: SCHEMA,
            medium: self.plan.manifest.medium,
            set: self.set(),
            label: &self.plan.manifest.label,
            created: self.plan.manifest.created,
            expires: self.plan.manifest.expires,
            size: self.size(),
            free: self.free,
            sector_size: self.plan.manifest.sector_size,
            signed: self.plan.request.signed,
            partitions: partitions.collect(),
            images: &self.plan.manifest.images,
            files: &self.plan.manifest.files,
            regions: self.regions.iter().map(|region| self.json_region(region)).collect(),
        }
    }

    fn json_region<'a>(&self, region: &'a Region) -> JsonRegion<'a> {
        let (content, payload) = match &region.content {
            Content::Bytes(_) | Content::Rendered(_) => ("structure", None),
            Content::Zero => ("zero", None),
            Content::Payload { source, .. } => {
                ("payload", self.plan.payloads.get(*source as usize).map(|payload| payload.sha256))
            }
        };
        JsonRegion {
            start: region.start,
            len: region.len,
            content,
            name: &region.name,
            anchor: region.stage == Stage::Anchor,
            payload,
        }
    }
}

/// How much of a layer is on the medium.
fn held(layout: &Layout, layer: Uuid) -> String {
    match layout.plan.manifest.layer_file(layer) {
        None => "on other media of the set".into(),
        Some(File { len, offset: None, .. }) => format!("{:>12}", len.human()),
        Some(File { len, offset: Some(at), .. }) => format!("{:>12}, a part, from {at} on", len.human()),
    }
}

fn line(range: &Range<u64>, name: &str) -> String {
    let len = range.end - range.start;
    format!("{:>#18x} {len:>17} {:>12}  {name}\n", range.start, ByteLen(len).human())
}
