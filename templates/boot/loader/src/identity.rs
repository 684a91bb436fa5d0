//! A disk's model and serial number, as far as the firmware lets one ask for them.

use alloc::string::String;
use core::time::Duration;

use station::Bus;
use uefi::Handle;
use uefi::boot;
use uefi::proto::device_path::DevicePath;
use uefi::proto::media::disk_info::DiskInfo;
use uefi::proto::nvme::pass_thru::NvmePassThru;
use uefi::proto::nvme::{NvmeQueueType, NvmeRequestBuilder};
use uefi::proto::usb::io::UsbIo;

use crate::raw;
use crate::text::text;

/// NVMe's command Identify (NVM Express 1.4, 5.15), and its answer about the controller.
const NVME_IDENTIFY: u8 = 6;
const NVME_CONTROLLER: u32 = 1;
/// How long the answer is, in bytes.
const NVME_LEN: usize = 4096;
/// How long a disk may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(2);
/// The language that USB devices are asked in: English of the United States, which all of them have.
const LANGUAGE: u16 = 0x0409;

/// Model and serial number; either may be empty.
pub fn of(handle: Handle, bus: Bus) -> (String, String) {
    let found = match bus {
        Bus::Nvme => nvme(handle),
        Bus::Sata => ata(handle),
        Bus::Usb => inquiry(handle).map(|model| (model, usb_serial(handle).unwrap_or_default())),
        Bus::Scsi | Bus::Mmc | Bus::Other => inquiry(handle).map(|model| (model, String::new())),
        Bus::Virtio => None,
    };
    found.unwrap_or_default()
}

/// Bytes 4 to 23 are the serial number, bytes 24 to 63 the model (NVM Express 1.4, figure 247).
fn nvme(handle: Handle) -> Option<(String, String)> {
    let find = |path: &mut DevicePath| boot::locate_device_path::<NvmePassThru>(&mut &*path).ok();
    raw::with(raw::with(handle, find)??, nvme_identify)?
}

fn nvme_identify(controller: &mut NvmePassThru) -> Option<(String, String)> {
    let request = NvmeRequestBuilder::new(controller.io_align(), NVME_IDENTIFY, NvmeQueueType::ADMIN)
        .with_timeout(PATIENCE)
        .with_cdw10(NVME_CONTROLLER)
        .with_transfer_buffer(NVME_LEN)
        .ok()?
        .build();
    let answer = controller.controller().execute_command(request).ok()?;
    let bytes = answer.transfer_buffer()?;
    Some((text(bytes.get(24..64)?), text(bytes.get(4..24)?)))
}

/// Words 10 to 19 are the serial number, words 27 to 46 the model, two characters a word, the first one in the high byte
/// (ACS-3, 7.12.7).
fn ata(handle: Handle) -> Option<(String, String)> {
    let mut bytes = [0; 512];
    raw::with(handle, |disk: &mut DiskInfo| disk.identify(&mut bytes).ok())??;
    bytes.chunks_exact_mut(2).for_each(|word| word.reverse());
    Some((text(bytes.get(54..94)?), text(bytes.get(20..40)?)))
}

/// Bytes 8 to 15 are the maker, bytes 16 to 31 the product (SPC-4, 6.4.2).
fn inquiry(handle: Handle) -> Option<String> {
    let mut bytes = [0; 96];
    raw::with(handle, |disk: &mut DiskInfo| disk.inquiry(&mut bytes).ok())??;
    Some(text(bytes.get(8..32)?))
}

fn usb_serial(handle: Handle) -> Option<String> {
    raw::with(handle, serial_of)?
}

fn serial_of(device: &mut UsbIo) -> Option<String> {
    let number = device.device_descriptor().ok()?.str_serial_number;
    if number == 0 {
        return None;
    }
    let serial = device.string_descriptor(LANGUAGE, number).ok()?;
    let mut said = String::new();
    serial.as_str_in_buf(&mut said).ok()?;
    Some(text(said.as_bytes()))
}
