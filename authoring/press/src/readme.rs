//! Texts on a medium: `README.txt`, for people who have nothing but the medium, and the text files of its template.
//!
//! | in the template's text | stands for |
//! |---|---|
//! | `{label}` | the label of the seed volume |
//! | `{medium}` | the medium's identity |
//! | `{created}` | when it was pressed |
//! | `{tool}` | the program that pressed it |
//! | `{images}` | a line for each image, and one for each of its layers |
//! | `{layers}` | the file, kind and parent of each layer |
//! | `{boot}` | what a PC does that is started from the medium; nothing where it starts nothing |
//! | `{set}` | which medium of which set it is, and how parts are joined; nothing where the medium stands alone |

use std::fmt::Write as _;

use formats::manifest::{Image, Set, Volume, paths};
use uuid::Uuid;

use crate::boot::MEDIUM;
use crate::request::{Request, TOOL};
use crate::sources::{Layer, Share, Sources};
use crate::template::Payload;

/// The words that stand for something.
const WORDS: [&str; 8] = ["label", "medium", "created", "tool", "images", "layers", "boot", "set"];

/// The first word in braces that stands for nothing.
pub(crate) fn unknown_word(text: &str) -> Option<&str> {
    let words = text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(word, _)| word));
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    words.filter(is_word).find(|word| !WORDS.contains(word))
}

/// What the words stand for.
pub(crate) struct Texts<'a> {
    pub(crate) request: &'a Request,
    pub(crate) medium: Uuid,
    pub(crate) sources: &'a Sources,
    pub(crate) set: Option<&'a Set>,
}

impl Texts<'_> {
    /// The texts of the medium: each with its volume and path.
    pub(crate) fn all(&self) -> Vec<(Volume, String, String)> {
        let template = &self.request.template;
        let readme = (Volume::Seed, paths::README.into(), windows(&self.readme()));
        let extra = template.files.iter().filter_map(|file| {
            Some((file.volume, file.path.clone(), windows(&self.fill(file.text.as_ref()?))))
        });
        let medium = self.medium.to_string();
        let boot = self
            .sources
            .texts
            .iter()
            .map(|(volume, path, text)| (*volume, path.clone(), text.replace(MEDIUM, &medium)));
        [readme].into_iter().chain(extra).chain(boot).collect()
    }

    /// What a PC does that is started from the medium.
    fn boot_lines(&self) -> String {
        let Some(start) = start(self.request.template.boot.payload) else { return String::new() };
        let then = match self.sources.has_answers() {
            true => {
                "It overwrites the disk that seed/deploy.toml on the EFI system partition chooses, without asking; for two seconds
before that, any key stops it."
            }
            false => "It shows the images and the computer's disks, and writes to no disk whose name was not typed.",
        };
        let heading = "How to set up a computer from it\n--------------------------------";
        format!("{heading}\nStart the computer from this medium, {start}.\n{then}\n\n")
    }

    /// `README.txt`.
    fn readme(&self) -> String {
        let first = if self.sources.has_answers() { UNASKED } else { "" };
        format!("{first}{}", self.fill(&self.request.template.readme.text))
    }

    fn fill(&self, text: &str) -> String {
        let Self { request, medium, sources, set } = self;
        text.trim_start()
            .replace("{label}", &request.label)
            .replace(MEDIUM, &medium.to_string())
            .replace("{created}", &request.time.to_string())
            .replace("{tool}", TOOL)
            .replace("{images}", &image_lines(&sources.images))
            .replace("{layers}", &layer_lines(&sources.layers))
            .replace("{boot}", &self.boot_lines())
            .replace("{set}", &set.map(set_lines).unwrap_or_default())
    }
}

/// What stands first on a medium that asks nobody.
const UNASKED: &str = "THIS MEDIUM OVERWRITES A DISK WITHOUT ASKING\n\n";

/// The same text with the line ends of Windows, whose oldest editors show no others.
fn windows(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// How a PC is started from the medium.
fn start(payload: Payload) -> Option<&'static str> {
    match payload {
        Payload::Native => Some("by UEFI, with Secure Boot off unless the medium was signed for it"),
        Payload::Linux => Some("by UEFI, with Secure Boot on or off, or by BIOS"),
        Payload::Both => {
            Some("by UEFI, with Secure Boot off unless the medium was signed for it, or by BIOS")
        }
        Payload::Tree | Payload::None => None,
    }
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
