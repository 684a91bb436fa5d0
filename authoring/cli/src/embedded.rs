//! The programs that media start, which are part of this one (`build.rs` finds them).

/// The native loader, where this program was built with it.
pub fn loader() -> Option<&'static [u8]> {
    #[cfg(has_loader)]
    let program: Option<&[u8]> = Some(include_bytes!(env!("SEEDPRESS_LOADER")));
    #[cfg(not(has_loader))]
    let program = None;
    program
}

/// The init of the Linux payload, where this program was built with it.
pub fn init() -> Option<&'static [u8]> {
    #[cfg(has_init)]
    let program: Option<&[u8]> = Some(include_bytes!(env!("SEEDPRESS_INIT")));
    #[cfg(not(has_init))]
    let program = None;
    program
}
