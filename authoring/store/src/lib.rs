//! The store (the Synchronizer): published images, their versions, and the layers that these are made of.
//!
//! ```text
//! store.json                            the format of the store
//! layers/<layer-uuid>/layer.json        what the layer is (formats::layer::LayerDescriptor)
//! layers/<layer-uuid>/disk.vhd.zst      the VHD, compressed in frames
//! layers/<layer-uuid>/frames.bin        the digests of the frames
//! images/<name>/<version>.json          the chain of layers that makes up a version (formats::layer::ImageDocument)
//! devices/<name>.json                   a device and what is assigned to it (device::DeviceDocument)
//! reports/<name>.json                   what a device reported last (device::ReportDocument)
//! ```
//!
//! Layers do not change once they are there, and a version is listed only after its layers are: any number of readers
//! may look at a store while one publisher adds to it. What is unfinished has a name that starts with `~`, which no
//! reader looks at.
//!
//! | module | does |
//! |---|---|
//! | `root` | the store as a whole, and the document that makes it one |
//! | `depot`, `folder` | where its objects lie: a trait, and a folder of this machine with its lock and what was left unfinished |
//! | `catalogue`, `version` | finds images and their newest versions |
//! | `layer`, `reader`, `cache` | opens layers, and reads them as the VHD files that they are |
//! | [`device`], `devices` | the machines that may fetch what is assigned to them |
//! | `flat` | puts the layers of a version together as one disk |
//! | `check` | compares all that is there with what was written |
//! | [`publish`](mod@publish) | adds a version, one publisher at a time, and cleans up behind one that was cut off |

mod cache;
mod catalogue;
mod check;
mod depot;
pub mod device;
mod devices;
mod document;
mod error;
mod flat;
mod folder;
mod layer;
pub mod paths;
pub mod publish;
mod reader;
mod root;
mod version;

pub use cache::Cache;
pub use catalogue::{Images, Located, Problem};
pub use check::{Checked, Depth, Lost, Scope, check};
pub use depot::{Depot, Guarded, Held, NewLayer, PIECE, Upload};
pub use error::{RemoteCause, StoreError};
pub use flat::Source;
pub use folder::Folder;
pub use layer::Layer;
pub use publish::{PublishError, Published, Request, publish};
pub use reader::LayerReader;
pub use root::Store;
pub use version::compare_versions;
