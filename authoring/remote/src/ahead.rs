//! Objects behind a network, read in blocks: those that were used last are kept, and while somebody reads forward the
//! next ones are fetched already, several at a time. So a line that is fast and long is kept full.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use formats::io::{ReadAt, ReadError, check_range};
use formats::units::{ByteLen, ByteOffset};
use host::Stop;
use tokio::sync::{Semaphore, watch};

use crate::fault::Fault;
use crate::reactor::Reactor;

/// How long a block is, in bytes: about two frames as they are stored.
pub const BLOCK: u64 = 4 << 20;
/// How many blocks are kept, of all objects of a store together: 128 MiB.
const KEPT: usize = 32;
/// How many blocks are fetched ahead of whoever reads alone.
const DEPTH: usize = 6;
/// How many blocks are on their way at a time, of all objects of a store together: 64 MiB.
const UNDER_WAY: usize = 16;

/// What came of fetching a block.
pub type Fetched = Result<Bytes, Fault>;
/// A block on its way.
pub type Fetching = Pin<Box<dyn Future<Output = Fetched> + Send>>;

/// Where the bytes of one object come from.
pub trait Blocks: Send + Sync {
    /// Fetches a range that lies in the object, with the tries that it takes.
    fn fetch(&self, range: Range<u64>) -> Fetching;
}

/// The blocks that are kept, of all objects of a store.
pub struct Ahead {
    reactor: Arc<Reactor>,
    stop: Stop,
    /// The block that was used last stands at the end.
    kept: Mutex<Vec<Kept>>,
    objects: AtomicU64,
    room: Arc<Semaphore>,
}

/// A block that is here, or on its way.
struct Kept {
    key: (u64, u64),
    coming: watch::Receiver<Option<Fetched>>,
}

/// An object, to be read.
pub struct Object {
    id: u64,
    len: u64,
    ahead: Arc<Ahead>,
    blocks: Arc<dyn Blocks>,
}

impl Ahead {
    /// No blocks yet.
    pub fn new(reactor: Arc<Reactor>, stop: Stop) -> Arc<Self> {
        let room = Arc::new(Semaphore::new(UNDER_WAY));
        Arc::new(Self { reactor, stop, kept: Mutex::default(), objects: AtomicU64::new(0), room })
    }

    /// An object of `len` bytes that `blocks` fetches.
    pub fn object(self: &Arc<Self>, len: u64, blocks: Arc<dyn Blocks>) -> Object {
        let id = self.objects.fetch_add(1, Ordering::Relaxed);
        Object { id, len, ahead: self.clone(), blocks }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a block, and sees to it that the next ones come where somebody reads forward.
    fn block(&self, object: &Object, number: u64) -> Fetched {
        let mut coming = self.begin(object, number);
        let waited = self.reactor.wait(&self.stop, async {
            coming.wait_for(Option::is_some).await.map(|fetched| fetched.clone())
        });
        let fetched = match waited {
            Ok(Ok(Some(fetched))) => fetched,
            Ok(_) => Err(Fault::new(store::RemoteCause::Unreachable, "the connection ended")),
            Err(interrupted) => Err(Fault::new(store::RemoteCause::Unreachable, interrupted.to_string())),
        };
        if fetched.is_err() {
            // Whoever asks again may be luckier.
            self.kept().retain(|kept| kept.key != (object.id, number));
        }
        fetched
    }

    fn begin(&self, object: &Object, number: u64) -> watch::Receiver<Option<Fetched>> {
        let mut kept = self.kept();
        let forward = number == 0 || kept.iter().any(|kept| kept.key == (object.id, number - 1));
        let coming = self.ensure(&mut kept, object, number);
        if forward {
            let last = object.len.saturating_sub(1) / BLOCK;
            for next in (number + 1..=last).take(depth(&kept)) {
                self.ensure(&mut kept, object, next);
            }
        }
        coming
    }

    /// A block that is kept, or begun now.
    fn ensure(&self, kept: &mut Vec<Kept>, object: &Object, number: u64) -> watch::Receiver<Option<Fetched>> {
        let key = (object.id, number);
        let block = match kept.iter().position(|kept| kept.key == key) {
            Some(index) => kept.remove(index),
            None => Kept { key, coming: self.fetch(object, number) },
        };
        let coming = block.coming.clone();
        kept.push(block);
        if kept.len() > KEPT {
            kept.remove(0);
        }
        coming
    }

    fn fetch(&self, object: &Object, number: u64) -> watch::Receiver<Option<Fetched>> {
        let start = number.saturating_mul(BLOCK);
        let range = start..start.saturating_add(BLOCK).min(object.len);
        let wanted = range.end.saturating_sub(range.start);
        let fetching = object.blocks.fetch(range);
        let (done, coming) = watch::channel(None);
        let room = self.room.clone();
        self.reactor.spawn(async move {
            let work = async {
                // Nobody closes the room.
                let _room = room.acquire_owned().await;
                fetching.await.and_then(|bytes| check_len(bytes, wanted))
            };
            tokio::select! {
                fetched = work => drop(done.send(Some(fetched))),
                // It is not kept any more, and nobody waits for it.
                () = done.closed() => {}
            }
        });
        coming
    }
}

/// How many blocks to fetch ahead: fewer for each, where more are read at a time, and none where there would not be room
/// for what they need. Whoever reads forward keeps blocks that lie side by side.
fn depth(kept: &[Kept]) -> usize {
    let mut keys: Vec<(u64, u64)> = kept.iter().map(|kept| kept.key).collect();
    keys.sort_unstable();
    let is_next = |pair: &&[(u64, u64)]| matches!(pair, [(a, one), (b, two)] if a == b && one + 1 == *two);
    let readers = keys.len() - keys.windows(2).filter(is_next).count();
    (KEPT / 2 / readers.max(1)).min(DEPTH)
}

fn check_len(bytes: Bytes, wanted: u64) -> Fetched {
    let found = bytes.len() as u64;
    let fault = || Fault::new(store::RemoteCause::Corrupt, format!("{found} bytes came, expected {wanted}"));
    if found == wanted { Ok(bytes) } else { Err(fault()) }
}

impl ReadAt for Object {
    fn size(&self) -> ByteLen {
        ByteLen(self.len)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let wanted = check_range(self.size(), offset, buf.len())?;
        let mut at = wanted.start;
        let mut rest = buf;
        while !rest.is_empty() {
            let block = self.ahead.block(self, at / BLOCK).map_err(|fault| fault.reading(at))?;
            // Cannot cut: a block is short.
            let from = block.get((at % BLOCK) as usize..).unwrap_or_default();
            let len = from.len().min(rest.len());
            if len == 0 {
                return Err(ReadError::PastEnd {
                    offset,
                    wanted: ByteLen(rest.len() as u64),
                    len: self.size(),
                });
            }
            let (now, later) = rest.split_at_mut(len);
            now.copy_from_slice(&from[..len]);
            at += len as u64;
            rest = later;
        }
        Ok(())
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.ahead.kept().retain(|kept| kept.key.0 != self.id);
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ahead")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// An object whose bytes follow from where they are, and how often each block was fetched.
    struct Counted {
        len: u64,
        fetched: Mutex<BTreeMap<u64, usize>>,
        broken: AtomicU64,
    }

    fn byte(at: u64) -> u8 {
        (at % 251) as u8
    }

    impl Blocks for Counted {
        fn fetch(&self, range: Range<u64>) -> Fetching {
            assert!(range.end <= self.len);
            *self.fetched.lock().unwrap().entry(range.start / BLOCK).or_default() += 1;
            let broken = self.broken.load(Ordering::Relaxed) == range.start / BLOCK;
            Box::pin(async move {
                match broken {
                    true => Ok(Bytes::from_static(b"short")),
                    false => Ok(range.map(byte).collect()),
                }
            })
        }
    }

    fn object(len: u64) -> (Object, Arc<Counted>) {
        let ahead = Ahead::new(Arc::new(Reactor::new().unwrap()), Stop::new());
        let blocks = Arc::new(Counted { len, fetched: Mutex::default(), broken: AtomicU64::new(u64::MAX) });
        (ahead.object(len, blocks.clone()), blocks)
    }

    fn read(object: &Object, at: u64, len: usize) -> Result<(), ReadError> {
        let mut buf = vec![0; len];
        object.read_at(ByteOffset(at), &mut buf)?;
        assert!((at..).zip(&buf).all(|(at, found)| byte(at) == *found));
        Ok(())
    }

    #[test]
    fn blocks_are_fetched_once_and_ahead_of_who_reads_forward() {
        let (object, blocks) = object(20 * BLOCK + 5);
        read(&object, 0, 100).unwrap();
        assert_eq!(blocks.fetched.lock().unwrap().len(), 1 + DEPTH);
        for at in (0..20 * BLOCK).step_by(2 << 20) {
            read(&object, at, 2 << 20).unwrap();
        }
        read(&object, 20 * BLOCK, 5).unwrap();
        let fetched = blocks.fetched.lock().unwrap().clone();
        assert_eq!(fetched, (0..=20).map(|number| (number, 1)).collect());
    }

    #[test]
    fn nothing_is_fetched_ahead_of_who_jumps() {
        let (object, blocks) = object(100 * BLOCK);
        for number in [90, 7, 50, 30] {
            read(&object, number * BLOCK + 9, 10).unwrap();
        }
        assert_eq!(blocks.fetched.lock().unwrap().keys().copied().collect::<Vec<_>>(), [7, 30, 50, 90]);
    }

    /// Blocks that never come, and how many are on their way.
    #[derive(Default)]
    struct Stuck(Arc<AtomicU64>);

    struct Counting(Arc<AtomicU64>);

    impl Drop for Counting {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    impl Blocks for Stuck {
        fn fetch(&self, _: Range<u64>) -> Fetching {
            let count = self.0.clone();
            Box::pin(async move {
                count.fetch_add(1, Ordering::Relaxed);
                let _counting = Counting(count);
                std::future::pending().await
            })
        }
    }

    fn wait_until(is_so: impl Fn() -> bool) {
        while !is_so() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn so_many_are_on_their_way_and_none_that_nobody_wants_any_more() {
        let ahead = Ahead::new(Arc::new(Reactor::new().unwrap()), Stop::new());
        let stuck = Stuck::default();
        let count = stuck.0.clone();
        let object = ahead.object(1000 * BLOCK, Arc::new(stuck));
        for number in 0..100 {
            ahead.begin(&object, number * 9);
        }
        assert!(ahead.kept().len() <= KEPT);
        wait_until(|| count.load(Ordering::Relaxed) == UNDER_WAY as u64);
        drop(object);
        wait_until(|| count.load(Ordering::Relaxed) == 0);
    }

    #[test]
    fn less_is_fetched_ahead_for_each_when_many_read_one_object() {
        let (object, blocks) = object(1000 * BLOCK);
        for number in 0..200 {
            // Forty readers at a time, each of whom reads five blocks.
            let (reader, step) = (number % 40, number / 40);
            read(&object, (reader * 20 + step) * BLOCK, 1).unwrap();
        }
        let fetched: usize = blocks.fetched.lock().unwrap().values().sum();
        assert!(fetched <= 250, "{fetched} blocks were fetched for 200");
    }

    #[test]
    fn what_does_not_come_whole_is_an_error_until_it_does() {
        let (object, blocks) = object(3 * BLOCK);
        blocks.broken.store(1, Ordering::Relaxed);
        let error = read(&object, BLOCK - 1, 2).unwrap_err();
        assert!(matches!(error, ReadError::Damaged { offset: ByteOffset(at), .. } if at == BLOCK), "{error}");
        blocks.broken.store(u64::MAX, Ordering::Relaxed);
        read(&object, BLOCK - 1, 2).unwrap();
        assert!(matches!(read(&object, 3 * BLOCK - 1, 2), Err(ReadError::PastEnd { .. })));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let (object, _) = object(200 * BLOCK);
        for number in 0..200 {
            read(&object, number * BLOCK, 1).unwrap();
            assert!(object.ahead.kept().len() <= KEPT);
        }
        let ahead = object.ahead.clone();
        drop(object);
        assert_eq!(ahead.kept().len(), 0);
    }
}
