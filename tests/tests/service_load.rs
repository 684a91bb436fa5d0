//! Two hundred clients at once, each a device of its own on a connection of its own, get what they asked for.

use std::fmt::Write as _;
use std::time::Instant;

use formats::layer::FORMAT;
use host::{Ignore, Stop};
use seedpress_tests::desk::Desk;
use seedpress_tests::judge::Judge;
use seedpress_tests::service::Service;
use seedpress_tests::site::enrolled_with_noise;
use seedpress_tests::stores;
use store::Store;
use store::device::{Assignment, DeviceDocument, SecretHash};

const CLIENTS: usize = 200;
/// How much each client gets, in bytes.
const EACH: usize = 1 << 20;

/// The secret of a device, by its number.
fn secret(number: usize) -> String {
    format!("secret-{number}")
}

/// Adds the devices, to which a version is assigned.
fn add_devices(desk: &Desk) {
    let store = Store::open(&desk.path("store")).unwrap();
    for number in 0..CLIENTS {
        let salt = [u8::try_from(number).unwrap(); 32];
        let device = DeviceDocument {
            format: FORMAT,
            device: format!("load-{number}"),
            note: String::new(),
            added: stores::time(),
            secret: SecretHash::new(salt, &secret(number)),
            removed: false,
            rows: Vec::new(),
            assignments: vec![Assignment::new("Noise", "1")],
        };
        assert!(store.add_device(&device, (&Stop::new(), &Ignore)).unwrap());
    }
}

/// How much memory the service had at most, in KiB.
fn peak(service: &Service) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn two_hundred_clients_at_once_get_what_they_asked_for() {
    let (desk, _, layer) = enrolled_with_noise();
    add_devices(&desk);
    let bytes = std::fs::read(desk.path(&format!("store/layers/{layer}/disk.vhd.zst"))).unwrap();
    let service = Service::start_with(&desk.path("store"), &[]);
    let start = |number: usize| number * 1000;
    let mut config = String::new();
    for number in 0..CLIENTS {
        let (url, first) = (&service.url, start(number));
        let next = if number == 0 { "" } else { "next\n" };
        write!(
            config,
            "{next}url = \"{url}/v1/layers/{layer}/disk.vhd.zst\"\nrange = \"{first}-{}\"\nfail\nhttp1.1\n\
             user = \"load-{number}:{}\"\noutput = \"got-{number}\"\ncacert = \"{}\"\n",
            first + EACH - 1,
            secret(number),
            service.ca.display()
        )
        .unwrap();
    }
    desk.write("curl.config", config.as_bytes());
    let began = Instant::now();
    let curl = Judge::new("curl").args(["--silent", "--show-error", "--parallel", "--parallel-immediate"]);
    curl.args(["--parallel-max", "200", "--config", "curl.config"]).folder(desk.folder()).agrees();
    let took = began.elapsed();
    for number in 0..CLIENTS {
        let expected = &bytes[start(number)..start(number) + EACH];
        assert!(desk.read(&format!("got-{number}")) == expected, "{number}");
    }
    println!("{CLIENTS} clients, {EACH} bytes each: {took:?}, at most {} KiB of memory", peak(&service));
    let log = service.kill();
    let whole = log.lines().filter(|line| line.contains("\"status\":206") && line.contains("\"whole\":true"));
    assert_eq!(whole.count(), CLIENTS, "{log}");
}
