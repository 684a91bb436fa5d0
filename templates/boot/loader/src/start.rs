//! What is known before anything was looked at.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use formats::manifest::{Marker, paths};
use formats::minisign::slot;
use station::Start;
use uefi::CString16;
use uefi::boot;
use uefi::proto::loaded_image::LoadedImage;
use uefi::proto::media::file::{File, FileAttribute, FileMode};
use uefi::proto::media::fs::SimpleFileSystem;

use crate::raw;

/// What the medium says, and what was built in when it was pressed.
pub fn start() -> Start {
    Start {
        program: format!("seedpress {} loader", env!("CARGO_PKG_VERSION")),
        medium: beside_us(paths::MARKER).and_then(|text| Marker::parse(&text).ok()).map(|it| it.medium),
        keys: slot::read(&raw::keys()),
    }
}

/// A small file of the volume that we were started from, as far as [`Marker::MAX_TEXT`].
fn beside_us(path: &str) -> Option<Vec<u8>> {
    let device = raw::with(boot::image_handle(), |image: &mut LoadedImage| image.device())??;
    let mut root = raw::with(device, |volume: &mut SimpleFileSystem| volume.open_volume().ok())??;
    let path = CString16::try_from(path.replace('/', "\\").as_str()).ok()?;
    let file = root.open(&path, FileMode::Read, FileAttribute::empty()).ok()?;
    let mut bytes = vec![0; Marker::MAX_TEXT];
    let len = file.into_regular_file()?.read(&mut bytes).ok()?;
    bytes.truncate(len);
    Some(bytes)
}
