//! Looking for what is missing on this machine and on media, and fetching the rest.

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
use super::plan::Plan;
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
        check_room(self.order.home, &missing)?;
        for group in missing.chunks(GROUP) {
            let surveyed = self.survey(group, &mut panel, ledger)?;
            ledger.expect(&surveyed);
            if self.order.explain {
                let lines = ledger.foresee(&surveyed, &panel);
                lines.into_iter().for_each(notice);
            }
            if !self.order.dry_run {
                self.fetch(&surveyed, &mut panel, ledger)?;
            }
        }
        ledger.conclude(&panel, self.order.dry_run);
        Ok(())
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
        let &Order { home, crew, observer, .. } = self.order;
        let twins = Twins::of(&self.store)?;
        let means = Means { home, crew, observer, twins: &twins };
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
        let fetched = fetch.run(|number| {
            let Some(layer) = surveyed.get(number) else { return Ok(()) };
            layer.making.commit(&self.store, layer.descriptor)?;
            ledger.whole(layer.descriptor.uuid);
            Ok(())
        });
        let fetched = fetched.map_err(|error| self.full(error, surveyed))?;
        observer.event(Event::End);
        for (source, tally) in fetched.tallies.iter().enumerate() {
            if let Some((kind, why)) = &tally.out {
                panel.leave_out(source, *kind, why.clone());
            }
        }
        ledger.enter(surveyed, fetched);
        Ok(())
    }

    /// The same error, with how much would have been needed where the disk was full.
    fn full(&self, error: ClientError, surveyed: &[Surveyed<'_>]) -> ClientError {
        let layers: Vec<_> = surveyed.iter().map(|layer| layer.descriptor).collect();
        match error.kind() {
            ErrorKind::Fit => check_room(self.order.home, &layers).err().unwrap_or(error),
            _ => error,
        }
    }
}

/// Refuses to begin what does not fit.
fn check_room(home: &Home, missing: &[&LayerDescriptor]) -> Result<(), ClientError> {
    let rooms = missing.iter().map(|layer| making::room(&home.partial(layer.uuid), layer));
    let needed = ByteLen(rooms.fold(0u64, |sum, room| sum.saturating_add(room.0)));
    let free = making::free(home.root())?;
    if needed <= free {
        return Ok(());
    }
    Err(ClientError::Full { path: home.root().into(), free, needed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::fake;

    #[test]
    fn what_does_not_fit_is_not_begun_and_the_figures_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let home = fake::home(folder.path());
        let mut layer = fake::layer(1, None, 2).descriptor;
        assert!(check_room(&home, &[&layer, &layer]).is_ok());
        layer.stored.len = ByteLen(1 << 60);
        let refused = check_room(&home, &[&layer, &layer]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Fit);
        let said = refused.to_string();
        assert!(said.contains("free, and") && said.contains("2097152.0 TiB"), "{said}");
    }
}
