//! Disks that somebody uses or wrote to are never replaced.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use rustix::fs::{FlockOperation, flock};
use seedpress_tests::unserved::Client;
use sync::client::disks::{Form, State};

#[test]
fn a_file_that_somebody_uses_is_not_replaced() {
    let mut client = Client::new(Form::Raw);
    client.assign(&["1"]);
    client.make();
    let path = client.disk("Win7@1.raw");
    let file = File::options().read(true).write(true).open(&path).unwrap();
    file.write_all_at(b"changed", 0).unwrap();
    assert_eq!(client.states(), ["in use"]);
    flock(&file, FlockOperation::LockExclusive).unwrap();
    assert_eq!(client.states(), ["in use"]);
    assert!(fs::read(&path).unwrap().starts_with(b"changed"));
    drop(file);
    assert_eq!(client.states(), ["changed"]);
    assert!(fs::read(&path).unwrap().starts_with(b"changed"), "what its user wrote is never thrown away");
    fs::rename(&path, client.disk("mine.raw")).unwrap();
    assert_eq!(client.states(), ["made"]);
    // What was published anew under the same name is no change of its user's.
    client.form = Form::Raw;
    let record = client.disk(".records/Win7@1.raw.json");
    fs::rename(&record, client.disk(".records/Win7@1.raw.json.next")).unwrap();
    assert_eq!(client.states(), ["kept"], "it was cut off before its record had its name");
}

/// Opens a file as soon as another one is being written in its place.
struct Opens(std::sync::Mutex<Option<File>>, std::path::PathBuf);

impl host::Observer for Opens {
    fn event(&self, event: host::Event) {
        if matches!(event, host::Event::Begin { task: "writing disks", .. }) {
            *self.0.lock().unwrap() = Some(File::open(&self.1).unwrap());
        }
    }
}

#[test]
fn a_file_that_somebody_begins_to_use_while_it_is_made_again_is_not_replaced() {
    let mut client = Client::new(Form::Chain);
    client.assign(&["1"]);
    client.make();
    let path = client.layer_disk(1);
    fs::write(&path, "damaged").unwrap();
    let opens = Opens(Default::default(), path.clone());
    let disks = sync::client::disks::materialize(&client.order(), &seedpress_tests::stores::crew(), &opens);
    assert!(matches!(disks.unwrap()[0].state, State::InUse));
    assert_eq!(fs::read(&path).unwrap(), b"damaged");
    drop(opens);
    assert_eq!(client.states(), ["mended"]);
}
