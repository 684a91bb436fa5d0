//! Run lists, unpacked.

use alloc::vec::Vec;

/// Clusters of a value that lie side by side.
pub(super) struct Run {
    /// How many there are.
    pub(super) clusters: u64,
    /// The first one, on the volume; `None` for a hole.
    pub(super) first: Option<u64>,
}

/// The runs of a list, up to its end or to what is none.
pub(super) fn unpack(mut packed: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut first = 0u64;
    while let Some((head, rest)) = packed.split_first().filter(|(head, _)| **head != 0) {
        let (len, position) = (usize::from(head & 0xF), usize::from(head >> 4));
        let Some((numbers, after)) = rest.split_at_checked(len + position) else { break };
        let (clusters, distance) = numbers.split_at(len);
        let (Some(clusters), Some(distance)) = (number(clusters), number(distance)) else { break };
        first = first.wrapping_add_signed(distance);
        runs.push(Run { clusters: clusters.unsigned_abs(), first: (position > 0).then_some(first) });
        packed = after;
    }
    runs
}

/// A signed number of up to 8 bytes.
fn number(bytes: &[u8]) -> Option<i64> {
    let sign = if bytes.last().is_some_and(|byte| *byte >= 0x80) { 0xFF } else { 0 };
    let mut all = [sign; 8];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(all))
}

/// Where on the volume the byte `at` of a value is, `None` in holes, and how many bytes follow in the same piece.
pub(super) fn find(runs: &[Run], at: u64, cluster: u64) -> (Option<u64>, u64) {
    let mut start = 0u64;
    for run in runs {
        let len = run.clusters.saturating_mul(cluster);
        if let Some(left) = start.saturating_add(len).checked_sub(at).filter(|left| *left > 0) {
            let place = run.first.map(|first| first.saturating_mul(cluster).saturating_add(len - left));
            return (place, left);
        }
        start = start.saturating_add(len);
    }
    (None, u64::MAX)
}
