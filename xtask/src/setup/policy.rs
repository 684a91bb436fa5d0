//! What `apt-cache policy` says, and which release gives all packages of one source in versions that go together.
//!
//! A machine may have one package of a source from a release that its sources no longer list (backports, say).
//! Its siblings' candidates are then older, and apt refuses to mix them. All are taken from one release instead.

/// What `apt-cache policy` says about one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub package: String,
    /// The version that is installed.
    pub installed: Option<String>,
    /// The version that apt would install.
    pub candidate: Option<String>,
    /// Every version that apt knows.
    pub versions: Vec<Version>,
}

/// A version of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub number: String,
    /// The releases that offer it, such as `bookworm`; none where it is only installed.
    pub releases: Vec<String>,
}

impl Policy {
    /// The packages in the output of `apt-cache policy PACKAGE...` (in the C locale).
    pub fn parse(said: &str) -> Vec<Self> {
        let mut policies: Vec<Self> = Vec::new();
        for line in said.lines() {
            if !line.starts_with(' ') {
                policies.push(Self { package: line.trim_end_matches(':').into(), ..Self::default() });
            } else if let Some(policy) = policies.last_mut() {
                policy.take(line);
            }
        }
        policies
    }

    fn take(&mut self, line: &str) {
        let known = |number: &str| Some(number.trim().to_owned()).filter(|number| number != "(none)");
        let line = line.trim();
        if let Some(number) = line.strip_prefix("Installed:") {
            self.installed = known(number);
        } else if let Some(number) = line.strip_prefix("Candidate:") {
            self.candidate = known(number);
        } else {
            self.take_version(line.trim_start_matches("*** "));
        }
    }

    /// A row of the version table: `NUMBER PRIORITY`, or under it `PRIORITY SOURCE [RELEASE/COMPONENT ...]`.
    fn take_version(&mut self, row: &str) {
        let words: Vec<&str> = row.split_whitespace().collect();
        match words[..] {
            [_, source, ref rest @ ..] if source.contains('/') => {
                let release = rest.first().and_then(|it| it.rsplit_once('/')).map(|(release, _)| release);
                if let (Some(version), Some(release)) = (self.versions.last_mut(), release) {
                    version.releases.push(release.into());
                }
            }
            [number, priority, ..] if priority.parse::<i32>().is_ok() => {
                self.versions.push(Version { number: number.into(), releases: Vec::new() });
            }
            _ => {}
        }
    }

    fn releases_of(&self, number: Option<&String>) -> impl Iterator<Item = &str> {
        let versions = self.versions.iter().filter(move |version| Some(&version.number) == number);
        versions.flat_map(|version| version.releases.iter().map(String::as_str))
    }

    fn is_offered_by(&self, release: &str) -> bool {
        self.versions.iter().any(|version| version.releases.iter().any(|it| it == release))
    }
}

/// What to give `apt-get install` so that all packages of one source are there in versions that go together:
/// from the release of those that are installed, else from the release of the candidates. Nothing when all are
/// there; plain names when no one release has all, so that apt itself says what is wrong.
pub fn together(family: &[Policy]) -> Vec<String> {
    if family.iter().all(|policy| policy.installed.is_some()) {
        return Vec::new();
    }
    let installed = family.iter().flat_map(|policy| policy.releases_of(policy.installed.as_ref()));
    let candidates = family.iter().flat_map(|policy| policy.releases_of(policy.candidate.as_ref()));
    let release =
        installed.chain(candidates).find(|release| family.iter().all(|policy| policy.is_offered_by(release)));
    let wanted = |policy: &Policy| match release {
        Some(release) => format!("{}/{release}", policy.package),
        None => policy.package.clone(),
    };
    family.iter().map(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE_ONLY: &str = "\
qemu-system-x86:
  Installed: (none)
  Candidate: 1:7.2+dfsg-7+deb12u18+b3
  Version table:
     1:7.2+dfsg-7+deb12u18+b3 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
     1:7.2+dfsg-7+deb12u15 500
        500 http://mirror.example/debian-security bookworm-security/main amd64 Packages
";
    const INSTALLED_ELSEWHERE: &str = "\
qemu-utils:
  Installed: 1:10.0.2+ds-2~bpo12+1
  Candidate: 1:10.0.2+ds-2~bpo12+1
  Version table:
 *** 1:10.0.2+ds-2~bpo12+1 100
        100 /var/lib/dpkg/status
     1:7.2+dfsg-7+deb12u18+b3 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
";
    const BACKPORTS_LISTED: &str = "\
qemu-system-x86:
  Installed: (none)
  Candidate: 1:7.2+dfsg-7
  Version table:
     1:10.0.2 100
        100 http://mirror.example/debian bookworm-backports/main amd64 Packages
     1:7.2+dfsg-7 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
qemu-utils:
  Installed: 1:10.0.2
  Candidate: 1:10.0.2
  Version table:
 *** 1:10.0.2 100
        100 http://mirror.example/debian bookworm-backports/main amd64 Packages
        100 /var/lib/dpkg/status
     1:7.2+dfsg-7 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
";

    fn chosen(said: &[&str]) -> Vec<String> {
        together(&Policy::parse(&said.concat()))
    }

    #[test]
    fn a_policy_has_its_versions_and_their_releases() {
        let [policy] = Policy::parse(INSTALLED_ELSEWHERE).try_into().unwrap();
        assert_eq!(policy.package, "qemu-utils");
        assert_eq!(policy.installed.as_deref(), Some("1:10.0.2+ds-2~bpo12+1"));
        assert_eq!(policy.versions.len(), 2);
        assert_eq!(policy.versions[0].releases, Vec::<String>::new());
        assert_eq!(policy.versions[1].releases, ["bookworm"]);
    }

    #[test]
    fn a_sibling_of_a_release_that_is_gone_is_taken_back() {
        let chosen = chosen(&[RELEASE_ONLY, INSTALLED_ELSEWHERE]);
        assert_eq!(chosen, ["qemu-system-x86/bookworm", "qemu-utils/bookworm"]);
    }

    #[test]
    fn the_release_of_what_is_installed_comes_first() {
        let chosen = chosen(&[BACKPORTS_LISTED]);
        assert_eq!(chosen, ["qemu-system-x86/bookworm-backports", "qemu-utils/bookworm-backports"]);
    }

    #[test]
    fn nothing_is_asked_for_when_all_are_there() {
        assert!(chosen(&[INSTALLED_ELSEWHERE]).is_empty());
    }

    #[test]
    fn names_stay_plain_where_no_release_has_all() {
        let unknown = "qemu-system-data:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n";
        assert_eq!(chosen(&[RELEASE_ONLY, unknown]), ["qemu-system-x86", "qemu-system-data"]);
    }
}
