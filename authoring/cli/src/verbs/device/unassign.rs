//! `device unassign`.

use clap::Args;
use store::device::{Assignment, DeviceDocument, Removal};

use super::shown::Shown;
use crate::code::Code;
use crate::error::Refusal;
use crate::name;
use crate::shell::Shell;

/// Take an image from a device.
///
/// The device is told to give the image up when nobody uses it. With --hard it is not told of the image any more, and
/// cannot fetch it from this moment on.
#[derive(Args, Debug)]
pub struct Unassign {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
    /// The image
    #[arg(value_name = "IMAGE", value_parser = name::check)]
    image: String,
    /// At once, locked or not
    #[arg(long)]
    hard: bool,
    /// Only the version that is staged
    #[arg(long, conflicts_with = "hard")]
    staged: bool,
}

impl Unassign {
    /// Takes the image away.
    ///
    /// # Errors
    /// When there is no such device or assignment, or the image is locked.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let changed = super::change(shell, &self.name, |device| self.change(device))?;
        shell.answer(&Shown::from(changed))?;
        Ok(Code::Done)
    }

    fn change(&self, device: &mut DeviceDocument) -> anyhow::Result<()> {
        let there = device.assignment(&self.image);
        let there = there.ok_or_else(|| super::not_assigned(&self.name, &self.image))?;
        if there.locked && !self.hard {
            let what = format!("{}@{} is locked", there.image, there.current);
            return Err(Refusal::new(Code::Target, what).next("unlock it, or give --hard").into());
        }
        *there = match self.staged {
            true => Assignment { staged: None, ..there.clone() },
            false => {
                // What was taken away at once does not come back by being given up.
                let gone = self.hard || there.removed == Some(Removal::Hard);
                let how = if gone { Removal::Hard } else { Removal::Soft };
                Assignment { removed: Some(how), ..there.clone() }
            }
        };
        Ok(())
    }
}
