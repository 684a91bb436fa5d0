//! A disk that is to be published: a VHD, or a raw disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::io::ReadAt as _;
use formats::units::ByteLen;
use formats::vhd::{Layer, Parent, SizeRule, Structure, Vhd, VhdError, has_footer};
use host::{Event, FileSource, Observer};
use uuid::Uuid;

use super::container::Container;
use super::error::{PublishError, check_disk_size};
use crate::flat::Source;

/// A disk of this machine.
pub struct Disk {
    /// Where it is.
    pub path: PathBuf,
    /// Its file.
    pub source: Source,
    /// What the file says, when it is a VHD.
    pub vhd: Option<Vhd<Source>>,
}

impl Disk {
    /// Opens a disk. What has no footer of a VHD is a raw disk, unless its name says that it is a VHD, or its content
    /// that it is something else.
    pub fn open(path: &Path, rule: SizeRule, observer: &dyn Observer) -> Result<Self, PublishError> {
        let source: Source = Arc::new(FileSource::open(path)?);
        let vhd = match Vhd::open(source.clone(), rule) {
            Ok(vhd) => Some(vhd),
            Err(error) => {
                if !is_raw(path, &source, &error)? {
                    return Err(PublishError::vhd(path)(error));
                }
                None
            }
        };
        for warning in vhd.iter().flat_map(Vhd::warnings) {
            observer.event(Event::Warning(format!("{}: {warning}", path.display())));
        }
        let disk = Self { path: path.into(), source, vhd };
        check_disk_size(path, disk.size())?;
        Ok(disk)
    }

    /// The size of the disk that it holds.
    pub fn size(&self) -> ByteLen {
        self.vhd.as_ref().map_or(self.source.size(), Vhd::disk_size)
    }

    /// Its identity; nil for a raw disk.
    pub fn unique_id(&self) -> Uuid {
        self.vhd.as_ref().map_or(Uuid::nil(), Vhd::unique_id)
    }

    /// What it says about its parent.
    pub fn parent(&self) -> Option<&Parent> {
        self.vhd.as_ref()?.parent()
    }

    /// The folder that it lies in.
    pub fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// The disk as a layer of a chain.
    pub fn into_layer(self) -> Layer<Source> {
        match self.vhd {
            Some(vhd) => Layer::vhd(vhd),
            None => Layer::Raw(self.source),
        }
    }
}

/// Whether a file that is no sound VHD was never one, and is a raw disk.
fn is_raw(path: &Path, source: &Source, error: &VhdError) -> Result<bool, PublishError> {
    let no_cookie = matches!(error, VhdError::TooShort { .. })
        || matches!(error, VhdError::Cookie { structure: Structure::Footer | Structure::FooterCopy, .. });
    if !no_cookie || has_footer(source) {
        return Ok(false);
    }
    if let Some(container) = Container::find(source).map_err(PublishError::read(path))? {
        let (what, command) = (container.what, container.command(path));
        return Err(PublishError::Container { path: path.into(), what, command });
    }
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    Ok(extension != "vhd" && extension != "avhd")
}
