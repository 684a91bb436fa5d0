//! What is published comes back, whoever reads it, and takes no more room than it must.

use seedpress_tests::stores::{flattened, problems, stocked};
use seedpress_tests::workshop::Workshop;
use store::Depth;

#[test]
fn every_version_of_a_chain_comes_back_as_the_disk_that_it_was() {
    let workshop = Workshop::new();
    let stocked = stocked(&workshop);
    for (number, disk) in (1..).zip(&stocked.disks) {
        assert!(flattened(&stocked.store, &format!("Win7@{number}")) == *disk, "Win7@{number}");
    }
    assert_eq!(problems(&stocked.store, Depth::Full), Vec::<String>::new());
}
