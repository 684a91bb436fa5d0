//! Writes down what becomes of each layer and what each source gives.

use formats::kind::{ErrorKind, with_causes};
use formats::units::ByteLen;
use remote::api::Taken;
use uuid::Uuid;

use super::error::ClientError;
use super::fetch::Fetched;
use super::media::Found;
use super::outcome::{LayerLine, Problem, SourceLine};
use super::plan::Plan;
use super::source::SourceKind;
use super::survey::{Panel, Seat, Surveyed};

/// What became of the layers and the sources.
pub struct Ledger {
    /// The layers that are to be here.
    pub layers: Vec<LayerLine>,
    /// The sources, the nearest first.
    pub sources: Vec<SourceLine>,
    /// What went wrong.
    pub problems: Vec<Problem>,
}

impl Ledger {
    /// Of a plan of which nothing is done yet.
    pub fn new(plan: &Plan<'_>) -> Self {
        let layers = plan.layers.iter().map(|layer| LayerLine {
            layer: layer.uuid,
            needed_by: plan.needed_by(layer.uuid),
            size: layer.stored.len,
            frames: layer.frame_count(),
            whole: false,
            taken: Vec::new(),
            why: None,
        });
        Self { layers: layers.collect(), sources: Vec::new(), problems: Vec::new() }
    }

    fn layer(&mut self, layer: Uuid) -> Option<&mut LayerLine> {
        self.layers.iter_mut().find(|line| line.layer == layer)
    }

    /// A layer is whole.
    pub fn whole(&mut self, layer: Uuid) {
        if let Some(line) = self.layer(layer) {
            (line.whole, line.why) = (true, None);
        }
    }

    /// A layer cannot be made whole.
    pub fn fail(&mut self, layer: Uuid, error: &ClientError) {
        let message = with_causes(error);
        if let Some(line) = self.layer(layer) {
            line.why = Some(message.clone());
        }
        self.problems.push(Problem { kind: error.kind(), message });
    }

    /// The sources of the job; where nothing is missing, none of them is asked.
    pub fn seat(&mut self, panel: &Panel<'_>, nothing_missing: bool) {
        let why = nothing_missing.then(|| "nothing is missing".to_string());
        self.sources.extend(panel.seats().iter().map(|Seat { source, .. }| SourceLine {
            why: why.clone(),
            ..SourceLine::unused(source.kind(), source.name(), source.medium(), String::new())
        }));
    }

    /// Media that are here and cannot be used.
    pub fn unusable(&mut self, found: &[Found]) {
        self.sources.extend(found.iter().filter_map(|found| {
            let why = found.why_not()?;
            let name = found.name.clone();
            Some(SourceLine::unused(found.kind, name, found.medium, format!("not used: {why}")))
        }));
    }

    /// The service, where it is not asked.
    pub fn silent(&mut self, why: Option<&str>, url: &str) {
        let line = |why: &str| SourceLine::unused(SourceKind::Network, url.into(), None, why.into());
        self.sources.extend(why.map(line));
    }

    /// What is here of the layers that are missing something.
    pub fn expect(&mut self, surveyed: &[Surveyed<'_>]) {
        for layer in surveyed {
            let (frames, bytes) = layer.here();
            let line = self.layer(layer.descriptor.uuid).filter(|_| frames > 0);
            if let Some(line) = line {
                let source = SourceKind::Local.name().into();
                line.taken.push(Taken { source, medium: None, frames, bytes: ByteLen(bytes) });
            }
        }
    }

    /// What would be asked of each source first, a line each.
    pub fn foresee(&mut self, surveyed: &[Surveyed<'_>], panel: &Panel<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        for layer in surveyed {
            let uuid = layer.descriptor.uuid;
            let needed_by = self.layer(uuid).map_or(String::new(), |line| line.needed_by.join(", "));
            let (frames, all) = (layer.here().0, layer.making.frames().len());
            let mut parts = vec![format!("{frames} of {all} frames are here")];
            for (source, (frames, bytes)) in layer.nearest(panel) {
                let Some(line) = self.sources.get_mut(source) else { continue };
                line.frames += frames;
                line.bytes.0 += bytes;
                let (kind, name, bytes) = (line.source, &line.name, ByteLen(bytes).human());
                parts.push(format!("{frames} ({bytes}) are asked of {kind} {name}"));
            }
            lines.push(format!("layer {uuid} of {needed_by}: {}", parts.join(", ")));
        }
        for (line, seat) in self.sources.iter().zip(panel.seats()) {
            let what = match &seat.out {
                Some((_, why)) => format!("left out: {why}"),
                None if line.frames == 0 => "has nothing that nearer sources have not".into(),
                None => format!("asked for {} frames ({})", line.frames, line.bytes.human()),
            };
            lines.push(format!("{} {}: {what}", line.source, line.name));
        }
        lines.extend(self.sources.iter().skip(panel.seats().len()).map(|line| {
            format!("{} {}: {}", line.source, line.name, line.why.as_deref().unwrap_or("unknown"))
        }));
        lines
    }

    /// What came from where.
    pub fn enter(&mut self, surveyed: &[Surveyed<'_>], fetched: Fetched) {
        for (number, tally) in fetched.tallies.iter().enumerate() {
            let Some(source) = self.sources.get_mut(number) else { continue };
            source.bad = tally.wrong + tally.unreadable;
            let (kind, medium) = (source.source, source.medium);
            for (layer, (frames, bytes)) in &tally.taken {
                source.used = true;
                source.frames += frames;
                source.bytes.0 += bytes;
                let uuid = surveyed.get(*layer).map(|layer| layer.descriptor.uuid);
                let taken = Taken { source: kind.into(), medium, frames: *frames, bytes: ByteLen(*bytes) };
                let line = self.layers.iter_mut().find(|line| Some(line.layer) == uuid);
                line.into_iter().for_each(|line| line.taken.push(taken.clone()));
            }
            if let Some(last) = &tally.last {
                source.why = Some(last.clone());
            }
        }
        for (layer, error) in &fetched.failures {
            if let Some(layer) = surveyed.get(*layer) {
                self.fail(layer.descriptor.uuid, error);
            }
        }
    }

    /// Says of each source why it was left out, or why nothing was taken from it. That the network was left out is told
    /// as a problem where something is missing for it.
    pub fn conclude(&mut self, panel: &Panel<'_>, fetched: &[Option<(ErrorKind, String)>]) {
        let is_short = self.layers.iter().any(|line| !line.whole);
        for (number, (line, seat)) in self.sources.iter_mut().zip(panel.seats()).enumerate() {
            let out = seat.out.as_ref().or_else(|| fetched.get(number)?.as_ref());
            if let Some((kind, why)) = out {
                line.why = Some(format!("left out: {why}"));
                if is_short && seat.source.kind() == SourceKind::Network {
                    let message = format!("{} {}: {why}", line.source, line.name);
                    self.problems.push(Problem { kind: *kind, message });
                }
            } else if !line.used && line.why.is_none() {
                line.why = Some("it has nothing of what is missing".into());
            }
        }
    }
}
