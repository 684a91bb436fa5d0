//! Reading objects of a bucket.

use std::ops::Range;

use bytes::Bytes;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use store::RemoteCause;

use super::fault::patiently;
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
    retries: u32,
}

/// Opens an object.
///
/// # Errors
/// What S3 says.
pub async fn open(bucket: &AmazonS3, object: &Path, retries: u32) -> Result<Opened, Fault> {
    let first = GetOptions { range: Some(GetRange::Bounded(0..FIRST)), ..GetOptions::default() };
    let (size, tag, bytes) = patiently(retries, async || {
        let got = match bucket.get_opts(object, first.clone()).await {
            // An empty object has no first bytes.
            Err(Error::Generic { store, source }) => match bucket.head(object).await {
                Ok(meta) if meta.size == 0 => return Ok((0, None, Bytes::new())),
                _ => return Err(Error::Generic { store, source }),
            },
            got => got?,
        };
        let (size, tag) = (got.meta.size, got.meta.e_tag.clone());
        if size > FIRST {
            return Ok((size, tag, Bytes::new()));
        }
        Ok((size, tag, got.bytes().await?))
    })
    .await?;
    if size > FIRST {
        let (bucket, object) = (bucket.clone(), object.clone());
        return Ok(Opened::Large(size, Source { bucket, object, tag, retries }));
    }
    if bytes.len() as u64 == size {
        return Ok(Opened::Small(bytes.into()));
    }
    let text = format!("{} bytes came, expected {size}", bytes.len());
    Err(Fault::new(RemoteCause::Corrupt, text))
}

impl Blocks for Source {
    fn fetch(&self, range: Range<u64>) -> Fetching {
        let (bucket, object, retries) = (self.bucket.clone(), self.object.clone(), self.retries);
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: self.tag.clone(),
            ..GetOptions::default()
        };
        Box::pin(async move {
            let get = || {
                let (bucket, object, options) = (bucket.clone(), object.clone(), options.clone());
                async move {
                    let got = bucket.get_opts(&object, options).await?;
                    Ok((got.range.clone(), got.bytes().await?))
                }
            };
            let (found, bytes) = patiently(retries, get).await.map_err(changed)?;
            if found == range {
                return Ok(bytes);
            }
            Err(Fault::new(RemoteCause::Corrupt, format!("bytes {found:?} came, expected {range:?}")))
        })
    }
}

/// What a fault of reading means: nobody refuses but for an object that is another one now.
fn changed(fault: Fault) -> Fault {
    match fault.cause {
        RemoteCause::Refused => Fault::new(RemoteCause::Corrupt, "it was changed while it was read"),
        _ => fault,
    }
}
