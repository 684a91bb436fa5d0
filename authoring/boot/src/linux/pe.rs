//! Sections of UEFI programs (PE Format, "COFF File Header", "Section Table").

use super::bytes::{slice, u16_at, u32_at};

/// Where the offset of the PE header stands.
const HEADER: u64 = 0x3c;
/// The header's signature and the file header behind it, in bytes.
const FILE_HEADER: u64 = 24;
/// An entry of the section table, in bytes.
const SECTION: u64 = 40;

/// The bytes of a section, as long as it is in memory where that is shorter; `None` where the file is no PE, or has none
/// of that name.
pub fn section<'a>(file: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let header = u64::from(u32_at(file, HEADER)?);
    if slice(file, header, 4)? != b"PE\0\0" {
        return None;
    }
    let sections = u64::from(u16_at(file, header.checked_add(6)?)?);
    let optional = u64::from(u16_at(file, header.checked_add(20)?)?);
    let table = header.checked_add(FILE_HEADER + optional)?;
    let mut entries = (0..sections).filter_map(|number| slice(file, table + number * SECTION, SECTION));
    let entry =
        entries.find(|entry| entry.get(..8).is_some_and(|field| super::bytes::text(field) == name))?;
    let (memory, stored, start) = (u32_at(entry, 8)?, u32_at(entry, 16)?, u32_at(entry, 20)?);
    slice(file, start.into(), memory.min(stored).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Vec<u8> {
        let mut file = vec![0; 0x200];
        file[0x3c] = 0x40;
        file[0x40..0x44].copy_from_slice(b"PE\0\0");
        file[0x46] = 1;
        file[0x58..0x5d].copy_from_slice(b".sbat");
        file[0x60] = 3;
        file[0x68] = 0x80;
        file[0x6d] = 1;
        file[0x100..0x103].copy_from_slice(b"abc");
        file
    }

    #[test]
    fn a_section_is_found_by_its_name() {
        assert_eq!(section(&program(), ".sbat"), Some(&b"abc"[..]));
        assert_eq!(section(&program(), "mods"), None);
    }

    #[test]
    fn a_file_cut_anywhere_has_no_section_and_does_no_harm() {
        let program = program();
        assert!((0..0x103).all(|len| section(&program[..len], ".sbat").is_none()));
    }
}
