//! What came, and no receipt tells of yet: a sync that is interrupted ends without one, and the next receipt tells it.

use formats::document;
use formats::units::ByteLen;
use remote::api::{Taken, TakenLayer};
use serde::{Deserialize, Serialize};

use super::error::ClientError;
use super::files;
use super::home::{FORMAT, Home, UNTOLD};
use super::outcome::LayerLine;
use super::source::SourceKind;

/// How long the document is at most, in bytes.
const MAX: usize = 16 << 20;

/// What came, and no receipt tells of yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Untold {
    format: u32,
    /// How many bytes of bodies came over the network.
    pub wire: ByteLen,
    /// What came from where; nothing of it was here before.
    layers: Vec<TakenLayer>,
}

impl Untold {
    /// What earlier runs left. A document that is damaged is as if absent: it holds numbers alone.
    pub fn load(home: &Home) -> Result<Self, ClientError> {
        let text = files::read(&home.path(UNTOLD), MAX)?;
        let known = text.and_then(|text| document::parse_sealed::<Self>(&text).ok());
        let none = Self { format: FORMAT, wire: ByteLen::ZERO, layers: Vec::new() };
        Ok(known.filter(|known| known.format == FORMAT).unwrap_or(none))
    }

    /// The same, and what came in this run.
    pub fn and(&self, lines: &[LayerLine], wire: ByteLen) -> Self {
        let mut all = self.clone();
        all.wire.0 = all.wire.0.saturating_add(wire.0);
        for line in lines {
            for taken in line.taken.iter().filter(|taken| taken.source != SourceKind::Local.name()) {
                all.enter(line.layer, taken);
            }
        }
        all
    }

    fn enter(&mut self, layer: uuid::Uuid, new: &Taken) {
        let Some(known) = self.layers.iter_mut().find(|it| it.layer == layer) else {
            return self.layers.push(TakenLayer { layer, taken: vec![new.clone()] });
        };
        let is_same = |it: &&mut Taken| (&it.source, it.medium) == (&new.source, new.medium);
        match known.taken.iter_mut().find(is_same) {
            Some(taken) => {
                taken.frames = taken.frames.saturating_add(new.frames);
                taken.bytes.0 = taken.bytes.0.saturating_add(new.bytes.0);
            }
            None => known.taken.push(new.clone()),
        }
    }

    /// What a receipt tells: of each layer what was here before, and what came. `earlier` is what earlier runs left: this
    /// run found it here.
    pub fn told(&self, earlier: &Self, lines: &[LayerLine]) -> Vec<TakenLayer> {
        let tell = |TakenLayer { layer, taken }: &TakenLayer| {
            let line = lines.iter().find(|line| line.layer == *layer);
            let here = line.into_iter().flat_map(|line| &line.taken);
            let mut here = here.filter(|taken| taken.source == SourceKind::Local.name());
            let before = earlier.layers.iter().filter(|it| it.layer == *layer).flat_map(|it| &it.taken);
            let before = before.fold((0u64, 0u64), |(frames, bytes), taken| {
                (frames.saturating_add(taken.frames), bytes.saturating_add(taken.bytes.0))
            });
            let here = here.next().map(|here| Taken {
                frames: here.frames.saturating_sub(before.0),
                bytes: ByteLen(here.bytes.0.saturating_sub(before.1)),
                ..here.clone()
            });
            let here = here.filter(|here| here.frames > 0);
            TakenLayer { layer: *layer, taken: here.into_iter().chain(taken.iter().cloned()).collect() }
        };
        self.layers.iter().map(tell).collect()
    }

    /// Keeps it until a receipt has told it.
    pub fn save(&self, home: &Home) -> Result<(), ClientError> {
        files::write(&home.path(UNTOLD), document::print_sealed(self).as_bytes())
    }

    /// A receipt has told it.
    pub fn forget(home: &Home) -> Result<(), ClientError> {
        files::remove(&home.path(UNTOLD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::fake;
    use uuid::Uuid;

    fn line(taken: &[(&str, u64)]) -> LayerLine {
        let taken = taken.iter().map(|(source, frames)| Taken {
            source: (*source).into(),
            medium: None,
            frames: *frames,
            bytes: ByteLen(frames * 10),
        });
        let (layer, size, taken) = (Uuid::from_u128(1), ByteLen(100), taken.collect());
        LayerLine { layer, needed_by: Vec::new(), size, frames: 10, whole: false, taken, why: None }
    }

    #[test]
    fn the_receipt_behind_an_interrupted_run_tells_what_came_in_both() {
        let folder = tempfile::tempdir().unwrap();
        let home = fake::home(folder.path());
        let first = Untold::load(&home).unwrap().and(&[line(&[("local", 2), ("network", 3)])], ByteLen(31));
        first.save(&home).unwrap();
        let earlier = Untold::load(&home).unwrap();
        assert_eq!(earlier, first);
        let lines = [line(&[("local", 5), ("usb", 1), ("network", 4)])];
        let all = earlier.and(&lines, ByteLen(41));
        assert_eq!(all.wire, ByteLen(72));
        let told = all.told(&earlier, &lines);
        let told: Vec<_> = told[0].taken.iter().map(|it| (&*it.source, it.frames, it.bytes.0)).collect();
        assert_eq!(told, [("local", 2, 20), ("network", 7, 70), ("usb", 1, 10)]);
        Untold::forget(&home).unwrap();
        let none = Untold::load(&home).unwrap();
        assert!(none.and(&[line(&[("local", 10)])], ByteLen::ZERO).told(&none, &[]).is_empty());
    }
}
