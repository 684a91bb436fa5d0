//! The first program of the Linux payload: it deploys from the medium that it was started from.
//!
//! The kernel starts it as process 1, out of the initramfs. It mounts what the kernel has to say, loads the modules that
//! came along, waits for disks and hands over to the station. It never ends by itself: the kernel would panic.

mod aligned;
mod cache;
mod console;
mod disk;
mod disks;
mod hands;
mod keyboard;
mod machine;
mod screen;
mod settle;
mod sysfs;
mod system;

use std::thread;
use std::time::{Duration, Instant};

use station::{Console, Machine, Start};

fn main() {
    let begun = Instant::now();
    // Before all else: even what goes wrong with the console is said on it.
    let mounted = system::mount();
    std::panic::set_hook(Box::new(|info| stop(&format!("internal error: {}", told(info)))));
    if let Err(error) = mounted {
        stop(&error);
    }
    let loaded = system::load_modules();
    let mut machine = machine::Linux::new(begun);
    for module in loaded.refused {
        machine.console().serial(&format!("seedpress: the kernel does not take the module {module}"));
    }
    let start = start();
    settle::wait(&mut machine, start.medium);
    station::run(&mut machine, &start);
    // The station's last word stays the last.
    wait()
}

/// What the initramfs and the kernel's command line say.
fn start() -> Start {
    Start {
        program: format!("seedpress {} linux", env!("CARGO_PKG_VERSION")),
        medium: system::medium(),
        keys: system::keys().unwrap_or_else(|reason| stop(&reason)),
    }
}

/// Where and why a thread gave up, on one line.
fn told(info: &std::panic::PanicHookInfo<'_>) -> String {
    info.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Says why nothing more happens, and waits to be switched off.
fn stop(reason: &str) -> ! {
    let mut console = console::Terminal::open();
    console.serial(&format!("seedpress: refused: {reason}"));
    console.text(&format!("refused: {reason}"));
    wait()
}

/// Waits to be switched off.
fn wait() -> ! {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}
