//! Libraries that Python speaks to: libudfread, by which players of Blu-ray discs read UDF, and pycdlib.

use std::path::Path;

use super::Long;
use crate::content::Content;
use crate::judge::{Judge, Said};

/// A reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// libudfread, of UDF.
    Udfread,
    /// pycdlib, of UDF.
    Udf,
    /// pycdlib, of ISO 9660 with the names of Rock Ridge.
    RockRidge,
    /// pycdlib, of ISO 9660 with the names of Joliet.
    Joliet,
    /// pycdlib, of ISO 9660 with its own names.
    Plain,
}

impl Reader {
    /// What it finds in an image.
    ///
    /// # Panics
    /// When it refuses the image, or says anything else.
    pub fn content(self, image: &Path) -> Content {
        let said = self.run(image, &[]);
        Content::of_listing(said.text().lines(), &said.command)
    }

    /// Expects that it finds a long file, with the right bytes.
    ///
    /// # Panics
    /// When it does not.
    pub fn agrees_on(self, image: &Path, file: &Long) {
        let sectors = file.sectors().into_iter().map(|sector| sector.to_string());
        let wanted: Vec<_> = std::iter::once(file.name()).chain(sectors).collect();
        let said = self.run(image, &wanted);
        assert_eq!(said.text().lines().collect::<Vec<_>>(), file.said(), "{said}");
    }

    fn run(self, image: &Path, wanted: &[String]) -> Said {
        let name = match self {
            Self::Udfread => "udfread",
            Self::Udf => "udf",
            Self::RockRidge => "rr",
            Self::Joliet => "joliet",
            Self::Plain => "iso",
        };
        let judge = Judge::new("/usr/bin/python3").args(["-", name]).arg(image).args(wanted);
        let said = judge.fed(include_bytes!("read.py")).agrees();
        assert!(said.stderr.is_empty(), "{said}");
        said
    }
}
