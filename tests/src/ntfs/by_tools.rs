//! Programs that say of a volume whether it is one: ntfs-3g's tools, 7-Zip, the Sleuth Kit, libfsntfs.

use std::path::Path;

use crate::judge::Judge;

/// Expects that none of them finds anything wrong with the volume in the file `path`. 7-Zip is asked only about
/// volumes with sectors of 512 bytes: it opens none that mkntfs makes with larger ones.
///
/// # Panics
/// When one does: with all that it said.
pub fn agree(path: &Path, sector_size: u32) {
    let fix = Judge::new("ntfsfix").arg("-n").arg(path).agrees();
    assert!(fix.all().contains("NTFS partition"), "{fix}");
    assert!(!complains(&fix.all()), "{fix}");
    let info = Judge::new("ntfsinfo").arg("-m").arg(path).agrees();
    assert!(!complains(&info.all()), "{info}");
    if sector_size == 512 {
        let seven = Judge::new("7z").arg("t").arg("-tntfs").arg(path).agrees();
        assert!(seven.all().contains("Everything is Ok"), "{seven}");
    }
    let stat = Judge::new("fsstat").arg("-f").arg("ntfs").arg(path).agrees();
    assert!(stat.text().contains("Version: Windows XP"), "{stat}");
    let files = Judge::new("fls").args(["-f", "ntfs", "-r", "-p"]).arg(path).agrees();
    assert!(!files.text().contains("OrphanFiles/"), "{files}");
    Judge::new("fsntfsinfo").arg(path).agrees();
}

fn complains(text: &str) -> bool {
    let text = text.to_lowercase();
    ["error", "corrupt", "fail", "inconsisten", "mismatch", "invalid", "differ"]
        .iter()
        .any(|w| text.contains(w))
}
