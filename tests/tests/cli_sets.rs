//! Sets on the command line: pressed with `--span`, verified and deployed from their media in any order.

use seedpress_tests::desk::Desk;

/// A stocked folder with a signed set of discs, `set-1.iso` and so on; gives how many there are.
fn spanned(desk: &Desk) -> usize {
    let line = "build disc --store store Win7@1 Win7@3 --size 24M --span --sign key -o set.iso --json";
    let said = desk.does(line);
    let built: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(built["schema"], "seedpress.build-set/1");
    let media = built["media"].as_array().unwrap();
    let outputs: Vec<_> = media.iter().map(|medium| medium["output"].as_str().unwrap()).collect();
    let expected: Vec<_> = (1..=media.len()).map(|number| format!("set-{number}.iso")).collect();
    assert_eq!(outputs, expected);
    media.len()
}

#[test]
fn a_set_is_deployed_from_its_media_in_any_order() {
    let desk = Desk::stocked();
    let count = spanned(&desk);
    assert!(count > 1);
    let mut media: Vec<_> = (1..=count).map(|number| format!("set-{number}.iso")).collect();
    media.reverse();
    let all = media.join(" ");
    for (version, disk) in [("Win7@1", "1.img"), ("Win7@3", "3.img")] {
        desk.does(&format!("deploy {all} {version} -o disk --force --pubkey key.pub"));
        assert!(desk.read("disk") == desk.read(disk), "{version}");
    }
    desk.does(&format!("deploy {all} Win7@3 -o disk.vhd --format vhd"));
    let text = desk.does(&format!("verify {all} --pubkey key.pub")).text();
    assert!(text.contains("set       complete") && !text.contains("missing"), "{text}");
}

#[test]
fn what_is_left_of_a_longer_set_is_named_and_kept() {
    let desk = Desk::stocked();
    let count = spanned(&desk);
    let line = "build disc --store store Win7@1 --size 1G --span -o set.iso --force";
    let left: Vec<_> = (1..=count).map(|number| format!("set-{number}.iso")).collect();
    let told = format!("warning: of another set, and still there: {}\n", left.join(", "));
    let said = desk.does(line);
    assert!(said.all().contains(&told), "{said}");
    assert!(left.iter().all(|name| desk.path(name).exists()));
}

#[test]
fn media_that_are_missing_are_named() {
    let desk = Desk::stocked();
    spanned(&desk);
    let said = desk.does("verify set-2.iso --pubkey key.pub --strict").text();
    assert!(said.contains("verdict   pristine") && said.contains("set       medium 2 of "), "{said}");
    let said = desk.refuses(13, "deploy set-2.iso Win7@3 -o disk");
    assert!(said.contains("number 1 \"SEED-1\""), "{said}");
    assert!(!desk.path("disk").exists());
    let identity = desk.object(0, "identify set-1.iso");
    assert_eq!((&identity["set"]["number"], &identity["label"]), (&1.into(), &"SEED-1".into()));
    let count = identity["set"]["count"].as_u64().unwrap();
    let said = desk.run("verify set-1.iso set-1.iso");
    let missing = said.text().lines().filter(|line| line.starts_with("missing")).count() as u64;
    assert_eq!((said.code, missing), (Some(13), count - 1), "{said}");
}

#[test]
fn media_of_other_sets_are_refused() {
    let desk = Desk::stocked();
    spanned(&desk);
    desk.does("build disc --store store Win7@1 -o alone.iso");
    desk.does("build disc --store store Win7@3 --size 24M --span -o other.iso");
    let id = |medium: &str| match &desk.object(0, &format!("identify {medium}"))["set"]["id"] {
        serde_json::Value::String(id) => format!("of set {id}"),
        _ => "of no set".into(),
    };
    let pairs = [("set-1.iso", "alone.iso"), ("set-1.iso", "other-1.iso"), ("alone.iso", "set-1.iso")];
    for (one, other) in pairs {
        for line in [format!("verify {one} {other}"), format!("deploy {one} {other} Win7@1 -o disk")] {
            let said = desk.refuses(13, &line);
            assert!(said.contains(&format!("error: {other} does not belong")), "{said}");
            assert!(said.contains(&id(one)) && said.contains(&id(other)), "{said}");
        }
    }
    let said = desk.does("verify alone.iso alone.iso");
    assert!(!said.text().contains("set  "), "{said}");
}

#[test]
fn a_medium_that_cannot_be_used_does_not_hide_the_others() {
    let desk = Desk::stocked();
    let count = spanned(&desk);
    desk.write("set-2.iso", &[0; 5000]);
    let all: Vec<_> = (1..=count).map(|number| format!("set-{number}.iso")).collect();
    let said = desk.run(&format!("verify {} nothing.iso", all.join(" ")));
    assert!(said.code.is_some_and(|code| code != 0), "{said}");
    let pristine = said.text().lines().filter(|line| *line == "verdict   pristine").count();
    assert_eq!(pristine, count - 1, "{said}");
    assert!(said.text().contains("missing   medium 2") && said.text().contains("nothing.iso"), "{said}");
}

#[test]
fn a_damaged_part_is_named_with_its_medium() {
    let desk = Desk::stocked();
    let count = spanned(&desk);
    let said = desk.does("plan disc --store store Win7@1 Win7@3 --size 24M --span --sign key --json");
    let plan: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let regions = plan["media"][1]["regions"].as_array().unwrap();
    let part = regions.iter().find(|region| region["name"].as_str().unwrap().contains(".vhd.zst")).unwrap();
    desk.flip("set-2.iso", part["start"].as_u64().unwrap() as usize + 5000);
    let all: Vec<_> = (1..=count).map(|number| format!("set-{number}.iso")).collect();
    let said = desk.refuses(10, &format!("deploy {} Win7@3 -o disk", all.join(" ")));
    assert!(said.contains("medium 2 \"SEED-2\"") && said.contains("another copy"), "{said}");
    let said = desk.run(&format!("verify {}", all.join(" ")));
    assert!(said.code == Some(10) && said.text().contains("not all are sound"), "{said}");
}

#[test]
fn a_set_appears_whole_or_not_at_all() {
    let desk = Desk::stocked();
    let chain = desk.object(0, "locate --store store Win7@3");
    let leaf = chain["layers"].as_array().unwrap().last().unwrap();
    desk.flip(leaf["path"].as_str().unwrap(), 1000);
    let said = desk.refuses(10, "build disc --store store Win7@1 Win7@3 --size 24M --span -o set.iso");
    assert!(said.contains("frame 0"), "{said}");
    assert!(!desk.names().iter().any(|name| name.contains("set")), "{:?}", desk.names());
}

#[test]
fn a_plan_shows_every_medium_and_what_is_there_is_kept() {
    let desk = Desk::stocked();
    let line = "--store store Win7@1 Win7@3 --size 24M --span";
    let text = desk.does(&format!("plan disc {line}")).text();
    assert!(text.contains("medium 1 of ") && text.contains("medium 2 of "), "{text}");
    let said = desk.does(&format!("plan disc {line} --json"));
    let plan: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(plan["schema"], "seedpress.plan-set/1");
    assert_eq!(plan["media"][1]["set"]["number"], 2);
    desk.write("set-2.iso", b"mine");
    desk.refuses(14, &format!("build disc {line} -o set.iso"));
    assert_eq!(desk.read("set-2.iso"), b"mine");
    assert!(!desk.path("set-1.iso").exists());
}

#[test]
fn a_set_needs_the_size_of_its_media() {
    let desk = Desk::stocked();
    for (kind, option) in [("usb", "--size"), ("disc", "--media or --size")] {
        let said = desk.refuses(2, &format!("build {kind} --store store Win7@1 --span -o out"));
        assert!(said.contains(option), "{said}");
    }
    let said = desk.refuses(15, "build disc --store store Win7@1 --size 20M -o out");
    assert!(said.contains("needs a disc of") && said.contains("--span"), "{said}");
    let said = desk.refuses(15, "build usb --store store Win7@1 --size 80M -o out");
    assert!(said.contains("needs a medium of") && said.contains("--span"), "{said}");
    assert!(!desk.path("out").exists());
}
