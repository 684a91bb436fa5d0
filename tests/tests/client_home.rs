//! The client's folder: made whole or not at all, changed by its verbs alone, and secret where it must be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use seedpress_tests::client::Site;
use seedpress_tests::judge::Judge;
use serde_json::Value;

#[test]
fn a_wrong_secret_leaves_nothing_behind() {
    let site = Site::new();
    site.desk.write("pc-17.secret", "0".repeat(64).as_bytes());
    let said = site.desk.refuses(11, &site.enroll());
    assert!(said.contains("401"), "{said}");
    assert!(!site.desk.path("client").exists());
}

#[test]
fn another_devices_secret_is_refused_like_a_wrong_one() {
    let site = Site::new();
    site.desk.does("device add pc-18 --store store --secret-file pc-18.secret");
    let line = site.enroll().replace("pc-17.secret", "pc-18.secret");
    site.desk.refuses(11, &line);
    assert!(!site.desk.path("client").exists());
}

#[test]
fn a_service_that_does_not_prove_who_it_is_gets_no_client() {
    let site = Site::new();
    let line = site.enroll();
    let (without_ca, _) = line.split_once(" --ca-cert").unwrap();
    site.desk.refuses(11, without_ca);
    assert!(!site.desk.path("client").exists());
}

#[test]
fn secrets_are_for_the_client_alone() {
    let site = Site::enrolled();
    let mode = |name: &str| fs::metadata(site.desk.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        ["client/secret", "client/receipt.key", "client/client.json", "client/target.json"].map(mode),
        [0o600; 4]
    );
    assert_eq!(["client", "client/store"].map(mode), [0o711, 0o700]);
    let secret = String::from_utf8(site.desk.read("pc-17.secret")).unwrap();
    let said = site.desk.run(&Site::line("--explain --json --progress json")).all();
    assert!(!said.contains(secret.trim()));
}

#[test]
fn a_secret_is_told_to_no_other_service_where_an_enrolment_was_cut_off() {
    let site = Site::enrolled();
    let client = String::from_utf8(site.desk.read("client/client.json")).unwrap();
    let other = client.replace("pc-17", "pc-18");
    assert_ne!(client, other);
    fs::write(site.desk.path("client/client.json"), other).unwrap();
    let said = site.refuses(11, "");
    assert!(said.contains("is of device pc-17") && said.contains("--force"), "{said}");
    fs::create_dir_all(site.desk.path("client/receipts")).unwrap();
    fs::write(site.desk.path("client/receipts/7.json"), "of pc-18").unwrap();
    site.desk.does(&format!("{} --force", site.enroll()));
    assert!(site.desk.path("client/receipts.old-1/7.json").exists(), "it is of another device");
    site.sync(0, "");
    assert_eq!(site.status()["last_receipt"], 8);
}

#[test]
fn the_secret_comes_from_the_standard_input_too() {
    let site = Site::new();
    let secret = site.desk.read("pc-17.secret");
    let line = site.enroll().replace("pc-17.secret", "-");
    site.desk.judge(&line).fed(&secret).agrees();
    assert_eq!(site.status()["device"], "pc-17");
}

#[test]
fn a_client_is_enrolled_again_by_force_alone_and_keeps_its_layers() {
    let site = Site::enrolled();
    site.sync(0, "");
    let said = site.desk.refuses(14, &site.enroll());
    assert!(said.contains("enrolled already, as device pc-17"), "{said}");
    site.desk.does("client config set enable-dvd-cache off --client client");
    site.desk.does("device rotate-secret pc-17 --store store --secret-file new.secret");
    site.refuses(11, "");
    let key = site.desk.read("client/receipt.pub");
    site.desk.does(&site.enroll().replace("pc-17.secret", "new.secret --force"));
    let synced = site.sync(0, "");
    assert_eq!(synced.from("network"), (0, 0));
    assert_eq!(site.desk.read("client/receipt.pub"), key);
    assert_eq!(site.desk.does("client config get enable-dvd-cache --client client").text(), "false\n");
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let site = Site::new();
    site.desk.write("client/thesis.txt", b"do not touch");
    let said = site.desk.refuses(14, &site.enroll());
    assert!(said.contains("neither empty"), "{said}");
    assert_eq!(fs::read_dir(site.desk.path("client")).unwrap().count(), 1);
}

#[test]
fn a_device_that_was_removed_at_once_is_refused_and_keeps_what_it_has() {
    let site = Site::enrolled();
    site.sync(0, "");
    site.desk.does("device remove pc-17 --hard --store store");
    let said = site.refuses(11, "");
    assert!(said.contains("401"), "{said}");
    assert!(site.has("1"));
}

#[test]
fn a_device_that_was_removed_gives_up_what_it_has() {
    let site = Site::enrolled();
    site.sync(0, "");
    site.desk.does("device remove pc-17 --store store");
    site.sync(0, "");
    assert!(!site.has("1"));
    assert_eq!(site.status()["removed"], true);
}

#[test]
fn switches_are_known_by_their_names_and_by_no_others() {
    let site = Site::enrolled();
    let get = |name: &str| site.desk.does(&format!("client config get {name} --client client")).text();
    let defaults = [
        ("enable-usb-cache", true),
        ("enable-dvd-cache", true),
        ("force-local-checksum", false),
        ("allow-unsigned-media", false),
    ];
    for (name, value) in defaults {
        assert_eq!(get(name), format!("{value}\n"));
        for (text, value) in [("yes", true), ("0", false), ("on", true), ("false", false), ("1", true)] {
            site.desk.does(&format!("client config set {name} {text} --client client"));
            assert_eq!(get(name), format!("{value}\n"), "{name} {text}");
        }
    }
    let said = site.desk.refuses(2, "client config set enable-cd-cache true --client client");
    assert!(defaults.iter().all(|(name, _)| said.contains(name)), "{said}");
    site.desk.refuses(2, "client config set enable-usb-cache maybe --client client");
    assert_eq!(get("enable-usb-cache"), "true\n");
}

#[test]
fn the_historic_spelling_is_understood_with_every_dash() {
    let site = Site::enrolled();
    for (dash, value) in [("--", "false"), ("-", "true"), ("\u{2013}", "false"), ("\u{2014}", "true")] {
        site.desk.does(&format!("disksyncmgr {dash}set enable-usb-cache {value} --client client"));
        let said = site.desk.does(&format!("disksyncmgr {dash}get enable-usb-cache --client client"));
        assert_eq!(said.text(), format!("{value}\n"));
    }
    assert_eq!(site.desk.does("disksyncmgr --list --client client").text().lines().count(), 5);
    site.desk.refuses(2, "disksyncmgr --set enable-cd-cache true --client client");
}

#[test]
fn keys_are_trusted_and_trusted_no_more() {
    let site = Site::enrolled();
    site.desk.does("keygen -s other -p other.pub --no-password");
    let said = site.desk.does("client trust add other.pub --client client").text();
    assert_eq!(said.lines().count(), 2, "{said}");
    let id = said.lines().next().unwrap().split_whitespace().next().unwrap().to_owned();
    let said = site.desk.does(&format!("client trust remove {id} --client client")).text();
    assert!(said.lines().count() == 1 && !said.contains(&id), "{said}");
    let said = site.desk.refuses(16, &format!("client trust remove {} --client client", "0".repeat(16)));
    assert!(said.contains("key"), "{said}");
}

#[test]
fn receipts_are_numbered_and_hold_for_minisign() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    site.sync(0, "--medium stick.img");
    site.assign("Win7@2");
    site.sync(0, "");
    fs::create_dir(site.desk.path("stick")).unwrap();
    site.desk.does("client receipt --to stick --client client");
    site.desk.does("client receipt --number 1 -o first.json --client client");
    let key = site.desk.path("client/receipt.pub");
    for file in ["stick/receipt-pc-17-2.json", "first.json"] {
        let minisign = Judge::new("minisign").folder(site.desk.folder()).args(["-V", "-p"]);
        minisign.arg(&key).args(["-m", file]).agrees();
    }
    let receipt: Value = serde_json::from_slice(&site.desk.read("first.json")).unwrap();
    let sources = receipt["layers"][0]["taken"].as_array().unwrap();
    assert_eq!(
        (receipt["number"].clone(), sources.len(), sources[0]["source"].clone()),
        (1.into(), 1, "usb".into())
    );
    assert!(sources[0]["medium"].is_string());
    site.desk.does("client receipt --to stick --client client");
    site.desk.write("first.json", b"something else");
    site.desk.refuses(14, "client receipt --number 1 -o first.json --client client");
    site.desk.refuses(16, "client receipt --number 9 --client client");
    let said = site.desk.does("device report pc-17 --store store").text();
    assert!(said.contains("receipt   2") && said.contains("complete"), "{said}");
}

#[test]
fn a_machine_without_a_client_is_told_how_to_get_one() {
    let site = Site::new();
    for verb in ["sync", "status", "receipt", "config get"] {
        let said = site.desk.refuses(16, &format!("client {verb} --client client"));
        assert!(said.contains("client enroll"), "{said}");
    }
}
