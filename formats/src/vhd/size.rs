//! How large a disk is: the footer says it twice, and the two may differ.

use zerocopy::byteorder::big_endian::U16;

use super::error::{VhdError, Warning};
use super::raw::{Footer, Geometry, MAX_DISK, SECTOR};
use crate::units::ByteLen;

/// Which of a footer's two sizes counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SizeRule {
    /// `current_size`, as Hyper-V does.
    #[default]
    Current,
    /// Cylinders times heads times sectors, as Virtual PC does; `current_size` where the geometry is the largest that
    /// can be said, for then it says nothing.
    Geometry,
}

/// The largest geometry, in sectors.
const MAX_SECTORS: u64 = 65535 * 16 * 255;
/// Creators that go by the geometry. `qem2`, Hyper-V and the rest do not.
const BY_GEOMETRY: [[u8; 4]; 2] = [*b"vpc ", *b"qemu"];

/// The size of the disk, with a warning where the other rule would have given another.
pub(super) fn of(footer: &Footer, rule: SizeRule) -> Result<(ByteLen, Option<Warning>), VhdError> {
    let current = ByteLen(footer.current_size.get());
    let geometry = footer.disk_geometry.size().unwrap_or(current);
    let size = match rule {
        SizeRule::Current => current,
        SizeRule::Geometry => geometry,
    };
    check(size)?;
    let creator = footer.creator_application;
    let differ = current != geometry && BY_GEOMETRY.contains(&creator);
    Ok((size, differ.then_some(Warning::SizesDiffer { current, geometry, creator })))
}

/// Refuses sizes that no VHD has.
pub(super) fn check(size: ByteLen) -> Result<(), VhdError> {
    match size.0 {
        too_large if too_large > MAX_DISK => Err(VhdError::TooLarge { found: size }),
        odd if odd % SECTOR != 0 => Err(VhdError::OddSize { found: size }),
        _ => Ok(()),
    }
}

impl Geometry {
    /// The disk's size by its geometry, or `None` where that is the largest there is.
    pub fn size(self) -> Option<ByteLen> {
        let sectors = u64::from(self.cylinders.get()) * u64::from(self.heads) * u64::from(self.sectors);
        (sectors < MAX_SECTORS).then_some(ByteLen(sectors * SECTOR))
    }

    /// The geometry for a disk (VHD 1.0, "Appendix: CHS Calculation"). Its size is never more than the disk's.
    pub fn of(disk: ByteLen) -> Self {
        let total = (disk.0 / SECTOR).min(MAX_SECTORS);
        let (sectors, heads) = sectors_and_heads(total);
        let cylinders = total / u64::from(sectors) / u64::from(heads);
        Self { cylinders: U16::new(cylinders.min(65535) as u16), heads, sectors }
    }
}

fn sectors_and_heads(total: u64) -> (u8, u8) {
    if total >= 65535 * 16 * 63 {
        return (255, 16);
    }
    let tracks = total / 17;
    let heads = tracks.div_ceil(1024).max(4);
    if heads <= 16 && tracks < heads * 1024 {
        return (17, heads as u8);
    }
    let sectors = if total / 31 < 16 * 1024 { 31 } else { 63 };
    (sectors, 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{GIB, MIB};

    fn geometry(size: u64) -> (u16, u8, u8) {
        let geometry = Geometry::of(ByteLen(size));
        (geometry.cylinders.get(), geometry.heads, geometry.sectors)
    }

    #[test]
    fn geometries_are_those_of_the_specification() {
        assert_eq!(geometry(0), (0, 4, 17));
        // As Windows wrote it for this size.
        assert_eq!(geometry(4 * MIB), (120, 4, 17));
        assert_eq!(geometry(64 * MIB), (963, 8, 17));
        assert_eq!(geometry(200 * MIB), (825, 16, 31));
        assert_eq!(geometry(GIB), (2080, 16, 63));
        assert_eq!(geometry(20 * GIB), (41610, 16, 63));
        assert_eq!(geometry(40 * GIB), (20560, 16, 255));
        assert_eq!(geometry(MAX_DISK), (65535, 16, 255));
        assert_eq!(Geometry::of(ByteLen(MAX_DISK)).size(), None);
    }

    #[test]
    fn a_geometry_never_says_more_than_there_is() {
        let sizes = (0..40).flat_map(|power| [1u64 << power, (1 << power) * 3 - 1]).map(|n| n * SECTOR);
        for size in sizes.filter(|size| *size <= MAX_DISK) {
            let said = Geometry::of(ByteLen(size)).size().unwrap_or(ByteLen(size));
            assert!(said.0 <= size, "{size}");
        }
    }
}
