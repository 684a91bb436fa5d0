//! `README.txt`: what a medium is, for people who have nothing but the medium.
//!
//! | in the template's text | stands for |
//! |---|---|
//! | `{label}` | the label of the seed volume |
//! | `{medium}` | the medium's identity |
//! | `{created}` | when it was pressed |
//! | `{tool}` | the program that pressed it |
//! | `{images}` | a line for each image, and one for each of its layers |
//! | `{layers}` | the file, kind and parent of each layer |
//! | `{set}` | which medium of which set it is, and how parts are joined; nothing where the medium stands alone |

use std::fmt::Write as _;

use formats::manifest::{Image, Set, paths};
use uuid::Uuid;

use crate::request::{Request, TOOL};
use crate::sources::{Layer, Share, Sources};

/// The text of `README.txt`, with the line ends of Windows, whose oldest editors show no others.
pub fn text(request: &Request, medium: Uuid, sources: &Sources, set: Option<&Set>) -> String {
    let filled = request
        .template
        .readme
        .text
        .trim_start()
        .replace("{label}", &request.label)
        .replace("{medium}", &medium.to_string())
        .replace("{created}", &request.time.to_string())
        .replace("{tool}", TOOL)
        .replace("{images}", &image_lines(&sources.images))
        .replace("{layers}", &layer_lines(&sources.layers))
        .replace("{set}", &set.map(set_lines).unwrap_or_default());
    filled.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn image_lines(images: &[Image]) -> String {
    let mut text = String::new();
    for image in images {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {}@{}, a disk of {}", image.name, image.version, image.size.human());
        for (place, layer) in image.chain.iter().enumerate() {
            let role = if place == 0 { "base  " } else { "  then" };
            let _ = writeln!(text, "    {role}  {layer}");
        }
        let _ = writeln!(text);
    }
    text
}

fn layer_lines(layers: &[Layer]) -> String {
    let mut text = String::new();
    for Layer { descriptor: layer, share, .. } in layers {
        let (path, part) = match *share {
            Share::Whole => (paths::layer_disk(layer.uuid), ""),
            Share::Part { number, .. } => (paths::layer_part(layer.uuid, number), "part of "),
            Share::Nothing => (format!("{} on other media of the set", layer.uuid), ""),
        };
        let parent = layer.parent.map_or_else(|| "no parent".to_owned(), |parent| format!("parent {parent}"));
        let _ = writeln!(text, "  {path}");
        let _ = writeln!(text, "    {part}a {} disk, {parent}", layer.kind);
    }
    if !layers.is_empty() {
        text.push('\n');
    }
    text
}

fn set_lines(set: &Set) -> String {
    let mut text = String::from("The set\n-------\n");
    let _ = writeln!(text, "This is medium {} of {} of set {}:\n", set.number, set.media.len(), set.id);
    for (number, member) in (1..).zip(&set.media) {
        let _ = writeln!(text, "  {number:>3}  {}  {}", member.medium, member.label);
    }
    text.push_str(JOIN);
    text
}

/// What to do with a set.
const JOIN: &str = "
seedpress takes all media of a set at once, in any order:

  seedpress deploy MEDIUM MEDIUM... NAME@VERSION -o DISK

A layer that did not fit on one medium is cut into parts. Copied into one folder, in the order of their numbers they
are the layer again:

  cat UUID.vhd.zst.* > UUID.vhd.zst
  copy /b UUID.vhd.zst.001 + UUID.vhd.zst.002 UUID.vhd.zst      (Windows)

";
