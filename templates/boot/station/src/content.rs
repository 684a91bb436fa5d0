//! What is on a disk, in a few words: so that people know what they overwrite. It is only read, and none of it believed.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use formats::gpt::read::{self as gpt};
use formats::gpt::{Partition, raw};
use formats::io::{ReadAt, ReadError, read_vec};
use formats::units::ByteOffset;
use uuid::{Uuid, uuid};

use crate::text;

/// How much of a volume's start is looked at, in bytes: up to where btrfs says what it is.
const START: usize = 68 << 10;
/// How many partitions are looked into.
const MOST: usize = 16;
/// How many places of a disk are looked at before it is called empty.
const SAMPLES: u64 = 16;
/// How much is read at each, in bytes.
const SAMPLE: usize = 4096;

/// What only disks of Windows have: a reserved partition (Microsoft, "PARTITION_MSFT_RESERVED_GUID").
const RESERVED: Uuid = uuid!("e3c9e316-0b5c-4db8-817d-f92df00215ae");
/// Partitions of Linux: data, root on x86-64, swap, LVM, home (UAPI, "Discoverable Partitions").
const LINUX: [Uuid; 5] = [
    raw::LINUX_DATA,
    uuid!("4f68bce3-e8cd-4db1-96e7-fbcaf984b709"),
    uuid!("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"),
    uuid!("e6d6d379-f507-44c2-a23c-238f2a3df928"),
    uuid!("933ac7e1-2eb4-4f13-b844-0e14e2aef915"),
];

/// What volumes start with: where, what, and what it is called. The first that fits goes.
const MAGIC: [(usize, &[u8], &str); 19] = [
    (3, b"NTFS    ", "NTFS"),
    (3, b"-FVE-FS-", "BitLocker"),
    (3, b"EXFAT   ", "exFAT"),
    (3, b"ReFS\0\0\0\0", "ReFS"),
    (82, b"FAT32   ", "FAT32"),
    (54, b"FAT1", "FAT"),
    (0, b"LUKS\xba\xbe", "LUKS"),
    (0, b"XFSB", "XFS"),
    (512, b"LABELONE", "LVM"),
    (0, b"LABELONE", "LVM"),
    (1080, b"\x53\xef", "ext4"),
    (65600, b"_BHRfS_M", "btrfs"),
    (32, b"NXSB", "APFS"),
    (1024, b"H+\0\x04", "HFS+"),
    (4096, b"\xfc\x4e\x2b\xa9", "Linux RAID"),
    (4086, b"SWAPSPACE2", "swap"),
    (1024, b"\x10\x20\xf5\xf2", "F2FS"),
    (0, b"hsqs", "SquashFS"),
    (32769, b"CD001", "ISO 9660"),
];

/// What is on a disk.
pub(crate) fn of(disk: &dyn ReadAt) -> String {
    if disk.size().0 == 0 {
        return "nothing".into();
    }
    summary(disk).unwrap_or_else(|error| format!("unreadable ({})", text::line(&error.to_string())))
}

fn summary(disk: &dyn ReadAt) -> Result<String, ReadError> {
    if let Ok(found) = gpt::read(disk) {
        return Ok(of_gpt(disk, &found.table.partitions));
    }
    let start = start_of(disk, 0)?;
    if let Some(kind) = volume(&start) {
        return Ok(format!("{kind}, no partitions"));
    }
    let places = mbr(&start);
    if !places.is_empty() {
        let kinds = places.iter().take(MOST).map(|place| kind_at(disk, *place)).collect();
        return Ok(format!("MBR ({})", listed(kinds, places.len())));
    }
    Ok(if is_empty(disk)? { "empty" } else { "unknown data" }.into())
}

/// The disk with these partitions.
fn of_gpt(disk: &dyn ReadAt, partitions: &[Partition]) -> String {
    let kinds: Vec<_> = partitions.iter().take(MOST).map(|p| kind_at(disk, p.start.0)).collect();
    let has = |kinds: &[Uuid]| partitions.iter().any(|partition| kinds.contains(&partition.kind));
    let names = partitions.iter().map(|partition| text::name(&partition.name));
    let names: Vec<_> = names.filter(|name| !name.is_empty()).take(3).collect();
    let what = match names.is_empty() {
        _ if has(&[RESERVED]) => "Windows".into(),
        _ if has(&LINUX) => "Linux".into(),
        true => "GPT".into(),
        false => format!("GPT {}", names.join(", ")),
    };
    match partitions.is_empty() {
        true => "GPT without partitions".into(),
        false => format!("{what} ({})", listed(kinds, partitions.len())),
    }
}

/// The kinds of volumes, each once, and how many partitions there are.
fn listed(kinds: Vec<Option<&'static str>>, count: usize) -> String {
    let mut each: Vec<&str> = Vec::new();
    for kind in kinds.into_iter().flatten() {
        if !each.contains(&kind) {
            each.push(kind);
        }
    }
    let partitions = if count == 1 { "partition" } else { "partitions" };
    each.into_iter()
        .map(ToString::to_string)
        .chain([format!("{count} {partitions}")])
        .collect::<Vec<_>>()
        .join(", ")
}

/// What volume starts at `at`.
fn kind_at(disk: &dyn ReadAt, at: u64) -> Option<&'static str> {
    volume(&start_of(disk, at).ok()?)
}

/// The bytes from `at` on, as many as are looked at and as there are.
fn start_of(disk: &dyn ReadAt, at: u64) -> Result<Vec<u8>, ReadError> {
    let left = usize::try_from(disk.size().0.saturating_sub(at)).unwrap_or(usize::MAX);
    read_vec(disk, ByteOffset(at), left.min(START))
}

/// What volume has this start.
fn volume(start: &[u8]) -> Option<&'static str> {
    let fits = |(at, magic, _): &&(usize, &[u8], &str)| {
        start.get(*at..).is_some_and(|bytes| bytes.starts_with(magic))
    };
    MAGIC.iter().find(fits).map(|(.., name)| *name)
}

/// Where the partitions of a table in the first sector start, in bytes; none when there is no such table.
fn mbr(start: &[u8]) -> Vec<u64> {
    if start.get(510..512) != Some(&[0x55, 0xaa]) {
        return Vec::new();
    }
    let entries = start.get(446..510).unwrap_or_default().chunks_exact(16);
    let place = |entry: &[u8]| {
        let (kind, first) = (*entry.get(4)?, entry.get(8..12)?);
        let first = u32::from_le_bytes(first.try_into().ok()?);
        (kind != 0 && first != 0).then_some(u64::from(first) * 512)
    };
    entries.filter_map(place).collect()
}

/// Whether nothing but zeros is found, where it is looked: at the start, at the end and at some places between.
fn is_empty(disk: &dyn ReadAt) -> Result<bool, ReadError> {
    let last = disk.size().0.saturating_sub(SAMPLE as u64);
    for number in 0..=SAMPLES {
        let at = (u128::from(last) * u128::from(number) / u128::from(SAMPLES)) as u64 / 512 * 512;
        let len = (disk.size().0 - at).min(SAMPLE as u64) as usize;
        if read_vec(disk, ByteOffset(at), len)?.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
    Ok(true)
}
