//! A device gets what it is assigned: from here, from media, and the rest over the network, frame by frame.

use seedpress_tests::client::{Site, damage};
use seedpress_tests::stores::MIB;

/// The most that documents take, in bytes.
const DOCUMENTS: u64 = 8 << 10;

#[test]
fn a_chain_comes_over_the_network_and_then_nothing_comes() {
    let site = Site::enrolled();
    site.assign("Win7@3");
    let synced = site.sync(0, "");
    let stored: u64 = site.layers("3").iter().map(|(_, len)| len).sum();
    assert!(synced.is_complete() && site.has("3"), "{}", synced.0);
    assert!((stored..stored + DOCUMENTS).contains(&synced.wire()), "{} {stored}", synced.wire());
    let again = site.sync(0, "");
    assert_eq!((again.from("network"), again.wire()), ((0, 0), 0));
    assert_eq!(again.why("network"), "nothing is missing");
}

#[test]
fn a_new_version_costs_its_differences_and_takes_the_place_of_the_old_one() {
    let site = Site::enrolled();
    site.sync(0, "");
    site.assign("Win7@2");
    let synced = site.sync(0, "");
    let new = site.layers("2")[1].1;
    assert!(site.has("2") && !site.has("1"));
    assert!(synced.wire() <= new + new / 50 + DOCUMENTS, "{} {new}", synced.wire());
    assert_eq!(synced.from("local").1, site.layers("1")[0].1);
    let disks = site.desk.path("client/disks");
    let vhds = std::fs::read_dir(disks)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".vhd"));
    assert_eq!(vhds.count(), 2);
}

#[test]
fn the_disks_are_those_that_were_published() {
    let site = Site::enrolled();
    site.assign("Win7@3");
    site.sync(0, "--materialize raw");
    let disk = site.desk.read("client/disks/Win7@3.raw");
    assert!(disk.len() >= MIB << 20 && disk.starts_with(&site.desk.read("3.img")));
}

#[test]
fn nothing_is_complete_without_its_disk() {
    let site = Site::enrolled();
    site.sync(0, "");
    let stored = site.layers("1").remove(0).0;
    let layer = stored.parent().and_then(|folder| folder.file_name()).unwrap().to_str().unwrap();
    let disk = site.desk.path(&format!("client/disks/{layer}.vhd"));
    std::fs::remove_file(&disk).unwrap();
    let status = site.desk.does("client status --client client").text();
    assert!(status.contains("no disk"), "{status}");
    let looked = site.sync(0, "--dry-run");
    assert!(!looked.is_complete() && looked.0["disks"][0]["state"] == "missing", "{}", looked.0);
    std::fs::create_dir(&disk).unwrap();
    let synced = site.sync(14, "");
    assert!(!synced.is_complete() && synced.0["images"].to_string().contains("no disk"), "{}", synced.0);
    std::fs::remove_dir(&disk).unwrap();
    assert!(site.sync(0, "").is_complete() && disk.is_file());
}

#[test]
fn what_a_stick_has_does_not_come_over_the_network() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    site.assign("Win7@2");
    let synced = site.sync(0, "--medium stick.img");
    let (base, new) = (site.layers("2")[0].1, site.layers("2")[1].1);
    assert!(site.has("2"));
    let frames = (MIB as u64).div_ceil(4) + 1;
    assert!((frames - 1..=frames).contains(&synced.from("usb").0), "{}", synced.0);
    assert!(synced.wire() <= new + (base + new) / 100 + DOCUMENTS, "{} {new}", synced.wire());
    assert!(synced.from("network").1 < new);
}

#[test]
fn one_damaged_frame_of_a_stick_comes_over_the_network_and_no_other() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    let (stored, len) = site.layers("1").remove(0);
    damage(&site.desk.path("stick.img"), &stored, len as usize / 2);
    let synced = site.sync(0, "--medium stick.img");
    assert!(site.has("1"));
    assert_eq!(synced.from("network").0, 1, "{}", synced.0);
    assert!(synced.from("usb").0 >= 4 && synced.why("usb").contains("is damaged"), "{}", synced.0);
    assert!(synced.wire() < (5 << 20) + DOCUMENTS);
}

#[test]
fn a_medium_that_another_key_signed_is_not_used_and_the_reason_is_told() {
    let site = Site::enrolled();
    site.desk.does("keygen -s other -p other.pub --no-password");
    site.desk.does("build usb --store store Win7@1 --boot none --sign other -o stick.img");
    let synced = site.sync(0, "--medium stick.img");
    assert_eq!(synced.from("usb"), (0, 0));
    assert!(synced.why("usb").contains("not trusted"), "{}", synced.why("usb"));
    assert!(site.has("1"));
}

#[test]
fn a_medium_that_nobody_signed_is_used_when_the_switch_says_so() {
    let site = Site::enrolled();
    site.desk.does("build usb --store store Win7@1 --boot none -o stick.img");
    let refused = site.sync(16, "--medium stick.img --require-local");
    assert_eq!(refused.from("usb"), (0, 0));
    site.desk.does("client config set allow-unsigned-media yes --client client");
    let synced = site.sync(0, "--medium stick.img --require-local");
    assert!(synced.from("usb").0 > 0 && site.has("1"), "{}", synced.0);
}

#[test]
fn switches_keep_media_out_and_stay_as_they_were_set() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    site.desk.does("client config set enable-usb-cache false --client client");
    let synced = site.sync(16, "--medium stick.img --require-local");
    assert!(synced.why("usb").contains("enable-usb-cache"), "{}", synced.0);
    assert_eq!((synced.from("usb"), synced.from("network")), ((0, 0), (0, 0)));
    let said = site.desk.does("client config get enable-usb-cache --client client").text();
    assert_eq!(said, "false\n");
    site.desk.does("disksyncmgr --set enable-usb-cache true --client client");
    assert!(site.sync(0, "--medium stick.img --require-local").from("usb").0 > 0);
}

#[test]
fn media_that_fail_are_left_out_of_one_job_and_no_switch_changes() {
    let site = Site::enrolled();
    let before = site.desk.read("client/settings.json");
    site.desk.write("stick.img", &vec![7; 1 << 20]);
    let synced = site.sync(0, "--medium stick.img --medium nowhere.img");
    assert!(synced.why("usb").contains("no seed medium"), "{}", synced.0);
    assert_eq!(site.desk.read("client/settings.json"), before);
}

#[test]
fn a_sync_that_takes_no_frames_over_the_network_keeps_what_it_found() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    site.assign("Win7@2");
    let short = site.sync(16, "--medium stick.img --require-local");
    assert!(short.from("usb").0 > 0 && short.wire() < DOCUMENTS, "{}", short.0);
    assert!(short.why("network").contains("--require-local"), "{}", short.0);
    let synced = site.sync(0, "");
    assert!(site.has("2") && synced.wire() < site.layers("2")[1].1 + DOCUMENTS);
}

#[test]
fn offline_what_is_known_is_taken_from_media() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    assert!(site.sync(16, "--offline").problems().contains("no source has"));
    let Site { desk, service } = site;
    drop(service);
    let said = desk.run(&Site::line("--offline --medium stick.img --json"));
    assert_eq!(said.code, Some(0), "{said}");
    assert!(said.text().contains("\"reported\": false"), "{said}");
}

#[test]
fn a_service_that_is_down_keeps_no_medium_from_being_used_and_gets_the_receipts_later() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    let Site { desk, service } = site;
    let port = service.port.to_string();
    let files = service.files.clone().map(|path| path.display().to_string());
    // The files of the certificate go with the service.
    let kept = ["service.pem", "service.key"];
    for (name, path) in kept.iter().zip(&files) {
        desk.write(name, &std::fs::read(path).unwrap());
    }
    drop(service);
    let said = desk.run(&Site::line("--medium stick.img --retries 0"));
    assert_eq!(said.code, Some(3), "{said}");
    assert!(said.all().contains("going on with what the service said"), "{said}");
    let serve =
        format!("serve --store store --listen 127.0.0.1:{port} --tls-cert {} --tls-key {}", kept[0], kept[1]);
    let mut service = seedpress_tests::program::command(serve.split(' '))
        .current_dir(desk.folder())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(service.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    let said = desk.run(&Site::line(""));
    service.kill().unwrap();
    service.wait().unwrap();
    assert_eq!(said.code, Some(0), "{said}");
    assert!(said.text().contains("receipt 2: reported"), "{said}");
    assert!(desk.does("device report pc-17 --store store").text().contains("receipt   2"));
}

#[test]
fn nothing_is_fetched_for_what_is_only_asked_about() {
    let site = Site::enrolled();
    let said = site.desk.does(&Site::line("--dry-run")).all();
    assert!(said.contains("are asked of network") && said.contains("missing"), "{said}");
    assert!(!site.has("1"));
    assert!(!site.desk.path("client/partial").exists() && !site.desk.path("client/receipts").exists());
}

#[test]
fn damage_on_the_clients_disk_is_found_when_the_switch_says_so_and_mended_frame_by_frame() {
    let site = Site::enrolled();
    site.sync(0, "");
    let uuid = site.layers("1")[0].0.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let stored = format!("client/store/layers/{uuid}/disk.vhd.zst");
    site.desk.flip(&stored, 100);
    assert_eq!(site.sync(0, "").from("network"), (0, 0));
    site.desk.does("disksyncmgr --set force-local-checksum true --client client");
    let mended = site.sync(0, "");
    assert_eq!(mended.from("network").0, 1, "{}", mended.0);
    assert!(site.has("1"));
}

#[test]
fn a_locked_image_stays_and_a_removed_one_goes() {
    let site = Site::enrolled();
    site.sync(0, "");
    site.desk.does("device assign pc-17 Win7@1 --lock --store store");
    assert!(site.sync(0, "").is_complete() && site.has("1"));
    site.desk.does("device unassign pc-17 Win7 --hard --store store");
    site.sync(0, "");
    assert!(!site.has("1"));
}

#[test]
fn the_old_version_stays_until_the_new_one_is_here() {
    let site = Site::enrolled();
    site.sync(0, "");
    site.assign("Win7@3");
    site.sync(16, "--require-local");
    assert!(site.has("1"));
    site.sync(0, "");
    assert!(site.has("3") && !site.has("1"));
}

#[test]
fn a_staged_version_is_fetched_beside_the_current_one() {
    let site = Site::enrolled();
    site.desk.does("device assign pc-17 Win7@2 --staged --store store");
    let synced = site.sync(0, "");
    assert!(synced.is_complete() && site.has("1") && site.has("2"));
    let images = site.status()["images"].clone();
    let roles: Vec<_> = images.as_array().unwrap().iter().map(|it| it["role"].clone()).collect();
    assert_eq!(roles, ["current", "staged"]);
}
