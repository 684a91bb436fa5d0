//! Which versions are to be fetched, and which layers they need.

use std::collections::BTreeSet;

use formats::layer::LayerDescriptor;
use remote::api::{Role, TargetImage, TargetState};
use uuid::Uuid;

/// What is to be done.
#[derive(Debug)]
pub struct Plan<'t> {
    /// The versions of the target state, the current ones first.
    pub wishes: Vec<Wish<'t>>,
    /// The layers of those that are to be here: each once, a layer behind its parent.
    pub layers: Vec<&'t LayerDescriptor>,
}

/// What is to be done about a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish<'t> {
    /// The version.
    pub image: &'t TargetImage,
    /// What is to be done.
    pub deed: Deed,
}

/// What is to be done about a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It is to be here.
    Have,
    /// The image is locked: what is here of it stays as it is.
    Locked,
    /// It is to be given up when nobody uses it.
    GiveUp,
}

/// What a target state asks for; `has_any` tells whether some version of an image is here, whole.
pub fn plan<'t>(target: &'t TargetState, has_any: impl Fn(&str) -> bool) -> Plan<'t> {
    let mut images: Vec<&TargetImage> = target.images.iter().collect();
    images.sort_by_key(|image| image.role);
    let deed = |image: &TargetImage| match image {
        _ if target.removed => Deed::GiveUp,
        image if image.locked && has_any(&image.document.name) => Deed::Locked,
        image if image.removed && !image.locked => Deed::GiveUp,
        _ => Deed::Have,
    };
    let wishes: Vec<Wish<'t>> = images.into_iter().map(|image| Wish { image, deed: deed(image) }).collect();
    let layers = layers(target, &wishes);
    Plan { wishes, layers }
}

fn layers<'t>(target: &'t TargetState, wishes: &[Wish<'t>]) -> Vec<&'t LayerDescriptor> {
    let mut seen = BTreeSet::new();
    let wanted = wishes.iter().filter(|wish| wish.deed == Deed::Have);
    let chains = wanted.flat_map(|wish| &wish.image.document.chain);
    chains.filter(|uuid| seen.insert(**uuid)).filter_map(|uuid| target.layer(*uuid)).collect()
}

impl Plan<'_> {
    /// The titles of the versions that need a layer.
    pub fn needed_by(&self, layer: Uuid) -> Vec<String> {
        let wanted = self.wishes.iter().filter(|wish| wish.deed == Deed::Have);
        let documents = wanted.map(|wish| &wish.image.document);
        documents.filter(|document| document.chain.contains(&layer)).map(|it| it.title()).collect()
    }
}

/// The word for what a version is for.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Current => "current",
        Role::Staged => "staged",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::fake;

    fn deeds(target: &TargetState, has_any: bool) -> Vec<(String, Deed)> {
        let plan = plan(target, |_| has_any);
        plan.wishes.into_iter().map(|wish| (wish.image.document.title(), wish.deed)).collect()
    }

    #[test]
    fn current_versions_come_first_and_each_layer_once_behind_its_parent() {
        let (base, child) = (fake::layer(1, None, 2), fake::layer(2, Some(1), 1));
        let mut target = fake::target(&[&base, &child]);
        target.images[0].role = Role::Staged;
        let plan = plan(&target, |_| false);
        assert_eq!(
            plan.wishes.iter().map(|it| it.image.role).collect::<Vec<_>>(),
            [Role::Current, Role::Staged]
        );
        let layers: Vec<_> = plan.layers.iter().map(|layer| layer.uuid).collect();
        assert_eq!(layers, [base.descriptor.uuid, child.descriptor.uuid]);
        assert_eq!(plan.needed_by(base.descriptor.uuid).len(), 2);
    }

    #[test]
    fn what_is_locked_stays_and_what_is_removed_is_not_fetched() {
        let mut target = fake::target(&[&fake::layer(1, None, 2)]);
        let title = target.images[0].document.title();
        let only = |deed| vec![(title.clone(), deed)];
        assert_eq!(deeds(&target, false), only(Deed::Have));
        target.images[0].locked = true;
        assert_eq!(deeds(&target, true), only(Deed::Locked));
        assert_eq!(deeds(&target, false), only(Deed::Have));
        target.images[0].removed = true;
        assert_eq!(deeds(&target, true), only(Deed::Locked));
        target.images[0].locked = false;
        assert_eq!(deeds(&target, true), only(Deed::GiveUp));
        target.images[0].removed = false;
        target.removed = true;
        assert_eq!(deeds(&target, false), only(Deed::GiveUp));
        assert!(plan(&target, |_| false).layers.is_empty());
    }
}
