//! Errors of the command line itself, and how any error is told.

use serde::Serialize;

use crate::code::{self, Code};

/// Something that the command line itself refuses, with its exit code.
#[derive(Debug)]
pub struct Refusal {
    /// The exit code.
    pub code: Code,
    what: String,
    cause: Option<anyhow::Error>,
    next: Option<String>,
}

/// An error as it is told: to people in lines, to programs as an object.
#[derive(Debug, Serialize)]
pub struct Told {
    code: u8,
    kind: &'static str,
    error: String,
    because: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Refusal {
    /// A refusal that ends the program with `code`.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), cause: None, next: None }
    }

    /// Arguments that make no sense together.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Code::Usage, what)
    }

    /// The same, with what led to it.
    pub fn because(self, cause: impl Into<anyhow::Error>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// The same, with what the user can do about it.
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

impl Told {
    /// What there is to tell about an error.
    pub fn of(error: &anyhow::Error, code: Code) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for cause in error.chain() {
            let line = one_line(&cause.to_string());
            // Some causes are wrapped by one that says the same and more.
            if !lines.iter().any(|said| said.contains(&line)) {
                lines.push(line);
            }
        }
        let because = lines.split_off(lines.len().min(1));
        let next = error.chain().find_map(|cause| cause.downcast_ref::<Refusal>()?.next.clone());
        Self { code: code as u8, kind: code.name(), error: lines.concat(), because, next }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error: {}", self.error)?;
        self.because.iter().try_for_each(|cause| write!(f, "\n  because: {cause}"))?;
        self.next.iter().try_for_each(|next| write!(f, "\n  next: {next}"))
    }
}

/// The exit code of an error, and the error as it is told.
pub fn tell(error: &anyhow::Error) -> (Code, Told) {
    let code = code::of(error);
    (code, Told::of(error, code))
}

/// The text without control characters: names on hostile media may hold line feeds and escape sequences, which must
/// not reach a terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn causes_stand_below_each_other_and_are_not_repeated() {
        let refusal = Refusal::new(Code::Trust, "no key\n\x1b[2J").next("give one");
        let error = Err::<(), _>(refusal).context("medium m: not trusted").unwrap_err();
        let (code, told) = tell(&error);
        assert_eq!(code, Code::Trust);
        let shown = "error: medium m: not trusted\n  because: no key\u{fffd}\u{fffd}[2J\n  next: give one";
        assert_eq!(told.to_string(), shown);
        let error = Err::<(), _>(anyhow::anyhow!("full")).context("disk full").unwrap_err();
        assert_eq!(tell(&error).1.to_string(), "error: disk full");
    }
}
