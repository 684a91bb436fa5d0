//! Writes down what becomes of each layer and what each source gives.

use std::collections::BTreeMap;

use formats::kind::with_causes;
use formats::layer::LayerDescriptor;
use formats::units::ByteLen;
use remote::api::Taken;
use uuid::Uuid;

use super::error::ClientError;
use super::fetch::Fetched;
use super::home::Home;
use super::media::Found;
use super::outcome::{LayerLine, Problem, SourceLine};
use super::plan::Plan;
use super::source::SourceKind;
use super::survey::{Panel, Seat, Surveyed};

/// What became of the layers and the sources.
pub struct Ledger {
    /// The layers that are to be here.
    pub layers: Vec<LayerLine>,
    /// What is here, the sources of the job in their order, and those that are not used.
    pub sources: Vec<SourceLine>,
    /// What went wrong.
    pub problems: Vec<Problem>,
}

impl Ledger {
    /// Of a plan of which nothing is done yet.
    pub fn new(plan: &Plan<'_>, home: &Home) -> Self {
        let layers = plan.layers.iter().map(|layer| LayerLine {
            layer: layer.uuid,
            needed_by: plan.needed_by(layer.uuid),
            size: layer.stored.len,
            frames: layer.frame_count(),
            whole: false,
            taken: Vec::new(),
            why: None,
        });
        let local = SourceLine::unused(SourceKind::Local, home.root().display().to_string(), None, None);
        Self { layers: layers.collect(), sources: vec![local], problems: Vec::new() }
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

    /// A layer was whole before.
    pub fn was_whole(&mut self, layer: &LayerDescriptor) {
        self.whole(layer.uuid);
        self.here(layer.uuid, (layer.frame_count(), layer.stored.len.0));
    }

    /// So many frames and bytes of a layer were here before.
    fn here(&mut self, layer: Uuid, (frames, bytes): (u64, u64)) {
        let source = SourceKind::Local.name().into();
        let taken = Taken { source, medium: None, frames, bytes: ByteLen(bytes) };
        if frames == 0 {
            return;
        }
        self.layer(layer).into_iter().for_each(|line| line.taken.push(taken.clone()));
        if let Some(line) = self.sources.first_mut() {
            line.used = true;
            line.frames += frames;
            line.bytes.0 += bytes;
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

    /// A version does not fit: these layers of it are not fetched.
    pub fn refuse(&mut self, layers: &[Uuid], error: &ClientError) {
        let message = with_causes(error);
        for line in self.layers.iter_mut().filter(|line| layers.contains(&line.layer)) {
            line.why.get_or_insert_with(|| message.clone());
        }
        self.problems.push(Problem { kind: error.kind(), message });
    }

    /// The disk is full: what is not whole now does not become so.
    pub fn full(&mut self, error: &ClientError) {
        let short = self.layers.iter().filter(|line| !line.whole && line.why.is_none());
        let short: Vec<Uuid> = short.map(|line| line.layer).collect();
        self.refuse(&short, error);
    }

    /// The sources of the job; where nothing is missing, none of them is asked.
    pub fn seat(&mut self, panel: &Panel<'_>, nothing_missing: bool) {
        let why = nothing_missing.then(|| "nothing is missing".to_string());
        self.sources.extend(panel.seats().iter().map(|Seat { source, .. }| {
            SourceLine::unused(source.kind(), source.name(), source.medium(), why.clone())
        }));
    }

    /// The network is asked for documents alone.
    pub fn documents_only(&mut self) {
        let network = self.sources.iter_mut().filter(|line| line.source == SourceKind::Network.name());
        network.for_each(|line| line.why = Some("asked for documents alone: --require-local".into()));
    }

    /// Media that are here and cannot be used.
    pub fn unusable(&mut self, found: &[Found]) {
        self.sources.extend(found.iter().filter_map(|found| {
            let why = found.why_not()?;
            let name = found.name.clone();
            Some(SourceLine::unused(found.kind, name, found.medium, Some(format!("not used: {why}"))))
        }));
    }

    /// The service, where it is not asked.
    pub fn silent(&mut self, why: Option<&str>, url: &str) {
        let line = |why: &str| SourceLine::unused(SourceKind::Network, url.into(), None, Some(why.into()));
        self.sources.extend(why.map(line));
    }

    /// What is here of the layers that are missing something.
    pub fn expect(&mut self, surveyed: &[Surveyed<'_>]) {
        surveyed.iter().for_each(|layer| self.here(layer.descriptor.uuid, layer.here()));
    }

    /// Tells of each layer and of each source what would be asked of it first, a line each.
    pub fn foresee(&self, surveyed: &[Surveyed<'_>], panel: &Panel<'_>) -> Vec<String> {
        let mut sums: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        let mut lines = Vec::new();
        for layer in surveyed {
            let mut parts = Vec::new();
            for (source, (frames, bytes)) in layer.nearest(panel) {
                let sum = sums.entry(source).or_default();
                *sum = (sum.0 + frames, sum.1 + bytes);
                let name = panel.seats().get(source).map_or(String::new(), Seat::title);
                parts.push(format!("{frames} ({}) are asked of {name}", ByteLen(bytes).human()));
            }
            let uuid = layer.descriptor.uuid;
            let of = self.layers.iter().find(|line| line.layer == uuid).map(|line| line.needed_by.join(", "));
            let (here, all) = (layer.here().0, layer.making.frames().len());
            parts.insert(0, format!("{here} of {all} frames are here"));
            lines.push(format!("layer {uuid} of {}: {}", of.unwrap_or_default(), parts.join(", ")));
        }
        lines.extend(panel.seats().iter().enumerate().map(|(number, seat)| {
            let what = match (&seat.out, sums.get(&number)) {
                (Some((_, why)), _) => format!("left out: {why}"),
                (None, Some((frames, bytes))) => {
                    format!("asked for {frames} frames ({})", ByteLen(*bytes).human())
                }
                (None, None) => "it has nothing that nearer sources have not".into(),
            };
            format!("{}: {what}", seat.title())
        }));
        let unused = self.sources.iter().skip(1 + panel.seats().len());
        lines.extend(unused.map(|line| {
            format!("{} {}: {}", line.source, line.name, line.why.as_deref().unwrap_or_default())
        }));
        lines
    }

    /// What came from where.
    pub fn enter(&mut self, surveyed: &[Surveyed<'_>], fetched: Fetched) {
        for (number, tally) in fetched.tallies.iter().enumerate() {
            // What is here has the first line.
            let Some(source) = self.sources.get_mut(number + 1) else { continue };
            // What was foreseen is over.
            (source.frames, source.bytes) = (0, ByteLen::ZERO);
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
                source.why = Some(format!("{} of its frames could not be used: {last}", source.bad));
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
    pub fn conclude(&mut self, panel: &Panel<'_>, dry_run: bool) {
        let is_short = self.layers.iter().any(|line| !line.whole);
        for (line, seat) in self.sources.iter_mut().skip(1).zip(panel.seats()) {
            if let Some((kind, why)) = &seat.out {
                line.why = Some(format!("left out: {why}"));
                if is_short && seat.source.kind() == SourceKind::Network {
                    let message = format!("{} {}: {why}", line.source, line.name);
                    self.problems.push(Problem { kind: *kind, message });
                }
            } else if !line.used && line.why.is_none() && !dry_run {
                line.why = Some("it has nothing of what is missing".into());
            }
        }
    }
}
