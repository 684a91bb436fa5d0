//! `inspect` says what is on a medium, who signed it, and what firmware makes of it.

use boot::sign::{Existing, sign};
use formats::digest::Sha256;
use formats::pe::Pe;
use seedpress_tests::desk::{BUILD, BUILD_DISC, Desk};
use seedpress_tests::fleet::{self, GRUB, SHIM, UNSIGNED, program};
use seedpress_tests::workshop::Workshop;
use serde_json::Value;

/// A desk with a medium on whose EFI system partition these programs are, under these names in EFI/BOOT.
fn desk(build: &str, programs: &[(&str, &[u8])]) -> Desk {
    let desk = Desk::stocked();
    std::fs::remove_file(desk.path("esp/EFI/BOOT/BOOTX64.EFI")).unwrap();
    for (name, bytes) in programs {
        desk.write(&format!("esp/EFI/BOOT/{name}"), bytes);
    }
    desk.does(&format!("{build} -o medium.img"));
    desk
}

/// The rows of the table: firmware, as what it sees the medium, and whether it starts it.
fn rows(inspected: &Value) -> Vec<(&str, &str, bool)> {
    let rows = inspected["starts"].as_array().unwrap().iter();
    rows.map(|row| {
        (row["firmware"].as_str().unwrap(), row["seen_as"].as_str().unwrap(), row["starts"] == true)
    })
    .collect()
}

fn why<'v>(inspected: &'v Value, firmware: &str) -> &'v str {
    let rows = inspected["starts"].as_array().unwrap();
    rows.iter().find(|row| row["firmware"] == firmware).unwrap()["why"].as_str().unwrap()
}

/// What a stick does on UEFI without Secure Boot, with Microsoft's certificates of 2011, and with those of 2023.
fn uefi(answers: [bool; 3]) -> Vec<(&'static str, &'static str, bool)> {
    let [off, of_2011, of_2023] = answers;
    vec![
        ("uefi", "disk", off),
        ("secure-boot-2011", "disk", of_2011),
        ("secure-boot-2023", "disk", of_2023),
        ("bios", "disk", false),
    ]
}

#[test]
fn shim_and_a_signed_grub_start_with_either_generation_of_certificates() {
    let (shim, grub) = (program(SHIM), program(GRUB));
    let desk = desk(BUILD, &[("BOOTX64.EFI", &shim), ("grubx64.efi", &grub)]);
    let inspected = desk.object(0, "inspect medium.img");
    assert_eq!(rows(&inspected), uefi([true; 3]));
    let found = &inspected["programs"][0];
    assert_eq!((&found["volume"], &found["path"]), (&"esp".into(), &"EFI/BOOT/BOOTX64.EFI".into()));
    assert_eq!((&found["architecture"], &found["len"]), (&"x64".into(), &shim.len().into()));
    assert_eq!(found["sha256"], Sha256::of(&shim).to_string());
    let digest = Pe::parse(&shim).unwrap().authenticode().unwrap().to_string();
    assert_eq!(found["authenticode"], digest);
    assert!(found["about"].as_str().unwrap().starts_with("shim "), "{found}");
    let [first, second] = [0, 1].map(|number| &found["signatures"][number]);
    assert_eq!(
        (&first["class"], &second["class"]),
        (&"microsoft-uefi-ca-2011".into(), &"microsoft-uefi-ca-2023".into())
    );
    assert_eq!(first["subject"], "Microsoft Windows UEFI Driver Publisher");
    assert_eq!(second["verified"], serde_json::json!(["Microsoft UEFI CA 2023"]));
    assert!(first["intact"] == true && first["expires"].as_str().unwrap().starts_with("202"), "{first}");
    let debian = &inspected["programs"][1]["signatures"][0];
    assert_eq!((&debian["class"], &debian["issuer"]), (&"other".into(), &"Debian Secure Boot CA".into()));
    assert_eq!(debian["verified"], serde_json::json!([]));
    assert!(why(&inspected, "secure-boot-2011").contains("then grub "), "{inspected:#}");
    assert!(why(&inspected, "bios").contains("needs UEFI"), "{inspected:#}");
    let text = desk.does("inspect medium.img").text();
    assert!(text.contains("issued by Microsoft UEFI CA 2023 (verified)"), "{text}");
    assert!(text.contains("issued by Debian Secure Boot CA (not verified)"), "{text}");
}

#[test]
fn shim_starts_what_the_firmware_itself_would() {
    let desk = desk(BUILD, &[("BOOTX64.EFI", &program(SHIM)), ("grubx64.efi", &program(SHIM))]);
    let inspected = desk.object(0, "inspect medium.img");
    assert_eq!(rows(&inspected), uefi([true; 3]));
    let why = why(&inspected, "secure-boot-2023");
    assert!(why.ends_with("signed by Microsoft UEFI CA 2023, as the firmware has it"), "{why}");
}

#[test]
fn a_folder_without_a_program_where_firmware_looks_starts_nothing() {
    let desk = desk(BUILD, &[("OTHER.EFI", &program(UNSIGNED))]);
    let inspected = desk.object(0, "inspect medium.img");
    assert_eq!(rows(&inspected), uefi([false; 3]));
    assert!(why(&inspected, "uefi").starts_with("there is no EFI/BOOT/BOOTX64.EFI"), "{inspected:#}");
}

#[test]
fn shim_starts_nothing_that_neither_its_vendor_nor_the_firmware_knows() {
    let workshop = Workshop::new();
    fleet::make(&workshop, "fleet", 2048);
    let by_fleet = sign(&program(UNSIGNED), &fleet::load(&workshop, "fleet"), Existing::Keep).unwrap();
    let unsigned = program(UNSIGNED);
    for (next, reason) in [
        (Some(&unsigned), "unsigned"),
        (Some(&by_fleet), "not signed by Debian"),
        (None, "finds no grubx64.efi"),
    ] {
        let shim = program(SHIM);
        let mut programs = vec![("BOOTX64.EFI", &*shim)];
        programs.extend(next.map(|next| ("grubx64.efi", &**next)));
        let desk = desk(BUILD, &programs);
        let inspected = desk.object(0, "inspect medium.img");
        assert_eq!(rows(&inspected), uefi([next.is_some(), false, false]));
        assert!(why(&inspected, "secure-boot-2023").contains(reason), "{inspected:#}");
    }
}

#[test]
fn an_unsigned_program_starts_where_nobody_asks_for_a_signature() {
    let desk = desk(BUILD, &[("BOOTX64.EFI", &program(UNSIGNED))]);
    let inspected = desk.object(0, "inspect medium.img");
    assert_eq!(rows(&inspected), uefi([true, false, false]));
    assert!(why(&inspected, "secure-boot-2011").ends_with(" is unsigned"), "{inspected:#}");
    assert!(
        inspected["programs"][0]["about"].as_str().unwrap().starts_with("systemd-boot "),
        "{inspected:#}"
    );
}

#[test]
fn what_others_signed_starts_on_no_machine_as_it_is_sold() {
    let desk = desk(BUILD, &[("BOOTX64.EFI", &program(GRUB))]);
    let inspected = desk.object(0, "inspect medium.img");
    assert_eq!(rows(&inspected), uefi([true, false, false]));
    assert!(
        why(&inspected, "secure-boot-2011").contains("signed by Debian Secure Boot CA only"),
        "{inspected:#}"
    );
}

#[test]
fn what_a_fleet_signed_starts_on_its_machines() {
    let workshop = Workshop::new();
    ["fleet", "other"].iter().for_each(|name| fleet::make(&workshop, name, 2048));
    let key = fleet::load(&workshop, "fleet");
    let desk = desk(BUILD, &[("BOOTX64.EFI", &sign(&program(UNSIGNED), &key, Existing::Keep).unwrap())]);
    for name in ["fleet.pem", "other.pem"] {
        desk.write(name, &std::fs::read(workshop.path(name)).unwrap());
    }
    let inspected = desk.object(0, "inspect medium.img --cert other.pem --cert fleet.pem");
    let signature = &inspected["programs"][0]["signatures"][0];
    assert_eq!((&signature["class"], &signature["verified"]), (&"own".into(), &serde_json::json!(["fleet"])));
    let own: Vec<_> =
        rows(&inspected).into_iter().filter(|row| row.0 == "secure-boot-own").map(|row| row.2).collect();
    assert_eq!(own, [false, true]);
    let without = desk.object(0, "inspect medium.img");
    assert_eq!(without["programs"][0]["signatures"][0]["class"], "other");
    assert!(desk.refuses(2, "inspect medium.img --cert key.pub").contains("no certificate"));
    desk.refuses(16, "inspect medium.img --cert missing.pem");
}

#[test]
fn a_program_that_was_changed_is_said_to_be_so() {
    let mut shim = program(SHIM);
    let at = Pe::parse(&shim).unwrap().sections[0].range.start;
    shim[at] ^= 1;
    let desk = desk(BUILD, &[("BOOTX64.EFI", &shim), ("grubx64.efi", &program(GRUB))]);
    let inspected = desk.object(11, "inspect medium.img");
    assert_eq!(rows(&inspected), uefi([true, false, false]));
    assert_eq!(inspected["programs"][0]["signatures"][0]["intact"], false);
    assert!(desk.run("inspect medium.img").text().contains("NOT OF THIS FILE"));
}

#[test]
fn firmware_is_given_what_is_named_and_made_for_it() {
    let unsigned = program(UNSIGNED);
    let desk = desk(
        BUILD,
        &[("BOOTAA64.EFI", &unsigned), ("BOOTIA32.EFI", b"no program"), ("OTHER.TXT", &unsigned)],
    );
    let inspected = desk.object(0, "inspect medium.img");
    assert!(rows(&inspected).iter().all(|row| !row.2), "{inspected:#}");
    let off: Vec<_> =
        inspected["starts"].as_array().unwrap().iter().filter(|row| row["firmware"] == "uefi").collect();
    let whys: Vec<_> = off.iter().map(|row| row["why"].as_str().unwrap()).collect();
    assert_eq!(whys, ["BOOTIA32.EFI: it is no program for UEFI", "BOOTAA64.EFI is for x64"]);
    let paths: Vec<_> =
        inspected["programs"].as_array().unwrap().iter().map(|found| &found["path"]).collect();
    assert_eq!(paths, ["EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/BOOTIA32.EFI", "EFI/BOOT/OTHER.TXT"]);
}

#[test]
fn a_disc_starts_as_a_disc_and_as_a_disk() {
    let desk = desk(BUILD_DISC, &[("BOOTX64.EFI", &program(SHIM)), ("grubx64.efi", &program(GRUB))]);
    let inspected = desk.object(0, "inspect medium.img");
    let starts: Vec<_> = rows(&inspected).into_iter().filter(|row| row.2).map(|row| (row.0, row.1)).collect();
    let firmware = ["uefi", "secure-boot-2011", "secure-boot-2023"];
    let expected: Vec<_> = firmware.iter().flat_map(|name| [(*name, "disk"), (*name, "disc")]).collect();
    assert_eq!(starts, expected);
    assert_eq!(rows(&inspected).len(), 8);
    // Without El Torito's record only a stick starts, and without partitions nothing but a disc.
    let record =
        desk.read("medium.img").windows(23).position(|bytes| bytes == b"EL TORITO SPECIFICATION").unwrap();
    desk.flip("medium.img", record);
    let inspected = desk.object(0, "inspect medium.img");
    let starts: Vec<_> = rows(&inspected).into_iter().filter(|row| row.2).map(|row| row.1).collect();
    assert_eq!(starts, ["disk"; 3]);
}

#[test]
fn of_a_folder_only_programs_are_seen() {
    let desk = Desk::empty();
    desk.write("mounted/a/b/any name", &program(UNSIGNED));
    let inspected = desk.object(0, "inspect mounted");
    assert_eq!(inspected["programs"][0]["path"], "a/b/any name");
    assert_eq!(inspected["starts"], serde_json::json!([]));
}
