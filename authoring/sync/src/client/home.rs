//! The client's folder.
//!
//! ```text
//! client.json     the service, the device, how disks are made      settings.json  the switches
//! secret          the device's secret (0600)                       ca.pem         certificates that are trusted
//! trust/*.pub     keys whose signature on media is trusted         target.json    the last target state
//! receipt.key     what receipts are signed with (0600)             receipt.pub    what they are verified with
//! store/          a store with the layers that are here            partial/UUID/  a layer that is being fetched
//! disks/          what the layers make                             receipts/      N.json, N.json.minisig
//! .lock           held by the one sync that is at work
//! ```

use std::path::{Path, PathBuf};

use formats::document;
use formats::minisign::{KeyId, PublicKey, SecretKey};
use formats::time::Timestamp;
use host::{Observer, Stop};
use remote::http::Login;
use serde::{Deserialize, Serialize};
use store::Store;
use uuid::Uuid;

use super::disks::Form;
use super::error::ClientError;
use super::files;
use super::lock::Lock;
use super::settings::Settings;

/// The version of the client's folder.
pub const FORMAT: u32 = 1;
/// Where the folder is when nobody says otherwise.
pub const DEFAULT: &str = "/var/lib/seedpress";

/// What the client is: its document.
pub const CLIENT: &str = "client.json";
/// The switches.
pub const SETTINGS: &str = "settings.json";
/// The device's secret.
pub const SECRET: &str = "secret";
/// Certificates that are trusted instead of the machine's own.
pub const CA: &str = "ca.pem";
/// The folder of the keys whose signature on media is trusted.
pub const TRUST: &str = "trust";
/// What the key files in it end with.
pub const KEY: &str = ".pub";
/// The last target state.
pub const TARGET: &str = "target.json";
/// The key that receipts are signed with.
pub const RECEIPT_KEY: &str = "receipt.key";
/// The key that they are verified with.
pub const RECEIPT_PUB: &str = "receipt.pub";
/// The folder of the client's store.
pub const STORE: &str = "store";
/// The folder of the layers that are being fetched.
pub const PARTIAL: &str = "partial";
/// What came, and no receipt tells of yet.
pub const UNTOLD: &str = "untold.json";
/// The folder of the receipts.
pub const RECEIPTS: &str = "receipts";
/// What is held by the one sync that is at work.
pub const LOCK: &str = ".lock";
/// What is held by the one who changes a switch.
pub const SETTINGS_LOCK: &str = ".settings.lock";

/// How long the client's small documents are at most, in bytes.
const MAX_SMALL: usize = 64 << 10;
/// How long the certificates are at most, in bytes.
const MAX_CA: usize = 1 << 20;

/// What a client is: `client.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientDocument {
    /// [`FORMAT`].
    pub format: u32,
    /// The service's URL.
    pub server: String,
    /// The device's name.
    pub device: String,
    /// What disks are made of the layers.
    pub materialize: Form,
    /// When it was enrolled.
    pub enrolled: Timestamp,
    /// The program that enrolled it, and its version.
    pub tool: String,
}

/// The device's secret, and whom alone it is told: the file [`SECRET`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretDocument {
    /// The service's URL.
    pub server: String,
    /// The device's name.
    pub device: String,
    /// The secret.
    pub secret: String,
}

/// The folder of a client that was enrolled.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
    document: ClientDocument,
}

impl Home {
    /// Opens the client's folder.
    ///
    /// # Errors
    /// [`ClientError::NotEnrolled`] where there is none.
    pub fn open(root: &Path) -> Result<Self, ClientError> {
        let path = root.join(CLIENT);
        let not_enrolled = || ClientError::NotEnrolled { path: root.into() };
        let text = files::read(&path, MAX_SMALL)?.ok_or_else(not_enrolled)?;
        let document: ClientDocument =
            document::parse(&text).map_err(|source| ClientError::Document { path: path.clone(), source })?;
        match document.format {
            FORMAT => Ok(Self { root: root.into(), document }),
            found => Err(ClientError::Format { path, found }),
        }
    }

    /// What the client is.
    pub fn document(&self) -> &ClientDocument {
        &self.document
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of something in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Where a layer lies while it is being fetched.
    pub fn partial(&self, layer: Uuid) -> PathBuf {
        self.root.join(PARTIAL).join(layer.to_string())
    }

    /// The client's store; an empty one is made where there is none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn store(&self) -> Result<Store, ClientError> {
        let path = self.path(STORE);
        files::make_folder(&path)?;
        Ok(Store::open_or_create(&path)?)
    }

    /// Takes the lock of those who change what is here, or waits for it and says so.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn lock(&self, stop: &Stop, observer: &dyn Observer) -> Result<Lock, ClientError> {
        Lock::take(&self.path(LOCK), stop, observer)
    }

    /// Who the device is to the service.
    ///
    /// # Errors
    /// [`ClientError`] when its secret cannot be read.
    pub fn login(&self) -> Result<Login, ClientError> {
        let path = self.path(SECRET);
        let text = files::read(&path, MAX_SMALL)?;
        let text = text.ok_or_else(|| ClientError::NotEnrolled { path: self.root.clone() })?;
        let known: SecretDocument =
            document::parse(&text).map_err(|source| ClientError::Document { path: path.clone(), source })?;
        let SecretDocument { server, device, secret } = known;
        if (&server, &device) != (&self.document.server, &self.document.device) {
            return Err(ClientError::OtherSecret { path, device, server });
        }
        Ok(Login { device, secret })
    }

    /// Certificates that are trusted instead of the machine's own.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn ca(&self) -> Result<Option<Vec<u8>>, ClientError> {
        Ok(files::read(&self.path(CA), MAX_CA)?.map(String::into_bytes))
    }

    /// The switches.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn settings(&self) -> Result<Settings, ClientError> {
        let path = self.path(SETTINGS);
        let text = files::read(&path, MAX_SMALL)?;
        let parse = |text: String| document::parse(&text);
        let settings = text.map_or(Ok(Settings::default()), parse);
        settings.map_err(|source| ClientError::Document { path, source })
    }

    /// Changes switches, while nobody else does.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn change_settings(
        &self,
        (stop, observer): (&Stop, &dyn Observer),
        change: impl FnOnce(&mut Settings),
    ) -> Result<(), ClientError> {
        let _lock = Lock::take(&self.path(SETTINGS_LOCK), stop, observer)?;
        let mut settings = self.settings()?;
        change(&mut settings);
        files::write(&self.path(SETTINGS), document::print(&settings).as_bytes())
    }

    /// The keys whose signature on media is trusted.
    ///
    /// # Errors
    /// [`ClientError`] when one of their files holds none.
    pub fn trust(&self) -> Result<Vec<PublicKey>, ClientError> {
        let folder = self.path(TRUST);
        let names = files::names(&folder)?;
        let names = names.iter().filter(|name| is_key(name));
        let mut keys = Vec::new();
        for path in names.map(|name| folder.join(name)) {
            let text = files::read(&path, MAX_SMALL)?.unwrap_or_default();
            keys.push(PublicKey::parse(&text).map_err(|source| ClientError::Key { path, source })?);
        }
        Ok(keys)
    }

    /// Trusts one more key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn add_trust(&self, key: &PublicKey) -> Result<(), ClientError> {
        write_trust(&self.root, key)
    }

    /// Trusts a key no more; `false` when it was not trusted.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn remove_trust(&self, key: KeyId) -> Result<bool, ClientError> {
        let folder = self.path(TRUST);
        let mut removed = false;
        for name in files::names(&folder)?.iter().filter(|name| is_key(name)) {
            let path = folder.join(name);
            let text = files::read(&path, MAX_SMALL)?.unwrap_or_default();
            if PublicKey::parse(&text).is_ok_and(|found| found.id == key) {
                files::remove(&path)?;
                removed = true;
            }
        }
        Ok(removed)
    }

    /// The key that receipts are verified with.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn receipt_public(&self) -> Result<PublicKey, ClientError> {
        let path = self.path(RECEIPT_PUB);
        let text = files::read(&path, MAX_SMALL)?.unwrap_or_default();
        PublicKey::parse(&text).map_err(|source| ClientError::Key { path, source })
    }

    /// The key that receipts are signed with.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn receipt_key(&self) -> Result<SecretKey, ClientError> {
        let path = self.path(RECEIPT_KEY);
        let text = files::read(&path, MAX_SMALL)?.unwrap_or_default();
        SecretKey::parse(&text, None).map_err(|source| ClientError::ReceiptKey { path, source })
    }
}

/// Whether a file is one of keys that are trusted, and not one that somebody was writing when he was cut off.
fn is_key(name: &str) -> bool {
    name.ends_with(KEY) && !name.starts_with('~')
}

/// Writes a key that is trusted into the client's folder `root`.
pub(super) fn write_trust(root: &Path, key: &PublicKey) -> Result<(), ClientError> {
    let folder = root.join(TRUST);
    files::make_folder(&folder)?;
    // Two keys may have one id: what is trusted is the key.
    let digest = formats::digest::Sha256::of(&key.key).to_string();
    let name = format!("{}-{}{KEY}", key.id, digest.get(..8).unwrap_or_default());
    files::write(&folder.join(name), key.print().as_bytes())
}
