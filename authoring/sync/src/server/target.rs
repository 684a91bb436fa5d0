//! The target state of a device, put together from the documents of the store.

use std::collections::BTreeSet;

use formats::kind::with_causes;
use remote::api::{self, Role, TargetImage, TargetState};
use store::StoreError;
use store::device::{Assignment, DeviceDocument, NoRow, Removal, Row, merge};
use uuid::Uuid;

use super::shelf::Shelf;

/// Why there is no target state: something of it is lost. A target state that leaves it out would have the device
/// remove what it has of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum TargetFault {
    /// A version or one of its layers cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A policy of a version is no row.
    #[error("a policy of {title} cannot be used")]
    Policy {
        /// The version.
        title: String,
        /// Why not.
        source: NoRow,
    },
    /// A layer does not lie on the one below it in its chain.
    #[error("the chain of {title} is broken at layer {layer}")]
    Chain {
        /// The version.
        title: String,
        /// The layer.
        layer: Uuid,
    },
}

impl TargetFault {
    /// The fault with its causes, in one line.
    pub(super) fn text(&self) -> String {
        with_causes(self)
    }
}

/// What a device is to have.
pub(super) fn target(shelf: &Shelf, device: &DeviceDocument) -> Result<TargetState, TargetFault> {
    let mut target = TargetState {
        format: api::VERSION,
        device: device.device.clone(),
        removed: device.removed,
        config: Vec::new(),
        images: Vec::new(),
        layers: Vec::new(),
    };
    if device.removed {
        return Ok(target);
    }
    target.config = merge(&device.rows, &[]);
    let mut seen = BTreeSet::new();
    for assignment in &device.assignments {
        for (version, role) in assignment.versions().zip([Role::Current, Role::Staged]) {
            // A version that is both is there already.
            if role == Role::Staged && version == assignment.current {
                continue;
            }
            let image = image(shelf, assignment, version, role)?;
            add_layers(shelf, &image, &mut seen, &mut target)?;
            target.images.push(image);
        }
    }
    Ok(target)
}

fn image(
    shelf: &Shelf,
    assignment: &Assignment,
    version: &str,
    role: Role,
) -> Result<TargetImage, TargetFault> {
    let document = (*shelf.version(&assignment.image, version)?).clone();
    let policies: Result<Vec<Row>, NoRow> = document.policies.iter().map(|row| row.parse()).collect();
    let policies = policies.map_err(|source| TargetFault::Policy { title: document.title(), source })?;
    Ok(TargetImage {
        role,
        locked: assignment.locked,
        // What is locked stays.
        removed: assignment.removed == Some(Removal::Soft) && !assignment.locked,
        policies: merge(&policies, &assignment.rows),
        document,
    })
}

/// Adds the layers of a version that are not there yet, each after its parent.
fn add_layers(
    shelf: &Shelf,
    image: &TargetImage,
    seen: &mut BTreeSet<Uuid>,
    target: &mut TargetState,
) -> Result<(), TargetFault> {
    let mut below = None;
    for uuid in &image.document.chain {
        let layer = shelf.layer(*uuid)?;
        if layer.descriptor.parent != below {
            return Err(TargetFault::Chain { title: image.document.title(), layer: *uuid });
        }
        below = Some(*uuid);
        if seen.insert(*uuid) {
            target.layers.push(layer.descriptor.clone());
        }
    }
    Ok(())
}
