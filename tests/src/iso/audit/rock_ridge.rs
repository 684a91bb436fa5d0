//! System use areas: SUSP 1.12 and RRIP 1.12, or 1.10 where the volume says so.

use super::raw::Bytes;
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// More continuation areas than a record has.
const MOST: usize = 16;

/// Continuation areas by their first byte on the medium.
#[derive(Default)]
pub struct Areas(Vec<(u64, u64)>);

/// What a record must say.
pub struct Expected {
    /// A directory.
    pub is_directory: bool,
    /// Not the record of a directory itself or of the one above.
    pub has_name: bool,
    /// The first record of the root, which says what is used.
    pub is_first: bool,
    /// The link count, where it is known.
    pub links: Option<u64>,
}

/// What was found in the entries of one record.
#[derive(Default)]
struct Seen {
    signatures: Vec<[u8; 2]>,
    name: Vec<u8>,
    goes_on: bool,
}

impl Areas {
    /// No two areas overlap; the sectors that they lie in are theirs.
    pub fn judge(mut self, claims: &mut Claims, findings: &mut Findings) {
        self.0.sort_unstable();
        for pair in self.0.windows(2) {
            findings
                .expect(pair[0].1 <= pair[1].0, || format!("continuation areas overlap at {}", pair[1].0));
        }
        let mut sectors: Vec<u64> = self.0.iter().map(|(start, _)| start / SECTOR).collect();
        sectors.dedup();
        sectors.into_iter().for_each(|sector| claims.add(sector, 1, "continuation areas"));
    }
}

/// Judges the entries of a record from byte `start` on; gives the name that they say.
pub fn judge(
    sectors: &Sectors<'_>,
    (record, start): (&Bytes, usize),
    expected: &Expected,
    areas: &mut Areas,
    findings: &mut Findings,
) -> Option<String> {
    let mut seen = Seen::default();
    let mut area = Bytes {
        what: format!("system use of {}", record.what),
        bytes: record.bytes.get(start..).unwrap_or_default().to_vec(),
    };
    for _ in 0..MOST {
        let Some((place, len)) = entries(&area, expected, &mut seen, findings) else { break };
        areas.0.push((place, place + len));
        let (sector, offset) = (place / SECTOR, (place % SECTOR) as usize);
        let inside = offset as u64 + len <= SECTOR;
        findings.expect(inside, || format!("{}: its continuation crosses a sector's end", area.what));
        let bytes = findings.there(sectors.read(sector, 1), &format!("{}: its continuation", area.what))?;
        let bytes = bytes.get(offset..offset + len as usize).unwrap_or_default().to_vec();
        area = Bytes { what: format!("continuation of {}", record.what), bytes };
    }
    complete(&record.what, &seen, expected, findings);
    let name = String::from_utf8(seen.name);
    findings.expect(name.is_ok(), || format!("{}: its name is no UTF-8", record.what));
    name.ok().filter(|_| expected.has_name)
}

/// Every entry that belongs there is there once (RRIP 4).
fn complete(what: &str, seen: &Seen, expected: &Expected, findings: &mut Findings) {
    let count = |signature: &[u8; 2]| seen.signatures.iter().filter(|found| *found == signature).count();
    for (signature, is_there) in
        [(b"PX", true), (b"TF", true), (b"SP", expected.is_first), (b"ER", expected.is_first)]
    {
        let name = signature.escape_ascii().to_string();
        findings.equal(usize::from(is_there), count(signature), &format!("{what}: number of {name} entries"));
    }
    findings
        .expect(expected.has_name != seen.name.is_empty() && !seen.goes_on, || format!("{what}: its name"));
    let is_special = [&b"."[..], b".."].contains(&&seen.name[..]) || seen.name.contains(&b'/');
    findings.expect(!is_special, || format!("{what}: its name is no name"));
    if expected.is_first {
        let first = seen.signatures.first();
        findings.equal(Some(b"SP"), first, &format!("{what}: its first entry"));
    }
}

/// Judges the entries of an area; gives the place on the medium and the length of the area where they go on.
fn entries(
    area: &Bytes,
    expected: &Expected,
    seen: &mut Seen,
    findings: &mut Findings,
) -> Option<(u64, u64)> {
    let mut next = None;
    let mut at = 0;
    while area.bytes.len() - at >= 4 {
        let len = usize::from(area.u8(at + 2));
        let what = format!("{}: {} at {at}", area.what, area.slice(at, 2).escape_ascii());
        let inside = len >= 4 && at + len <= area.bytes.len();
        findings.expect(inside, || format!("{what}: its length is {len}"));
        if !inside {
            return next;
        }
        let entry = Bytes { what, bytes: area.slice(at, len).to_vec() };
        entry.is(1, entry.u8(3).into(), "version", findings);
        let signature = [entry.u8(0), entry.u8(1)];
        seen.signatures.push(signature);
        match &signature {
            b"CE" => {
                entry.is(28, len as u64, "length", findings);
                let [block, offset, len] = [4, 12, 20].map(|at| entry.both(at, 4, "a number", findings));
                next = Some((block * SECTOR + offset, len));
            }
            b"SP" => findings
                .expect(entry.slice(2, 5) == b"\x07\x01\xBE\xEF\0", || format!("{}: its bytes", entry.what)),
            b"ER" => extension(&entry, findings),
            b"PX" => permissions(&entry, expected, findings),
            b"TF" => times(&entry, findings),
            b"NM" => name(&entry, seen, findings),
            // What other entries there are: RRIP 1.09 only.
            b"RR" => {}
            _ => findings.expect(false, || format!("{}: it is unknown", entry.what)),
        }
        at += len;
    }
    area.is_zero(at, 4, "padding", findings);
    next
}

/// ER (SUSP 5.5): which extension is used.
fn extension(entry: &Bytes, findings: &mut Findings) {
    let lengths: usize = [4, 5, 6].iter().map(|at| usize::from(entry.u8(*at))).sum();
    entry.is(entry.bytes.len() as u64, 8 + lengths as u64, "lengths of its texts", findings);
    let id = entry.slice(8, entry.u8(4).into());
    let known = [&b"RRIP_1991A"[..], b"IEEE_P1282", b"IEEE_1282"].contains(&id);
    findings.expect(known, || format!("{}: its identifier {}", entry.what, id.escape_ascii()));
}

/// PX (RRIP 4.1.1).
fn permissions(entry: &Bytes, expected: &Expected, findings: &mut Findings) {
    let len = entry.bytes.len();
    findings.expect(len == 36 || len == 44, || format!("{}: its length is {len}", entry.what));
    let mode = entry.both(4, 4, "mode", findings);
    let kind = if expected.is_directory { 0o040_000 } else { 0o100_000 };
    entry.is(kind, mode & 0o170_000, "kind of file", findings);
    let links = entry.both(12, 4, "links", findings);
    let sound = expected.links.map_or(links >= 1, |expected| links == expected);
    findings
        .expect(sound && (expected.is_directory || links == 1), || format!("{}: {links} links", entry.what));
    entry.both(20, 4, "user", findings);
    entry.both(28, 4, "group", findings);
}

/// TF (RRIP 4.1.6).
fn times(entry: &Bytes, findings: &mut Findings) {
    let flags = entry.u8(4);
    let (count, is_long) =
        (usize::try_from((flags & 0x7F).count_ones()).unwrap_or_default(), flags & 0x80 != 0);
    let size = if is_long { 17 } else { 7 };
    entry.is(5 + (count * size) as u64, entry.bytes.len() as u64, "length", findings);
    for number in 0..count {
        match is_long {
            true => entry.long_date(5 + 17 * number, true, "a time", findings),
            false => entry.short_date(5 + 7 * number, "a time", findings),
        }
    }
}

/// NM (RRIP 4.1.4).
fn name(entry: &Bytes, seen: &mut Seen, findings: &mut Findings) {
    let is_first = seen.name.is_empty();
    findings.expect(is_first || seen.goes_on, || format!("{}: the name was at its end", entry.what));
    entry.is(0, u64::from(entry.u8(4) & !1), "flags", findings);
    seen.goes_on = entry.u8(4) & 1 != 0;
    seen.name.extend_from_slice(entry.slice(5, usize::MAX));
}
