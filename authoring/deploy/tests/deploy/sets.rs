//! Media of a set whose manifest lists as much as one can.

use deploy::{DeployError, Set, Version};
use formats::manifest::{self, Member, Part};
use formats::units::{ByteLen, ByteOffset};
use uuid::Uuid;

use crate::fake::{Copying, Stack};

/// As many layers as a manifest has room for.
const MANY: u128 = 200_000;

#[test]
fn a_set_of_many_parts_and_a_chain_of_many_layers_do_not_multiply() {
    let stack = Stack::default();
    let mut manifest = stack.manifest();
    manifest.images[0].chain = (1..MANY).map(Uuid::from_u128).collect();
    let part = |layer| Part { layer: Uuid::from_u128(layer), offset: ByteOffset::ZERO, len: ByteLen::ZERO };
    let elsewhere = Member {
        medium: Uuid::from_u128(2),
        label: "SEED-2".into(),
        parts: (MANY..2 * MANY).map(part).collect(),
    };
    let here = Member { medium: manifest.medium, label: "SEED-1".into(), parts: Vec::new() };
    manifest.set = Some(manifest::Set { id: Uuid::nil(), number: 1, media: vec![here, elsewhere] });
    let medium = stack.medium();
    let opened = Version::open(&Set::new(&medium, manifest), ("disk", None), &Copying::default());
    // Nothing of the chain is on the medium that is missing; then the first layer is looked for.
    assert_eq!(opened.err(), Some(DeployError::NoLayer { layer: Uuid::from_u128(1) }));
}
