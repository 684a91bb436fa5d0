//! Where a child last saw its parent.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::{Structure, Warning};
use super::raw::{DynamicHeader, LocatorEntry, SECTOR};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::units::{ByteLen, ByteOffset};

/// The longest path that is read, in bytes: Windows has none of more than 32,767 UTF-16 units.
const MAX_PATH: u64 = 64 * 1024;

/// Which kind of path a locator has (VHD 1.0, "Parent Locator Entries", platform codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// `W2ru`: a path relative to the child, UTF-16, with `\`.
    WindowsRelative,
    /// `W2ku`: an absolute path, UTF-16, with `\`.
    WindowsAbsolute,
    /// `Wi2r` and `Wi2k`: deprecated, bytes of an unknown code page.
    WindowsDeprecated,
    /// `MacX`: a `file:` URL, UTF-8.
    FileUrl,
    /// `Mac ` and all that is not known: bytes that say nothing here.
    Other([u8; 4]),
}

/// A parent locator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locator {
    /// Which kind of path it has.
    pub platform: Platform,
    /// Which of the eight it is, from 0.
    pub slot: usize,
    /// Where its path is in the file.
    pub at: ByteOffset,
    /// How long its path is.
    pub len: ByteLen,
    /// The room for its path, by what programs really write: numbers below 512 are sectors, others bytes.
    pub space: ByteLen,
    /// Its path as it is there; characters that are none are replaced.
    pub path: String,
}

impl Locator {
    /// The path relative to the child's folder, with `/`, or `None` when this is no relative path. It may begin with
    /// `..`; it never begins with `/` or a drive. Absolute paths are never followed: they lead to whatever happens to
    /// lie there on this machine.
    pub fn relative(&self) -> Option<String> {
        let path = match self.platform {
            Platform::WindowsRelative => self.path.replace('\\', "/"),
            // blktap writes relative paths so, which is no proper URL.
            Platform::FileUrl => String::from(self.path.strip_prefix("file://")?),
            _ => return None,
        };
        let needs_dot = self.platform == Platform::FileUrl && !path.starts_with('.');
        let path = path.trim_start_matches("./");
        let is_absolute = path.starts_with('/') || path.contains([':', '\0']);
        (!is_absolute && !needs_dot && !path.is_empty()).then(|| path.into())
    }

    /// The bytes of the file that its path takes up.
    pub(super) fn structure(&self) -> (Structure, core::ops::Range<u64>) {
        (Structure::Locator(self.slot), self.at.0..self.at.0.saturating_add(self.len.0))
    }
}

impl Platform {
    fn of(code: [u8; 4]) -> Self {
        match &code {
            b"W2ru" => Self::WindowsRelative,
            b"W2ku" => Self::WindowsAbsolute,
            b"Wi2r" | b"Wi2k" => Self::WindowsDeprecated,
            b"MacX" => Self::FileUrl,
            _ => Self::Other(code),
        }
    }

    fn decode(self, bytes: &[u8]) -> String {
        let text = match self {
            Self::WindowsRelative | Self::WindowsAbsolute => {
                utf16(bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)))
            }
            Self::WindowsDeprecated | Self::FileUrl => String::from_utf8_lossy(bytes).into_owned(),
            Self::Other(_) => String::new(),
        };
        text.trim_end_matches('\0').into()
    }
}

/// Text from UTF-16; units that are no text are replaced.
pub(super) fn utf16(units: impl IntoIterator<Item = u16>) -> String {
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Reads the locators of a header; those that lead out of the file are skipped with a warning, for they are hints.
pub(super) fn read_all(
    source: &impl ReadAt,
    header: &DynamicHeader,
    end: ByteOffset,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Locator>, ReadError> {
    let mut locators = Vec::new();
    for (slot, entry) in header.parent_locators.iter().enumerate() {
        if entry.platform_code == [0; 4] {
            continue;
        }
        let at = ByteOffset(entry.platform_data_offset.get());
        let len = ByteLen(entry.platform_data_length.get().into());
        if len.0 > MAX_PATH || at.checked_add(len).is_none_or(|e| e > end) {
            warnings.push(Warning::LocatorSkipped { slot, at, len, end });
            continue;
        }
        let bytes = read_vec(source, at, len.0 as usize)?;
        let platform = Platform::of(entry.platform_code);
        let path = platform.decode(&bytes);
        locators.push(Locator { platform, slot, at, len, space: space(entry), path });
    }
    Ok(locators)
}

fn space(entry: &LocatorEntry) -> ByteLen {
    match u64::from(entry.platform_data_space.get()) {
        sectors if sectors < SECTOR => ByteLen(sectors * SECTOR),
        bytes => ByteLen(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(platform: Platform, path: &str) -> Option<String> {
        let (at, len, space) = (ByteOffset::ZERO, ByteLen::ZERO, ByteLen::ZERO);
        Locator { platform, slot: 0, at, len, space, path: path.into() }.relative()
    }

    #[test]
    fn only_relative_paths_are_followed() {
        let windows = |path| relative(Platform::WindowsRelative, path);
        assert_eq!(windows(r".\base.vhd").as_deref(), Some("base.vhd"));
        assert_eq!(windows(r"..\old\base.vhd").as_deref(), Some("../old/base.vhd"));
        assert_eq!(windows("base.vhd").as_deref(), Some("base.vhd"));
        for path in
            [r"C:\base.vhd", r"\\host\base.vhd", r"\base.vhd", "/base.vhd", r".\/base", "", r".\", "a\0b"]
        {
            assert_eq!(windows(path), None, "{path}");
        }
        let url = |path| relative(Platform::FileUrl, path);
        assert_eq!(url("file://./base.vhd").as_deref(), Some("base.vhd"));
        assert_eq!(url("file://../base.vhd").as_deref(), Some("../base.vhd"));
        assert_eq!(
            (url("file:///base.vhd"), url("file://host/base.vhd"), url("base.vhd")),
            (None, None, None)
        );
        assert_eq!(relative(Platform::WindowsAbsolute, "base.vhd"), None);
    }
}
