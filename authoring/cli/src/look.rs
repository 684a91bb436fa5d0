//! What a kind of medium looks like: the options that only that kind has.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use formats::io::ReadAt as _;
use formats::size;
use formats::udf::Revision;
use formats::units::ByteLen;
use host::{FileSource, is_device};
use press::template::Kind;
use press::{Request, Template};

use crate::code::Code;
use crate::error::Refusal;
use crate::text;

/// The options of one kind of medium.
pub trait Look {
    /// The option that says how large a medium is.
    const SIZE: &'static str;
    /// What to do when the content does not fit.
    const TOO_SMALL: &'static str;

    /// How media are put together that look so.
    const KIND: Kind;

    /// What was given for the template: the name of one, or a file.
    fn wanted(&self) -> &Path;

    /// The template.
    ///
    /// # Errors
    /// When there is none, or one of another kind of medium.
    fn template(&self) -> anyhow::Result<Template> {
        template(self.wanted(), Self::KIND)
    }

    /// The template's file; where a template of the program is named, there is no such file.
    fn file(&self) -> Option<&Path> {
        let wanted = self.wanted();
        (!Template::names().any(|name| Path::new(name) == wanted)).then_some(wanted)
    }

    /// The request with what these options say.
    ///
    /// # Errors
    /// When they do not go together.
    fn shape(&self, request: Request, output: Option<&Path>) -> anyhow::Result<Request>;
}

/// The template of USB media, where none is named.
const USB: &str = "courier-usb";
/// The template of optical media, where none is named.
const DISC: &str = "courier-disc";

/// What a USB medium looks like.
#[derive(Args, Debug)]
pub struct UsbLook {
    /// The kind of medium: a template's name or its file
    #[arg(long, value_name = "TEMPLATE", default_value = USB)]
    template: PathBuf,
    /// The medium's size; without it a device is used whole, and a file is as
    /// small as can be with 16 MiB to spare
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    size: Option<ByteLen>,
    /// The size of the medium's sectors
    #[arg(long, value_name = "BYTES", value_parser = ["512", "4096"], default_value = "512")]
    sector_size: String,
    /// The size of the seed volume's clusters; without it what suits its size
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    cluster_size: Option<ByteLen>,
}

impl Look for UsbLook {
    const SIZE: &'static str = "--size";
    const TOO_SMALL: &'static str = "leave --size out for the smallest medium, or press a set with --span";

    const KIND: Kind = Kind::Usb;

    fn wanted(&self) -> &Path {
        &self.template
    }

    fn shape(&self, request: Request, output: Option<&Path>) -> anyhow::Result<Request> {
        Ok(Request {
            size: self.size(output)?,
            sector_size: self.sector_size.parse()?,
            cluster_size: self.cluster_size()?,
            ..request
        })
    }
}

impl UsbLook {
    fn size(&self, output: Option<&Path>) -> anyhow::Result<Option<ByteLen>> {
        match output {
            Some(device) if self.size.is_none() && is_device(device) => {
                Ok(Some(FileSource::open(device)?.size()))
            }
            _ => Ok(self.size),
        }
    }

    fn cluster_size(&self) -> Result<Option<u32>, Refusal> {
        let refuse = |len: ByteLen| Refusal::usage(format!("no volume has clusters of {len}"));
        self.cluster_size.map(|len| u32::try_from(len.0).map_err(|_| refuse(len))).transpose()
    }
}

/// What an optical medium looks like.
#[derive(Args, Debug)]
pub struct DiscLook {
    /// The kind of medium: a template's name or its file
    #[arg(long, value_name = "TEMPLATE", default_value = DISC)]
    template: PathBuf,
    /// The kind of disc that the image has to fit on
    #[arg(long, value_enum, value_name = "DISC", default_value_t)]
    media: Media,
    /// How long the image may be, for discs that --media does not name
    #[arg(long, value_name = "SIZE", value_parser = size::parse, conflicts_with = "media")]
    size: Option<ByteLen>,
    /// The revision of UDF; without it the template's, 1.02
    #[arg(long, value_name = "REVISION", value_parser = revision)]
    udf_revision: Option<Revision>,
    /// Leave out ISO 9660, Joliet and Rock Ridge. Such a disc starts nothing;
    /// written to a stick it does
    #[arg(long)]
    udf_only: bool,
}

/// Kinds of discs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Media {
    /// DVD with one layer
    Dvd5,
    /// DVD with two layers
    Dvd9,
    /// Blu-ray disc with one layer
    Bd25,
    /// Blu-ray disc with two layers
    Bd50,
    /// BDXL with three layers
    Bd100,
    /// BDXL with four layers
    Bd128,
    /// Any length
    #[default]
    None,
}

impl Media {
    /// How much a disc holds.
    fn capacity(self) -> Option<ByteLen> {
        let bytes = match self {
            Self::Dvd5 => 4_700_372_992,
            Self::Dvd9 => 8_543_666_176,
            Self::Bd25 => 25_025_314_816,
            Self::Bd50 => 50_050_629_632,
            Self::Bd100 => 100_103_356_416,
            Self::Bd128 => 128_001_769_472,
            Self::None => return None,
        };
        Some(ByteLen(bytes))
    }
}

impl Look for DiscLook {
    const SIZE: &'static str = "--media or --size";
    const TOO_SMALL: &'static str = "take a larger kind of disc, or press a set with --span";

    const KIND: Kind = Kind::Disc;

    fn wanted(&self) -> &Path {
        &self.template
    }

    fn shape(&self, mut request: Request, _: Option<&Path>) -> anyhow::Result<Request> {
        let disc = &mut request.template.disc;
        disc.udf_revision = self.udf_revision.unwrap_or(disc.udf_revision);
        disc.iso_9660 &= !self.udf_only;
        Ok(Request { size: self.size.or(self.media.capacity()), ..request })
    }
}

/// A template by its name or out of a file, when media of this kind look so.
fn template(wanted: &Path, kind: Kind) -> anyhow::Result<Template> {
    let template = match wanted.to_str().map(Template::named).transpose()?.flatten() {
        Some(own) => own,
        None => {
            let text = text::read(wanted).map_err(|error| no_template(wanted).because(error))?;
            Template::parse(&text).with_context(|| format!("cannot use {}", wanted.display()))?
        }
    };
    if template.suits(kind) {
        return Ok(template);
    }
    let (one, other) = match kind {
        Kind::Usb => ("usb", "disc"),
        Kind::Disc => ("disc", "usb"),
    };
    let refused =
        format!("the template {} is for \"{other}\" media alone, not for \"{one}\"", wanted.display());
    Err(Refusal::usage(refused).next(own_names(kind)).into())
}

fn no_template(wanted: &Path) -> Refusal {
    let what = format!("there is no template {}", wanted.display());
    let names: Vec<_> = Template::names().collect();
    let next = format!("give the file of one, or one that comes with the program: {}", names.join(", "));
    Refusal::new(Code::Unreachable, what).next(next)
}

/// Which templates of the program suit a kind of medium.
fn own_names(kind: Kind) -> String {
    let suits = |name: &&str| Template::named(name).ok().flatten().is_some_and(|own| own.suits(kind));
    let names: Vec<_> = Template::names().filter(suits).collect();
    format!("these come with the program: {}", names.join(", "))
}

fn revision(text: &str) -> Result<Revision, String> {
    let found = Revision::ALL.into_iter().find(|revision| revision.name() == text);
    found.ok_or_else(|| "expected 1.02, 1.50, 2.01 or 2.50".into())
}
