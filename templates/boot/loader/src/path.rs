//! Device paths: what they say about a disk (UEFI 2.10, 10.3).

use alloc::vec::Vec;

use station::Bus;
use uefi::Handle;
use uefi::proto::device_path::{DevicePath, DeviceSubType as Sub, DeviceType as Type};

use crate::raw;

/// A node that names a PCI device by its number and function.
const PCI: (Type, Sub) = (Type::HARDWARE, Sub::HARDWARE_PCI);

/// The nodes of a device path, as bytes, without the one that ends it.
pub fn nodes(path: &DevicePath) -> Vec<u8> {
    let mut bytes = Vec::new();
    for node in path.node_iter() {
        let [len_low, len_high] = node.length().to_le_bytes();
        bytes.extend_from_slice(&[node.device_type().0, node.sub_type().0, len_low, len_high]);
        bytes.extend_from_slice(node.data());
    }
    bytes
}

/// The nodes of a handle's device path; none where it has no path.
pub fn of(handle: Handle) -> Vec<u8> {
    raw::with(handle, |path: &mut DevicePath| nodes(path)).unwrap_or_default()
}

/// What a disk is connected by: the last of its path's nodes that says so. A disk that is a PCI device itself, with
/// nothing between, is one of virtio.
pub fn bus(path: &DevicePath) -> Bus {
    let said = path.node_iter().filter_map(|node| bus_of(node.full_type())).last();
    let ends_in_pci = || path.node_iter().last().is_some_and(|node| node.full_type() == PCI);
    said.or_else(|| ends_in_pci().then_some(Bus::Virtio)).unwrap_or(Bus::Other)
}

fn bus_of((kind, sub): (Type, Sub)) -> Option<Bus> {
    if kind != Type::MESSAGING {
        return None;
    }
    match sub {
        Sub::MESSAGING_NVME_NAMESPACE => Some(Bus::Nvme),
        Sub::MESSAGING_SATA | Sub::MESSAGING_ATAPI => Some(Bus::Sata),
        Sub::MESSAGING_SCSI | Sub::MESSAGING_SCSI_SAS_EX => Some(Bus::Scsi),
        Sub::MESSAGING_USB | Sub::MESSAGING_USB_CLASS | Sub::MESSAGING_USB_WWID => Some(Bus::Usb),
        Sub::MESSAGING_SD | Sub::MESSAGING_EMMC => Some(Bus::Mmc),
        _ => None,
    }
}
