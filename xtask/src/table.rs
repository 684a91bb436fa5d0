//! Tables for people, and the units in them.

use std::time::Duration;

/// A table whose columns are as wide as they must be. The first row is its head.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with a head.
    pub fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(ToString::to_string).collect()])
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.into());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.0 {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.0 {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// Bytes, as people read them.
pub fn bytes(count: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.into_iter().find(|(_, shift)| count >> shift > 0);
    match unit {
        Some((name, shift)) => format!("{:.1} {name}", count as f64 / f64::from(1u32 << shift)),
        None => format!("{count} B"),
    }
}

/// Seconds.
pub fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// MiB a second.
pub fn rate(count: u64, time: Duration) -> String {
    format!("{:.0} MiB/s", count as f64 / f64::from(1 << 20) / time.as_secs_f64().max(1e-6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["a", "long"]);
        table.row(["wide".into(), "b".into()]);
        assert_eq!(table.to_string(), "a     long\nwide  b\n");
    }

    #[test]
    fn units_are_those_that_people_read() {
        assert_eq!([bytes(1), bytes(1536), bytes(5 << 30)], ["1 B", "1.5 KiB", "5.0 GiB"]);
        assert_eq!(rate(1 << 21, Duration::from_secs(2)), "1 MiB/s");
        assert_eq!(seconds(Duration::from_millis(1500)), "1.50 s");
    }
}
