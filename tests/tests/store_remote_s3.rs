//! A store in a bucket of S3 is a store like any other, on a server by other people.

use std::net::TcpListener;

use seedpress_tests::desk::Desk;
use seedpress_tests::disks::golden;
use seedpress_tests::elsewhere::{self, Elsewhere};
use seedpress_tests::s3::S3;
use seedpress_tests::vhds::fixed;
use seedpress_tests::workshop::Workshop;

fn with(there: &Elsewhere, name: &str, value: &str) -> Elsewhere {
    let mut env = there.env.clone();
    env.push((name.into(), value.into()));
    Elsewhere { env, ..there.clone() }
}

#[test]
fn a_bucket_holds_what_a_folder_holds() {
    let workshop = Workshop::new();
    let s3 = S3::start(&workshop);
    elsewhere::is_the_same_as_a_folder(&s3.store(s3.address));
}

#[test]
fn two_publishers_lose_nothing() {
    let workshop = Workshop::new();
    let s3 = S3::start(&workshop);
    elsewhere::keeps_the_work_of_two_publishers(&s3.store(s3.address));
}

#[test]
fn a_publisher_that_is_killed_is_waited_for_and_cleaned_up_behind() {
    let workshop = Workshop::new();
    let s3 = S3::start(&workshop);
    elsewhere::survives_a_publisher_that_is_killed(&s3.store(s3.address));
}

#[test]
fn lines_that_are_cut_lose_nothing() {
    let workshop = Workshop::new();
    let s3 = S3::start(&workshop);
    elsewhere::survives_cuts(s3.address, |address| s3.store(address));
}

#[test]
fn what_cannot_be_is_told() {
    let workshop = Workshop::new();
    let s3 = S3::start(&workshop);
    let there = s3.store(s3.address);
    let desk = Desk::stocked();
    there.ends(0, &desk, "publish A@1 1.img --store STORE");
    for (there, code, told) in [
        (with(&there, "AWS_SECRET_ACCESS_KEY", "wrong"), 11, "SignatureDoesNotMatch"),
        (with(&there, "AWS_ACCESS_KEY_ID", "nobody"), 11, "403"),
        (Elsewhere { url: "s3://nothing/here".into(), ..there.clone() }, 16, "no such bucket"),
        (Elsewhere { url: "s3://bucket/elsewhere".into(), ..there.clone() }, 16, "no store.json"),
        (Elsewhere { url: "s3:///here".into(), ..there.clone() }, 2, "bucket has no name"),
        (Elsewhere { env: Vec::new(), ..there.clone() }, 11, "AWS_ACCESS_KEY_ID"),
        (with(&there, "SEEDPRESS_LOCK_SECONDS", "soon"), 2, "5 to 3600"),
    ] {
        let said = there.ends(code, &desk, "images --store STORE");
        assert!(said.contains(told) && !said.contains("not-a-secret"), "{said}");
    }
    let missing = Elsewhere { url: "s3://nothing/here".into(), ..there.clone() };
    missing.ends(16, &desk, "publish B@1 1.img --store STORE");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = s3.store(nobody).ends(16, &desk, "images --store STORE");
    assert!(said.contains("Connection refused"), "{said}");
}

#[test]
fn a_damaged_layer_is_mended_by_its_own_disk_alone() {
    let workshop = Workshop::new();
    let s3 = S3::start(&workshop);
    let there = s3.store(s3.address);
    let desk = Desk::empty();
    let (good, other) = (fixed(&golden(1, 3), 7), fixed(&golden(2, 3), 7));
    desk.write("disk.vhd", &good);
    there.ends(0, &desk, "publish Win7@1 disk.vhd --store STORE");
    let sound = there.snapshot();
    let stored = sound.keys().find(|name| name.ends_with("disk.vhd.zst")).unwrap();
    let mut bytes = sound[stored].clone();
    bytes[9] ^= 1;
    std::fs::write(there.files.join(stored), bytes).unwrap();
    let damaged = there.snapshot();
    desk.write("disk.vhd", &other);
    let refused = there.ends(14, &desk, "publish Win7@1 disk.vhd --store STORE");
    assert!(refused.contains("other content"), "{refused}");
    assert!(there.snapshot() == damaged, "a publish that was refused changed the store");
    desk.write("disk.vhd", &good);
    let mended = there.ends(0, &desk, "publish Win7@1 disk.vhd --store STORE");
    assert!(mended.contains("stored again"), "{mended}");
    assert!(there.snapshot() == sound, "it is not as it was");
}
