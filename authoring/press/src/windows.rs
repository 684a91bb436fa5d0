//! What Windows makes of a disc. UDF takes names that Windows does not, and a disc may well be for others.

use formats::ntfs::write::lost_in_windows;

use crate::layout::Layout;
use crate::template::Kind;

/// How many names are told.
const TOLD: usize = 5;

impl Layout {
    /// What is to be said of names on a disc that Windows cannot open. On a USB medium there are none: its plan is
    /// refused.
    pub fn names_lost_in_windows(&self) -> Option<String> {
        if self.plan.request.kind == Kind::Usb {
            return None;
        }
        let lost = lost_in_windows(&self.plan.seed);
        let first: Vec<_> = lost.iter().take(TOLD).map(|path| format!("{path:?}")).collect();
        let more = lost.len() - first.len();
        let others = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!(
            "Windows cannot open what has these names, or takes two for one: {}{others}",
            first.join(", ")
        );
        (!lost.is_empty()).then_some(text)
    }
}
