//! A machine that was started from a medium: what is on the medium, which disk it goes to, and getting it there.
//!
//! ```text
//! Machine ──disks──> Media ──> Stock ──> answers or menu ──> work ──> deployed, or refused
//!                    medium,   disks,    image and disk,     writes, reads back, compares,
//!                    set,      what is   confirmed           writes both ends last
//!                    trust     on them
//! ```
//!
//! Two programs share it: the native loader, on firmware, and the init of the Linux payload. Each of them is a
//! [`Machine`]: it knows how to find disks, show pixels, hear keys and tell the time, and nothing else. What is said,
//! asked, refused and written is decided here, so that it is the same in both and can be tested without either.
//!
//! Every step is a line on the serial console that begins with `seedpress: `; the last one says what was deployed, or
//! why nothing was.
#![no_std]

extern crate alloc;

mod answers;
mod content;
mod desk;
mod error;
pub mod machine;
mod media;
mod menu;
mod page;
mod screen;
mod session;
mod stock;
mod tables;
mod text;
mod work;

use alloc::format;
use alloc::string::ToString;

pub use machine::{About, Area, Bus, Console, Disk, End, Frame, Hands, Key, Machine, Start};

use desk::Desk;
use page::Page;
use session::Outcome;

/// Runs a station: finds the medium, has an image and a disk chosen, by people or by the medium's answers, and deploys. It
/// comes back when the machine could not be ended as was asked.
pub fn run(machine: &mut dyn Machine, start: &Start) {
    let mut desk = Desk::new(machine, start);
    desk.say(&start.program);
    let began = desk.millis();
    let ending = match session::run(&mut desk, start) {
        Ok(Outcome::Deployed { title, disk, sha256 }) => {
            let what = format!("{title} to {disk}");
            let took = text::time(desk.millis().saturating_sub(began) / 1000);
            desk.show(&Page::Done { what: what.clone(), sha256: sha256.to_string(), took });
            desk.say(&format!("deployed {what} sha256={sha256}"));
            desk.endings.0
        }
        Ok(Outcome::Left(ending)) => {
            desk.say("refused: nobody chose an image");
            ending
        }
        Err(refusal) => {
            let why = text::line(&refusal.text());
            desk.show(&Page::Refused { why: why.clone() });
            desk.say(&format!("refused: {why}"));
            desk.endings.1
        }
    };
    desk.end(ending);
}
