//! The order of names: by their upper-case forms, which the volume itself says.

use alloc::boxed::Box;
use core::cmp::Ordering;

use super::bytes::units;

/// How long $UpCase is, in bytes: one code unit for each of 65,536.
pub const UPCASE_LEN: usize = 128 * 1024;

/// The upper-case form of every code unit.
pub struct Upcase(Box<[u16]>);

impl Upcase {
    /// Takes over the value of $UpCase.
    pub fn new(bytes: &[u8]) -> Self {
        Self(units(bytes).collect())
    }

    /// Compares names as directories are ordered: by upper-case forms, and by the names themselves where those
    /// are equal.
    pub fn compare(
        &self,
        one: impl Iterator<Item = u16> + Clone,
        other: impl Iterator<Item = u16> + Clone,
    ) -> Ordering {
        let upper = |unit: u16| self.0.get(usize::from(unit)).copied().unwrap_or(unit);
        one.clone().map(upper).cmp(other.clone().map(upper)).then_with(|| one.cmp(other))
    }
}
