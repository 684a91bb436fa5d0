//! Every record and every attribute, by itself.

use super::Findings;
use super::raw::{Attribute, Image, Record, u16_at, u32_at, u64_at, units};

/// The first record of users.
const FIRST_USER: u64 = 24;

/// Judges all records.
pub fn judge(image: &Image<'_>, findings: &mut Findings) {
    for number in 0..image.in_use.len() as u64 * 8 {
        let marked = image.in_use[number as usize / 8] & 1 << (number % 8) != 0;
        let found = image.records.contains_key(&number);
        findings.expect(marked == found, || {
            format!("record {number}: marked in the bitmap {marked}, in use {found}")
        });
    }
    for record in image.records.values() {
        header(image, record, findings);
        attributes(image, record, findings);
        names(image, record, findings);
    }
}

fn header(image: &Image<'_>, record: &Record, findings: &mut Findings) {
    let (bytes, number) = (&record.bytes, record.number);
    let mut equal = |expected: u64, found: u64, what: &str| {
        findings.equal(expected, found, &format!("record {number}: {what}"));
    };
    let used = u64::from(u32_at(bytes, 0x18));
    equal(number, u64::from(u32_at(bytes, 0x2c)), "its own number");
    equal(image.record_size, u64::from(u32_at(bytes, 0x1c)), "its length");
    equal(0, used % 8, "what it uses over multiples of 8 bytes");
    equal(0, u64_at(bytes, 0x20), "the record that it continues");
    let end = (0..used as usize).step_by(8).rfind(|at| u32_at(bytes, *at) == u32::MAX).unwrap_or_default();
    equal(used, end as u64 + 8, "the end of what it uses, by its end mark");
    let next = record.attributes.iter().map(|attribute| u64::from(attribute.instance) + 1).max().unwrap_or(0);
    equal(next, next.min(u64::from(u16_at(bytes, 0x28))), "the least number of a next attribute");
    let sequence = u64::from(u16_at(bytes, 0x10));
    let expected = if (1..16).contains(&number) { number } else { sequence.max(1) };
    equal(expected, sequence, "its sequence number");
}

fn attributes(image: &Image<'_>, record: &Record, findings: &mut Findings) {
    let order = |attribute: &Attribute| (attribute.ty, attribute.name.clone());
    let number = record.number;
    findings.expect(record.attributes.is_sorted_by_key(order), || {
        format!("record {number}: attributes out of order")
    });
    let mut instances: Vec<u16> = record.attributes.iter().map(|attribute| attribute.instance).collect();
    instances.sort_unstable();
    instances.dedup();
    findings.equal(
        record.attributes.len(),
        instances.len(),
        &format!("record {number}: numbers of attributes"),
    );
    for attribute in record.attributes.iter().filter(|attribute| attribute.value.is_none()) {
        mapping(image, attribute, findings, &format!("record {number}, attribute {:#x}", attribute.ty));
    }
    // The short form has no security id, and then the descriptor is in the record.
    let information = record.values(0x10).next().map_or(0, <[u8]>::len);
    let is_reserved = (12..FIRST_USER).contains(&number);
    let expected = if record.find(0x50, "").is_some() || is_reserved { information } else { 72 };
    findings.equal(expected, information, &format!("record {number}: the length of $STANDARD_INFORMATION"));
}

/// The sizes of an attribute outside of its record follow from its runs.
fn mapping(image: &Image<'_>, attribute: &Attribute, findings: &mut Findings, what: &str) {
    let [highest, allocated, real, initialised] = attribute.sizes;
    let clusters: u64 = attribute.runs.iter().map(|(_, len)| len).sum();
    findings.equal(clusters.wrapping_sub(1), highest, &format!("{what}: the highest cluster"));
    findings.equal(clusters * image.cluster, allocated, &format!("{what}: the allocated size"));
    findings
        .expect(initialised <= real && real <= allocated, || format!("{what}: sizes {:?}", attribute.sizes));
    findings.expect(allocated - real < image.cluster, || format!("{what}: clusters that hold nothing"));
    let inside =
        |(start, len): &(Option<u64>, u64)| start.is_none_or(|start| start + len <= image.clusters());
    findings.expect(attribute.runs.iter().all(inside), || format!("{what}: runs past the end"));
}

/// Every file has names; links are as many, and a name leads to a directory that is there.
fn names(image: &Image<'_>, record: &Record, findings: &mut Findings) {
    let names: Vec<&[u8]> = record.values(0x30).collect();
    let number = record.number;
    let expected = if (12..16).contains(&number) { 0 } else { names.len().max(1) };
    findings.equal(expected, usize::from(u16_at(&record.bytes, 0x12)), &format!("record {number}: links"));
    findings.equal(expected, names.len(), &format!("record {number}: names"));
    for name in names {
        let parent = u64_at(name, 0);
        let found = image.records.get(&(parent & 0xffff_ffff_ffff));
        let is_there = found.is_some_and(|found| found.reference() == parent && found.is_directory());
        findings.expect(is_there, || format!("record {number}: its directory {parent:#x} is not there"));
        findings.equal(
            usize::from(name[0x40]),
            units(&name[0x42..]).len(),
            &format!("record {number}: its name"),
        );
    }
}
