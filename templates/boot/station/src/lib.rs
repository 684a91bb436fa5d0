//! A machine that was started from a medium: what is on the medium, which disk it goes to, and getting it there.
//!
//! Two programs share it: the native loader, on firmware, and the init of the Linux payload. Each of them is a
//! [`Machine`]: it knows how to find disks, show pixels, hear keys and tell the time, and nothing else. What is said,
//! asked, refused and written is decided here, so that it is the same in both and can be tested without either.
#![no_std]

extern crate alloc;

pub mod machine;

pub use machine::{About, Area, Bus, Console, Disk, End, Frame, Hands, Key, Machine, Start};

/// Runs a station: finds the medium, has an image and a disk chosen, by people or by the medium's answers, and deploys. It
/// comes back when the machine could not be ended as was asked.
pub fn run(machine: &mut dyn Machine, start: &Start) {
    machine.console().serial(&alloc::format!("seedpress: {}", start.program));
}
