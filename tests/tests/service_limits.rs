//! Clients that do not do what they must are let go, and what is too long is refused.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use seedpress_tests::desk::Desk;
use seedpress_tests::judge::Judge;
use seedpress_tests::service::Service;
use seedpress_tests::site::{
    self, DEVICE, Reply, Site, authorization, enroll, enrolled, enrolled_with_noise,
};

/// What a server says until it closes the connection, after it was told `text`.
fn said(port: u16, text: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    heard(&mut stream)
}

fn heard(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut is closed, too.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A service without TLS, whose patience is a second.
fn plain() -> (Desk, Service, String) {
    let (desk, secret) = enrolled();
    let service = Service::start_plain(&desk.path("store"), &["--patience", "1"]);
    (desk, service, secret)
}

/// The same with the patience that services have.
fn plain_and_patient() -> (Desk, Service, String) {
    let (desk, secret) = enrolled();
    let service = Service::start_plain(&desk.path("store"), &[]);
    (desk, service, secret)
}

/// The target state that a device gets.
fn ask_as(service: &Service, login: &str) -> Reply {
    site::ask(service, "/v1/target", &["--user", login])
}

/// The status of an answer.
fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn clients_that_are_silent_or_slow_are_let_go() {
    let site = Site::open_with(&["--patience", "1"]);
    let port = site.service.port;
    assert_eq!(said(port, ""), "");
    assert_eq!(said(port, "\x16\x03\x01"), "");
    let (_desk, service, _) = plain();
    for begun in
        ["", "G", "GET /v1/health HTTP/1.1\r\nHost: x\r\n", "GET /v1/health HTTP/1.1\r\nHost: x\r\nA: "]
    {
        // 408, or nothing.
        assert!(matches!(status(&said(service.port, begun)), "" | "408"), "{begun:?}");
    }
    // One that has asked may wait as long for its next request, and is then let go, too.
    let answer = said(service.port, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(status(&answer), "200");
    let log = service.kill();
    assert!(log.contains("\"event\":\"connection\""), "{log}");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let (_desk, service, secret) = plain();
    let login = authorization(&secret);
    let head = format!("POST /v1/report HTTP/1.1\r\nHost: x\r\n{login}\r\n");
    assert_eq!(status(&said(service.port, &format!("{head}Content-Length: 10\r\n\r\nhalf"))), "408");
}

#[test]
fn an_answer_that_nobody_reads_is_broken_off() {
    let (desk, secret, layer) = enrolled_with_noise();
    let service = Service::start_plain(&desk.path("store"), &["--patience", "1"]);
    let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    let login = authorization(&secret);
    let ask = format!("GET /v1/layers/{layer}/disk.vhd.zst HTTP/1.1\r\nHost: x\r\n{login}\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    // Nothing is read before the service says so.
    service.wait_for_log("\"whole\":false");
    assert!(heard(&mut stream).len() < 48 << 20);
    assert!(service.kill().contains("nothing moved on it for too long"));
}

#[test]
fn what_is_too_long_is_refused() {
    let (_desk, service, secret) = plain();
    let port = service.port;
    let path =
        |len: usize| format!("GET /{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "a".repeat(len));
    assert_eq!(status(&said(port, &path(511))), "401");
    assert_eq!(status(&said(port, &path(512))), "414");
    assert_eq!(status(&said(port, &path(70_000))), "431");
    let header = |len: usize| {
        let value = "a".repeat(len);
        format!("GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: {value}\r\n\r\n")
    };
    assert_eq!(status(&said(port, &header(8000))), "200");
    assert_eq!(status(&said(port, &header(20_000))), "431");
    let many = "A: b\r\n".repeat(100);
    assert_eq!(status(&said(port, &format!("GET /v1/health HTTP/1.1\r\nHost: x\r\n{many}\r\n"))), "431");
    let login = authorization(&secret);
    let head = format!("POST /v1/report HTTP/1.1\r\nHost: x\r\n{login}\r\n");
    assert_eq!(status(&said(port, &format!("{head}Content-Length: 262145\r\n\r\n"))), "413");
    let chunk = format!("40001\r\n{}\r\n0\r\n\r\n", "a".repeat(0x40001));
    assert_eq!(status(&said(port, &format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}"))), "413");
    // Who is no device is not listened to at all.
    let nobody = "POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 262145\r\n\r\n";
    assert_eq!(status(&said(port, nobody)), "401");
}

#[test]
fn what_is_no_http_is_refused() {
    let (_desk, service, _) = plain();
    let port = service.port;
    assert_eq!(status(&said(port, "GET /v1/health HTTP/1.1\r\nConnection: close\r\n\r\n")), "400");
    let twice = "GET /v1/health HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&said(port, twice)), "400");
    assert_eq!(status(&said(port, "GET /v1/health HTTP/1.0\r\n\r\n")), "200");
    for nonsense in ["nonsense\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n", "GET / HTTP/9\r\n\r\n"] {
        assert!(matches!(status(&said(port, nonsense)), "400" | ""), "{nonsense:?}");
    }
    let smuggled = "POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(status(&said(port, smuggled)), "400");
    assert_eq!(
        status(&said(port, "TRACE /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
        "405"
    );
}

#[test]
fn one_address_has_so_many_connections_and_others_still_have_theirs() {
    let (desk, _) = enrolled();
    let more = ["--connections-of-one", "2"];
    let service = Service::start_plain(&desk.path("store"), &more);
    let ask = "GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let held: Vec<_> = (0..2).map(|_| TcpStream::connect(("127.0.0.1", service.port)).unwrap()).collect();
    assert_eq!(said(service.port, ask), "");
    let other = Judge::new("curl")
        .args(["--silent", "--interface", "127.0.0.2"])
        .arg(format!("http://127.0.0.1:{}/v1/health", service.port))
        .agrees();
    assert_eq!(other.text(), "{\"status\": \"ok\"}\n");
    drop(held);
}

#[test]
fn one_device_has_so_many_answers_under_way_and_others_still_have_theirs() {
    let (desk, secret, layer) = enrolled_with_noise();
    let other = enroll(&desk, "other");
    let service = Service::start_plain(&desk.path("store"), &[]);
    let login = authorization(&secret);
    let ask = format!("GET /v1/layers/{layer}/disk.vhd.zst HTTP/1.1\r\nHost: x\r\n{login}\r\n\r\n");
    let begin = || {
        let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
        stream.write_all(ask.as_bytes()).unwrap();
        // The rest stays unread: the answer goes on.
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        (stream, String::from_utf8_lossy(&head).into_owned())
    };
    let mut held: Vec<_> = (0..64).map(|_| begin()).collect();
    assert!(held.iter().all(|(_, head)| status(head) == "200"));
    let target = |login: &str| ask_as(&service, login).status;
    let login = format!("{DEVICE}:{secret}");
    let refused = ask_as(&service, &login);
    assert_eq!((refused.status, &*refused.error()), (503, "busy"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(target(&format!("other:{other}")), 200);
    held.pop();
    service.wait_for_log("\"whole\":false");
    assert_eq!(target(&login), 200);
}

#[test]
fn one_report_of_a_device_is_taken_at_a_time() {
    let (_desk, service, secret) = plain_and_patient();
    let head = format!("POST /v1/report HTTP/1.1\r\nHost: x\r\n{}\r\n", authorization(&secret));
    let mut first = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    let length = "Content-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    first.write_all(format!("{head}{length}").as_bytes()).unwrap();
    let mut goes_on = [0; 12];
    first.read_exact(&mut goes_on).unwrap();
    assert_eq!(&goes_on, b"HTTP/1.1 100");
    let second = said(service.port, &format!("{head}Connection: close\r\nContent-Length: 0\r\n\r\n"));
    assert!(status(&second) == "503" && second.contains("\"busy\""), "{second}");
    first.write_all(b"none").unwrap();
    assert!(heard(&mut first).contains("report-malformed"));
    let third = said(service.port, &format!("{head}Connection: close\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(status(&third), "400", "{third}");
}
