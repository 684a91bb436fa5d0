//! Layers are served as RFC 9110 has it: whole, in ranges, under conditions, over HTTP/1.1 and HTTP/2.

use std::ops::Range;

use formats::digest::Sha256;
use seedpress_tests::judge::Judge;
use seedpress_tests::site::{DEVICE, Reply, Site};

/// A site and one of its layers, with the bytes of its stored file.
fn stored() -> (Site, String, Vec<u8>) {
    let site = Site::open();
    let layer = site.layers("Win7@2")[0];
    let bytes = std::fs::read(site.stored(layer, "disk.vhd.zst")).unwrap();
    (site, format!("/v1/layers/{layer}/disk.vhd.zst"), bytes)
}

/// The parts of a multipart/byteranges answer, with what each says of its place.
fn parts(reply: &Reply) -> Vec<(String, Vec<u8>)> {
    let kind = reply.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let mark = format!("\r\n--{boundary}");
    let mut rest = &*reply.body;
    let mut found = Vec::new();
    loop {
        rest = rest.strip_prefix(mark.as_bytes()).unwrap();
        if rest == b"--\r\n" {
            return found;
        }
        let head_end = position(rest, b"\r\n\r\n");
        let head = String::from_utf8(rest[..head_end].to_vec()).unwrap();
        let place = head.lines().find_map(|line| line.strip_prefix("Content-Range: ")).unwrap();
        rest = &rest[head_end + 4..];
        let end = position(rest, mark.as_bytes());
        found.push((place.to_owned(), rest[..end].to_vec()));
        rest = &rest[end..];
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
}

#[test]
fn every_object_of_a_layer_is_served_as_it_is_stored() {
    let site = Site::open();
    for layer in site.layers("Win7@2") {
        for file in ["layer.json", "frames.bin", "disk.vhd.zst"] {
            let path = format!("/v1/layers/{layer}/{file}");
            let bytes = std::fs::read(site.stored(layer, file)).unwrap();
            let tag = format!("\"{}\"", Sha256::of(&bytes));
            let reply = site.get(&path, &[]);
            assert_eq!((reply.status, reply.header("etag")), (200, Some(&*tag)), "{path}");
            assert!(reply.body == bytes, "{path}");
            let head = site.get(&path, &["--head"]);
            // Of such an answer curl gives the head as what it has got.
            assert_eq!(head.body, head.head.as_bytes(), "{path}");
            assert_eq!(head.lasting().0, reply.lasting().0, "{path}");
            assert_eq!(head.header("content-length"), Some(&*bytes.len().to_string()), "{path}");
            assert_eq!(head.header("accept-ranges"), Some("bytes"), "{path}");
            assert_eq!(head.header("cache-control"), Some("private"), "{path}");
        }
    }
}

#[test]
fn frames_are_served_one_by_one() {
    let (site, path, bytes) = stored();
    let list = site.get(&path.replace("disk.vhd.zst", "frames.bin"), &[]).body;
    let digests: Vec<_> = list.chunks(32).map(|digest| Sha256(digest.try_into().unwrap())).collect();
    let mut at = 0;
    for (number, digest) in digests.iter().enumerate() {
        let reply = site.get(&path.replace("disk.vhd.zst", &format!("frames/{number}")), &[]);
        assert_eq!((reply.status, Sha256::of(&reply.body)), (200, *digest), "{number}");
        assert_eq!(reply.header("etag"), Some(&*format!("\"{digest}\"")));
        assert!(bytes[at..].starts_with(&reply.body), "{number}");
        at += reply.body.len();
    }
    let part = site.get(&path.replace("disk.vhd.zst", "frames/0"), &["--range", "1-2"]);
    assert_eq!((part.status, &*part.body), (206, &bytes[1..3]));
    for none in [&*digests.len().to_string(), "-1", "00", "+0", "x", "", "18446744073709551616"] {
        let reply = site.get(&path.replace("disk.vhd.zst", &format!("frames/{none}")), &[]);
        assert_eq!((reply.status, &*reply.error()), (404, "not-found"), "{none}");
    }
}

#[test]
fn a_single_range_gives_these_bytes_over_either_version_of_http() {
    let (site, path, bytes) = stored();
    let len = bytes.len();
    let ranges: [(String, Range<usize>); 7] = [
        ("0-0".into(), 0..1),
        ("5-1000000".into(), 5..1_000_001.min(len)),
        (format!("{}-", len - 9), len - 9..len),
        (format!("{}-{}", len - 1, len - 1), len - 1..len),
        ("7-99999999999999999999999".into(), 7..len),
        ("-1".into(), len - 1..len),
        (format!("-{}", len + 5), 0..len),
    ];
    for version in ["--http1.1", "--http2"] {
        for (text, range) in &ranges {
            let reply = site.get(&path, &[version, "--range", text]);
            assert_eq!(reply.status, 206, "{text}");
            assert!(reply.body == bytes[range.clone()], "{text}");
            let place = format!("bytes {}-{}/{len}", range.start, range.end - 1);
            assert_eq!(reply.header("content-range"), Some(&*place), "{text}");
            assert_eq!(reply.header("content-length"), Some(&*range.len().to_string()), "{text}");
        }
    }
}

#[test]
fn several_ranges_come_as_parts_in_the_order_asked_for() {
    let (site, path, bytes) = stored();
    let len = bytes.len();
    let reply = site.get(&path, &["--range", &format!("-3,0-299999, {len}-,10-10")]);
    let expected = [len - 3..len, 0..300_000, 10..11];
    let parts = parts(&reply);
    assert_eq!((reply.status, parts.len()), (206, expected.len()));
    for ((place, part), range) in parts.iter().zip(expected) {
        assert_eq!(*place, format!("bytes {}-{}/{len}", range.start, range.end - 1));
        assert!(*part == bytes[range], "{place}");
    }
    assert_eq!(reply.header("content-length"), Some(&*reply.body.len().to_string()));
    // Where one of them alone has bytes, it is an answer of one range.
    let reply = site.get(&path, &["--range", &format!("{len}-,4-6")]);
    assert_eq!((reply.status, &*reply.body), (206, &bytes[4..7]));
    assert_eq!(reply.header("content-range"), Some(&*format!("bytes 4-6/{len}")));
}

#[test]
fn ranges_that_cannot_be_had_are_refused_and_those_that_are_none_do_not_count() {
    let (site, path, bytes) = stored();
    let len = bytes.len();
    let many = vec!["0-0"; 17].join(",");
    for text in [&*format!("{len}-"), "-0", "99999999999999999999-", "0-,0-", &many] {
        let reply = site.get(&path, &["--range", text]);
        assert_eq!((reply.status, &*reply.error()), (416, "range"), "{text}");
        assert_eq!(reply.header("content-range"), Some(&*format!("bytes */{len}")), "{text}");
    }
    for text in ["bytes=2-1", "bytes=a-", "bytes=", "bytes", "frames=0-1", "bytes=0-1,x"] {
        let reply = site.get(&path, &["--header", &format!("Range: {text}")]);
        assert_eq!((reply.status, reply.body.len()), (200, len), "{text}");
    }
    let twice = site.get(&path, &["--header", "Range: bytes=0-1", "--header", "Range: bytes=0-1"]);
    assert_eq!((twice.status, twice.body.len()), (200, len));
    // Ranges are of GET alone.
    let head = site.get(&path, &["--head", "--range", "0-1"]);
    assert_eq!((head.status, head.header("content-length")), (200, Some(&*len.to_string())));
}

#[test]
fn conditions_are_judged_before_ranges() {
    let (site, path, bytes) = stored();
    let tag = format!("\"{}\"", Sha256::of(&bytes));
    let ask = |headers: &[String]| {
        let more: Vec<&str> = headers.iter().flat_map(|header| ["--header", &**header]).collect();
        site.get(&path, &[&more[..], &["--range", "0-3"]].concat())
    };
    let none = "If-None-Match: \"x\"".to_owned();
    let cases = [
        (vec![format!("If-Range: {tag}")], 206),
        (vec![format!("If-Range: W/{tag}")], 200),
        (vec!["If-Range: \"x\"".to_owned()], 200),
        (vec!["If-Range: Sun, 22 Nov 2026 08:00:00 GMT".to_owned()], 200),
        (vec![none.clone()], 206),
        (vec![format!("If-None-Match: {tag}")], 304),
        (vec![format!("If-None-Match: \"x\", W/{tag}")], 304),
        (vec!["If-None-Match: *".to_owned()], 304),
        (vec![format!("If-Match: {tag}")], 206),
        (vec!["If-Match: *".to_owned()], 206),
        (vec![format!("If-Match: W/{tag}")], 412),
        (vec!["If-Match: \"x\"".to_owned(), format!("If-None-Match: {tag}")], 412),
        (vec![format!("If-Match: {tag}"), none], 206),
    ];
    for (headers, status) in cases {
        let reply = ask(&headers);
        assert_eq!(reply.status, status, "{headers:?}");
        match status {
            200 => assert_eq!(reply.body.len(), bytes.len(), "{headers:?}"),
            206 => assert_eq!(reply.body, bytes[..4], "{headers:?}"),
            304 => assert_eq!((reply.header("etag"), &*reply.body), (Some(&*tag), &b""[..])),
            _ => assert_eq!(reply.error(), "precondition"),
        }
    }
}

#[test]
fn a_target_state_has_an_entity_tag_by_its_content() {
    let site = Site::open();
    let target = site.get("/v1/target", &[]);
    let tag = format!("\"{}\"", Sha256::of(&target.body));
    assert_eq!((target.status, target.header("etag")), (200, Some(&*tag)));
    let condition = format!("If-None-Match: {tag}");
    let same = site.get("/v1/target", &["--header", &condition]);
    assert_eq!((same.status, same.header("etag"), &*same.body), (304, Some(&*tag), &b""[..]));
    site.device("policy pc-17 --set ui:language:de");
    assert_eq!(site.get("/v1/target", &["--header", &condition]).status, 200);
}

#[test]
fn an_answer_that_the_store_cannot_finish_is_broken_off() {
    let site = Site::open();
    let layer = site.layers("Win7@2")[0];
    let path = format!("/v1/layers/{layer}/disk.vhd.zst");
    // The service has it open from now on.
    assert_eq!(site.get(&path, &["--range", "0-0"]).status, 206);
    let stored = std::fs::File::options().write(true).open(site.stored(layer, "disk.vhd.zst")).unwrap();
    stored.set_len(1 << 20).unwrap();
    let login = format!("{DEVICE}:{}", site.secret);
    for version in ["--http1.1", "--http2"] {
        let curl =
            Judge::new("curl").args(["--silent", version, "--output", "got", "--user", &login, "--cacert"]);
        let url = format!("{}{path}", site.service.url);
        let said = curl.arg(&site.service.ca).arg(url).folder(site.desk.folder()).run();
        assert_ne!(said.code, Some(0), "{version}");
        assert!(site.desk.read("got").len() <= 1 << 20, "{version}");
    }
    let log = site.service.kill();
    assert!(log.contains("became shorter while it was read"), "{log}");
    assert_eq!(log.lines().filter(|line| line.contains("\"whole\":false")).count(), 2, "{log}");
}
