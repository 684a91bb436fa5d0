//! However often a line is cut, and wherever: nothing that came is lost, and nothing wrong is kept.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use formats::units::ByteLen;
use seedpress_tests::desk::Desk;
use seedpress_tests::paper::Noise;
use seedpress_tests::service::Service;
use seedpress_tests::stores::{problems, publish, request};
use seedpress_tests::wire::Cutter;
use store::{Depth, Store};

/// How long the disk is: some frames that do not compress.
const DISK: u64 = 18 << 20;
/// What a client may take beside the payload, in bytes: documents, and the frame that each of a few cuts costs.
const DOCUMENTS: u64 = 64 << 10;

/// A desk with a disk that does not compress, a service, a line that may be cut, and a client that is enrolled over it.
struct Line {
    desk: Desk,
    cutter: Cutter,
    disk: Vec<u8>,
    _service: Service,
}

fn line() -> Line {
    let desk = Desk::empty();
    let disk = Noise { seed: 11, len: ByteLen(DISK) }.bytes();
    desk.write("disk.img", &disk);
    let store = Store::open_or_create(&desk.path("store")).unwrap();
    publish(&store, &request("Noise@1", &[&desk.path("disk.img")])).unwrap();
    let service = Service::start_with(&desk.path("store"), &["--log", "none"]);
    let cutter = Cutter::to(SocketAddr::from((Ipv4Addr::LOCALHOST, service.port)));
    desk.does("device add pc --secret-file secret --store store");
    desk.does("device assign pc Noise@1 --store store");
    let (port, ca) = (cutter.address().port(), service.ca.display());
    let enroll = "client enroll --client client --device pc --secret-file secret --materialize raw";
    desk.does(&format!("{enroll} --server https://localhost:{port} --ca-cert {ca}"));
    Line { desk, cutter, disk, _service: service }
}

impl Line {
    fn is_whole(&self) {
        assert_eq!(fs::read(self.desk.path("client/disks/Noise@1.raw")).unwrap(), self.disk);
        let store = Store::open(&self.desk.path("client/store")).unwrap();
        assert_eq!(problems(&store, Depth::Full), [""; 0]);
    }
}

#[test]
fn a_thousand_cuts_cost_no_byte_of_payload() {
    let line = line();
    let before = line.cutter.down();
    line.cutter.arm(1000, 40 << 10);
    line.desk.does("client sync --client client --retries infinite");
    assert_eq!(line.cutter.cuts(), 1000);
    line.is_whole();
    // Each connection begins with a handshake and ends in the middle of something that was on its way.
    let down = line.cutter.down() - before;
    assert!(down < 3 * DISK, "{down} bytes came for {DISK}");
}

#[test]
fn programs_that_give_up_leave_what_came_to_the_next_one() {
    let line = line();
    let before = line.cutter.down();
    line.cutter.arm(u64::MAX, 12 << 20);
    let mut runs = 0;
    while !line.desk.path("client/disks/Noise@1.raw").exists() {
        let said = line.desk.run("client sync --client client --retries 0");
        runs += 1;
        let expected = if line.desk.path("client/disks/Noise@1.raw").exists() { [0, 16] } else { [16, 3] };
        assert!(expected.contains(&said.code.unwrap()), "{said}");
        assert!(runs < 200, "{said}");
    }
    line.is_whole();
    // A frame that was cut comes again, as does what its run had asked for behind it.
    let down = line.cutter.down() - before;
    assert!(down < 3 * DISK + runs * DOCUMENTS, "{down} bytes came for {DISK} in {runs} runs");
}
