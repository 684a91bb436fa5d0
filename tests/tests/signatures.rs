//! Signatures are minisign's: its program verifies ours, and we verify its.

use formats::minisign::{
    FileError, KeyId, Protection, PublicKey, SecretKey, SecretKeyError, Signature, VerifyError, is_encrypted,
    sign,
};
use seedpress_tests::judge::{Judge, Said};
use seedpress_tests::workshop::Workshop;

/// Keys of ours, from fixed seeds; the first id prints with a leading zero, which minisign leaves out.
fn ours(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32], KeyId([0x4c, 0xde, 0xb0, 0xa5, 0x98, 0xc5, 0x30, seed]))
}

/// A file, our keys in minisign's files, and a signature of ours.
struct Signed {
    workshop: Workshop,
    message: Vec<u8>,
}

impl Signed {
    fn new() -> Self {
        let workshop = Workshop::new();
        let message: Vec<u8> = (0..100_000u32).flat_map(|n| n.to_le_bytes()).collect();
        workshop.write("message", &message);
        workshop.write("ours.pub", ours(1).public().print().as_bytes());
        workshop.write("other.pub", ours(2).public().print().as_bytes());
        workshop.write("ours.sec", ours(1).print(Protection::None).unwrap().as_bytes());
        let signature = sign(&ours(1), &message, "timestamp:1 file:message").unwrap();
        workshop.write("message.minisig", signature.print().as_bytes());
        Self { workshop, message }
    }

    fn minisign(&self, args: &[&str]) -> Judge {
        Judge::new("minisign").folder(self.workshop.folder()).args(args)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.workshop.path(name)).unwrap()
    }
}

/// What minisign says when a signature does not hold.
fn refused(said: &Said, reason: &str) {
    assert_ne!(said.code, Some(0), "{said}");
    assert!(said.all().contains(reason), "{said}");
}

#[test]
fn minisign_verifies_what_we_signed() {
    let signed = Signed::new();
    let said = signed.minisign(&["-V", "-H", "-p", "ours.pub", "-m", "message"]).agrees().all();
    assert!(said.contains("Trusted comment: timestamp:1 file:message"), "{said}");
    let base64 = ours(1).public().to_base64();
    signed.minisign(&["-V", "-P", &base64, "-m", "message"]).agrees();
    refused(&signed.minisign(&["-V", "-p", "other.pub", "-m", "message"]).run(), "key id");
    signed.workshop.write("message", b"another");
    refused(
        &signed.minisign(&["-V", "-p", "ours.pub", "-m", "message"]).run(),
        "Signature verification failed",
    );
}

#[test]
fn we_verify_what_minisign_signed() {
    let signed = Signed::new();
    for format in [&[][..], &["-l"]] {
        let args =
            [&["-S", "-s", "ours.sec", "-m", "message", "-x", "its.minisig", "-t", "its comment"], format];
        signed.minisign(&args.concat()).agrees();
        let signature = Signature::parse(&signed.read("its.minisig")).unwrap();
        assert_eq!((signature.prehashed, &*signature.trusted_comment), (format.is_empty(), "its comment"));
        assert_eq!(signature.verify(&ours(1).public(), &signed.message), Ok(()));
        let changed = VerifyError::Changed { key: ours(1).public().id };
        assert_eq!(signature.verify(&ours(1).public(), b"another"), Err(changed));
        assert_eq!(Signature::parse(&signature.print()), Ok(signature));
    }
}

#[test]
fn the_same_key_signs_the_same_in_both() {
    let signed = Signed::new();
    let args =
        ["-S", "-s", "ours.sec", "-m", "message", "-x", "its.minisig", "-t", "timestamp:1 file:message"];
    signed.minisign(&args).agrees();
    let without_untrusted = |text: String| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        without_untrusted(signed.read("its.minisig")),
        without_untrusted(signed.read("message.minisig"))
    );
}

#[test]
fn minisign_reads_the_keys_that_we_print() {
    let signed = Signed::new();
    signed.minisign(&["-R", "-s", "ours.sec", "-p", "again.pub"]).agrees();
    let again = PublicKey::parse(&signed.read("again.pub")).unwrap();
    assert_eq!(again, ours(1).public());
    assert!(
        signed.read("again.pub").contains("130C598A5B0DE4C") && again.id.to_string() == "0130C598A5B0DE4C"
    );
}

#[test]
fn we_read_the_keys_that_minisign_makes() {
    let signed = Signed::new();
    signed.minisign(&["-G", "-W", "-p", "its.pub", "-s", "its.sec"]).agrees();
    let public = PublicKey::parse(&signed.read("its.pub")).unwrap();
    let text = signed.read("its.sec");
    assert_eq!(is_encrypted(&text), Ok(false));
    let secret = SecretKey::parse(&text, None).unwrap();
    assert_eq!(secret.public(), public);
    let signature = sign(&secret, &signed.message, "c").unwrap();
    signed.workshop.write("message.minisig", signature.print().as_bytes());
    signed.minisign(&["-V", "-p", "its.pub", "-m", "message"]).agrees();
}

/// minisign asks for passwords on its standard input where that is no terminal.
#[test]
fn passwords_are_the_same_to_both() {
    let signed = Signed::new();
    let said =
        signed.minisign(&["-G", "-p", "its.pub", "-s", "its.sec"]).fed(b"pass word\npass word\n").agrees();
    let text = signed.read("its.sec");
    assert_eq!(is_encrypted(&text), Ok(true), "{said}");
    let public = PublicKey::parse(&signed.read("its.pub")).unwrap();
    let secret = SecretKey::parse(&text, Some(b"pass word")).unwrap();
    assert_eq!(secret.public(), public);
    assert_eq!(SecretKey::parse(&text, None).unwrap_err(), SecretKeyError::NoPassword);
    // Our own, with less work than minisign's default, which it reads from the file.
    let cheap = Protection::Password { password: b"word", salt: [5; 32], memory: 1 << 24, work: 1 << 19 };
    signed.workshop.write("cheap.sec", ours(1).print(cheap).unwrap().as_bytes());
    signed
        .minisign(&["-S", "-s", "cheap.sec", "-m", "message", "-x", "cheap.minisig"])
        .fed(b"word\n")
        .agrees();
    let signature = Signature::parse(&signed.read("cheap.minisig")).unwrap();
    assert_eq!(signature.verify(&ours(1).public(), &signed.message), Ok(()));
    let wrong = signed.minisign(&["-S", "-s", "cheap.sec", "-m", "message"]).fed(b"Word\n").run();
    refused(&wrong, "Wrong password");
    let text = signed.read("cheap.sec");
    assert_eq!(SecretKey::parse(&text, Some(b"Word")).unwrap_err(), SecretKeyError::WrongPassword);
}

#[test]
fn a_key_is_no_signature_and_the_other_way_round() {
    let signed = Signed::new();
    let (public, secret, signature) =
        (signed.read("ours.pub"), signed.read("ours.sec"), signed.read("message.minisig"));
    assert!(matches!(Signature::parse(&public), Err(FileError::Line { line: 2, .. })));
    assert!(matches!(PublicKey::parse(&signature), Err(FileError::Line { line: 2, .. })));
    assert!(matches!(PublicKey::parse(&secret), Err(FileError::Line { line: 2, .. })));
    assert!(matches!(
        SecretKey::parse(&public, None),
        Err(SecretKeyError::File(FileError::Line { line: 2, .. }))
    ));
}
