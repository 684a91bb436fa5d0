//! Every exit code, and what is said with it. Nothing that the program is given makes it panic.

use std::fs;

use seedpress_tests::desk::{BUILD, BUILD_DISC, Desk};
use seedpress_tests::program;

#[test]
fn errors_are_told_to_people_and_to_programs() {
    let desk = Desk::stocked();
    let said = desk.refuses(16, "deploy absent.img Win7 -o disk");
    assert_eq!(said, "error: cannot open absent.img\n  because: No such file or directory (os error 2)\n");
    let said = desk.refuses(2, "images");
    assert_eq!(said, "error: no store is named\n  next: give --store STORE, or set SEEDPRESS_STORE\n");
    let said = desk.run("identify absent.img --json --progress json");
    let objects =
        [&said.stdout, &said.stderr].map(|text| serde_json::from_slice::<serde_json::Value>(text).unwrap());
    for (object, (field, value)) in objects.iter().zip([("schema", "seedpress.error/1"), ("event", "error")])
    {
        assert_eq!(object[field], value);
        assert_eq!((&object["code"], &object["kind"]), (&16.into(), &"unreachable".into()));
        assert_eq!(object["because"][0], "No such file or directory (os error 2)");
    }
}

#[test]
fn other_errors_end_with_1() {
    let desk = Desk::stocked();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = program::command(["completions", "bash"]);
    let said = command.stdout(full).stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&said.stderr).starts_with("error: cannot write to the standard output\n")
    );
    desk.write("store/store.json", b"{ \"format\": 2 }");
    assert!(desk.refuses(1, "images --store store").contains("format 2"));
}

#[test]
fn what_is_not_there_ends_with_16() {
    let desk = Desk::pressed();
    assert!(desk.refuses(16, "locate --store store Win8").contains("there is no Win8"));
    assert!(desk.refuses(16, "locate --store store Win7@9").contains("its versions are 1, 2, 3"));
    assert!(desk.refuses(16, "deploy medium.img Win7@2 -o disk").contains("Win7@1, Win7@3"));
    assert!(desk.refuses(16, "cat medium.img seed/absent").contains("there is no \"seed/absent\""));
}

#[test]
fn command_lines_that_make_no_sense_end_with_2() {
    let desk = Desk::stocked();
    let lines = [
        "",
        "nonsense",
        "images --nonsense",
        "images --quiet --verbose --store store",
        "publish --store store Win7 1.img",
        "publish --store store ../x@1 1.img",
        "publish --store store Win7@4",
        "publish --store store Win7@4 1.img --level 20",
        "publish --store store Win7@4 1.img 2.img --parent Win7@1",
        "locate --store store",
        "locate --store store Win7 -n Win7",
        "build usb --store store Win7",
        "build usb --store store -o m.img",
        "build usb --store store -o m.img Win7 --size 10X",
        "build usb --store store -o m.img Win7 --sector-size 513",
        "build usb --store store -o m.img Win7 --cluster-size 5000",
        "build usb --store store -o m.img Win7 --expires tomorrow",
        "build usb --store store -o m.img Win7 --expires 2020-01-01",
        "build usb --store store -o m.img Win7 --template 1.img",
        "build usb --store store -o m.img Win7 --threads 0",
        "build usb --store store -o m.img Win7 --label a/very/long/label/that/no/volume/can/have",
        "build disc --store store -o m.img Win7 --label a/very/long/label/that/no/volume/can/have",
        "build tape --store store -o m.img Win7",
        "build disc --store store -o m.img Win7 --media cd",
        "build disc --store store -o m.img Win7 --template usb.toml --udf-revision 3.00",
        "images --store https://store.example/",
        "verify store --strict",
        "keygen -s locked -p locked.pub",
        "keygen -s locked -p locked.pub --no-password --password-file 1.img",
        "completions tcsh",
    ];
    for line in lines {
        let said = desk.run(line);
        assert_eq!(said.code, Some(2), "{said}");
        assert!(said.stdout.is_empty() && !said.stderr.is_empty(), "{said}");
    }
    let said = desk.judge("images --store store").env("SOURCE_DATE_EPOCH", "soon").run();
    assert_eq!(said.code, Some(0), "{said}");
    let said = desk.judge("plan usb --store store Win7").env("SOURCE_DATE_EPOCH", "soon").run();
    assert_eq!(said.code, Some(2), "{said}");
    assert_eq!(desk.names(), ["1.img", "2.img", "3.img", "esp", "key", "key.pub", "store"]);
}

#[test]
fn damage_ends_with_10_and_what_is_not_trusted_with_11() {
    let desk = Desk::pressed();
    desk.does("keygen -s other -p other.pub --no-password");
    let plan = desk.object(0, &BUILD.replace("build", "plan"));
    let manifest = plan["regions"].as_array().unwrap().iter().find(|r| r["name"] == "seed/manifest.json");
    let at = manifest.unwrap()["start"].as_u64().unwrap() as usize;
    let wrong_key = desk.refuses(11, "deploy medium.img Win7 -o disk --pubkey other.pub");
    desk.does("build usb --store store Win7@1 -o unsigned.img");
    let unsigned = desk.refuses(11, "deploy unsigned.img Win7 -o disk --pubkey key.pub");
    desk.flip("medium.img", at + 200);
    let changed = desk.refuses(11, "deploy medium.img Win7 -o disk --pubkey key.pub --force");
    assert!(wrong_key.contains("which is not trusted"), "{wrong_key}");
    assert!(unsigned.contains("is not signed"), "{unsigned}");
    assert!(changed.contains("was changed"), "{changed}");
    for code_line in ["verify medium.img --pubkey key.pub", "verify medium.img --pubkey other.pub"] {
        desk.object(11, code_line);
    }
    desk.object(10, "verify medium.img");
    assert!(desk.refuses(10, "identify medium.img").contains("the manifest cannot be used"));
    assert!(desk.refuses(11, "build usb --store store Win7 -o m.img --sign key.pub").contains("key.pub"));
}

#[test]
fn a_wrong_password_ends_with_11() {
    let desk = Desk::stocked();
    desk.write("password", b"right");
    desk.write("wrong", b"wrong");
    desk.does("keygen -s locked -p locked.pub --password-file password");
    let said = desk.refuses(11, "build usb --store store Win7 -o m.img --sign locked --password-file wrong");
    assert!(said.contains("the password is wrong"), "{said}");
    let said = desk.refuses(2, "build usb --store store Win7 -o m.img --sign locked");
    assert!(said.contains("--password-file"), "{said}");
}

#[test]
fn a_medium_whose_time_is_over_ends_with_12() {
    let desk = Desk::stocked();
    let line = "build usb --store store Win7@1 -o m.img --expires 2020-01-01";
    desk.judge(line).env("SOURCE_DATE_EPOCH", "1500000000").agrees();
    desk.does("identify m.img");
    assert_eq!(desk.object(12, "verify m.img")["problems"][0]["kind"], "expired");
    assert!(desk.refuses(12, "deploy m.img Win7 -o disk").contains("2020-01-01"));
}

#[test]
fn a_broken_chain_ends_with_13() {
    let desk = Desk::stocked();
    let chain = desk.object(0, "locate --store store Win7@2");
    let layer = chain["layers"][0]["uuid"].as_str().unwrap();
    fs::rename(desk.path(&format!("store/layers/{layer}")), desk.path("away")).unwrap();
    for kind in ["usb", "disc"] {
        let said = desk.refuses(13, &format!("build {kind} --store store Win7@2 -o m.img"));
        assert!(said.contains(layer) && said.contains("Win7@2"), "{said}");
    }
    assert_eq!(desk.object(13, "check --store store --quick")["problems"][0]["kind"], "chain");
}

#[test]
fn targets_are_not_overwritten_unasked() {
    let desk = Desk::pressed();
    let before = desk.read("medium.img");
    let builds = [BUILD, BUILD_DISC].map(|build| format!("{build} -o medium.img"));
    for line in [&builds[0], &builds[1], "deploy medium.img Win7 -o 1.img", "keygen -s key -p new.pub"] {
        assert!(desk.refuses(14, line).contains("--force"), "{line}");
    }
    for target in ["store", "/dev/null", "absent/m.img", "1.img/", "1.img/m.img", "..", "/"] {
        desk.refuses(14, &format!("{BUILD} -o {target}"));
        desk.refuses(14, &format!("{BUILD_DISC} -o {target}"));
    }
    assert!(desk.read("medium.img") == before);
    desk.does(&format!("{BUILD} -o medium.img --force"));
    assert!(desk.read("medium.img") == before);
    assert!(desk.refuses(14, "publish --store store Win7@2 1.img").contains("is published already"));
}

#[test]
fn what_does_not_fit_ends_with_15() {
    let desk = Desk::stocked();
    let said = desk.refuses(15, "build usb --store store Win7 -o m.img --size 70M");
    assert!(said.contains("needs a medium of"), "{said}");
}

/// Files that are not what they are taken for, in every place where a file is named.
#[test]
fn files_of_the_wrong_kind_are_refused_by_name() {
    let desk = Desk::stocked();
    desk.write("empty", b"");
    desk.write("text", b"just some text, and not very much of it\n");
    let lines = [
        "verify FILE",
        "identify FILE",
        "ls FILE",
        "cat FILE a",
        "deploy FILE Win7 -o disk",
        "verify medium.img --pubkey FILE",
        "images --store FILE",
        "publish --store FILE A@1 1.img",
        "publish --store store A@1 FILE",
        "build usb --store store Win7 -o m.img --sign FILE",
        "build usb --store store Win7 -o m.img --sign key --template FILE",
        "build usb --store store Win7 -o m.img --esp-tree FILE",
        "build usb --store store Win7 -o m.img --add FILE",
    ];
    for line in lines {
        for file in ["empty", "text", "/dev/null", "/dev/zero", "esp", "absent"] {
            let is_folder =
                file == "esp" && ["ls FILE", "-tree", "--add"].iter().any(|part| line.contains(part));
            let makes_store = line.starts_with("publish --store FILE") && file == "absent";
            if !is_folder && !makes_store {
                let said = desk.run(&line.replace("FILE", file));
                let stderr = String::from_utf8_lossy(&said.stderr);
                assert!(said.code.is_some_and(|code| code > 0), "{said}");
                assert!(stderr.contains("error: ") && stderr.contains(file), "{said}");
            }
        }
    }
    assert!(!desk.names().iter().any(|name| name.contains("m.img") || name.contains("disk")));
}

#[test]
fn names_on_a_medium_cannot_steer_a_terminal() {
    let desk = Desk::stocked();
    desk.write("add/a\u{1b}[2Jb", b"");
    let said = desk.refuses(2, "build usb --store store Win7 -o m.img --add add");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let desk = Desk::pressed();
    for line in ["cat medium.img seed/manifest.json", "ls medium.img -R", "man", "--help"] {
        let mut command = program::command(line.split(' '));
        command.current_dir(desk.folder()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let said = child.wait_with_output().unwrap();
        assert_eq!((said.status.code(), &*said.stderr), (Some(0), &b""[..]), "{line}");
    }
}
