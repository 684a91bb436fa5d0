//! Layers, target states and sources in memory, for tests.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use formats::digest::Sha256;
use formats::document;
use formats::io::ReadError;
use formats::layer::{
    Compression, Digested, DiskKind, FORMAT, FRAME, Frame, ImageDocument, LayerDescriptor, Method, SeekTable,
    print_digests,
};
use formats::time::Timestamp;
use formats::units::{ByteLen, ByteOffset};
use remote::api::{Role, TargetImage, TargetState};
use uuid::Uuid;

use super::disks::Form;
use super::home::{CLIENT, ClientDocument, Home};
use super::source::{Offer, Sink, Source, SourceError, SourceKind};

/// A layer in memory.
#[derive(Clone, Debug)]
pub struct Layer {
    pub descriptor: LayerDescriptor,
    pub list: Vec<u8>,
    pub stored: Vec<u8>,
    pub table: SeekTable,
}

/// The layer `number`, of so many short frames.
pub fn layer(number: u128, parent: Option<u128>, frames: usize) -> Layer {
    let mut stored = Vec::new();
    let mut table = SeekTable::new();
    let mut digests = Vec::new();
    for frame in 0..frames {
        // Never zeros: holes read as such.
        let bytes = vec![0x80 | (number as u8 * 16) ^ frame as u8; 100 + 7 * frame];
        let plain = if frame + 1 == frames { 512 } else { FRAME as u32 };
        table.push(bytes.len() as u32, plain);
        digests.push(Sha256::of(&bytes));
        stored.extend(bytes);
    }
    stored.extend(table.print());
    let list = print_digests(&digests);
    let descriptor = LayerDescriptor {
        format: FORMAT,
        uuid: Uuid::from_u128(number),
        parent: parent.map(Uuid::from_u128),
        kind: if parent.is_some() { DiskKind::Differencing } else { DiskKind::Dynamic },
        virtual_size: ByteLen(1 << 30),
        vhd: Digested { len: table.plain_len(), sha256: Sha256::of(b"never decoded") },
        stored: Digested::of(&stored),
        frames: Digested::of(&list),
        compression: Compression { method: Method::Zstd, level: 3 },
        published: Timestamp::EARLIEST,
        tool: "seedpress 0.1.0".into(),
    };
    Layer { descriptor, list, stored, table }
}

/// A target state whose image `Win7` has a version for each of these layers, each on those before it.
pub fn target(layers: &[&Layer]) -> TargetState {
    let uuids: Vec<Uuid> = layers.iter().map(|layer| layer.descriptor.uuid).collect();
    let image = |count: usize| TargetImage {
        document: ImageDocument {
            format: FORMAT,
            name: "Win7".into(),
            version: count.to_string(),
            chain: uuids[..count].into(),
            size: ByteLen(1 << 30),
            note: String::new(),
            policies: Vec::new(),
            published: Timestamp::EARLIEST,
            tool: "seedpress 0.1.0".into(),
        },
        role: Role::Current,
        locked: false,
        removed: false,
        policies: Vec::new(),
    };
    TargetState {
        format: 1,
        device: "pc-17".into(),
        removed: false,
        config: Vec::new(),
        images: (1..=layers.len()).map(image).collect(),
        layers: layers.iter().map(|layer| layer.descriptor.clone()).collect(),
    }
}

/// A client's folder.
pub fn home(root: &Path) -> Home {
    let document = ClientDocument {
        format: 1,
        server: "https://localhost".into(),
        device: "pc-17".into(),
        materialize: Form::Chain,
        enrolled: Timestamp::EARLIEST,
        tool: "seedpress 0.1.0".into(),
    };
    std::fs::write(root.join(CLIENT), document::print(&document)).unwrap();
    Home::open(root).unwrap()
}

/// What is wrong with a frame of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not there, and the source knows it.
    Absent,
    /// Other bytes are there.
    Wrong,
    /// Other bytes are there the first time.
    WrongOnce,
    /// It cannot be read.
    Unreadable,
    /// The reader breaks down over it.
    Panics,
}

/// A source in memory.
#[derive(Debug)]
pub struct Fake {
    pub kind: SourceKind,
    pub layers: Vec<Layer>,
    /// What is wrong, by layer and frame.
    pub faults: Mutex<BTreeMap<(Uuid, usize), Fault>>,
    /// Whether its lists of frames are wrong.
    pub false_list: bool,
    /// Its seek tables, where they are others.
    pub false_table: Option<SeekTable>,
    /// Why it does not answer at all.
    pub dead: bool,
    /// The frames that were asked for, in order.
    pub asked: Mutex<Vec<(Uuid, usize)>>,
}

impl Fake {
    /// A source of whole layers.
    pub fn new(kind: SourceKind, layers: &[&Layer]) -> Self {
        Self {
            kind,
            layers: layers.iter().map(|layer| (*layer).clone()).collect(),
            faults: Mutex::default(),
            false_list: false,
            false_table: None,
            dead: false,
            asked: Mutex::default(),
        }
    }

    /// The same, with something wrong.
    pub fn with(self, layer: &Layer, frame: usize, fault: Fault) -> Self {
        self.faults.lock().unwrap().insert((layer.descriptor.uuid, frame), fault);
        self
    }

    /// The frames that were asked for, in order.
    pub fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().iter().map(|(_, frame)| *frame).collect()
    }
}

struct FakeOffer<'s> {
    source: &'s Fake,
    layer: &'s Layer,
}

impl Source for Fake {
    fn kind(&self) -> SourceKind {
        self.kind
    }

    fn name(&self) -> String {
        "fake".into()
    }

    fn medium(&self) -> Option<Uuid> {
        None
    }

    fn offer(&self, layer: &LayerDescriptor) -> Result<Option<Box<dyn Offer + '_>>, SourceError> {
        if self.dead {
            return Err(ReadError::unreadable(ByteOffset::ZERO, "pulled out").into());
        }
        let layer = self.layers.iter().find(|known| known.descriptor.uuid == layer.uuid);
        Ok(layer.map(|layer| Box::new(FakeOffer { source: self, layer }) as Box<dyn Offer + '_>))
    }
}

impl Offer for FakeOffer<'_> {
    fn digests(&self) -> Result<Vec<u8>, SourceError> {
        let mut list = self.layer.list.clone();
        list[0] ^= u8::from(self.source.false_list);
        Ok(list)
    }

    fn seek_table(&self) -> Result<Vec<u8>, SourceError> {
        Ok(self.source.false_table.as_ref().unwrap_or(&self.layer.table).print())
    }

    fn has(&self, frame: &Frame) -> bool {
        let faults = self.source.faults.lock().unwrap();
        faults.get(&(self.layer.descriptor.uuid, frame.number)) != Some(&Fault::Absent)
    }

    fn read(&self, frames: &[Frame], sink: &mut Sink<'_>) -> Result<(), SourceError> {
        for frame in frames {
            let key = (self.layer.descriptor.uuid, frame.number);
            self.source.asked.lock().unwrap().push(key);
            let fault = self.source.faults.lock().unwrap().get(&key).copied();
            let mut bytes =
                self.layer.stored[frame.stored.start as usize..frame.stored.end as usize].to_vec();
            match fault {
                Some(Fault::Absent | Fault::Unreadable) => {
                    return Err(ReadError::unreadable(ByteOffset(frame.stored.start), "scratched").into());
                }
                Some(Fault::Panics) => panic!("no such frame"),
                Some(Fault::Wrong) => bytes[0] ^= 1,
                Some(Fault::WrongOnce) => {
                    self.source.faults.lock().unwrap().remove(&key);
                    bytes[0] ^= 1;
                }
                None => {}
            }
            if let ControlFlow::Break(()) = sink(frame, &bytes) {
                break;
            }
        }
        Ok(())
    }
}
