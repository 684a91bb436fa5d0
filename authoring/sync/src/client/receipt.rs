//! Receipts: what came from where, signed with the client's own key. Each is kept, and sent with the next report.

use std::fs;
use std::path::Path;

use formats::document::{self, DocumentError};
use formats::minisign;
use host::{HostError, Operation};
use remote::api::{self, Receipt, Report};
use remote::http::{HttpError, Service};
use serde::{Deserialize, Serialize};

use super::error::ClientError;
use super::files;
use super::home::{Home, RECEIPTS, UNTOLD};

/// A receipt with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its number, from 1.
    pub number: u64,
    /// Its text, which is signed.
    pub text: String,
    /// Its minisign signature.
    pub signature: String,
}

/// How long a receipt may be, in bytes.
const MAX: usize = 4 << 20;
/// How many receipts are kept.
const KEPT: u64 = 256;
/// How many that the service has not got yet are sent at once.
const SENT: usize = 16;
/// What the names of receipts end with.
const DOCUMENT: &str = ".json";
/// The document that says which receipt the service got last.
const REPORTED: &str = "reported.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported {
    number: u64,
}

/// The names of the two files of a receipt.
pub fn names(number: u64) -> [String; 2] {
    [format!("{number}{DOCUMENT}"), format!("{number}{DOCUMENT}.minisig")]
}

/// The numbers of the receipts that are kept, in order.
///
/// # Errors
/// [`ClientError`].
pub fn numbers(home: &Home) -> Result<Vec<u64>, ClientError> {
    let names = files::names(&home.path(RECEIPTS))?;
    let number = |name: &String| name.strip_suffix(DOCUMENT)?.parse().ok();
    let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// A receipt that is kept; without a number the last one.
///
/// # Errors
/// [`ClientError::NoReceipt`].
pub fn load(home: &Home, number: Option<u64>) -> Result<Signed, ClientError> {
    let number = match number {
        Some(number) => number,
        None => numbers(home)?.last().copied().ok_or(ClientError::NoReceipt { number: 1 })?,
    };
    let folder = home.path(RECEIPTS);
    let [text, signature] = names(number).map(|name| files::read(&folder.join(name), MAX));
    match (text?, signature?) {
        (Some(text), Some(signature)) => Ok(Signed { number, text, signature }),
        _ => Err(ClientError::NoReceipt { number }),
    }
}

/// Signs a receipt and keeps it. Its number is the next one.
///
/// # Errors
/// [`ClientError`].
pub fn keep(home: &Home, mut receipt: Receipt) -> Result<Signed, ClientError> {
    let folder = home.path(RECEIPTS);
    let known = numbers(home)?;
    let number = known.last().copied().max(reported(home)?).unwrap_or(0).saturating_add(1);
    receipt.number = number;
    let text = receipt.print();
    let comment = format!("receipt {number} of device {}", receipt.device);
    let unsigned = |source: minisign::FileError| ClientError::Key { path: folder.clone(), source };
    let signature =
        minisign::sign(&home.receipt_key()?, text.as_bytes(), &comment).map_err(unsigned)?.print();
    files::make_folder(&folder)?;
    let [text_name, signature_name] = names(number);
    // A receipt is there when its text is.
    files::write(&folder.join(signature_name), signature.as_bytes())?;
    files::write(&folder.join(text_name), text.as_bytes())?;
    for old in known.into_iter().filter(|old| old.saturating_add(KEPT) <= number) {
        names(old).iter().try_for_each(|name| files::remove(&folder.join(name)))?;
    }
    Ok(Signed { number, text, signature })
}

/// Sends the receipts that the service has not got yet, the oldest first, and the last one even so when it has.
///
/// # Errors
/// [`ClientError`]; what could not be sent goes with the next report.
pub fn send(home: &Home, service: &Service) -> Result<(), ClientError> {
    let sent = reported(home)?.unwrap_or(0);
    let numbers = numbers(home)?;
    let unsent: Vec<u64> = numbers.into_iter().filter(|number| *number > sent).collect();
    let key = home.receipt_key()?.public().to_base64();
    let mut refused = None;
    for number in unsent.iter().skip(unsent.len().saturating_sub(SENT)) {
        let Signed { text, signature, .. } = load(home, Some(*number))?;
        let report = Report::new(key.clone(), text, signature);
        match service.post(api::REPORT, report.print().into_bytes()) {
            // It keeps no later one back, and is passed over when one of those is taken.
            Err(error @ HttpError::Status { status: 400 | 409 | 413, .. }) => {
                refused = Some(error);
                continue;
            }
            done => done?,
        }
        refused = None;
        let reported = document::print(&Reported { number: *number });
        files::write(&home.path(RECEIPTS).join(REPORTED), reported.as_bytes())?;
    }
    refused.map_or(Ok(()), |error| Err(error.into()))
}

/// The receipt that the service got last.
///
/// # Errors
/// [`ClientError`].
pub fn reported(home: &Home) -> Result<Option<u64>, ClientError> {
    let path = home.path(RECEIPTS).join(REPORTED);
    let text = files::read(&path, MAX)?;
    let parse = |text: String| document::parse::<Reported>(&text);
    let found = text.map(parse).transpose();
    let found = found.map_err(|source: DocumentError| ClientError::Document { path, source })?;
    Ok(found.map(|reported| reported.number))
}

/// Puts the receipts aside that are of another device or for another service, and what none of them tells yet. Numbers go
/// on behind theirs.
pub(super) fn put_aside(root: &Path) -> Result<(), ClientError> {
    files::remove(&root.join(UNTOLD))?;
    let folder = root.join(RECEIPTS);
    let names = files::names(&folder)?;
    let Some(last) = names.iter().filter_map(|name| name.strip_suffix(DOCUMENT)?.parse::<u64>().ok()).max()
    else {
        return Ok(());
    };
    let free = (1u64..).map(|number| root.join(format!("{RECEIPTS}.old-{number}"))).find(|it| !it.exists());
    let aside = free.unwrap_or_else(|| root.join(format!("{RECEIPTS}.old")));
    fs::rename(&folder, &aside).map_err(HostError::io(Operation::Rename, &folder))?;
    files::make_folder(&folder)?;
    files::write(&folder.join(REPORTED), document::print(&Reported { number: last }).as_bytes())
}
