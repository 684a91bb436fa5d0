//! One medium of a set: its request, its sources, and its place in the set.

use formats::io::ReadError;
use formats::label;
use formats::manifest::{Member, Part, Set, Volume};
use formats::units::{ByteLen, ByteOffset};
use uuid::Uuid;

use crate::plan::{medium_id, member_identities};
use crate::request::{LONGEST_LABEL, Request};
use crate::sources::{Share, Sources};

use super::cut::{Cutter, Taken, disk};

/// A number that prints as long as any.
const LONGEST: u64 = u64::MAX;

/// What is asked for of medium `number`: people tell the media of a set apart by their labels.
pub fn request(whole: &Request, number: u32) -> Request {
    let fits = |label: &str| label.encode_utf16().count() <= LONGEST_LABEL;
    Request { label: label::cut(&format!("{}-{number}", whole.label), fits), ..whole.clone() }
}

/// What goes onto medium `number`.
///
/// # Errors
/// [`ReadError`] when a stored file is shorter than its frames.
pub fn sources(whole: &Sources, number: u32, taken: &[Taken]) -> Result<Sources, ReadError> {
    let mut sources = whole.clone();
    sources.added.retain(|added| number == 1 || added.on_each || added.volume == Volume::Esp);
    for layer in &mut sources.layers {
        layer.share = Share::Nothing;
    }
    for taken in taken {
        if taken.is_whole(whole) {
            sources.layers[taken.layer].share = Share::Whole;
            continue;
        }
        let part = sources.add_payload(taken.payload(whole)?);
        let table = sources.add_payload(seek_table(whole, taken.layer)?);
        let layer = &mut sources.layers[taken.layer];
        let offset = ByteOffset(taken.range(whole).start);
        layer.disk = part;
        layer.share = Share::Part { number: taken.number, offset, table };
    }
    Ok(sources)
}

/// The last piece of a layer's compressed disk.
fn seek_table(whole: &Sources, layer: usize) -> Result<crate::payload::Payload, ReadError> {
    let disk = disk(whole, layer);
    let last = disk.pieces.count().saturating_sub(1);
    disk.part(last..last + 1, disk.pieces.digest(last).unwrap_or(disk.sha256))
}

/// The set of these media. Its number is that of none of them yet.
pub fn set(cutter: &Cutter<'_>, media: &[Vec<Taken>]) -> Set {
    let part = |taken: &Taken| {
        let range = taken.range(cutter.sources);
        let layer = cutter.sources.layers[taken.layer].descriptor.uuid;
        Part { layer, offset: ByteOffset(range.start), len: ByteLen(range.end - range.start) }
    };
    let parts = media.iter().map(|taken| taken.iter().map(part).collect());
    set_of(cutter, 0, parts)
}

/// A set of `count` media whose description is at least as long as that of any other of so many.
pub fn longest_set(cutter: &Cutter<'_>, number: u32, count: usize) -> Set {
    let part = Part { layer: Uuid::nil(), offset: ByteOffset(LONGEST), len: ByteLen(LONGEST) };
    // Every cut makes one part more, and there are fewer cuts than media.
    let all = vec![part; cutter.sources.layers.len() + count];
    let parts = (0..count).map(|place| if place == 0 { all.clone() } else { Vec::new() });
    set_of(cutter, number, parts)
}

fn set_of(cutter: &Cutter<'_>, number: u32, parts: impl Iterator<Item = Vec<Part>>) -> Set {
    let member = |(number, parts): (u32, Vec<Part>)| Member {
        medium: medium_id(&member_identities(&cutter.whole, number)),
        label: request(cutter.request, number).label,
        parts,
    };
    Set { id: cutter.whole.uuid("set"), number, media: (1..).zip(parts).map(member).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Kind, Template};
    use formats::time::Timestamp;

    #[test]
    fn the_longest_label_makes_room_for_the_number() {
        let label = |label: &str, number| {
            let whole = Request::new(
                Kind::Usb,
                Template::named("courier-usb").unwrap().unwrap(),
                Timestamp::EARLIEST,
            );
            request(&Request { label: label.into(), ..whole }, number).label
        };
        assert_eq!(label("SEED", 2), "SEED-2");
        assert_eq!(label(&"x".repeat(32), 12), format!("{}-12", "x".repeat(29)));
        assert_eq!(label(&format!("{}-2026", "x".repeat(27)), 3), format!("{}-20-3", "x".repeat(27)));
    }
}
