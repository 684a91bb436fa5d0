//! What a sync did, as it is shown.

use std::fmt;

use formats::units::ByteLen;
use serde::Serialize;
use sync::client::outcome::{ImageLine, LayerLine, Outcome, Problem, SourceLine};

use crate::error::one_line;
use crate::output::{Answer, Found};
use crate::table::Table;

/// What a sync did.
#[derive(Serialize)]
pub struct Shown<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    dry_run: bool,
    problems: Vec<Found>,
}

impl<'a> Shown<'a> {
    /// What a sync did, or would do.
    pub fn of(outcome: &'a Outcome, dry_run: bool) -> Self {
        let found = |Problem { kind, message }: &Problem| Found::new(*kind, message);
        Self { outcome, dry_run, problems: outcome.problems.iter().map(found).collect() }
    }
}

impl Answer for Shown<'_> {
    const SCHEMA: &'static str = "seedpress.client-sync/1";
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { sources, layers, images, disks, removed, .. } = self.outcome;
        images_table(images).fmt(f)?;
        if !layers.is_empty() {
            writeln!(f)?;
            layers_table(layers).fmt(f)?;
        }
        if !sources.is_empty() {
            writeln!(f)?;
            sources_table(sources).fmt(f)?;
        }
        writeln!(f)?;
        for disk in disks.iter().filter(|disk| disk.state != "kept") {
            writeln!(f, "{}: {}", disk.state, one_line(&disk.path))?;
        }
        for gone in removed {
            writeln!(f, "removed: {} ({})", one_line(&gone.path), gone.bytes.human())?;
        }
        writeln!(f, "over the network: {}", self.outcome.wire.exact())?;
        if let Some(number) = self.outcome.receipt {
            let sent = if self.outcome.reported { "reported" } else { "goes with the next report" };
            writeln!(f, "receipt {number}: {sent}")?;
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "problem: {}", one_line(&problem.message)))
    }
}

/// The versions, a row each.
pub fn images_table(images: &[ImageLine]) -> Table<3> {
    let mut table = Table::new(["IMAGE", "ROLE", "STATE"]);
    for ImageLine { image, version, role, state, .. } in images {
        table.row([format!("{image}@{version}"), (*role).into(), one_line(state)]);
    }
    table
}

fn layers_table(layers: &[LayerLine]) -> Table<5> {
    let mut table = Table::new(["LAYER", "OF", "SIZE", "STATE", "FROM"]);
    for line in layers {
        let from = |taken: &remote::api::Taken| format!("{} {}", taken.source, taken.bytes.human());
        let from: Vec<String> = line.taken.iter().map(from).collect();
        let state = match (line.whole, line.taken.is_empty()) {
            (true, _) => "complete",
            (false, false) => "partial",
            (false, true) => "missing",
        };
        let row = [
            line.layer.to_string(),
            line.needed_by.join(", "),
            line.size.human(),
            state.into(),
            from.join(", "),
        ];
        table.row(row);
    }
    table
}

fn sources_table(sources: &[SourceLine]) -> Table<6> {
    let mut table = Table::new(["SOURCE", "NAME", "USED", "FRAMES", "BYTES", "WHY"]);
    for line in sources {
        let used = if line.used { "yes" } else { "no" };
        let bytes = if line.bytes == ByteLen::ZERO { "0".into() } else { line.bytes.human() };
        let why = line.why.as_deref().map(one_line).unwrap_or_default();
        let row =
            [line.source.into(), one_line(&line.name), used.into(), line.frames.to_string(), bytes, why];
        table.row(row);
    }
    table
}
