//! Configuration and policies: rows `DAEMON:KEY:VALUE`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How long a row may be, in bytes: names of 100 and a value of 3500, as the historic Synchronizer has them.
const MAX_DAEMON: usize = 100;
const MAX_KEY: usize = 100;
const MAX_VALUE: usize = 3500;

/// A row: what a daemon of the device is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Row {
    /// The daemon: `xenmgr`, `vm`, `nic/0`.
    pub daemon: String,
    /// The key: `policy-print-screen`.
    pub key: String,
    /// The value, which may have colons. An empty one takes away what is said below.
    pub value: String,
}

/// Text that is no row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no row DAEMON:KEY:VALUE: expected two names of 1 to 100 visible ASCII characters and a value of at \
     most 3500 bytes without control characters"
)]
pub struct NoRow {
    /// What was there, at most its first 80 characters.
    pub found: String,
}

impl FromStr for Row {
    type Err = NoRow;

    fn from_str(text: &str) -> Result<Self, NoRow> {
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().map(String::from);
        let row = match (next(), next(), next()) {
            (Some(daemon), Some(key), Some(value)) => Self { daemon, key, value },
            _ => return Err(no_row(text)),
        };
        if row.is_valid() { Ok(row) } else { Err(no_row(text)) }
    }
}

impl Row {
    fn is_valid(&self) -> bool {
        let is_name = |name: &str, most| {
            (1..=most).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        is_name(&self.daemon, MAX_DAEMON)
            && is_name(&self.key, MAX_KEY)
            && self.value.len() <= MAX_VALUE
            && !self.value.chars().any(char::is_control)
    }

    /// Whether another row says something of the same key.
    fn is_of_same_key(&self, other: &Self) -> bool {
        (&self.daemon, &self.key) == (&other.daemon, &other.key)
    }
}

fn no_row(text: &str) -> NoRow {
    NoRow { found: text.chars().take(80).collect() }
}

impl TryFrom<String> for Row {
    type Error = NoRow;

    fn try_from(text: String) -> Result<Self, NoRow> {
        text.parse()
    }
}

impl From<Row> for String {
    fn from(row: Row) -> Self {
        row.to_string()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { daemon, key, value } = self;
        write!(f, "{daemon}:{key}:{value}")
    }
}

/// Lays rows over others: of the same key the later one counts, and an empty value takes the key away. In the order of
/// daemons and keys.
pub fn merge(below: &[Row], above: &[Row]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for row in below.iter().chain(above) {
        rows.retain(|known| !known.is_of_same_key(row));
        if !row.value.is_empty() {
            rows.push(row.clone());
        }
    }
    rows.sort();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str]) -> Vec<Row> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_row_has_three_parts_and_its_value_may_have_colons() {
        let row: Row = "vm:policy-usb:a:b".parse().unwrap();
        assert_eq!((&*row.daemon, &*row.key, &*row.value), ("vm", "policy-usb", "a:b"));
        assert_eq!(row.to_string(), "vm:policy-usb:a:b");
        for bad in
            ["", "vm", "vm:x", ":x:1", "vm::1", "v m:x:1", "vm:x:\n", &format!("vm:x:{}", "y".repeat(3501))]
        {
            assert!(bad.parse::<Row>().is_err(), "{bad:.40}");
        }
    }

    #[test]
    fn later_rows_count_and_empty_values_take_away() {
        let below = rows(&["vm:b:1", "vm:a:1", "nic/0:mac:x"]);
        let above = rows(&["vm:a:2", "vm:b:", "ui:c:3"]);
        assert_eq!(merge(&below, &above), rows(&["nic/0:mac:x", "ui:c:3", "vm:a:2"]));
    }
}
