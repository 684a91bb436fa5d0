//! What the device has, without asking anybody.

use formats::kind::with_causes;
use formats::units::ByteLen;
use remote::api::{Receipt, TargetState};
use store::{Store, StoreError};

use super::disks;
use super::error::ClientError;
use super::home::Home;
use super::making;
use super::outcome::{COMPLETE, ImageLine};
use super::plan::{self, Deed, Plan, Wish};
use super::receipt;
use super::target::{self, Kept};

/// What the device has.
#[derive(Clone, Debug)]
pub struct Status {
    /// What it is to have, as the service said last.
    pub kept: Option<Kept>,
    /// The versions of the target state, and how much of them is here.
    pub images: Vec<ImageLine>,
    /// How many bytes are still to be fetched.
    pub missing: ByteLen,
    /// The last receipt.
    pub receipt: Option<Receipt>,
    /// The receipt that the service got last.
    pub reported: Option<u64>,
}

/// Looks what the device has.
///
/// # Errors
/// [`ClientError`].
pub fn status(home: &Home) -> Result<Status, ClientError> {
    let kept = target::load(home)?;
    let store = home.store()?;
    let mut images = Vec::new();
    let mut missing = ByteLen::ZERO;
    if let Some(Kept { state, .. }) = &kept {
        let plan = plan_of(state, &store);
        images = plan.wishes.iter().map(|wish| line(wish, &store, None)).collect();
        look_for_disks(&mut images, home, (&store, state));
        let rooms = plan.layers.iter().filter(|layer| store.layer(layer.uuid).is_err());
        let rooms = rooms.map(|layer| making::room(&home.partial(layer.uuid), layer));
        missing = rooms.fold(missing, |sum, room| ByteLen(sum.0.saturating_add(room.0)));
    }
    let number = receipt::numbers(home)?.last().copied();
    let last = number.map(|number| receipt::load(home, Some(number))).transpose()?;
    let receipt = last.and_then(|signed| Receipt::parse(&signed.text).ok());
    Ok(Status { kept, images, missing, receipt, reported: receipt::reported(home)? })
}

/// Says of versions whose layers are here that their disks are not.
fn look_for_disks(images: &mut [ImageLine], home: &Home, (store, target): (&Store, &TargetState)) {
    let form = home.document().materialize;
    let without =
        disks::without_disks(&disks::Order { client: home.root(), store, target, form, rehash: false });
    let is_meant = |line: &ImageLine| without.contains(&format!("{}@{}", line.image, line.version));
    for line in images.iter_mut().filter(|line| line.state == COMPLETE && is_meant(line)) {
        line.no_disk("the next sync makes it");
    }
}

/// What a target state asks for of a client that has `store`.
pub(super) fn plan_of<'t>(state: &'t TargetState, store: &Store) -> Plan<'t> {
    let here = store.images().map(|images| images.versions).unwrap_or_default();
    let is_whole = |name: &str, version: &str| store.locate(name, Some(version)).is_ok();
    plan::plan(state, |name| here.iter().any(|it| it.name == name && is_whole(name, &it.version)))
}

/// How much of a version is here; `why` is the reason why it is not whole, where somebody knows.
pub(super) fn line(wish: &Wish<'_>, store: &Store, why: Option<String>) -> ImageLine {
    let document = &wish.image.document;
    let located = store.locate(&document.name, Some(&document.version));
    let complete = located.as_ref().is_ok_and(|located| located.document == *document);
    let state = match (&wish.deed, complete) {
        (Deed::GiveUp, _) => "to be given up".into(),
        (Deed::Locked, false) => "locked: what is here stays as it is".into(),
        (_, true) => COMPLETE.into(),
        (Deed::Have, false) => why.unwrap_or_else(|| match located {
            Ok(_) => "another document of it is here".into(),
            Err(StoreError::NotFound { .. }) => "not here".into(),
            Err(error) => with_causes(&error),
        }),
    };
    ImageLine {
        image: document.name.clone(),
        version: document.version.clone(),
        role: plan::role_name(wish.image.role),
        complete,
        state,
    }
}
