//! Looking for what is missing on this machine and on media, and fetching the rest.

use std::collections::BTreeSet;

use formats::kind::ErrorKind;
use formats::layer::LayerDescriptor;
use formats::units::ByteLen;
use host::{Event, Unit};

use super::error::ClientError;
use super::fetch::Fetch;
use super::home::Home;
use super::ledger::Ledger;
use super::local::{self, Here};
use super::making;
use super::media::{self, Found, Search};
use super::network::Network;
use super::plan::{Deed, Plan};
use super::settings::Switch;
use super::source::Source;
use super::survey::{self, Means, Panel, Surveyed};
use super::sync::{Job, Order};
use super::twins::Twins;

/// How many layers are fetched at once: each is an open file.
const GROUP: usize = 64;

impl Job<'_> {
    /// Fetches what is missing, and writes down what became of it.
    pub fn fill(&self, plan: &Plan<'_>, ledger: &mut Ledger) -> Result<(), ClientError> {
        let missing = self.missing(plan, ledger)?;
        let found = if missing.is_empty() { Vec::new() } else { media::find(&self.search()?) };
        let notice = |text| self.order.observer.event(Event::Notice(text));
        found.iter().filter_map(Found::missing).for_each(notice);
        let network = self.network();
        let media = found.iter().filter_map(|found| found.source.as_ref().ok());
        let media = media.map(|medium| medium as &dyn Source);
        let mut panel = Panel::new(media.chain(network.iter().map(|it| it as &dyn Source)).collect());
        ledger.seat(&panel, missing.is_empty());
        if self.order.require_local {
            ledger.documents_only();
        }
        ledger.unusable(&found);
        ledger.silent(self.silent.as_deref(), &self.order.home.document().server);
        if missing.is_empty() {
            return Ok(());
        }
        let home = self.order.home;
        let fitting = fitting(home, plan, &missing, (making::free(home.root())?, ledger));
        // What would be asked of whom is told of all.
        let missing = if self.order.dry_run { missing } else { fitting };
        for group in missing.chunks(GROUP) {
            match self.group(group, &mut panel, ledger) {
                // What is here already can be used nevertheless.
                Err(error) if error.kind() == ErrorKind::Fit => {
                    ledger.full(&error);
                    break;
                }
                done => done?,
            }
        }
        ledger.conclude(&panel, self.order.dry_run);
        Ok(())
    }

    /// Fetches some layers, or tells what would be asked for.
    fn group<'s>(
        &self,
        group: &[&'s LayerDescriptor],
        panel: &mut Panel<'s>,
        ledger: &mut Ledger,
    ) -> Result<(), ClientError> {
        let surveyed = self.survey(group, panel, ledger)?;
        ledger.expect(&surveyed);
        if self.order.explain {
            let lines = ledger.foresee(&surveyed, panel);
            lines.into_iter().for_each(|text| self.order.observer.event(Event::Notice(text)));
        }
        if self.order.dry_run { Ok(()) } else { self.fetch(&surveyed, panel, ledger) }
    }

    /// Where media are looked for, and which of them are used.
    fn search(&self) -> Result<Search, ClientError> {
        let &Order { home, now, ref search, .. } = self.order;
        let settings = home.settings()?;
        Ok(Search {
            keys: home.trust()?,
            allow_unsigned: settings.get(Switch::AllowUnsignedMedia),
            use_usb: settings.get(Switch::EnableUsbCache),
            use_dvd: settings.get(Switch::EnableDvdCache),
            now: Some(now),
            ..search.clone()
        })
    }

    /// The service as a source of frames.
    fn network(&self) -> Option<Network> {
        let &Order { home, require_local, .. } = self.order;
        let service = self.service.clone()?;
        Some(Network::new(service, &home.document().server, !require_local))
    }

    /// The layers that are not whole.
    fn missing<'t>(
        &self,
        plan: &Plan<'t>,
        ledger: &mut Ledger,
    ) -> Result<Vec<&'t LayerDescriptor>, ClientError> {
        let &Order { home, crew, observer, .. } = self.order;
        let force = home.settings()?.get(Switch::ForceLocalChecksum).then_some(crew);
        let mut missing = Vec::new();
        for layer in &plan.layers {
            match local::look(&self.store, layer, force, observer)? {
                Here::Whole => ledger.was_whole(layer),
                Here::Absent => missing.push(*layer),
                Here::Damaged(why) => {
                    let text = format!("layer {} is damaged and is mended: {why}", layer.uuid);
                    observer.event(Event::Warning(text));
                    if !self.order.dry_run {
                        local::take_back(home, &self.store, layer)?;
                    }
                    missing.push(*layer);
                }
            }
        }
        Ok(missing)
    }

    fn survey<'s>(
        &self,
        missing: &[&'s LayerDescriptor],
        panel: &mut Panel<'s>,
        ledger: &mut Ledger,
    ) -> Result<Vec<Surveyed<'s>>, ClientError> {
        let &Order { home, crew, observer, dry_run, .. } = self.order;
        let twins = Twins::of(&self.store)?;
        let means = Means { home, crew, observer, twins: &twins, dry_run };
        let mut surveyed = Vec::new();
        for layer in missing {
            match survey::survey(panel, layer, means) {
                Ok(found) => surveyed.push(found),
                Err(error @ (ClientError::NoList { .. } | ClientError::TooLong { .. })) => {
                    ledger.fail(layer.uuid, &error)
                }
                Err(error) => return Err(error),
            }
        }
        Ok(surveyed)
    }

    fn fetch<'s>(
        &self,
        surveyed: &[Surveyed<'s>],
        panel: &mut Panel<'s>,
        ledger: &mut Ledger,
    ) -> Result<(), ClientError> {
        let &Order { crew, observer, .. } = self.order;
        let fetch = Fetch { layers: surveyed, kinds: &panel.kinds(), stop: crew.stop(), observer };
        observer.event(Event::Begin { task: "fetching", total: fetch.total(), unit: Unit::Bytes });
        let (fetched, ended) = fetch.run(|number| {
            let Some(layer) = surveyed.get(number) else { return Ok(()) };
            layer.making.commit(&self.store, layer.descriptor)?;
            ledger.whole(layer.descriptor.uuid);
            Ok(())
        });
        observer.event(Event::End);
        for (source, tally) in fetched.tallies.iter().enumerate() {
            if let Some((kind, why)) = &tally.out {
                panel.leave_out(source, *kind, why.clone());
            }
        }
        ledger.enter(surveyed, fetched);
        ended.map_err(|error| self.full(error, surveyed))
    }

    /// The same error, with how much would have been needed where the disk was full.
    fn full(&self, error: ClientError, surveyed: &[Surveyed<'_>]) -> ClientError {
        let layers: Vec<_> = surveyed.iter().map(|layer| layer.descriptor).collect();
        match error.kind() {
            ErrorKind::Fit => no_room(self.order.home, &layers).unwrap_or(error),
            _ => error,
        }
    }
}

/// The missing layers of the versions that fit into what is free: the current ones are asked first. Of those that do not
/// fit, the ledger says so.
fn fitting<'t>(
    home: &Home,
    plan: &Plan<'_>,
    missing: &[&'t LayerDescriptor],
    (mut free, ledger): (ByteLen, &mut Ledger),
) -> Vec<&'t LayerDescriptor> {
    let mut fits = BTreeSet::new();
    for wish in plan.wishes.iter().filter(|wish| wish.deed == Deed::Have) {
        let document = &wish.image.document;
        let is_own = |it: &LayerDescriptor| document.chain.contains(&it.uuid) && !fits.contains(&it.uuid);
        let own: Vec<_> = missing.iter().copied().filter(|layer| is_own(layer)).collect();
        let layers: Vec<_> = own.iter().map(|layer| layer.uuid).collect();
        let needed = room(home, &own);
        match free.checked_sub(needed) {
            Some(left) => {
                free = left;
                fits.extend(layers);
            }
            None => {
                let (path, what) = (home.root().into(), Some(document.title()));
                ledger.refuse(&layers, &ClientError::Full { path, what, free, needed });
            }
        }
    }
    missing.iter().copied().filter(|layer| fits.contains(&layer.uuid)).collect()
}

/// How many bytes more these layers take.
fn room(home: &Home, layers: &[&LayerDescriptor]) -> ByteLen {
    let rooms = layers.iter().map(|layer| making::room(&home.partial(layer.uuid), layer));
    ByteLen(rooms.fold(0u64, |sum, room| sum.saturating_add(room.0)))
}

/// That there is too little room for these layers, where that is so.
fn no_room(home: &Home, layers: &[&LayerDescriptor]) -> Option<ClientError> {
    let (needed, free) = (room(home, layers), making::free(home.root()).ok()?);
    (needed > free).then(|| ClientError::Full { path: home.root().into(), what: None, free, needed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{fake, plan};
    use remote::api::Role;

    #[test]
    fn a_staged_version_that_does_not_fit_keeps_no_current_one_from_coming() {
        let folder = tempfile::tempdir().unwrap();
        let home = fake::home(folder.path());
        let [mut base, mut child] = [fake::layer(1, None, 2), fake::layer(2, Some(1), 1)];
        base.descriptor.stored.len = ByteLen(1 << 20);
        child.descriptor.stored.len = ByteLen(1 << 60);
        let mut target = fake::target(&[&base, &child]);
        target.images[1].role = Role::Staged;
        let plan = plan::plan(&target, |_| false);
        let mut ledger = Ledger::new(&plan, &home);
        let fits = fitting(&home, &plan, &plan.layers, (ByteLen(1 << 30), &mut ledger));
        assert_eq!(fits, [&base.descriptor]);
        let [problem] = &ledger.problems[..] else { panic!("{:?}", ledger.problems) };
        assert_eq!(problem.kind, ErrorKind::Fit);
        let said = &problem.message;
        assert!(
            said.contains("free, and") && said.contains("1048576.0 TiB") && said.contains("Win7@2"),
            "{said}"
        );
        assert!(ledger.layers[0].why.is_none() && ledger.layers[1].why.is_some());
        assert!(
            no_room(&home, &[&child.descriptor]).is_some() && no_room(&home, &[&base.descriptor]).is_none()
        );
    }
}
