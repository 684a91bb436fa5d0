//! How far the work is, for people and for rigs.

use alloc::format;

use crate::desk::Desk;
use crate::page::{Page, Phase, Work};
use crate::text;
use crate::work::Order;

/// How often the screen is drawn at most, in milliseconds.
const PACE: u64 = 500;
/// Below this time no speed is told, in milliseconds: it would be a guess.
const SOON: u64 = 500;

/// Counts bytes and tells how far the work is.
pub(super) struct Meter<'a, 'd> {
    pub(super) desk: &'a mut Desk<'d>,
    work: Work,
    began: u64,
    drawn: u64,
    /// The last tenth that was said.
    tenth: u64,
}

impl<'a, 'd> Meter<'a, 'd> {
    /// Begins to count.
    pub(super) fn new(desk: &'a mut Desk<'d>, order: &Order<'_, '_>, phase: Phase) -> Self {
        let total = order.version.disk_size().0;
        let (image, disk) = (order.title.into(), order.name.into());
        let work = Work { image, disk, phase, done: 0, total, rate: 0, left: None };
        let began = desk.millis();
        desk.show(&Page::Work(work.clone()));
        Self { desk, work, began, drawn: began, tenth: 0 }
    }

    /// Begins to count something else.
    pub(super) fn begin(&mut self, phase: Phase) {
        self.began = self.desk.millis();
        self.work = Work { phase, done: 0, rate: 0, left: None, ..self.work.clone() };
        self.tenth = 0;
        self.draw(self.began);
    }

    /// So many bytes more are done.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.work.done = self.work.done.saturating_add(bytes).min(self.work.total);
        let now = self.desk.millis();
        let passed = now.saturating_sub(self.began);
        if passed >= SOON {
            self.work.rate = text::rate(self.work.done, passed);
            let left = u128::from(self.work.total - self.work.done) * u128::from(passed);
            let left = left / u128::from(self.work.done.max(1)) / 1000;
            self.work.left = Some(u64::try_from(left).unwrap_or(u64::MAX));
        }
        if now.saturating_sub(self.drawn) >= PACE || self.work.done == self.work.total {
            self.draw(now);
        }
        self.say_tenth();
    }

    fn draw(&mut self, now: u64) {
        self.drawn = now;
        self.desk.show(&Page::Work(self.work.clone()));
    }

    fn say_tenth(&mut self) {
        let tenth = self.work.done as u128 * 10 / u128::from(self.work.total.max(1));
        let tenth = u64::try_from(tenth).unwrap_or(0);
        if tenth <= self.tenth || self.work.done == self.work.total {
            return;
        }
        self.tenth = tenth;
        let verb = match self.work.phase {
            Phase::Write => "written",
            Phase::Compare => "compared",
        };
        let speed = match (self.work.rate, self.work.left) {
            (rate, Some(left)) => format!(", {rate} MiB/s, {} left", text::time(left)),
            _ => "".into(),
        };
        self.desk.say(&format!("{verb} {} %{speed}", tenth * 10));
    }
}
