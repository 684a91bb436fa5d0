//! A medium: a disk with partitions, a volume alone, or a folder where it is mounted.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use formats::files::{Files, read_file};
use formats::gpt::read::{self as gpt, Fault, GptError};
use formats::gpt::{Partition, Table, raw};
use formats::io::{ReadAt, ReadError, Window};
use formats::manifest::{Marker, Volume, paths};
use formats::units::ByteOffset;

use crate::volumes::{self, VolumeError};

/// A medium that was opened. Nothing on it was checked yet.
pub struct Medium {
    disk: Option<Arc<dyn ReadAt>>,
    table: Option<Table>,
    seed: Place,
    esp: Option<Place>,
    remarks: Vec<Remark>,
}

/// A volume and where it starts on its medium.
struct Place {
    files: Box<dyn Files>,
    start: Option<ByteOffset>,
}

/// What is wrong with a medium that can be used all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// One of the two partition tables is damaged; the other one was used.
    #[error("the {} partition table is damaged, the other one is used", name(.copy))]
    Table {
        /// Which one.
        copy: gpt::Copy,
        /// What is wrong with it.
        source: Fault,
    },
    /// A partition holds no volume that can be read.
    #[error("partition {partition:?} at {start} has no volume that can be read")]
    Partition {
        /// The partition's name.
        partition: String,
        /// Where it starts.
        start: ByteOffset,
        /// What is wrong with it.
        source: VolumeError,
    },
    /// There is an optical volume, and it cannot be read.
    #[error("the optical volume cannot be read")]
    Disc {
        /// What is wrong with it.
        source: VolumeError,
    },
    /// A partition reaches past the end: the medium was cut short.
    #[error("partition {partition:?} reaches past the end of the medium")]
    CutShort {
        /// The partition's name.
        partition: String,
        /// How far.
        source: ReadError,
    },
}

/// Why a medium cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediumError {
    /// Both partition tables are damaged.
    #[error("the medium has no partition table that can be used")]
    Table(#[source] GptError),
    /// There is no partition table, and what is there instead cannot be read.
    #[error("the medium holds neither a partition table nor a volume that can be read")]
    Volume(#[source] VolumeError),
    /// There are partitions, and none of them can be read as the seed volume.
    #[error("none of the medium's partitions can be read as a seed volume")]
    NoSeed {
        /// What is wrong with the first one that should be.
        #[source]
        first: Option<Box<Remark>>,
        /// Which seed medium it is nevertheless, by its boot volume.
        marker: Option<Marker>,
    },
}

impl Medium {
    /// Opens a disk, or a volume alone.
    ///
    /// # Errors
    /// [`MediumError`].
    pub fn open(disk: Arc<dyn ReadAt>) -> Result<Self, MediumError> {
        match gpt::read(&disk) {
            Ok(found) => Self::with_table(disk, found),
            Err(GptError::Missing) => {
                let files = volumes::open(&disk).map_err(MediumError::Volume)?;
                let seed = Place { files, start: Some(ByteOffset::ZERO) };
                Ok(Self { disk: Some(disk), table: None, seed, esp: None, remarks: Vec::new() })
            }
            Err(error) => Err(MediumError::Table(error)),
        }
    }

    /// A medium whose seed volume somebody else has mounted. Where its bytes lie is not known then.
    pub fn mounted(files: Box<dyn Files>) -> Self {
        let seed = Place { files, start: None };
        Self { disk: None, table: None, seed, esp: None, remarks: Vec::new() }
    }

    fn with_table(disk: Arc<dyn ReadAt>, found: gpt::Found) -> Result<Self, MediumError> {
        let gpt::Found { table, copy, other } = found;
        let damaged = match copy {
            gpt::Copy::Primary => gpt::Copy::Backup,
            gpt::Copy::Backup => gpt::Copy::Primary,
        };
        let mut remarks: Vec<_> =
            other.map(|source| Remark::Table { copy: damaged, source }).into_iter().collect();
        let esp =
            table.find(raw::EFI_SYSTEM).and_then(|partition| keep(open(&disk, partition), &mut remarks));
        let mut faults = Vec::new();
        let mut seeds: Vec<_> = keep(whole(&disk), &mut faults).into_iter().flatten().collect();
        if seeds.is_empty() {
            // Neither of these is a seed volume.
            let others = table.partitions.iter();
            let others =
                others.filter(|partition| ![raw::EFI_SYSTEM, raw::BIOS_BOOT].contains(&partition.kind));
            seeds.extend(others.filter_map(|partition| keep(open(&disk, partition), &mut faults)));
        }
        let best = seeds.iter().position(|place| place.files.open(paths::MANIFEST).is_ok()).unwrap_or(0);
        if seeds.is_empty() {
            let marker = esp.as_ref().and_then(marker);
            return Err(MediumError::NoSeed { first: faults.into_iter().next().map(Box::new), marker });
        }
        remarks.append(&mut faults);
        let seed = seeds.swap_remove(best);
        Ok(Self { disk: Some(disk), table: Some(table), seed, esp, remarks })
    }

    /// The seed volume.
    pub fn seed(&self) -> &dyn Files {
        &*self.seed.files
    }

    /// A volume, where the medium has it and it can be read.
    pub fn volume(&self, volume: Volume) -> Option<&dyn Files> {
        self.place(volume).map(|place| &*place.files)
    }

    /// Where a volume starts on the medium, where that means something.
    pub fn start(&self, volume: Volume) -> Option<ByteOffset> {
        self.place(volume)?.start
    }

    /// Which seed medium it is, as its boot volume says; `None` where it has no such volume, or that says nothing.
    pub fn marker(&self) -> Option<Marker> {
        self.esp.as_ref().and_then(marker)
    }

    /// All bytes of the medium; `None` for a folder.
    pub fn disk(&self) -> Option<&dyn ReadAt> {
        self.disk.as_deref()
    }

    /// The partition table, where there is one.
    pub fn table(&self) -> Option<&Table> {
        self.table.as_ref()
    }

    /// What is wrong with the medium and did not keep it from being opened.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    fn place(&self, volume: Volume) -> Option<&Place> {
        match volume {
            Volume::Seed => Some(&self.seed),
            Volume::Esp => self.esp.as_ref(),
        }
    }
}

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Medium").field("table", &self.table).field("remarks", &self.remarks).finish()
    }
}

/// The volume in a partition.
fn open(disk: &Arc<dyn ReadAt>, partition: &Partition) -> Result<Place, Remark> {
    let Partition { name, start, len, .. } = partition;
    let window = Window::new(disk.clone(), *start, *len)
        .map_err(|source| Remark::CutShort { partition: name.clone(), source })?;
    let window: Arc<dyn ReadAt> = Arc::new(window);
    let files = volumes::open(&window).map_err(|source| Remark::Partition {
        partition: name.clone(),
        start: *start,
        source,
    })?;
    Ok(Place { files, start: Some(*start) })
}

/// The volume of an optical medium: it takes up all of it, and has no partition of its own.
fn whole(disk: &Arc<dyn ReadAt>) -> Result<Option<Place>, Remark> {
    match volumes::udf(disk.clone()) {
        Ok(files) => Ok(Some(Place { files, start: Some(ByteOffset::ZERO) })),
        Err(VolumeError::Unknown) => Ok(None),
        Err(source) => Err(Remark::Disc { source }),
    }
}

/// What a boot volume says of its medium.
fn marker(esp: &Place) -> Option<Marker> {
    let text = read_file(&*esp.files, paths::MARKER, Marker::MAX_TEXT).ok()?;
    Marker::parse(&text).ok()
}

fn keep<T>(result: Result<T, Remark>, faults: &mut Vec<Remark>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

fn name(copy: &gpt::Copy) -> &'static str {
    match copy {
        gpt::Copy::Primary => "primary",
        gpt::Copy::Backup => "backup",
    }
}
