//! What is shown when the loader itself is wrong. Nothing here takes memory: that may be what is wrong.

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use uefi::{boot, system};

use crate::serial::FirstPort;

/// Whether a fault is being told already.
static TOLD: AtomicBool = AtomicBool::new(false);

/// Tells on screen and serial ports where the fault is, and waits to be switched off.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if !TOLD.swap(true, Ordering::AcqRel) {
        let _ = tell(&mut FirstPort, info);
        let _ = system::with_stdout(|output| {
            let _ = output.clear();
            // It writes by pieces that it has on its stack.
            tell(output, info)
        });
    }
    loop {
        boot::stall(Duration::from_secs(1));
    }
}

fn tell(to: &mut dyn Write, info: &PanicInfo<'_>) -> fmt::Result {
    let message = info.message();
    write!(to, "\r\nseedpress: refused: internal error")?;
    if let Some(place) = info.location() {
        write!(to, " at {}:{}", place.file(), place.line())?;
    }
    write!(to, ": {message}\r\n")
}
