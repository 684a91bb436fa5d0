//! Optical media through the program: what is planned is pressed, looked into, deployed from, refused and found damaged.

use formats::digest::Sha256;
use formats::units::{ByteLen, ByteOffset};
use seedpress_tests::desk::{BUILD_DISC, Desk};
use seedpress_tests::press::store_of_holes;
use serde_json::Value;

/// Kinds of discs, and how many bytes one holds.
const DISCS: [(&str, u64); 6] = [
    ("dvd5", 4_700_372_992),
    ("dvd9", 8_543_666_176),
    ("bd25", 25_025_314_816),
    ("bd50", 50_050_629_632),
    ("bd100", 100_103_356_416),
    ("bd128", 128_001_769_472),
];

/// How much of a disk goes into a frame, in bytes.
const FRAME: u64 = 4 << 20;

/// A stocked desk with a signed disc in `medium.img`.
fn pressed() -> Desk {
    Desk::pressed_by(BUILD_DISC)
}

/// The first region of the pressed disc with this name, as the plan has it: where it starts and how long it is.
fn region(desk: &Desk, name: &str) -> (usize, usize) {
    let plan = desk.object(0, &BUILD_DISC.replace("build", "plan"));
    let regions = plan["regions"].as_array().unwrap();
    let found = regions.iter().find(|region| region["name"] == name).unwrap_or_else(|| panic!("{name}"));
    ["start", "len"].map(|field| found[field].as_u64().unwrap() as usize).into()
}

#[test]
fn names_that_windows_cannot_open_are_pressed_with_a_warning() {
    let desk = Desk::stocked();
    for name in ["add/CON", "add/SEED", "add/x/dot.", "add/x/fine"] {
        desk.write(name, b"");
    }
    let warning = "warning: Windows cannot open what has these names, or takes two for one: \
                   \"CON\", \"SEED\", \"seed\", \"x/dot.\"\n";
    for line in [BUILD_DISC.replace("build", "plan"), format!("{BUILD_DISC} -o medium.img")] {
        let said = desk.does(&format!("{line} --add add"));
        assert!(said.all().contains(warning), "{said}");
    }
    assert_eq!(desk.does("ls medium.img x").text().lines().count(), 2);
    assert!(!desk.does(BUILD_DISC.replace("build", "plan").as_str()).all().contains("warning"));
}

#[test]
fn a_disc_is_what_its_plan_says() {
    let desk = Desk::stocked();
    let names = desk.names();
    let plan = desk.object(0, &BUILD_DISC.replace("build", "plan"));
    assert_eq!(desk.names(), names);
    let built = desk.object(0, &format!("{BUILD_DISC} -o medium.img --digest --verify full"));
    for field in ["medium", "size", "free", "label"] {
        assert_eq!(plan[field], built[field], "{field}");
    }
    assert_eq!(built["sha256"], Sha256::of(&desk.read("medium.img")).to_string());
    assert_eq!(built["size"], desk.read("medium.img").len());
    let text = desk.does(&BUILD_DISC.replace("build", "plan")).text();
    for name in ["ISO 9660 volume descriptors (written last)", "UDF anchor (written last)", "EFI system"] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

#[test]
fn options_shape_the_disc() {
    let desk = Desk::stocked();
    desk.write("more/notes/Grüße.txt", b"hello");
    let line = "build disc --store store Win7@1 -o m.img --label Häuser --media bd25 --udf-revision 2.01 \
                --udf-only --expires 2098-01-31 --add more";
    desk.does(line);
    let medium = desk.object(0, "identify m.img");
    assert_eq!((&medium["label"], &medium["expires"]), (&"Häuser".into(), &"2098-01-31T00:00:00Z".into()));
    assert_eq!(desk.does("cat m.img notes/Grüße.txt").stdout, b"hello");
    assert!(desk.does("verify m.img --strict").text().ends_with("verdict   pristine\n"));
    let image = desk.read("m.img");
    let recognition = image[16 * 2048..].chunks(2048).map(|sector| &sector[1..6]).take(4).collect::<Vec<_>>();
    assert!(!recognition.contains(&&b"CD001"[..]), "ISO 9660 on a disc that is UDF only");
    assert!(recognition.contains(&&b"NSR03"[..]), "no UDF 2.01");
}

#[test]
fn the_files_of_a_disc_are_listed_read_and_deployed() {
    let desk = pressed();
    let all = desk.object(0, "ls medium.img -R");
    let paths: Vec<_> =
        all["entries"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"seed/manifest.json.minisig") && paths.contains(&"SHA256SUMS"), "{paths:?}");
    assert_eq!(desk.does("ls medium.img --esp -R").text(), "EFI/\nEFI/BOOT/\nEFI/BOOT/BOOTX64.EFI\n");
    assert_eq!(desk.does("cat medium.img --esp EFI/BOOT/BOOTX64.EFI").stdout, b"boot");
    let readme = desk.does("cat medium.img README.txt").text();
    assert!(readme.contains("Win7@3"), "{readme}");
    desk.does("deploy medium.img Win7 -o disk --pubkey key.pub");
    assert!(desk.read("disk") == desk.read("3.img"));
    desk.does("deploy medium.img Win7@1 -o disk --force --threads 1");
    assert!(desk.read("disk") == desk.read("1.img"));
}

#[test]
fn what_does_not_fit_on_a_kind_of_disc_ends_with_15_and_both_sizes() {
    for (kind, capacity) in DISCS {
        let desk = Desk::empty();
        let frames = capacity.div_ceil(FRAME);
        store_of_holes(&desk.path("store"), frames);
        let names = desk.names();
        for verb in ["plan disc", "build disc -o m.img"] {
            let said = desk.refuses(15, &format!("{verb} --store store Win7 --media {kind}"));
            assert!(said.contains(&format!("({capacity} bytes)")), "{said}");
            assert!(said.contains("the content needs a disc of ") && said.contains("--span"), "{said}");
            assert_eq!(desk.names(), names);
        }
        let smaller = capacity / FRAME - 8;
        store_of_holes(&desk.path("smaller"), smaller);
        let plan = desk.object(0, &format!("plan disc --store smaller Win7 --media {kind}"));
        assert!(plan["size"].as_u64() <= Some(capacity), "{}", plan["size"]);
    }
}

#[test]
fn a_boot_folder_that_no_disc_has_room_for_ends_with_15_and_both_sizes() {
    let desk = Desk::stocked();
    // With its directories and tables this is more than the 65,535 sectors that El Torito can count.
    desk.write("esp/large", &vec![0; 33_500_000]);
    let names = desk.names();
    for line in [format!("{BUILD_DISC} -o m.img"), BUILD_DISC.replace("build", "plan")] {
        let said = desk.refuses(15, &line);
        assert!(said.contains("the EFI system partition needs 33 MiB (34603008 bytes)"), "{said}");
        assert!(said.contains("one of 31.9 MiB (33553920 bytes): put less into --esp-tree"), "{said}");
        assert_eq!(desk.names(), names);
    }
}

#[test]
fn revisions_that_there_are_not_and_templates_of_usb_media_end_with_2() {
    let desk = Desk::stocked();
    let said = desk.run("build disc --store store Win7 -o m.img --udf-revision 2.60");
    assert_eq!(said.code, Some(2), "{said}");
    assert!(said.all().contains("expected 1.02, 1.50, 2.01 or 2.50"), "{said}");
    desk.write("usb.toml", include_bytes!("../../templates/courier-usb.toml"));
    let said = desk.refuses(2, "build disc --store store Win7 -o m.img --template usb.toml");
    assert!(said.contains("usb.toml is for \"usb\" media alone, not for \"disc\""), "{said}");
}

#[test]
fn damage_on_a_disc_ends_with_10_and_names_file_frame_and_offset() {
    let desk = pressed();
    let plan = desk.object(0, &BUILD_DISC.replace("build", "plan"));
    let large = |region: &&Value| region["content"] == "payload" && region["len"].as_u64() > Some(5 << 20);
    let layer = plan["regions"].as_array().unwrap().iter().find(large).unwrap().clone();
    let start = layer["start"].as_u64().unwrap() as usize;
    desk.flip("medium.img", start + 100);
    let report = desk.object(10, "verify medium.img");
    assert_eq!(report["verdict"], "payload-changed");
    let problem = report["problems"][0]["message"].as_str().unwrap().to_owned();
    assert!(problem.contains(layer["name"].as_str().unwrap()) && problem.contains("frame 0"), "{problem}");
    let said = desk.refuses(10, "deploy medium.img Win7@1 -o disk");
    assert!(said.contains("frame 0"), "{said}");
    assert!(!desk.path("disk").exists());
}

#[test]
fn structures_of_a_disc_that_changed_are_damage_for_no_host_writes_to_one() {
    let desk = pressed();
    for name in ["boot catalog", "backup GPT entries", "Joliet directories", "UDF reserve volume descriptors"]
    {
        let (start, len) = region(&desk, name);
        desk.flip("medium.img", start + 40);
        for verb in ["verify medium.img --pubkey key.pub", "verify medium.img --quick --strict"] {
            let report = desk.object(10, verb);
            assert_eq!(report["verdict"], "payload-changed");
            let problem = report["problems"][0]["message"].as_str().unwrap().to_owned();
            let place = format!("{} with {}", ByteOffset(start as u64), ByteLen(len as u64));
            assert!(problem.contains(name) && problem.contains(&place), "{problem}");
        }
        desk.flip("medium.img", start + 40);
    }
    desk.object(0, "verify medium.img --strict");
    let bytes = desk.read("medium.img");
    desk.write("medium.img", &bytes[..bytes.len() - 512]);
    let problem = desk.object(10, "verify medium.img --quick")["problems"][0].to_string();
    assert!(problem.contains("backup GPT") && problem.contains("cannot be read"), "{problem}");
}

#[test]
fn a_disc_that_is_not_trusted_ends_with_11() {
    let desk = pressed();
    desk.does("keygen -s other -p other.pub --no-password");
    desk.object(11, "verify medium.img --pubkey other.pub");
    let said = desk.refuses(11, "deploy medium.img Win7 -o disk --pubkey other.pub");
    assert!(said.contains("which is not trusted"), "{said}");
    let (manifest, _) = region(&desk, "seed/manifest.json");
    desk.flip("medium.img", manifest + 200);
    let said = desk.refuses(11, "deploy medium.img Win7 -o disk --pubkey key.pub");
    assert!(said.contains("was changed"), "{said}");
    assert!(!desk.path("disk").exists());
}
