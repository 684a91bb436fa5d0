//! `images`: what a store offers.

use std::fmt;

use clap::Args;
use formats::layer::ImageDocument;
use formats::time::Timestamp;
use formats::units::ByteLen;
use serde::Serialize;

use crate::code::{self, Code};
use crate::error::one_line;
use crate::output::{Answer, Found};
use crate::shell::Shell;
use crate::table::Table;

/// List the images and versions of the store.
#[derive(Args, Debug)]
pub struct Images {}

/// A version, as it is listed.
#[derive(Serialize)]
struct Listed {
    name: String,
    version: String,
    size: ByteLen,
    layers: usize,
    published: Timestamp,
    note: String,
}

#[derive(Serialize)]
struct List {
    images: Vec<Listed>,
    problems: Vec<Found>,
}

impl Images {
    /// Lists all versions, and what could not be read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let found = shell.store()?.images()?;
        let code = code::worst(found.problems.iter().map(|problem| problem.error.kind().into()));
        let images = found.versions.into_iter().map(Listed::from).collect();
        let problems =
            found.problems.iter().map(|problem| Found::new(problem.error.kind(), problem)).collect();
        shell.answer(&List { images, problems })?;
        Ok(code)
    }
}

impl From<ImageDocument> for Listed {
    fn from(document: ImageDocument) -> Self {
        let ImageDocument { name, version, size, chain, published, note, .. } = document;
        Self { name, version, size, layers: chain.len(), published, note }
    }
}

impl Answer for List {
    const SCHEMA: &'static str = "seedpress.images/1";
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.images.is_empty() && self.problems.is_empty() {
            return writeln!(f, "the store is empty: publish NAME@VERSION DISK puts an image into it");
        }
        let mut table = Table::new(["IMAGE", "SIZE", "LAYERS", "PUBLISHED", "NOTE"]);
        for image in &self.images {
            let title = format!("{}@{}", image.name, image.version);
            let published = image.published.to_string();
            let size = image.size.human();
            table.row([title, size, image.layers.to_string(), published, one_line(&image.note)]);
        }
        table.fmt(f)?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "problem: {}", one_line(&problem.message)))
    }
}
