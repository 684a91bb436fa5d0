//! The store behind our own service, as a device sees it: what it is assigned, and nothing else. It can be read only.

use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use formats::io::ReadAt;
use formats::layer::{DESCRIPTOR_FILE, FORMAT, FRAMES_FILE, LayerDescriptor, STORED_FILE};
use host::{Observer, Stop};
use store::{Depot, Guarded, Held, NewLayer, RemoteCause, StoreError, paths};
use uuid::Uuid;

use crate::ahead::{Ahead, Blocks, Fetching};
use crate::api::{self, MAX_TARGET, TargetState};
use crate::fault::Fault;
use crate::http::{Answer, Service};
use crate::reactor::Reactor;

/// What a device is assigned, as a store that can be read. Its documents are those of the moment when it was opened.
#[derive(Debug)]
pub struct Served {
    service: Service,
    target: TargetState,
    ahead: Arc<Ahead>,
}

/// A file of a layer, which the service gives in ranges.
struct Source {
    service: Service,
    path: String,
}

impl Served {
    /// Asks a service what its device is assigned. `stop` ends waiting.
    ///
    /// # Errors
    /// [`StoreError`] when the service does not answer, does not know the device, or makes no sense.
    pub fn open(service: Service, stop: Stop) -> Result<Self, StoreError> {
        let place: PathBuf = service.url("").into();
        let fault = |fault: Fault| fault.at("read", place.clone());
        let answer = service.get(api::TARGET, MAX_TARGET, None).map_err(|error| fault(error.into()))?;
        let text = match answer {
            Answer::Body { bytes, .. } => bytes,
            Answer::Same => Vec::new(),
        };
        let malformed =
            |why: String| fault(Fault::new(RemoteCause::Corrupt, format!("its target state: {why}")));
        let text = String::from_utf8(text).map_err(|e| malformed(e.to_string()))?;
        let target = TargetState::parse(&text).map_err(|e| malformed(e.to_string()))?;
        let reactor = Reactor::new().map_err(|e| fault(Fault::refused(e.to_string())))?;
        Ok(Self { service, target, ahead: Ahead::new(Arc::new(reactor), stop) })
    }

    /// A document of the store, as far as the target state says what it says.
    fn document(&self, key: &str) -> Option<String> {
        if key == paths::STORE {
            return Some(format!("{{\"format\": {FORMAT}}}\n"));
        }
        if let Some((layer, DESCRIPTOR_FILE)) = self.of_layer(key) {
            return Some(layer.print());
        }
        let images = &mut self.target.images.iter().map(|image| &image.document);
        images.find(|image| paths::version(&image.name, &image.version) == key).map(|image| image.print())
    }

    /// The layer and the file that a key names.
    fn of_layer<'a>(&self, key: &'a str) -> Option<(&LayerDescriptor, &'a str)> {
        let (layer, file) = key.strip_prefix(paths::LAYERS)?.strip_prefix('/')?.split_once('/')?;
        Some((self.target.layer(layer.parse::<Uuid>().ok()?)?, file))
    }

    /// That a service tells nobody of its devices.
    fn silent(&self, key: &str) -> StoreError {
        Fault::refused("a service tells nobody of its devices: name the store behind it")
            .at("read", self.place(key))
    }

    fn read_only(&self, operation: &'static str, key: &str) -> StoreError {
        Fault::refused("the service can only be read").at(operation, self.place(key))
    }
}

impl Depot for Served {
    fn place(&self, key: &str) -> PathBuf {
        let path = match key {
            "" => String::new(),
            _ if self.of_layer(key).is_some() => format!("/v1/{key}"),
            _ => format!("/{key}"),
        };
        self.service.url(&path).into()
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let images = || self.target.images.iter().map(|image| &image.document);
        let mut names: Vec<String> = match folder {
            "" => [paths::STORE, paths::IMAGES, paths::LAYERS].map(Into::into).into(),
            paths::IMAGES => images().map(|image| image.name.clone()).collect(),
            paths::LAYERS => self.target.layers.iter().map(|layer| layer.uuid.to_string()).collect(),
            _ if self.of_layer(&format!("{folder}/")).is_some() => {
                [DESCRIPTOR_FILE, FRAMES_FILE, STORED_FILE].map(Into::into).into()
            }
            paths::DEVICES | paths::REPORTS => return Err(self.silent(folder)),
            _ => {
                let of_it = images().filter(|image| paths::image(&image.name) == folder);
                of_it.map(|image| format!("{}{}", image.version, paths::DOCUMENT)).collect()
            }
        };
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn has(&self, key: &str) -> Result<bool, StoreError> {
        let is_file = matches!(self.of_layer(key), Some((_, FRAMES_FILE | STORED_FILE)));
        Ok(is_file || self.document(key).is_some() || !self.list(key)?.is_empty())
    }

    fn open(&self, key: &str) -> Result<Arc<dyn ReadAt>, StoreError> {
        if [paths::DEVICES, paths::REPORTS].iter().any(|folder| key.starts_with(folder)) {
            return Err(self.silent(key));
        }
        if let Some(text) = self.document(key) {
            return Ok(Arc::new(text.into_bytes()));
        }
        let missing =
            || Fault::new(RemoteCause::Missing, "the device is not assigned it").at("read", self.place(key));
        let (layer, file) = self.of_layer(key).ok_or_else(missing)?;
        let len = match file {
            FRAMES_FILE => layer.frames.len,
            STORED_FILE => layer.stored.len,
            _ => return Err(missing()),
        };
        let source = Source { service: self.service.clone(), path: api::layer_file(layer.uuid, file) };
        Ok(Arc::new(self.ahead.object(len.0, Arc::new(source))))
    }

    fn create(&self, key: &str, _: &[u8]) -> Result<bool, StoreError> {
        Err(self.read_only("write", key))
    }

    fn replace(&self, key: &str, _: &[u8]) -> Result<(), StoreError> {
        Err(self.read_only("write", key))
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        Err(self.read_only("remove", key))
    }

    fn begin_layer(&self, layer: Uuid) -> Result<Box<dyn NewLayer + '_>, StoreError> {
        Err(self.read_only("write", &paths::layer(layer)))
    }

    fn lock(&self, _: Guarded, _: &Stop, _: &dyn Observer) -> Result<Box<dyn Held + '_>, StoreError> {
        Err(self.read_only("lock", ""))
    }

    fn clean(&self, _: &dyn Observer) -> Result<(), StoreError> {
        Err(self.read_only("remove", ""))
    }
}

impl Blocks for Source {
    fn fetch(&self, range: Range<u64>) -> Fetching {
        let (service, path) = (self.service.clone(), self.path.clone());
        Box::pin(async move {
            let reading = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::new();
                let taken = service.read(&path, range, &mut |_, piece| {
                    bytes.extend_from_slice(piece);
                    ControlFlow::Continue(())
                });
                taken.map(|()| Bytes::from(bytes))
            });
            let lost = |e: tokio::task::JoinError| Fault::new(RemoteCause::Unreachable, e.to_string());
            Ok(reading.await.map_err(lost)??)
        })
    }
}
