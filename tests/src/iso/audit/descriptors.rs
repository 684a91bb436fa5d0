//! Volume descriptors (ECMA-119 8; Joliet).

use super::raw::{Bytes, is_a, is_d};
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// The first descriptor (ECMA-119 6.2.1).
const FIRST: u64 = 16;
/// More descriptors than any volume has.
const MOST: u64 = 32;

/// What a primary or supplementary descriptor leads to.
pub struct Hierarchy {
    /// Whether it is Joliet's.
    pub is_joliet: bool,
    /// The length of each path table, in bytes.
    pub path_table_size: u64,
    /// The first sectors of the path tables of type L and M.
    pub path_tables: [u64; 2],
    /// The root's directory record.
    pub root: Bytes,
}

/// What the descriptors say.
#[derive(Default)]
pub struct Volume {
    /// The hierarchies, the primary one first.
    pub hierarchies: Vec<Hierarchy>,
    /// The sector of the boot catalog.
    pub catalog: Option<u64>,
}

/// Judges all descriptors up to the terminator.
pub fn judge(sectors: &Sectors<'_>, claims: &mut Claims, findings: &mut Findings) -> Volume {
    let mut volume = Volume::default();
    for sector in FIRST..FIRST + MOST {
        let what = format!("volume descriptor in sector {sector}");
        let Some(bytes) = findings.there(sectors.read(sector, 1), &what) else { return volume };
        let d = Bytes { what, bytes };
        claims.add(sector, 1, &d.what);
        findings.expect(d.slice(1, 5) == b"CD001", || format!("{}: it is no CD001", d.what));
        d.is(1, d.u8(6).into(), "version", findings);
        match d.u8(0) {
            0 => volume.catalog = boot_record(&d, findings),
            kind @ (1 | 2) => {
                findings.expect((kind == 1) == volume.hierarchies.is_empty(), || {
                    format!("{}: the primary one is not the first, or not the only one", d.what)
                });
                volume.hierarchies.push(hierarchy(&d, (kind == 2, sectors.count), findings));
            }
            255 => {
                d.is_zero(7, 2041, "what is reserved", findings);
                findings.expect(!volume.hierarchies.is_empty(), || {
                    "there is no primary volume descriptor".into()
                });
                return volume;
            }
            kind => {
                findings.expect(false, || format!("{}: type {kind}", d.what));
                return volume;
            }
        }
    }
    findings.expect(false, || "volume descriptors: they have no terminator".into());
    volume
}

/// The boot record of El Torito (El Torito 1.0, figure 7). Gives the catalog's sector.
fn boot_record(d: &Bytes, findings: &mut Findings) -> Option<u64> {
    let mut system = [0; 32];
    system[..23].copy_from_slice(b"EL TORITO SPECIFICATION");
    findings.expect(d.slice(7, 32) == system, || format!("{}: boot system identifier", d.what));
    d.is_zero(39, 32, "what is unused", findings);
    d.is_zero(75, 1973, "what is unused at its end", findings);
    Some(d.little(71, 4))
}

/// A primary (ECMA-119 8.4) or supplementary (8.5) descriptor.
fn hierarchy(d: &Bytes, (is_joliet, sectors): (bool, u64), findings: &mut Findings) -> Hierarchy {
    d.is(0, d.u8(7).into(), "flags", findings);
    d.is_zero(72, 8, "what is unused", findings);
    let size = d.both(80, 4, "volume space size", findings);
    d.is(sectors, size, "volume space size", findings);
    if is_joliet {
        let escapes = d.slice(88, 3);
        findings.expect([b"%/@", b"%/C", b"%/E"].iter().any(|level| escapes == *level), || {
            format!("{}: escape sequence {}", d.what, escapes.escape_ascii())
        });
        d.is_zero(91, 29, "what follows the escape sequence", findings);
    } else {
        d.is_zero(88, 32, "what is unused for escape sequences", findings);
    }
    for (at, expected, field) in
        [(120, 1, "volume set size"), (124, 1, "volume sequence number"), (128, SECTOR, "logical block size")]
    {
        let found = d.both(at, 2, field, findings);
        d.is(expected, found, field, findings);
    }
    d.is_zero(144, 4, "optional path table L", findings);
    d.is_zero(152, 4, "optional path table M", findings);
    texts(d, is_joliet, findings);
    for (at, may_lack, field) in [
        (813, false, "creation date"),
        (830, false, "modification date"),
        (847, true, "expiration date"),
        (864, true, "effective date"),
    ] {
        d.long_date(at, may_lack, field, findings);
    }
    d.is(1, d.u8(881).into(), "file structure version", findings);
    d.is(0, d.u8(882).into(), "reserved byte", findings);
    d.is_zero(1395, 653, "what is reserved", findings);
    Hierarchy {
        is_joliet,
        path_table_size: d.both(132, 4, "path table size", findings),
        path_tables: [d.little(140, 4), d.big(148, 4)],
        root: Bytes { what: format!("root record of the {}", d.what), bytes: d.slice(156, 34).to_vec() },
    }
}

fn texts(d: &Bytes, is_joliet: bool, findings: &mut Findings) {
    let of_a = [
        (8, 32, "system identifier"),
        (318, 128, "publisher identifier"),
        (446, 128, "data preparer identifier"),
        (574, 128, "application identifier"),
    ];
    let of_d = [(40, 32, "volume identifier"), (190, 128, "volume set identifier")];
    let of_files = [
        (702, 37, "copyright file identifier"),
        (739, 37, "abstract file identifier"),
        (776, 37, "bibliographic file identifier"),
    ];
    let mut judge = |fields: &[(usize, usize, &str)], allowed: fn(u8) -> bool| {
        for (at, len, field) in fields {
            if is_joliet {
                d.unicode((*at, *len), field, findings);
            } else {
                d.text((*at, *len), allowed, field, findings);
            }
        }
    };
    judge(&of_a, is_a);
    judge(&of_d, is_d);
    judge(&of_files, |byte| is_d(byte) || byte == b'.' || byte == b';');
}
