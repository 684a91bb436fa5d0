//! What each source has of the layers that are missing, and whom to believe.

use std::collections::BTreeMap;

use formats::kind::{ErrorKind, with_causes};
use formats::layer::{Digested, Frames, LayerDescriptor};
use host::{Crew, Observer};

use super::error::ClientError;
use super::home::Home;
use super::making::{self, Making};
use super::source::{Offer, Source, SourceError, SourceKind};
use super::tables;
use super::twins::Twins;

/// The sources of a job, the nearest first, and why some are left out of it.
pub struct Panel<'s> {
    seats: Vec<Seat<'s>>,
}

/// A source in a job.
pub struct Seat<'s> {
    /// The source.
    pub source: &'s dyn Source,
    /// Why it is left out of this job, and what that means.
    pub out: Option<(ErrorKind, String)>,
}

impl Seat<'_> {
    /// Its kind and its name.
    pub fn title(&self) -> String {
        format!("{} {}", self.source.kind().name(), self.source.name())
    }
}

/// A layer that is missing, and what each source has of it.
pub struct Surveyed<'s> {
    /// What it is.
    pub descriptor: &'s LayerDescriptor,
    /// Where it is being put together.
    pub making: Making,
    /// The frames that are missing.
    pub missing: Vec<usize>,
    offers: Vec<Option<Box<dyn Offer + 's>>>,
}

impl<'s> Panel<'s> {
    /// The sources, put in their order.
    pub fn new(mut sources: Vec<&'s dyn Source>) -> Self {
        sources.sort_by_key(|source| source.kind());
        Self { seats: sources.into_iter().map(|source| Seat { source, out: None }).collect() }
    }

    /// The sources in their order.
    pub fn seats(&self) -> &[Seat<'s>] {
        &self.seats
    }

    /// The sources' kinds.
    pub fn kinds(&self) -> Vec<SourceKind> {
        self.seats.iter().map(|seat| seat.source.kind()).collect()
    }

    /// Leaves a source out of the job.
    pub fn leave_out(&mut self, source: usize, kind: ErrorKind, reason: String) {
        if let Some(seat) = self.seats.get_mut(source) {
            seat.out.get_or_insert((kind, reason));
        }
    }

    /// What a source said, or nothing: then it is left out of the job.
    fn heard<T>(&mut self, source: usize, said: Result<T, SourceError>) -> Result<Option<T>, ClientError> {
        match said {
            Ok(said) => Ok(Some(said)),
            Err(SourceError::Interrupted(stop)) => Err(stop.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(host::Interrupted.into()),
            // Of one layer it has nothing; of others it may have all.
            Err(SourceError::Http(error)) if error.is_missing() => Ok(None),
            Err(error) => {
                self.leave_out(source, error.kind(), with_causes(&error));
                Ok(None)
            }
        }
    }

    fn offers(&mut self, layer: &LayerDescriptor) -> Result<Vec<Option<Box<dyn Offer + 's>>>, ClientError> {
        let mut offers = Vec::new();
        for number in 0..self.seats.len() {
            let seat = self.seats.get(number).filter(|seat| seat.out.is_none());
            let said = seat.map_or(Ok(None), |seat| seat.source.offer(layer));
            offers.push(self.heard(number, said)?.flatten());
        }
        Ok(offers)
    }
}

/// How many frames a layer has at most: no VHD is longer than 2 TiB, of what it takes itself as much again is far enough.
const MOST_FRAMES: u64 = 1 << 20;

/// What is told while a layer is surveyed, and who does the work.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The client's folder.
    pub home: &'a Home,
    /// The threads that compare what is here.
    pub crew: &'a Crew,
    /// Who hears of progress.
    pub observer: &'a dyn Observer,
    /// The frames of the layers that are whole here.
    pub twins: &'a Twins,
    /// Whether it is only looked, and nothing written.
    pub dry_run: bool,
}

/// Asks every source what it has of a layer, and looks what an earlier run left of it.
///
/// # Errors
/// [`ClientError::NoList`] when no source tells what the layer's frames are.
pub fn survey<'s>(
    panel: &mut Panel<'s>,
    descriptor: &'s LayerDescriptor,
    means: Means<'_>,
) -> Result<Surveyed<'s>, ClientError> {
    let layer = descriptor.uuid;
    if descriptor.frame_count() > MOST_FRAMES {
        return Err(ClientError::TooLong { layer, len: descriptor.vhd.len });
    }
    let folder = means.home.partial(layer);
    let mut offers = panel.offers(descriptor)?;
    let list = match making::kept_list(&folder, descriptor) {
        Some(list) => list,
        None => ask_list(panel, &offers, descriptor)?,
    };
    let frames = ask_tables(panel, &offers, descriptor, &list, &folder)?;
    let making = match means.dry_run {
        true => Making::look(&folder, frames),
        false => Making::begin(&folder, frames, &list)?,
    };
    let missing = means.twins.fill(&making, making.missing(means.crew, means.observer)?)?;
    for (offer, seat) in offers.iter_mut().zip(panel.seats()) {
        *offer = offer.take().filter(|_| seat.out.is_none());
    }
    Ok(Surveyed { descriptor, making, missing, offers })
}

/// The list of the layer's frames, from the nearest source whose list is the one of the description.
fn ask_list(
    panel: &mut Panel<'_>,
    offers: &[Option<Box<dyn Offer + '_>>],
    descriptor: &LayerDescriptor,
) -> Result<Vec<u8>, ClientError> {
    let layer = descriptor.uuid;
    let mut lied = false;
    for (source, offer) in offers.iter().enumerate() {
        let Some(offer) = offer else { continue };
        let Some(list) = panel.heard(source, offer.digests())? else { continue };
        if Digested::of(&list) == descriptor.frames {
            return Ok(list);
        }
        lied = true;
        let reason = format!("its list of the frames of layer {layer} is not what was written");
        panel.leave_out(source, ErrorKind::Corrupt, reason);
    }
    Err(ClientError::NoList { layer, lied })
}

/// Where the layer's frames lie: of what sources say, what frames prove to be right.
fn ask_tables(
    panel: &mut Panel<'_>,
    offers: &[Option<Box<dyn Offer + '_>>],
    descriptor: &LayerDescriptor,
    list: &[u8],
    folder: &std::path::Path,
) -> Result<Frames, ClientError> {
    let here = making::kept_table(folder, descriptor);
    let here = here.and_then(|table| Frames::open_apart(descriptor, &table, list).ok());
    let mut said = Vec::new();
    // The service is believed first: it costs few bytes to ask it.
    for (source, offer) in offers.iter().enumerate().rev() {
        let Some(offer) = offer.as_ref().filter(|_| panel.seats[source].out.is_none()) else { continue };
        let Some(table) = panel.heard(source, offer.seek_table())? else { continue };
        match Frames::open_apart(descriptor, &table, list) {
            Ok(frames) => said.push((source, frames)),
            Err(error) => {
                let reason = format!("its seek table of layer {} is wrong: {error}", descriptor.uuid);
                panel.leave_out(source, ErrorKind::Corrupt, reason);
            }
        }
    }
    let none = offers.len();
    let candidates = tables::gather(said.into_iter().chain(here.map(|frames| (none, frames))));
    let decided = tables::decide(candidates, |frames, frame| {
        for offer in offers.iter().flatten().filter(|offer| offer.has(frame)) {
            let mut right = false;
            let read = offer.read(std::slice::from_ref(frame), &mut |_, bytes| {
                right = frames.check(frame, bytes).is_ok();
                std::ops::ControlFlow::Break(())
            });
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => return Err(host::Interrupted),
                _ if right => return Ok(true),
                _ => {}
            }
        }
        Ok(false)
    })?;
    let (frames, liars) = decided.ok_or(ClientError::NoList { layer: descriptor.uuid, lied: false })?;
    for source in liars {
        let reason = format!("its seek table of layer {} contradicts the frames", descriptor.uuid);
        panel.leave_out(source, ErrorKind::Corrupt, reason);
    }
    Ok(frames)
}

impl Surveyed<'_> {
    /// Whether a source may have a frame, as far as it can tell.
    pub fn may_have(&self, source: usize, frame: usize) -> bool {
        let frame = self.making.frames().frame(frame);
        self.offer(source).zip(frame).is_some_and(|(offer, frame)| offer.has(&frame))
    }

    /// What a source has of the layer.
    pub fn offer(&self, source: usize) -> Option<&dyn Offer> {
        self.offers.get(source)?.as_deref()
    }

    /// How many frames are here, and how many bytes they are as they are stored.
    pub fn here(&self) -> (u64, u64) {
        let missing: u64 = self.missing.iter().map(|frame| self.len(*frame)).sum();
        let all: u64 = self.making.frames().frames().map(|frame| frame.stored.end - frame.stored.start).sum();
        ((self.making.frames().len() - self.missing.len()) as u64, all - missing)
    }

    /// How long a frame is as it is stored, in bytes.
    pub fn len(&self, frame: usize) -> u64 {
        self.making.frames().frame(frame).map_or(0, |frame| frame.stored.end - frame.stored.start)
    }

    /// Of the sources that are asked first for some of the missing frames, for how many frames and bytes.
    pub fn nearest(&self, panel: &Panel<'_>) -> BTreeMap<usize, (u64, u64)> {
        let mut counts: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for frame in &self.missing {
            let mut seats = panel.seats().iter().enumerate().filter(|(_, seat)| seat.out.is_none());
            if let Some((source, _)) = seats.find(|(source, _)| self.may_have(*source, *frame)) {
                let count = counts.entry(source).or_default();
                *count = (count.0 + 1, count.1 + self.len(*frame));
            }
        }
        counts
    }
}
