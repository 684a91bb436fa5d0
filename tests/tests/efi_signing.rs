//! Programs that we sign: judged by sbverify, pesign and firmware.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use boot::sign::{EfiKey, EfiKeyError, Existing, SignError, sign};
use formats::pe::table::check_sum;
use formats::pe::{Certificate, Pe};
use seedpress_tests::fleet::{self, GRUB, SHIM, UNSIGNED, program};
use seedpress_tests::judge::{Judge, Said};
use seedpress_tests::workshop::Workshop;

fn sbverify(workshop: &Workshop, certificate: &str, program: &str) -> Said {
    Judge::new("sbverify").folder(workshop.folder()).args(["--cert", certificate, program]).run()
}

fn accepted(workshop: &Workshop, certificate: &str, program: &str) -> bool {
    let said = sbverify(workshop, certificate, program);
    assert_eq!(said.all().contains("Signature verification OK"), said.code == Some(0), "{said}");
    said.code == Some(0)
}

#[test]
fn sbverify_accepts_what_we_sign_and_refuses_it_when_it_was_changed() {
    let workshop = Workshop::new();
    ["fleet", "other"].iter().for_each(|name| fleet::make(&workshop, name, 2048));
    let key = fleet::load(&workshop, "fleet");
    let mut signed = sign(&program(UNSIGNED), &key, Existing::Keep).unwrap();
    workshop.write("signed.efi", &signed);
    assert!(accepted(&workshop, "fleet.pem", "signed.efi"));
    assert!(!accepted(&workshop, "other.pem", "signed.efi"));
    let list = Judge::new("sbverify").folder(workshop.folder()).args(["--list", "signed.efi"]).agrees();
    assert!(list.text().contains("subject: /CN=fleet"), "{list}");
    // In the last section.
    let at = Pe::parse(&signed).unwrap().table.start - 9;
    signed[at] ^= 1;
    workshop.write("changed.efi", &signed);
    assert!(!accepted(&workshop, "fleet.pem", "changed.efi"));
}

#[test]
fn keys_and_certificates_are_taken_in_every_form_that_openssl_gives_them() {
    let workshop = Workshop::new();
    fleet::make(&workshop, "fleet", 3072);
    let openssl = || Judge::new("openssl").folder(workshop.folder());
    openssl().args(["rsa", "-traditional", "-in", "fleet.key", "-out", "pkcs1.key"]).agrees();
    openssl().args(["x509", "-outform", "DER", "-in", "fleet.pem", "-out", "fleet.der"]).agrees();
    let read = |name: &str| std::fs::read(workshop.path(name)).unwrap();
    assert!(read("pkcs1.key").starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
    let efi = program(UNSIGNED);
    let signed = ["fleet.key", "pkcs1.key"].map(|key| {
        ["fleet.pem", "fleet.der"].map(|certificate| {
            let key = EfiKey::load(&read(key), &read(certificate)).unwrap();
            sign(&efi, &key, Existing::Keep).unwrap()
        })
    });
    let first = &signed[0][0];
    assert!(signed.iter().flatten().all(|signed| signed == first), "the same key gives the same bytes");
    workshop.write("signed.efi", first);
    assert!(accepted(&workshop, "fleet.pem", "signed.efi"));
}

#[test]
fn signatures_are_added_to_those_that_are_there_or_replace_them() {
    let workshop = Workshop::new();
    fleet::make(&workshop, "fleet", 2048);
    let key = fleet::load(&workshop, "fleet");
    for (path, before) in [(SHIM, 2), (GRUB, 1), (UNSIGNED, 0)] {
        let efi = program(path);
        let (kept, replaced) =
            (sign(&efi, &key, Existing::Keep).unwrap(), sign(&efi, &key, Existing::Replace).unwrap());
        for (name, bytes, count) in [("kept.efi", &kept, before + 1), ("replaced.efi", &replaced, 1)] {
            workshop.write(name, bytes);
            assert!(accepted(&workshop, "fleet.pem", name), "{path} {name}");
            let list =
                Judge::new("sbverify").folder(workshop.folder()).args(["--list", name]).agrees().text();
            assert_eq!(
                list.lines().filter(|line| line.starts_with("signature ")).count(),
                count,
                "{path}: {list}"
            );
        }
        let digest = |bytes: &[u8]| Pe::parse(bytes).unwrap().authenticode().unwrap();
        assert_eq!(digest(&kept), digest(&replaced));
        let again = sign(&replaced, &key, Existing::Replace).unwrap();
        assert!(again == replaced, "{path}");
    }
}

#[test]
fn our_digest_is_that_of_pesign() {
    let workshop = Workshop::new();
    for path in [SHIM, GRUB, UNSIGNED] {
        let efi = program(path);
        let name = Path::new("program.efi");
        workshop.write("program.efi", &efi);
        let said =
            Judge::new("pesign").folder(workshop.folder()).arg("--hash").arg("--in").arg(name).agrees();
        let ours = Pe::parse(&efi).unwrap().authenticode().unwrap().to_string();
        assert!(said.text().contains(&ours), "{path}: {ours}: {said}");
    }
}

#[test]
fn our_check_sum_is_that_of_sbsign() {
    let workshop = Workshop::new();
    fleet::make(&workshop, "fleet", 2048);
    workshop.write("program.efi", &program(UNSIGNED));
    let sbsign =
        Judge::new("sbsign").folder(workshop.folder()).args(["--key", "fleet.key", "--cert", "fleet.pem"]);
    sbsign.args(["--output", "theirs.efi", "program.efi"]).agrees();
    let theirs = std::fs::read(workshop.path("theirs.efi")).unwrap();
    let pe = Pe::parse(&theirs).unwrap();
    let written = u32::from_le_bytes(theirs[pe.check_sum..pe.check_sum + 4].try_into().unwrap());
    assert_eq!(check_sum(&theirs, pe.check_sum), written);
    let ours = sign(&program(UNSIGNED), &fleet::load(&workshop, "fleet"), Existing::Keep).unwrap();
    assert_eq!(Pe::parse(&ours).unwrap().authenticode(), pe.authenticode());
}

#[test]
fn keys_that_cannot_be_used_are_refused_with_what_to_do() {
    let workshop = Workshop::new();
    ["fleet", "other"].iter().for_each(|name| fleet::make(&workshop, name, 2048));
    fleet::make(&workshop, "short", 1024);
    let openssl = || Judge::new("openssl").folder(workshop.folder());
    let aes = ["rsa", "-aes256", "-passout", "pass:x", "-in", "fleet.key", "-out"];
    openssl().args(aes).arg("locked.key").agrees();
    openssl().args(aes).args(["locked1.key", "-traditional"]).agrees();
    openssl()
        .args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.key"])
        .agrees();
    let read = |name: &str| std::fs::read(workshop.path(name)).unwrap();
    let refused = |key: &str, cert: &str| EfiKey::load(&read(key), &read(cert)).err().expect(key);
    for locked in ["locked.key", "locked1.key"] {
        assert_eq!(refused(locked, "fleet.pem"), EfiKeyError::Encrypted);
    }
    assert!(EfiKeyError::Encrypted.to_string().contains("openssl rsa -in KEY -out PLAIN"));
    assert_eq!(refused("short.key", "short.pem"), EfiKeyError::Short { bits: 1024 });
    assert_eq!(refused("fleet.key", "other.pem"), EfiKeyError::Mismatch { subject: "other".into() });
    assert!(matches!(refused("ec.key", "fleet.pem"), EfiKeyError::NoKey { .. }));
    assert!(matches!(refused("fleet.pem", "fleet.pem"), EfiKeyError::NoKey { .. }));
    assert!(matches!(refused("fleet.key", "fleet.key"), EfiKeyError::Certificate(_)));
    assert!(Certificate::parse(b"").is_err());
}

#[test]
fn what_firmware_does_not_start_is_not_signed() {
    let workshop = Workshop::new();
    fleet::make(&workshop, "fleet", 2048);
    let key = fleet::load(&workshop, "fleet");
    let refused = |bytes: &[u8]| sign(bytes, &key, Existing::Keep).unwrap_err();
    assert!(matches!(refused(b"#!/bin/sh\n"), SignError::Pe(_)));
    let mut other = program(UNSIGNED);
    assert!(matches!(refused(&other[..200]), SignError::Pe(_)));
    let subsystem = Pe::parse(&other).unwrap().check_sum + 4;
    other[subsystem] = 3;
    assert_eq!(refused(&other), SignError::NotEfi { subsystem: 3 });
    // Bytes behind the table are signed by nobody.
    let tail = [program(SHIM), vec![7; 8]].concat();
    assert!(matches!(refused(&tail), SignError::Table(_)));
}

/// What the serial console says, up to `until`, when firmware that trusts only the snake oil key is given a program.
fn started(workshop: &Workshop, bytes: &[u8], until: &str) -> String {
    workshop.write("stick/EFI/BOOT/BOOTX64.EFI", bytes);
    std::fs::copy("/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd", workshop.path("vars")).unwrap();
    let mut qemu = Command::new("timeout");
    qemu.args(["--kill-after=5", "180", "qemu-system-x86_64", "-nodefaults", "-accel", "tcg", "-m", "256"]);
    qemu.args(["-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"]);
    qemu.args(["-global", "ICH9-LPC.disable_s3=1", "-display", "none", "-no-reboot", "-serial", "stdio"]);
    qemu.args(["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"]);
    qemu.args(["-drive", "if=pflash,format=raw,file=vars"]);
    qemu.args(["-drive", "file=fat:stick,format=raw,if=none,id=stick,readonly=on"]);
    qemu.args(["-device", "qemu-xhci", "-device", "usb-storage,drive=stick"]);
    let mut child =
        qemu.current_dir(workshop.folder()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    let serial = child.stdout.as_mut().unwrap();
    while !String::from_utf8_lossy(&said).contains(until) {
        match serial.read(&mut piece).unwrap() {
            0 => break,
            read => said.extend_from_slice(&piece[..read]),
        }
    }
    // It passes this on to QEMU.
    Judge::new("kill").arg(child.id().to_string()).run();
    child.wait().unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn firmware_with_our_key_starts_what_we_signed_and_nothing_else() {
    let workshop = Workshop::new();
    let openssl = Judge::new("openssl").folder(workshop.folder()).args(["rsa", "-passin", "pass:snakeoil"]);
    openssl.args(["-in", "/usr/share/ovmf/PkKek-1-snakeoil.key", "-out", "plain.key"]).agrees();
    workshop.write("commands", b"terminal_output console\necho \"seedpress: started\"\nsleep 60\n");
    let grub = Judge::new("grub-mkimage").folder(workshop.folder());
    let grub = grub.args(["--format=x86_64-efi", "--prefix=/", "--config=commands", "--output=grub.efi"]);
    grub.args(["echo", "sleep", "terminal", "normal"]).agrees();
    let unsigned = std::fs::read(workshop.path("grub.efi")).unwrap();
    let key = std::fs::read(workshop.path("plain.key")).unwrap();
    let certificate = program("/usr/share/ovmf/PkKek-1-snakeoil.pem");
    let key = EfiKey::load(&key, &certificate).unwrap();
    let signed = sign(&unsigned, &key, Existing::Keep).unwrap();
    let said = started(&workshop, &signed, "seedpress: started");
    assert!(said.contains("seedpress: started"), "{said}");
    let said = started(&workshop, &unsigned, "Access Denied");
    assert!(said.contains("Access Denied") && !said.contains("seedpress: started"), "{said}");
}
