//! Reading objects of a bucket.

use std::ops::Range;

use bytes::Bytes;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt};
use store::RemoteCause;

use super::fault::told;
use crate::ahead::{Blocks, Fetching};
use crate::fault::Fault;

/// The first request asks for this many bytes: documents come with it whole.
const FIRST: u64 = 64 << 10;

/// An object that was opened.
pub enum Opened {
    /// All of it.
    Small(Vec<u8>),
    /// Its length, and where its bytes come from.
    Large(u64, Source),
}

/// Where the bytes of a large object come from, as long as it is the one that was opened.
pub struct Source {
    bucket: AmazonS3,
    object: Path,
    tag: Option<String>,
}

/// Opens an object.
///
/// # Errors
/// What S3 says.
pub async fn open(bucket: &AmazonS3, object: &Path) -> Result<Opened, Fault> {
    let options = GetOptions { range: Some(GetRange::Bounded(0..FIRST)), ..GetOptions::default() };
    match bucket.get_opts(object, options).await {
        Ok(got) if got.meta.size <= FIRST => Ok(Opened::Small(whole(got).await?)),
        Ok(got) => {
            let (bucket, object) = (bucket.clone(), object.clone());
            let tag = got.meta.e_tag;
            Ok(Opened::Large(got.meta.size, Source { bucket, object, tag }))
        }
        Err(
            error @ (Error::NotFound { .. } | Error::PermissionDenied { .. } | Error::Unauthenticated { .. }),
        ) => Err(told(&error)),
        // An empty object has no first bytes.
        Err(error) => match bucket.head(object).await {
            Ok(meta) if meta.size == 0 => Ok(Opened::Small(Vec::new())),
            _ => Err(told(&error)),
        },
    }
}

async fn whole(got: GetResult) -> Result<Vec<u8>, Fault> {
    let size = got.meta.size;
    let bytes = got.bytes().await.map_err(|error| told(&error))?;
    if bytes.len() as u64 == size {
        return Ok(bytes.into());
    }
    let text = format!("{} bytes came, expected {size}", bytes.len());
    Err(Fault::new(RemoteCause::Corrupt, text))
}

impl Blocks for Source {
    fn fetch(&self, range: Range<u64>) -> Fetching {
        let (bucket, object, tag) = (self.bucket.clone(), self.object.clone(), self.tag.clone());
        Box::pin(async move {
            let options = GetOptions {
                range: Some(GetRange::Bounded(range.clone())),
                if_match: tag,
                ..GetOptions::default()
            };
            let got = bucket.get_opts(&object, options).await.map_err(|error| changed(&error))?;
            if got.range != range {
                let text = format!("bytes {:?} came, expected {range:?}", got.range);
                return Err(Fault::new(RemoteCause::Corrupt, text));
            }
            got.bytes().await.map_err(|error| told(&error)) as Result<Bytes, Fault>
        })
    }
}

/// What an error of reading means: an object that is another one now, or gone, was changed under the reader.
fn changed(error: &Error) -> Fault {
    match error {
        Error::Precondition { .. } => Fault::new(RemoteCause::Corrupt, "it was changed while it was read"),
        _ => told(error),
    }
}
