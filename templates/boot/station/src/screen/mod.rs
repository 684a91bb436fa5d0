//! The screen: a page is drawn in memory, and only what changed is shown, for showing pixels is slow.

mod canvas;
mod pages;
mod parts;
mod theme;

use alloc::vec::Vec;

use crate::machine::{Area, Console, Frame};
use crate::page::{Header, Page};
use canvas::Canvas;

/// The largest side of a screen that is drawn on, in pixels.
const MOST: u32 = 16_384;
/// The least, across and down.
const LEAST: (u32, u32) = (320, 200);
/// Changed rows that have at most so many unchanged ones between them are shown together.
const GAP: u32 = 8;

/// What is on a screen.
pub(crate) struct Screen {
    canvas: Canvas,
    shown: Vec<u32>,
}

impl Screen {
    /// A screen of so many pixels; `None` for one that nothing can be drawn on.
    pub(crate) fn new(width: u32, height: u32) -> Option<Self> {
        let fits = (LEAST.0..=MOST).contains(&width) && (LEAST.1..=MOST).contains(&height);
        fits.then(|| Self { canvas: Canvas::new(width, height), shown: Vec::new() })
    }

    /// Shows a page.
    pub(crate) fn show(&mut self, header: &Header, page: &Page, console: &mut dyn Console) {
        pages::draw(&mut self.canvas, header, page);
        let frame = &self.canvas.frame;
        let areas = changed(&self.shown, frame);
        self.shown.resize(frame.pixels.len(), 0);
        for area in areas {
            console.show(frame, area);
            keep(&mut self.shown, frame, area);
        }
    }
}

/// Notes what is shown in an area.
fn keep(shown: &mut [u32], frame: &Frame, area: Area) {
    for y in area.y..area.y + area.height {
        let start = (y * frame.width + area.x) as usize;
        let row = start..start + area.width as usize;
        if let (Some(old), Some(new)) = (shown.get_mut(row.clone()), frame.pixels.get(row)) {
            old.copy_from_slice(new);
        }
    }
}

/// Where a frame differs from what is shown.
fn changed(shown: &[u32], frame: &Frame) -> Vec<Area> {
    let (width, height) = (frame.width, frame.height);
    if shown.len() != frame.pixels.len() {
        return alloc::vec![Area { x: 0, y: 0, width, height }];
    }
    let mut areas: Vec<Area> = Vec::new();
    let rows = shown.chunks_exact(width as usize).zip(frame.pixels.chunks_exact(width as usize));
    for (y, (old, new)) in (0..).zip(rows).filter(|(_, (old, new))| old != new) {
        let differs = |(old, new): (&u32, &u32)| old != new;
        let first = old.iter().zip(new).position(differs).unwrap_or(0) as u32;
        let last = old.iter().zip(new).rposition(differs).unwrap_or(0) as u32;
        match areas.last_mut() {
            Some(area) if y - (area.y + area.height) <= GAP => {
                let right = (area.x + area.width).max(last + 1);
                area.x = area.x.min(first);
                area.width = right - area.x;
                area.height = y + 1 - area.y;
            }
            _ => areas.push(Area { x: first, y, width: last + 1 - first, height: 1 }),
        }
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown() {
        let mut frame = Frame { width: 40, height: 60, pixels: alloc::vec![0; 2400] };
        let shown = frame.pixels.clone();
        assert_eq!(changed(&shown, &frame), []);
        assert_eq!(changed(&[], &frame), [Area { x: 0, y: 0, width: 40, height: 60 }]);
        for (x, y) in [(10, 5), (12, 7), (3, 40)] {
            frame.pixels[y * 40 + x] = 1;
        }
        let areas = [Area { x: 10, y: 5, width: 3, height: 3 }, Area { x: 3, y: 40, width: 1, height: 1 }];
        assert_eq!(changed(&shown, &frame), areas);
    }
}
