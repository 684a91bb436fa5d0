//! What the service and its clients say to each other: API version 1, as `authoring/sync/API.md` tells it.

mod receipt;
mod report;
mod target;

pub use receipt::{Receipt, Taken, TakenLayer};
pub use report::{MAX_REPORT, Report};
pub use target::{MAX_TARGET, Role, TargetError, TargetImage, TargetState};

use uuid::Uuid;

/// The version of the API that is spoken here.
pub const VERSION: u32 = 1;
/// Whether the service can do its work; asks for no secret.
pub const HEALTH: &str = "/v1/health";
/// What the device is to have.
pub const TARGET: &str = "/v1/target";
/// Takes the device's report.
pub const REPORT: &str = "/v1/report";
/// The service's counters, for Prometheus.
pub const METRICS: &str = "/metrics";

/// A file of a layer: `layer.json`, `frames.bin` or `disk.vhd.zst`.
pub fn layer_file(layer: Uuid, file: &str) -> String {
    format!("/v1/layers/{layer}/{file}")
}

/// A frame of a layer, as it is stored.
pub fn frame(layer: Uuid, number: usize) -> String {
    format!("/v1/layers/{layer}/frames/{number}")
}
