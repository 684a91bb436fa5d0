//! The native loader: a UEFI program that deploys from the medium that it lies on.
//!
//! | file | for |
//! |---|---|
//! | `raw` | what cannot be said in safe Rust: the entry, protocols, ports, clocks of the processor |
//! | `machine` | the machine that a station runs on |
//! | `disks`, `path` | which disks there are, what they are connected by, what they are called |
//! | `disk`, `cache` | reading and writing one |
//! | `identity`, `text` | a disk's model and serial number |
//! | `console`, `screen`, `serial`, `keys` | what is shown and heard |
//! | `clock` | milliseconds, and the time of day |
//! | `start` | what is known before anything was looked at |
//! | `decoder` | Zstandard |
//! | `fault` | what is shown when the loader itself is wrong |
//!
//! Where there is no firmware, the crate is an empty program.
#![cfg_attr(target_os = "uefi", no_std, no_main)]

#[cfg(any(target_os = "uefi", test))]
extern crate alloc;

#[cfg(any(target_os = "uefi", test))]
mod cache;
#[cfg(target_os = "uefi")]
mod clock;
#[cfg(target_os = "uefi")]
mod console;
#[cfg(target_os = "uefi")]
mod decoder;
#[cfg(target_os = "uefi")]
mod disk;
#[cfg(target_os = "uefi")]
mod disks;
#[cfg(target_os = "uefi")]
mod fault;
#[cfg(target_os = "uefi")]
mod identity;
#[cfg(target_os = "uefi")]
mod keys;
#[cfg(target_os = "uefi")]
mod machine;
#[cfg(target_os = "uefi")]
mod path;
#[cfg(target_os = "uefi")]
#[expect(unsafe_code, reason = "firmware is pointers; this is the only file that has them")]
mod raw;
#[cfg(target_os = "uefi")]
mod screen;
#[cfg(target_os = "uefi")]
mod serial;
#[cfg(target_os = "uefi")]
mod start;
#[cfg(any(target_os = "uefi", test))]
mod text;

/// Runs a station on this machine. There is nothing to go back to.
#[cfg(target_os = "uefi")]
fn run() -> ! {
    // The firmware would reset the machine after five minutes (UEFI 2.10, 3.1.2).
    let _ = uefi::boot::set_watchdog_timer(0, 0x1_0000, None);
    let mut machine = machine::Firmware::new();
    let start = start::start();
    station::run(&mut machine, &start);
    loop {
        machine.rest();
    }
}

/// There is nothing to do where there is no firmware.
#[cfg(not(target_os = "uefi"))]
fn main() {}
