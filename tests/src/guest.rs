//! What the Linux kernel's own drivers say, in a guest.

use xtask::guest::Report;

use crate::content::Content;

/// What a kernel says when all is well: that a volume was mounted, and what is on it. In a drive of small sectors UDF
/// is first looked for with these; when it is not found in the end, it is not mounted.
const NEWS: [&str; 9] = [
    "volume version 3.1, dev",
    "Entering ntfs_put_super",
    "Mark volume as dirty",
    "udf_load_vrs: No anchor found",
    "UDF-fs: Scanning with blocksize 512 failed",
    "UDF-fs: Scanning with blocksize 1024 failed",
    "UDF-fs: INFO Mounting volume",
    "ISO 9660 Extensions: Microsoft Joliet Level 3",
    "ISO 9660 Extensions: RRIP_1991A",
];

/// What a script said about one volume: lines, and who read which device.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Device, driver and options.
    pub who: String,
    /// What was said.
    pub lines: Vec<String>,
}

/// What was said about each volume that was mounted read-only, in the order of the script.
///
/// # Panics
/// When a volume was refused, or the kernel complained.
pub fn looked(report: &Report) -> Vec<Looked> {
    let refused: Vec<_> = report.said.iter().filter(|line| line.contains("refused")).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", report.kernel.join("\n"));
    let news = |line: &&String| !NEWS.iter().any(|news| line.contains(news));
    let complaints: Vec<_> = report.kernel.iter().filter(news).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let mut all: Vec<Looked> = Vec::new();
    for line in report.said.iter().filter(|line| !line.starts_with("rw ")) {
        match (line.strip_prefix("ro "), all.last_mut()) {
            (Some(who), _) => all.push(Looked { who: who.into(), lines: Vec::new() }),
            (None, Some(looked)) => looked.lines.push(line.clone()),
            (None, None) => panic!("the guest said {line:?}"),
        }
    }
    all
}

impl Looked {
    /// The paths and digests that [`xtask::guest::Driver::reading`] lists.
    ///
    /// # Panics
    /// When there is something else.
    pub fn content(&self) -> Content {
        Content::of_listing(self.lines.iter().map(String::as_str), &self.who)
    }
}
