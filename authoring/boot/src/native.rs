//! The native loader on a medium: the keys that it trusts are put into it, and beside it lies what it reads.

use formats::digest::Sha256;
use formats::kind::ErrorKind;
use formats::manifest::{Component, Marker, Volume, paths};
use formats::minisign::PublicKey;
use formats::minisign::slot::{self, SlotError};
use press::boot::{Boot, BootFile, Content, MEDIUM};

/// Where firmware looks for the program of a medium that it was told nothing of (UEFI 2.10, 3.5.1.1).
const PATH: &str = "EFI/BOOT/BOOTX64.EFI";
/// Where the PE header starts is said here (PE/COFF, "MS-DOS Stub").
const PE_AT: usize = 0x3c;
/// The checksum, from the start of the PE header (PE/COFF, "Optional Header Windows-Specific Fields").
const CHECKSUM: usize = 24 + 64;

/// Why a loader cannot be put on a medium.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoaderError {
    /// It is no program for firmware.
    #[error("the loader is no PE program; make it anew with cargo xtask loader")]
    NotPe,
    /// The keys cannot be put into it.
    #[error("the keys cannot be put into the loader")]
    Slot(#[source] SlotError),
}

impl LoaderError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Slot(SlotError::Full { .. }) => ErrorKind::Usage,
            Self::NotPe | Self::Slot(SlotError::Places { .. }) => ErrorKind::Other,
        }
    }
}

/// The loader with keys in it. With none, it takes media unsigned, and says so.
///
/// # Errors
/// [`LoaderError`].
pub fn with_keys(loader: &[u8], keys: &[PublicKey]) -> Result<Vec<u8>, LoaderError> {
    let mut program = loader.to_vec();
    slot::write(&mut program, keys).map_err(LoaderError::Slot)?;
    // The bytes are others now; firmware takes 0 for a sum that nobody made.
    checksum(&mut program).ok_or(LoaderError::NotPe)?.fill(0);
    Ok(program)
}

/// What makes a medium start `program`: the loader with its keys, and maybe signed. `loader` is what it was made of.
pub fn payload(loader: &[u8], program: Vec<u8>, answers: Option<String>) -> Boot {
    let file = |path: &str, content| BootFile { volume: Volume::Esp, path: path.into(), content };
    let mut files =
        vec![file(PATH, Content::Bytes(program)), file(paths::MARKER, Content::Text(Marker::print(MEDIUM)))];
    files.extend(answers.map(|text| file(paths::ANSWERS, Content::Bytes(text.into_bytes()))));
    let component = Component {
        role: "loader".into(),
        name: "seedpress".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        sha256: Sha256::of(loader),
    };
    Boot { files, bios: None, components: vec![component] }
}

/// The checksum in the header of a program.
fn checksum(program: &mut [u8]) -> Option<&mut [u8; 4]> {
    let at = u32::from_le_bytes(*program.get(PE_AT..)?.first_chunk()?);
    let header = program.get_mut(usize::try_from(at).ok()?..)?;
    header.starts_with(b"PE\0\0").then_some(())?;
    header.get_mut(CHECKSUM..)?.first_chunk_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::minisign::KeyId;

    /// As much of a loader as is looked at, with a checksum.
    fn loader() -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[PE_AT] = 64;
        bytes.extend(b"PE\0\0");
        bytes.resize(64 + CHECKSUM, 0);
        bytes.extend([1, 2, 3, 4]);
        bytes.extend(slot::EMPTY);
        bytes
    }

    fn key() -> PublicKey {
        PublicKey { id: KeyId([1; 8]), key: [2; 32] }
    }

    #[test]
    fn a_loader_on_a_medium_has_its_keys_and_no_stale_checksum() {
        let program = with_keys(&loader(), &[key()]).unwrap();
        assert_eq!(program[64 + CHECKSUM..][..4], [0; 4]);
        assert_eq!(slot::read(program.last_chunk().unwrap()), [key()]);
    }

    #[test]
    fn what_is_no_loader_is_refused() {
        let slot = LoaderError::Slot(SlotError::Places { found: 0 });
        assert_eq!(with_keys(b"MZ", &[]), Err(slot));
        assert_eq!(with_keys(&slot::EMPTY, &[]), Err(LoaderError::NotPe));
        let mut elsewhere = loader();
        elsewhere[PE_AT..PE_AT + 4].fill(0xff);
        assert_eq!(with_keys(&elsewhere, &[]), Err(LoaderError::NotPe));
    }

    #[test]
    fn more_keys_than_there_is_room_for_are_a_fault_of_whoever_asked() {
        let kind = |error: LoaderError| error.kind();
        assert_eq!(with_keys(&loader(), &[key(); slot::ROOM + 1]).map_err(kind), Err(ErrorKind::Usage));
        assert_eq!(with_keys(b"MZ", &[]).map_err(kind), Err(ErrorKind::Other));
        assert_eq!(with_keys(&slot::EMPTY, &[]).map_err(kind), Err(ErrorKind::Other));
    }

    #[test]
    fn a_medium_gets_the_loader_its_identity_and_the_answers() {
        let boot = payload(&loader(), loader(), Some("image = \"A\"".into()));
        let paths: Vec<_> = boot.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["EFI/BOOT/BOOTX64.EFI", "seed/medium.json", "seed/deploy.toml"]);
        let Content::Text(marker) = &boot.files[1].content else { panic!("the marker is no text") };
        assert!(marker.contains("\"medium\":\"{medium}\""), "{marker}");
        assert_eq!(boot.components[0].sha256, Sha256::of(&loader()));
        assert_eq!(payload(&loader(), loader(), None).files.len(), 2);
    }
}
