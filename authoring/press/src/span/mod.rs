//! Span: content that does not fit on one medium, laid out on a set of them.
//!
//! | module | holds |
//! |---|---|
//! | `cut` | how much of which layer goes onto which medium |
//! | `member` | one medium of the set: its sources, and its place in the set |
//!
//! Layers are put onto the media in their order, base first, and cut at the borders of frames. Every medium has the
//! boot files and the list of frames of what it holds, so that it can be verified alone; folders that were added go
//! onto the first one.
//!
//! Each manifest names the whole set, so how much fits on a medium depends on all others. Cutting therefore reckons
//! with the longest set that there could be, which leaves a few hundred bytes unused.

mod cut;
mod member;

use formats::io::ReadError;
use formats::manifest::MAX_MEDIA;
use formats::units::ByteLen;
use host::{Crew, ErrorKind, Event, Interrupted, Observer, Unit};

use crate::layout::{Layout, LayoutError};
use crate::payload::PieceError;
use crate::plan::{PlanError, plan};
use crate::request::Request;
use crate::sources::Sources;

use cut::{Cutter, Taken};

/// Why a set cannot be laid out.
#[derive(Debug, thiserror::Error)]
pub enum SpanError {
    /// There is no plan for it.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A medium of it cannot be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Not even a frame goes onto a medium.
    #[error(
        "medium {number} of the set has no room for a frame beside its boot files and lists: {missing} more are needed"
    )]
    NoRoom {
        /// The medium's number, from 1.
        number: u32,
        /// How much larger it would have to be.
        missing: ByteLen,
    },
    /// Boot files and added folders alone are too much for a medium.
    #[error(
        "medium {number} of the set has no room for its boot files, lists and added folders: take larger media"
    )]
    BesideLayers {
        /// The medium's number, from 1.
        number: u32,
        /// How much they need.
        source: LayoutError,
    },
    /// It would take more media than can be numbered.
    #[error("the content needs more than {MAX_MEDIA} media: take larger ones")]
    TooMany,
    /// A layer cannot be read for the digests of its parts.
    #[error("a layer that is to be cut cannot be read")]
    Read(#[from] ReadError),
    /// A frame of a layer that is cut is damaged.
    #[error(transparent)]
    Piece(#[from] PieceError),
    /// The user asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl SpanError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Plan(error) => error.kind(),
            Self::Layout(error) | Self::BesideLayers { source: error, .. } => error.kind(),
            Self::NoRoom { .. } | Self::TooMany => ErrorKind::Fit,
            Self::Read(error) => error.kind(),
            Self::Piece(error) => error.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
        }
    }

    /// How much too much there is, when that is what is wrong.
    fn excess(&self) -> Option<ByteLen> {
        if let Self::Layout(error) = self { error.excess() } else { None }
    }

    /// The same, of medium `number` before any layer goes onto it.
    fn beside_layers(self, number: u32) -> Self {
        match self {
            Self::Layout(source) if source.excess().is_some() => Self::BesideLayers { number, source },
            other => other,
        }
    }
}

/// Lays out one medium where all fits on it, and a set of media of the size in `request` where not. Layers that are
/// cut are read once for the digests of their parts.
///
/// # Errors
/// [`SpanError`].
pub fn span(
    request: &Request,
    sources: &Sources,
    crew: &Crew,
    observer: &dyn Observer,
) -> Result<Vec<Layout>, SpanError> {
    match plan(request.clone(), sources.clone())?.lay_out() {
        Ok(layout) => return Ok(vec![layout]),
        Err(error) if error.excess().is_none() => return Err(error.into()),
        Err(_) => {}
    }
    let cutter = Cutter::new(request, sources)?;
    let mut media = cutter.cut(crew.stop())?;
    take_digests(&mut media, sources, crew, observer)?;
    let set = member::set(&cutter, &media);
    (1..).zip(&media).map(|(number, taken)| cutter.member(number, taken, set.clone())).collect()
}

/// Takes the digests of all parts of layers that were cut.
fn take_digests(
    media: &mut [Vec<Taken>],
    sources: &Sources,
    crew: &Crew,
    observer: &dyn Observer,
) -> Result<(), SpanError> {
    let parts: Vec<_> = media.iter_mut().flatten().filter(|taken| !taken.is_whole(sources)).collect();
    let total = parts.iter().map(|taken| taken.len(sources)).sum();
    observer.event(Event::Begin { task: "digesting parts", total, unit: Unit::Bytes });
    let step = |count| {
        observer.event(Event::Advance(count));
        Ok::<_, SpanError>(crew.stop().check()?)
    };
    let work = |(): &mut (), taken: &mut Taken| {
        taken.sha256 = taken.payload(sources)?.digest(step)?;
        Ok::<_, SpanError>(())
    };
    crew.each(parts.into_iter(), || (), work)?;
    observer.event(Event::End);
    Ok(())
}
