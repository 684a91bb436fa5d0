//! The Linux kernel's drivers, in a guest.

use std::collections::BTreeMap;

use formats::digest::Sha256;
use xtask::guest::Report;

use crate::content::Content;

/// What was found in each volume that was read, by its device.
///
/// # Panics
/// When a volume was refused, or the kernel complained.
pub fn contents(report: &Report) -> BTreeMap<String, Content> {
    let refused: Vec<_> = report.said.iter().filter(|line| line.contains("refused")).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", report.kernel.join("\n"));
    let complaints: Vec<_> = report.kernel.iter().filter(|line| complains(line)).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let mut found = BTreeMap::new();
    let mut content = &mut Content::default();
    for line in &report.said {
        if let Some(device) = line.strip_prefix("ro ") {
            content = found.entry(device.to_owned()).or_default();
        } else if let Some(path) = line.strip_prefix("./") {
            content.directories.insert(path.into());
        } else if let Some((digest, path)) = line.split_once("  ./")
            && let Ok(digest) = digest.parse::<Sha256>()
        {
            content.files.insert(path.into(), digest);
        } else {
            assert!(line == "." || line.starts_with("rw "), "the guest said {line:?}");
        }
    }
    found
}

/// Whether a line of the kernel is more than the news that a volume was mounted.
fn complains(line: &str) -> bool {
    !["volume version 3.1, dev", "Entering ntfs_put_super", "Mark volume as dirty"]
        .iter()
        .any(|news| line.contains(news))
}
