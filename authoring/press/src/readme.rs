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

use std::fmt::Write as _;

use formats::layer::LayerDescriptor;
use formats::manifest::{Image, paths};
use uuid::Uuid;

use crate::request::{Request, TOOL};

/// The text of `README.txt`, with the line ends of Windows, whose oldest editors show no others.
pub fn text(request: &Request, medium: Uuid, images: &[Image], layers: &[&LayerDescriptor]) -> String {
    let filled = request
        .template
        .readme
        .text
        .trim_start()
        .replace("{label}", &request.label)
        .replace("{medium}", &medium.to_string())
        .replace("{created}", &request.time.to_string())
        .replace("{tool}", TOOL)
        .replace("{images}", &image_lines(images))
        .replace("{layers}", &layer_lines(layers));
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

fn layer_lines(layers: &[&LayerDescriptor]) -> String {
    let mut text = String::new();
    for layer in layers {
        let parent = layer.parent.map_or_else(|| "no parent".to_owned(), |parent| format!("parent {parent}"));
        let _ = writeln!(text, "  {}", paths::layer_disk(layer.uuid));
        let _ = writeln!(text, "    a {} disk, {parent}", layer.kind);
    }
    if !layers.is_empty() {
        text.push('\n');
    }
    text
}
