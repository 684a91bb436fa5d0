//! Programs that say of a volume whether it is one: ntfs-3g's tools, 7-Zip, the Sleuth Kit, libfsntfs.

use std::path::Path;

use crate::judge::Judge;

/// Expects that none of them finds anything wrong with the volume in the file `path`. 7-Zip is asked only about
/// volumes with sectors of 512 bytes: it opens none that mkntfs makes with larger ones.
///
/// # Panics
/// When one does: with all that it said.
pub fn agree(path: &Path, sector_size: u32) {
    ntfs_3g(path);
    if sector_size == 512 {
        seven_zip(path);
    }
    sleuth_kit(path);
    Judge::new("fsntfsinfo").arg(path).agrees();
}

/// Expects that `ntfsfix -n` and `ntfsinfo` find nothing wrong.
///
/// # Panics
/// When one does: with all that it said.
pub fn ntfs_3g(path: &Path) {
    let fix = Judge::new("ntfsfix").arg("-n").arg(path).agrees();
    assert!(fix.all().contains("NTFS partition"), "{fix}");
    assert!(!complains(&fix.all()), "{fix}");
    let info = Judge::new("ntfsinfo").arg("-m").arg(path).agrees();
    assert!(!complains(&info.all()), "{info}");
}

/// Expects that 7-Zip reads all files.
///
/// # Panics
/// When it does not: with all that it said.
pub fn seven_zip(path: &Path) {
    let seven = Judge::new("7z").arg("t").arg("-tntfs").arg(path).agrees();
    assert!(seven.all().contains("Everything is Ok"), "{seven}");
}

/// Expects that `fsstat` and `fls` know the volume, and no file that has lost its directory.
///
/// # Panics
/// When one does not: with all that it said.
pub fn sleuth_kit(path: &Path) {
    let stat = Judge::new("fsstat").arg("-f").arg("ntfs").arg(path).agrees();
    assert!(stat.text().contains("Version: Windows XP"), "{stat}");
    let files = Judge::new("fls").args(["-f", "ntfs", "-r", "-p"]).arg(path).agrees();
    assert!(!files.text().contains("OrphanFiles/"), "{files}");
}

fn complains(text: &str) -> bool {
    let text = text.to_lowercase();
    ["error", "corrupt", "fail", "inconsisten", "mismatch", "invalid", "differ"]
        .iter()
        .any(|w| text.contains(w))
}
