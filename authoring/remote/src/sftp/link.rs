//! The connection: the machine's own `ssh` as a child, so that its keys, agents, known hosts and settings count.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openssh_sftp_client::error::SftpErrorKind;
use openssh_sftp_client::{Error, Sftp, SftpOptions};
use store::RemoteCause;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::target::Target;
use crate::fault::Fault;
use crate::http::first_cause;
use crate::pace::Pace;

/// How much of what ssh says is kept, in bytes.
const MOST_SAID: usize = 16 << 10;
/// How long one thing may take that is done: lines are slow. That nobody is there any more, ssh notices much earlier.
const LONGEST: Duration = Duration::from_secs(600);
/// How long ssh has to end when the connection is gone.
const END: Duration = Duration::from_secs(2);

/// A connection that is used until it breaks.
#[derive(Debug)]
pub struct Link {
    /// What speaks SFTP.
    pub sftp: Sftp,
    /// Which of the connections it is: files that were opened over another one are gone.
    pub number: u64,
    /// Ends with the connection.
    _ssh: Child,
}

/// Makes connections, one at a time.
#[derive(Debug)]
pub struct Line {
    target: Target,
    patience: Duration,
    retries: u32,
    link: tokio::sync::Mutex<(u64, Option<Arc<Link>>)>,
}

impl Line {
    /// No connection yet.
    pub fn new(target: Target, patience: Duration, retries: u32) -> Self {
        Self { target, patience, retries, link: tokio::sync::Mutex::new((0, None)) }
    }

    /// Does something over the connection, and again over a new one when that breaks. It may have been done already.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn run<T>(&self, work: impl AsyncFn(&Arc<Link>) -> Result<T, Error>) -> Result<T, Fault> {
        let work = &work;
        self.send(move |link| async move { work(&link).await }).await
    }

    /// The same, for work that goes to another thread.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn send<T, W>(&self, work: impl Fn(Arc<Link>) -> W) -> Result<T, Fault>
    where
        W: Future<Output = Result<T, Error>>,
    {
        let mut pace = Pace::new(self.retries);
        loop {
            let fault = match self.once(&work).await {
                Ok(done) => return Ok(done),
                Err(fault) if fault.cause != RemoteCause::Unreachable => return Err(fault),
                Err(fault) => fault,
            };
            let Some(time) = pace.next(None) else { return Err(fault) };
            tokio::time::sleep(time).await;
        }
    }

    async fn once<T, W>(&self, work: &impl Fn(Arc<Link>) -> W) -> Result<T, Fault>
    where
        W: Future<Output = Result<T, Error>>,
    {
        let link = self.link().await?;
        let number = link.number;
        let fault = match tokio::time::timeout(LONGEST, work(link)).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => told(&error),
            Err(_) => {
                Fault::new(RemoteCause::Unreachable, format!("it took longer than {} s", LONGEST.as_secs()))
            }
        };
        if fault.cause == RemoteCause::Unreachable {
            self.drop_link(number).await;
        }
        Err(fault)
    }

    async fn link(&self) -> Result<Arc<Link>, Fault> {
        let mut kept = self.link.lock().await;
        if let Some(link) = &kept.1 {
            return Ok(link.clone());
        }
        kept.0 += 1;
        let link = Arc::new(connect(&self.target, self.patience, kept.0).await?);
        kept.1 = Some(link.clone());
        Ok(link)
    }

    /// Forgets a connection that broke.
    async fn drop_link(&self, number: u64) {
        let mut kept = self.link.lock().await;
        if kept.1.as_ref().is_some_and(|link| link.number == number) {
            kept.1 = None;
        }
    }
}

/// Starts ssh and greets the server.
async fn connect(target: &Target, patience: Duration, number: u64) -> Result<Link, Fault> {
    let mut ssh = command(target, patience).spawn().map_err(|e| {
        let text = format!("the program ssh cannot be started: {e}");
        Fault::refused(text)
    })?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (ssh.stdin.take(), ssh.stdout.take(), ssh.stderr.take())
    else {
        return Err(Fault::refused("ssh has no pipes"));
    };
    let said: Arc<Mutex<Vec<u8>>> = Arc::default();
    let listening = tokio::spawn(listen(stderr, said.clone()));
    let options = SftpOptions::new().flush_interval(Duration::ZERO);
    let greeting = tokio::spawn(Sftp::new(stdin, stdout, options));
    match tokio::time::timeout(patience, greeting).await {
        Ok(Ok(Ok(sftp))) => Ok(Link { sftp, number, _ssh: ssh }),
        _ => {
            // What ssh said counts more than that the server did not greet us.
            let _ = tokio::time::timeout(END, ssh.wait()).await;
            let _ = tokio::time::timeout(END, listening).await;
            let said = said.lock().unwrap_or_else(PoisonError::into_inner);
            Err(refused(&String::from_utf8_lossy(&said)))
        }
    }
}

fn command(target: &Target, patience: Duration) -> Command {
    let mut ssh = Command::new("ssh");
    let seconds = patience.as_secs().max(2);
    // Nobody is there to be asked.
    ssh.args([
        "-oBatchMode=yes",
        "-oClearAllForwardings=yes",
        "-oServerAliveCountMax=2",
        "-oPermitLocalCommand=no",
    ]);
    ssh.arg(format!("-oConnectTimeout={seconds}"));
    ssh.arg(format!("-oServerAliveInterval={}", seconds.div_ceil(2)));
    if let Some(port) = target.port {
        ssh.args(["-p", &port.to_string()]);
    }
    if let Some(user) = &target.user {
        ssh.args(["-l", user]);
    }
    ssh.args(["-s", "--", &target.host, "sftp"]);
    // Ctrl-C is for us: what was begun is cleaned up over this connection.
    ssh.process_group(0);
    ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    ssh
}

/// Keeps what ssh says, so that it never has to wait for somebody to hear it.
async fn listen(mut stderr: impl AsyncRead + Unpin, said: Arc<Mutex<Vec<u8>>>) {
    let mut piece = [0; 1024];
    while let Ok(len @ 1..) = stderr.read(&mut piece).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < MOST_SAID {
            said.extend(piece.iter().take(len));
        }
    }
}

/// Why there is no connection, by what ssh said last.
fn refused(said: &str) -> Fault {
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    let last = last.unwrap_or("ssh says nothing, and the server does not answer");
    let shown: String = last.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    let shown = shown.trim();
    let denied = ["Permission denied", "Host key verification failed", "Too many authentication failures"];
    let cause = match () {
        () if denied.iter().any(|word| said.contains(word)) => RemoteCause::Denied,
        () if said.contains("subsystem request failed") => RemoteCause::Refused,
        () => RemoteCause::Unreachable,
    };
    Fault::new(cause, shown)
}

/// What an error means. What the server does not say itself is said by a connection that broke.
pub fn told(error: &Error) -> Fault {
    let (cause, text) = match error {
        Error::SftpError(SftpErrorKind::NoSuchFile, _) => {
            (RemoteCause::Missing, "there is no such file".into())
        }
        Error::SftpError(SftpErrorKind::PermDenied, _) => (RemoteCause::Denied, "permission denied".into()),
        Error::SftpError(SftpErrorKind::OpUnsupported, _) => {
            (RemoteCause::Refused, "it cannot do that".into())
        }
        Error::SftpError(_, said) => (RemoteCause::Refused, format!("the server says: {said}")),
        Error::UnsupportedExtension(name) => {
            (RemoteCause::Refused, format!("the server does not know {name}, which OpenSSH has"))
        }
        Error::BackgroundTaskFailure(_) => (RemoteCause::Unreachable, "the connection broke".into()),
        other => (RemoteCause::Unreachable, first_cause(other)),
    };
    Fault::new(cause, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_is_understood() {
        let cause = |said: &str| refused(said).cause;
        assert_eq!(cause("Warning: x\nme@a: Permission denied (publickey).\r\n"), RemoteCause::Denied);
        assert_eq!(
            cause("No ED25519 host key is known\nHost key verification failed.\n"),
            RemoteCause::Denied
        );
        assert_eq!(cause("ssh: connect to host a port 22: Connection refused\r\n"), RemoteCause::Unreachable);
        assert_eq!(cause("subsystem request failed on channel 0"), RemoteCause::Refused);
        assert_eq!(refused("a\u{1b}[31m\nlast \u{7}\n\n").text, "last");
        assert_eq!(cause(""), RemoteCause::Unreachable);
    }
}
