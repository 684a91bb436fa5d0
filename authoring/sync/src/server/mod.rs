//! The service: what devices may see of a store, over HTTP. `authoring/sync/API.md` tells what it says.
//!
//! It keeps nothing: every request reads the documents that it needs, so that several services over one store agree, and
//! a change of a device counts at its next request. Only what never changes is kept for a while: versions and layers.
//!
//! | module | does |
//! |---|---|
//! | `accept`, `connection`, `tls`, `seats` | connections: taken, bounded, timed, brought to an orderly end |
//! | `pulse` | when something last moved on a connection |
//! | `routes`, `watched` | which path is whose; every request counted and told |
//! | `login`, `throttle` | who asks, and how often one may fail |
//! | `shelf`, `target` | what of the store a device may see, and its target state |
//! | `object`, `precondition`, `range`, `body` | files and frames of layers: conditions, ranges, bytes |
//! | `report` | what devices report |
//! | `metrics`, `event` | counters, and what is told to whoever keeps a log |
//! | `answer` | documents and errors as answers |

mod accept;
mod answer;
mod body;
mod connection;
mod event;
mod login;
mod metrics;
mod object;
mod precondition;
mod pulse;
mod range;
mod report;
mod request;
mod routes;
mod seats;
mod service;
mod shelf;
mod target;
mod throttle;
mod tls;
mod watched;

pub use accept::serve;
pub use event::{Event, Log, LoginFault, Served};
pub use report::{Received, ReportError, receive};
pub use request::{Clock, Ending, Limits, Request, ServeError};
pub use tls::{Tls, TlsError};
