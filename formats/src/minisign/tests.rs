//! What keys and signatures promise.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;

/// An id with leading zeros in print: its last byte is 0.
const ID: KeyId = KeyId([0x4c, 0xde, 0xb0, 0xa5, 0x98, 0xc5, 0x0b, 0x00]);

fn secret() -> SecretKey {
    SecretKey::from_seed(&[7; 32], ID)
}

fn cheap(password: &[u8]) -> Protection<'_> {
    Protection::Password { password, salt: [3; 32], memory: 1 << 24, work: 1 << 19 }
}

#[test]
fn ids_print_with_sixteen_digits() {
    assert_eq!(ID.to_string(), "000BC598A5B0DE4C");
    assert_eq!(KeyId([0; 8]).to_string(), "0000000000000000");
    assert!(secret().public().print().contains("public key 000BC598A5B0DE4C\n"));
}

#[test]
fn public_keys_come_back_as_file_and_as_base64() {
    let key = secret().public();
    assert_eq!(PublicKey::parse(&key.print()), Ok(key));
    assert_eq!(PublicKey::parse(&key.to_base64()), Ok(key));
    // Made by minisign 0.11.
    let text = "untrusted comment: minisign public key B30C598A5B0DE4C\n\
                RWRM3rClmMUwC01NOuXgafzVQus+TUPAUE/PXZPxexOGWd8Ashv5HjOY\n";
    assert_eq!(PublicKey::parse(text).unwrap().id.to_string(), "0B30C598A5B0DE4C");
}

#[test]
fn secret_keys_come_back_with_and_without_a_password() {
    let plain = secret().print(Protection::None).unwrap();
    assert_eq!(is_encrypted(&plain), Ok(false));
    assert_eq!(SecretKey::parse(&plain, None).unwrap().public(), secret().public());
    let sealed = secret().print(cheap(b"word")).unwrap();
    assert_eq!(is_encrypted(&sealed), Ok(true));
    assert_eq!(SecretKey::parse(&sealed, Some(b"word")).unwrap().public(), secret().public());
    assert_eq!(SecretKey::parse(&sealed, Some(b"Word")).unwrap_err(), SecretKeyError::WrongPassword);
    assert_eq!(SecretKey::parse(&sealed, None).unwrap_err(), SecretKeyError::NoPassword);
}

#[test]
fn a_secret_key_cannot_ask_for_more_than_minisign_does() {
    for (memory, work) in [(MAX_MEMORY + 1, 1 << 20), (1 << 20, MAX_WORK + 1), (u64::MAX, u64::MAX)] {
        let costly = Protection::Password { password: b"", salt: [0; 32], memory, work };
        assert!(matches!(secret().print(costly), Err(SecretKeyError::TooCostly { .. })), "{memory} {work}");
    }
}

#[test]
fn signing_is_deterministic_and_verifies() {
    let signature = sign(&secret(), b"message", "comment").unwrap();
    assert_eq!(signature, sign(&secret(), b"message", "comment").unwrap());
    let parsed = Signature::parse(&signature.print()).unwrap();
    assert_eq!(parsed, signature);
    assert_eq!(parsed.verify(&secret().public(), b"message"), Ok(()));
    assert_eq!(parsed.trusted_comment, "comment");
}

#[test]
fn a_wrong_key_a_changed_file_and_a_changed_comment_are_told_apart() {
    let key = secret().public();
    let mut signature = sign(&secret(), b"message", "comment").unwrap();
    let other = PublicKey { id: KeyId([1; 8]), ..key };
    let wrong = VerifyError::WrongKey { expected: other.id, found: ID };
    assert_eq!(signature.verify(&other, b"message"), Err(wrong));
    assert_eq!(signature.verify(&key, b"Message"), Err(VerifyError::Changed { key: ID }));
    let same_id = SecretKey::from_seed(&[8; 32], ID).public();
    assert_eq!(signature.verify(&same_id, b"message"), Err(VerifyError::Changed { key: ID }));
    signature.trusted_comment.push('!');
    assert_eq!(signature.verify(&key, b"message"), Err(VerifyError::CommentChanged { key: ID }));
}

#[test]
fn a_signature_with_any_other_letter_does_not_verify() {
    let text = sign(&secret(), b"message", "comment").unwrap().print();
    let key = secret().public();
    let untrusted = text.find('\n').unwrap();
    for at in untrusted..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let verdict = Signature::parse(&changed).map(|signature| signature.verify(&key, b"message"));
        // A line break at the end may become anything: nothing follows it.
        assert!(!matches!(verdict, Ok(Ok(()))) || at + 1 == text.len(), "byte {at}");
    }
}

#[test]
fn malformed_files_are_named_by_line() {
    let line = |text: &str| match Signature::parse(text) {
        Err(FileError::Line { line, .. } | FileError::Algorithm { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    let good = sign(&secret(), b"m", "c").unwrap().print();
    let lines: Vec<_> = good.lines().collect();
    assert_eq!(line(""), 1);
    assert_eq!(line(&good.replace(lines[1], "AAAA")), 2);
    assert_eq!(line(&good.replace("RU", "SU")), 2);
    assert_eq!(line(&good.replace("\ntrusted", "\ntrusty")), 3);
    assert_eq!(line(&lines[..3].join("\n")), 4);
    assert_eq!(line(&"x".repeat(100_000)), 1);
    assert!(matches!(sign(&secret(), b"m", "a\nb"), Err(FileError::Comment { .. })));
    assert!(matches!(PublicKey::parse("RWQ="), Err(FileError::Line { line: 1, .. })));
}
