//! Messages say what is wrong in words that a stranger understands, and end with the right code.

use std::fs::{self, File};

use seedpress_tests::desk::{BUILD, Desk};

#[test]
fn what_never_was_a_medium_is_told_from_one_that_is_cut_short() {
    let desk = Desk::pressed();
    desk.write("empty", b"");
    desk.write("notes", &[b'x'; 40]);
    for (name, len) in [("empty", "0 bytes"), ("notes", "40 bytes"), ("1.img", "21 MiB")] {
        for verb in ["verify", "identify", "ls"] {
            let said = desk.refuses(16, &format!("{verb} {name}"));
            assert!(said.starts_with(&format!("error: {name} is no seed medium: it has {len}\n")), "{said}");
        }
    }
    let whole = desk.read("medium.img").len();
    let text = |len: usize| {
        format!("medium.img has {len} bytes, its partition table says {whole} bytes: copy it again")
    };
    for len in [whole - 512, whole / 2, 1 << 20] {
        File::options().write(true).open(desk.path("medium.img")).unwrap().set_len(len as u64).unwrap();
        let said = desk.run("verify medium.img");
        assert!(said.all().contains(&text(len)), "{said}");
    }
    desk.refuses(10, "identify medium.img");
}

#[test]
fn a_directory_is_no_file_to_print() {
    let desk = Desk::pressed();
    for path in ["seed", "seed/", "/"] {
        let said = desk.refuses(2, &format!("cat medium.img {path}"));
        assert!(said.contains(&format!("{path:?} is a directory")), "{said}");
    }
}

#[test]
fn a_layer_that_nobody_may_look_at_is_not_said_to_be_missing() {
    let desk = Desk::stocked();
    let chain = desk.object(0, "locate --store store Win7@1");
    let layer = desk.path(&format!("store/layers/{}", chain["layers"][0]["uuid"].as_str().unwrap()));
    fs::remove_dir_all(&layer).unwrap();
    // A link to itself stands for a folder without permission, which root always has.
    std::os::unix::fs::symlink(&layer, &layer).unwrap();
    for line in ["locate --store store Win7@1", "build usb --store store -o m.img Win7@1"] {
        let said = desk.refuses(16, line);
        assert!(said.contains("cannot open") && !said.contains("is not there"), "{said}");
    }
}

#[test]
fn stores_and_templates_that_are_none_are_told_for_what_they_are() {
    let desk = Desk::stocked();
    for line in ["images --store 1.img", "publish --store 1.img A@1 2.img"] {
        assert!(
            desk.refuses(16, line).contains("1.img is no store: it is a file, expected a folder"),
            "{line}"
        );
    }
    for kind in ["usb", "disc"] {
        let said = desk.refuses(16, &format!("build {kind} --store store -o m Win7 --template nosuch"));
        assert!(
            said.contains("there is no template nosuch") && said.contains(&format!("courier-{kind}")),
            "{said}"
        );
    }
    desk.write("bad.toml", b"format = 1\nname = \"x\"\nkind = \"tape\"\n");
    let said = desk.refuses(2, "plan usb --store store Win7 --template bad.toml");
    assert!(said.contains("line 3: ") && !said.contains('\u{fffd}'), "{said}");
}

#[test]
fn signatures_are_spoken_of_where_there_are_some() {
    let desk = Desk::pressed();
    desk.does("build usb --store store Win7@1 -o unsigned.img");
    let warned = |medium: &str| desk.does(&format!("deploy {medium} Win7@1 -o disk --force")).all();
    assert!(warned("medium.img").contains("the signature was not checked"));
    assert!(!warned("unsigned.img").contains("signature"));
    assert!(desk.does("identify medium.img").text().contains("seedpress verify --pubkey does that"));
    for key in ["nokey", "key.pub"] {
        let line = BUILD.replace("build", "plan").replace("--sign key", &format!("--sign {key}"));
        assert!(desk.run(&line).code.is_some_and(|code| code > 2), "{line}");
    }
}

#[test]
fn sizes_are_told_for_people_and_exactly() {
    let desk = Desk::stocked();
    let said = desk.refuses(15, "plan disc --store store Win7 --size 20M");
    assert!(said.contains("this kind has 20 MiB (20971520 bytes)"), "{said}");
    let plan = desk.object(0, "plan usb --store store Win7");
    assert!(["set", "expires"].iter().all(|key| plan.get(key) == Some(&serde_json::Value::Null)));
}
