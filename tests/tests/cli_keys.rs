//! Keys are made in pairs or not at all.

use std::os::unix::fs::PermissionsExt;

use seedpress_tests::desk::Desk;

#[test]
fn both_keys_are_written_or_none() {
    let desk = Desk::empty();
    desk.write("pair.pub/in-the-way", b"");
    for (code, line) in [
        (2, "keygen -s same -p same --no-password"),
        (2, "keygen -s same -p ./same --no-password --force"),
        (14, "keygen -s secret -p nodir/public --no-password"),
        (14, "keygen -s nodir/secret -p public --no-password"),
        (14, "keygen -s pair -p pair.pub --no-password --force"),
        (14, "keygen -s /dev/full -p public --no-password --force"),
        (2, "keygen -s - -p public --no-password"),
    ] {
        desk.refuses(code, line);
        assert_eq!(desk.names(), ["pair.pub"], "{line}");
    }
    desk.does("keygen -s secret -p public --no-password");
    let mode = |name| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("secret"), mode("public")), (0o600, 0o644));
    assert_eq!(desk.names(), ["pair.pub", "public", "secret"]);
}

#[test]
fn a_full_disk_leaves_the_old_keys_as_they_were() {
    let desk = Desk::empty();
    desk.does("keygen -s secret -p public --no-password");
    let before = ["secret", "public"].map(|name| desk.read(name));
    // A limit of no bytes at all refuses a write as a full disk does.
    let program = seedpress_tests::program::path().display();
    let line =
        format!("trap '' XFSZ; ulimit -f 0; exec {program} keygen -s secret -p public --no-password --force");
    let said = seedpress_tests::judge::Judge::new("sh").args(["-c", &line]).folder(desk.folder()).run();
    assert_eq!(said.code, Some(15), "{said}");
    assert!(["secret", "public"].map(|name| desk.read(name)) == before);
    assert_eq!(desk.names(), ["public", "secret"]);
}

#[test]
fn an_empty_password_is_refused() {
    let desk = Desk::empty();
    for text in ["", "\nsecond line\n"] {
        desk.write("password", text.as_bytes());
        let said = desk.refuses(2, "keygen -s secret -p public --password-file password");
        assert!(said.contains("--no-password"), "{said}");
    }
    let said = desk.refuses(14, "keygen -s password -p public --password-file password --force");
    assert!(said.contains("which is read for it"), "{said}");
    assert_eq!(desk.names(), ["password"]);
}
