//! The switches, by their names. The program never changes one by itself.

use serde::{Deserialize, Serialize};

/// A switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Switch {
    /// Whether USB media are looked at.
    EnableUsbCache,
    /// Whether optical media are looked at.
    EnableDvdCache,
    /// Whether every frame of every layer that is here is compared with its digest at every sync.
    ForceLocalChecksum,
    /// Whether media without a signature are used. One with a wrong signature never is.
    AllowUnsignedMedia,
}

/// The switches as they are set: `settings.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    enable_usb_cache: bool,
    enable_dvd_cache: bool,
    force_local_checksum: bool,
    allow_unsigned_media: bool,
}

/// A name that no switch has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no switch {name:?}: the switches are {}", Switch::ALL.map(Switch::name).join(", "))]
pub struct NoSwitch {
    /// The name.
    pub name: String,
}

/// Text that says neither yes nor no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no value of a switch: expected true or false (yes, no, on, off, 1, 0)")]
pub struct NoValue {
    /// The text.
    pub found: String,
}

impl Switch {
    /// All switches.
    pub const ALL: [Self; 4] =
        [Self::EnableUsbCache, Self::EnableDvdCache, Self::ForceLocalChecksum, Self::AllowUnsignedMedia];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::EnableUsbCache => "enable-usb-cache",
            Self::EnableDvdCache => "enable-dvd-cache",
            Self::ForceLocalChecksum => "force-local-checksum",
            Self::AllowUnsignedMedia => "allow-unsigned-media",
        }
    }

    /// What it does, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::EnableUsbCache => "look at USB media before the network",
            Self::EnableDvdCache => "look at optical media before the network",
            Self::ForceLocalChecksum => "read all that is here at every sync",
            Self::AllowUnsignedMedia => "use media without a signature",
        }
    }

    /// The switch of a name.
    ///
    /// # Errors
    /// [`NoSwitch`].
    pub fn named(name: &str) -> Result<Self, NoSwitch> {
        let found = Self::ALL.into_iter().find(|switch| switch.name() == name);
        found.ok_or_else(|| NoSwitch { name: name.chars().take(80).collect() })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enable_usb_cache: true,
            enable_dvd_cache: true,
            force_local_checksum: false,
            allow_unsigned_media: false,
        }
    }
}

impl Settings {
    /// Whether a switch is on.
    pub fn get(&self, switch: Switch) -> bool {
        match switch {
            Switch::EnableUsbCache => self.enable_usb_cache,
            Switch::EnableDvdCache => self.enable_dvd_cache,
            Switch::ForceLocalChecksum => self.force_local_checksum,
            Switch::AllowUnsignedMedia => self.allow_unsigned_media,
        }
    }

    /// Turns a switch on or off.
    pub fn set(&mut self, switch: Switch, value: bool) {
        *match switch {
            Switch::EnableUsbCache => &mut self.enable_usb_cache,
            Switch::EnableDvdCache => &mut self.enable_dvd_cache,
            Switch::ForceLocalChecksum => &mut self.force_local_checksum,
            Switch::AllowUnsignedMedia => &mut self.allow_unsigned_media,
        } = value;
    }
}

/// What a text says of a switch.
///
/// # Errors
/// [`NoValue`].
pub fn parse_value(text: &str) -> Result<bool, NoValue> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(NoValue { found: text.chars().take(80).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::document;

    #[test]
    fn each_switch_is_found_by_its_name_and_changes_itself_alone() {
        for switch in Switch::ALL {
            assert_eq!(Switch::named(switch.name()), Ok(switch));
            let mut settings = Settings::default();
            settings.set(switch, !settings.get(switch));
            for other in Switch::ALL {
                let changed = settings.get(other) != Settings::default().get(other);
                assert_eq!(changed, other == switch, "{switch:?} {other:?}");
            }
            assert_eq!(document::parse::<Settings>(&document::print(&settings)), Ok(settings));
        }
        let said = Switch::named("enable_usb_cache").unwrap_err().to_string();
        assert!(Switch::ALL.iter().all(|switch| said.contains(switch.name())), "{said}");
    }

    #[test]
    fn what_is_not_said_is_as_it_is_by_default_and_what_is_unknown_is_refused() {
        let settings: Settings = document::parse("{\"enable-dvd-cache\": false}").unwrap();
        assert!(settings.get(Switch::EnableUsbCache) && !settings.get(Switch::EnableDvdCache));
        assert!(document::parse::<Settings>("{\"enable-cd-cache\": false}").is_err());
    }

    #[test]
    fn values_are_said_in_several_words() {
        assert!(["true", "yes", "on", "1", "TRUE"].iter().all(|text| parse_value(text) == Ok(true)));
        assert!(["false", "no", "off", "0", "Off"].iter().all(|text| parse_value(text) == Ok(false)));
        assert!(["", "2", "tru"].iter().all(|text| parse_value(text).is_err()));
    }
}
