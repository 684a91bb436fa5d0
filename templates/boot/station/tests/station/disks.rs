//! Disks that can be targets, and those that cannot.

use formats::gpt::{self, Partition, Table, raw};
use formats::region::Content;
use formats::units::{ByteLen, ByteOffset};
use uuid::Uuid;

use crate::fake::{Drive, Fake};
use crate::shop::{MIB, Shop, Wish, golden};

fn answers(target: &str) -> String {
    format!("format = 1\nimage = \"Golden@1\"\nend = \"reboot\"\n[target]\n{target}\n")
}

/// A machine whose medium has these answers.
fn machine(shop: &Shop, target: &str, drives: Vec<Drive>) -> Fake {
    let text = answers(target);
    let medium = shop.press(&Wish { answers: Some(&text), ..Wish::default() });
    let stick = Drive::new("usb0", medium).with(|about| about.started_from = true);
    Fake::new([stick].into_iter().chain(drives).collect())
}

fn last(machine: &mut Fake) -> String {
    machine.run().pop().unwrap()
}

fn disk(name: &str, mib: usize) -> Drive {
    Drive::new(name, vec![0x77; mib * MIB])
}

#[test]
fn a_choice_that_is_not_unique_is_refused_with_what_there_was() {
    let shop = Shop::new();
    let none = |machine: &Fake| machine.drives.iter().all(|drive| drive.writes().is_empty());
    let mut two = machine(&shop, "smallest = \"1 MiB\"", vec![disk("sata0", 9), disk("sata1", 9)]);
    let why = last(&mut two);
    let start =
        "seedpress: refused: the answers want one disk (at least 1 MiB), and 2 of this machine could be it; ";
    assert!(why.starts_with(start), "{why}");
    assert!(why.contains("sata0, 9 MiB") && why.contains("sata1, 9 MiB") && none(&two), "{why}");
    let mut only =
        machine(&shop, "only-disk = true\nserial = \"SN-sata0\"", vec![disk("sata0", 9), disk("sata1", 9)]);
    let why = last(&mut only);
    assert!(why.contains("and 2 of this machine could be it; ") && none(&only), "{why}");
    let mut other = machine(&shop, "serial = \"SN\"", vec![disk("sata0", 9)]);
    let why = last(&mut other);
    assert!(why.contains("(serial \"SN\"), and none of this machine could be it; ") && none(&other), "{why}");
    let mut small = machine(&shop, "only-disk = true", vec![disk("sata0", 5)]);
    let why = last(&mut small);
    assert!(why.contains("not a target: too small: needs 6 MiB, has 5 MiB") && none(&small), "{why}");
    let mut nothing = machine(&shop, "only-disk = true", vec![]);
    assert!(last(&mut nothing).contains("and none of this machine could be it; usb0, "));
}

#[test]
fn what_holds_of_one_disk_alone_chooses_it() {
    let shop = Shop::new();
    for target in [
        "serial = \"SN-sata1\"",
        "model = \"Model of sata1\"",
        "smallest = \"10 MiB\"",
        "serial = \" SN-sata1 \"\nlargest = \"11 MiB\"",
    ] {
        let mut machine = machine(&shop, target, vec![disk("sata0", 9), disk("sata1", 11), disk("sata2", 5)]);
        assert!(last(&mut machine).starts_with("seedpress: deployed Golden@1 to sata1 "), "{target}");
        assert!(machine.drive("sata0").writes().is_empty());
    }
    let mut machine = machine(&shop, "only-disk = true", vec![disk("sata0", 5), disk("sata1", 6)]);
    assert!(
        last(&mut machine).starts_with("seedpress: deployed Golden@1 to sata1 "),
        "a disk of just the size"
    );
}

#[test]
fn the_medium_read_only_disks_and_empty_drives_are_never_targets() {
    let shop = Shop::new();
    let drives = vec![
        disk("sr0", 9).with(|about| about.read_only = true),
        Drive::new("sd0", Vec::new()),
        disk("odd0", 9).with(|about| about.sector_size = 0),
    ];
    let mut machine = machine(&shop, "smallest = \"1 MiB\"", drives);
    let lines = machine.run();
    assert!(lines.last().unwrap().contains("and none of this machine could be it"));
    for (name, reason) in [
        ("usb0", "this was started from it"),
        ("sr0", "it is read-only"),
        ("sd0", "there is nothing in it"),
        ("odd0", "its sectors have a size that no disk has"),
    ] {
        let start = format!("seedpress: disk {name}, ");
        let line = lines.iter().find(|line| line.starts_with(&start)).unwrap();
        assert!(line.ends_with(&format!("not a target: {reason}")), "{line}");
    }
}

#[test]
fn sectors_of_4096_bytes_take_images_made_for_them_and_no_others() {
    let wide = |name: &str| disk(name, 9).with(|about| about.sector_size = 4096);
    let mut both = golden(6);
    both[4096..4104].copy_from_slice(b"EFI PART");
    let shop = Shop::of(&both);
    let mut fits = machine(&shop, "only-disk = true", vec![wide("nvme0")]);
    assert!(
        last(&mut fits)
            .starts_with(&format!("seedpress: deployed Golden@1 to nvme0 sha256={}", shop.sha256(1)))
    );
    assert!(fits.drive("nvme0").bytes()[..6 * MIB] == both);
    let shop = Shop::new();
    let mut wrong = machine(&shop, "only-disk = true", vec![wide("nvme0")]);
    let why = "not a target: the image's partition table is for 512-byte sectors, the disk has 4096: it would not boot";
    let lines = wrong.run();
    assert_eq!(lines.iter().filter(|line| line.contains(why)).count(), 2, "{}", lines.join("\n"));
    assert!(wrong.drive("nvme0").writes().is_empty());
    let mut bare = golden(6);
    bare[..8192].fill(0);
    // A disk that does not end with a whole sector of 4096 bytes.
    bare.truncate(6 * MIB - 512);
    let shop = Shop::of(&bare);
    let mut machine = machine(&shop, "only-disk = true", vec![wide("nvme0")]);
    assert!(last(&mut machine).starts_with("seedpress: deployed Golden@1 to nvme0 "));
    assert!(machine.drive("nvme0").bytes()[..bare.len()] == bare);
}

#[test]
fn most_is_written_in_whole_mebibytes_and_both_ends_last() {
    let shop = Shop::new();
    let mut machine = machine(&shop, "only-disk = true", vec![disk("sata0", 9)]);
    machine.run();
    let writes = machine.drive("sata0").writes();
    let large: usize = writes.iter().filter(|(_, len)| *len >= MIB).map(|(_, len)| len).sum();
    let all: usize = writes.iter().map(|(_, len)| len).sum();
    assert!(large * 10 >= all * 9, "{large} of {all}");
    assert_eq!(writes.last(), Some(&(0, MIB)), "the first MiB comes last");
    let head = writes.iter().filter(|(at, _)| *at < MIB as u64).count();
    assert_eq!(head, 2, "zeros first, and what starts the machine last");
}

#[test]
fn what_is_on_a_disk_is_said_in_a_few_words() {
    let shop = Shop::new();
    let with = |name: &str, places: &[(usize, &[u8])]| {
        let mut bytes = vec![0; 9 * MIB];
        for (at, magic) in places {
            bytes[*at..at + magic.len()].copy_from_slice(magic);
        }
        Drive::new(name, bytes)
    };
    let mbr: &[(usize, &[u8])] =
        &[(450, &[7]), (454, &[0, 8, 0, 0]), (510, &[0x55, 0xaa]), (MIB + 3, b"NTFS    ")];
    let drives = vec![
        with("d0", &[]),
        with("d1", &[(5 * MIB, &[1; 4 * MIB])]),
        with("d2", &[(1080, &[0x53, 0xef])]),
        with("d3", mbr),
        with("d4", &[(65600, b"_BHRfS_M")]),
        with("d5", &[(3, b"-FVE-FS-"), (510, &[0x55, 0xaa])]),
    ];
    let lines = machine(&shop, "only-disk = true", drives).run();
    for (name, content) in [
        ("d0", "empty"),
        ("d1", "unknown data"),
        ("d2", "ext4, no partitions"),
        ("d3", "MBR (NTFS, 1 partition)"),
        ("d4", "btrfs, no partitions"),
        ("d5", "BitLocker, no partitions"),
    ] {
        let start = format!("seedpress: disk {name}, ");
        let line = lines.iter().find(|line| line.starts_with(&start)).unwrap();
        assert!(line.ends_with(&format!(", {content}")), "{line}");
    }
}

/// A disk with a GUID partition table whose partitions, a MiB each, start with these bytes.
fn partitioned(name: &str, kinds: &[(Uuid, usize, &[u8])]) -> Drive {
    let partition = |(number, (kind, ..)): (usize, &(Uuid, usize, &[u8]))| Partition {
        name: format!("part {number}"),
        kind: *kind,
        guid: Uuid::from_u128(7 + number as u128),
        start: ByteOffset(((number + 1) * MIB) as u64),
        len: ByteLen(MIB as u64),
        attributes: 0,
    };
    let partitions = kinds.iter().enumerate().map(partition).collect();
    let size = ByteLen(9 * MIB as u64);
    let table = Table { size, sector_size: 512, guid: Uuid::from_u128(1), partitions };
    let mut bytes = vec![0; 9 * MIB];
    for region in gpt::write::table(&table).unwrap() {
        if let Content::Bytes(content) = region.content {
            bytes[region.start.0 as usize..][..content.len()].copy_from_slice(&content);
        }
    }
    for (number, (_, at, magic)) in kinds.iter().enumerate() {
        bytes[(number + 1) * MIB + at..][..magic.len()].copy_from_slice(magic);
    }
    Drive::new(name, bytes)
}

#[test]
fn disks_with_a_partition_table_are_named_by_what_runs_from_them() {
    let shop = Shop::new();
    let reserved = uuid::uuid!("e3c9e316-0b5c-4db8-817d-f92df00215ae");
    let esp = (raw::EFI_SYSTEM, 82, &b"FAT32   "[..]);
    let drives = vec![
        partitioned("d0", &[esp, (reserved, 0, &[]), (raw::BASIC_DATA, 3, b"NTFS    ")]),
        partitioned("d1", &[esp, (raw::LINUX_DATA, 1080, &[0x53, 0xef])]),
        partitioned("d2", &[(raw::BASIC_DATA, 3, b"EXFAT   ")]),
    ];
    let lines = machine(&shop, "only-disk = true", drives).run();
    for (name, content) in [
        ("d0", "Windows (FAT32, NTFS, 3 partitions)"),
        ("d1", "Linux (FAT32, ext4, 2 partitions)"),
        ("d2", "GPT part 0 (exFAT, 1 partition)"),
    ] {
        let start = format!("seedpress: disk {name}, ");
        let line = lines.iter().find(|line| line.starts_with(&start)).unwrap();
        assert!(line.ends_with(&format!(", {content}")), "{line}");
    }
}

#[test]
fn whatever_is_on_a_disk_it_is_only_shown() {
    let shop = Shop::new();
    let sound = partitioned("d", &[(raw::BASIC_DATA, 3, b"NTFS    "), (raw::LINUX_DATA, 0, b"XFSB")]).bytes();
    let mut word = 5u64;
    let mut draw = |below: usize| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (word >> 33) as usize % below
    };
    let mut drives = Vec::new();
    for number in 0..40 {
        let mut bytes = sound[..MIB * 3].to_vec();
        for _ in 0..30 {
            bytes[draw(2048)] = draw(256) as u8;
            bytes[MIB + draw(512)] = draw(256) as u8;
        }
        bytes.truncate(draw(bytes.len()) / 512 * 512);
        drives.push(Drive::new(&format!("d{number}"), bytes));
    }
    let mut machine = machine(&shop, "serial = \"none\"", drives);
    let lines = machine.run();
    assert_eq!(lines.iter().filter(|line| line.starts_with("seedpress: disk d")).count(), 40);
    assert!(machine.drives.iter().all(|drive| drive.writes().is_empty()));
}

#[test]
fn hostile_names_stay_in_their_line() {
    let shop = Shop::new();
    let drive = disk("sata0\r\nseedpress: deployed all", 9).with(|about| {
        about.model = "\u{1b}[2J\"quoted\u{202e}".into();
        about.serial = "x".repeat(5000);
    });
    let mut machine = machine(&shop, "only-disk = true", vec![drive]);
    machine.terminal.pixels = Some((640, 480));
    let lines = machine.run();
    let line = lines.iter().find(|line| line.starts_with("seedpress: disk sata0")).unwrap();
    assert!(line.starts_with("seedpress: disk sata0??seedpress: deployed all, 9 MiB"), "{line}");
    assert!(line.contains("model \"?[2J'quoted?\"") && line.len() < 300, "{line}");
    let last = lines.last().unwrap();
    assert!(
        last.starts_with("seedpress: deployed Golden@1 to sata0??seedpress: deployed all sha256="),
        "{last}"
    );
}
