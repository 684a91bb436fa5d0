//! The medium's answers: read, and applied to what there is.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use deploy::Medium;
use formats::answer::{self, Answers, Wanted};
use formats::digest::Sha256;
use formats::files::{FilesError, read_file};
use formats::manifest::{Image, Manifest, Volume, paths};

use crate::error::Refusal;
use crate::stock::{Entry, Need};

/// The answers on a medium, if it has any. Those of a signed medium are the ones that were signed.
///
/// # Errors
/// [`Refusal`].
pub(crate) fn read(
    medium: &Medium,
    manifest: &Manifest,
    is_signed: bool,
) -> Result<Option<Answers>, Refusal> {
    let listed = manifest.file(Volume::Esp, paths::ANSWERS);
    let read = medium.volume(Volume::Esp).map(|esp| read_file(esp, paths::ANSWERS, answer::MAX_TEXT));
    let bytes = match read {
        Some(Ok(bytes)) => bytes,
        Some(Err(FilesError::NotFound { .. })) | None => {
            return match listed {
                Some(_) => Err(Refusal::AnswersChanged { is: "is not there, and it is listed in" }),
                None => Ok(None),
            };
        }
        Some(Err(error)) => return Err(Refusal::AnswersUnread(error)),
    };
    match listed {
        Some(file) if file.sha256 != Sha256::of(&bytes) => {
            return Err(Refusal::AnswersChanged { is: "is not the one in" });
        }
        None if is_signed => return Err(Refusal::AnswersChanged { is: "is not in" }),
        _ => {}
    }
    let text = core::str::from_utf8(&bytes)
        .map_err(|error| Refusal::AnswersUnread(FilesError::damaged(paths::ANSWERS, error)))?;
    Answers::parse(text).map(Some).map_err(Refusal::Answers)
}

/// The image that the answers want.
///
/// # Errors
/// [`Refusal::NoImage`].
pub(crate) fn image<'m>(answers: &Answers, manifest: &'m Manifest) -> Result<&'m Image, Refusal> {
    let available = || manifest.images.iter().map(title).collect::<Vec<_>>().join(", ");
    match (&answers.image, manifest.images.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Refusal::NoImage { wanted: "the only image".into(), available: available() }),
        (Some(Wanted { name, version }), _) => manifest.image(name, version.as_deref()).ok_or_else(|| {
            let wanted = version.as_ref().map_or_else(|| name.clone(), |version| format!("{name}@{version}"));
            Refusal::NoImage { wanted, available: available() }
        }),
    }
}

/// The disk that the answers want, for an image with this need.
///
/// # Errors
/// [`Refusal::NotOne`].
pub(crate) fn disk<'e>(answers: &Answers, stock: &'e [Entry], need: Need) -> Result<&'e Entry, Refusal> {
    let target = &answers.target;
    let fits = |entry: &&Entry| {
        let about = entry.disk.about();
        target.fits(&about.serial, &about.model, formats::units::ByteLen(entry.size))
    };
    let unfit = |entry: &Entry| entry.unfit(need).or_else(|| entry.needs_a_hand(target).map(Into::into));
    let possible: Vec<&Entry> = stock.iter().filter(|entry| unfit(entry).is_none()).collect();
    let found: Vec<&Entry> = possible.iter().copied().filter(fits).collect();
    match (found.as_slice(), possible.len()) {
        ([only], 1) => Ok(only),
        ([only], _) if !target.only_disk => Ok(only),
        (found, possible) => {
            let count = if target.only_disk { possible.max(found.len()) } else { found.len() };
            let count = match count {
                0 => "none".into(),
                1 => "one other".into(),
                count => format!("{count}"),
            };
            let line = |entry: &Entry| entry.line(unfit(entry).as_deref());
            // Those that could be it come first.
            let (fit, others): (Vec<_>, Vec<_>) = stock.iter().partition(|entry| unfit(entry).is_none());
            let seen = fit.into_iter().chain(others).map(line).collect::<Vec<String>>().join("; ");
            Err(Refusal::NotOne { wishes: target.wishes(), count, seen })
        }
    }
}

/// `NAME@VERSION`.
pub(crate) fn title(image: &Image) -> String {
    format!("{}@{}", image.name, image.version)
}
