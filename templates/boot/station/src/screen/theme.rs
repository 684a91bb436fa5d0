//! The colours.

/// A colour: `0x00RRGGBB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u32);

impl Colour {
    /// This colour over another one, of which it covers `share` of 255.
    pub(super) fn over(self, below: Self, share: u8) -> Self {
        let part = |shift: u32| {
            let (above, below) = ((self.0 >> shift) & 0xff, (below.0 >> shift) & 0xff);
            let share = u32::from(share);
            ((above * share + below * (255 - share) + 127) / 255) << shift
        };
        Self(part(16) | part(8) | part(0))
    }
}

/// Behind everything.
pub(super) const GROUND: Colour = Colour(0x0e1318);
/// Behind the top line.
pub(super) const BAR: Colour = Colour(0x141b22);
/// Behind lists.
pub(super) const PANEL: Colour = Colour(0x161e26);
/// Behind what is chosen.
pub(super) const CHOSEN: Colour = Colour(0x1e3246);
/// Lines between things.
pub(super) const LINE: Colour = Colour(0x2a3641);
/// What is to be read.
pub(super) const TEXT: Colour = Colour(0xdde4ea);
/// What may be read.
pub(super) const MUTED: Colour = Colour(0x8d9ba8);
/// What cannot be chosen.
pub(super) const FAINT: Colour = Colour(0x64707c);
/// Where people act.
pub(super) const ACCENT: Colour = Colour(0x4ea3e0);
/// What went well.
pub(super) const GOOD: Colour = Colour(0x55b987);
/// What to think twice about.
pub(super) const WARN: Colour = Colour(0xdba74a);
/// What is lost, or went wrong.
pub(super) const BAD: Colour = Colour(0xe2706c);
