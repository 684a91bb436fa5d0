//! What is pressed on a medium is found there again, by us and by everyone else, and nobody finds anything wrong.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deploy::{Medium, Signed};
use formats::digest::Sha256;
use formats::files::{Files, read_file};
use formats::io::{ReadAt, Window, read_vec};
use formats::manifest::{Manifest, Volume};
use formats::units::{ByteLen, ByteOffset, MIB};
use host::FileSource;
use press::verify::{Change, Depth, Verdict};
use seedpress_tests::content::Content;
use seedpress_tests::judge::Judge;
use seedpress_tests::ntfs::{by_check, by_tools};
use seedpress_tests::press::{BASE, CHILD, Order, look, secret, store};
use seedpress_tests::workshop::Workshop;

/// A workshop with a store, and folders to be added.
fn begin() -> (Workshop, Order) {
    let workshop = Workshop::new();
    let root = workshop.path("store");
    store(&root);
    workshop.write("added/drivers/net.sys", &[5; 70_000]);
    workshop.write("added/drivers/empty.inf", b"");
    workshop.write("added/Grüße.txt", "Grüße 世界".as_bytes());
    std::fs::create_dir(workshop.path("added/nothing")).unwrap();
    workshop.write("esp/EFI/BOOT/BOOTX64.EFI", &[0x4d; 300_000]);
    let mut order = Order::new(&root);
    order.folders = vec![(workshop.path("added"), Volume::Seed), (workshop.path("esp"), Volume::Esp)];
    (workshop, order)
}

fn disk(path: &Path) -> Arc<dyn ReadAt> {
    Arc::new(FileSource::open(path).unwrap())
}

/// Copies a partition of a medium into a file of its own.
fn partition(workshop: &Workshop, medium: &Path, number: usize) -> PathBuf {
    let disk = disk(medium);
    let table = Medium::open(disk.clone()).unwrap().table().cloned().unwrap();
    let found = &table.partitions[number];
    let window = Window::new(disk, found.start, found.len).unwrap();
    let bytes = read_vec(&window, ByteOffset(0), found.len.0 as usize).unwrap();
    workshop.write(&format!("partition-{number}"), &bytes)
}

fn manifest(files: &dyn Files) -> Manifest {
    Manifest::parse(&read_file(files, "seed/manifest.json", 1 << 20).unwrap()).unwrap()
}

#[test]
fn what_was_pressed_is_there_and_pristine() {
    let (workshop, order) = begin();
    let path = workshop.path("medium.img");
    let summary = order.press(&path, 3).unwrap();
    let report = look(disk(&path), Depth::Full).unwrap();
    assert_eq!((&report.problems[..], &report.changes[..]), (&[][..], &[][..]));
    assert_eq!(report.verdict, Verdict::Pristine);
    assert!(matches!(report.signed, Some(Signed::By { key, .. }) if key == secret().public().id));
    assert_eq!(report.manifest_digest, Some(summary.manifest));
    let medium = Medium::open(disk(&path)).unwrap();
    let found = Content::of(medium.seed());
    let listed = manifest(medium.seed());
    for file in listed.files.iter().filter(|file| file.volume == Volume::Seed) {
        assert_eq!(found.files.get(&file.path), Some(&file.sha256), "{}", file.path);
    }
    assert!(found.directories.contains("nothing"));
    for layer in [BASE, CHILD] {
        for (there, here) in [("disk.vhd.zst", "vhd.zst"), ("frames.bin", "frames")] {
            let stored = std::fs::read(workshop.path(&format!("store/layers/{layer}/{there}"))).unwrap();
            assert_eq!(found.files.get(&format!("seed/layers/{layer}.{here}")), Some(&Sha256::of(&stored)));
        }
    }
    assert!(!path.with_file_name("~medium.img.partial").exists());
}

#[test]
fn everyone_finds_a_sound_disk_with_sound_volumes() {
    let (workshop, order) = begin();
    let path = workshop.path("medium.img");
    order.press(&path, 2).unwrap();
    let said = Judge::new("sgdisk").arg("-v").arg(&path).agrees();
    assert!(said.all().contains("No problems found"), "{said}");
    Judge::new("fsck.fat").arg("-n").arg(partition(&workshop, &path, 0)).agrees();
    let seed = partition(&workshop, &path, 1);
    by_check::agrees(&seed);
    by_tools::agree(&seed, 512);
}

#[test]
fn people_without_this_program_can_check_and_recover_a_medium() {
    let (workshop, order) = begin();
    let path = workshop.path("medium.img");
    order.press(&path, 2).unwrap();
    let seed = partition(&workshop, &path, 1);
    let folder = workshop.path("copied");
    Judge::new("7z").arg("x").arg(format!("-o{}", folder.display())).arg(seed).agrees();
    Judge::new("sha256sum").args(["--strict", "-c", "SHA256SUMS"]).folder(&folder).agrees();
    let key = workshop.write("key.pub", secret().public().print().as_bytes());
    let said = Judge::new("minisign").args(["-V", "-m", "seed/manifest.json", "-p"]).arg(key).folder(&folder);
    assert!(said.agrees().all().contains("seedpress medium"));
    let readme = std::fs::read_to_string(folder.join("README.txt")).unwrap();
    for words in ["Win7@2, a disk of 1 GiB", "zstd -d", "sha256sum -c SHA256SUMS", &format!("parent {BASE}")]
    {
        assert!(readme.contains(words), "{words}: {readme}");
    }
    assert!(!readme.contains('{'), "{readme}");
}

#[test]
fn a_medium_for_sectors_of_4096_bytes_is_as_good() {
    let (workshop, mut order) = begin();
    order.sector_size = 4096;
    let path = workshop.path("medium.img");
    order.press(&path, 2).unwrap();
    let report = look(disk(&path), Depth::Full).unwrap();
    assert_eq!((report.verdict, &report.problems[..]), (Verdict::Pristine, &[][..]));
    by_check::agrees(&partition(&workshop, &path, 1));
}

#[test]
fn a_size_that_was_asked_for_is_kept_and_one_that_is_too_small_is_refused() {
    let (workshop, mut order) = begin();
    order.size = Some(ByteLen(300 * MIB + 700));
    let path = workshop.path("medium.img");
    order.press(&path, 2).unwrap();
    assert_eq!(path.metadata().unwrap().len(), 300 * MIB + 512);
    assert_eq!(look(disk(&path), Depth::Full).unwrap().verdict, Verdict::Pristine);
    order.size = Some(ByteLen(70 * MIB));
    let refused = format!("{:#}", order.layout().unwrap_err());
    assert!(refused.contains("70 MiB (73400320 bytes) were asked for"), "{refused}");
}

#[test]
fn a_folder_where_a_medium_is_mounted_is_intact_but_never_pristine() {
    let (workshop, order) = begin();
    let path = workshop.path("medium.img");
    order.press(&path, 2).unwrap();
    let folder = workshop.path("copied");
    let seed = partition(&workshop, &path, 1);
    Judge::new("7z").arg("x").arg(format!("-o{}", folder.display())).arg(seed).agrees();
    workshop.write("copied/System Volume Information/WPSettings.dat", b"12 bytes of.");
    let medium = Medium::mounted(Box::new(host::Folder::new(&folder)));
    let check = press::verify::Check { trust: deploy::Trust::default(), depth: Depth::Full };
    let report =
        press::verify::verify(&medium, &check, &seedpress_tests::press::crew(2), &host::Ignore).unwrap();
    assert_eq!(report.problems, []);
    assert_eq!(report.verdict, Verdict::PayloadIntact);
    assert!(
        report.changes.iter().all(|change| matches!(change, Change::File { .. })),
        "{:?}",
        report.changes
    );
    let report = look(disk(&workshop.path("partition-1")), Depth::Full).unwrap();
    assert_eq!((&report.problems[..], &report.changes[..]), (&[][..], &[][..]));
    assert_eq!(report.verdict, Verdict::PayloadIntact);
}

#[test]
fn a_medium_on_a_larger_disk_is_pristine() {
    let (workshop, order) = begin();
    let path = workshop.path("medium.img");
    order.press(&path, 2).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.resize(bytes.len() + (10 << 20), 0xa5);
    let report = look(Arc::new(bytes), Depth::Full).unwrap();
    assert_eq!((report.verdict, &report.problems[..]), (Verdict::Pristine, &[][..]));
}

#[test]
fn an_efi_system_partition_grows_with_what_is_on_it() {
    let (workshop, order) = begin();
    let smaller = order.layout().unwrap().size();
    let large = std::fs::File::create(workshop.path("esp/large")).unwrap();
    large.set_len(70 * MIB).unwrap();
    let grown = order.layout().unwrap().size().0 - smaller.0;
    assert!((6 * MIB..16 * MIB).contains(&grown), "{grown}");
}
