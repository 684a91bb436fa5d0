//! OpenSSH's server, with keys and settings of its own in a scratch folder, as the user who runs the tests.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::elsewhere::Elsewhere;
use crate::judge::Judge;
use crate::workshop::Workshop;

/// The server: each connection gets an `sshd` of its own, as inetd starts it. It is there until the test ends.
pub struct Sshd {
    /// Where it listens.
    pub address: SocketAddr,
    folder: PathBuf,
}

impl Sshd {
    /// Starts a server on a port that is free, with everything that it needs in a folder.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(workshop: &Workshop) -> Self {
        let folder = workshop.path("ssh");
        fs::create_dir_all(folder.join("bin")).expect("a folder");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a folder of one's own");
        // The server of root wants it, and only the service's script makes it.
        let _ = fs::create_dir_all("/run/sshd");
        for key in ["host", "user"] {
            let args = ["-q", "-t", "ed25519", "-N", "", "-f"];
            Judge::new("ssh-keygen").args(args).arg(folder.join(key)).agrees();
        }
        let shown = folder.display();
        let server = format!(
            "HostKey {shown}/host\nAuthorizedKeysFile {shown}/user.pub\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nPidFile none\nSubsystem sftp internal-sftp\n"
        );
        fs::write(folder.join("sshd_config"), server).expect("settings of the server");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its number");
        let sshd = Self { address, folder };
        sshd.write_client(&sshd.host_key());
        let config = sshd.folder.join("sshd_config");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let fd: OwnedFd = stream.into();
                let Ok(other) = fd.try_clone() else { continue };
                let mut server = Command::new("/usr/sbin/sshd");
                server.arg("-i").arg("-f").arg(&config).stdin(fd).stdout(other).stderr(Stdio::null());
                let Ok(mut child) = server.spawn() else { continue };
                thread::spawn(move || child.wait());
            }
        });
        sshd
    }

    /// The settings of `ssh`: which key to show, and which host to believe. Any address on this machine is that host.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn write_client(&self, host_key: &str) {
        let shown = self.folder.display();
        fs::write(self.folder.join("known"), format!("seedpress-test {host_key}\n")).expect("known hosts");
        let client = format!(
            "Host *\n IdentityFile {shown}/user\n IdentitiesOnly yes\n IdentityAgent none\n\
             UserKnownHostsFile {shown}/known\n GlobalKnownHostsFile /dev/null\n StrictHostKeyChecking yes\n\
             HostKeyAlias seedpress-test\n"
        );
        fs::write(self.folder.join("config"), client).expect("settings of ssh");
        let ssh = xtask::program::find("ssh").expect("ssh: apt-get install openssh-client");
        let script = format!("#!/bin/sh\nexec {} -F {shown}/config \"$@\"\n", ssh.display());
        let path = self.folder.join("bin/ssh");
        fs::write(&path, script).expect("an ssh with these settings");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    /// The server's public key.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn host_key(&self) -> String {
        let text = fs::read_to_string(self.folder.join("host.pub")).expect("the host's key");
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// The user's public key, which is as good as any other that is not the host's.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn other_key(&self) -> String {
        let text = fs::read_to_string(self.folder.join("user.pub")).expect("the user's key");
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// A store in a folder, reached over `address`.
    ///
    /// # Panics
    /// When there is no `PATH`.
    pub fn store(&self, address: SocketAddr, folder: &Path) -> Elsewhere {
        let url = format!("sftp://{address}{}", folder.display());
        let path = std::env::var("PATH").expect("a PATH");
        let path = format!("{}:{path}", self.folder.join("bin").display());
        Elsewhere { url, env: vec![("PATH".into(), path)], files: folder.into() }
    }
}
