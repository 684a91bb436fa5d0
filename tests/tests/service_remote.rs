//! A service over a store that lies elsewhere gives its devices what one over a folder does.

use std::path::Path;

use seedpress_tests::elsewhere::Elsewhere;
use seedpress_tests::judge::Judge;
use seedpress_tests::s3::S3;
use seedpress_tests::service::Service;
use seedpress_tests::site::{DEVICE, ask, enrolled_with_noise};
use seedpress_tests::sshd::Sshd;
use seedpress_tests::workshop::Workshop;
use uuid::Uuid;

/// Holds what a service over `there` gives against the files of the store.
fn serves(there: &Elsewhere, files: &Path, secret: &str, layer: Uuid) {
    let service = Service::start_over(there);
    let login = format!("{DEVICE}:{secret}");
    let get = |path: &str, more: &[&str]| ask(&service, path, &[&["--user", &login], more].concat());
    let target = get("/v1/target", &[]);
    assert!(target.status == 200 && String::from_utf8_lossy(&target.body).contains(&layer.to_string()));
    let url = |file: &str| format!("/v1/layers/{layer}/{file}");
    let read = |file: &str| std::fs::read(files.join(format!("layers/{layer}/{file}"))).unwrap();
    let stored = read("disk.vhd.zst");
    for file in ["frames.bin", "disk.vhd.zst"] {
        let reply = get(&url(file), &[]);
        assert!(reply.status == 200 && reply.body == read(file), "{file}");
    }
    // Across pieces and blocks, and the end.
    let (first, last) = ((4 << 20) - 1000, (5 << 20) + 1000);
    let part = get(&url("disk.vhd.zst"), &["--range", &format!("{first}-{last}")]);
    assert!(part.status == 206 && part.body == stored[first..=last]);
    assert_eq!(get(&url("disk.vhd.zst"), &["--range", "-9"]).body, stored[stored.len() - 9..]);
    for wrong in [format!("{DEVICE}:wrong"), "nobody:wrong".into()] {
        assert_eq!(ask(&service, "/v1/target", &["--user", &wrong]).status, 401);
    }
}

#[test]
fn over_sftp_a_device_gets_its_layers() {
    let workshop = Workshop::new();
    let sshd = Sshd::start(&workshop);
    let (desk, secret, layer) = enrolled_with_noise();
    let files = desk.path("store");
    serves(&sshd.store(sshd.address, &files), &files, &secret, layer);
}

#[test]
fn over_s3_a_device_gets_its_layers() {
    let workshop = Workshop::new();
    let server = S3::start(&workshop);
    let there = server.store(server.address);
    let (desk, secret, layer) = enrolled_with_noise();
    std::fs::create_dir_all(there.files.parent().unwrap()).unwrap();
    Judge::new("cp").arg("-r").arg(desk.path("store")).arg(&there.files).agrees();
    serves(&there, &desk.path("store"), &secret, layer);
}
