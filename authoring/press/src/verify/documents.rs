//! The manifest, its signature, its expiry.

use deploy::{Loaded, Medium, Signed, Trust, TrustError, load};
use formats::digest::Sha256;
use formats::files::read_file;
use formats::manifest::{MAX_TEXT, Manifest, paths};
use formats::minisign::Signature;

use super::{Change, Findings, Problem};

/// What the documents of a medium say.
pub struct Documents {
    pub manifest: Option<Manifest>,
    pub manifest_digest: Option<Sha256>,
    pub signed: Option<Signed>,
}

/// Reads the documents of a medium. A manifest that is not to be trusted is still good for finding damage.
pub fn read(medium: &Medium, trust: &Trust, findings: &Findings) -> Documents {
    let attempt = |trust: &Trust| findings.guard(paths::MANIFEST, || load(medium, trust));
    let (manifest, signed) = match attempt(trust) {
        Some(Ok(Loaded { manifest, signed })) => (Some(manifest), Some(signed)),
        // It was signed as it should be: only its time is over.
        Some(Err(error @ TrustError::Expired { .. })) => {
            findings.problem(Problem::Document(error));
            let timeless = Trust { now: None, ..trust.clone() };
            let loaded = attempt(&timeless).and_then(Result::ok);
            loaded.map_or((None, None), |loaded| (Some(loaded.manifest), Some(loaded.signed)))
        }
        Some(Err(error)) => {
            let manifest =
                attempt(&Trust::default()).and_then(|again| without_trust(again, &error, findings));
            findings.problem(Problem::Document(error));
            (manifest, None)
        }
        None => (None, None),
    };
    check_comment(medium, findings);
    Documents { manifest, manifest_digest: digest(medium, findings), signed }
}

/// Compares the signature's file with what the press writes: its first line is signed by nobody.
fn check_comment(medium: &Medium, findings: &Findings) {
    let read = || read_file(medium.seed(), paths::SIGNATURE, MAX_TEXT);
    if let Some(Ok(bytes)) = findings.guard(paths::SIGNATURE, read) {
        let signature = Signature::parse(&String::from_utf8_lossy(&bytes));
        if !signature.is_ok_and(|signature| signature.print().as_bytes() == bytes) {
            findings.change(Change::Signature);
        }
    }
}

/// The manifest, when nothing but trust was missing; whatever else is wrong with it is told beside `first`.
fn without_trust(
    again: Result<Loaded, TrustError>,
    first: &TrustError,
    findings: &Findings,
) -> Option<Manifest> {
    match again {
        Ok(loaded) => Some(loaded.manifest),
        Err(error) => {
            if error != *first {
                findings.problem(Problem::Document(error));
            }
            None
        }
    }
}

fn digest(medium: &Medium, findings: &Findings) -> Option<Sha256> {
    let bytes = findings.guard(paths::MANIFEST, || read_file(medium.seed(), paths::MANIFEST, MAX_TEXT));
    bytes?.ok().map(|bytes| Sha256::of(&bytes))
}
