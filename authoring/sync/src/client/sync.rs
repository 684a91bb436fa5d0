//! A sync: what is to be here is asked for, looked for on this machine and on media, and the rest is fetched.

use std::time::{Duration, Instant};

use formats::kind::{ErrorKind, with_causes};
use formats::time::Timestamp;
use formats::units::ByteLen;
use host::{Crew, Event, Observer};
use remote::api::{Receipt, TargetState};
use remote::http::{HttpError, Request, Service};
use store::Store;

use super::disks::{self, Form};
use super::error::ClientError;
use super::home::Home;
use super::ledger::Ledger;
use super::media::Search;
use super::outcome::{Gone, Outcome, Problem, Target};
use super::plan::{Deed, Plan};
use super::receipt;
use super::settings::Switch;
use super::status;
use super::target::{self, Asked, Kept};
use super::untold::Untold;

/// What a sync is to do.
pub struct Order<'a> {
    /// The client's folder.
    pub home: &'a Home,
    /// The threads that compare what is here, and what asks them to stop.
    pub crew: &'a Crew,
    /// Who hears of progress.
    pub observer: &'a dyn Observer,
    /// Whether nobody is asked over the network.
    pub offline: bool,
    /// Whether the network is asked for documents alone.
    pub require_local: bool,
    /// Whether it is only told what would be fetched.
    pub dry_run: bool,
    /// Whether each layer and each source is told of before anything is fetched.
    pub explain: bool,
    /// Where media are looked for; the client's own trust and switches are laid over it.
    pub search: Search,
    /// How versions become files, where not as the client was enrolled.
    pub form: Option<Form>,
    /// How the network is used.
    pub line: Line,
    /// What time it is.
    pub now: Timestamp,
    /// The program and its version: `seedpress 0.1.0`.
    pub tool: String,
}

/// How the network is used.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// How often a request is tried again, after what may pass.
    pub retries: u32,
    /// How long a connection may say nothing.
    pub patience: Duration,
    /// How many bytes a second are taken at most.
    pub limit: Option<u64>,
}

/// A sync at work.
pub(super) struct Job<'a> {
    /// What it is to do.
    pub order: &'a Order<'a>,
    /// The client's store.
    pub store: Store,
    /// The service, unless nobody is to ask it, or it does not answer.
    pub service: Option<Service>,
    /// Why it is not asked.
    pub silent: Option<String>,
}

/// How the service is reached.
///
/// # Errors
/// [`ClientError`] when the client's folder has not what is needed for it.
pub fn request(order: &Order<'_>) -> Result<Request, ClientError> {
    let Order { home, line, tool, crew, .. } = order;
    Ok(Request {
        url: home.document().server.clone(),
        login: Some(home.login()?),
        ca: home.ca()?,
        retries: line.retries,
        patience: line.patience,
        limit: line.limit,
        agent: tool.replacen(' ', "/", 1),
        stop: crew.stop().clone(),
    })
}

/// Does a sync. One at a time does: another one waits, and says so.
///
/// # Errors
/// [`ClientError`] when nothing can be said of what the device is to have, the disk is full, or somebody asked to stop.
/// What else goes wrong stands in the outcome.
pub fn sync(order: &Order<'_>) -> Result<Outcome, ClientError> {
    let begun = Instant::now();
    let _lock = order.home.lock(order.crew.stop(), order.observer)?;
    // Whoever held the lock may have enrolled the client anew.
    let home = &Home::open(order.home.root())?;
    let (search, tool) = (order.search.clone(), order.tool.clone());
    let order = &Order { home, search, tool, ..*order };
    let mut job = Job { order, store: order.home.store()?, service: None, silent: None };
    let (kept, fresh) = job.target()?;
    // Before anything is fetched, so that there is room for it.
    let mut removed = job.clear(&kept.state, fresh)?;
    let plan = status::plan_of(&kept.state, &job.store);
    let mut ledger = Ledger::new(&plan, order.home);
    let filled = job.fill(&plan, &mut ledger);
    let untold = job.remember(&ledger, filled)?;
    let document = order.home.document();
    let mut outcome = Outcome {
        device: document.device.clone(),
        server: document.server.clone(),
        target: Target { received: kept.received, fresh },
        sources: ledger.sources,
        layers: ledger.layers,
        images: Vec::new(),
        disks: Vec::new(),
        removed: Vec::new(),
        problems: ledger.problems,
        wire: ByteLen::ZERO,
        receipt: None,
        reported: false,
    };
    if let Some(why) = job.silent.as_ref().filter(|_| !order.offline) {
        let message = format!("the service cannot be reached: {why}");
        outcome.problems.insert(0, Problem { kind: ErrorKind::Unreachable, message });
    }
    job.list(&plan, &mut outcome)?;
    outcome.wire = job.wire();
    if order.dry_run {
        outcome.enter_disks(disks::foresee(&job.disks(&kept.state)?));
    } else {
        let made = job.make_disks(&kept.state, &mut outcome);
        outcome.unless_full(made)?;
        removed.extend(job.clear(&kept.state, fresh)?);
        outcome.removed = removed;
        let reported = job.report(&mut outcome, (begun, &untold));
        outcome.unless_full(reported)?;
    }
    Ok(outcome)
}

impl Job<'_> {
    /// What the device is to have, and whether the service said so just now.
    fn target(&mut self) -> Result<(Kept, bool), ClientError> {
        let &Order { home, observer, offline, now, .. } = self.order;
        let kept = target::load(home).or_else(|error| match error.kind() {
            // It can be asked for again.
            ErrorKind::Corrupt if !offline => {
                observer.event(Event::Warning(with_causes(&error)));
                Ok(None)
            }
            _ => Err(error),
        })?;
        if offline {
            self.silent = Some("it is not asked: --offline".into());
            return Ok((kept.ok_or(ClientError::NoTarget)?, false));
        }
        let service = Service::new(request(self.order)?)?;
        let document = home.document();
        let asked = (document.server.as_str(), document.device.as_str());
        match target::ask(&service, asked, kept.as_ref(), now) {
            Ok(Asked { kept, .. }) => {
                if !self.order.dry_run {
                    self.keep(&kept)?;
                }
                self.service = Some(service);
                Ok((kept, true))
            }
            Err(error) if error.kind() == ErrorKind::Unreachable => {
                let Some(kept) = kept else { return Err(error) };
                let why = with_causes(&error);
                let text = format!("{why}: going on with what the service said at {}", kept.received);
                observer.event(Event::Warning(text));
                self.silent = Some(why);
                Ok((kept, false))
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps the target state. Where the disk is too full for it, it is used nevertheless.
    fn keep(&self, kept: &Kept) -> Result<(), ClientError> {
        let &Order { home, observer, .. } = self.order;
        match target::save(&home.path(super::home::TARGET), kept) {
            Err(error) if error.kind() == ErrorKind::Fit => {
                observer.event(Event::Warning(with_causes(&error)));
                Ok(())
            }
            kept => kept,
        }
    }

    /// How many bytes of bodies came over the network.
    fn wire(&self) -> ByteLen {
        ByteLen(self.service.as_ref().map_or(0, |service| service.traffic().received))
    }

    /// Keeps what came until a receipt tells it, however fetching ended: first what earlier runs left, then all of it.
    fn remember(&self, ledger: &Ledger, filled: Result<(), ClientError>) -> Result<[Untold; 2], ClientError> {
        let earlier = Untold::load(self.order.home)?;
        let all = earlier.and(&ledger.layers, self.wire());
        let saved = if self.order.dry_run { Ok(()) } else { all.save(self.order.home) };
        filled?;
        match saved {
            // The receipt that follows tells it.
            Err(error) if error.kind() == ErrorKind::Fit => {}
            saved => saved?,
        }
        Ok([earlier, all])
    }

    /// Lists the versions that are whole now.
    fn list(&self, plan: &Plan<'_>, outcome: &mut Outcome) -> Result<(), ClientError> {
        for wish in &plan.wishes {
            let document = &wish.image.document;
            let is_whole = |layer: &uuid::Uuid| self.store.layer(*layer).is_ok();
            if wish.deed == Deed::Have && !self.order.dry_run && document.chain.iter().all(is_whole) {
                let key = store::paths::version(&document.name, &document.version);
                if !self.store.find(&document.name, Some(&document.version)).is_ok_and(|it| it == *document) {
                    let written = self.store.depot().replace(&key, document.print().as_bytes());
                    outcome.unless_full(written.map(drop).map_err(ClientError::from))?;
                }
            }
            let why = outcome.why_not(&document.chain);
            outcome.images.push(status::line(wish, &self.store, why));
        }
        Ok(())
    }

    /// Makes disks of what is whole.
    fn make_disks(&self, target: &TargetState, outcome: &mut Outcome) -> Result<(), ClientError> {
        let &Order { crew, observer, .. } = self.order;
        let order = self.disks(target)?;
        let made = disks::materialize(&order, crew, observer);
        let made = made.inspect_err(|error| outcome.without_disks(&with_causes(error)))?;
        outcome.enter_disks(made);
        disks::write_policies(&order)?;
        Ok(())
    }

    /// Removes what nothing needs any more, as the service said just now.
    fn clear(&self, target: &TargetState, fresh: bool) -> Result<Vec<Gone>, ClientError> {
        if !fresh || self.order.dry_run {
            return Ok(Vec::new());
        }
        Ok(disks::clear(&self.disks(target)?)?.into_iter().map(Gone::from).collect())
    }

    fn disks<'t>(&'t self, target: &'t TargetState) -> Result<disks::Order<'t>, ClientError> {
        let &Order { home, form, .. } = self.order;
        let form = form.unwrap_or(home.document().materialize);
        let rehash = home.settings()?.get(Switch::ForceLocalChecksum);
        Ok(disks::Order { client: home.root(), store: &self.store, target, form, rehash })
    }

    /// Makes the receipt, and sends it with those that could not be sent before.
    fn report(
        &self,
        outcome: &mut Outcome,
        (begun, [earlier, all]): (Instant, &[Untold; 2]),
    ) -> Result<(), ClientError> {
        let &Order { home, now, ref tool, observer, .. } = self.order;
        let seconds = i64::try_from(begun.elapsed().as_secs()).unwrap_or_default();
        let receipt = Receipt {
            format: remote::api::VERSION,
            device: outcome.device.clone(),
            number: 0,
            started: now,
            finished: Timestamp::from_unix(now.unix().saturating_add(seconds)).unwrap_or(now),
            tool: tool.clone(),
            images: outcome.reported(),
            layers: all.told(earlier, &outcome.layers),
            wire: all.wire,
        };
        outcome.receipt = Some(receipt::keep(home, receipt)?.number);
        Untold::forget(home)?;
        let Some(service) = &self.service else { return Ok(()) };
        match receipt::send(home, service) {
            Ok(()) => outcome.reported = true,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(ClientError::Http(HttpError::Status { status: 409, .. })) => {
                let text = "the service does not take the receipt: it has a later one of this device, or one that \
                            another key signed; device report NAME --forget has it forget that";
                observer.event(Event::Warning(text.into()));
            }
            Err(error) => {
                let text = format!("the report goes with the next one: {}", with_causes(&error));
                observer.event(Event::Warning(text));
            }
        }
        Ok(())
    }
}
