//! Making the client's folder: whole, or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use formats::document;
use formats::minisign::{KeyId, Protection, PublicKey, SecretKey};
use formats::time::Timestamp;
use host::{HostError, Observer, Operation};
use remote::http::{Request, Service};

use super::disks::Form;
use super::error::ClientError;
use super::files;
use super::home::{self, ClientDocument, FORMAT, Home, SecretDocument};
use super::lock::Lock;
use super::receipt;
use super::settings::Settings;
use super::target::{self, Kept};

/// What a client is to be.
pub struct Enrolment {
    /// The service's URL, the device and its secret, and the certificates that are trusted.
    pub request: Request,
    /// The keys whose signature on media is trusted.
    pub trust: Vec<PublicKey>,
    /// What disks are made of the layers.
    pub materialize: Form,
    /// What time it is.
    pub now: Timestamp,
    /// The program and its version.
    pub tool: String,
    /// Chance that the receipt's key is made of: its seed and its id.
    pub chance: ([u8; 32], [u8; 8]),
    /// Whether a client that is there may be enrolled again; its layers stay.
    pub force: bool,
}

/// Whether a client may be made in the folder `root`: what is worth knowing before the service is asked.
///
/// # Errors
/// [`ClientError::Occupied`].
pub fn check(root: &Path, force: bool) -> Result<(), ClientError> {
    let occupied = |what: String| Err(ClientError::Occupied { path: root.into(), what });
    if root.exists() && !root.is_dir() {
        return occupied("no folder".into());
    }
    match Home::open(root) {
        Ok(home) if !force => {
            let ClientDocument { device, server, .. } = home.document();
            occupied(format!("enrolled already, as device {device} of {server}"))
        }
        Err(ClientError::NotEnrolled { .. }) if !is_ours(root)? => {
            occupied("neither empty nor a client's folder".into())
        }
        Ok(_) | Err(ClientError::NotEnrolled { .. }) => Ok(()),
        Err(_) if force => Ok(()),
        Err(error) => Err(error),
    }
}

/// What an enrolment that was cut off may leave.
const OURS: [&str; 10] = [
    home::SETTINGS,
    home::SECRET,
    home::CA,
    home::TRUST,
    home::TARGET,
    home::RECEIPT_KEY,
    home::RECEIPT_PUB,
    home::STORE,
    home::LOCK,
    home::SETTINGS_LOCK,
];

/// Whether nothing lies in a folder but what an enrolment that was cut off left.
fn is_ours(root: &Path) -> Result<bool, ClientError> {
    Ok(files::names(root)?.iter().all(|name| OURS.contains(&name.trim_start_matches('~'))))
}

/// Removes what an enrolment wrote that did not come to its end. What cannot be removed, the next one overwrites.
fn undo(root: &Path, is_new: bool) {
    for path in OURS.iter().map(|name| root.join(name)) {
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
    if is_new {
        let _ = fs::remove_dir(root);
    }
}

/// Asks the service for the device's target state, and makes the client's folder `root` when it answers.
///
/// # Errors
/// [`ClientError`]; nothing is left behind then.
pub fn enroll(
    root: &Path,
    enrolment: &Enrolment,
    observer: &dyn Observer,
) -> Result<(Home, Kept), ClientError> {
    check(root, enrolment.force)?;
    let service = Service::new(enrolment.request.clone())?;
    let device = enrolment.request.login.as_ref().map_or("", |login| &login.device);
    let kept = target::ask(&service, (&enrolment.request.url, device), None, enrolment.now)?.kept;
    let is_new = !root.exists();
    files::make_folder(root)?;
    // Whoever runs the disks passes through; all else is the owner's alone.
    let passable = fs::Permissions::from_mode(0o711);
    fs::set_permissions(root, passable).map_err(HostError::io(Operation::Create, root))?;
    let _lock = Lock::take(&root.join(home::LOCK), &enrolment.request.stop, observer)?;
    let was_enrolled = root.join(home::CLIENT).exists();
    match write_all(root, enrolment, &kept) {
        Ok(home) => Ok((home, kept)),
        Err(error) => {
            if !was_enrolled {
                undo(root, is_new);
            }
            Err(error)
        }
    }
}

/// Writes everything; what makes it a client's folder last.
fn write_all(root: &Path, enrolment: &Enrolment, kept: &Kept) -> Result<Home, ClientError> {
    let Some(login) = &enrolment.request.login else {
        return Err(ClientError::NotEnrolled { path: root.into() });
    };
    let (server, device) = (enrolment.request.url.clone(), login.device.clone());
    write_key(root, enrolment)?;
    // It says whom it is for: from here to the end nobody is told any secret but who is meant.
    let secret =
        SecretDocument { server: server.clone(), device: device.clone(), secret: login.secret.clone() };
    files::write(&root.join(home::SECRET), document::print(&secret).as_bytes())?;
    let before =
        Home::open(root).ok().map(|home| (home.document().server.clone(), home.document().device.clone()));
    if before.is_some_and(|before| before != (server.clone(), device.clone())) {
        receipt::put_aside(root)?;
    }
    match &enrolment.request.ca {
        Some(ca) => files::write(&root.join(home::CA), ca)?,
        None => files::remove(&root.join(home::CA))?,
    }
    enrolment.trust.iter().try_for_each(|key| home::write_trust(root, key))?;
    let settings = root.join(home::SETTINGS);
    if !settings.exists() {
        files::write(&settings, document::print(&Settings::default()).as_bytes())?;
    }
    target::save(&root.join(home::TARGET), kept)?;
    let document = ClientDocument {
        format: FORMAT,
        server,
        device,
        materialize: enrolment.materialize,
        enrolled: enrolment.now,
        tool: enrolment.tool.clone(),
    };
    files::write(&root.join(home::CLIENT), document::print(&document).as_bytes())?;
    let home = Home::open(root)?;
    home.store()?;
    Ok(home)
}

/// Makes the key that receipts are signed with, where there is none: the service remembers the first one that it sees.
fn write_key(root: &Path, enrolment: &Enrolment) -> Result<(), ClientError> {
    let path = root.join(home::RECEIPT_KEY);
    if path.exists() {
        return Ok(());
    }
    let (seed, id) = &enrolment.chance;
    let key = SecretKey::from_seed(seed, KeyId(*id));
    let text = key.print(Protection::None);
    let text = text.map_err(|source| ClientError::ReceiptKey { path: path.clone(), source })?;
    files::write(&root.join(home::RECEIPT_PUB), key.public().print().as_bytes())?;
    files::write(&path, text.as_bytes())
}
