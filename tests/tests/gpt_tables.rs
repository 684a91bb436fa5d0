//! Partition tables stand up to the programs that people repair them with.

use formats::gpt::{self, Partition, Table, raw};
use formats::region::{Regions, Stage};
use formats::units::{ByteLen, ByteOffset, GIB, MIB};
use seedpress_tests::damage::runner;
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::{OnPaper, bytes_of};
use seedpress_tests::workshop::Workshop;
use uuid::Uuid;

fn partition(name: &str, number: u128, kind: Uuid, start: u64, len: u64) -> Partition {
    let guid = Uuid::from_u128(number);
    Partition { name: name.into(), kind, guid, start: ByteOffset(start), len: ByteLen(len), attributes: 0 }
}

/// An ESP of `esp` bytes and a seed partition up to the backup table.
fn usb(size: u64, sector_size: u32, esp: u64) -> Table {
    let seed = MIB + esp;
    let end = raw::usable(ByteLen(size), sector_size).unwrap().end / MIB * MIB;
    Table {
        size: ByteLen(size),
        sector_size,
        guid: Uuid::from_u128(0xd15c),
        partitions: vec![
            partition("EFI system partition", 1, raw::EFI_SYSTEM, MIB, esp),
            partition("SEED", 2, raw::BASIC_DATA, seed, end - seed),
        ],
    }
}

fn on_disk(table: &Table) -> Regions {
    Regions::cover(gpt::write::table(table).unwrap(), table.size).unwrap()
}

#[test]
fn sgdisk_and_sfdisk_have_no_complaint() {
    let workshop = Workshop::new();
    let path = workshop.press("disk.img", &on_disk(&usb(GIB, 512, 64 * MIB)), &[]);
    let said = Judge::new("sgdisk").arg("-v").arg(&path).agrees().all();
    assert!(said.contains("No problems found"), "{said}");
    assert!(!said.to_lowercase().contains("warning") && !said.contains("Caution"), "{said}");
    let listed = Judge::new("sgdisk").args(["-i", "1"]).arg(&path).agrees().text();
    assert!(listed.contains("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"), "{listed}");
    Judge::new("sfdisk").arg("--verify").arg(&path).agrees();
}

#[test]
fn sectors_of_4096_bytes_are_as_good() {
    let workshop = Workshop::new();
    let table = usb(GIB, 4096, 300 * MIB);
    let path = workshop.press("disk.img", &on_disk(&table), &[]);
    let fdisk = Judge::new("fdisk").args(["--sector-size", "4096", "-l"]).arg(&path).agrees().all();
    assert!(fdisk.contains("Disklabel type: gpt") && !fdisk.contains("corrupt"), "{fdisk}");
    assert!(fdisk.contains(&format!("{}", MIB / 4096)), "{fdisk}");
    let found = gpt::read::read(&OnPaper::new(&on_disk(&table), &[])).unwrap();
    assert_eq!((found.table, found.other), (table, None));
}

#[test]
fn a_table_comes_back_as_it_was_written() {
    for (size, sector_size) in [(GIB, 512), (GIB, 4096), (16 << 40, 512), (16 << 40, 4096)] {
        let table = usb(size, sector_size, 300 * MIB);
        let regions = on_disk(&table);
        let found = gpt::read::read(&OnPaper::new(&regions, &[])).unwrap();
        assert_eq!((found.copy, &found.other), (gpt::read::Copy::Primary, &None));
        assert_eq!(found.table, table);
        let anchors = regions.iter().filter(|region| region.stage == Stage::Anchor).count();
        assert_eq!(anchors, 3, "the protective MBR and both headers are written last");
    }
}

#[test]
fn a_table_is_readable_text() {
    let text = usb(GIB, 512, 64 * MIB).to_string();
    let expected = "\
GPT 00000000-0000-0000-0000-00000000d15c 1073741824 bytes in sectors of 512
  1 0x100000 67108864 bytes \"EFI system partition\" 00000000-0000-0000-0000-000000000001 of type c12a7328-f81f-11d2-ba4b-00a0c93ec93b
  2 0x4100000 1004535808 bytes \"SEED\" 00000000-0000-0000-0000-000000000002 of type ebd0a0a2-b9e5-4433-87c0-68b6b72699c7
";
    assert_eq!(text, expected);
}

#[test]
fn a_damaged_primary_table_falls_back_to_the_backup_and_says_so() {
    for sector_size in [512, 4096] {
        let table = usb(64 * MIB, sector_size, 33 * MIB);
        let disk = bytes_of(&on_disk(&table));
        // In the header, and in the second entry.
        for at in [sector_size as usize + 40, 2 * sector_size as usize + 130] {
            let mut damaged = disk.clone();
            damaged[at] ^= 0x10;
            let found = gpt::read::read(&damaged).unwrap();
            assert_eq!((found.copy, found.table), (gpt::read::Copy::Backup, table.clone()));
            assert!(found.other.unwrap().to_string().contains("checksum"));
            let end = damaged.len() - sector_size as usize;
            damaged[end + 40] ^= 0x10;
            assert!(matches!(gpt::read::read(&damaged), Err(gpt::read::GptError::Damaged { .. })));
        }
        assert_eq!(gpt::read::read(&vec![0; 4096]), Err(gpt::read::GptError::Missing));
    }
}

#[test]
fn hostile_tables_never_panic() {
    let table = usb(2 * MIB + 64 * 1024, 512, 512 * 1024);
    let disk = bytes_of(&on_disk(&table));
    let header = 512usize..1016;
    let strategy = (header, proptest::collection::vec(proptest::num::u8::ANY, 1..8));
    let checked = runner(256).run(&strategy, |(at, bytes)| {
        let mut changed = disk.clone();
        changed[at..at + bytes.len()].copy_from_slice(&bytes);
        // A right checksum lets the fields be looked at.
        let size = u32::from_le_bytes(changed[524..528].try_into().unwrap()).min(512) as usize;
        changed[528..532].fill(0);
        let crc = raw::crc32(&changed[512..512 + size]);
        changed[528..532].copy_from_slice(&crc.to_le_bytes());
        let _ = gpt::read::read(&changed);
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn partitions_that_do_not_fit_are_refused() {
    let good = usb(GIB, 512, 64 * MIB);
    let refused = |change: fn(&mut Table)| {
        let mut table = good.clone();
        change(&mut table);
        gpt::write::table(&table).unwrap_err()
    };
    use gpt::write::WriteError::{DiskSize, Identity, Misplaced, Name, SectorSize};
    assert!(matches!(refused(|t| t.partitions[1].start = ByteOffset(MIB)), Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[1].len = ByteLen(GIB)), Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[0].len = ByteLen(100)), Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[0].len = ByteLen(0)), Misplaced { .. }));
    assert!(matches!(refused(|t| t.partitions[0].name = "x".repeat(37)), Name { .. }));
    assert!(matches!(refused(|t| t.partitions[0].guid = Uuid::from_u128(2)), Identity { .. }));
    assert!(matches!(refused(|t| t.size = ByteLen(GIB + 1)), DiskSize { .. }));
    assert!(matches!(refused(|t| t.size = ByteLen(1024)), DiskSize { .. }));
    assert!(matches!(refused(|t| t.sector_size = 2048), SectorSize { .. }));
}
