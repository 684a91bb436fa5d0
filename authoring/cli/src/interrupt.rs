//! Ctrl-C and the signals that ask to end: the first lets work stop and clean up, the second ends at once.

use std::fs;
use std::io;

use host::Stop;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::code::Code;

/// Has the signals set `stop`. Where they cannot be caught they end the program, as they always do.
/// A hang-up that is ignored, as `nohup` has it, stays so.
pub fn listen(stop: Stop) {
    let caught: &[i32] = if is_ignored(SIGHUP) { &[SIGINT, SIGTERM] } else { &[SIGINT, SIGTERM, SIGHUP] };
    let Ok(mut signals) = Signals::new(caught) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            // A terminal that goes away says so more than once: by the kernel, and by the shell.
            if stop.is_set() && signal != SIGHUP {
                std::process::exit(Code::Interrupted as i32);
            }
            stop.set();
        }
    });
}

/// Has every signal call `then`, which learns whether it was a hang-up. The second that asks to end ends at once.
///
/// # Errors
/// The machine's, when signals cannot be caught.
pub fn hear(then: impl Fn(bool) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        let mut is_ending = false;
        for signal in signals.forever() {
            if is_ending && signal != SIGHUP {
                std::process::exit(Code::Interrupted as i32);
            }
            is_ending |= signal != SIGHUP;
            then(signal == SIGHUP);
        }
    });
    Ok(())
}

/// Lets the program have as many files and connections open as this machine lets it have at all.
pub fn allow_many_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // It goes on with those that it may have.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Whether a signal was ignored when the program was started, as proc(5) tells: the mask `SigIgn`.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
