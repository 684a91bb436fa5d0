//! A machine in memory: its disks, its keys and its clock are what a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use deploy::{Decoder, TargetError, Undecodable};
use formats::io::{ReadAt, ReadError, check_range};
use formats::minisign::PublicKey;
use formats::time::Timestamp;
use formats::units::{ByteLen, ByteOffset};
use station::machine::OneByOne;
use station::{About, Area, Bus, Console, Disk, End, Frame, Hands, Key, Machine, Start};
use uuid::Uuid;

/// A disk in memory.
pub struct Drive {
    pub about: About,
    pub bytes: Mutex<Vec<u8>>,
    pub written: Mutex<Vec<(u64, usize)>>,
    /// Writes fail that reach past this place.
    pub breaks_at: Option<u64>,
    /// Once broken, all writes fail.
    pub stays_broken: bool,
    /// The byte at this place is given back wrong once it was written.
    pub lies_at: Option<u64>,
    /// How often the place that breaks or lies can be written before it does.
    pub good_for: usize,
    /// It takes all bytes and keeps none.
    pub swallows: bool,
    pub broken: Mutex<bool>,
}

impl Drive {
    /// A SATA disk with sectors of 512 bytes.
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        let about = About {
            name: name.into(),
            model: format!("Model of {name}"),
            serial: format!("SN-{name}"),
            bus: Bus::Sata,
            sector_size: 512,
            read_only: false,
            started_from: false,
        };
        Self {
            about,
            bytes: Mutex::new(bytes),
            written: Mutex::default(),
            breaks_at: None,
            stays_broken: false,
            lies_at: None,
            good_for: 0,
            swallows: false,
            broken: Mutex::new(false),
        }
    }

    /// The same disk, told about in another way.
    pub fn with(mut self, change: impl FnOnce(&mut About)) -> Self {
        change(&mut self.about);
        self
    }

    /// What is on it now.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    /// How often the byte at this place was written.
    fn times(&self, at: u64) -> usize {
        self.writes().iter().filter(|(start, len)| (*start..start + *len as u64).contains(&at)).count()
    }

    /// Where bytes were written, and how many, in order.
    pub fn writes(&self) -> Vec<(u64, usize)> {
        self.written.lock().unwrap().clone()
    }
}

impl ReadAt for Drive {
    fn size(&self) -> ByteLen {
        ByteLen(self.bytes.lock().unwrap().len() as u64)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.size(), offset, buf.len())?;
        buf.copy_from_slice(&self.bytes.lock().unwrap()[range.start as usize..range.end as usize]);
        match self.lies_at {
            Some(at) if range.contains(&at) && self.times(at) > self.good_for => {
                buf[(at - range.start) as usize] ^= 1
            }
            _ => {}
        }
        Ok(())
    }
}

impl Disk for Drive {
    fn about(&self) -> &About {
        &self.about
    }

    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        assert!(!self.about.read_only, "{} is read-only", self.about.name);
        let sector = self.about.sector_size as u64;
        assert!(offset.0.is_multiple_of(sector) && (bytes.len() as u64).is_multiple_of(sector));
        let end = offset.0 + bytes.len() as u64;
        let mut broken = self.broken.lock().unwrap();
        let breaks = |at| end > at && offset.0 <= at && self.times(at) >= self.good_for;
        if self.breaks_at.is_some_and(breaks) || *broken && self.stays_broken {
            *broken = true;
            return Err(TargetError::refused(offset, "medium error"));
        }
        self.written.lock().unwrap().push((offset.0, bytes.len()));
        if !self.swallows {
            self.bytes.lock().unwrap()[offset.0 as usize..end as usize].copy_from_slice(bytes);
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), TargetError> {
        Ok(())
    }
}

/// The zstd library.
pub struct Zstd;

impl Decoder for Zstd {
    fn decode(&self, compressed: &[u8], plain: &mut [u8]) -> Result<(), Undecodable> {
        match zstd::bulk::decompress_to_buffer(compressed, plain) {
            Ok(len) if len == plain.len() => Ok(()),
            Ok(len) => Err(Undecodable::new(format!("it has {len} bytes"))),
            Err(error) => Err(Undecodable::new(error)),
        }
    }
}

/// Keys, screen and serial console of a [`Fake`].
#[derive(Default)]
pub struct Terminal {
    pub keys: VecDeque<Key>,
    /// Keys that are hit before anybody listens.
    pub ahead: VecDeque<Key>,
    pub serial: String,
    pub pixels: Option<(u32, u32)>,
    pub text: Vec<String>,
    pub shown: Vec<Area>,
    /// Whether every frame is kept.
    pub keeps: bool,
    pub frames: Vec<Frame>,
    clock: Arc<Mutex<u64>>,
}

impl Console for Terminal {
    fn serial(&mut self, line: &str) {
        assert!(!line.chars().any(char::is_control), "{line:?} is one line");
        self.serial.push_str(line);
        self.serial.push('\n');
    }

    fn serial_part(&mut self, text: &str) {
        self.serial.push_str(text);
    }

    fn pixels(&self) -> Option<(u32, u32)> {
        self.pixels
    }

    fn show(&mut self, frame: &Frame, area: Area) {
        assert_eq!(Some((frame.width, frame.height)), self.pixels);
        assert_eq!(frame.pixels.len() as u32, frame.width * frame.height);
        assert!(area.x + area.width <= frame.width && area.y + area.height <= frame.height);
        self.shown.push(area);
        if self.keeps && self.frames.last().is_none_or(|last| last.pixels != frame.pixels) {
            self.frames.push(frame.clone());
        }
    }

    fn text(&mut self, line: &str) {
        self.text.push(line.into());
    }

    /// A key is there at once, or the time passes. When a test has no more keys, somebody who waits long hits `r`.
    fn key(&mut self, millis: u32) -> Option<Key> {
        let key = self.ahead.pop_front().or_else(|| (millis > 0).then(|| self.keys.pop_front()).flatten());
        if key.is_none() {
            *self.clock.lock().unwrap() += u64::from(millis);
        }
        key.or_else(|| (millis > 10_000).then_some(Key::Char('r')))
    }
}

/// What somebody does to the disks.
pub type Change = Box<dyn FnOnce(&mut Vec<Arc<Drive>>)>;

/// A machine in memory.
pub struct Fake {
    pub drives: Vec<Arc<Drive>>,
    pub terminal: Terminal,
    pub ended: Option<End>,
    pub now: Option<Timestamp>,
    /// What happens to the disks when they are listed once more.
    pub changes: VecDeque<Change>,
    pub start: Start,
    clock: Arc<Mutex<u64>>,
}

impl Fake {
    /// A machine that was started from the first of these disks.
    pub fn new(drives: Vec<Drive>) -> Self {
        let clock = Arc::<Mutex<u64>>::default();
        let terminal = Terminal { clock: clock.clone(), ..Terminal::default() };
        let start = Start { program: "seedpress test".into(), medium: None, keys: Vec::new() };
        let drives = drives.into_iter().map(Arc::new).collect();
        Self { drives, terminal, ended: None, now: None, changes: VecDeque::new(), start, clock }
    }

    /// Built for this medium.
    pub fn of_medium(mut self, id: Uuid) -> Self {
        self.start.medium = Some(id);
        self
    }

    /// Built with a key.
    pub fn with_key(mut self, key: PublicKey) -> Self {
        self.start.keys.push(key);
        self
    }

    /// Somebody hits these keys, each when it is listened for: `\n` is Enter, `\u{1b}` Escape, `\u{8}` Backspace, `␊`
    /// what a terminal sends after a return, `\t` a key that nobody needs.
    pub fn typing(mut self, text: &str) -> Self {
        self.terminal.keys.extend(keys(text));
        self
    }

    /// Somebody hits these keys before anybody listens.
    pub fn typing_ahead(mut self, text: &str) -> Self {
        self.terminal.ahead.extend(keys(text));
        self
    }

    /// The disks change so after they were listed once.
    pub fn changing(mut self, change: impl FnOnce(&mut Vec<Arc<Drive>>) + 'static) -> Self {
        self.changes.push_back(Box::new(change));
        self
    }

    /// Its program began so many milliseconds ago.
    pub fn running_for(self, millis: u64) -> Self {
        *self.clock.lock().unwrap() += millis;
        self
    }

    /// Runs the station, and gives the lines of the serial console.
    pub fn run(&mut self) -> Vec<String> {
        let start = self.start.clone();
        station::run(self, &start);
        self.terminal.serial.lines().map(Into::into).collect()
    }

    /// The disk with this name.
    pub fn drive(&self, name: &str) -> &Drive {
        self.drives.iter().find(|drive| drive.about.name == name).unwrap()
    }
}

fn keys(text: &str) -> impl Iterator<Item = Key> {
    text.chars().map(|c| match c {
        '\n' => Key::Enter,
        '␊' => Key::LineFeed,
        '\u{1b}' => Key::Escape,
        '\u{8}' => Key::Backspace,
        '↑' => Key::Up,
        '↓' => Key::Down,
        '\t' => Key::Other,
        c => Key::Char(c),
    })
}

impl Machine for Fake {
    fn disks(&mut self) -> Vec<Arc<dyn Disk>> {
        let present = self.drives.iter().map(|drive| drive.clone() as Arc<dyn Disk>).collect();
        if let Some(change) = self.changes.pop_front() {
            change(&mut self.drives);
        }
        present
    }

    fn console(&mut self) -> &mut dyn Console {
        &mut self.terminal
    }

    fn hands(&self) -> Arc<dyn Hands> {
        Arc::new(OneByOne::new(Zstd))
    }

    /// A millisecond passes each time that somebody asks.
    fn millis(&self) -> u64 {
        let mut clock = self.clock.lock().unwrap();
        *clock += 1;
        *clock
    }

    fn now(&self) -> Option<Timestamp> {
        self.now
    }

    fn end(&mut self, end: End) {
        assert_eq!(self.ended.replace(end), None);
    }
}
