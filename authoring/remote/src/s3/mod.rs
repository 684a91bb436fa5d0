//! A store in a bucket of S3, or of what speaks like it: each key an object under the prefix.
//!
//! Objects appear whole, so documents need no unfinished names. A layer's files lie under their names from the
//! beginning, and `layer.json`, without which nobody reads a layer, is put last. `layers/~UUID` notes what is under way,
//! so that the next publisher can clean up behind one that was cut off.

mod blocks;
mod fault;
mod layer;
mod parts;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use formats::io::ReadAt;
use host::{Event, Observer, Stop};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    Certificate, ClientOptions, Error, GetOptions, GetRange, HeaderValue, ObjectStore, ObjectStoreExt,
    PutMode, PutPayload, RetryConfig,
};
use store::{Depot, Guarded, Held, NewLayer, StoreError, paths};
use uuid::Uuid;

use crate::access::Access;
use crate::ahead::Ahead;
use crate::fault::Fault;
use crate::lease::Leases;
use crate::reactor::Reactor;

/// How long a part of an upload may take: lines are slow.
const UPLOAD: Duration = Duration::from_secs(600);
/// How long somebody may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How to reach a bucket.
#[derive(Clone)]
pub struct Bucket {
    /// `s3://bucket/prefix`.
    pub url: String,
    /// The settings that the AWS programs know by these names, in small letters: `aws_access_key_id`, `aws_region`,
    /// `aws_endpoint_url` and so on.
    pub settings: Vec<(String, String)>,
    /// Certificates in PEM that are trusted beside the machine's own.
    pub ca: Option<Vec<u8>>,
}

/// A store in a bucket. Copies share connections and what was read.
#[derive(Clone, Debug)]
pub struct S3(Arc<Inner>, Stop);

#[derive(Debug)]
struct Inner {
    url: String,
    prefix: Path,
    /// For all that is small, or read.
    bucket: AmazonS3,
    /// For parts of uploads, which may take their time.
    uploads: AmazonS3,
    reactor: Arc<Reactor>,
    ahead: Arc<Ahead>,
    access: Access,
    /// The lock of the catalogue.
    leases: Leases,
    /// The lock of the devices.
    devices: Leases,
}

impl S3 {
    /// A store in a bucket; nothing is asked yet.
    ///
    /// # Errors
    /// When the URL or the settings make no sense.
    pub fn new(bucket: &Bucket, access: Access) -> Result<Self, Fault> {
        let (name, prefix) = split(&bucket.url)?;
        let build = |patience| client(bucket, &name, &access, patience);
        let (reads, uploads) = (build(access.patience)?, build(UPLOAD)?);
        let reactor = Reactor::new().map_err(|e| Fault::refused(e.to_string()))?;
        let (reactor, stop) = (Arc::new(reactor), access.stop.clone());
        let ahead = Ahead::new(reactor.clone(), stop.clone());
        let url = bucket.url.trim_end_matches('/').to_owned();
        let (leases, devices) = (Leases::on(Guarded::Catalogue), Leases::on(Guarded::Devices));
        let inner = Inner { url, prefix, bucket: reads, uploads, reactor, ahead, access, leases, devices };
        Ok(Self(Arc::new(inner), stop))
    }

    /// The same, which goes on when somebody asks to stop, until `ends` is set.
    fn calm(&self, ends: Stop) -> Self {
        Self(self.0.clone(), ends)
    }

    /// The same, for cleaning up at the end: a few seconds, whoever asks to stop.
    fn parting(&self) -> Self {
        self.calm(self.0.reactor.soon())
    }

    /// The object of a key.
    fn object(&self, key: &str) -> Result<Path, StoreError> {
        let parts = self.0.prefix.as_ref();
        let path = if parts.is_empty() { key.to_owned() } else { format!("{parts}/{key}") };
        Path::parse(path).map_err(|e| Fault::refused(e.to_string()).at("name", self.place(key)))
    }

    /// Asks S3, again where that may help, and waits for what it says.
    fn ask<T, W>(
        &self,
        (operation, key): (&'static str, &str),
        request: impl Fn() -> W,
    ) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, Error>>,
    {
        let said = self.0.reactor.wait(&self.1, fault::patiently(self.0.access.retries, request))?;
        said.map_err(|fault| fault.at(operation, self.place(key)))
    }

    fn put(&self, key: &str, bytes: &[u8], mode: PutMode) -> Result<(), StoreError> {
        let object = self.object(key)?;
        let payload = PutPayload::from_bytes(Bytes::copy_from_slice(bytes));
        self.ask(("write", key), || self.0.bucket.put_opts(&object, payload.clone(), mode.clone().into()))
            .map(drop)
    }

    /// Whether an object has exactly these bytes. Who makes an object and hears nothing asks again, and may have made it
    /// the first time.
    fn is(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let object = self.object(key)?;
        let len = bytes.len() as u64;
        let first = GetOptions { range: Some(GetRange::Bounded(0..len.max(1))), ..GetOptions::default() };
        let got = self.ask(("read", key), async || {
            let got = self.0.bucket.get_opts(&object, first.clone()).await?;
            if got.meta.size == len { got.bytes().await.map(Some) } else { Ok(None) }
        });
        match got {
            Ok(found) => Ok(found.is_some_and(|found| found == bytes)),
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Depot for S3 {
    fn place(&self, key: &str) -> PathBuf {
        let url = &self.0.url;
        if key.is_empty() { url.into() } else { format!("{url}/{key}").into() }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = self.object(folder)?;
        let found = self.ask(("list", folder), || self.0.bucket.list_with_delimiter(Some(&prefix)))?;
        let objects = found.objects.iter().map(|object| &object.location);
        Ok(objects.chain(&found.common_prefixes).filter_map(|path| path.filename().map(Into::into)).collect())
    }

    fn has(&self, key: &str) -> Result<bool, StoreError> {
        if !self.list(key)?.is_empty() {
            return Ok(true);
        }
        let object = self.object(key)?;
        match self.ask(("read", key), || self.0.bucket.head(&object)) {
            Err(error) if error.is_missing() => Ok(false),
            found => found.map(|_| true),
        }
    }

    fn open(&self, key: &str) -> Result<Arc<dyn ReadAt>, StoreError> {
        let object = self.object(key)?;
        let opened =
            self.0.reactor.wait(&self.1, blocks::open(&self.0.bucket, &object, self.0.access.retries))?;
        let (len, source) = match opened.map_err(|fault| fault.at("read", self.place(key)))? {
            blocks::Opened::Small(bytes) => return Ok(Arc::new(bytes)),
            blocks::Opened::Large(len, source) => (len, source),
        };
        Ok(Arc::new(self.0.ahead.object(len, Arc::new(source))))
    }

    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let object = self.object(key)?;
        let payload = PutPayload::from_bytes(Bytes::copy_from_slice(bytes));
        let made = self.ask(("write", key), async || {
            match self.0.bucket.put_opts(&object, payload.clone(), PutMode::Create.into()).await {
                Err(Error::AlreadyExists { .. }) => Ok(false),
                made => made.map(|_| true),
            }
        })?;
        if made { Ok(true) } else { self.is(key, bytes) }
    }

    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.put(key, bytes, PutMode::Overwrite)
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        let object = self.object(key)?;
        match self.ask(("remove", key), || self.0.bucket.delete(&object)) {
            Err(error) if error.is_missing() => Ok(()),
            removed => removed,
        }
    }

    fn begin_layer(&self, layer: Uuid) -> Result<Box<dyn NewLayer + '_>, StoreError> {
        Ok(Box::new(layer::Growing::begin(self, layer)?))
    }

    fn lock(
        &self,
        guarded: Guarded,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Box<dyn Held + '_>, StoreError> {
        let calm = self.calm(Stop::new());
        let ends = calm.1.clone();
        let leases = match guarded {
            Guarded::Catalogue => &self.0.leases,
            Guarded::Devices => &self.0.devices,
        };
        leases.take((Arc::new(self.clone()), (Arc::new(calm), ends)), &self.0.access, stop, observer)
    }

    fn clean(&self, observer: &dyn Observer) -> Result<(), StoreError> {
        for name in self.list("")?.iter().filter(|name| name.starts_with(paths::UNFINISHED)) {
            self.remove(name)?;
        }
        for name in self.list(paths::LAYERS)?.iter().filter(|name| name.starts_with(paths::UNFINISHED)) {
            layer::clean(self, name)?;
            let shown = self.place(&format!("{}/{name}", paths::LAYERS));
            let text = format!("removed {}, left over from a publish that was cut off", shown.display());
            observer.event(Event::Notice(text));
        }
        Ok(())
    }

    fn why_none(&self) -> &'static str {
        "it has no store.json, or there is no such bucket"
    }
}

/// Bucket and prefix of `s3://bucket/prefix`.
fn split(url: &str) -> Result<(String, Path), Fault> {
    let wrong = |why: &str| Fault::refused(format!("{url} is no place for a store: {why}"));
    let rest = url.strip_prefix("s3://").ok_or_else(|| wrong("expected s3://BUCKET/PREFIX"))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if bucket.is_empty() || !bucket.chars().all(is_name) {
        return Err(wrong("the bucket has no name that it can have"));
    }
    let prefix = Path::parse(prefix).map_err(|e| wrong(&e.to_string()))?;
    Ok((bucket.into(), prefix))
}

/// What speaks to the bucket.
fn client(bucket: &Bucket, name: &str, access: &Access, patience: Duration) -> Result<AmazonS3, Fault> {
    let wrong = |error: Error| fault::told(&error);
    let mut builder = AmazonS3Builder::new();
    for (setting, value) in &bucket.settings {
        // The AWS programs have settings that mean nothing here.
        if let Ok(setting) = setting.parse() {
            builder = builder.with_config(setting, value);
        }
    }
    let endpoints = bucket.settings.iter().filter(|(setting, _)| setting.starts_with("aws_endpoint"));
    let is_plain = endpoints.clone().any(|(_, url)| url.starts_with("http://"));
    let mut options = ClientOptions::new()
        .with_allow_http(is_plain)
        .with_connect_timeout(CONNECT)
        .with_timeout_disabled()
        .with_read_timeout(patience);
    if let Ok(agent) = HeaderValue::from_str(&access.agent) {
        options = options.with_user_agent(agent);
    }
    for root in Certificate::from_pem_bundle(bucket.ca.as_deref().unwrap_or_default()).map_err(wrong)? {
        options = options.with_root_certificate(root);
    }
    // What is tried again is tried by us, with the bodies of answers.
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let builder = builder.with_bucket_name(name).with_client_options(options).with_retry(retry);
    builder.with_disable_bulk_delete(true).build().map_err(wrong)
}
