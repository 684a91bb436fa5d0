//! Sizes for people.

use formats::units::{GIB, KIB, MIB, TIB};

/// A size in the largest unit of which there is at least one, with one digit after the point where it is not whole.
pub fn human(bytes: u64) -> String {
    let units = [(TIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        None => format!("{bytes} bytes"),
        Some((unit, name)) if bytes.is_multiple_of(unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => {
            // Tenths, cut off rather than rounded up: what is free is not overstated.
            let tenths = (bytes % unit) * 10 / unit;
            format!("{}.{tenths} {name}", bytes / unit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_their_largest_unit() {
        let said: Vec<_> = [0, 1023, 1024, 1536, MIB - 1, 3 * GIB, u64::MAX].map(human).into();
        assert_eq!(
            said,
            ["0 bytes", "1023 bytes", "1 KiB", "1.5 KiB", "1023.9 KiB", "3 GiB", "16777215.9 TiB"]
        );
    }
}
