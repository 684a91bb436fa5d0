//! Reports of devices are taken when they are signed by the key that the device has, and in order.

use std::sync::Barrier;

use formats::minisign::{KeyId, SecretKey, sign};
use remote::api::Report;
use seedpress_tests::desk::Desk;
use seedpress_tests::site::{DEVICE, Reply, Site};
use seedpress_tests::stores;
use serde_json::{Value, json};
use store::Store;
use sync::server::receive;

/// The key of a device, by its number.
fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32], KeyId([number; 8]))
}

fn receipt(device: &str, number: u64) -> String {
    json!({
        "format": 1, "device": device, "number": number, "started": "2026-11-22T08:00:00Z",
        "finished": "2026-11-22T08:00:01Z", "tool": "seedpress 0.1.0",
        "images": [{ "image": "Win7", "version": "2", "state": "complete" }], "layers": [], "wire": 4711
    })
    .to_string()
}

/// A report of a receipt that `key` has signed.
fn report(key: &SecretKey, receipt: &str) -> Value {
    let signature = sign(key, receipt.as_bytes(), "receipt").unwrap().print();
    json!({ "format": 1, "key": key.public().to_base64(), "receipt": receipt, "signature": signature })
}

fn post(site: &Site, body: &str) -> Reply {
    site.get("/v1/report", &["--data-binary", body])
}

/// The word that a report is refused with.
fn refused(site: &Site, body: &Value) -> (u16, String) {
    let reply = post(site, &body.to_string());
    (reply.status, reply.error())
}

fn last(site: &Site) -> Value {
    site.desk.object_of(0, "device-report", &format!("device report {DEVICE} --store store"))["report"]
        .clone()
}

#[test]
fn reports_are_taken_in_order_and_the_last_one_may_be_sent_again() {
    let site = Site::open();
    assert_eq!(last(&site), Value::Null);
    for number in [1, 2, 2, 7] {
        let reply = post(&site, &report(&key(1), &receipt(DEVICE, number)).to_string());
        assert_eq!((reply.status, &*reply.body), (204, &b""[..]), "{number}");
        assert_eq!(last(&site)["receipt"]["number"], number);
    }
    let older = (409, "report-older".to_owned());
    assert_eq!(refused(&site, &report(&key(1), &receipt(DEVICE, 6))), older);
    assert_eq!(refused(&site, &report(&key(1), &receipt(DEVICE, 7).replace("4711", "4712"))), older);
    assert_eq!(last(&site)["receipt"]["wire"], 4711);
    let listed = site.desk.does("device list --store store").text();
    assert!(listed.lines().any(|line| line.starts_with("pc-17   active  1       20")), "{listed}");
}

#[test]
fn of_first_reports_that_come_together_one_key_is_kept() {
    let desk = Desk::stocked();
    let store = Store::open(&desk.path("store")).unwrap();
    for round in 0..10 {
        let device = format!("pc-{round}");
        desk.does(&format!("device add --store store {device}"));
        let all = Barrier::new(4);
        let kept: Vec<String> = std::thread::scope(|scope| {
            let threads = (1..=4).map(|number| {
                let (store, device, all) = (&store, &device, &all);
                scope.spawn(move || {
                    let report = report(&key(number), &receipt(device, number.into())).to_string();
                    let report = Report::parse(&report).unwrap();
                    all.wait();
                    let taken = receive(store, device, &report, stores::time());
                    (taken.is_ok(), report.key)
                })
            });
            let threads: Vec<_> = threads.collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.filter(|(taken, _)| *taken).map(|(_, key)| key).collect()
        });
        assert_eq!(kept, [store.report(&device).unwrap().unwrap().key]);
    }
}

#[test]
fn another_key_is_refused_and_told_until_it_is_let_in() {
    let site = Site::open();
    let (first, second) = (key(1).public().to_base64(), key(2).public().to_base64());
    assert_eq!(post(&site, &report(&key(1), &receipt(DEVICE, 1)).to_string()).status, 204);
    let other = report(&key(2), &receipt(DEVICE, 2));
    assert_eq!(refused(&site, &other), (409, "report-key".into()));
    assert_eq!((&last(&site)["key"], &last(&site)["refused"]["key"]), (&json!(first), &json!(second)));
    let shown = site.desk.does(&format!("device report {DEVICE} --store store")).text();
    assert!(shown.contains("refused   a report with another key, 0202020202020202"), "{shown}");
    site.device(&format!("report {DEVICE} --forget"));
    assert_eq!(post(&site, &other.to_string()).status, 204);
    assert_eq!((&last(&site)["key"], &last(&site)["refused"]), (&json!(second), &Value::Null));
    let log = site.service.kill();
    assert!(log.contains("\"event\":\"report-refused\",\"device\":\"pc-17\""), "{log}");
}

#[test]
fn what_is_no_report_of_the_device_is_refused() {
    let site = Site::open();
    let good = report(&key(1), &receipt(DEVICE, 1));
    let with = |field: &str, value: Value| {
        let mut bad = good.clone();
        bad[field] = value;
        bad
    };
    let cases = [
        (json!({}), "report-malformed"),
        (with("more", json!(1)), "report-malformed"),
        (with("format", json!(2)), "report-format"),
        (with("key", json!("x")), "report-malformed"),
        (with("key", json!(key(2).public().to_base64())), "report-signature"),
        (with("signature", json!("x")), "report-malformed"),
        (with("receipt", json!(receipt(DEVICE, 2))), "report-signature"),
        (report(&key(1), "{}"), "report-malformed"),
        (report(&key(1), &receipt("other", 1)), "report-device"),
        (report(&key(1), &receipt(DEVICE, 1).replacen("\"format\":1", "\"format\":2", 1)), "report-format"),
    ];
    for (body, word) in cases {
        assert_eq!(refused(&site, &body), (400, word.to_owned()), "{body}");
    }
    assert_eq!(post(&site, "\u{fffd}").error(), "report-malformed");
    assert_eq!(last(&site), Value::Null);
    assert_eq!(site.get("/v1/report", &[]).error(), "method-not-allowed");
    assert_eq!(site.get("/v1/target", &["--data", "x"]).header("allow"), Some("GET, HEAD"));
}

#[test]
fn a_receipt_may_come_on_a_stick() {
    let site = Site::open();
    let desk = &site.desk;
    let put = |name: &str, key: &SecretKey, receipt: &str| {
        desk.write(name, receipt.as_bytes());
        desk.write(
            &format!("{name}.minisig"),
            sign(key, receipt.as_bytes(), "receipt").unwrap().print().as_bytes(),
        );
    };
    put("1.json", &key(1), &receipt(DEVICE, 1));
    let import = |name: &str| format!("device report {DEVICE} --store store --import {name}");
    assert!(desk.refuses(2, &import("1.json")).contains("--pubkey"));
    desk.write("device.pub", key(1).public().print().as_bytes());
    desk.does(&format!("{} --pubkey device.pub", import("1.json")));
    put("2.json", &key(1), &receipt(DEVICE, 2));
    desk.does(&import("2.json"));
    assert_eq!(last(&site)["receipt"]["number"], 2);
    put("3.json", &key(2), &receipt(DEVICE, 3));
    assert!(desk.refuses(11, &import("3.json")).contains("signed with key"));
    put("4.json", &key(1), &receipt("other", 4));
    assert!(desk.refuses(11, &import("4.json")).contains("is of \"other\""));
    assert!(desk.refuses(12, &import("1.json")).contains("the last one had 2"));
    assert!(desk.refuses(16, "device report absent --store store").contains("no device absent"));
}
