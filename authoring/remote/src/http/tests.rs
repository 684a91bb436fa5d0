//! What a client makes of answers, against a server that says what it is told to say, byte for byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use formats::kind::ErrorKind;
use host::Stop;

use super::{Answer, HttpError, Login, Request, Service};

/// What the honest server has.
const OBJECT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const TAG: &str = "\"sha256-1\"";

/// A server, and the heads of the requests that it got.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each connection's one request with what `answer` makes of its head, and closes it.
    fn new(answer: impl Fn(usize, &str) -> Vec<u8> + Send + 'static) -> Self {
        Self::with(move |count, head, stream| {
            let _ = stream.write_all(&answer(count, head));
        })
    }

    fn with(answer: impl Fn(usize, &str, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heads = asked.clone();
        thread::spawn(move || {
            for (count, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let head = head(&mut stream);
                heads.lock().unwrap().push(head.clone());
                answer(count, &head, &mut stream);
            }
        });
        Self { url, asked }
    }

    fn request(&self) -> Request {
        Request {
            url: self.url.clone(),
            login: None,
            ca: None,
            retries: 2,
            patience: Duration::from_secs(20),
            limit: None,
            agent: "seedpress/test".into(),
            stop: Stop::new(),
        }
    }

    fn service(&self) -> Service {
        Service::new(self.request()).unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// The head of a request, in small letters.
fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap().to_lowercase()
}

/// The bytes that a request asks for, of an object of `len` bytes.
fn asked_range(head: &str, len: u64) -> Option<Range<u64>> {
    let text = head.lines().find_map(|line| line.strip_prefix("range: bytes="))?;
    let (first, last) = text.split_once('-').unwrap();
    Some(match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => first..last + 1,
        (Ok(first), Err(_)) => first..len,
        (Err(_), Ok(count)) => len - count..len,
        (Err(_), Err(_)) => panic!("{text}"),
    })
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n").as_bytes(), body].concat()
}

/// What a good server says.
fn honest(head: &str) -> Vec<u8> {
    let len = OBJECT.len();
    match asked_range(head, len as u64) {
        None => answer("200 OK", &format!("etag: {TAG}\r\ncontent-length: {len}\r\n"), OBJECT),
        Some(range) => part(range, TAG),
    }
}

fn part(range: Range<u64>, tag: &str) -> Vec<u8> {
    let (first, last, total) = (range.start, range.end - 1, OBJECT.len());
    let body = &OBJECT[range.start as usize..range.end as usize];
    let len = body.len();
    let headers =
        format!("etag: {tag}\r\ncontent-range: bytes {first}-{last}/{total}\r\ncontent-length: {len}\r\n");
    answer("206 Partial Content", &headers, body)
}

/// Reads a range whole, and sees that each byte comes once and in order.
fn read(service: &Service, range: Range<u64>) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    service.read("/x", range.clone(), &mut |at, piece| {
        assert_eq!(at, range.start + bytes.len() as u64);
        bytes.extend_from_slice(piece);
        ControlFlow::Continue(())
    })?;
    Ok(bytes)
}

fn body(bytes: &[u8]) -> Answer {
    Answer::Body { bytes: bytes.into(), etag: Some(TAG.into()) }
}

#[test]
fn an_answer_cut_at_any_byte_is_whole_in_the_end() {
    let whole = honest("range: bytes=3-9").len();
    // Every other answer ends early, each one byte later than the one before.
    let server = Server::new(|count, head| {
        let answer = honest(head);
        if count % 2 == 0 { answer[..count / 2].into() } else { answer }
    });
    let service = server.service();
    for cut in 0..whole {
        assert_eq!(read(&service, 3..10).unwrap(), &OBJECT[3..10], "{cut}");
    }
    assert_eq!(server.asked(), 2 * whole);
}

#[test]
fn a_body_cut_after_each_byte_is_put_together_without_a_pause() {
    let cut = |_: usize, head: &str| {
        let whole = honest(head);
        let body = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 5;
        whole[..body].into()
    };
    let server = Server::new(cut);
    let service = server.service();
    assert_eq!(read(&service, 0..36).unwrap(), OBJECT);
    assert_eq!(server.asked(), 36);
    assert_eq!(read(&service, 7..9).unwrap(), b"78");
    assert_eq!(service.tail("/x", 5).unwrap(), b"vwxyz");
    assert_eq!(service.get("/x", 36, None).unwrap(), body(OBJECT));
    assert_eq!(service.traffic().received, 36 + 2 + 5 + 36);
    let last = server.asked.lock().unwrap().last().unwrap().clone();
    assert!(last.contains("range: bytes=35-\r\n") && last.contains(&format!("if-range: {TAG}")), "{last}");
}

#[test]
fn a_document_without_a_tag_is_begun_anew_until_tries_end() {
    let server = Server::new(|count, _| {
        let end = [3, 5, 9, 2, 1][count.min(4)];
        answer("200 OK", "content-length: 36\r\n", &OBJECT[..end])
    });
    let error = server.service().get("/x", 100, None).unwrap_err();
    assert!(matches!(error, HttpError::Connection { .. }), "{error}");
    assert_eq!(server.asked(), 5);
    assert_eq!(error.kind(), ErrorKind::Unreachable);
}

#[test]
fn a_document_is_the_same_longer_or_begun_anew() {
    let server = Server::new(|count, head| match count {
        0 => answer("304 Not Modified", "", b""),
        1 => answer("200 OK", &format!("etag: {TAG}\r\ncontent-length: 36\r\n"), &OBJECT[..20]),
        2 => {
            assert!(head.contains("range: bytes=20-"));
            answer("200 OK", "etag: \"new\"\r\ncontent-length: 3\r\n", b"new")
        }
        _ => honest(head),
    });
    let service = server.service();
    assert_eq!(service.get("/x", 36, Some(TAG)).unwrap(), Answer::Same);
    let new = Answer::Body { bytes: b"new".into(), etag: Some("\"new\"".into()) };
    assert_eq!(service.get("/x", 36, Some(TAG)).unwrap(), new);
    let long = service.get("/x", 35, None).unwrap_err();
    assert!(matches!(long, HttpError::Long { most: 35, .. }), "{long}");
    assert_eq!(service.tail("/x", 36).unwrap(), OBJECT);
    assert_eq!(read(&service, 9..9).unwrap(), b"");
}

#[test]
fn a_body_without_end_is_cut() {
    let endless = |headers: &'static str| {
        Server::with(move |_, _, stream| {
            let _ = stream.write_all(&answer("200 OK", headers, b""));
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        })
    };
    let error = endless("").service().get("/x", 10_000, None).unwrap_err();
    assert!(matches!(error, HttpError::Long { most: 10_000, .. }), "{error}");
    assert_eq!(read(&endless("").service(), 0..5000).unwrap(), [b'x'; 5000]);
    let error = read(&endless("content-length: 9999999999\r\n").service(), 0..5000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn lies_about_ranges_are_refused_at_once() {
    let lie = |headers: &'static str| move |_: usize, _: &str| answer("206 Partial Content", headers, OBJECT);
    for headers in [
        "",
        "content-range: bytes 0-35/36\r\n",
        "content-range: bytes 5-8/36\r\n",
        "content-range: bytes 5-10/36\r\n",
        "content-range: bytes 4-9/36\r\n",
        "content-range: bytes 5-9/9\r\n",
        "content-range: bytes 5-9/36\r\ncontent-length: 6\r\n",
        "content-range: bytes 18446744073709551615-18446744073709551615/*\r\n",
        "content-range: what\u{7}ever\r\n",
    ] {
        let server = Server::new(lie(headers));
        let error = read(&server.service(), 5..10).unwrap_err();
        let is_clear = matches!(error, HttpError::Range { .. } | HttpError::Connection { .. });
        assert!(is_clear, "{headers}: {error:?}");
        assert!(server.service().tail("/x", 7).is_err(), "{headers}");
        assert!(server.service().get("/x", 100, None).is_err(), "{headers}");
    }
}

#[test]
fn all_of_an_object_is_no_part_of_it() {
    let whole = |_: usize, _: &str| answer("200 OK", "content-length: 36\r\n", OBJECT);
    let server = Server::new(whole);
    let service = server.service();
    assert_eq!(read(&service, 0..36).unwrap(), OBJECT);
    assert_eq!(service.tail("/x", 40).unwrap(), OBJECT);
    assert!(matches!(read(&service, 0..35), Err(HttpError::Range { .. })));
    assert!(matches!(read(&service, 1..36), Err(HttpError::Range { .. })));
    assert!(matches!(service.tail("/x", 35), Err(HttpError::Range { .. })));
}

#[test]
fn an_object_that_changes_in_the_middle_is_not_put_together() {
    for second in
        [part(10..36, "\"other\""), answer("200 OK", "etag: \"other\"\r\ncontent-length: 36\r\n", OBJECT)]
    {
        let server = Server::new(move |count, head| {
            let whole = honest(head);
            if count == 0 { whole[..whole.len() - 26].into() } else { second.clone() }
        });
        let error = read(&server.service(), 0..36).unwrap_err();
        assert!(matches!(error, HttpError::Changed { .. }), "{error}");
        assert_eq!((error.kind(), server.asked()), (ErrorKind::Corrupt, 2));
    }
}

#[test]
fn refusals_are_told_and_not_tried_again() {
    for (status, kind) in [
        ("401 Unauthorized", ErrorKind::Trust),
        ("403 Forbidden", ErrorKind::Trust),
        ("404 Not Found", ErrorKind::Unreachable),
        ("416 Range Not Satisfiable", ErrorKind::Corrupt),
        ("302 Found", ErrorKind::Unreachable),
        ("204 No Content", ErrorKind::Unreachable),
        ("304 Not Modified", ErrorKind::Unreachable),
        ("418 I'm a teapot", ErrorKind::Unreachable),
    ] {
        let server = Server::new(move |_, _| answer(status, "location: http://evil.example/\u{85}\r\n", b""));
        let Err(error) = read(&server.service(), 0..3) else { panic!("{status}") };
        assert_eq!((error.kind(), server.asked()), (kind, 1), "{status}: {error}");
        assert_eq!(error.is_missing(), status.starts_with("404"));
        assert!(!error.to_string().contains('\u{85}'));
    }
    let server =
        Server::new(|_, _| answer("307 Temporary Redirect", "location: https://a.example/b\r\n", b""));
    let told = server.service().get("/x", 9, None).unwrap_err().to_string();
    assert!(told.contains("https://a.example/b"), "{told}");
}

#[test]
fn a_service_that_is_busy_is_asked_again() {
    let server = Server::new(|count, head| match count {
        0 => answer("503 Service Unavailable", "", b"busy"),
        1 => answer("429 Too Many Requests", "retry-after: 0\r\n", b""),
        2 => Vec::new(),
        3 | 4 => answer("500 Internal Server Error", "", b""),
        _ => honest(head),
    });
    let service = server.service();
    let error = service.get("/x", 36, None).unwrap_err();
    assert_eq!((error.kind(), server.asked()), (ErrorKind::Unreachable, 3));
    assert_eq!(service.get("/x", 36, None).unwrap(), body(OBJECT));
}

#[test]
fn garbage_is_no_answer() {
    for garbage in [&b"\x16\x03\x01\x02\x00"[..], b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", &[0; 4096]] {
        let server = Server::new(move |_, _| garbage.into());
        let error = server.service().get("/x", 9, None).unwrap_err();
        assert_eq!((error.kind(), server.asked()), (ErrorKind::Unreachable, 3), "{error}");
    }
}

#[test]
fn a_slow_drip_comes_to_an_end_and_silence_does_not_last() {
    let server = Server::with(|_, head, stream| {
        for byte in honest(head) {
            let _ = stream.write_all(&[byte]);
            thread::sleep(Duration::from_millis(1));
        }
    });
    assert_eq!(read(&server.service(), 0..36).unwrap(), OBJECT);
    let held = Mutex::new(Vec::new());
    let server = Server::with(move |_, head, stream| {
        let whole = honest(head);
        let _ = stream.write_all(&whole[..whole.len() - 1]);
        held.lock().unwrap().push(stream.try_clone().unwrap());
    });
    let request = Request { patience: Duration::from_millis(200), ..server.request() };
    // The first answer lacks a byte, and the two after it all that they were to bring.
    let error = read(&Service::new(request).unwrap(), 0..36).unwrap_err();
    assert!(matches!(error, HttpError::Silent { .. }), "{error}");
    assert_eq!(server.asked(), 3);
}

#[test]
fn nobody_there_is_told_with_the_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server { url, asked: Arc::default() };
    let told = server.service().get("/x", 9, None).unwrap_err().to_string();
    assert!(told.contains("cannot be reached: Connection refused"), "{told}");
}

#[test]
fn whoever_asks_to_stop_is_heard_in_a_pause_and_in_an_answer() {
    let server = Server::new(|_, _| answer("503 Service Unavailable", "retry-after: 50\r\n", b""));
    let request = server.request();
    let stop = request.stop.clone();
    let service = Service::new(request).unwrap();
    let asked = server.asked.clone();
    thread::spawn(move || {
        while asked.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        stop.set();
    });
    assert_eq!(service.get("/x", 9, None).unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(service.get("/x", 9, None).unwrap_err().kind(), ErrorKind::Interrupted);
}

#[test]
fn a_sink_that_has_enough_ends_reading() {
    let server = Server::new(|_, head| honest(head));
    let mut taken = 0;
    let sink = &mut |_: u64, piece: &[u8]| {
        taken += piece.len();
        ControlFlow::Break(())
    };
    server.service().read("/x", 0..36, sink).unwrap();
    assert!(taken > 0);
}

#[test]
fn a_secret_is_sent_and_never_shown() {
    let server = Server::new(|_, head| {
        // pc-1:hunter2
        if head.contains("authorization: basic cgmtmtpodw50zxiy") {
            answer("204 No Content", "", b"")
        } else {
            Vec::new()
        }
    });
    let login = Login { device: "pc-1".into(), secret: "hunter2".into() };
    let service = Service::new(Request { login: Some(login.clone()), ..server.request() }).unwrap();
    service.post("/x", b"four".to_vec()).unwrap();
    assert_eq!(service.traffic().sent, 4);
    let shown = format!("{service:?} {login:?}");
    assert!(shown.contains("pc-1") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn all_connections_together_keep_to_the_limit() {
    let server = Server::new(|_, head| honest(head));
    let service = Service::new(Request { limit: Some(1 << 30), ..server.request() }).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(read(&service, 0..36).unwrap(), OBJECT));
        }
    });
    assert_eq!(service.traffic().received, 4 * 36);
}
