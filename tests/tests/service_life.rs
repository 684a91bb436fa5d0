//! A service begins, is told to end and ends as it should; several serve one store.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use seedpress_tests::desk::Desk;
use seedpress_tests::judge::Judge;
use seedpress_tests::program;
use seedpress_tests::service::{Service, certificates};
use seedpress_tests::site::{DEVICE, Site, ask, authorization, enrolled_with_noise};

#[test]
fn a_service_that_is_asked_to_end_finishes_what_was_begun() {
    let (desk, secret, layer) = enrolled_with_noise();
    let service = Service::start_plain(&desk.path("store"), &[]);
    let bytes = std::fs::read(desk.path(&format!("store/layers/{layer}/disk.vhd.zst"))).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    let login = authorization(&secret);
    let request = format!("GET /v1/layers/{layer}/disk.vhd.zst HTTP/1.1\r\nHost: x\r\n{login}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 1000];
    stream.read_exact(&mut first).unwrap();
    let port = service.port;
    service.signal(Signal::TERM);
    service.wait_for_log("\"event\":\"ending\"");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    let body = [&first[..], &rest].concat();
    assert!(body[body.len() - bytes.len()..] == bytes);
    let (code, log) = service.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("\"event\":\"ended\",\"cut\":0"), "{log}");
}

#[test]
fn the_second_signal_ends_at_once() {
    let (desk, secret, layer) = enrolled_with_noise();
    let service = Service::start_plain(&desk.path("store"), &[]);
    let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    let login = authorization(&secret);
    let request = format!("GET /v1/layers/{layer}/disk.vhd.zst HTTP/1.1\r\nHost: x\r\n{login}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    // An answer that nobody reads would be waited for.
    stream.read_exact(&mut [0; 1000]).unwrap();
    service.signal(Signal::TERM);
    service.wait_for_log("\"event\":\"ending\"");
    service.signal(Signal::TERM);
    assert_eq!(service.wait().0, Some(130));
}

#[test]
fn every_signal_that_asks_to_end_ends_in_order() {
    let desk = Desk::stocked();
    for signal in [Signal::TERM, Signal::INT] {
        let service = Service::start(&desk.path("store"));
        assert_eq!(ask(&service, "/v1/health", &[]).status, 200);
        service.signal(signal);
        assert_eq!(service.wait().0, Some(0), "{signal:?}");
    }
}

#[test]
fn a_hang_up_has_the_certificate_read_again() {
    let site = Site::open();
    let fresh = certificates();
    let [certificate, key] = &site.service.files;
    std::fs::write(key, &fresh.key).unwrap();
    site.service.signal(Signal::HUP);
    site.service.wait_for_log("\"refused\":");
    assert_eq!(site.ask("/v1/health", &[]).status, 200);
    std::fs::write(certificate, &fresh.certificate).unwrap();
    std::fs::write(&site.service.ca, &fresh.ca).unwrap();
    site.service.signal(Signal::HUP);
    site.service.wait_for_log("\"event\":\"certificate\"}");
    assert_eq!(site.ask("/v1/health", &[]).status, 200);
}

#[test]
fn services_over_one_store_agree_at_once() {
    let site = Site::open();
    let other = Service::start(&site.desk.path("store"));
    let login = format!("{DEVICE}:{}", site.secret);
    let both = || [&site.service, &other].map(|it| ask(it, "/v1/target", &["--user", &login]).body);
    let [one, two] = both();
    assert_eq!(one, two);
    site.device("assign pc-17 Win7@3");
    let [new, same] = both();
    assert!(new == same && new != one);
    site.device("remove pc-17 --hard");
    assert!(both().iter().all(|body| body.starts_with(b"{\"error\": \"unauthorized\"")));
}

#[test]
fn health_and_metrics_are_told_to_those_who_look_after_the_service() {
    let site = Site::open_with(&["--metrics", "127.0.0.1:0"]);
    let metrics = site.service.metrics.clone().unwrap();
    let get = |path: &str| {
        let curl = Judge::new("curl").args(["--silent", "--write-out", "%{http_code}"]);
        curl.arg(format!("{metrics}{path}")).agrees().text()
    };
    assert_eq!(site.get("/v1/target", &[]).status, 200);
    assert_eq!(get("/v1/health"), "{\"status\": \"ok\"}\n200");
    let text = get("/metrics");
    assert!(text.contains("seedpress_requests_total{route=\"target\",status=\"200\"} 1\n"), "{text}");
    assert_eq!(get("/v1/target").get(..21), Some("{\"error\": \"not-found\""));
    // On the main address it is for this machine alone, which this is; without TLS that may be a proxy for anybody.
    assert_eq!(site.ask("/metrics", &[]).status, 200);
    let plain = Service::start_plain(&site.desk.path("store"), &[]);
    assert_eq!(ask(&plain, "/metrics", &[]).status, 401);
    let login = format!("{DEVICE}:{}", site.secret);
    assert_eq!(ask(&plain, "/metrics", &["--user", &login]).status, 404);
    std::fs::rename(site.desk.path("store/store.json"), site.desk.path("gone")).unwrap();
    for reply in [get("/v1/health"), String::from_utf8(site.ask("/v1/health", &[]).body).unwrap()] {
        assert!(reply.starts_with("{\"error\": \"store\""), "{reply}");
    }
    assert_eq!(site.ask("/v1/health", &[]).status, 503);
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_a_service_from_its_end() {
    let desk = Desk::stocked();
    let mut command = program::command(["serve", "--listen", "127.0.0.1:0", "--store"]);
    command.arg(desk.path("store")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    // More lines of a log than a pipe holds, which are 64 KiB.
    for _ in 0..1000 {
        stream.write_all(b"GET /v1/target HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}\n") {
            let mut some = [0; 1024];
            let len = stream.read(&mut some).unwrap();
            answer.extend_from_slice(&some[..len]);
        }
    }
    drop(stream);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_service_that_cannot_begin_says_why() {
    let desk = Desk::stocked();
    assert!(desk.refuses(2, "serve --store store --listen 0.0.0.0:0").contains("no certificate"));
    assert!(desk.refuses(2, "serve --store store --tls-cert x").contains("--tls-key"));
    assert!(desk.refuses(16, "serve --store absent --listen 127.0.0.1:0").contains("absent"));
    assert!(desk.refuses(16, "serve --store store --tls-cert x --tls-key y").contains("x"));
    let certificate = certificates();
    desk.write("cert.pem", certificate.certificate.as_bytes());
    desk.write("other.key", certificates().key.as_bytes());
    let both = "--listen 127.0.0.1:0 --tls-cert cert.pem --tls-key other.key";
    assert!(desk.refuses(11, &format!("serve --store store {both}")).contains("cannot use cert.pem"));
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    assert!(desk.refuses(14, &format!("serve --store store --listen {taken}")).contains("cannot listen"));
}

#[test]
fn where_it_listens_is_told_to_programs_too() {
    let desk = Desk::stocked();
    let mut command =
        program::command(["serve", "--json", "--listen", "127.0.0.1:0", "--log", "none", "--store"]);
    let mut child = command.arg(desk.path("store")).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"}\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        text.extend(byte);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(told["schema"], "seedpress.serve/1");
    assert!(told["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{told}");
}
