//! The footer at the end of a file, or its copy in front where that one is damaged.

use alloc::vec::Vec;

use zerocopy::FromZeros;
use zerocopy::IntoBytes;
use zerocopy::byteorder::big_endian::U32;

use super::error::{Structure, VhdError, Warning};
use super::raw::{self, Footer};
use crate::io::ReadAt;
use crate::units::{ByteLen, ByteOffset};

/// The versions of tapdisk, 0.1 and 1.1, that hid a disk without a new checksum (blktap, `vhd_validate_footer`).
const STALE_CHECKSUM: [u32; 2] = [0x0000_0001, 0x0001_0001];

/// The footer that counts.
pub(super) struct Chosen {
    /// The footer.
    pub(super) footer: Footer,
    /// Where the data of the file end.
    pub(super) end: ByteOffset,
    /// What is not as it should be.
    pub(super) warnings: Vec<Warning>,
}

/// Finds the footer and checks all that does not depend on the rest of the file.
pub(super) fn find(source: &impl ReadAt) -> Result<Chosen, VhdError> {
    let at = position(source.size())?;
    let footer = read(source, at)?;
    let chosen = match check_integrity(&footer, Structure::Footer, at) {
        Ok(()) => {
            check_fields(&footer, Structure::Footer, at)?;
            let warnings = compare_with_copy(source, &footer, at)?;
            Chosen { footer, end: at, warnings: warnings.into_iter().collect() }
        }
        Err(poisoned @ VhdError::Poisoned { .. }) => return Err(poisoned),
        Err(damage) => copy_instead(source, &footer, damage)?,
    };
    Ok(chosen)
}

/// Where the footer begins. Old programs of Microsoft wrote 511 bytes of it.
pub(super) fn position(size: ByteLen) -> Result<ByteOffset, VhdError> {
    let len = if size.0 % raw::SECTOR == raw::SECTOR - 1 { raw::SECTOR - 1 } else { raw::SECTOR };
    size.0.checked_sub(len).map(ByteOffset).ok_or(VhdError::TooShort { found: size })
}

pub(super) fn read(source: &impl ReadAt, at: ByteOffset) -> Result<Footer, VhdError> {
    let mut footer = Footer::new_zeroed();
    let there = (source.size().0 - at.0).min(raw::SECTOR) as usize;
    let bytes = footer.as_mut_bytes();
    let len = there.min(bytes.len());
    source.read_at(at, &mut bytes[..len])?;
    Ok(footer)
}

/// Whether these are the bytes of a footer, as they were written.
pub(super) fn check_integrity(footer: &Footer, structure: Structure, at: ByteOffset) -> Result<(), VhdError> {
    match footer.cookie {
        raw::FOOTER_COOKIE => {}
        raw::POISON_COOKIE => return Err(VhdError::Poisoned { structure, at }),
        found => return Err(VhdError::Cookie { structure, at, expected: raw::FOOTER_COOKIE, found }),
    }
    let expected = footer.checksum.get();
    let found = footer.compute_checksum();
    if expected == found || is_stale(footer) {
        return Ok(());
    }
    Err(VhdError::Checksum { structure, at, expected, found })
}

fn is_stale(footer: &Footer) -> bool {
    footer.hidden != 0
        && is_tapdisk(footer)
        && STALE_CHECKSUM.contains(&footer.creator_version.get())
        && Footer { hidden: 0, ..*footer }.compute_checksum() == footer.checksum.get()
}

/// Whether tapdisk made the disk.
pub(super) fn is_tapdisk(footer: &Footer) -> bool {
    footer.creator_application.starts_with(b"tap")
}

/// Whether the fields say what this reader can read.
fn check_fields(footer: &Footer, structure: Structure, at: ByteOffset) -> Result<(), VhdError> {
    let version = footer.file_format_version.get();
    let features = footer.features.get();
    let disk_type = footer.disk_type.get();
    if version != raw::VERSION {
        return Err(VhdError::Version { structure, at, found: version });
    }
    if features & raw::FEATURE_RESERVED == 0 {
        return Err(VhdError::Features { structure, at, found: features });
    }
    if ![raw::FIXED, raw::DYNAMIC, raw::DIFFERENCING].contains(&disk_type) {
        return Err(VhdError::DiskType { structure, at, found: disk_type });
    }
    match footer.saved_state {
        0 => Ok(()),
        found => Err(VhdError::SavedState { structure, at, found }),
    }
}

/// The copy in front, where the footer has the given damage. A fixed disk has no copy: what looks like one is the
/// beginning of its data.
fn copy_instead(source: &impl ReadAt, damaged: &Footer, damage: VhdError) -> Result<Chosen, VhdError> {
    let at = ByteOffset::ZERO;
    let copy = read(source, at)?;
    match check_integrity(&copy, Structure::FooterCopy, at) {
        Err(poisoned @ VhdError::Poisoned { .. }) => return Err(poisoned),
        Err(_) => return Err(damage),
        Ok(()) if copy.disk_type.get() == raw::FIXED || is_fixed(damaged) => return Err(damage),
        Ok(()) => check_fields(&copy, Structure::FooterCopy, at)?,
    }
    let end = ByteOffset(source.size().0);
    Ok(Chosen { footer: copy, end, warnings: alloc::vec![Warning::FooterDamaged(damage)] })
}

/// Whether a damaged footer is still to be seen as that of a fixed disk: by two fields, for one may be the damage.
fn is_fixed(footer: &Footer) -> bool {
    footer.disk_type.get() == raw::FIXED && footer.data_offset.get() == raw::NOWHERE
}

fn compare_with_copy(
    source: &impl ReadAt,
    footer: &Footer,
    at: ByteOffset,
) -> Result<Option<Warning>, VhdError> {
    if footer.disk_type.get() == raw::FIXED {
        return Ok(None);
    }
    let copy = read(source, ByteOffset::ZERO)?;
    match check_integrity(&copy, Structure::FooterCopy, ByteOffset::ZERO) {
        Err(poisoned @ VhdError::Poisoned { .. }) => Err(poisoned),
        Err(damage) => Ok(Some(Warning::FooterCopyDamaged(damage))),
        Ok(()) if visible(&copy) != visible(footer) => Ok(Some(Warning::FootersDiffer { at })),
        Ok(()) => Ok(None),
    }
}

/// The footer without what tapdisk changes in one of the two only.
fn visible(footer: &Footer) -> Footer {
    Footer { hidden: 0, checksum: U32::ZERO, ..*footer }
}
