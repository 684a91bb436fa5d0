//! Outputs destroy nothing: neither what they are made from, nor what is there.

use seedpress_tests::desk::{BUILD, Desk};

#[test]
fn without_a_version_the_newest_one_is_deployed() {
    let desk = Desk::stocked();
    for version in ["4-rc1", "4"] {
        desk.does(&format!("publish --store store Win7@{version} {}.img", &version[..1].replace('4', "1")));
    }
    desk.does("build usb --store store -o medium.img Win7@4 Win7@4-rc1 Win7@3 Win7@2");
    assert_eq!(desk.object(0, "deploy medium.img Win7 -o disk")["image"], "Win7@4");
    let images = desk.object(0, "identify medium.img")["images"].clone();
    let versions: Vec<_> =
        images.as_array().unwrap().iter().map(|image| image["version"].as_str().unwrap()).collect();
    assert_eq!(versions, ["2", "3", "4-rc1", "4"]);
}

#[test]
fn outputs_never_replace_what_they_are_made_from() {
    let desk = Desk::pressed();
    let layer = "store/layers";
    desk.write("mounted/seed/manifest.json", b"{}");
    desk.write("template", b"");
    std::os::unix::fs::symlink("medium.img", desk.path("link")).unwrap();
    let lines = [
        "deploy medium.img Win7 -o medium.img".into(),
        "deploy link Win7 -o medium.img".into(),
        "deploy medium.img Win7 -o ./link".into(),
        "deploy medium.img Win7 -o key.pub --pubkey key.pub".into(),
        "deploy mounted Win7 -o mounted/disk".into(),
        format!("{BUILD} -o key"),
        format!("{BUILD} -o esp/EFI/new.img"),
        format!("{BUILD} -o store/store.json"),
        format!("{BUILD} -o {layer}/new.img"),
        format!("{BUILD} -o add/x --add ."),
        format!("{BUILD} -o template --template template"),
        format!("{BUILD} -o key.pub --password-file key.pub"),
    ];
    desk.write("add/x", b"added");
    let names = ["medium.img", "key", "key.pub", "store/store.json", "add/x", "template"];
    let before = names.map(|name| desk.read(name));
    for line in lines {
        let said = desk.refuses(14, &format!("{line} --force"));
        assert!(said.contains("which is read for it"), "{line}: {said}");
    }
    assert!(names.map(|name| desk.read(name)) == before);
}

#[test]
fn outputs_that_cannot_be_are_told_plainly() {
    let desk = Desk::pressed();
    for line in [format!("{BUILD} -o -"), "deploy medium.img Win7 -o -".into()] {
        assert!(desk.refuses(2, &line).contains("./-"), "{line}");
    }
    for line in [format!("{BUILD} -o nodir/x.img"), "deploy medium.img Win7 -o nodir/disk".into()] {
        assert_eq!(desk.refuses(14, &line).lines().next(), Some("error: there is no folder nodir"), "{line}");
    }
}
