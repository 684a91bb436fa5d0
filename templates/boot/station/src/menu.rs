//! Asking people: which image, which disk, and whether they mean it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use formats::answer::Ending;

use crate::desk::Desk;
use crate::machine::Key;
use crate::page::{DiskRow, ImageRow, Page};
use crate::stock::{Entry, Need};
use crate::text;

/// How many characters can be typed.
const MOST: usize = 64;

/// What somebody chose from the list of images.
pub(crate) enum Choice {
    /// The image with this number in the list.
    Image(usize),
    /// The machine is to go on in this way.
    End(Ending),
}

/// A line that is typed.
enum Typed {
    Line(String),
    Back,
    Up,
    Down,
}

/// Asks for an image, with the one at `selected` chosen before anything is typed; `note` is said beside it.
pub(crate) fn image(desk: &mut Desk<'_>, rows: &[ImageRow], mut selected: usize, mut note: String) -> Choice {
    let mut typed = String::new();
    for (number, row) in (1..).zip(rows) {
        let note = if row.note.is_empty() { String::new() } else { format!(", {}", row.note) };
        desk.say(&format!("number {number} is {}, {}{note}", row.name, row.size));
    }
    desk.say(&format!("Enter alone takes number {}, r restarts, p switches off", selected + 1));
    loop {
        let page = |typed: &str| Page::Images {
            rows: rows.to_vec(),
            selected,
            typed: typed.into(),
            note: note.clone(),
        };
        match line(desk, "image number: ", (&mut typed, true), &page) {
            Typed::Up => selected = selected.saturating_sub(1),
            Typed::Down => selected = (selected + 1).min(rows.len().saturating_sub(1)),
            Typed::Back => note.clear(),
            Typed::Line(text) => match chosen(&text, selected, rows.len()) {
                Ok(choice) => return choice,
                Err(why) => {
                    desk.say(&why);
                    note = why;
                }
            },
        }
    }
}

/// What a line means that was typed below the list of images.
fn chosen(text: &str, selected: usize, count: usize) -> Result<Choice, String> {
    match text.trim() {
        "" => Ok(Choice::Image(selected)),
        "r" | "R" => Ok(Choice::End(Ending::Reboot)),
        "p" | "P" => Ok(Choice::End(Ending::PowerOff)),
        number => match number.parse::<usize>() {
            Ok(number) if (1..=count).contains(&number) => Ok(Choice::Image(number - 1)),
            _ => Err(format!("there is no image {number}: type a number from 1 to {count}")),
        },
    }
}

/// Asks for the name of the disk to overwrite; `None` goes back.
pub(crate) fn disk<'e>(
    desk: &mut Desk<'_>,
    image: &ImageRow,
    stock: &'e [Entry],
    need: Need,
) -> Option<&'e Entry> {
    let rows: Vec<DiskRow> = stock.iter().map(|entry| entry.row(entry.unfit(need))).collect();
    let mut note = match rows.iter().all(|row| row.unfit.is_some()) {
        true => "No disk of this machine can take this image.".into(),
        false => String::new(),
    };
    let mut typed = String::new();
    loop {
        let page = |typed: &str| Page::Disks {
            image: image.clone(),
            rows: rows.clone(),
            typed: typed.into(),
            note: note.clone(),
        };
        let text = match line(desk, "name of the disk to overwrite: ", (&mut typed, false), &page) {
            Typed::Back => return None,
            Typed::Line(text) => text,
            Typed::Up | Typed::Down => continue,
        };
        let found = stock.iter().find(|entry| entry.name == text.trim());
        let why = match found.map(|entry| (entry, entry.unfit(need))) {
            Some((entry, None)) => return Some(entry),
            Some((entry, Some(reason))) => format!("{} cannot be the target: {reason}", entry.name),
            None if text.trim().is_empty() => "type the name of a disk, as it stands in the list".into(),
            None => format!("there is no disk {}", text::quoted(&text)),
        };
        desk.say(&why);
        note = why;
    }
}

/// Asks whether everything on a disk may be lost. Only keys count that are hit when the question stands there.
pub(crate) fn confirm(desk: &mut Desk<'_>, image: &ImageRow, disk: &DiskRow) -> bool {
    desk.show(&Page::Confirm { image: image.clone(), disk: disk.clone() });
    let about =
        format!("{}, model {}, serial {}", disk.size, text::quoted(&disk.model), text::quoted(&disk.serial));
    desk.say(&format!("{} would be written to {}, {about}", image.name, disk.name));
    desk.prompt(&format!("everything on {} will be lost: Enter to begin, Escape to go back: ", disk.name));
    desk.drain();
    let begins = loop {
        match desk.key() {
            Key::Enter => break true,
            Key::Escape => break false,
            _ => {}
        }
    };
    desk.end_line("");
    begins
}

/// Has a line typed; arrows end it only where `arrows`.
fn line(
    desk: &mut Desk<'_>,
    prompt: &str,
    (typed, arrows): (&mut String, bool),
    page: &dyn Fn(&str) -> Page,
) -> Typed {
    desk.show(&page(typed));
    desk.menu_is_up();
    desk.prompt(prompt);
    let ended = loop {
        let key = desk.key();
        match key {
            Key::Enter => break Typed::Line(core::mem::take(typed)),
            Key::Escape => break Typed::Back,
            Key::Up if arrows && typed.is_empty() => break Typed::Up,
            Key::Down if arrows && typed.is_empty() => break Typed::Down,
            Key::Char(c) if !c.is_control() && typed.chars().count() < MOST => {
                typed.push(c);
                desk.echo(key);
            }
            Key::Backspace if typed.pop().is_some() => desk.echo(key),
            _ => continue,
        }
        desk.show(&page(typed));
    };
    typed.clear();
    desk.end_line(match &ended {
        Typed::Line(text) => text,
        Typed::Back | Typed::Up | Typed::Down => "",
    });
    ended
}
