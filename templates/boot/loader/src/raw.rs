//! What cannot be said in safe Rust: the entry, protocols of the firmware, ports and the clock of the processor.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

use formats::minisign::slot;
use uefi::boot::{self, EventType, OpenProtocolAttributes, OpenProtocolParams, Tpl};
use uefi::proto::ProtocolPointer;
use uefi::{Event, Handle, Status};

/// What the firmware starts.
#[uefi::entry]
fn efi_main() -> Status {
    crate::run()
}

/// The keys that are trusted: put here when the loader is put on a medium.
#[used]
static KEYS: [u8; slot::LEN] = slot::EMPTY;

/// The place of the keys as it stands in memory, whatever the compiler knows of it.
pub fn keys() -> [u8; slot::LEN] {
    // SAFETY: it is a static that nobody writes to.
    unsafe { ptr::read_volatile(&raw const KEYS) }
}

/// Opens a protocol for as long as `work` takes, and takes it from nobody: a driver below goes on using it. `None` where the
/// handle has it not, or is gone. Work must not open the same protocol of the same handle again.
pub fn with<P: ProtocolPointer + ?Sized, R>(handle: Handle, work: impl FnOnce(&mut P) -> R) -> Option<R> {
    let params = OpenProtocolParams { handle, agent: boot::image_handle(), controller: None };
    // SAFETY: nothing here disconnects a driver while the protocol is used, for the borrow ends with `work`. The firmware
    // checks the handle itself.
    let opened = unsafe { boot::open_protocol::<P>(params, OpenProtocolAttributes::GetProtocol) };
    let mut protocol = opened.ok().filter(|protocol| protocol.get().is_some())?;
    Some(work(&mut protocol))
}

/// The handle of the firmware's own screen, on which it joins all screens of the machine.
pub fn console_handle() -> Option<Handle> {
    let table = uefi::table::system_table_raw()?;
    // SAFETY: the firmware gave the table to the entry, and it stays as long as boot services do.
    unsafe { Handle::from_ptr(table.as_ref().stdout_handle) }
}

/// A timer that is not set.
pub fn timer() -> Option<Event> {
    // SAFETY: there is no function that could be called too late.
    unsafe { boot::create_event(EventType::TIMER, Tpl::CALLBACK, None, None) }.ok()
}

/// The processor's time stamp counter.
pub fn ticks() -> u64 {
    // SAFETY: every processor of 64 bits has the instruction, and it touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// The eight registers of a PC's first serial port, and no other port.
#[derive(Clone, Copy, Debug)]
pub struct Com1(());

/// Where they start.
const COM1: u16 = 0x3f8;

impl Com1 {
    /// The port, which may not be there: reading gives 0xff then, and writing does nothing.
    pub const fn new() -> Self {
        // Every PC keeps these eight ports for a UART of the 8250's family, which moves no memory by itself.
        Self(())
    }

    /// Reads a register, of which there are 8.
    pub fn read(self, register: u8) -> u8 {
        let value: u8;
        let port = COM1 + u16::from(register & 7);
        // SAFETY: it is one of the UART's ports, where reading moves no memory.
        unsafe {
            asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags))
        };
        value
    }

    /// Writes a register, of which there are 8.
    pub fn write(self, register: u8, value: u8) {
        let port = COM1 + u16::from(register & 7);
        // SAFETY: it is one of the UART's ports, where writing moves no memory.
        unsafe {
            asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags))
        };
    }
}

/// A firmware's handle, to be kept with what is handed between threads.
#[derive(Clone, Copy, Debug)]
pub struct Kept(pub Handle);

// SAFETY: a handle is only a number to us. Protocols are opened from it on the boot processor alone.
unsafe impl Send for Kept {}
// SAFETY: as above.
unsafe impl Sync for Kept {}

/// A value that one has at a time.
#[derive(Debug, Default)]
pub struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `with` lets one in at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// A value that nobody has.
    pub const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Does something with the value. It must not ask for the same value again.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        while self.taken.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        // SAFETY: `taken` was false, and whoever comes now waits until it is false again.
        let done = work(unsafe { &mut *self.value.get() });
        self.taken.store(false, Ordering::Release);
        done
    }
}
