//! What a PC with a BIOS starts from a medium that needs UEFI: it says so, waits for a key, and starts anew.
//!
//! The same code serves the first sector of a stick and El Torito's image on a disc. It runs wherever it was loaded.

/// The code, 16-bit x86. The message and a zero byte follow it.
const CODE: [u8; 39] = [
    0xFA, //             cli
    0x31, 0xC0, //       xor ax, ax
    0x8E, 0xD0, //       mov ss, ax
    0xBC, 0x00, 0x7C, // mov sp, 0x7c00
    0xFB, //             sti
    0xFC, //             cld
    0x0E, //             push cs
    0x1F, //             pop ds
    0xE8, 0x00, 0x00, // call here
    0x5E, //             here: pop si
    0x83, 0xC6, 0x18, // add si, message - here
    0xAC, //             next: lodsb
    0x84, 0xC0, //       test al, al
    0x74, 0x09, //       jz wait
    0xB4, 0x0E, //       mov ah, 0x0e (teletype output)
    0xBB, 0x07, 0x00, // mov bx, 7
    0xCD, 0x10, //       int 0x10
    0xEB, 0xF2, //       jmp next
    0x31, 0xC0, //       wait: xor ax, ax
    0xCD, 0x16, //       int 0x16 (wait for a key)
    0xCD, 0x19, //       int 0x19 (start anew)
];

/// What it says on a medium that starts under UEFI.
pub const NEEDS_UEFI: &str = "this medium needs UEFI: switch the firmware to it, then press a key.";

/// What it says on a medium that carries data alone.
pub const STARTS_NOTHING: &str = "this medium starts nothing: take it out, then press a key.";

/// The code with a message.
pub fn program(message: &str) -> Vec<u8> {
    [&CODE[..], b"\r\nseedpress: ", message.as_bytes(), b"\r\n\0"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::gpt::write::MAX_BOOTSTRAP;

    #[test]
    fn the_message_lies_where_the_code_looks_for_it() {
        let here = CODE.iter().position(|byte| *byte == 0x5E).unwrap();
        assert_eq!(here + usize::from(CODE[here + 3]), CODE.len());
        assert!(
            [NEEDS_UEFI, STARTS_NOTHING].into_iter().all(|message| program(message).len() <= MAX_BOOTSTRAP)
        );
    }
}
