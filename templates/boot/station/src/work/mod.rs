//! The work: a version goes to a disk, is read back, compared, and only then gets what makes it start.

mod gather;
mod meter;
mod tally;
mod writer;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use deploy::{DeployError, Flatten, Version};
use formats::digest::Sha256;

use crate::desk::Desk;
use crate::error::Refusal;
use crate::machine::{Disk, Hands};
use crate::page::Phase;
use crate::text;
use meter::Meter;
use writer::{Fault, Writer};

/// A version and the disk that it goes to.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a, 'm> {
    pub(crate) version: &'a Version<'m>,
    /// `NAME@VERSION`.
    pub(crate) title: &'a str,
    pub(crate) disk: &'a dyn Disk,
    /// The disk's name.
    pub(crate) name: &'a str,
}

/// In which states a disk is left.
const UNTOUCHED: &str = "nothing was written to it";
const WIPED: &str = "what was on it is lost; its first MiB is zeros, so that it does not boot";
const UNKNOWN: &str =
    "its state is unknown, for its ends could not be made zeros either: do not start from it";

/// Deploys: writes, compares, and says each step. It gives the digest of the disk as it was read back.
///
/// # Errors
/// [`Refusal`], which says in which state the disk is left: untouched, with zeros where it would start, or unknown where
/// it did not take or keep those either.
pub(crate) fn deploy(
    desk: &mut Desk<'_>,
    hands: &dyn Hands,
    order: Order<'_, '_>,
) -> Result<Sha256, Refusal> {
    let size = order.version.disk_size().0;
    desk.say(&format!("deploying {} to {}", order.title, order.name));
    let began = desk.millis();
    let mut writer = Writer::new(order.disk, size, Meter::new(desk, &order, Phase::Write));
    let read = write(&writer, hands, order.version).map_err(|error| refusal(&writer, &order, error))?;
    writer.flush().map_err(|fault| stopped(&writer, &order, fault))?;
    let desk = writer.desk();
    let took = desk.millis().saturating_sub(began);
    desk.say(&format!("written {} in {took} ms (read {read} bytes of the medium)", text::size(size)));
    desk.say("comparing");
    let began = desk.millis();
    writer.begin(Phase::Compare);
    let digest = writer.compare().map_err(|fault| stopped(&writer, &order, fault))?;
    writer.release().map_err(|fault| stopped(&writer, &order, fault))?;
    let desk = writer.desk();
    let took = desk.millis().saturating_sub(began);
    desk.say(&format!("compared {} in {took} ms", text::size(size)));
    Ok(digest)
}

/// Writes every layer, leaf first; returns how many bytes of the medium were read for it.
fn write(writer: &Writer<'_, '_>, hands: &dyn Hands, version: &Version<'_>) -> Result<u64, DeployError> {
    let decoder = hands.decoder();
    let mut read = 0;
    let mut flatten = Flatten::new(version);
    while !flatten.is_done() {
        let mut layer = flatten.in_order(decoder);
        let mut jobs = flatten.jobs().inspect(|job| read += job.stored.0);
        hands.in_order(&mut jobs, &|job, bytes| flatten.fetch(job, decoder, bytes), &mut |job, bytes| {
            layer.place(job, bytes, writer)
        })?;
        drop(jobs);
        let placed = layer.finish();
        flatten.pass_on(&placed, writer)?;
    }
    Ok(read)
}

/// The refusal for an error while writing.
fn refusal(writer: &Writer<'_, '_>, order: &Order<'_, '_>, error: DeployError) -> Refusal {
    match error {
        DeployError::Target(source) => stopped(writer, order, Fault::Write(source)),
        error => {
            // Both ends were made zeros and read back before anything else, and nothing was written there since.
            let left = if writer.has_begun() { WIPED } else { UNTOUCHED };
            Refusal::Halfway { source: Box::new(error), disk: order.name.to_string(), left }
        }
    }
}

/// The refusal for a disk that failed. What it holds shall not start.
fn stopped(writer: &Writer<'_, '_>, order: &Order<'_, '_>, fault: Fault) -> Refusal {
    let left = match writer.has_begun().then(|| writer.wipe()) {
        None => UNTOUCHED,
        Some(Ok(())) => WIPED,
        Some(Err(_)) => UNKNOWN,
    };
    let disk: String = order.name.to_string();
    match fault {
        Fault::Write(source) => Refusal::Write { disk, source, left },
        Fault::Read(source) => Refusal::Read { disk, source, left },
        Fault::Differs(offset) => Refusal::Differs { disk, offset, left },
        Fault::Incomplete(offset) => Refusal::Incomplete { image: order.title.into(), offset, disk, left },
    }
}
