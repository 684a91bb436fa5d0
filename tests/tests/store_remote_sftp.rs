//! A store on a machine behind SSH is a store like any other, with OpenSSH's own server.

use std::net::TcpListener;

use seedpress_tests::desk::Desk;
use seedpress_tests::elsewhere::{self, Elsewhere};
use seedpress_tests::sshd::Sshd;
use seedpress_tests::workshop::Workshop;

#[test]
fn a_folder_behind_ssh_holds_what_a_folder_holds() {
    let workshop = Workshop::new();
    let sshd = Sshd::start(&workshop);
    let there = sshd.store(sshd.address, &workshop.path("far/store"));
    elsewhere::is_the_same_as_a_folder(&there);
}

#[test]
fn two_publishers_lose_nothing() {
    let workshop = Workshop::new();
    let sshd = Sshd::start(&workshop);
    elsewhere::keeps_the_work_of_two_publishers(&sshd.store(sshd.address, &workshop.path("store")));
}

#[test]
fn a_publisher_that_is_killed_is_waited_for_and_cleaned_up_behind() {
    let workshop = Workshop::new();
    let sshd = Sshd::start(&workshop);
    elsewhere::survives_a_publisher_that_is_killed(&sshd.store(sshd.address, &workshop.path("store")));
}

#[test]
fn lines_that_are_cut_lose_nothing() {
    let workshop = Workshop::new();
    let sshd = Sshd::start(&workshop);
    elsewhere::survives_cuts(sshd.address, |address| sshd.store(address, &workshop.path("store")));
}

#[test]
fn what_cannot_be_is_told() {
    let workshop = Workshop::new();
    let sshd = Sshd::start(&workshop);
    let there = sshd.store(sshd.address, &workshop.path("store"));
    let desk = Desk::stocked();
    there.ends(0, &desk, "publish A@1 1.img --store STORE");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (good, bad) = (&there.url, there.url.replace("sftp://", "sftp://nobody-at-all@"));
    for (url, code, told) in [
        (format!("{good}/nothing"), 16, "no store.json"),
        (bad, 11, "Permission denied"),
        (format!("sftp://{nobody}/store"), 16, "Connection refused"),
        ("sftp://-oProxyCommand=x/store".into(), 2, "no name that it can have"),
        ("sftp://me:hunter2@host/store".into(), 2, "passwords do not belong"),
    ] {
        let said = Elsewhere { url, ..there.clone() }.ends(code, &desk, "images --store STORE");
        assert!(said.contains(told), "{said}");
    }
    sshd.write_client(&sshd.other_key());
    let said = there.ends(11, &desk, "images --store STORE");
    assert!(said.contains("Host key verification failed"), "{said}");
}
