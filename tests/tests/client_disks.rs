//! What a client makes of its layers is right to everyone, and what is not needed goes without harm.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use formats::digest::Sha256;
use formats::io::{ReadAt, read_vec};
use formats::kind::ErrorKind;
use formats::units::{ByteLen, ByteOffset, MIB};
use formats::vhd::{Chain, Layer, SizeRule, Vhd};
use host::FileSource;
use seedpress_tests::disks::golden;
use seedpress_tests::judge::Judge;
use seedpress_tests::mounted::Mounted;
use seedpress_tests::paper::Noise;
use seedpress_tests::stores::stocked_with;
use seedpress_tests::unserved::Client;
use seedpress_tests::vhd_audit::audit;
use seedpress_tests::workshop::Workshop;
use sync::client::disks::{Form, Policies, State, write_policies};

fn all(source: &impl ReadAt) -> Vec<u8> {
    read_vec(source, ByteOffset::ZERO, source.size().0 as usize).unwrap()
}

fn read_as_raw(client: &Client, vhd: &Path) -> Vec<u8> {
    let raw = client.workshop.path("read.raw");
    Judge::new("qemu-img").args(["convert", "-f", "vpc", "-O", "raw"]).arg(vhd).arg(&raw).agrees();
    fs::read(raw).unwrap()
}

#[test]
fn a_chain_of_files_is_right_by_windows_rules_and_to_us() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["2", "3"]);
    assert_eq!(client.states(), ["made"; 3]);
    assert_eq!(audit(&client.workshop.path("disks")), [""; 0]);
    let layers = (1..=3).map(|number| {
        let file = FileSource::open(&client.layer_disk(number)).unwrap();
        Layer::vhd(Vhd::open(file, SizeRule::Current).unwrap())
    });
    let chain = Chain::new(layers.collect()).unwrap();
    assert_eq!(chain.warnings().count(), 0);
    assert!(all(&chain) == client.stocked.disks[2]);
    assert!(read_as_raw(&client, &client.layer_disk(1)) == client.stocked.disks[0]);
    let said = Judge::new("vhdiinfo").arg(client.layer_disk(3)).agrees().text();
    let parent = client.newest().chain[1];
    assert!(said.contains(&format!("{parent}.vhd")) && said.contains("Differential"), "{said}");
}

#[test]
fn libvhdi_follows_a_chain_of_files_to_its_base() {
    // Of blocks that are there in part, libvhdi misreads the sectors; so whole blocks are changed.
    let workshop = Workshop::new();
    let changed = |disk: &[u8], block: usize| {
        let mut next = disk.to_vec();
        let range = block << 21..(block + 1) << 21;
        next[range].copy_from_slice(&Noise { seed: block as u64, len: ByteLen(2 * MIB) }.bytes());
        next
    };
    let one = golden(1, 12);
    let two = changed(&one, 1);
    let three = changed(&two, 4);
    let stocked = stocked_with(&workshop, [one, two, three]);
    let mut client = Client::of(workshop, stocked, Form::Chain);
    client.assign(&["3"]);
    client.make();
    let program = Judge::new("vhdimount").arg(client.layer_disk(3));
    let mounted = Mounted::by(program, &client.workshop.path("mounted"));
    for (number, disk) in (1..).zip(&client.stocked.disks) {
        let read = fs::read(mounted.folder().join(format!("vhdi{number}"))).unwrap();
        assert!(read == *disk, "version {number}");
    }
    mounted.take_down();
}

#[test]
fn what_is_there_and_right_is_not_touched_and_what_is_damaged_is_made_again() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["3"]);
    client.make();
    let inode = |number| fs::metadata(client.layer_disk(number)).unwrap().ino();
    let inodes = [1, 2, 3].map(inode);
    assert_eq!(client.states(), ["kept"; 3]);
    client.rehash = true;
    assert_eq!(client.states(), ["kept"; 3]);
    let damaged = client.layer_disk(2);
    let right = fs::read(&damaged).unwrap();
    let time = fs::metadata(&damaged).unwrap().modified().unwrap();
    let file = File::options().write(true).open(&damaged).unwrap();
    file.write_all_at(&[right[4000] ^ 1], 4000).unwrap();
    assert_eq!(client.layer_disk(2), damaged);
    file.set_modified(time).unwrap();
    drop(file);
    client.rehash = false;
    assert_eq!(client.states(), ["kept"; 3], "only reading it shows that");
    client.rehash = true;
    assert_eq!(client.states(), ["kept", "mended", "kept"]);
    assert!(fs::read(&damaged).unwrap() == right);
    client.rehash = false;
    File::options().write(true).open(&damaged).unwrap().write_all_at(b"x", 4000).unwrap();
    fs::remove_file(client.layer_disk(3)).unwrap();
    assert_eq!(client.states(), ["kept", "mended", "made"]);
    assert_eq!(inode_of(&client, 1), inodes[0]);
    assert!(client.names("disks").iter().all(|name| !name.starts_with('~')));
}

fn inode_of(client: &Client, number: usize) -> u64 {
    fs::metadata(client.layer_disk(number)).unwrap().ino()
}

#[test]
fn a_flat_disk_is_the_version_with_holes_for_zeros() {
    for (form, end) in [(Form::Raw, "raw"), (Form::Vhd, "vhd")] {
        let mut client = Client::new(form);
        client.assign(&["3", "1"]);
        assert_eq!(client.states(), ["made"; 2]);
        for number in [1, 3] {
            let path = client.disk(&format!("Win7@{number}.{end}"));
            let disk = &client.stocked.disks[number - 1];
            match form {
                Form::Raw => assert!(fs::read(&path).unwrap() == *disk),
                _ => assert!(read_as_raw(&client, &path) == *disk),
            }
            let found = fs::metadata(&path).unwrap();
            assert!(found.blocks() * 512 < disk.len() as u64, "{}", found.blocks());
        }
        client.rehash = true;
        assert_eq!(client.states(), ["kept"; 2]);
    }
}

#[test]
fn the_same_layers_give_the_same_files() {
    let files = || {
        let mut client = Client::new(Form::Chain);
        client.assign(&["3"]);
        client.make();
        [1, 2, 3].map(|number| Sha256::of(&fs::read(client.layer_disk(number)).unwrap()))
    };
    assert_eq!(files(), files());
}

#[test]
fn a_file_that_qemu_uses_is_not_replaced_or_removed() {
    let mut client = Client::new(Form::Raw);
    client.assign(&["1"]);
    client.make();
    let path = client.disk("Win7@1.raw");
    File::options().write(true).open(&path).unwrap().write_all_at(b"changed", 0).unwrap();
    let mut qemu = std::process::Command::new("qemu-io");
    qemu.args(["-f", "raw"])
        .arg(&path)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut qemu = qemu.spawn().unwrap();
    // It prompts when the disk is open.
    let mut prompt = [0; 8];
    std::io::Read::read_exact(qemu.stdout.as_mut().unwrap(), &mut prompt).unwrap();
    assert_eq!(client.states(), ["in use"]);
    client.assign(&["2"]);
    client.make();
    assert!(!client.clear().iter().any(|removed| removed.path == path));
    drop(qemu.stdin.take());
    qemu.wait().unwrap();
    assert!(client.clear().iter().any(|removed| removed.path == path));
}

/// Changes a byte of a frame of the client's own layer.
fn damage(client: &Client, number: usize) {
    let layer = client.newest().chain[number - 1];
    let path = client.workshop.path(&format!("store/layers/{layer}/disk.vhd.zst"));
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 100).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 100).unwrap();
}

#[test]
fn what_is_damaged_or_lies_gets_no_name() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["3"]);
    damage(&client, 2);
    let disks = client.make();
    let states: Vec<_> = disks.iter().map(|disk| seedpress_tests::unserved::word(&disk.state)).collect();
    assert_eq!(states, ["made", "failed", "failed"], "a child's parent must be read for its time");
    let State::Failed(error) = &disks[1].state else { panic!("{:?}", disks[1]) };
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(!client.layer_disk(2).exists() && !client.layer_disk(3).exists());
    assert!(client.names("disks").iter().all(|name| !name.starts_with('~')));
}

#[test]
fn a_vhd_that_is_not_the_published_one_gets_no_name() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["1"]);
    let layer = client.newest().chain[0];
    // Frames and their digests are right; what they make up is said to be something else.
    let mut descriptor = client.target.layers[0].clone();
    descriptor.vhd.sha256 = Sha256([7; 32]);
    fs::write(client.workshop.path(&format!("store/layers/{layer}/layer.json")), descriptor.print()).unwrap();
    let error = |client: &Client| match client.make().remove(0).state {
        State::Failed(error) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let said = error(&client);
    assert!(said.contains("not the one that the target state describes"), "{said}");
    client.target.layers[0] = descriptor;
    let said = error(&client);
    assert!(said.contains("has the digest") && said.contains("0707"), "{said}");
    assert!(!client.layer_disk(1).exists());
}

#[test]
fn versions_that_are_not_whole_are_not_made() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["1", "3"]);
    let leaf = client.newest().chain[2];
    fs::remove_dir_all(client.workshop.path(&format!("store/layers/{leaf}"))).unwrap();
    assert_eq!(client.states(), ["made"]);
    client.target.images[0].removed = true;
    fs::remove_file(client.layer_disk(1)).unwrap();
    assert_eq!(client.states(), [""; 0]);
}

#[test]
fn a_locked_image_stays_as_it_is() {
    let mut client = Client::new(Form::Raw);
    client.assign(&["1"]);
    client.make();
    fs::write(client.disk("Win7@1.raw"), "mine").unwrap();
    client.target.images[0].locked = true;
    assert_eq!(client.states(), ["kept"]);
    assert!(client.clear().is_empty());
    assert_eq!(fs::read(client.disk("Win7@1.raw")).unwrap(), b"mine");
}

#[test]
fn nothing_is_removed_that_the_target_needs_or_that_is_not_the_clients() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["2", "3"]);
    client.make();
    write_policies(&client.order()).unwrap();
    let leaf = client.newest().chain[2];
    let foreign = [
        format!("disks/{leaf}_delta.vhd"),
        "disks/notes.txt".into(),
        "disks/Win7.raw".into(),
        "notes".into(),
        "partial/x/y".into(),
    ];
    foreign.iter().for_each(|name| drop(client.workshop.write(name, b"mine")));
    client.workshop.write(&format!("partial/{leaf}/disk.vhd.zst"), b"in the making");
    client.workshop.write(&format!("disks/~{leaf}.vhd.partial"), b"cut off");
    client
        .workshop
        .write("store/layers/~00000000-0000-0000-0000-000000000001.removed/disk.vhd.zst", b"cut off");
    let removed = client.clear();
    let names: Vec<_> =
        removed.iter().map(|it| it.path.strip_prefix(client.workshop.folder()).unwrap()).collect();
    let cut_off = format!("disks/~{leaf}.vhd.partial");
    assert_eq!(names, [Path::new(&cut_off), Path::new("store/images/Win7/1.json")]);
    assert_eq!(client.names("store/layers").len(), 3);
    assert_eq!(client.clear(), []);
    client.assign(&["2"]);
    let removed = client.clear();
    let expected = [
        format!("disks/{leaf}.vhd"),
        "store/images/Win7/3.json".into(),
        format!("store/layers/{leaf}"),
        format!("partial/{leaf}"),
    ];
    let names: Vec<_> = removed
        .iter()
        .map(|it| it.path.strip_prefix(client.workshop.folder()).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, expected);
    assert!(foreign.iter().all(|name| client.workshop.path(name).exists()));
    assert_eq!(client.names("disks/.records").len(), 2);
    assert_eq!(client.states(), ["kept"; 2]);
}

#[test]
fn what_somebody_uses_goes_later_but_at_once_when_it_was_taken_away() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["3"]);
    client.make();
    let leaf = client.layer_disk(3);
    let used = File::open(&leaf).unwrap();
    client.target.images[0].removed = true;
    client.clear();
    assert!(leaf.exists() && client.layer_disk(1).exists(), "a chain that is used stays whole");
    assert_eq!(client.store().locate("Win7", Some("3")).unwrap().layers.len(), 3);
    let [one, two] = [1, 2].map(|number| client.layer_disk(number));
    client.target.images.clear();
    client.clear();
    assert!(!leaf.exists() && !one.exists() && !two.exists());
    assert_eq!(client.names("store/layers"), [""; 0]);
    assert_eq!(client.names("store/images"), [""; 0]);
    drop(used);
}

#[test]
fn a_version_stays_until_its_successor_has_a_disk() {
    let mut client = Client::new(Form::Vhd);
    client.assign(&["1"]);
    client.make();
    client.assign(&["2"]);
    client.clear();
    assert_eq!(client.names("disks"), [".records", "Win7@1.vhd"]);
    assert_eq!(client.names("store/images/Win7"), ["1.json", "2.json", "3.json"]);
    client.make();
    client.clear();
    assert_eq!(client.names("disks"), [".records", "Win7@2.vhd"]);
    assert_eq!(client.names("store/images/Win7"), ["2.json"]);
    assert_eq!(client.names("store/layers").len(), 2);
}

#[test]
fn a_device_that_is_to_give_up_everything_does() {
    let mut client = Client::new(Form::Vhd);
    client.assign(&["1", "3"]);
    client.make();
    client.target.removed = true;
    client.target.config = vec!["ui:language:de".parse().unwrap()];
    assert_eq!(client.states(), [""; 0]);
    write_policies(&client.order()).unwrap();
    client.clear();
    assert_eq!(client.names("disks"), [".records", "policies.json"]);
    assert_eq!(client.names("disks/.records"), [""; 0]);
    assert_eq!(client.names("store/layers"), [""; 0]);
    let policies = Policies::parse(&fs::read_to_string(client.disk("policies.json")).unwrap()).unwrap();
    assert!(policies.rows.is_empty() && policies.images.is_empty());
}

#[test]
fn disks_of_another_form_go_when_the_form_changes() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["2"]);
    client.make();
    client.form = Form::Raw;
    client.clear();
    assert!(client.layer_disk(2).exists(), "until there is a disk of the other form");
    assert_eq!(client.states(), ["made"]);
    client.clear();
    assert_eq!(client.names("disks"), [".records", "Win7@2.raw"]);
    assert_eq!(client.names("store/layers").len(), 2);
}

#[test]
fn policies_say_which_file_is_what_and_change_only_when_they_say_something_else() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["2", "3"]);
    client.target.config = vec!["ui:language:de".parse().unwrap()];
    client.target.images[0].policies = vec!["vm:policy-usb:off".parse().unwrap()];
    assert!(write_policies(&client.order()).unwrap());
    assert!(!write_policies(&client.order()).unwrap());
    let text = fs::read_to_string(client.disk("policies.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let chain = &client.newest().chain;
    assert_eq!(document["format"], 1);
    assert_eq!(document["rows"][0], "ui:language:de");
    assert_eq!(document["images"][0]["role"], "current");
    assert_eq!(document["images"][0]["disk"], format!("{}.vhd", chain[1]));
    assert_eq!(document["images"][0]["policies"][0], "vm:policy-usb:off");
    assert_eq!(document["images"][1]["disk"], format!("{}.vhd", chain[2]));
    client.form = Form::Raw;
    assert!(write_policies(&client.order()).unwrap());
    assert_eq!(
        Policies::parse(&fs::read_to_string(client.disk("policies.json")).unwrap()).unwrap().images[1].disk,
        "Win7@3.raw"
    );
}
