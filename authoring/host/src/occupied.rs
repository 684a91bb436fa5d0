//! What lies on a device before it is written to, as far as its first MiB tells.

use formats::units::{KIB, MIB};

/// How much of a device is looked at, in bytes.
pub(crate) const LOOKED_AT: u64 = MIB;

/// Where bytes stand, in bytes from the start of a device; which ones; and what has them there.
type Mark = (usize, &'static [u8], &'static str);

/// Marks of what disks usually hold, in the order in which they are tried: what is inside before what is around it.
const MARKS: [Mark; 20] = [
    (0, b"LUKS\xba\xbe", "a LUKS volume"),
    (512, b"LABELONE", "an LVM volume"),
    (1080, b"\x53\xef", "an ext2, ext3 or ext4 volume"),
    (0, b"XFSB", "an XFS volume"),
    (64 * KIB as usize + 64, b"_BHRfS_M", "a Btrfs volume"),
    (4096 - 10, b"SWAPSPACE2", "swap space"),
    (4096, b"\xfc\x4e\x2b\xa9", "a member of a RAID"),
    (0, b"conectix", "a VHD file"),
    (3, b"NTFS    ", "an NTFS volume"),
    (3, b"EXFAT   ", "an exFAT volume"),
    (54, b"FAT12", "a FAT volume"),
    (54, b"FAT16", "a FAT volume"),
    (82, b"FAT32", "a FAT volume"),
    // ECMA-167 2/8.3: the sequence that recognizes the volume, of which these may be the second to fourth structures.
    (34 * KIB as usize + 1, b"NSR0", "a UDF volume"),
    (36 * KIB as usize + 1, b"NSR0", "a UDF volume"),
    (38 * KIB as usize + 1, b"NSR0", "a UDF volume"),
    (32 * KIB as usize + 1, b"CD001", "an ISO 9660 volume"),
    (512, b"EFI PART", "a partition table (GPT)"),
    (4096, b"EFI PART", "a partition table (GPT)"),
    (510, b"\x55\xaa", "a partition table or boot sector (MBR)"),
];

/// What the first bytes of a device belong to; `None` when all of them are zero.
pub(crate) fn contents(head: &[u8]) -> Option<&'static str> {
    let has = |(at, bytes, _): &&Mark| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes));
    match MARKS.iter().find(has) {
        Some((.., what)) => Some(what),
        None => head.iter().any(|byte| *byte != 0).then_some("data of an unknown kind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_a_device_is_named() {
        let mut head = vec![0; LOOKED_AT as usize];
        assert_eq!(contents(&head), None);
        for (at, bytes, what) in MARKS {
            let mut head = head.clone();
            head[at..at + bytes.len()].copy_from_slice(bytes);
            assert_eq!(contents(&head), Some(what));
        }
        *head.last_mut().unwrap() = 1;
        assert_eq!(contents(&head), Some("data of an unknown kind"));
        assert_eq!(contents(&[]), None);
    }
}
