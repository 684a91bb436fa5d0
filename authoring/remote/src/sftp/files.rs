//! Files over a connection: read and written in several requests at a time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use openssh_sftp_client::Error;
use openssh_sftp_client::error::SftpErrorKind;
use openssh_sftp_client::file::File;
use store::RemoteCause;
use tokio::io::AsyncSeek;
use tokio::task::JoinSet;

use super::link::{Line, Link};
use crate::ahead::{Blocks, Fetching};
use crate::fault::Fault;

/// How much one request asks for, in bytes: what is lost at most of each when the connection breaks.
const ASKED: u64 = 64 << 10;
/// Files up to this length come with the first request.
const FIRST: u64 = 64 << 10;

/// No document of a store is longer.
const MOST_READ: u64 = 2 << 20;
/// How often a file is made whose unfinished name somebody else removes.
const TRIES: usize = 10;

/// A file that was opened.
pub enum Opened {
    /// All of it.
    Small(Vec<u8>),
    /// Its length.
    Large(u64),
}

/// Where the bytes of a large file come from.
#[derive(Debug)]
pub struct Source {
    pub line: Arc<Line>,
    pub path: String,
    pub open: Arc<Handle>,
}

/// A file that is kept open, for as long as its connection lasts.
#[derive(Debug, Default)]
pub struct Handle(tokio::sync::Mutex<Option<(u64, File)>>);

impl Handle {
    /// The file, opened over this connection.
    pub async fn file(&self, link: &Link, path: &str, write: bool) -> Result<File, Error> {
        let mut kept = self.0.lock().await;
        if let Some((number, file)) = &*kept
            && *number == link.number
        {
            return Ok(file.clone());
        }
        let file = link.sftp.options().read(true).write(write).open(path).await?;
        *kept = Some((link.number, file.clone()));
        Ok(file)
    }
}

/// Opens a file.
pub async fn open(link: &Link, path: &str) -> Result<Opened, Error> {
    let file = link.sftp.open(path).await?;
    let mut asked = file.clone();
    let (meta, first) = tokio::join!(asked.metadata(), read_at(file, 0, FIRST));
    let (len, first) = (meta?.len().unwrap_or_default(), first?);
    if len <= FIRST && first.len() as u64 == len {
        Ok(Opened::Small(first.into()))
    } else {
        Ok(Opened::Large(len))
    }
}

/// All bytes of a document, or so many that it can be none.
pub async fn read(link: &Link, path: &str) -> Result<Vec<u8>, Error> {
    let file = link.sftp.open(path).await?;
    Ok(read_at(file, 0, MOST_READ).await?.into())
}

/// Reads until there are `len` bytes, or the file ends.
async fn read_at(mut file: File, at: u64, len: u64) -> Result<BytesMut, Error> {
    Pin::new(&mut file).start_seek(std::io::SeekFrom::Start(at))?;
    // Cannot cut: requests are short.
    let mut bytes = BytesMut::with_capacity(len as usize);
    while (bytes.len() as u64) < len {
        let at = at + bytes.len() as u64;
        Pin::new(&mut file).start_seek(std::io::SeekFrom::Start(at))?;
        let rest = len as usize - bytes.len();
        let Some(piece) = file.read(rest as u32, BytesMut::with_capacity(rest)).await? else { break };
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

async fn write_at(mut file: File, at: u64, bytes: Bytes) -> Result<(), Error> {
    Pin::new(&mut file).start_seek(std::io::SeekFrom::Start(at))?;
    file.write_all(&bytes).await
}

/// Writes bytes at a position, in several requests at a time.
pub async fn write(file: &File, at: u64, bytes: &Bytes) -> Result<(), Error> {
    let mut under_way = JoinSet::new();
    for start in (0..bytes.len()).step_by(ASKED as usize) {
        let piece = bytes.slice(start..bytes.len().min(start + ASKED as usize));
        under_way.spawn(write_at(file.clone(), at + start as u64, piece));
    }
    while let Some(written) = under_way.join_next().await {
        written??;
    }
    Ok(())
}

/// Fetches what is missing of the pieces of a range; what came is kept, also when the connection breaks.
async fn fetch(file: File, missing: Vec<Range<u64>>, pieces: Arc<Pieces>) -> Result<(), Error> {
    let mut under_way = JoinSet::new();
    for piece in missing {
        let (file, pieces) = (file.clone(), pieces.clone());
        under_way.spawn(async move {
            let bytes = read_at(file, piece.start, piece.end - piece.start).await?;
            pieces.0.lock().unwrap_or_else(PoisonError::into_inner).insert(piece.start, bytes);
            Ok::<(), Error>(())
        });
    }
    let mut fetched = Ok(());
    while let Some(piece) = under_way.join_next().await {
        // All that comes counts, whatever does not.
        fetched = fetched.and(piece.map_err(Error::from).flatten());
    }
    fetched
}

/// The pieces of a range that came.
#[derive(Debug, Default)]
struct Pieces(Mutex<BTreeMap<u64, BytesMut>>);

impl Pieces {
    fn missing(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let came = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let starts = range.clone().step_by(ASKED as usize).filter(|start| !came.contains_key(start));
        starts.map(|start| start..range.end.min(start + ASKED)).collect()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn together(&self) -> Bytes {
        let came = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        came.values().flat_map(|piece| piece.iter().copied()).collect()
    }
}

impl Blocks for Source {
    fn fetch(&self, range: Range<u64>) -> Fetching {
        let (line, path, open) = (self.line.clone(), self.path.clone(), self.open.clone());
        Box::pin(async move {
            let pieces = Arc::new(Pieces::default());
            let work = |link: Arc<Link>| {
                let (path, open, pieces) = (path.clone(), open.clone(), pieces.clone());
                let missing = pieces.missing(&range);
                async move { fetch(open.file(&link, &path, false).await?, missing, pieces).await }
            };
            loop {
                let before = pieces.count();
                match line.send(work).await {
                    Ok(()) => return Ok(pieces.together()),
                    // Tries are counted anew when something came.
                    Err(_) if pieces.count() > before => {}
                    Err(fault) => return Err(fault),
                }
            }
        })
    }
}

/// The names in a folder; none where there is no folder.
pub async fn list(link: &Link, path: &str) -> Result<Vec<String>, Error> {
    let folder = match link.sftp.fs().open_dir(path).await {
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        folder => folder?,
    };
    let mut entries = Box::pin(folder.read_dir());
    let mut names = Vec::new();
    while let Some(entry) = std::future::poll_fn(|context| entries.as_mut().poll_next(context)).await {
        // Nothing that a store writes has a name that is no text.
        let entry = entry?;
        let name = entry.filename().to_str().filter(|name| ![".", ".."].contains(name));
        names.extend(name.map(str::to_owned));
    }
    Ok(names)
}

/// Whether something has this path.
pub async fn exists(link: &Link, path: &str) -> Result<bool, Error> {
    match link.sftp.fs().metadata(path).await {
        Err(error) if is_missing(&error) => Ok(false),
        found => found.map(|_| true),
    }
}

/// Makes a folder, and those that it lies in.
pub async fn make_folder(link: &Link, path: &str) -> Result<(), Error> {
    let mut missing = Vec::new();
    let mut folder = path;
    while !folder.is_empty() && !exists(link, folder).await? {
        missing.push(folder);
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
    for folder in missing.into_iter().rev() {
        let made = link.sftp.fs().create_dir(folder).await;
        // Somebody else may make it meanwhile.
        if made.is_err() && !exists(link, folder).await? {
            return made;
        }
    }
    Ok(())
}

/// Makes a file that nobody looks at yet, whole and durable.
pub async fn put(link: &Link, path: &str, bytes: &Bytes) -> Result<(), Error> {
    if let Some((folder, _)) = path.rsplit_once('/') {
        make_folder(link, folder).await?;
    }
    let mut file = link.sftp.options().write(true).create(true).truncate(true).open(path).await?;
    write(&file, 0, bytes).await?;
    sync(link, &mut file).await?;
    file.close().await
}

/// Makes a file under another name, and gives it its own: in place of one that is there by a rename, and else by a hard
/// link. Whoever cleans up the store may take the other name for a leftover and remove it; then it is made again.
pub async fn put_as(
    link: &Link,
    (temporary, path): (&str, &str),
    bytes: &Bytes,
    replace: bool,
) -> Result<(), Error> {
    let mut tries = 1..TRIES;
    loop {
        put(link, temporary, bytes).await?;
        let mut fs = link.sftp.fs();
        let named = match replace {
            true => fs.rename(temporary, path).await,
            false => fs.hard_link(temporary, path).await,
        };
        match named {
            Err(error) if is_missing(&error) && tries.next().is_some() => {}
            named => return named,
        }
    }
}

/// Has the file on its device, where the server can do that.
pub async fn sync(link: &Link, file: &mut File) -> Result<(), Error> {
    if link.sftp.support_fsync() { file.sync_all().await } else { Ok(()) }
}

/// Removes a file; one that is not there is no error.
pub async fn remove(link: &Link, path: &str) -> Result<(), Error> {
    match link.sftp.fs().remove_file(path).await {
        Err(error) if is_missing(&error) => Ok(()),
        removed => removed,
    }
}

/// Removes a folder with the files in it; one that is not there is no error.
pub async fn remove_folder(link: &Link, path: &str) -> Result<(), Error> {
    for name in list(link, path).await? {
        remove(link, &format!("{path}/{name}")).await?;
    }
    match link.sftp.fs().remove_dir(path).await {
        Err(error) if is_missing(&error) => Ok(()),
        removed => removed,
    }
}

/// Removes a file, or a folder with the files in it; what is not there is no error.
pub async fn remove_any(link: &Link, path: &str) -> Result<(), Error> {
    let kind = match link.sftp.fs().symlink_metadata(path).await {
        Err(error) if is_missing(&error) => return Ok(()),
        found => found?.file_type(),
    };
    if kind.is_some_and(|kind| kind.is_dir()) {
        remove_folder(link, path).await
    } else {
        remove(link, path).await
    }
}

/// Whether the error is that something is not there.
pub fn is_missing(error: &Error) -> bool {
    matches!(error, Error::SftpError(SftpErrorKind::NoSuchFile, _))
}

/// A file that is shorter than it should be.
pub fn short(found: u64, expected: u64) -> Fault {
    Fault::new(RemoteCause::Corrupt, format!("it has {found} bytes, expected {expected}"))
}
