//! What a kernel module says of itself: the section `.modinfo` of an ELF file (ELF-64 Object File Format, 4 and 5).

use super::bytes::{slice, text, u16_at, u32_at, u64_at};

/// The first bytes of a 64-bit file whose numbers have the low byte first.
const MAGIC: &[u8] = b"\x7fELF\x02\x01";

/// The values of a key of a module: `depends`, `softdep`, `name`. `None` where the file is no module.
pub fn values(file: &[u8], key: &str) -> Option<Vec<String>> {
    let fields = modinfo(file)?.split(|byte| *byte == 0).map(text);
    let values = fields.filter_map(|field| {
        let (name, value) = field.split_once('=')?;
        (name == key).then(|| value.to_owned())
    });
    Some(values.collect())
}

fn modinfo(file: &[u8]) -> Option<&[u8]> {
    if !file.starts_with(MAGIC) {
        return None;
    }
    let table = u64_at(file, 0x28)?;
    let (size, count, names) = (u16_at(file, 0x3a)?, u16_at(file, 0x3c)?, u16_at(file, 0x3e)?);
    let header = |number: u16| {
        let at = table.checked_add(u64::from(number).checked_mul(size.into())?)?;
        slice(file, at, 64)
    };
    let content = |header: &[u8]| slice(file, u64_at(header, 0x18)?, u64_at(header, 0x20)?);
    let names = content(header(names)?)?;
    let section = (0..count).filter_map(header).find(|header| {
        let name = u32_at(header, 0).and_then(|at| names.get(at as usize..));
        name.is_some_and(|name| name.starts_with(b".modinfo\0"))
    })?;
    content(section)
}
