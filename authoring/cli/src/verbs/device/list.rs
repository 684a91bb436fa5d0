//! `device list`.

use std::fmt;

use clap::Args;
use formats::kind::with_causes;
use formats::time::Timestamp;
use serde::Serialize;
use store::device::DeviceDocument;
use store::{Store, StoreError};

use super::shown::State;
use crate::code::{self, Code};
use crate::error::one_line;
use crate::output::{Answer, Found};
use crate::shell::Shell;
use crate::table::Table;

/// List the devices of the store.
#[derive(Args, Debug)]
pub struct List {}

#[derive(Serialize)]
struct Devices {
    devices: Vec<Listed>,
    problems: Vec<Found>,
}

/// A device, as it is listed.
#[derive(Serialize)]
struct Listed {
    device: String,
    state: State,
    images: usize,
    /// When it reported last.
    reported: Option<Timestamp>,
    note: String,
}

impl List {
    /// Lists the devices, and what could not be read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let store = shell.store()?;
        let (mut devices, mut errors) = (Vec::new(), Vec::new());
        for name in store.device_names()? {
            match look(&store, &name) {
                Ok(listed) => devices.extend(listed),
                Err(error) => errors.push(error),
            }
        }
        let code = code::worst(errors.iter().map(|error| error.kind().into()));
        let problems = errors.iter().map(|error| Found::new(error.kind(), &with_causes(error))).collect();
        shell.answer(&Devices { devices, problems })?;
        Ok(code)
    }
}

/// A device as it is listed; `None` when it is gone meanwhile.
fn look(store: &Store, name: &str) -> Result<Option<Listed>, StoreError> {
    let Some(device) = store.device(name)? else { return Ok(None) };
    let reported = store.report(name)?.map(|report| report.received);
    let state = State::of(&device);
    let images = device.assignments.iter().filter(|it| it.versions().next().is_some()).count();
    let DeviceDocument { device, note, .. } = device;
    Ok(Some(Listed { device, state, images, reported, note }))
}

impl Answer for Devices {
    const SCHEMA: &'static str = "seedpress.device-list/1";
}

impl fmt::Display for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.devices.is_empty() && self.problems.is_empty() {
            return writeln!(f, "there are no devices: device add NAME adds one");
        }
        let mut table = Table::new(["DEVICE", "STATE", "IMAGES", "REPORTED", "NOTE"]);
        for Listed { device, state, images, reported, note } in &self.devices {
            let reported = reported.map(|time| time.to_string()).unwrap_or_default();
            table.row([device.clone(), state.name().into(), images.to_string(), reported, one_line(note)]);
        }
        table.fmt(f)?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "problem: {}", one_line(&problem.message)))
    }
}
