//! Whether an output would change what is read for it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::device::{are_one_disk, is_device};
use crate::error::HostError;
use crate::place::{folder_of, partial_path};

/// Refuses an output that is `input`, lies in it where that is a folder, or is on the same disk where both are devices.
/// An input that is not there is left to whoever reads it.
///
/// # Errors
/// [`HostError::IsInput`].
pub fn keep_input(output: &Path, input: &Path) -> Result<(), HostError> {
    let Ok(there) = fs::metadata(input) else { return Ok(()) };
    let is_hit = match (there.is_dir(), is_device(output)) {
        (true, true) => false,
        (true, false) => is_below(output, &there),
        (false, true) => is_device(input) && are_one_disk(output, input),
        // A file is written under another name at first: what is there is removed.
        (false, false) => {
            is_same(output, &there) || partial_path(output).is_ok_and(|path| is_same(&path, &there))
        }
    };
    match is_hit {
        false => Ok(()),
        true => Err(HostError::IsInput {
            path: output.into(),
            input: input.into(),
            relation: if there.is_dir() { "lies in" } else { "is the same as" },
        }),
    }
}

fn is_same(path: &Path, other: &Metadata) -> bool {
    fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (other.dev(), other.ino()))
}

/// Whether a file under this name would lie in the folder, or in a folder of it.
fn is_below(path: &Path, folder: &Metadata) -> bool {
    // Of a name that leads elsewhere, the name alone is replaced.
    let parent = fs::canonicalize(folder_of(path));
    parent.is_ok_and(|parent| parent.ancestors().any(|above| is_same(above, folder)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_read_is_not_overwritten_under_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("tree/deep")).unwrap();
        for name in ["in", "~out.partial", "other"] {
            fs::write(path(name), "").unwrap();
        }
        fs::hard_link(path("in"), path("hard")).unwrap();
        symlink(path("in"), path("soft")).unwrap();
        symlink(path("tree"), path("way")).unwrap();
        let refused = |output: &str, input: &str| keep_input(&path(output), &path(input)).is_err();
        for (output, input) in [
            ("in", "in"),
            ("tree/../in", "in"),
            ("hard", "in"),
            ("soft", "in"),
            ("in", "soft"),
            ("out", "~out.partial"),
            ("tree/new", "tree"),
            ("way/deep/new", "tree"),
            ("tree/deep/new", "way"),
        ] {
            assert!(refused(output, input), "{output} {input}");
        }
        for (output, input) in [
            ("out", "in"),
            ("out", "absent"),
            ("tree-2", "tree"),
            ("tree", "tree/deep"),
            ("absent/out", "in"),
        ] {
            assert!(!refused(output, input), "{output} {input}");
        }
    }
}
