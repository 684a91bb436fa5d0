//! The store behind our own service is what its device is assigned, over TLS, and can only be read.

use std::fs;
use std::net::SocketAddr;

use seedpress_tests::desk::Desk;
use seedpress_tests::elsewhere::Elsewhere;
use seedpress_tests::service::{Service, certificates};
use seedpress_tests::wire::Cutter;

/// A desk with a service over its store, and a device `pc-1` that is assigned `Win7@2`.
fn served() -> (Desk, Service, Elsewhere) {
    let desk = Desk::stocked();
    desk.does("device add pc-1 --secret-file secret --store store");
    desk.does("device assign pc-1 Win7@2 --store store");
    let service = Service::start(&desk.path("store"));
    let there = reached(&desk, &service, &service.url);
    (desk, service, there)
}

fn reached(desk: &Desk, service: &Service, url: &str) -> Elsewhere {
    let env = [
        ("SEEDPRESS_DEVICE", "pc-1".into()),
        ("SEEDPRESS_SECRET_FILE", desk.path("secret").display().to_string()),
        ("SEEDPRESS_CA_CERT", service.ca.display().to_string()),
    ];
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Elsewhere { url: url.into(), env, files: desk.path("store") }
}

fn with(there: &Elsewhere, name: &str, value: &str) -> Elsewhere {
    let mut env = there.env.clone();
    env.push((name.into(), value.into()));
    Elsewhere { env, ..there.clone() }
}

#[test]
fn what_a_device_is_assigned_is_read_as_from_a_folder() {
    let (desk, _service, there) = served();
    let here = desk.does("locate --store store Win7@2").text();
    let located =
        there.ends(0, &desk, "locate --store STORE Win7").replace(&format!("{}/v1", there.url), "store");
    assert_eq!(located, here);
    let images = there.ends(0, &desk, "images --store STORE");
    assert!(
        images.contains("Win7@2") && !images.contains("Win7@3") && !images.contains("Win7@1"),
        "{images}"
    );
    let checked = there.ends(0, &desk, "check --store STORE");
    assert!(checked.contains("the store is sound: 1 version, 2 layers"), "{checked}");
    there.ends(16, &desk, "locate --store STORE Win7@3");
    desk.does("build usb --store store Win7@2 --boot none -o here.img");
    there.ends(0, &desk, "build usb --store STORE Win7@2 --boot none -o there.img");
    assert!(desk.read("here.img") == desk.read("there.img"), "the media differ");
}

#[test]
fn nothing_can_be_written_there() {
    let (desk, _service, there) = served();
    let before = there.snapshot();
    for line in ["publish New@1 1.img --store STORE", "device unassign pc-1 Win7 --store STORE"] {
        let said = there.ends(14, &desk, line);
        assert!(said.contains("the service can only be read"), "{said}");
    }
    assert!(there.snapshot() == before);
}

#[test]
fn who_is_not_trusted_gets_nothing() {
    let (desk, _service, there) = served();
    desk.write("wrong", b"0000");
    desk.write("other.pem", certificates().ca.as_bytes());
    let path = |name: &str| desk.path(name).display().to_string();
    for (there, code, told) in [
        (with(&there, "SEEDPRESS_SECRET_FILE", &path("wrong")), 11, "HTTP 401"),
        (with(&there, "SEEDPRESS_DEVICE", "pc-2"), 11, "HTTP 401"),
        (with(&there, "SEEDPRESS_CA_CERT", &path("other.pem")), 11, "does not prove who it is"),
        (with(&there, "SEEDPRESS_CA_CERT", &path("wrong")), 2, "certificates"),
        (Elsewhere { env: Vec::new(), ..there.clone() }, 2, "SEEDPRESS_SECRET_FILE"),
        (Elsewhere { url: "http://store.example".into(), ..there.clone() }, 2, "expected https://"),
    ] {
        let said = there.ends(code, &desk, "images --store STORE");
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn lines_that_are_cut_lose_nothing() {
    let (desk, service, _) = served();
    let cutter = Cutter::to(SocketAddr::from(([127, 0, 0, 1], service.port)));
    let there = reached(&desk, &service, &format!("https://localhost:{}", cutter.address().port()));
    cutter.arm(8, 1_000_000);
    there.ends(0, &desk, "check --store STORE");
    there.ends(0, &desk, "build usb --store STORE Win7@2 --boot none -o there.img");
    assert!(cutter.cuts() > 3, "{} cuts", cutter.cuts());
    desk.does("build usb --store store Win7@2 --boot none -o here.img");
    assert!(desk.read("here.img") == desk.read("there.img"), "the media differ");
    fs::remove_file(desk.path("secret")).unwrap();
    there.ends(16, &desk, "images --store STORE");
}
