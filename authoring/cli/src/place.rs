//! Where on a medium a path is.

use clap::Args;
use deploy::Medium;
use formats::files::Files;
use formats::manifest::Volume;

use crate::code::Code;
use crate::error::Refusal;

/// Which volume of a medium.
#[derive(Args, Debug)]
pub struct Place {
    /// Look at the EFI system partition instead of the seed volume
    #[arg(long)]
    esp: bool,
}

impl Place {
    /// The volume.
    ///
    /// # Errors
    /// When the medium does not have it.
    pub fn on<'m>(&self, medium: &'m Medium) -> Result<&'m dyn Files, Refusal> {
        let volume = if self.esp { Volume::Esp } else { Volume::Seed };
        medium.volume(volume).ok_or_else(|| {
            Refusal::new(Code::Unreachable, "the medium has no EFI system partition that can be read")
        })
    }

    /// A path as volumes take it: people also write it with slashes at both ends.
    pub fn path(typed: &str) -> &str {
        typed.trim_matches('/')
    }
}
