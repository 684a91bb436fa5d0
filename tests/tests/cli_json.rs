//! What programs read is always there, and always of the same form.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use seedpress_tests::desk::{BUILD, Desk};
use serde_json::Value;

#[test]
fn paths_that_are_no_text_are_shown_as_well_as_can_be() {
    let desk = Desk::stocked();
    let name = OsStr::from_bytes(b"odd\xff");
    let object = |line: &str, names: &[&OsStr]| -> Value {
        let said = desk.judge(&format!("--json {line}")).args(names).agrees();
        serde_json::from_slice(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said}"))
    };
    assert_eq!(object(&format!("{BUILD} -o"), &[name])["output"], "odd\u{fffd}");
    let [medium, disk] = [name, OsStr::from_bytes(b"disk\xff")];
    assert_eq!(object("deploy", &[medium, "Win7".as_ref(), "-o".as_ref(), disk])["output"], "disk\u{fffd}");
    assert_eq!(object("verify", &[medium])["verdict"], "pristine");
    let keys = [b"k\xff", b"p\xff"].map(|name| OsStr::from_bytes(name));
    let made = object("keygen --no-password", &["-s".as_ref(), keys[0], "-p".as_ref(), keys[1]]);
    assert_eq!((&made["secret_file"], &made["public_file"]), (&"k\u{fffd}".into(), &"p\u{fffd}".into()));
    let written = object("man", &[OsStr::from_bytes(b"pages\xff")]);
    assert_eq!(written["written"][0], "pages\u{fffd}/seedpress.1");
}

#[test]
fn command_lines_that_make_no_sense_are_told_as_every_error() {
    let desk = Desk::empty();
    for (line, error) in [
        ("images --nonsense", "unexpected argument '--nonsense' found"),
        ("nonsense", "unrecognized subcommand 'nonsense'"),
        ("build usb A --store s", "the following required arguments were not provided: --output <OUT>"),
        ("", "a verb is missing"),
        ("images", "no store is named"),
    ] {
        let said = desk.run(&format!("--json --progress json {line}"));
        let objects = [&said.stdout, &said.stderr].map(|text| serde_json::from_slice::<Value>(text));
        for object in objects {
            let object = object.unwrap_or_else(|e| panic!("{e}: {said}"));
            assert_eq!((&object["code"], &object["kind"]), (&2.into(), &"usage".into()), "{said}");
            assert_eq!(object["error"], error, "{said}");
        }
        let said = desk.run(&format!("--json {line}"));
        assert!(said.code == Some(2) && !said.stderr.starts_with(b"{"), "{said}");
        assert_eq!(serde_json::from_slice::<Value>(&said.stdout).unwrap()["schema"], "seedpress.error/1");
    }
}

#[test]
fn help_can_be_asked_for_as_a_verb() {
    let desk = Desk::empty();
    for (help, same) in [("help", "--help"), ("help build usb", "build usb --help")] {
        assert_eq!(desk.does(help).text(), desk.does(same).text());
    }
    let said = desk.refuses(2, "build usb --media dvd5");
    assert!(said.contains("--media") && !said.contains("tip:"), "{said}");
}
