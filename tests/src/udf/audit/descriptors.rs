//! The volume descriptors one by one (ECMA-167 3/10.1, 10.4 to 10.9; UDF 2.2).

use super::fields::Suffix;
use super::raw::{CrcLength, Descriptor, Form};
use super::sequence::Extent;
use super::space::{self, Volume};
use crate::findings::Findings;
use crate::sectors::Claims;

/// Judges a sequence; gives what it says of the volume.
pub fn judge(
    list: &[(u64, Descriptor)],
    form: Form,
    claims: &mut Claims,
    findings: &mut Findings,
) -> Option<Volume> {
    for (sector, descriptor) in list {
        let length = match descriptor.u16(0) {
            6 => 440 + descriptor.u32(264) as usize,
            7 => 24 + 8 * descriptor.u32(20) as usize,
            _ => 512,
        };
        descriptor.tag(form, (descriptor.u16(0), *sector), CrcLength::Of(length), findings);
        descriptor.is_zero(length, 2048, "what follows it in its sector", findings);
    }
    numbers(list, findings);
    let one = |identifier: u16, findings: &mut Findings, what: &str| {
        let mut found = list.iter().map(|(_, d)| d).filter(|d| d.u16(0) == identifier);
        let first = found.next();
        findings.equal(1, usize::from(first.is_some()) + found.count(), &format!("{what}: how many"));
        first
    };
    let primary = one(1, findings, "primary volume descriptor");
    let partition = one(5, findings, "partition descriptor");
    let logical = one(6, findings, "logical volume descriptor");
    let unallocated = one(7, findings, "unallocated space descriptor");
    let last = one(8, findings, "terminating descriptor");
    primary.inspect(|d| self::primary(d, form, findings));
    last.inspect(|d| d.is_zero(16, 496, "what is reserved", findings));
    unallocated.inspect(|d| self::unallocated(d, claims, findings));
    let label = self::logical(logical?, form, findings);
    let info = list.iter().map(|(_, d)| d).find(|d| d.u16(0) == 4 && d.slice(21, 12) == b"*UDF LV Info");
    findings.there(info, "*UDF LV Info").inspect(|d| self::info(d, &label, form, findings));
    self::partition(partition?, form, findings);
    space::volume(partition?, logical?, (form, label), findings)
}

/// Sequence numbers tell descriptors apart (ECMA-167 3/8.4.3).
fn numbers(list: &[(u64, Descriptor)], findings: &mut Findings) {
    let mut numbers: Vec<u32> =
        list.iter().map(|(_, d)| d).filter(|d| d.u16(0) != 8).map(|d| d.u32(16)).collect();
    numbers.sort_unstable();
    let count = numbers.len();
    numbers.dedup();
    findings.equal(count, numbers.len(), "volume descriptors: how many sequence numbers there are");
}

/// Primary volume descriptor (ECMA-167 3/10.1; UDF 2.2.2).
fn primary(d: &Descriptor, form: Form, findings: &mut Findings) {
    d.is(0, d.u32(20), "primary volume descriptor number", findings);
    let name = d.dstring((24, 32), "volume identifier", findings);
    findings.expect(!name.is_empty(), || "primary volume descriptor: the volume has no name".into());
    d.is(1, d.u16(56), "volume sequence number", findings);
    d.is(1, d.u16(58), "maximum volume sequence number", findings);
    d.is(2, d.u16(60), "interchange level", findings);
    d.is(3, d.u16(62), "maximum interchange level", findings);
    d.is(1, d.u32(64), "character set list", findings);
    d.is(1, d.u32(68), "maximum character set list", findings);
    let set = d.dstring((72, 128), "volume set identifier", findings);
    let unique: Vec<char> = set.chars().take(16).collect();
    let is_unique = unique.len() == 16 && unique.iter().all(|c| "0123456789abcdefABCDEF".contains(*c));
    findings.expect(is_unique, || format!("volume set identifier {set:?}: 16 hexadecimal digits come first"));
    d.charspec(200, "descriptor character set", findings);
    d.charspec(264, "explanatory character set", findings);
    d.is_zero(328, 16, "volume abstract and copyright notice", findings);
    if d.slice(344, 32).iter().any(|byte| *byte != 0) {
        d.entity((344, "application identifier"), ("", Suffix::Free), form, findings);
    }
    d.stamp(376, "recording date and time", findings);
    d.entity((388, "implementation identifier"), ("", Suffix::Implementation), form, findings);
    d.is(0, d.u32(484), "predecessor volume descriptor sequence", findings);
    d.is(0, d.u16(488) & !1, "reserved flags", findings);
    d.is_zero(490, 22, "what is reserved", findings);
}

/// Implementation use volume descriptor `*UDF LV Info` (UDF 2.2.7).
fn info(d: &Descriptor, label: &str, form: Form, findings: &mut Findings) {
    d.entity((20, "implementation identifier"), ("*UDF LV Info", Suffix::Udf), form, findings);
    d.charspec(52, "LVI character set", findings);
    let name = d.dstring((116, 128), "logical volume identifier", findings);
    findings.equal(label, &name, &format!("{}: the name of the logical volume", d.what));
    for (at, field) in [(244, "LVInfo1"), (280, "LVInfo2"), (316, "LVInfo3")] {
        d.dstring((at, 36), field, findings);
    }
    d.entity((352, "implementation id"), ("", Suffix::Implementation), form, findings);
}

/// Partition descriptor (ECMA-167 3/10.5; UDF 2.2.14).
fn partition(d: &Descriptor, form: Form, findings: &mut Findings) {
    d.is(1, d.u16(20), "partition flags", findings);
    let contents = if form.is_third_edition() { "+NSR03" } else { "+NSR02" };
    d.entity((24, "partition contents"), (contents, Suffix::Free), form, findings);
    d.is_zero(48, 8, "the suffix of the partition contents", findings);
    let access = d.u32(184);
    findings.expect((1..=4).contains(&access), || format!("{}: access type {access}", d.what));
    // Only rewritable partitions have freed space, and nothing is free on a read-only one (UDF 2.2.14.2, 2.3.3).
    if access != 3 {
        d.is_zero(56 + 24, 16, "freed space", findings);
    }
    if access == 1 {
        d.is_zero(56, 16, "unallocated space of a read-only partition", findings);
    }
    d.is_zero(56 + 16, 8, "partition integrity table", findings);
    d.is_zero(56 + 40, 88, "what is reserved in the partition header", findings);
    d.entity((196, "implementation identifier"), ("", Suffix::Implementation), form, findings);
    d.is_zero(356, 156, "what is reserved", findings);
}

/// Logical volume descriptor (ECMA-167 3/10.6; UDF 2.2.4), its partition maps aside. Gives the volume's name.
fn logical(d: &Descriptor, form: Form, findings: &mut Findings) -> String {
    d.charspec(20, "descriptor character set", findings);
    let label = d.dstring((84, 128), "logical volume identifier", findings);
    findings.expect(!label.is_empty(), || "logical volume descriptor: the volume has no name".into());
    d.is(2048, d.u32(212), "logical block size", findings);
    d.entity((216, "domain identifier"), ("*OSTA UDF Compliant", Suffix::Domain), form, findings);
    let known = [0x0102, 0x0150, 0x0200, 0x0201, 0x0250, 0x0260].contains(&form.revision);
    findings.expect(known, || format!("{}: there is no revision {:#06x} of UDF", d.what, form.revision));
    d.is_zero(248 + 10, 6, "implementation use of the file set's address", findings);
    d.entity((272, "implementation identifier"), ("", Suffix::Implementation), form, findings);
    label
}

/// Unallocated space descriptor (ECMA-167 3/10.8): what it lists belongs to nobody else.
fn unallocated(d: &Descriptor, claims: &mut Claims, findings: &mut Findings) {
    let count = d.u32(20) as usize;
    findings.expect(count <= 253, || format!("{}: {count} extents", d.what));
    for number in 0..count.min(253) {
        let extent = Extent::of(d, 24 + 8 * number, "an extent", findings);
        claims.add(extent.start, extent.sectors, "unallocated space");
    }
}
