//! The screen: pixels through the firmware's Graphics Output protocol (UEFI 2.10, 12.9).

use alloc::vec::Vec;

use station::{Area, Frame};
use uefi::Handle;
use uefi::boot;
use uefi::proto::console::gop::{BltOp, BltPixel, BltRegion, GraphicsOutput, Mode};

use crate::raw::{self, Kept};

/// Screens of these sizes are left as they are.
const FINE: [(usize, usize); 2] = [(1024, 768), (1920, 1200)];
/// What comes closest to this is taken for one of another size.
const WANTED: (usize, usize) = (1280, 800);
/// What nothing smaller is taken than.
const LEAST: (usize, usize) = (640, 480);

/// A screen.
pub struct Screen {
    handle: Kept,
    size: (usize, usize),
    row: Vec<BltPixel>,
}

impl Screen {
    /// The machine's screen, in a mode that can be read; `None` where it has none.
    pub fn new() -> Option<Self> {
        let all = boot::find_handles::<GraphicsOutput>().unwrap_or_default();
        // The console's own handle shows the same on all screens.
        let handle = raw::console_handle().filter(|handle| all.contains(handle)).or(all.first().copied())?;
        let size = choose(handle)?;
        let screen = Self { handle: Kept(handle), size, row: Vec::new() };
        screen.clear();
        Some(screen)
    }

    /// How many pixels it has, across and down.
    pub fn pixels(&self) -> (u32, u32) {
        (self.size.0 as u32, self.size.1 as u32)
    }

    /// Shows an area of a frame. What does not lie on both is not shown.
    pub fn show(&mut self, frame: &Frame, area: Area) {
        let inside = |start: u32, len: u32, limit: usize| {
            start.checked_add(len).is_some_and(|end| end as usize <= limit)
        };
        let fits = inside(area.x, area.width, self.size.0.min(frame.width as usize))
            && inside(area.y, area.height, self.size.1.min(frame.height as usize));
        if !fits || area.width == 0 || area.height == 0 {
            return;
        }
        let Area { x, y, width, height } = area;
        let stride = frame.width as usize;
        let rows = frame.pixels.chunks_exact(stride).skip(y as usize).take(height as usize);
        self.row.clear();
        for row in rows {
            let part = row.get(x as usize..(x + width) as usize).unwrap_or_default();
            self.row.extend(part.iter().map(|pixel| BltPixel::from(*pixel)));
        }
        if self.row.len() == width as usize * height as usize {
            let dims = (width as usize, height as usize);
            let (buffer, src) = (self.row.as_slice(), BltRegion::Full);
            let dest = (x as usize, y as usize);
            self.blt(BltOp::BufferToVideo { buffer, src, dest, dims });
        }
    }

    fn clear(&self) {
        self.blt(BltOp::VideoFill { color: BltPixel::from(0), dest: (0, 0), dims: self.size });
    }

    fn blt(&self, operation: BltOp<'_>) {
        // Somebody else may have changed the mode; what does not fit any more is not shown.
        raw::with(self.handle.0, |gop: &mut GraphicsOutput| {
            if gop.current_mode_info().resolution() == self.size {
                let _ = gop.blt(operation);
            }
        });
    }
}

/// Sets the best mode of a screen, where the present one is none that can be read, and gives its size.
fn choose(handle: Handle) -> Option<(usize, usize)> {
    raw::with(handle, choose_mode)?
}

fn choose_mode(gop: &mut GraphicsOutput) -> Option<(usize, usize)> {
    let size = gop.current_mode_info().resolution();
    if holds(size, FINE[0]) && holds(FINE[1], size) {
        return Some(size);
    }
    let modes = gop.modes().filter(|mode| holds(mode.info().resolution(), LEAST));
    if let Some(best) = modes.min_by_key(distance) {
        let _ = gop.set_mode(&best);
    }
    Some(gop.current_mode_info().resolution()).filter(|size| holds(*size, LEAST))
}

/// Whether one size holds another one.
fn holds(size: (usize, usize), other: (usize, usize)) -> bool {
    size.0 >= other.0 && size.1 >= other.1
}

fn distance(mode: &Mode) -> usize {
    let (width, height) = mode.info().resolution();
    width.abs_diff(WANTED.0) + height.abs_diff(WANTED.1)
}
