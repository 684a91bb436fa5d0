//! Whom to believe where sources disagree about where frames lie. A seek table is signed by nobody; but a frame that is
//! right proves the place where it was read.

use formats::layer::{Frame, Frames};

/// A seek table, and who says so.
pub struct Candidate {
    /// The sources that have it, the nearest first.
    pub by: Vec<usize>,
    /// The frames as it has them.
    pub frames: Frames,
}

/// Puts equal tables together; who is named first stays first.
pub fn gather(tables: impl Iterator<Item = (usize, Frames)>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (by, frames) in tables {
        match candidates.iter_mut().find(|known| is_same(&known.frames, &frames)) {
            Some(known) => known.by.push(by),
            None => candidates.push(Candidate { by: vec![by], frames }),
        }
    }
    candidates
}

/// The table that is right, and whose tables are not. `is_right` reads a frame from where a table says that it lies, from
/// any source, and tells whether its digest is right. Where no frame that tables disagree about can be had, the first
/// one counts.
pub fn decide<E>(
    candidates: Vec<Candidate>,
    mut is_right: impl FnMut(&Frames, &Frame) -> Result<bool, E>,
) -> Result<Option<(Frames, Vec<usize>)>, E> {
    let mut candidates = candidates.into_iter();
    let Some(mut best) = candidates.next() else { return Ok(None) };
    let mut liars = Vec::new();
    for other in candidates {
        let loser = match is_first_right(&best.frames, &other.frames, &mut is_right)? {
            true => other,
            false => std::mem::replace(&mut best, other),
        };
        liars.extend(loser.by);
    }
    Ok(Some((best.frames, liars)))
}

/// Whether the first of two tables is the right one.
fn is_first_right<E>(
    first: &Frames,
    second: &Frames,
    is_right: &mut impl FnMut(&Frames, &Frame) -> Result<bool, E>,
) -> Result<bool, E> {
    for (one, other) in first.frames().zip(second.frames()).filter(|(one, other)| one != other) {
        if is_right(first, &one)? {
            return Ok(true);
        }
        if is_right(second, &other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_same(one: &Frames, other: &Frames) -> bool {
    one.len() == other.len() && one.frames().eq(other.frames())
}
