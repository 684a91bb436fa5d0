//! The pages.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::canvas::{Canvas, Font, Rect, fit, fit_title, wrap};
use super::parts::Sheet;
use super::theme::{ACCENT, BAD, CHOSEN, Colour, FAINT, GOOD, LINE, MUTED, PANEL, TEXT, WARN};
use crate::page::{DiskRow, Header, ImageRow, Page, Phase, Work};
use crate::text;

/// Keys that choose from a list.
const CHOOSE: [(&str, &str); 4] =
    [("Enter", "go on"), ("Up Down", "choose"), ("R Enter", "restart"), ("P Enter", "switch off")];
/// Keys where a name is typed.
const NAME: [(&str, &str); 2] = [("Enter", "go on"), ("Escape", "back, and look for disks again")];
/// Keys on the last page before it begins.
const CONFIRM: [(&str, &str); 2] = [("Enter", "begin"), ("Escape", "go back")];
/// Keys where it begins by itself.
const COUNTDOWN: [(&str, &str); 1] = [("Any key", "stop, and choose by hand")];
/// Keys at the end.
const END: [(&str, &str); 2] = [("R", "restart"), ("P", "switch off")];

/// Draws a page.
pub(super) fn draw(canvas: &mut Canvas, header: &Header, page: &Page) {
    let keys: &[_] = match page {
        Page::Images { .. } => &CHOOSE,
        Page::Disks { .. } => &NAME,
        Page::Confirm { .. } => &CONFIRM,
        Page::Countdown { .. } => &COUNTDOWN,
        Page::Wait(_) | Page::Work(_) => &[],
        Page::Done { .. } | Page::Refused { .. } => &END,
    };
    let sheet = Sheet::new(canvas, header, keys);
    match page {
        Page::Wait(text) => wait(sheet, text),
        Page::Images { rows, selected, typed, note } => images(sheet, (rows, *selected), typed, note),
        Page::Disks { image, rows, typed, note } => disks(sheet, (image, rows), typed, note),
        Page::Confirm { image, disk } => confirm(sheet, image, disk),
        Page::Countdown { image, disk, seconds } => countdown(sheet, image, disk, *seconds),
        Page::Work(state) => work(sheet, state),
        Page::Done { what, sha256, took } => done(sheet, what, sha256, took),
        Page::Refused { why } => refused(sheet, why),
    }
}

fn wait(mut sheet: Sheet<'_>, text: &str) {
    sheet.title("One moment", TEXT);
    sheet.paragraph(text, MUTED);
}

fn images(mut sheet: Sheet<'_>, (rows, selected): (&[ImageRow], usize), typed: &str, note: &str) {
    sheet.title("Which image is to be deployed?", TEXT);
    sheet.prompt("Image number", typed, note);
    let typed = typed.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let marked = typed.filter(|number| *number < rows.len()).unwrap_or(selected);
    let font = sheet.font;
    let height = font.height() * 2;
    let (mut first, mut count) = window(rows.len(), marked, sheet.room.height / height);
    if count < rows.len() {
        (first, count) = window(rows.len(), marked, (sheet.room.height - font.height()) / height);
    }
    let columns = sheet.columns() - 4;
    let name_width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0) as i32;
    let name_width = name_width.min(columns / 2);
    for (number, row) in rows.iter().enumerate().skip(first).take(count) {
        let place = Rect::new(sheet.room.x, sheet.room.y, sheet.room.width, height - 4);
        let is_marked = number == marked;
        sheet.canvas.round(place, 6, if is_marked { CHOSEN } else { PANEL });
        if is_marked {
            sheet.canvas.round(Rect::new(place.x, place.y, 5, place.height), 2, ACCENT);
        }
        let line = place.y + (place.height - font.height()) / 2;
        let cell = |column: i32| (place.x + (2 + column) * font.width(), line);
        let colour = if is_marked { ACCENT } else { MUTED };
        sheet.canvas.text(cell(0), &format!("{:>3}", number + 1), font, colour);
        sheet.canvas.text(cell(6), &fit_title(&row.name, name_width), font.bold(), TEXT);
        sheet.canvas.text(cell(name_width + 8), &format!("{:>11}", row.size), font, TEXT);
        let left = columns - name_width - 22;
        if left > 8 {
            sheet.canvas.text(cell(name_width + 22), &fit(&row.note, left), font, MUTED);
        }
        sheet.skip(height);
    }
    if count < rows.len() {
        let shown = format!(
            "{} to {} of {}: arrows or a number show the others",
            first + 1,
            first + count,
            rows.len()
        );
        sheet.canvas.text((sheet.room.x + 2 * font.width(), sheet.room.y), &shown, font, MUTED);
    }
}

/// Which rows of a list are shown, where there is room for some: the marked one is among them.
fn window(len: usize, marked: usize, room: i32) -> (usize, usize) {
    let count = usize::try_from(room).unwrap_or(0).max(1).min(len);
    let first = (marked + 1).saturating_sub(count);
    (first, count)
}

/// Columns of the table of disks, in letters: where each begins, and how long it may be.
struct Columns {
    name: i32,
    size: i32,
    bus: i32,
    model: i32,
    serial: i32,
    end: i32,
}

impl Columns {
    fn of(columns: i32, rows: &[DiskRow]) -> Self {
        let longest = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0) as i32;
        let size = 2 + longest.clamp(4, columns / 4) + 2;
        let bus = size + 13;
        let model = bus + 15;
        let serial = model + (columns - 2 - model) * 3 / 5;
        Self { name: 2, size, bus, model, serial, end: columns - 1 }
    }
}

fn disks(mut sheet: Sheet<'_>, (image, rows): (&ImageRow, &[DiskRow]), typed: &str, note: &str) {
    sheet.title("Which disk is to be overwritten?", TEXT);
    sheet.paragraph(&format!("{}, {}. Everything on the disk will be lost.", image.name, image.size), MUTED);
    sheet.skip(6);
    sheet.prompt("Name of the disk", typed, note);
    let columns = Columns::of(sheet.columns(), rows);
    let (font, x) = (sheet.font, sheet.room.x);
    let heads = [
        (columns.name, "NAME"),
        (columns.size, "SIZE"),
        (columns.bus, "BUS, SECTOR"),
        (columns.model, "MODEL"),
        (columns.serial, "SERIAL"),
    ];
    for (column, head) in heads {
        sheet.canvas.text((x + column * font.width(), sheet.room.y), head, font, FAINT);
    }
    sheet.skip(font.height() + 6);
    // What was begun to be typed comes first, then those that can be chosen: the others may not have room.
    let mut ordered: Vec<&DiskRow> = rows.iter().collect();
    ordered.sort_by_key(|row| (!row.name.starts_with(typed.trim()), row.unfit.is_some()));
    let height = font.height() * 2 + 18;
    let fits = |room: i32| usize::try_from((room / height).max(1)).unwrap_or(1);
    let all = fits(sheet.room.height);
    let shown = if ordered.len() > all { fits(sheet.room.height - font.height()) } else { all };
    for row in ordered.iter().take(shown) {
        disk_row(&mut sheet, row, &columns, !typed.is_empty() && row.name == typed.trim());
    }
    if ordered.len() > shown {
        let more = format!("and {} more: the first letters of a name show them", ordered.len() - shown);
        sheet.canvas.text((x + 2 * font.width(), sheet.room.y), &more, font, MUTED);
    }
}

fn disk_row(sheet: &mut Sheet<'_>, row: &DiskRow, columns: &Columns, is_marked: bool) {
    let font = sheet.font;
    let place = Rect::new(sheet.room.x, sheet.room.y, sheet.room.width, font.height() * 2 + 12);
    let is_fit = row.unfit.is_none();
    sheet.canvas.round(place, 6, if is_marked && is_fit { CHOSEN } else { PANEL });
    if is_fit {
        let colour = if is_marked { ACCENT } else { LINE };
        sheet.canvas.round(Rect::new(place.x, place.y, 5, place.height), 2, colour);
    }
    let (strong, weak) = if is_fit { (TEXT, MUTED) } else { (FAINT, FAINT) };
    let cells = [
        (columns.name, columns.size, &row.name, font.bold(), strong),
        (columns.size, columns.bus, &row.size, font, strong),
        (columns.bus, columns.model, &row.bus, font, weak),
        (columns.model, columns.serial, &row.model, font, weak),
        (columns.serial, columns.end, &row.serial, font, weak),
    ];
    for (from, to, value, font, colour) in cells {
        let width = if to == columns.end { to - from } else { to - from - 1 };
        sheet.canvas.text((place.x + from * font.width(), place.y + 5), &fit(value, width), font, colour);
    }
    let second = place.y + 7 + font.height();
    let from = place.x + columns.size * font.width();
    let room = columns.end - columns.size;
    let Some(why) = &row.unfit else {
        sheet.canvas.text((from, second), &fit(&row.content, room), font, TEXT);
        return sheet.skip(place.height + 6);
    };
    let why = fit(&format!("cannot be chosen: {why}"), room);
    let end = sheet.canvas.text((from, second), &why, font, WARN.over(PANEL, 190));
    let left = (place.right() - end) / font.width() - 4;
    if left > 10 {
        let content = fit(&format!("·  {}", row.content), left);
        sheet.canvas.text((end + 2 * font.width(), second), &content, font, FAINT);
    }
    sheet.skip(place.height + 6);
}

fn confirm(mut sheet: Sheet<'_>, image: &ImageRow, disk: &DiskRow) {
    sheet.title(&format!("Everything on {} will be lost", disk.name), BAD);
    sheet.paragraph("Nothing has been written yet. See that this is the disk that you mean.", MUTED);
    sheet.skip(6);
    about(&mut sheet, image, disk, BAD.over(PANEL, 150));
}

fn countdown(mut sheet: Sheet<'_>, image: &ImageRow, disk: &DiskRow, seconds: u64) {
    let title = match seconds {
        0 => format!("{} is being overwritten", disk.name),
        seconds => format!("{} will be overwritten in {seconds} s", disk.name),
    };
    sheet.title(&title, WARN);
    sheet
        .paragraph("The medium brings answers: nobody is asked. Everything on the disk will be lost.", MUTED);
    sheet.skip(6);
    about(&mut sheet, image, disk, WARN.over(PANEL, 120));
}

/// The image, the disk and what is on it.
fn about(sheet: &mut Sheet<'_>, image: &ImageRow, disk: &DiskRow, edge: Colour) {
    let image = format!("{}, {}", image.name, image.size);
    let name = format!("{}, {} ({})", disk.name, disk.size, disk.bus);
    let or_none = |text: &str| if text.is_empty() { String::from("not known") } else { text.into() };
    let (model, serial) = (or_none(&disk.model), or_none(&disk.serial));
    let facts = [
        ("Disk", &*name),
        ("Model", &model),
        ("Serial", &serial),
        ("On it now", &disk.content),
        ("Gets", &image),
    ];
    sheet.facts(&facts, edge);
}

fn work(mut sheet: Sheet<'_>, state: &Work) {
    let (verb, note) = match state.phase {
        Phase::Write => (
            "Writing",
            "Leave the medium in and the machine on. Until all is compared, the disk does not boot.",
        ),
        Phase::Compare => {
            ("Comparing", "The disk is read back. What makes it boot is written when all of it agrees.")
        }
    };
    sheet.title(&format!("{verb} {} on {}", state.image, state.disk), TEXT);
    steps(&mut sheet, state.phase);
    bar(&mut sheet, state);
    sheet.paragraph(note, MUTED);
}

/// The two steps, and which one it is at.
fn steps(sheet: &mut Sheet<'_>, phase: Phase) {
    let font = sheet.font;
    let (y, mut x) = (sheet.room.y, sheet.room.x);
    let names = [(Phase::Write, "Write"), (Phase::Compare, "Compare")];
    for (number, (step, name)) in names.into_iter().enumerate() {
        let is_past = phase == Phase::Compare && step == Phase::Write;
        let colour = match step == phase {
            _ if is_past => GOOD,
            true => ACCENT,
            false => FAINT,
        };
        let size = font.height() + 8;
        sheet.canvas.round(Rect::new(x, y, size, size), size / 2, colour);
        let inside = Rect::new(x, y, size, size).inside(2, 2);
        sheet.canvas.round(inside, inside.width / 2, colour.over(PANEL, 60));
        let digit = format!("{}", number + 1);
        sheet.canvas.text((x + (size - font.width()) / 2, y + 4), &digit, font.bold(), colour);
        let strong = if step == phase { TEXT } else { MUTED };
        x = sheet.canvas.text((x + size + font.width(), y + 4), name, font, strong) + font.width();
        if number == 0 {
            sheet.canvas.fill(Rect::new(x, y + size / 2, 4 * font.width(), 2), LINE);
            x += 5 * font.width();
        }
    }
    sheet.skip(font.height() * 2 + 14);
}

/// How far it is, as a bar and in figures.
fn bar(sheet: &mut Sheet<'_>, state: &Work) {
    let font = sheet.font;
    let place = Rect::new(sheet.room.x, sheet.room.y, sheet.room.width, font.height());
    let radius = place.height / 2;
    sheet.canvas.round(place, radius, LINE);
    let share = |of: i32| (i128::from(of) * i128::from(state.done) / i128::from(state.total.max(1))) as i32;
    let done = Rect { width: share(place.width), ..place };
    if done.width > 2 * radius {
        sheet.canvas.round(done, radius, ACCENT);
    }
    let line = place.bottom() + 12;
    let sizes = format!("{} of {}", text::size(state.done), text::size(state.total));
    let speed = match (state.rate, state.left) {
        (rate, Some(left)) => format!("{rate} MiB/s   {} left", text::time(left)),
        _ => String::new(),
    };
    let end = sheet.canvas.text((place.x, line), &format!("{} %", share(100)), font.bold(), TEXT);
    let end = sheet.canvas.text((end + 3 * font.width(), line), &sizes, font, MUTED);
    let at = place.right() - font.width_of(&speed);
    match at > end {
        true => sheet.canvas.text((at, line), &speed, font, MUTED),
        false => sheet.canvas.text((place.x, line + font.height() + 4), &speed, font, MUTED),
    };
    sheet.skip(font.height() * 3 + 34);
}

fn done(mut sheet: Sheet<'_>, what: &str, sha256: &str, took: &str) {
    banner(&mut sheet, GOOD, "Deployed");
    let facts = [("Image", what), ("Took", took)];
    sheet.facts(&facts, GOOD.over(PANEL, 120));
    sheet.paragraph("The disk was read back and holds what the medium describes. Its SHA-256:", MUTED);
    sheet.paragraph(sha256, TEXT);
    sheet.skip(10);
    sheet.paragraph("Take the medium out before the machine starts from its disk.", MUTED);
}

fn refused(mut sheet: Sheet<'_>, why: &str) {
    banner(&mut sheet, BAD, "Stopped");
    let font = sheet.font;
    let inside = sheet.columns() - 4;
    let most = ((sheet.room.height - font.height() * 2) / (font.height() + 4)).max(1) as usize;
    // What is listed gets lines of its own.
    let mut lines: Vec<_> = why.split("; ").flat_map(|part| wrap(part, inside)).collect();
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last} …………"), inside);
        }
    }
    let height = lines.len() as i32 * (font.height() + 4) + font.height();
    let card = Rect::new(sheet.room.x, sheet.room.y, sheet.room.width, height);
    sheet.canvas.card(card, BAD.over(PANEL, 150), PANEL);
    for (number, line) in (0..).zip(&lines) {
        let at = (card.x + 2 * font.width(), card.y + font.height() / 2 + 2 + number * (font.height() + 4));
        sheet.canvas.text(at, line, font, TEXT);
    }
}

/// A coloured line that can be seen from the other end of a room.
fn banner(sheet: &mut Sheet<'_>, colour: Colour, text: &str) {
    let place = Rect::new(sheet.room.x, sheet.room.y, sheet.room.width, Font::TITLE.height() * 2);
    sheet.canvas.round(place, 8, colour);
    let at = (place.x + sheet.font.width() * 2, place.y + Font::TITLE.height() / 2);
    sheet.canvas.text(at, text, Font::TITLE, super::theme::GROUND);
    sheet.skip(place.height + sheet.font.height());
}
