//! What pages are put together from.

use alloc::format;

use super::canvas::{Canvas, Font, Rect, fit, wrap};
use super::theme::{ACCENT, BAR, Colour, FAINT, GOOD, GROUND, LINE, MUTED, PANEL, TEXT, WARN};
use crate::page::{Badge, Header};

/// From this width on, in units, there is room for letters of the usual size.
const WIDE: i32 = 1000;

/// A page being drawn, from the top down.
pub(super) struct Sheet<'c> {
    pub(super) canvas: &'c mut Canvas,
    /// Letters.
    pub(super) font: Font,
    /// What is left between the top line and the keys.
    pub(super) room: Rect,
}

impl<'c> Sheet<'c> {
    /// An empty page with its top line and its keys at the bottom.
    pub(super) fn new(canvas: &'c mut Canvas, header: &Header, keys: &[(&str, &str)]) -> Self {
        let (width, height) = canvas.size();
        let font = if width >= WIDE { Font::PLAIN } else { Font::SMALL };
        canvas.clear(GROUND);
        let unit = font.height();
        let margin = if width >= WIDE { 2 * unit } else { unit };
        let top = unit * 3;
        let mut sheet = Self { canvas, font, room: Rect::new(margin, 0, width - 2 * margin, height) };
        sheet.top_line(header, Rect::new(0, 0, width, top));
        let bottom = sheet.key_line(keys, height);
        sheet.room.y = top + unit + unit / 2;
        sheet.room.height = bottom - unit / 2 - sheet.room.y;
        sheet
    }

    /// The program, the medium and who signed it.
    fn top_line(&mut self, header: &Header, bar: Rect) {
        self.canvas.fill(bar, BAR);
        self.canvas.fill(Rect::new(bar.x, bar.bottom() - 1, bar.width, 1), LINE);
        let (font, room) = (self.font, self.room);
        let line = bar.y + (bar.height - font.height()) / 2;
        let mark = Rect::new(room.x, bar.y + bar.height / 2 - 7, 14, 14);
        self.canvas.round(mark, 7, ACCENT);
        self.canvas.round(mark.inside(4, 4), 3, BAR);
        let (name, version) = header.program.split_once(' ').unwrap_or((&header.program, ""));
        let badge = self.badge(&header.badge, (room.right(), line));
        let most = |at: i32| (badge - at) / font.width() - 2;
        let at = mark.right() + font.width();
        let end = self.canvas.text((at, line), &fit(name, most(at)), font.bold(), TEXT);
        let end = self.short((end + font.width(), line), version, most(end), FAINT);
        if !header.label.is_empty() {
            let label = format!(" ·  {}", header.label);
            self.short((end + font.width(), line), &label, most(end), MUTED);
        }
    }

    /// A text where there is room for it: at least some letters.
    fn short(&mut self, at: (i32, i32), text: &str, most: i32, colour: Colour) -> i32 {
        if most < 4 || text.is_empty() {
            return at.0;
        }
        self.canvas.text(at, &fit(text, most), self.font, colour)
    }

    /// Who signed the medium, ending at the right; where it begins comes back.
    fn badge(&mut self, badge: &Badge, (right, line): (i32, i32)) -> i32 {
        let is_wide = self.room.width > 900;
        let (text, colour) = match badge {
            Badge::Unknown => return right,
            Badge::Signed(key) if is_wide => (format!("signed by {key}"), GOOD),
            Badge::Signed(_) => ("signed".into(), GOOD),
            Badge::Unsigned => ("unsigned".into(), WARN),
        };
        let font = self.font;
        let width = font.width_of(&text) + 2 * font.width();
        let pill = Rect::new(right - width, line - 5, width, font.height() + 10);
        self.canvas.round(pill, pill.height / 2, colour);
        self.canvas.round(pill.inside(1, 1), pill.height / 2 - 1, colour.over(BAR, 32));
        self.canvas.text((pill.x + font.width(), line), &text, font, colour);
        pill.x
    }

    /// What keys do, at the bottom; where the line begins comes back.
    fn key_line(&mut self, keys: &[(&str, &str)], bottom: i32) -> i32 {
        let font = self.font;
        let top = bottom - font.height() * 5 / 2;
        let line = top + (bottom - top - font.height()) / 2;
        self.canvas.fill(Rect::new(0, top, self.room.width + 2 * self.room.x, 1), LINE);
        let mut at = self.room.x;
        for (key, does) in keys {
            let width = font.width_of(key) + font.width() * 3 / 2;
            let cap = Rect::new(at, line - 3, width, font.height() + 6);
            self.canvas.round(cap, 5, LINE);
            self.canvas.round(cap.inside(1, 1), 4, PANEL);
            self.canvas.text((at + font.width() * 3 / 4, line), key, font, TEXT);
            at = self.canvas.text((cap.right() + font.width(), line), does, font, MUTED) + 3 * font.width();
        }
        top
    }

    /// What the page is about.
    pub(super) fn title(&mut self, text: &str, colour: Colour) {
        let text = fit(text, self.room.width / Font::TITLE.width());
        self.canvas.text((self.room.x, self.room.y), &text, Font::TITLE, colour);
        self.skip(Font::TITLE.height() + self.font.height() * 3 / 4);
    }

    /// A text of as many lines as it takes.
    pub(super) fn paragraph(&mut self, text: &str, colour: Colour) {
        for line in wrap(text, self.columns()) {
            if self.room.height < self.font.height() {
                return;
            }
            self.canvas.text((self.room.x, self.room.y), &line, self.font, colour);
            self.skip(self.font.height() + 4);
        }
    }

    /// Leaves room free.
    pub(super) fn skip(&mut self, height: i32) {
        self.room.y += height;
        self.room.height -= height;
    }

    /// How many letters a line has room for.
    pub(super) fn columns(&self) -> i32 {
        self.room.width / self.font.width()
    }

    /// Where people write, and what is to be said of what they wrote before, at the bottom of what is left.
    pub(super) fn prompt(&mut self, label: &str, typed: &str, note: &str) {
        let font = self.font;
        let lines = wrap(note, self.columns());
        let lines = lines.get(..lines.len().min(2)).unwrap_or_default();
        let height = font.height() * 2 + (font.height() + 4) * 2 + 8;
        let place = Rect::new(self.room.x, self.room.bottom() - height, self.room.width, font.height() * 2);
        self.canvas.card(place, ACCENT, PANEL);
        let line = place.y + font.height() / 2;
        let at = self.canvas.text((place.x + font.width(), line), label, font, MUTED) + font.width();
        let most = (place.right() - at) / font.width() - 2;
        let hidden = (typed.chars().count() as i32 - most).max(0) as usize;
        let shown: alloc::string::String = typed.chars().skip(hidden).collect();
        let end = self.canvas.text((at, line), &shown, font.bold(), TEXT);
        self.canvas.fill(Rect::new(end + 1, line, font.width() - 1, font.height()), ACCENT);
        for (number, text) in (0..).zip(lines) {
            let at = (place.x, place.bottom() + 8 + number * (font.height() + 4));
            self.canvas.text(at, text, font, WARN);
        }
        self.room.height -= height + font.height() / 2;
    }

    /// A list of what belongs to what, on a card with an edge.
    pub(super) fn facts(&mut self, facts: &[(&str, &str)], edge: Colour) {
        let font = self.font;
        let step = font.height() + 8;
        let lead = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) as i32 + 3;
        let height = step * facts.len() as i32 + font.height();
        let card = Rect::new(self.room.x, self.room.y, self.room.width, height);
        self.canvas.card(card, edge, PANEL);
        let mut line = card.y + font.height() / 2 + 4;
        for (name, value) in facts {
            let at = card.x + 2 * font.width();
            self.canvas.text((at, line), name, font, MUTED);
            let most = (card.width - 4 * font.width()) / font.width() - lead;
            self.canvas.text((at + lead * font.width(), line), &fit(value, most), font, TEXT);
            line += step;
        }
        self.skip(height + font.height());
    }
}
