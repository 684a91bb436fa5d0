//! Drawing on a frame: rectangles and letters, in units that are one pixel or, on very large screens, two.

use alloc::string::String;
use alloc::vec::Vec;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use super::theme::Colour;
use crate::machine::Frame;

/// From this width on, in pixels, a unit is two of them.
const LARGE: u32 = 2400;
/// Parts of a pixel, across and down, that are tried to find how much of it a curve covers.
const PARTS: i32 = 4;

/// How letters look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Font {
    weight: FontWeight,
    height: RasterHeight,
}

impl Font {
    /// Plain letters for small screens.
    pub(super) const SMALL: Self = Self { weight: FontWeight::Regular, height: RasterHeight::Size16 };
    /// Plain letters.
    pub(super) const PLAIN: Self = Self { weight: FontWeight::Regular, height: RasterHeight::Size20 };
    /// Letters of headings. A larger size would make the loader 50 KB longer.
    pub(super) const TITLE: Self = Self { weight: FontWeight::Bold, height: RasterHeight::Size20 };

    /// The same, bold.
    pub(super) const fn bold(self) -> Self {
        Self { weight: FontWeight::Bold, ..self }
    }

    /// How wide a letter is, in units.
    pub(super) fn width(self) -> i32 {
        get_raster_width(self.weight, self.height) as i32
    }

    /// How high it is.
    pub(super) fn height(self) -> i32 {
        self.height.val() as i32
    }

    /// How wide a text is.
    pub(super) fn width_of(self, text: &str) -> i32 {
        text.chars().count() as i32 * self.width()
    }
}

/// A rectangle, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Rect {
    pub(super) const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self { x, y, width, height }
    }

    /// The same without so many units on each side.
    pub(super) fn inside(self, across: i32, down: i32) -> Self {
        Self::new(self.x + across, self.y + down, self.width - 2 * across, self.height - 2 * down)
    }

    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// A frame that is drawn on.
pub(super) struct Canvas {
    pub(super) frame: Frame,
    scale: i32,
}

impl Canvas {
    /// One of so many pixels.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let pixels = alloc::vec![0; width as usize * height as usize];
        let scale = if width >= LARGE { 2 } else { 1 };
        Self { frame: Frame { width, height, pixels }, scale }
    }

    /// How many units there are.
    pub(super) fn size(&self) -> (i32, i32) {
        (self.frame.width as i32 / self.scale, self.frame.height as i32 / self.scale)
    }

    /// Fills everything.
    pub(super) fn clear(&mut self, colour: Colour) {
        self.frame.pixels.fill(colour.0);
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, rect: Rect, colour: Colour) {
        let (across, down) = (self.span(rect.x, rect.right(), true), self.span(rect.y, rect.bottom(), false));
        for row in down {
            let start = row * self.frame.width as usize;
            let place = self.frame.pixels.get_mut(start + across.start..start + across.end);
            place.unwrap_or_default().fill(colour.0);
        }
    }

    /// Fills a rectangle with round corners.
    pub(super) fn round(&mut self, rect: Rect, radius: i32, colour: Colour) {
        let radius = radius.min(rect.width / 2).min(rect.height / 2).max(0);
        self.fill(rect.inside(0, radius), colour);
        self.fill(Rect::new(rect.x + radius, rect.y, rect.width - 2 * radius, radius), colour);
        let below = rect.bottom() - radius;
        self.fill(Rect::new(rect.x + radius, below, rect.width - 2 * radius, radius), colour);
        for down in 0..radius {
            for across in 0..radius {
                let share = covered(radius, across, down);
                let (left, right) = (rect.x + across, rect.right() - 1 - across);
                let (top, bottom) = (rect.y + down, rect.bottom() - 1 - down);
                for (x, y) in [(left, top), (right, top), (left, bottom), (right, bottom)] {
                    self.blend(x, y, colour, share);
                }
            }
        }
    }

    /// A rectangle with round corners and an edge.
    pub(super) fn card(&mut self, rect: Rect, edge: Colour, inside: Colour) {
        self.round(rect, 8, edge);
        self.round(rect.inside(1, 1), 7, inside);
    }

    /// Writes a text; where it ends comes back.
    pub(super) fn text(&mut self, (x, y): (i32, i32), text: &str, font: Font, colour: Colour) -> i32 {
        let mut at = x;
        for c in text.chars() {
            match c {
                ' ' => {}
                '…' => self.dots(at, y, font, colour),
                // The letters have none either.
                '·' => self.fill(Rect::new(at + font.width() / 2 - 1, y + font.height() / 2, 2, 2), colour),
                c => self.letter((at, y), c, font, colour),
            }
            at += font.width();
        }
        at
    }

    fn letter(&mut self, (x, y): (i32, i32), c: char, font: Font, colour: Colour) {
        let raster =
            get_raster(c, font.weight, font.height).or_else(|| get_raster('?', font.weight, font.height));
        let rows = raster.into_iter().flat_map(|raster| raster.rows().enumerate());
        for (down, row) in rows {
            for (across, share) in row.iter().enumerate().filter(|(_, share)| **share > 0) {
                self.blend(x + across as i32, y + down as i32, colour, *share);
            }
        }
    }

    /// Three dots on the line: the letters have none.
    fn dots(&mut self, x: i32, y: i32, font: Font, colour: Colour) {
        let (step, line) = (font.width() / 3, y + font.height() * 3 / 4);
        let wide = if step > 2 { 2 } else { 1 };
        for dot in 0..3 {
            self.fill(Rect::new(x + dot * step, line, wide, wide), colour);
        }
    }

    /// Mixes a colour into a unit: 255 covers it.
    fn blend(&mut self, x: i32, y: i32, colour: Colour, share: u8) {
        let (across, down) = (self.span(x, x + 1, true), self.span(y, y + 1, false));
        for row in down {
            let start = row * self.frame.width as usize;
            let pixels = self.frame.pixels.get_mut(start + across.start..start + across.end);
            for pixel in pixels.unwrap_or_default() {
                *pixel = colour.over(Colour(*pixel), share).0;
            }
        }
    }

    /// The pixels of units from `from` to `to`, as far as the frame goes.
    fn span(&self, from: i32, to: i32, across: bool) -> core::ops::Range<usize> {
        let most = if across { self.frame.width } else { self.frame.height } as i32;
        let start = from.saturating_mul(self.scale).clamp(0, most);
        let end = to.saturating_mul(self.scale).clamp(start, most);
        start as usize..end as usize
    }
}

/// How much of a unit lies inside a round corner, of 255.
fn covered(radius: i32, across: i32, down: i32) -> u8 {
    let parts = (0..PARTS).flat_map(|y| (0..PARTS).map(move |x| (x, y)));
    let inside = parts.filter(|(x, y)| {
        let far = |at: i32, part: i32| 2 * PARTS * (radius - at) - 2 * part - 1;
        let (x, y) = (far(across, *x), far(down, *y));
        x * x + y * y <= (2 * PARTS * radius) * (2 * PARTS * radius)
    });
    (inside.count() as i32 * 255 / (PARTS * PARTS)) as u8
}

/// A text that has at most so many letters: the last one says that there is more.
pub(super) fn fit(text: &str, most: i32) -> String {
    let most = most.max(1) as usize;
    if text.chars().count() <= most {
        return text.into();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// The name and version of an image in at most so many letters: of a long name the middle is left out, never the version.
pub(super) fn fit_title(title: &str, most: i32) -> String {
    let (letters, most) = (title.chars().count(), most.max(1) as usize);
    let version = title.rsplit_once('@').map_or(0, |(_, version)| version.chars().count() + 1);
    // A little of the name's end tells names apart that begin alike.
    let tail = (version + most / 8).min(most - 1);
    if letters <= most {
        return title.into();
    }
    let head = title.chars().take(most - 1 - tail);
    head.chain(['…']).chain(title.chars().skip(letters - tail)).collect()
}

/// A text in lines of at most so many letters, broken between words where that can be.
pub(super) fn wrap(text: &str, most: i32) -> Vec<String> {
    let most = most.max(8) as usize;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let used = line.chars().count();
        if used > 0 && used + 1 + word.len() > most {
            lines.push(core::mem::take(&mut line));
        } else if used > 0 {
            line.push(' ');
        }
        while word.len() > most {
            lines.push(word.drain(..most).collect());
        }
        line.extend(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_broken_to_what_there_is_room_for() {
        assert_eq!(fit("sata0", 5), "sata0");
        assert_eq!(fit("sata01", 5), "sata…");
        assert_eq!(wrap("nothing was written to it", 12), ["nothing was", "written to", "it"]);
        assert_eq!(wrap("0123456789abcdef x", 8), ["01234567", "89abcdef", "x"]);
    }

    #[test]
    fn nothing_is_drawn_outside_the_frame() {
        let mut canvas = Canvas::new(20, 10);
        canvas.round(Rect::new(-5, -5, 100, 100), 8, Colour(1));
        canvas.round(Rect::new(30, 30, 10, 10), 4, Colour(1));
        canvas.text((-3, 4), "too long for this", Font::TITLE, Colour(2));
        canvas.fill(Rect::new(5, 5, -3, -3), Colour(3));
        assert_eq!(canvas.frame.pixels.len(), 200);
    }
}
