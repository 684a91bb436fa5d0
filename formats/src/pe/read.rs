//! Where things are in a PE file.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use zerocopy::FromBytes;

use super::raw::{
    CHECK_SUM, CoffHeader, DIRECTORIES, DOS_MAGIC, DataDirectory, EFI_SUBSYSTEMS, PE_MAGIC, PE_OFFSET, PE32,
    PE32_PLUS, SECURITY, SIZE_OF_HEADERS, SUBSYSTEM, SectionHeader,
};

/// The length of a section header, in bytes.
const SECTION: usize = size_of::<SectionHeader>();
/// The length of a symbol, in bytes.
const SYMBOL: u64 = 18;
/// The longest name of a section that is read, in bytes.
const LONGEST_NAME: usize = 64;

/// Why a file cannot be read as PE.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeError {
    /// It is of another kind.
    #[error("it is no PE file: it has no {what}")]
    NotPe {
        /// What is missing.
        what: &'static str,
    },
    /// Something lies past its end.
    #[error("the {what} reaches from byte {start} to {end}, the file has {len}")]
    PastEnd {
        /// What it is.
        what: String,
        /// Its first byte.
        start: u64,
        /// The byte behind it.
        end: u64,
        /// How long the file is, in bytes.
        len: usize,
    },
    /// The optional header is of no known kind.
    #[error("the optional header is of kind {found:#06x}, expected {PE32:#06x} or {PE32_PLUS:#06x}")]
    Magic {
        /// Its kind.
        found: u16,
    },
    /// The optional header ends before fields that every program has.
    #[error("the optional header has {found} bytes, expected at least {expected}")]
    Short {
        /// How many it has.
        found: usize,
        /// How many it must have.
        expected: usize,
    },
    /// The headers' length leaves out the optional header.
    #[error("the headers are said to have {found} bytes, the optional header alone reaches to {expected}")]
    Headers {
        /// The length that is said.
        found: usize,
        /// Where the optional header ends.
        expected: usize,
    },
}

/// A processor (`IMAGE_FILE_MACHINE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Machine(pub u16);

impl Machine {
    /// Those that UEFI has a name for its removable media for, with that name (UEFI 2.10, table 3.3).
    pub const KNOWN: [(Self, &'static str); 5] = [
        (Self(0x8664), "x64"),
        (Self(0x014c), "ia32"),
        (Self(0xaa64), "aa64"),
        (Self(0x01c2), "arm"),
        (Self(0x5064), "riscv64"),
    ];

    /// Its short name in UEFI, where it has one.
    pub fn name(self) -> Option<&'static str> {
        Self::KNOWN.iter().find(|(machine, _)| *machine == self).map(|(_, name)| *name)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "machine {:#06x}", self.0),
        }
    }
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its bytes in the file; empty where it has none.
    pub range: Range<usize>,
    /// How long it is in memory, in bytes.
    pub virtual_len: usize,
    /// Where it is in memory.
    pub virtual_start: u32,
}

/// A PE file, seen through: every range lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pe<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The processor that it is for.
    pub machine: Machine,
    /// What starts it.
    pub subsystem: u16,
    /// Where its check sum stands.
    pub check_sum: usize,
    /// Where the data directory of the certificate table stands; `None` where there is no room for one.
    pub directory: Option<usize>,
    /// How long all headers are, in bytes.
    pub headers: usize,
    /// Its sections, in the order of their headers.
    pub sections: Vec<Section>,
    /// Its certificate table; empty where there is none.
    pub table: Range<usize>,
}

impl<'a> Pe<'a> {
    /// Sees through a file.
    ///
    /// # Errors
    /// [`PeError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PeError> {
        let coff_start = coff(bytes)?;
        let coff = structure::<CoffHeader>(bytes, coff_start, "COFF header")?;
        let optional = coff_start + size_of::<CoffHeader>();
        let Optional { subsystem, headers, directory, end } =
            Optional::read(bytes, optional, coff.optional_len.get().into())?;
        let sections = (0..coff.sections.get())
            .map(|number| section(bytes, &coff, end + usize::from(number) * SECTION))
            .collect::<Result<_, _>>()?;
        let table = directory.map_or(Ok(0..0), |at| table(bytes, at))?;
        let check_sum = optional + CHECK_SUM;
        let machine = Machine(coff.machine.get());
        Ok(Self { bytes, machine, subsystem, check_sum, directory, headers, sections, table })
    }

    /// Whether firmware starts it: an application or a driver.
    pub fn is_efi(&self) -> bool {
        EFI_SUBSYSTEMS.contains(&self.subsystem)
    }

    /// The bytes of the first section of a name, without what only fills up its last sector.
    pub fn section(&self, name: &str) -> Option<&'a [u8]> {
        let section = self.sections.iter().find(|section| section.name == name)?;
        let bytes = self.bytes.get(section.range.clone())?;
        Some(bytes.get(..section.virtual_len).unwrap_or(bytes))
    }
}

/// What the optional header says.
struct Optional {
    subsystem: u16,
    headers: usize,
    directory: Option<usize>,
    end: usize,
}

impl Optional {
    fn read(bytes: &[u8], start: usize, len: usize) -> Result<Self, PeError> {
        let header = slice(bytes, start as u64, len as u64, || "optional header".into())?;
        let kind = u16_at(header, 0).unwrap_or(0);
        let count_at = match kind {
            PE32 => DIRECTORIES[0],
            PE32_PLUS => DIRECTORIES[1],
            found => return Err(PeError::Magic { found }),
        };
        let short = || PeError::Short { found: len, expected: count_at + 4 };
        let count = u32_at(header, count_at).ok_or_else(short)? as usize;
        let directory = count_at + 4 + SECURITY * size_of::<DataDirectory>();
        let has_directory = count > SECURITY && directory + size_of::<DataDirectory>() <= len;
        let subsystem = u16_at(header, SUBSYSTEM).ok_or_else(short)?;
        let headers = u32_at(header, SIZE_OF_HEADERS).ok_or_else(short)? as usize;
        let end = start + len;
        slice(bytes, 0, headers as u64, || "headers".into())?;
        if headers < end {
            return Err(PeError::Headers { found: headers, expected: end });
        }
        Ok(Self { subsystem, headers, directory: has_directory.then_some(start + directory), end })
    }
}

/// Where the COFF header is.
fn coff(bytes: &[u8]) -> Result<usize, PeError> {
    if !bytes.starts_with(&DOS_MAGIC) {
        return Err(PeError::NotPe { what: "MZ at its start" });
    }
    let missing = PeError::NotPe { what: "PE signature" };
    let start = u32_at(bytes, PE_OFFSET).ok_or_else(|| missing.clone())? as usize;
    let rest = bytes.get(start..).filter(|rest| rest.starts_with(&PE_MAGIC)).ok_or(missing)?;
    Ok(bytes.len() - rest.len() + PE_MAGIC.len())
}

fn section(bytes: &[u8], coff: &CoffHeader, at: usize) -> Result<Section, PeError> {
    let header = structure::<SectionHeader>(bytes, at, "section header")?;
    let name = text(&header.name);
    let name = long_name(bytes, coff, &name).unwrap_or(name);
    let (start, len) = (header.start.get(), header.len.get());
    let range = match len {
        0 => 0..0,
        _ => range(bytes, start.into(), len.into(), || alloc::format!("section {name:?}"))?,
    };
    let virtual_len = header.virtual_len.get() as usize;
    Ok(Section { name, range, virtual_len, virtual_start: header.virtual_start.get() })
}

/// A name that is longer than its field: `/` and where it stands among the strings, which follow the symbols.
fn long_name(bytes: &[u8], coff: &CoffHeader, name: &str) -> Option<String> {
    let offset: u64 = name.strip_prefix('/')?.parse().ok()?;
    let strings = u64::from(coff.symbols.get()) + u64::from(coff.symbol_count.get()) * SYMBOL;
    let start = usize::try_from(strings.checked_add(offset)?).ok()?;
    let rest = bytes.get(start..)?;
    Some(text(rest.get(..LONGEST_NAME).unwrap_or(rest)))
}

/// The text before the first zero.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn table(bytes: &[u8], at: usize) -> Result<Range<usize>, PeError> {
    let directory = structure::<DataDirectory>(bytes, at, "data directory")?;
    match (directory.start.get(), directory.len.get()) {
        (_, 0) => Ok(0..0),
        (start, len) => range(bytes, start.into(), len.into(), || "certificate table".into()),
    }
}

fn structure<T: FromBytes>(bytes: &[u8], at: usize, what: &str) -> Result<T, PeError> {
    let slice = slice(bytes, at as u64, size_of::<T>() as u64, || what.into())?;
    T::read_from_bytes(slice).map_err(|_| PeError::NotPe { what: "complete header" })
}

fn slice(bytes: &[u8], start: u64, len: u64, what: impl FnOnce() -> String) -> Result<&[u8], PeError> {
    let range = range(bytes, start, len, what)?;
    Ok(bytes.get(range).unwrap_or_default())
}

fn range(bytes: &[u8], start: u64, len: u64, what: impl FnOnce() -> String) -> Result<Range<usize>, PeError> {
    // Both have 32 bits at most, or come from a slice: they cannot overflow.
    let end = start + len;
    match end <= bytes.len() as u64 {
        true => Ok(start as usize..end as usize),
        false => Err(PeError::PastEnd { what: what(), start, end, len: bytes.len() }),
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*field))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*field))
}
