//! Finding and changing devices.

use formats::names::check_name;
use host::{Observer, Stop};

use crate::device::{DeviceDocument, DeviceError, ReportDocument};
use crate::document::read_text;
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

    /// Keeps the first report of a device; `false` when there is one already, and then nothing changes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_report(&self, report: &ReportDocument) -> Result<bool, StoreError> {
        check_name(&report.device)?;
        self.depot().create(&paths::report(&report.device), report.print().as_bytes())
    }

    /// Keeps what a device reports, in place of its last report.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_report(&self, report: &ReportDocument) -> Result<(), StoreError> {
        check_name(&report.device)?;
        self.depot().replace(&paths::report(&report.device), report.print().as_bytes())
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

    /// Adds a device; `false` when there is one of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_device(&self, device: &DeviceDocument) -> Result<bool, StoreError> {
        check_name(&device.device)?;
        self.depot().create(&paths::device(&device.device), device.print().as_bytes())
    }

    /// Changes a device, while nobody else does; `None` when there is none of this name.
    ///
    /// # Errors
    /// [`StoreError`], or what `change` says.
    pub fn change_device<E: From<StoreError>>(
        &self,
        name: &str,
        (stop, observer): (&Stop, &dyn Observer),
        change: impl FnOnce(&mut DeviceDocument) -> Result<(), E>,
    ) -> Result<Option<DeviceDocument>, E> {
        let lock = self.depot().lock(stop, observer)?;
        let Some(mut device) = self.device(name)? else { return Ok(None) };
        change(&mut device)?;
        lock.check()?;
        self.depot().replace(&paths::device(name), device.print().as_bytes())?;
        Ok(Some(device))
    }

    /// Removes a device and its report; `false` when there is none of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_device(&self, name: &str) -> Result<bool, StoreError> {
        check_name(name)?;
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
