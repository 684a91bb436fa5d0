//! Stores that lie elsewhere, and how to speak to the Synchronizer's service.
//!
//! | module | has |
//! |---|---|
//! | [`api`] | what the service and its clients say to each other |
//! | [`http`] | requests to the service: checked, retried, resumed |
//! | `s3` | a store in a bucket of S3 ([`S3`]) |
//! | `sftp` | a store on a machine that is reached by SSH ([`Sftp`]) |
//! | `served` | the store behind our own service, as a device sees it ([`Served`]) |
//! | `lease` | the lock of those who change a store behind a network |
//! | `ahead` | objects read in blocks, the next ones fetched ahead |
//! | `access`, `fault`, `pace`, `reactor` | what comes in, what goes wrong, how often is tried, and the threads that wait |

mod access;
mod ahead;
pub mod api;
mod fault;
pub mod http;
mod lease;
mod pace;
mod reactor;
mod s3;
mod served;
mod sftp;

pub use access::Access;
pub use fault::Fault;
pub use s3::{Bucket, S3};
pub use served::Served;
pub use sftp::Sftp;
