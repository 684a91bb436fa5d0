//! `device assign`.

use clap::Args;
use store::Store;
use store::device::{Assignment, DeviceDocument};

use super::shown::Shown;
use crate::code::Code;
use crate::error::Refusal;
use crate::name::{self, Exact, Wanted};
use crate::shell::Shell;

/// Assign a version of an image to a device.
///
/// Without @VERSION the newest version is assigned, and stays so until another one is; with --lock or --unlock alone the
/// version stays as it is. The device fetches what is staged too, and does not run it until it is assigned without
/// --staged. What was removed is assigned again.
#[derive(Args, Debug)]
pub struct Assign {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
    /// The version; without @VERSION the newest one
    #[arg(value_name = "IMAGE[@VERSION]")]
    image: Wanted,
    /// Have it fetched and not run yet
    #[arg(long)]
    staged: bool,
    /// Have the device leave the image as it is, until it is unlocked
    #[arg(long, conflicts_with_all = ["unlock", "staged"])]
    lock: bool,
    /// Let versions change again
    #[arg(long)]
    unlock: bool,
}

impl Assign {
    /// Assigns the version.
    ///
    /// # Errors
    /// When there is no such device or version, or the image is locked.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let store = shell.store()?;
        let changed = super::change(shell, &self.name, |device| self.change(&store, device))?;
        shell.answer(&Shown::from(changed))?;
        Ok(Code::Done)
    }

    fn change(&self, store: &Store, device: &mut DeviceDocument) -> anyhow::Result<()> {
        let image = &self.image.name;
        let there = device.assignment(image);
        let only_lock = (self.lock || self.unlock) && self.image.version.is_none();
        match there {
            Some(there) if only_lock && !self.staged => there.locked = self.lock,
            Some(there) => self.change_version(store, there)?,
            None if self.staged => {
                let what = format!("no version of {image} is assigned to {}", device.device);
                let next = "assign the one that it is to run now, without --staged";
                return Err(Refusal::usage(what).next(next).into());
            }
            None => {
                let Exact { name, version } = self.version(store)?;
                let assignment = Assignment { locked: self.lock, ..Assignment::new(&name, &version) };
                device.assignments.push(assignment);
            }
        }
        Ok(())
    }

    fn change_version(&self, store: &Store, there: &mut Assignment) -> anyhow::Result<()> {
        let Exact { version, .. } = self.version(store)?;
        there.locked &= !self.unlock;
        if there.locked && (version != there.current || self.staged) {
            let what = format!("{}@{} is locked", there.image, there.current);
            return Err(Refusal::new(Code::Target, what).next("give --unlock").into());
        }
        there.removed = None;
        if self.staged {
            there.staged = (version != there.current).then_some(version);
        } else {
            there.staged = there.staged.take().filter(|staged| *staged != version);
            (there.current, there.locked) = (version, there.locked || self.lock);
        }
        Ok(())
    }

    /// The version, whose layers are seen to be there.
    fn version(&self, store: &Store) -> anyhow::Result<Exact> {
        let Wanted { name, version } = &self.image;
        let found = store.locate(name, version.as_deref())?.document;
        Ok(Exact { name: found.name, version: found.version })
    }
}
