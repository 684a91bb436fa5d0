//! What everybody needs who keeps a store behind a network.

use std::time::Duration;

use host::Stop;
use uuid::Uuid;

/// What everybody needs who keeps a store behind a network. Chance comes in with it.
#[derive(Clone, Debug)]
pub struct Access {
    /// Stands for this run of the program: no two have the same.
    pub run: Uuid,
    /// How long somebody who holds the lock may not be heard of before another one takes it over.
    pub term: Duration,
    /// How often something is tried again, after what may pass.
    pub retries: u32,
    /// How long a connection may say nothing.
    pub patience: Duration,
    /// What we call ourselves: `seedpress/0.1.0`.
    pub agent: String,
    /// What ends waiting.
    pub stop: Stop,
}

impl Access {
    /// How long somebody who holds the lock may not be heard of, where nobody says otherwise.
    pub const TERM: Duration = Duration::from_secs(60);
    /// How often something is tried again, where nobody says otherwise.
    pub const RETRIES: u32 = 5;
    /// How long a connection may say nothing, where nobody says otherwise.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// The usual, for the run `run` of `agent`.
    pub fn new(run: Uuid, agent: String, stop: Stop) -> Self {
        let (term, retries, patience) = (Self::TERM, Self::RETRIES, Self::PATIENCE);
        Self { run, term, retries, patience, agent, stop }
    }
}
