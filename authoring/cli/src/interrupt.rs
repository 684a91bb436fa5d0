//! Ctrl-C and the signals that ask to end: the first lets work stop and clean up, the second ends at once.

use host::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::code::Code;

/// Has the signals set `stop`. Where they cannot be caught they end the program, as they always do.
/// A hang-up is not caught, so that `nohup` can have it ignored.
pub fn listen(stop: Stop) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if stop.is_set() {
                std::process::exit(Code::Interrupted as i32);
            }
            stop.set();
        }
    });
}
