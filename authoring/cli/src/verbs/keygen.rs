//! `keygen`: a pair of keys for signing media.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use formats::minisign::{KeyId, Protection, SecretKey};
use serde::Serialize;

use crate::code::Code;
use crate::drafts::Draft;
use crate::error::Refusal;
use crate::output::{self, Answer};
use crate::secret::PasswordFile;
use crate::shell::Shell;

/// Make a pair of minisign keys for signing media.
#[derive(Args, Debug)]
pub struct Keygen {
    /// Where to write the secret key, readable by you alone
    #[arg(short, long, value_name = "FILE")]
    secret: PathBuf,
    /// Where to write the public key, which verifies
    #[arg(short, long, value_name = "FILE")]
    public: PathBuf,
    /// Do not encrypt the secret key: who has the file can sign
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,
    #[command(flatten)]
    password: PasswordFile,
    /// Overwrite key files that are there
    #[arg(short, long)]
    force: bool,
}

/// scrypt's memory, in bytes, and operations, in libsodium's count, for N = 2^17, r = 8 and p = 1: what OWASP's
/// "Password Storage Cheat Sheet" asks for. Minisign itself asks for eight times as much of both, which a machine that
/// builds media may not have to spare.
const COST: (u64, u64) = (128 << 20, 1 << 22);

#[derive(Serialize)]
struct Made {
    key: String,
    public_key: String,
    #[serde(serialize_with = "output::lossy")]
    secret_file: PathBuf,
    #[serde(serialize_with = "output::lossy")]
    public_file: PathBuf,
    encrypted: bool,
}

impl Keygen {
    /// Draws a key and writes both files.
    ///
    /// # Errors
    /// When a file is there, or cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        self.check_outputs(shell)?;
        let password = if self.no_password { None } else { Some(self.password.new_one()?) };
        let secret = SecretKey::from_seed(&draw()?, KeyId(draw()?));
        let public = secret.public();
        let protection = match &password {
            Some(password) => Protection::Password {
                password: password.as_bytes(),
                salt: draw()?,
                memory: COST.0,
                work: COST.1,
            },
            None => Protection::None,
        };
        let secret = Draft::new(&self.secret, &secret.print(protection)?, 0o600)?;
        Draft::commit([secret, Draft::new(&self.public, &public.print(), 0o644)?])?;
        shell.answer(&Made {
            key: public.id.to_string(),
            public_key: public.to_base64(),
            secret_file: self.secret,
            public_file: self.public,
            encrypted: password.is_some(),
        })?;
        Ok(Code::Done)
    }

    fn check_outputs(&self, shell: &Shell) -> anyhow::Result<()> {
        let files = [&self.secret, &self.public];
        for file in files {
            shell.check(file, self.force, self.password.path().into_iter())?;
        }
        let [secret, public] = files.map(|file| place(file));
        if secret != public {
            return Ok(());
        }
        let what = format!("both keys would be written to {}", self.secret.display());
        Err(Refusal::usage(what).next("name two files").into())
    }
}

/// The folder that a file lies in, whatever way leads there, and its name in it.
fn place(file: &Path) -> (Option<PathBuf>, Option<&OsStr>) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (fs::canonicalize(folder).ok(), file.file_name())
}

impl Answer for Made {
    const SCHEMA: &'static str = "seedpress.keygen/1";
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "key         {}", self.key)?;
        writeln!(f, "secret key  {}", self.secret_file.display())?;
        writeln!(f, "public key  {}", self.public_file.display())?;
        writeln!(f, "verify with --pubkey {}", self.public_key)
    }
}

fn draw<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("this machine gives no random numbers")?;
    Ok(bytes)
}
