//! Run lists: where the clusters of a value lie (Metz, "Data runs").

use alloc::vec::Vec;

/// Clusters in one piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The first cluster, on the volume.
    pub(super) first: u64,
    /// How many there are.
    pub(super) clusters: u64,
}

impl Extent {
    /// The cluster after the last one.
    pub(super) fn end(self) -> u64 {
        self.first.saturating_add(self.clusters)
    }
}

/// The run list of a value that lies in one piece, with the zero that ends it.
pub(super) fn one(extent: Extent) -> Vec<u8> {
    list(extent.clusters, Some(extent.first))
}

/// The run list of a value that has no clusters at all: a hole, with the zero that ends it.
pub(super) fn hole(clusters: u64) -> Vec<u8> {
    list(clusters, None)
}

fn list(clusters: u64, first: Option<u64>) -> Vec<u8> {
    let len = significant(clusters);
    let position = first.map_or(0, significant);
    let mut bytes = alloc::vec![(position << 4 | len) as u8];
    bytes.extend(&clusters.to_le_bytes()[..len]);
    bytes.extend(&first.unwrap_or(0).to_le_bytes()[..position]);
    bytes.push(0);
    bytes
}

/// The bytes that a number needs with its sign, which keeps a bit for itself: 0x80 needs two.
fn significant(number: u64) -> usize {
    (64 - number.leading_zeros() as usize) / 8 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_as_short_as_their_signs_allow() {
        assert_eq!(one(Extent { first: 0x8, clusters: 0x41 }), [0x11, 0x41, 0x08, 0]);
        assert_eq!(one(Extent { first: 0x7F, clusters: 0x7F }), [0x11, 0x7F, 0x7F, 0]);
        assert_eq!(one(Extent { first: 0x80, clusters: 0x80 }), [0x22, 0x80, 0, 0x80, 0, 0]);
        assert_eq!(one(Extent { first: 0, clusters: 2 }), [0x11, 2, 0, 0]);
        let largest = Extent { first: 0xFFFF_FFFE, clusters: 0xFFFF_FFFF };
        assert_eq!(one(largest), [0x55, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0]);
    }

    #[test]
    fn a_hole_has_no_position() {
        assert_eq!(hole(0x3FFF), [0x02, 0xFF, 0x3F, 0]);
    }
}
