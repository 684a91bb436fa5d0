//! Every verb does what it says, and says it in words and as one JSON object.

use std::fs;

use formats::digest::Sha256;
use seedpress_tests::desk::{BUILD, Desk};
use seedpress_tests::judge::Judge;

#[test]
fn what_is_published_is_listed_and_located() {
    let desk = Desk::stocked();
    let added = desk.object(0, "publish --store store Mac@1.9 1.img --note from-January");
    assert_eq!((&added["is_new"], &added["layers"][0]["how"]), (&true.into(), &"there".into()));
    desk.does("--store store publish Mac@1.10 3.img --parent Mac@1.9 --threads 2");
    let images = desk.object(0, "images --store store");
    let titles: Vec<_> = images["images"].as_array().unwrap().iter().map(|i| i["version"].as_str()).collect();
    assert_eq!(titles, ["1.9", "1.10", "1", "2", "3"].map(Some));
    assert_eq!(images["images"][0]["note"], "from-January");
    let chain = desk.object(0, "locate --store store -n Mac -v 1.10");
    assert_eq!((chain["layers"].as_array().unwrap().len(), &chain["size"]), (2, &(21 << 20).into()));
    assert_eq!(chain, desk.object(0, "locate --store store Mac"));
    assert!(desk.does("locate --store store Mac@1.9").text().starts_with("Mac@1.9: a disk of 21 MiB"));
}

#[test]
fn an_empty_store_says_what_to_do() {
    let desk = Desk::empty();
    desk.write("disk", &[7; 1 << 20]);
    desk.does("publish --store new/store A@1 disk");
    fs::remove_dir_all(desk.path("new/store/images")).unwrap();
    assert!(desk.does("images --store new/store").text().contains("publish NAME@VERSION DISK"));
}

#[test]
fn check_says_which_frame_is_damaged() {
    let desk = Desk::stocked();
    let sound = desk.does("check --store store").text();
    assert!(sound.starts_with("the store is sound: 3 versions, 3 layers, "), "{sound}");
    let chain = desk.object(0, "locate --store store Win7@1");
    let path = chain["layers"][0]["path"].as_str().unwrap();
    desk.flip(path, 5_000_000);
    assert_eq!(desk.does("check --store store --quick Win7").text().lines().count(), 1);
    let found = desk.object(10, "check --store store Win7@2");
    assert_eq!((&found["scope"], &found["problems"][0]["kind"]), (&"Win7@2".into(), &"corrupt".into()));
    let message = found["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("frame") && message.contains(path), "{message}");
    assert_eq!(found["lost"][0]["needed_by"], serde_json::json!(["Win7@1", "Win7@2", "Win7@3"]));
    let told = desk.run("check --store store").text();
    assert!(told.contains("  next: publish Win7@1 again, as it was published\n1 problem in"), "{told}");
    assert_eq!(desk.object(0, "publish --store store New@1 1.img")["layers"][0]["how"], "repaired");
    assert!(desk.does("check --store store").text().contains("is sound: 4 versions, 3 layers, "));
}

#[test]
fn what_is_planned_is_what_is_pressed() {
    let desk = Desk::stocked();
    let plan = desk.object(0, &BUILD.replace("build", "plan"));
    assert_eq!(desk.names(), ["1.img", "2.img", "3.img", "esp", "key", "key.pub", "store"]);
    let built = desk.object(0, &format!("{BUILD} -o medium.img --digest --verify full"));
    for field in ["medium", "size", "free", "label"] {
        assert_eq!(plan[field], built[field], "{field}");
    }
    assert_eq!(built["sha256"], Sha256::of(&desk.read("medium.img")).to_string());
    assert_eq!(built["images"], serde_json::json!(["Win7@1", "Win7@3"]));
    let all = "-o other.img --force --digest --verify none --password-file none --threads 2";
    let text = desk.does(&format!("{} {all}", BUILD.replace("build", "plan"))).text();
    assert!(!desk.path("other.img").exists());
    assert!(text.contains("GPT header (written last)"), "{text}");
}

#[test]
fn options_shape_the_medium() {
    let desk = Desk::stocked();
    let line = "build usb --store store Win7@1 -o m.img --label Häuser --size 400MB --sector-size 4096 \
                --cluster-size 64K --expires 2098-01-31 --add 2.d --verify none";
    desk.write("2.d/notes/read me.txt", b"hello");
    desk.does(line);
    let medium = desk.object(0, "identify m.img");
    assert_eq!((&medium["label"], &medium["size"]), (&"Häuser".into(), &399_998_976.into()));
    assert_eq!((&medium["sector_size"], &medium["expires"]), (&4096.into(), &"2098-01-31T00:00:00Z".into()));
    assert_eq!((&medium["created"], &medium["signed"]), (&"2026-01-01T00:00:00Z".into(), &().into()));
    assert_eq!(desk.judge("cat m.img").arg("notes/read me.txt").agrees().stdout, b"hello");
    assert!(desk.does("verify m.img --strict").text().ends_with("verdict   pristine\n"));
}

#[test]
fn without_a_given_time_the_newest_image_gives_it() {
    let desk = Desk::stocked();
    let line = "build usb --store store Win7@1 Win7@2 -o m.img --json";
    let built = desk.judge(line).without("SOURCE_DATE_EPOCH").agrees();
    let medium = desk.object(0, "identify m.img");
    let chain = desk.object(0, "locate --store store Win7@2");
    assert_eq!(medium["created"], chain["published"], "{built}");
}

#[test]
fn files_of_a_medium_are_listed_and_read() {
    let desk = Desk::pressed();
    let all = desk.object(0, "ls medium.img -R");
    let paths: Vec<_> =
        all["entries"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"seed/manifest.json.minisig") && paths.contains(&"SHA256SUMS"), "{paths:?}");
    assert_eq!(desk.does("ls medium.img --esp -R").text(), "EFI/\nEFI/BOOT/\nEFI/BOOT/BOOTX64.EFI\n");
    assert_eq!(desk.does("ls medium.img --esp -l /EFI/BOOT/").text(), "4  EFI/BOOT/BOOTX64.EFI\n");
    assert_eq!(desk.does("cat medium.img --esp EFI/BOOT/BOOTX64.EFI").stdout, b"boot");
    let manifest = desk.does("cat medium.img seed/manifest.json").stdout;
    let described = desk.object(0, "cat medium.img seed/manifest.json");
    assert_eq!(described["sha256"], Sha256::of(&manifest).to_string());
}

#[test]
fn a_folder_where_a_medium_is_mounted_is_a_medium() {
    let desk = Desk::pressed();
    let all = desk.object(0, "ls medium.img -R");
    for entry in all["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "file") {
        let path = entry["path"].as_str().unwrap();
        desk.write(&format!("mounted/{path}"), &desk.does(&format!("cat medium.img {path}")).stdout);
    }
    let report = desk.object(0, "verify mounted --pubkey key.pub");
    assert_eq!((&report["verdict"], &report["signed"]["verified"]), (&"payload-intact".into(), &true.into()));
    desk.does("deploy mounted Win7@3 -o disk --pubkey key.pub");
    assert!(desk.read("disk") == desk.read("3.img"));
    desk.write("mounted/README.txt", b"other words");
    desk.object(10, "verify mounted");
}

#[test]
fn verdicts_tell_a_host_that_wrote_from_damage() {
    let desk = Desk::pressed();
    let sound = desk.object(0, "verify medium.img --pubkey key.pub --strict");
    assert_eq!((&sound["verdict"], &sound["problems"]), (&"pristine".into(), &serde_json::json!([])));
    let plan = desk.object(0, &BUILD.replace("build", "plan"));
    let region = |wanted: &dyn Fn(&serde_json::Value) -> bool| {
        let region = plan["regions"].as_array().unwrap().iter().find(|r| wanted(r)).unwrap();
        region["start"].as_u64().unwrap() as usize
    };
    desk.flip("medium.img", region(&|r| r["name"] == "$LogFile") + 100);
    let touched = desk.object(0, "verify medium.img --pubkey key.pub");
    assert_eq!(touched["verdict"], "payload-intact");
    assert!(touched["changes"][0].as_str().unwrap().contains("$LogFile"), "{touched}");
    desk.object(17, "verify medium.img --strict");
    desk.flip(
        "medium.img",
        region(&|r| r["content"] == "payload" && r["len"].as_u64() > Some(1 << 20)) + 100,
    );
    let said = desk.run("verify medium.img --quick");
    assert_eq!(said.code, Some(0), "{said}");
    let damaged = desk.object(10, "verify medium.img --threads 3");
    assert_eq!(damaged["verdict"], "payload-changed");
    assert!(damaged["problems"][0]["message"].as_str().unwrap().contains("frame 0"), "{damaged}");
}

#[test]
fn deploying_gives_the_disk_back() {
    let desk = Desk::pressed();
    desk.does("deploy medium.img Win7 -o disk --pubkey key.pub --threads 1");
    assert!(desk.read("disk") == desk.read("3.img"));
    let deployed = desk.object(0, "deploy medium.img Win7@1 -o disk.vhd --format vhd");
    assert_eq!((&deployed["image"], &deployed["signed"]["verified"]), (&"Win7@1".into(), &false.into()));
    Judge::new("qemu-img")
        .args(["convert", "-f", "vpc", "-O", "raw", "disk.vhd", "raw"])
        .folder(desk.folder())
        .agrees();
    assert!(desk.read("raw") == desk.read("1.img"));
}

#[test]
fn keys_with_a_password_sign_and_minisign_agrees() {
    let desk = Desk::stocked();
    desk.write("password", b"correct horse\nsecond line\n");
    let made = desk.object(0, "keygen -s locked -p locked.pub --password-file password");
    assert_eq!(made["encrypted"], true);
    let line = "build usb --store store Win7@1 --sign locked -o";
    desk.does(&format!("{line} one.img --password-file password"));
    desk.judge(&format!("{line} two.img")).env("SEEDPRESS_PASSWORD", "correct horse").agrees();
    assert!(desk.read("one.img") == desk.read("two.img"));
    let key = made["public_key"].as_str().unwrap();
    desk.does(&format!("verify one.img --pubkey key.pub --pubkey {key}"));
    for name in ["manifest.json", "manifest.json.minisig"] {
        desk.write(name, &desk.does(&format!("cat one.img seed/{name}")).stdout);
    }
    let judge = Judge::new("minisign").args(["-V", "-p", "locked.pub", "-m", "manifest.json"]);
    judge.folder(desk.folder()).agrees();
}

#[test]
fn secret_keys_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::stocked();
    let mode = |name| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("key"), mode("key.pub") & 0o600), (0o600, 0o600));
}
