//! What is whole on this machine.

use std::fs;

use formats::kind::with_causes;
use formats::layer::{DESCRIPTOR_FILE, LayerDescriptor};
use host::{Crew, Event, HostError, Observer, Operation, Unit, sync_folder_of};
use store::{Layer, Store, paths};

use super::error::ClientError;
use super::files;
use super::home::Home;

/// How much of a layer is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Here {
    /// All of it.
    Whole,
    /// Nothing under its name.
    Absent,
    /// Something else, or something that was damaged.
    Damaged(String),
}

/// Whether a layer is whole: its description, the list of its frames, its length and its seek table; with `crew` each
/// of its frames too.
pub fn look(
    store: &Store,
    descriptor: &LayerDescriptor,
    crew: Option<&Crew>,
    observer: &dyn Observer,
) -> Result<Here, ClientError> {
    if !store.root().join(paths::layer(descriptor.uuid)).exists() {
        return Ok(Here::Absent);
    }
    let layer = match store.layer(descriptor.uuid) {
        Ok(layer) if layer.descriptor == *descriptor => layer,
        Ok(_) => return Ok(Here::Damaged("its description is another one".into())),
        Err(error) => return Ok(Here::Damaged(with_causes(&error))),
    };
    crew.map_or(Ok(Here::Whole), |crew| compare(&layer, crew, observer))
}

/// Reads every frame of a layer.
fn compare(layer: &Layer, crew: &Crew, observer: &dyn Observer) -> Result<Here, ClientError> {
    let total = layer.descriptor.stored.len.0;
    observer.event(Event::Begin { task: "checking what is here", total, unit: Unit::Bytes });
    let first = std::sync::Mutex::new(None);
    crew.each(layer.frames.frames(), Vec::new, |bytes, frame| {
        if let Err(error) = layer.frames.read(&*layer.stored, &frame, bytes) {
            let mut first = first.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            first.get_or_insert_with(|| error.to_string());
        }
        observer.event(Event::Advance(frame.stored.end - frame.stored.start));
        Ok::<_, ClientError>(())
    })?;
    let first = first.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(first.map_or(Here::Whole, Here::Damaged))
}

/// Puts a damaged layer where layers are fetched: its sound frames need not come again.
pub fn take_back(home: &Home, store: &Store, descriptor: &LayerDescriptor) -> Result<(), ClientError> {
    let from = store.root().join(paths::layer(descriptor.uuid));
    let to = home.partial(descriptor.uuid);
    if to.exists() {
        // Whatever lies there is not more whole than what had its final name once.
        fs::remove_dir_all(&to).map_err(HostError::io(Operation::Remove, &to))?;
    }
    if let Some(folder) = to.parent() {
        files::make_folder(folder)?;
    }
    fs::rename(&from, &to).map_err(HostError::io(Operation::Rename, &from))?;
    files::remove(&to.join(DESCRIPTOR_FILE))?;
    sync_folder_of(&from)?;
    Ok(sync_folder_of(&to)?)
}
