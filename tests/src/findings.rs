//! What an auditor finds wrong, in words.

/// What is wrong with a volume.
#[derive(Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Notes a finding unless something holds.
    pub fn expect(&mut self, holds: bool, finding: impl FnOnce() -> String) {
        if !holds {
            self.0.push(finding());
        }
    }

    /// Notes a finding unless two values are equal.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, expected: T, found: T, what: &str) {
        self.expect(expected == found, || format!("{what}: expected {expected:?}, found {found:?}"));
    }

    /// Notes that something is missing, when it is; gives what is there.
    pub fn there<T>(&mut self, found: Option<T>, what: &str) -> Option<T> {
        self.expect(found.is_some(), || format!("{what} is missing or cut off"));
        found
    }

    /// All of them, in the order in which they were found.
    pub fn into_list(self) -> Vec<String> {
        self.0
    }
}

/// Expects that an auditor found nothing.
///
/// # Panics
/// When it found something; the message has the first findings.
pub fn none(found: &[String]) {
    let first = &found[..found.len().min(20)];
    assert!(found.is_empty(), "{} findings, the first of them:\n{}", found.len(), first.join("\n"));
}
