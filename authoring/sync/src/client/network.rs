//! The service as a source of frames.

use std::ops::ControlFlow;

use formats::layer::{FRAMES_FILE, Frame, LayerDescriptor, STORED_FILE, SeekTable};
use remote::api;
use remote::http::Service;
use uuid::Uuid;

use super::source::{Offer, Sink, Source, SourceError, SourceKind};

/// The service.
pub struct Network {
    service: Service,
    url: String,
    payload: bool,
}

/// What it has of a layer: all, if it has anything.
struct Remote<'s> {
    network: &'s Network,
    descriptor: LayerDescriptor,
}

impl Network {
    /// The service behind `url`; without `payload` it is asked for documents alone.
    pub fn new(service: Service, url: &str, payload: bool) -> Self {
        Self { service, url: url.into(), payload }
    }
}

impl Source for Network {
    fn kind(&self) -> SourceKind {
        SourceKind::Network
    }

    fn name(&self) -> String {
        self.url.clone()
    }

    fn medium(&self) -> Option<Uuid> {
        None
    }

    fn offer(&self, layer: &LayerDescriptor) -> Result<Option<Box<dyn Offer + '_>>, SourceError> {
        Ok(Some(Box::new(Remote { network: self, descriptor: layer.clone() })))
    }
}

impl Offer for Remote<'_> {
    fn digests(&self) -> Result<Vec<u8>, SourceError> {
        let path = api::layer_file(self.descriptor.uuid, FRAMES_FILE);
        let mut bytes = Vec::new();
        self.network.service.read(&path, 0..self.descriptor.frames.len.0, &mut |_, more| {
            bytes.extend_from_slice(more);
            ControlFlow::Continue(())
        })?;
        Ok(bytes)
    }

    fn seek_table(&self) -> Result<Vec<u8>, SourceError> {
        let len = SeekTable::len_for(self.descriptor.frame_count()).and_then(|len| len.to_usize());
        let lies =
            || SourceError::Lies { reason: "a layer has more frames than a seek table can list".into() };
        let path = api::layer_file(self.descriptor.uuid, STORED_FILE);
        Ok(self.network.service.tail(&path, len.ok_or_else(lies)?)?)
    }

    fn has(&self, _: &Frame) -> bool {
        self.network.payload
    }

    fn read(&self, frames: &[Frame], sink: &mut Sink<'_>) -> Result<(), SourceError> {
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return Ok(()) };
        let path = api::layer_file(self.descriptor.uuid, STORED_FILE);
        let mut cutter = Cutter { frames: frames.iter(), current: None, bytes: Vec::new() };
        let range = first.stored.start..last.stored.end;
        Ok(self.network.service.read(&path, range, &mut |_, more| cutter.take(more, sink))?)
    }
}

/// Cuts a run of bytes into frames.
struct Cutter<'f> {
    frames: std::slice::Iter<'f, Frame>,
    current: Option<&'f Frame>,
    /// What there is of the current frame.
    bytes: Vec<u8>,
}

impl Cutter<'_> {
    /// Takes the next bytes, and hands over each frame that is whole.
    fn take(&mut self, mut more: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
        while !more.is_empty() {
            let current = self.current.take().or_else(|| self.frames.next());
            let Some(frame) = current else { return ControlFlow::Break(()) };
            // Cannot cut: frames are short.
            let len = (frame.stored.end - frame.stored.start) as usize;
            let (now, later) = more.split_at(more.len().min(len.saturating_sub(self.bytes.len())));
            self.bytes.extend_from_slice(now);
            more = later;
            if self.bytes.len() < len {
                self.current = Some(frame);
                continue;
            }
            let handed = sink(frame, &self.bytes);
            self.bytes.clear();
            handed?;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_wherever_the_pieces_end() {
        let lens = [3u64, 1, 5, 2];
        let mut at = 0;
        let frames: Vec<Frame> = (0..)
            .zip(lens)
            .map(|(number, len)| {
                at += len;
                Frame { number, stored: at - len..at, plain: 0..0 }
            })
            .collect();
        let bytes: Vec<u8> = (0..at as u8).collect();
        for piece in 1..=bytes.len() {
            let mut cutter = Cutter { frames: frames.iter(), current: None, bytes: Vec::new() };
            let mut got: Vec<Vec<u8>> = Vec::new();
            for more in bytes.chunks(piece) {
                let flow = cutter.take(more, &mut |frame, bytes| {
                    assert_eq!(frame.number, got.len());
                    got.push(bytes.into());
                    ControlFlow::Continue(())
                });
                assert!(flow.is_continue());
            }
            assert_eq!(got.iter().map(|it| it.len() as u64).collect::<Vec<_>>(), lens, "{piece}");
            assert_eq!(got.concat(), bytes);
            assert!(cutter.take(b"more", &mut |_, _| ControlFlow::Continue(())).is_break());
        }
    }
}
