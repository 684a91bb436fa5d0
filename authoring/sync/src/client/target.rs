//! What the device is to have: asked for, and kept for when nobody can be asked.

use std::path::Path;

use formats::document::{self, DocumentError};
use formats::time::Timestamp;
use remote::api::{self, MAX_TARGET, TargetError, TargetState};
use remote::http::{Answer, Service};
use serde::{Deserialize, Serialize};

use super::error::ClientError;
use super::files;
use super::home::{FORMAT, Home, TARGET};

/// A target state, and what it is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// [`FORMAT`].
    format: u32,
    /// What the service knows it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When the service said so last.
    pub received: Timestamp,
    /// The target state.
    pub state: TargetState,
}

/// A target state that the service answered with.
pub struct Asked {
    /// The target state.
    pub kept: Kept,
    /// Whether it is the one that was kept.
    pub same: bool,
}

/// How long the document of a target state is at most, in bytes: more than the target state, as it is indented further.
const MAX_KEPT: usize = 2 * MAX_TARGET;

/// Asks the service what the device is to have. `asked` is the service's URL and the device.
///
/// # Errors
/// [`ClientError`].
pub fn ask(
    service: &Service,
    asked: (&str, &str),
    kept: Option<&Kept>,
    now: Timestamp,
) -> Result<Asked, ClientError> {
    let etag = kept.and_then(|kept| kept.etag.as_deref());
    match (service.get(api::TARGET, MAX_TARGET, etag)?, kept) {
        (Answer::Same, Some(kept)) => Ok(Asked { kept: Kept { received: now, ..kept.clone() }, same: true }),
        (Answer::Same, None) => Err(ClientError::NoTarget),
        (Answer::Body { bytes, etag }, _) => {
            let state = parse(&String::from_utf8_lossy(&bytes), asked)?;
            Ok(Asked { kept: Kept { format: FORMAT, etag, received: now, state }, same: false })
        }
    }
}

fn parse(text: &str, (place, device): (&str, &str)) -> Result<TargetState, ClientError> {
    let place = String::from(place);
    match TargetState::parse(text) {
        Ok(state) if state.device == device => Ok(state),
        Ok(TargetState { device: found, .. }) => {
            Err(ClientError::OtherDevice { place, expected: device.into(), found })
        }
        Err(source) => Err(ClientError::Target { place, source: Box::new(source) }),
    }
}

/// The target state that was kept last; `None` where none was.
///
/// # Errors
/// [`ClientError`] when it cannot be read, or is not what was written.
pub fn load(home: &Home) -> Result<Option<Kept>, ClientError> {
    let path = home.path(TARGET);
    let Some(text) = files::read(&path, MAX_KEPT)? else { return Ok(None) };
    let damaged = |source: DocumentError| ClientError::Document { path: path.clone(), source };
    let kept: Kept = document::parse_sealed(&text).map_err(damaged)?;
    if kept.format != FORMAT {
        return Err(ClientError::Format { path, found: kept.format });
    }
    let place = path.display().to_string();
    let check = |source: TargetError| ClientError::Target { place, source: Box::new(source) };
    kept.state.check().map_err(check)?;
    // Of the device that the client was before, where an enrolment was cut off.
    Ok(Some(kept).filter(|kept| kept.state.device == home.document().device))
}

/// Keeps a target state.
///
/// # Errors
/// [`ClientError`].
pub fn save(path: &Path, kept: &Kept) -> Result<(), ClientError> {
    files::write(path, document::print_sealed(kept).as_bytes())
}
