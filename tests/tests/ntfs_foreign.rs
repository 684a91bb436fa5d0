//! ntfs-3g mounts our volumes, reads every file, and may change copies of them without leaving damage.

use formats::ntfs::write::Volume;
use seedpress_tests::content::{Content, Sample};
use seedpress_tests::judge::Judge;
use seedpress_tests::mounted::Mounted;
use seedpress_tests::ntfs::{by_check, by_tools, change, expected, press, read, volume};
use seedpress_tests::workshop::Workshop;

/// Presses a volume, lets ntfs-3g read it and change it, and lets the others judge what it left.
fn check(volume: &Volume) {
    let workshop = Workshop::new();
    let sample = Sample::some_of_everything();
    let path = press(&workshop, volume, &sample);
    let mounted = Mounted::new(&path, &workshop.path("mounted"));
    expected(&sample).agrees(&Content::of_folder(mounted.folder()), "ntfs-3g");
    Judge::new("sh").arg("-e").arg("-c").arg(change::SCRIPT).folder(mounted.folder()).agrees();
    let after = change::after(&expected(&sample));
    after.agrees(&Content::of_folder(mounted.folder()), "ntfs-3g, after its changes");
    mounted.take_down();
    after.agrees(&read(&path), "our reader, after the changes of ntfs-3g");
    by_check::agrees(&path);
    by_tools::agree(&path, volume.sector_size);
}

#[test]
fn ntfs_3g_reads_and_changes_volumes_with_clusters_of_every_kind() {
    for cluster_size in [512, 4096, 65536] {
        check(&Volume { cluster_size: Some(cluster_size), ..volume() });
    }
}

#[test]
fn ntfs_3g_reads_and_changes_volumes_with_sectors_of_4096_bytes() {
    check(&Volume { sector_size: 4096, ..volume() });
}
