//! What must never name what: the layers of the design, as data.

/// The libraries: time, identity and settings reach them in one request value, and they never print.
pub const LIBRARIES: &[&str] = &[
    "formats/src/",
    "authoring/host/src/",
    "authoring/store/src/",
    "authoring/press/src/",
    "authoring/deploy/src/",
    "authoring/boot/src/",
    "authoring/remote/src/",
    "authoring/sync/src/",
    "templates/boot/station/src/",
];

/// The formats that have a folder (or a file) each in `formats/src`.
pub const FORMATS: &[&str] =
    &["vhd", "gpt", "fat", "ntfs", "udf", "iso", "layer", "manifest", "minisign", "pe"];

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Paths of the files that it binds start with one of these.
    pub who: &'static [&'static str],
    /// What they must not name.
    pub not: &'static [&'static str],
    /// What this gives us.
    pub so_that: &'static str,
}

/// The rows, but for "one format never names another", which [`FORMATS`] says.
pub const LAYERS: &[Layer] = &[
    Layer {
        who: &["formats/src/"],
        not: &[
            "std::fs",
            "std::io::stdin",
            "std::thread",
            "std::net",
            "std::process",
            "std::collections::HashMap",
        ],
        so_that: "the same input gives the same bytes, in firmware too",
    },
    Layer {
        who: LIBRARIES,
        not: &["clap", "indicatif", "anyhow", "log", "tracing", "println!", "print!", "eprintln!", "eprint!"],
        so_that: "libraries never print and never end a program; the command line does",
    },
    Layer {
        who: LIBRARIES,
        not: &["std::env", "std::time::SystemTime", "SystemTime::now", "rand", "getrandom", "Uuid::new_v4"],
        so_that: "time, identity and settings enter in one request value",
    },
    Layer {
        who: &["formats/src/ntfs/write"],
        not: &["ntfs::", "crate::ntfs::read", "super::read", "super::super::read"],
        so_that: "a writer is judged by another's code",
    },
    Layer {
        who: &["authoring/press/src/plan", "authoring/press/src/layout"],
        not: &["std::fs", "std::thread", "rayon", "host::Crew", "host::Output", "host::FileSource"],
        so_that: "a plan can be printed before a byte is spent",
    },
    Layer {
        who: &["authoring/press/src/fill"],
        not: &[
            "formats::vhd",
            "formats::gpt",
            "formats::fat",
            "formats::ntfs",
            "formats::udf",
            "formats::iso",
            "formats::layer",
            "formats::manifest",
            "formats::minisign",
        ],
        so_that: "filling moves regions and knows no format",
    },
    Layer {
        who: &["authoring/press/src/verify"],
        not: &[
            "crate::plan",
            "crate::layout",
            "crate::fill",
            "crate::seal",
            "formats::ntfs::write",
            "formats::fat::write",
            "formats::gpt::write",
        ],
        so_that: "verifying sees a medium and a manifest, as a customer does",
    },
    Layer {
        who: &["authoring/deploy/src/", "templates/boot/station/src/"],
        not: &["std::", "rayon", "store::", "press::", "host::"],
        so_that: "deploying runs in firmware",
    },
    Layer {
        who: &["authoring/cli/src/"],
        not: &["zerocopy", "from_le_bytes", "from_be_bytes", "to_le_bytes", "to_be_bytes"],
        so_that: "no byte logic lives in the shell",
    },
];
