//! Path tables (ECMA-119 6.9, 9.4).

use super::descriptors::Hierarchy;
use super::raw::Bytes;
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// A record of a path table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRecord {
    /// The directory's first sector.
    pub extent: u64,
    /// The number of the directory above, from 1.
    pub parent: u64,
    /// The directory's identifier.
    pub identifier: Vec<u8>,
}

/// Judges both tables of a hierarchy; gives the records of type L.
pub fn judge(
    sectors: &Sectors<'_>,
    hierarchy: &Hierarchy,
    claims: &mut Claims,
    findings: &mut Findings,
) -> Vec<PathRecord> {
    let name = if hierarchy.is_joliet { "Joliet's path table" } else { "path table" };
    let count = hierarchy.path_table_size.div_ceil(SECTOR);
    let mut tables = Vec::new();
    for (start, order) in hierarchy.path_tables.into_iter().zip(["L", "M"]) {
        let what = format!("{name} {order}");
        claims.add(start, count, &what);
        let Some(bytes) = findings.there(sectors.read(start, count), &what) else { return Vec::new() };
        let table = Bytes { what, bytes };
        table.is_zero(hierarchy.path_table_size as usize, usize::MAX, "what follows it", findings);
        tables.push(records(&table, hierarchy.path_table_size as usize, order == "M", findings));
    }
    let second = tables.pop().unwrap_or_default();
    let first = tables.pop().unwrap_or_default();
    findings.expect(first == second, || format!("{name}: types L and M differ"));
    order(&first, name, findings);
    first
}

fn records(table: &Bytes, size: usize, is_big: bool, findings: &mut Findings) -> Vec<PathRecord> {
    let number = |at: usize, len: usize| if is_big { table.big(at, len) } else { table.little(at, len) };
    let mut list = Vec::new();
    let mut at = 0;
    while at < size {
        let len = usize::from(table.u8(at));
        findings.expect(len > 0, || format!("{}: an identifier of no bytes at {at}", table.what));
        table.is(0, table.u8(at + 1).into(), "extended attribute record length", findings);
        let identifier = table.slice(at + 8, len).to_vec();
        list.push(PathRecord { extent: number(at + 2, 4), parent: number(at + 6, 2), identifier });
        if len % 2 == 1 {
            table.is(0, table.u8(at + 8 + len).into(), "padding", findings);
        }
        at += 8 + len.next_multiple_of(2);
    }
    findings.equal(size, at, &format!("{}: its length", table.what));
    list
}

/// By level, then by the number of the directory above, then by identifier (ECMA-119 6.9.1).
fn order(records: &[PathRecord], name: &str, findings: &mut Findings) {
    let root = records.first().map(|root| (root.parent, &root.identifier[..]));
    findings.equal(Some((1, &[0][..])), root, &format!("{name}: its first record"));
    let mut levels: Vec<usize> = vec![1];
    for (number, record) in (2u64..).zip(records.iter().skip(1)) {
        findings.expect((1..number).contains(&record.parent), || {
            format!("{name}: record {number} lies in directory {}", record.parent)
        });
        let above = levels.get((record.parent as usize).wrapping_sub(1)).copied().unwrap_or_default();
        levels.push(above + 1);
    }
    let key = |at: usize| (levels[at], records[at].parent, &records[at].identifier);
    for at in 2..records.len() {
        findings.expect(key(at - 1) < key(at), || format!("{name}: record {} is out of order", at + 1));
    }
}
