//! Where a store is that is reached by SSH: `sftp://[user@]host[:port]/path`.

use crate::fault::Fault;

/// The place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The URL, without a `/` at its end.
    pub url: String,
    /// Whose account; where none is named, SSH's settings say.
    pub user: Option<String>,
    /// The host, or what SSH's settings call it.
    pub host: String,
    /// The port, where it is not the usual one.
    pub port: Option<u16>,
    /// The store's folder: absolute, or relative to where the server starts.
    pub folder: String,
}

impl Target {
    /// Parses a URL. `sftp://host/path` is an absolute path, `sftp://host/~/path` one in the account's folder.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn parse(url: &str) -> Result<Self, Fault> {
        let wrong = |why: &str| Fault::refused(format!("{url} is no place for a store: {why}"));
        let expected = || wrong("expected sftp://[USER@]HOST[:PORT]/PATH");
        let (host, path) =
            url.strip_prefix("sftp://").and_then(|rest| rest.split_once('/')).ok_or_else(expected)?;
        let (user, host) = match host.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => {
                return Err(Fault::refused("passwords do not belong into URLs"));
            }
            Some((user, host)) => (Some(user), host),
            None => (None, host),
        };
        let (host, port) = split_port(host).ok_or_else(|| wrong("the port is none"))?;
        let is_name =
            |text: &str| !text.is_empty() && !text.starts_with('-') && text.chars().all(is_harmless);
        if !is_name(host) || !user.is_none_or(is_name) {
            return Err(wrong("the host or the user has no name that it can have"));
        }
        let path = path.trim_end_matches('/');
        let folder = path.strip_prefix("~/").map_or_else(|| format!("/{path}"), Into::into);
        if path.is_empty() || path.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            return Err(wrong("the path names no folder"));
        }
        let (user, host) = (user.map(Into::into), host.into());
        Ok(Self { url: url.trim_end_matches('/').into(), user, host, port, folder })
    }

    /// The path of a key.
    pub fn path(&self, key: &str) -> String {
        if key.is_empty() { self.folder.clone() } else { format!("{}/{key}", self.folder) }
    }
}

/// A character that means nothing to a shell, and is no option.
fn is_harmless(c: char) -> bool {
    c.is_alphanumeric() || ".-_:%+\\".contains(c)
}

/// Host and port; an address of version 6 stands in brackets.
fn split_port(host: &str) -> Option<(&str, Option<u16>)> {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, rest) = match bracketed {
        Some((host, rest)) => (host, rest),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    if rest.is_empty() {
        return Some((host, None));
    }
    Some((host, Some(rest.strip_prefix(':')?.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_apart() {
        let target = Target::parse("sftp://me@a.example:2222/srv/store/").unwrap();
        assert_eq!(
            (target.user.as_deref(), &*target.host, target.port),
            (Some("me"), "a.example", Some(2222))
        );
        assert_eq!(target.path("images"), "/srv/store/images");
        assert_eq!(target.url, "sftp://me@a.example:2222/srv/store");
        let target = Target::parse("sftp://[::1]:22/~/store").unwrap();
        assert_eq!((&*target.host, target.port, &*target.path("")), ("::1", Some(22), "store"));
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for bad in [
            "sftp://host",
            "sftp://host/",
            "sftp:///path",
            "sftp://-oProxyCommand=x/path",
            "sftp://-l@host/path",
            "sftp://a b/path",
            "sftp://a;b/path",
            "sftp://host:x/path",
            "sftp://host:70000/path",
            "sftp://me:secret@host/path",
            "sftp://host/a/../b",
            "sftp://host//a",
            "http://host/path",
        ] {
            let told = Target::parse(bad).unwrap_err().to_string();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
