//! Finding and changing devices.

use formats::names::check_name;
use formats::units::ByteLen;
use host::{Observer, Stop};

use crate::depot::Guarded;
use crate::device::{DeviceDocument, DeviceError, ReportDocument};
use crate::document::{MAX_DOCUMENT, read_text};
use crate::error::StoreError;
use crate::paths;
use crate::root::Store;

impl Store {
    /// The names of all devices, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn device_names(&self) -> Result<Vec<String>, StoreError> {
        let files = self.depot().list(paths::DEVICES)?;
        let names = files.iter().filter_map(|file| file.strip_suffix(paths::DOCUMENT));
        let mut names: Vec<String> = names.filter(|name| check_name(name).is_ok()).map(Into::into).collect();
        names.sort();
        Ok(names)
    }

    /// A device; `None` when there is none of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn device(&self, name: &str) -> Result<Option<DeviceDocument>, StoreError> {
        check_name(name)?;
        self.read(&paths::device(name), name, DeviceDocument::parse, |device| &device.device)
    }

    /// What a device reported last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn report(&self, name: &str) -> Result<Option<ReportDocument>, StoreError> {
        check_name(name)?;
        self.read(&paths::report(name), name, ReportDocument::parse, |report| &report.device)
    }

    /// Keeps the first report of a device; `false` when there is one already, and then nothing changes. Nothing is kept of a
    /// device that was removed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_report(&self, report: &ReportDocument) -> Result<bool, StoreError> {
        check_name(&report.device)?;
        let is_new = self.depot().create(&paths::report(&report.device), report.print().as_bytes())?;
        self.see_to_report(&report.device)?;
        Ok(is_new)
    }

    /// Keeps what a device reports, in place of its last report; nothing of a device that was removed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_report(&self, report: &ReportDocument) -> Result<(), StoreError> {
        check_name(&report.device)?;
        self.depot().replace(&paths::report(&report.device), report.print().as_bytes())?;
        self.see_to_report(&report.device)
    }

    /// Removes the report of a device that is not there any more. Who removes a device removes its report afterwards: one
    /// of the two sees what the other one did.
    fn see_to_report(&self, name: &str) -> Result<(), StoreError> {
        if self.depot().has(&paths::device(name))? {
            Ok(())
        } else {
            self.depot().remove(&paths::report(name))
        }
    }

    /// Forgets what a device reported, and the key that it reported with; `false` when there is nothing to forget.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_report(&self, name: &str) -> Result<bool, StoreError> {
        check_name(name)?;
        let was_there = self.depot().has(&paths::report(name))?;
        self.depot().remove(&paths::report(name))?;
        Ok(was_there)
    }

    /// Adds a device, while nobody else changes any; `false` when there is one of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_device(
        &self,
        device: &DeviceDocument,
        (stop, observer): (&Stop, &dyn Observer),
    ) -> Result<bool, StoreError> {
        check_name(&device.device)?;
        let lock = self.depot().lock(Guarded::Devices, stop, observer)?;
        lock.check()?;
        self.depot().create(&paths::device(&device.device), self.print_device(device)?.as_bytes())
    }

    /// Changes a device, while nobody else changes any; `None` when there is none of this name.
    ///
    /// # Errors
    /// [`StoreError`], or what `change` says.
    pub fn change_device<E: From<StoreError>>(
        &self,
        name: &str,
        (stop, observer): (&Stop, &dyn Observer),
        change: impl FnOnce(&mut DeviceDocument) -> Result<(), E>,
    ) -> Result<Option<DeviceDocument>, E> {
        let lock = self.depot().lock(Guarded::Devices, stop, observer)?;
        let Some(mut device) = self.device(name)? else { return Ok(None) };
        change(&mut device)?;
        lock.check()?;
        self.depot().replace(&paths::device(name), self.print_device(&device)?.as_bytes())?;
        Ok(Some(device))
    }

    /// The document of a device, as long as somebody can read it again.
    fn print_device(&self, device: &DeviceDocument) -> Result<String, StoreError> {
        let text = device.print();
        let (len, most) = (ByteLen(text.len() as u64), ByteLen(MAX_DOCUMENT));
        if len <= most {
            return Ok(text);
        }
        Err(StoreError::TooLong { path: self.depot().place(&paths::device(&device.device)), len, most })
    }

    /// Removes a device and its report, while nobody else changes any; `false` when there is none of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_device(
        &self,
        name: &str,
        (stop, observer): (&Stop, &dyn Observer),
    ) -> Result<bool, StoreError> {
        check_name(name)?;
        let lock = self.depot().lock(Guarded::Devices, stop, observer)?;
        lock.check()?;
        let was_there = self.depot().has(&paths::device(name))?;
        self.depot().remove(&paths::device(name))?;
        self.forget_report(name)?;
        Ok(was_there)
    }

    /// Reads a document of a device; `None` when it is not there.
    fn read<T>(
        &self,
        key: &str,
        name: &str,
        parse: impl Fn(&str) -> Result<T, DeviceError>,
        subject: impl Fn(&T) -> &str,
    ) -> Result<Option<T>, StoreError> {
        let path = self.depot().place(key);
        let damaged = |source| StoreError::Device { path: path.clone(), source };
        let text = match read_text(self.depot(), key) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = parse(&text).map_err(damaged)?;
        if subject(&found) == name {
            return Ok(Some(found));
        }
        let (expected, found) = (name.into(), subject(&found).into());
        Err(damaged(DeviceError::OtherSubject { expected, found }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use formats::layer::FORMAT;
    use host::{Event, Ignore};

    use super::*;
    use crate::device::SecretHash;

    const TIME: &str = "2026-11-22T08:00:00Z";

    fn with_device(root: &std::path::Path) -> Store {
        let store = Store::open_or_create(root).unwrap();
        let device = DeviceDocument {
            format: FORMAT,
            device: "pc1".into(),
            note: String::new(),
            added: TIME.parse().unwrap(),
            secret: SecretHash::new([7; 32], "secret"),
            removed: false,
            rows: Vec::new(),
            assignments: Vec::new(),
        };
        assert!(store.add_device(&device, (&Stop::new(), &Ignore)).unwrap());
        store
    }

    fn report() -> ReportDocument {
        ReportDocument {
            format: FORMAT,
            device: "pc1".into(),
            received: TIME.parse().unwrap(),
            key: String::new(),
            images: Vec::new(),
            tool: String::new(),
            receipt: String::new(),
            signature: String::new(),
            refused: None,
        }
    }

    /// Tells whoever made it that somebody waits.
    struct Telling(std::sync::Mutex<std::sync::mpsc::Sender<()>>);

    impl Observer for Telling {
        fn event(&self, event: Event) {
            assert!(
                matches!(&event, Event::Notice(text) if text.contains("changing the devices")),
                "{event:?}"
            );
            self.0.lock().unwrap().send(()).unwrap();
        }
    }

    #[test]
    fn a_device_that_is_removed_while_it_is_changed_stays_removed() {
        let root = tempfile::tempdir().unwrap();
        let store = with_device(root.path());
        store.put_report(&report()).unwrap();
        let (waits, waiting) = channel();
        thread::scope(|scope| {
            let theirs = &store;
            let changed = store.change_device("pc1", (&Stop::new(), &Ignore), move |device| {
                let telling = Telling(std::sync::Mutex::new(waits));
                scope.spawn(move || assert!(theirs.remove_device("pc1", (&Stop::new(), &telling)).unwrap()));
                waiting.recv().unwrap();
                device.note = "changed".into();
                Ok::<(), StoreError>(())
            });
            assert_eq!(changed.unwrap().unwrap().note, "changed");
        });
        assert_eq!(store.device("pc1").unwrap(), None);
        assert_eq!(store.report("pc1").unwrap(), None);
    }

    #[test]
    fn what_a_removed_device_reports_is_not_kept() {
        let root = tempfile::tempdir().unwrap();
        let store = with_device(root.path());
        store.put_report(&report()).unwrap();
        assert!(store.report("pc1").unwrap().is_some());
        assert!(store.remove_device("pc1", (&Stop::new(), &Ignore)).unwrap());
        store.put_report(&report()).unwrap();
        assert_eq!(store.report("pc1").unwrap(), None);
    }

    #[test]
    fn devices_are_changed_while_a_publish_is_under_way() {
        let root = tempfile::tempdir().unwrap();
        let store = with_device(root.path());
        let _publish = store.depot().lock(Guarded::Catalogue, &Stop::new(), &Ignore).unwrap();
        let changed = store.change_device("pc1", (&Stop::new(), &Ignore), |_| Ok::<(), StoreError>(()));
        assert!(changed.unwrap().is_some());
    }
}
