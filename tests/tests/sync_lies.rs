//! Services that lie: whatever they say, a client keeps nothing that is wrong, takes no end of bytes, goes where nobody
//! sent it, and says what is wrong.

use std::fs;

use seedpress_tests::desk::Desk;
use seedpress_tests::judge::Said as Answer;
use seedpress_tests::service::certificates;
use seedpress_tests::stores::problems;
use seedpress_tests::wire::{Asked, Liar, Plain, Said};
use store::{Depth, Store};

/// A lie, and whether it was told.
type Lie = fn(&Asked, &mut Said) -> bool;

/// What a client is made of that is told a lie, and what came of it.
struct Told {
    desk: Desk,
    liar: Liar,
    _true: Plain,
}

/// A client that was enrolled at a service that begins to lie then: a file `lie` in the desk's folder says so.
fn told(lie: Lie) -> Told {
    let desk = Desk::stocked();
    let plain = Plain::start(&desk.path("store"));
    let made = certificates();
    desk.write("ca.pem", made.ca.as_bytes());
    let sign = desk.path("lie");
    let lie = move |asked: &Asked, said: &mut Said| sign.exists() && lie(asked, said);
    let liar = Liar::before(plain.address, (&made.certificate, &made.key), lie);
    desk.does("device add pc --secret-file secret --store store");
    desk.does("device assign pc Win7@2 --store store");
    let enroll = "client enroll --client client --device pc --secret-file secret --ca-cert ca.pem";
    desk.does(&format!("{enroll} --server https://localhost:{} --materialize raw", liar.address().port()));
    desk.write("lie", b"");
    Told { desk, liar, _true: plain }
}

impl Told {
    fn sync(&self) -> Answer {
        self.desk.run("client sync --client client --retries 2")
    }

    /// Nothing of the image has its final name, and what has one is right.
    fn kept_nothing_wrong(&self) {
        let store = Store::open(&self.desk.path("client/store")).unwrap();
        assert_eq!(problems(&store, Depth::Full), [""; 0]);
        let disk = self.desk.path("client/disks/Win7@2.raw");
        assert!(!disk.exists(), "{}", disk.display());
    }

    /// The truth is all that it takes to go on.
    fn is_mended(&self) {
        fs::remove_file(self.desk.path("lie")).unwrap();
        self.desk.does("client sync --client client");
        assert_eq!(self.desk.read("client/disks/Win7@2.raw"), self.desk.read("2.img"));
    }
}

/// Syncs with a service that tells `lie`, and expects one of the exit codes `codes` and a word of what is wrong.
fn refuses(lie: Lie, codes: &[i32], word: &str) {
    let told = told(lie);
    let said = told.sync();
    assert!(codes.contains(&said.code.unwrap()), "{said}");
    assert!(said.all().contains(word), "expected {word:?}: {said}");
    assert!(told.liar.lies() > 0, "nothing was asked: {said}");
    told.kept_nothing_wrong();
    told.is_mended();
}

fn is_payload(asked: &Asked) -> bool {
    asked.path.ends_with("disk.vhd.zst")
}

fn is_target(asked: &Asked) -> bool {
    asked.path == "/v1/target"
}

#[test]
fn frames_that_are_not_what_was_written() {
    let lie: Lie = |asked, said| {
        // The seek table at the end is right: the frames before it are not.
        let is_it = is_payload(asked) && said.body.len() > 4096;
        if let Some(byte) = said.body.get_mut(2000).filter(|_| is_it) {
            *byte ^= 1;
        }
        is_it
    };
    refuses(lie, &[10], "frame");
}

#[test]
fn seek_tables_that_are_not_what_was_written() {
    let lie: Lie = |asked, said| {
        let is_it = is_payload(asked) && said.body.len() < 4096;
        if let Some(byte) = said.body.get_mut(9).filter(|_| is_it) {
            *byte ^= 1;
        }
        is_it
    };
    refuses(lie, &[10], "seek table");
}

#[test]
fn lists_of_digests_that_are_not_what_was_written() {
    let lie: Lie = |asked, said| {
        let is_it = asked.path.ends_with("frames.bin");
        if let Some(byte) = said.body.first_mut().filter(|_| is_it) {
            *byte ^= 1;
        }
        is_it
    };
    refuses(lie, &[10], "frames");
}

#[test]
fn bodies_that_end_early() {
    let lie: Lie = |asked, said| {
        let is_it = is_payload(asked) && said.body.len() > 64 << 10;
        if is_it {
            said.body.truncate(said.body.len() / 2);
        }
        is_it
    };
    // Half of what is left comes each time, and in the end it is all there.
    let told = told(lie);
    let said = told.desk.run("client sync --client client --retries 100");
    assert_eq!(said.code, Some(0), "{said}");
    assert_eq!(told.desk.read("client/disks/Win7@2.raw"), told.desk.read("2.img"));
}

#[test]
fn bodies_without_a_byte() {
    let lie: Lie = |asked, said| {
        let is_it = is_payload(asked);
        if is_it {
            said.body.clear();
        }
        is_it
    };
    refuses(lie, &[16], "");
}

#[test]
fn bodies_without_an_end() {
    let lie: Lie = |asked, said| {
        let is_it = is_payload(asked);
        if is_it {
            said.set("content-length", "1000000000000000");
            said.times = u64::MAX;
        }
        is_it
    };
    refuses(lie, &[10, 16], "");
}

#[test]
fn documents_without_an_end() {
    let lie: Lie = |asked, said| {
        let is_it = is_target(asked);
        if is_it {
            said.set_status("200 OK");
            said.set("content-length", "1000000000000000");
            said.body = vec![b' '; 1 << 20];
            said.times = u64::MAX;
        }
        is_it
    };
    refuses(lie, &[10, 16], "");
}

#[test]
fn redirects_are_not_followed() {
    let lie: Lie = |asked, said| {
        let is_it = is_payload(asked);
        if is_it {
            said.set_status("302 Found");
            said.set("location", "https://localhost:1/elsewhere");
        }
        is_it
    };
    refuses(lie, &[10, 16], "elsewhere");
}

#[test]
fn other_ranges_than_those_that_were_asked_for() {
    let lie: Lie = |asked, said| {
        let is_it = is_payload(asked);
        if is_it {
            said.set("content-range", "bytes 0-9/10");
        }
        is_it
    };
    refuses(lie, &[10, 16], "bytes 0-9/10");
}

#[test]
fn target_states_that_lead_out_of_the_folder() {
    let lie: Lie = |asked, said| {
        let is_it = is_target(asked);
        if is_it {
            said.set_status("200 OK");
            let text = String::from_utf8_lossy(&said.body).replace("Win7", "../../Win7");
            said.body = text.into_bytes();
            said.set("content-length", &said.body.len().to_string());
            said.set("etag", "\"other\"");
        }
        is_it
    };
    refuses(lie, &[10], "name");
}

#[test]
fn target_states_that_are_none() {
    for body in ["", "{", "[]", "{\"format\":2}", "\u{0}", &"[".repeat(100_000)] {
        let body = body.to_string();
        let desk = Desk::stocked();
        let plain = Plain::start(&desk.path("store"));
        let made = certificates();
        desk.write("ca.pem", made.ca.as_bytes());
        let lie = move |asked: &Asked, said: &mut Said| {
            said.set_status("200 OK");
            said.body = body.clone().into_bytes();
            said.set("content-length", &said.body.len().to_string());
            is_target(asked)
        };
        let liar = Liar::before(plain.address, (&made.certificate, &made.key), lie);
        desk.does("device add pc --secret-file secret --store store");
        let enroll = "client enroll --client client --device pc --secret-file secret --ca-cert ca.pem";
        let said = desk.run(&format!("{enroll} --server https://localhost:{}", liar.address().port()));
        assert!([10, 16, 1].contains(&said.code.unwrap()), "{said}");
        assert!(!desk.path("client/client.json").exists(), "{said}");
    }
}

#[test]
fn somebody_elses_certificate_is_refused() {
    let told = told(|_, _| false);
    told.desk.write("client/ca.pem", certificates().ca.as_bytes());
    let said = told.sync();
    assert!(
        [11, 16].contains(&said.code.unwrap()) && said.all().contains("does not prove who it is"),
        "{said}"
    );
    told.kept_nothing_wrong();
}
