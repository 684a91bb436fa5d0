//! Seal: writes what a medium cannot be read without, after everything else is on the device.

use formats::region::Stage;
use host::{HostError, Output};

use crate::complete::Summary;
use crate::fill::Filled;

/// A medium that is whole. Its output still has to be committed.
#[must_use]
#[derive(Debug)]
pub struct Sealed {
    /// What there is to say of it.
    pub summary: Summary,
    /// Where it was written.
    pub output: Output,
}

impl Filled {
    /// Writes the anchors: until then the medium can be neither mounted nor booted.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn seal(self) -> Result<Sealed, HostError> {
        let Self { regions, summary, output } = self;
        output.sync()?;
        for region in regions.iter().filter(|region| region.stage == Stage::Anchor) {
            let mut bytes = vec![0; region.len.0 as usize];
            region.fill(0, &mut bytes);
            output.write_at(region.start.0, &bytes)?;
        }
        output.sync()?;
        Ok(Sealed { summary, output })
    }
}
