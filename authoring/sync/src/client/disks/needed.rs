//! What the target state needs.

use std::collections::BTreeSet;

use formats::layer::ImageDocument;
use remote::api::{Role, TargetState};
use uuid::Uuid;

use super::busy::Busy;
use super::{DiskError, Form, Order, chain, flat};

/// All forms that disks may have.
pub const FORMS: [Form; 3] = [Form::Chain, Form::Raw, Form::Vhd];

/// What is needed in the client's folder. Everything else with a name of the client's own may go.
#[derive(Debug, Default)]
pub struct Needed {
    /// The layers.
    pub layers: BTreeSet<Uuid>,
    /// The versions whose documents stay: `Win7@2`.
    pub versions: BTreeSet<String>,
    /// The names of the disks.
    pub disks: BTreeSet<String>,
}

/// What becomes of a version that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Keep,
    /// It goes when nobody uses it.
    Soft,
    /// It goes at once: the device is not told of its image any more.
    Hard,
}

impl Needed {
    /// What an order needs. A version that another one took the place of, or that is to be given up, is needed as long
    /// as somebody uses a disk of it that no other version needs.
    ///
    /// # Errors
    /// [`DiskError`]: nobody can tell what is here.
    pub fn of(order: &Order<'_>, busy: &Busy) -> Result<Self, DiskError> {
        let mut needed = Self::default();
        let wanted = order.target.images.iter().filter(|_| !order.target.removed);
        for image in wanted.filter(|image| !image.removed || image.locked) {
            needed.add(order, &image.document);
        }
        let here = order.store.images()?.versions;
        let fate = |document: &ImageDocument| fate_of(order.target, document);
        // What another version takes the place of stays until that one is here.
        let stays = |document: &&ImageDocument| match fate(document) {
            Fate::Keep => true,
            Fate::Soft => is_awaited(order, &here, &document.name),
            Fate::Hard => false,
        };
        for document in here.iter().filter(stays) {
            needed.add(order, document);
        }
        let going = here.iter().filter(|document| fate(document) == Fate::Soft);
        let used: Vec<_> = going.filter(|document| needed.is_used(order, document, busy)).collect();
        for document in used {
            needed.add(order, document);
            needed.disks.extend(FORMS.into_iter().flat_map(|form| disks_of(document, form)));
        }
        Ok(needed)
    }

    fn add(&mut self, order: &Order<'_>, document: &ImageDocument) {
        self.layers.extend(&document.chain);
        self.versions.insert(document.title());
        // Those of another form stay until those of this one are made.
        let is_of_use = |form: &Form| *form == order.form || !is_made(order, document);
        self.disks.extend(FORMS.into_iter().filter(is_of_use).flat_map(|form| disks_of(document, form)));
    }

    /// Whether somebody uses a disk of a version that nothing needed has.
    fn is_used(&self, order: &Order<'_>, document: &ImageDocument, busy: &Busy) -> bool {
        let all = FORMS.into_iter().flat_map(|form| disks_of(document, form));
        let mut own = all.filter(|name| !self.disks.contains(name));
        own.any(|name| busy.uses(&order.folder().join(name)))
    }
}

/// Whether the current version of an image is still to come: it is not listed yet, or its disks are not made.
fn is_awaited(order: &Order<'_>, here: &[ImageDocument], name: &str) -> bool {
    let current = order.target.images.iter().filter(|it| it.role == Role::Current && !it.removed);
    let mut of_image = current.map(|it| &it.document).filter(|document| document.name == name);
    of_image.any(|document| !here.contains(document) || !is_made(order, document))
}

/// Whether all disks of a version are there.
fn is_made(order: &Order<'_>, document: &ImageDocument) -> bool {
    disks_of(document, order.form).iter().all(|disk| order.folder().join(disk).is_file())
}

/// The names of a version's disks.
pub fn disks_of(document: &ImageDocument, form: Form) -> Vec<String> {
    match form {
        Form::Chain => document.chain.iter().map(|layer| chain::name(*layer)).collect(),
        form => vec![flat::name(&document.name, &document.version, form)],
    }
}

/// What becomes of a version that is here.
pub fn fate_of(target: &TargetState, document: &ImageDocument) -> Fate {
    let of_image: Vec<_> =
        target.images.iter().filter(|image| image.document.name == document.name).collect();
    if target.removed || of_image.is_empty() {
        return Fate::Hard;
    }
    let is_listed = of_image.iter().any(|it| it.document.version == document.version && !it.removed);
    let is_locked = of_image.iter().any(|image| image.locked);
    if is_listed || is_locked { Fate::Keep } else { Fate::Soft }
}
