//! The native loader: a UEFI program that deploys from the medium that it lies on.
#![cfg_attr(target_os = "uefi", no_std, no_main)]

/// There is nothing to do where there is no firmware.
#[cfg(not(target_os = "uefi"))]
fn main() {}
