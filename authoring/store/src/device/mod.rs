//! Devices: the machines that may fetch what is assigned to them. `devices/NAME.json` is written by administrators alone
//! and `reports/NAME.json` by the service alone, so that neither overwrites what the other one says.

mod assignment;
mod document;
mod report;
mod row;

pub use assignment::{Assignment, Removal};
pub use document::{DeviceDocument, DeviceError, SecretHash};
pub use report::{RefusedKey, ReportDocument, Reported};
pub use row::{NoRow, Row, merge};
