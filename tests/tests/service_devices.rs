//! `seedpress device` does what it says, and refuses what makes no sense.

use std::os::unix::fs::PermissionsExt as _;

use seedpress_tests::desk::Desk;
use serde_json::{Value, json};

/// What `device` prints with --json.
fn device(desk: &Desk, line: &str) -> Value {
    desk.object(0, &format!("device {line} --store store"))
}

fn does(desk: &Desk, line: &str) -> String {
    desk.does(&format!("device {line} --store store")).text()
}

fn refuses(desk: &Desk, code: i32, line: &str) -> String {
    desk.refuses(code, &format!("device {line} --store store"))
}

#[test]
fn a_secret_is_shown_once_and_kept_as_a_hash() {
    let desk = Desk::stocked();
    assert!(does(&desk, "list").contains("there are no devices"));
    let added = device(&desk, "add pc-1 --note desk");
    let secret = added["secret"].as_str().unwrap();
    assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    assert_eq!((&added["state"], &added["note"]), (&json!("active"), &json!("desk")));
    let shown = device(&desk, "show pc-1");
    assert_eq!(shown.get("secret"), None);
    assert!(!String::from_utf8(desk.read("store/devices/pc-1.json")).unwrap().contains(secret));
    assert!(refuses(&desk, 14, "add pc-1").contains("there is a device pc-1 already"));
    let rotated = device(&desk, "rotate-secret pc-1 --secret-file secret");
    assert_eq!((&rotated["secret_file"], rotated.get("secret")), (&json!("secret"), None));
    let file = String::from_utf8(desk.read("secret")).unwrap();
    assert!(file.len() == 65 && file.trim_end() != secret, "{file}");
    assert_eq!(desk.path("secret").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(refuses(&desk, 14, "rotate-secret pc-1 --secret-file secret").contains("secret"));
    assert!(refuses(&desk, 14, "add pc-2 --secret-file secret").contains("secret"));
    assert_eq!(desk.object_of(0, "device-list", "device list --store store")["devices"][0]["device"], "pc-1");
    assert!(refuses(&desk, 2, "add ../pc").contains("is no name"));
    for line in ["show", "rotate-secret", "remove", "remove --hard", "restore", "policy", "report"] {
        assert!(
            refuses(&desk, 16, &format!("{line} absent")).contains("there is no device absent"),
            "{line}"
        );
    }
}

#[test]
fn versions_are_assigned_staged_locked_and_taken_away() {
    let desk = Desk::stocked();
    does(&desk, "add pc");
    let assigned = |line: &str| device(&desk, line)["assignments"].clone();
    assert!(refuses(&desk, 16, "assign pc Win8").contains("there is no Win8"));
    assert!(refuses(&desk, 16, "assign pc Win7@9").contains("its versions are 1, 2, 3"));
    assert!(refuses(&desk, 2, "assign pc Win7@2 --staged").contains("no version of Win7 is assigned"));
    assert!(refuses(&desk, 16, "unassign pc Win7").contains("Win7 is not assigned to pc"));
    assert_eq!(assigned("assign pc Win7@1"), json!([{ "image": "Win7", "current": "1" }]));
    assert_eq!(
        assigned("assign pc Win7 --staged"),
        json!([{ "image": "Win7", "current": "1", "staged": "3" }])
    );
    assert_eq!(assigned("unassign pc Win7 --staged"), json!([{ "image": "Win7", "current": "1" }]));
    does(&desk, "assign pc Win7@2 --staged");
    // What was staged is staged no more when it is the current one.
    assert_eq!(assigned("assign pc Win7@2"), json!([{ "image": "Win7", "current": "2" }]));
    // A lock alone does not change the version.
    let locked = json!([{ "image": "Win7", "current": "2", "locked": true }]);
    assert_eq!(assigned("assign pc Win7 --lock"), locked);
    for line in ["assign pc Win7@3", "assign pc Win7@3 --staged", "unassign pc Win7"] {
        assert!(refuses(&desk, 14, line).contains("Win7@2 is locked"), "{line}");
    }
    assert_eq!(device(&desk, "show pc")["assignments"], locked);
    assert_eq!(assigned("assign pc Win7@3 --unlock"), json!([{ "image": "Win7", "current": "3" }]));
    let soft = json!([{ "image": "Win7", "current": "3", "removed": "soft" }]);
    assert_eq!(assigned("unassign pc Win7"), soft);
    assert!(does(&desk, "show pc").contains("removed when nobody uses it"));
    assert_eq!(assigned("assign pc Win7@3"), json!([{ "image": "Win7", "current": "3" }]));
    does(&desk, "assign pc Win7 --lock");
    let hard = json!([{ "image": "Win7", "current": "3", "locked": true, "removed": "hard" }]);
    assert_eq!(assigned("unassign pc Win7 --hard"), hard);
    assert!(refuses(&desk, 2, "assign pc Win7 --lock --unlock").contains("cannot be used with"));
}

#[test]
fn policies_are_set_forgotten_and_replaced() {
    let desk = Desk::stocked();
    does(&desk, "add pc");
    does(&desk, "assign pc Win7@1");
    assert_eq!(does(&desk, "policy pc"), "");
    assert_eq!(does(&desk, "policy pc --set ui:b:2 --set ui:a:1:1"), "ui:a:1:1\nui:b:2\n");
    desk.write("rows", b"# of the house\n\nui:b:3\nvm:c:\n");
    assert_eq!(does(&desk, "policy pc --file rows --unset ui:a"), "ui:b:3\nvm:c:\n");
    assert_eq!(does(&desk, "policy pc --set vm:d:4 --replace"), "vm:d:4\n");
    assert_eq!(does(&desk, "policy pc Win7 --set vm:usb:no"), "vm:usb:no\n");
    let listed = desk.object_of(0, "device-policy", "device policy pc Win7 --store store");
    assert_eq!((&listed["image"], &listed["rows"]), (&json!("Win7"), &json!(["vm:usb:no"])));
    let shown = does(&desk, "show pc");
    assert!(shown.contains("config  vm:d:4\n") && shown.contains("policy  Win7 vm:usb:no\n"), "{shown}");
    assert_eq!(does(&desk, "policy pc --replace"), "");
    assert!(refuses(&desk, 2, "policy pc --set ui:a").contains("is no row"));
    assert!(refuses(&desk, 2, "policy pc --unset ui:a:1").contains("expected DAEMON:KEY"));
    assert!(refuses(&desk, 16, "policy pc Win8 --set ui:a:1").contains("Win8 is not assigned"));
    desk.write("rows", b"ui:a:1\nnonsense\n");
    assert!(refuses(&desk, 2, "policy pc --file rows").contains("rows:2 is no row"));
}

#[test]
fn a_device_is_removed_softly_and_for_good() {
    let desk = Desk::stocked();
    does(&desk, "add pc");
    assert_eq!(device(&desk, "remove pc")["state"], "removed");
    assert!(refuses(&desk, 14, "add pc").contains("restore"));
    assert_eq!(device(&desk, "restore pc")["state"], "active");
    assert_eq!(device(&desk, "remove pc --hard")["state"], "gone");
    assert!(!desk.path("store/devices/pc.json").exists());
    does(&desk, "add pc");
    desk.write("store/devices/broken.json", b"{}");
    let listed = desk.object_of(10, "device-list", "device list --store store");
    assert_eq!(
        (&listed["devices"][0]["device"], &listed["problems"][0]["kind"]),
        (&json!("pc"), &json!("corrupt"))
    );
}
