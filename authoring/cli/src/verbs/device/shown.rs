//! A device, as it is shown.

use std::fmt;
use std::path::PathBuf;

use formats::time::Timestamp;
use serde::Serialize;
use store::device::{Assignment, DeviceDocument, Row};

use super::secret::Told;
use crate::error::one_line;
use crate::output::{self, Answer};
use crate::table::Table;

/// The answer of all verbs that look at one device, or change it.
#[derive(Serialize)]
pub struct Shown {
    device: String,
    state: State,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    added: Timestamp,
    #[serde(flatten)]
    secret: Secret,
    rows: Vec<Row>,
    assignments: Vec<Assignment>,
}

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It may fetch what is assigned to it.
    Active,
    /// It is told to give up all that it has.
    Removed,
    /// It cannot log in any more.
    Gone,
}

/// A secret that was drawn just now.
#[derive(Default, Serialize)]
struct Secret {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "lossy")]
    secret_file: Option<PathBuf>,
}

fn lossy<S: serde::Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => output::lossy(path, serializer),
        None => serializer.serialize_none(),
    }
}

impl State {
    /// Where a device of the store stands.
    pub fn of(device: &DeviceDocument) -> Self {
        if device.removed { Self::Removed } else { Self::Active }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Removed => "removed",
            Self::Gone => "gone",
        }
    }
}

impl From<DeviceDocument> for Shown {
    fn from(document: DeviceDocument) -> Self {
        let state = State::of(&document);
        let DeviceDocument { device, note, added, rows, assignments, .. } = document;
        Self { device, state, note, added, secret: Secret::default(), rows, assignments }
    }
}

impl Shown {
    /// The same, with its new secret.
    pub fn with_secret(self, told: Told) -> Self {
        let secret = match told {
            Told::Text(text) => Secret { secret: Some(text), ..Secret::default() },
            Told::File(path) => Secret { secret_file: Some(path), ..Secret::default() },
        };
        Self { secret, ..self }
    }

    /// The same, when it is there no more.
    pub fn gone(self) -> Self {
        Self { state: State::Gone, ..self }
    }
}

impl Answer for Shown {
    const SCHEMA: &'static str = "seedpress.device/1";
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "device  {}, {}, added {}", self.device, self.state.name(), self.added)?;
        if !self.note.is_empty() {
            writeln!(f, "note    {}", one_line(&self.note))?;
        }
        let Secret { secret, secret_file } = &self.secret;
        if let Some(secret) = secret {
            writeln!(f, "secret  {secret}\n        (it is not shown again)")?;
        }
        if let Some(path) = secret_file {
            writeln!(f, "secret  in {}", path.display())?;
        }
        self.rows.iter().try_for_each(|row| writeln!(f, "config  {row}"))?;
        if self.assignments.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(["IMAGE", "CURRENT", "STAGED", "STATE"]);
        for assignment in &self.assignments {
            let staged = assignment.staged.clone().unwrap_or_default();
            let cells = [&assignment.image, &assignment.current, &staged].map(Clone::clone);
            let [image, current, staged] = cells;
            table.row([image, current, staged, state_of(assignment)]);
        }
        table.fmt(f)?;
        let rows = self.assignments.iter().flat_map(|it| it.rows.iter().map(move |row| (&it.image, row)));
        rows.into_iter().try_for_each(|(image, row)| writeln!(f, "policy  {image} {row}"))
    }
}

/// What there is to say of an assignment.
fn state_of(assignment: &Assignment) -> String {
    use store::device::Removal;
    let removed = match assignment.removed {
        None => "",
        Some(Removal::Soft) => "removed when nobody uses it",
        Some(Removal::Hard) => "removed at once",
    };
    let words = [if assignment.locked { "locked" } else { "" }, removed];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}
