//! `plan`: the layout of a medium, and nothing written.

use clap::{Args, Subcommand};
use press::Layout;

use crate::code::Code;
use crate::look::{DiscLook, Look, UsbLook};
use crate::output;
use crate::pressing::Pressing;
use crate::shell::Shell;

/// Print the layout of a medium and write nothing.
#[derive(Args, Debug)]
pub struct Plan {
    #[command(subcommand)]
    kind: Kind,
}

/// Kinds of media.
#[derive(Debug, Subcommand)]
enum Kind {
    /// Plan a disk image for a USB stick or disk.
    ///
    /// The options are those of "build usb"; those that are about writing change nothing. The time of the medium is
    /// SOURCE_DATE_EPOCH or, where that is not set, when the newest of its images was published.
    Usb(Pressing<UsbLook>),
    /// Plan an optical image, for discs and sticks.
    ///
    /// The options are those of "build disc"; those that are about writing change nothing. The time of the medium is
    /// SOURCE_DATE_EPOCH or, where that is not set, when the newest of its images was published.
    Disc(Pressing<DiscLook>),
}

impl Plan {
    /// Prints the layout.
    ///
    /// # Errors
    /// When there is none.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let layouts = match self.kind {
            Kind::Usb(pressing) => lay_out(&pressing, shell)?,
            Kind::Disc(pressing) => lay_out(&pressing, shell)?,
        };
        let text = match (&layouts[..], shell.json()) {
            ([layout], true) => layout.json(),
            (layouts, true) => press::set_json(layouts),
            (layouts, false) => layouts.iter().map(Layout::text).collect::<Vec<_>>().join("\n"),
        };
        output::to_stdout(text.as_bytes())?;
        Ok(Code::Done)
    }
}

fn lay_out<L: Args + Look>(pressing: &Pressing<L>, shell: &Shell) -> anyhow::Result<Vec<Layout>> {
    pressing.check_key()?;
    pressing.lay_out(shell, &pressing.threads.crew(shell)?, pressing.signing())
}
