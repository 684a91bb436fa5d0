//! Text out of the fields in which disks say what they are.

use alloc::string::String;

/// What can be printed of a field that is filled up with spaces or zeros, with one space where there were many.
pub fn text(field: &[u8]) -> String {
    let mut said = String::new();
    for byte in field.iter().map(|byte| if byte.is_ascii_graphic() { *byte } else { b' ' }) {
        if byte != b' ' || !(said.is_empty() || said.ends_with(' ')) {
            said.push(char::from(byte));
        }
    }
    said.truncate(said.trim_end().len());
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_what_can_be_printed_of_it_without_its_filling() {
        let check = |field: &[u8], expected| assert_eq!(text(field), expected);
        check(b"  QEMU    HARDDISK  ", "QEMU HARDDISK");
        check(b"S1\0\0\0", "S1");
        check(b"a\r\nseedpress: deployed\x1b[2J\xff", "a seedpress: deployed [2J");
        check(b"", "");
    }
}
