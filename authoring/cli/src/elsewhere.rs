//! Stores that lie elsewhere: what their URLs, the environment and the client's folder say becomes a depot.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::sync::client::home::Home;
use anyhow::Context as _;
use host::Stop;
use remote::http::{Login, Request, Service};
use remote::{Access, Bucket, S3, Served, Sftp};
use store::Depot;

use crate::code::Code;
use crate::error::Refusal;
use crate::text;
use crate::verbs::client::CLIENT;

/// The variable that says how long a publisher at a store elsewhere may be silent.
pub const LOCK_SECONDS: &str = "SEEDPRESS_LOCK_SECONDS";
/// The variable that names the device as which a service is asked.
pub const DEVICE: &str = "SEEDPRESS_DEVICE";
/// The variable that names the file with the device's secret.
pub const SECRET_FILE: &str = "SEEDPRESS_SECRET_FILE";
/// The variable that names the certificates which are trusted for a service.
pub const CA_CERT: &str = "SEEDPRESS_CA_CERT";
/// What the names of the settings of S3 begin with.
const AWS: &str = "AWS_";
/// The variable that names certificates which are trusted for S3.
const AWS_CA: &str = "AWS_CA_BUNDLE";
/// How credentials can be had for S3: each of these is enough.
const AWS_CREDENTIALS: [&str; 6] = [
    "aws_access_key_id",
    "aws_web_identity_token_file",
    "aws_container_credentials_relative_uri",
    "aws_container_credentials_full_uri",
    "aws_metadata_endpoint",
    "aws_skip_signature",
];

/// The depot behind a URL; `None` for what is a path.
///
/// # Errors
/// When the URL or its surroundings make no sense.
pub fn depot(named: &Path, stop: &Stop) -> anyhow::Result<Option<Arc<dyn Depot>>> {
    let Some((url, scheme)) = named.to_str().and_then(|url| Some((url, url.split_once("://")?.0))) else {
        return Ok(None);
    };
    Ok(Some(match scheme {
        "s3" => s3(url, access(stop)?)?,
        "sftp" => Arc::new(Sftp::new(url, access(stop)?).map_err(|fault| Refusal::usage(fault.to_string()))?),
        "https" | "http" => served(url, stop)?,
        _ => {
            let what = format!("{url} is no place for a store");
            let next =
                "give a folder, s3://BUCKET/PREFIX, sftp://[USER@]HOST[:PORT]/PATH or https://HOST[:PORT]";
            return Err(Refusal::usage(what).next(next).into());
        }
    }))
}

/// Whether a store is named by a URL.
pub fn is_url(named: &Path) -> bool {
    named.to_string_lossy().contains("://")
}

fn access(stop: &Stop) -> anyhow::Result<Access> {
    let mut chance = [0; 16];
    getrandom::fill(&mut chance).context("this machine gives no random numbers")?;
    let run = uuid::Builder::from_random_bytes(chance).into_uuid();
    let usual = Access::new(run, agent(), stop.clone());
    Ok(Access { term: term()?, ..usual })
}

/// What we call ourselves.
fn agent() -> String {
    format!("seedpress/{}", env!("CARGO_PKG_VERSION"))
}

fn term() -> anyhow::Result<Duration> {
    let Some(given) = std::env::var_os(LOCK_SECONDS) else { return Ok(Access::TERM) };
    let seconds =
        given.to_str().and_then(|text| text.parse().ok()).filter(|seconds| (5..=3600).contains(seconds));
    let refused = || Refusal::usage(format!("{LOCK_SECONDS} is {}, expected 5 to 3600", given.display()));
    Ok(Duration::from_secs(seconds.ok_or_else(refused)?))
}

fn s3(url: &str, access: Access) -> anyhow::Result<Arc<dyn Depot>> {
    let named = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_str().filter(|name| name.starts_with(AWS))?.to_ascii_lowercase();
        Some((name, value.into_string().ok()?))
    };
    let settings: Vec<(String, String)> = std::env::vars_os().filter_map(named).collect();
    if !settings.iter().any(|(name, _)| AWS_CREDENTIALS.contains(&name.as_str())) {
        let what = format!("there are no credentials for {url}");
        let next =
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or AWS_METADATA_ENDPOINT on a machine of AWS";
        return Err(Refusal::new(Code::Trust, what).next(next).into());
    }
    let ca = std::env::var_os(AWS_CA).map(|path| text::read_bytes(Path::new(&path))).transpose()?;
    let bucket = Bucket { url: url.into(), settings, ca };
    Ok(Arc::new(S3::new(&bucket, access).map_err(|fault| Refusal::usage(fault.to_string()))?))
}

/// The service behind a URL, as the device that the environment names: by the client's folder, or by name and secret.
fn served(url: &str, stop: &Stop) -> anyhow::Result<Arc<dyn Depot>> {
    let file = |name: &str| std::env::var_os(name).map(|path| text::read_bytes(Path::new(&path))).transpose();
    let device = std::env::var(DEVICE).ok();
    let (login, ca) = match (device, file(SECRET_FILE)?, std::env::var_os(CLIENT)) {
        (Some(device), Some(secret), _) => {
            let secret = String::from_utf8_lossy(&secret).trim().to_owned();
            (Login { device, secret }, file(CA_CERT)?)
        }
        (None, None, Some(root)) => of_client(url, Path::new(&root))?,
        _ => {
            let what = format!("nobody says as which device {url} is to be asked");
            let next = format!("set {CLIENT} to a client's folder, or {DEVICE} and {SECRET_FILE}");
            return Err(Refusal::usage(what).next(next).into());
        }
    };
    let (retries, patience) = (Access::RETRIES, Access::PATIENCE);
    let (login, agent, stop) = (Some(login), agent(), stop.clone());
    let service = Service::new(Request {
        url: url.into(),
        login,
        ca,
        retries,
        patience,
        limit: None,
        agent,
        stop: stop.clone(),
    })?;
    Ok(Arc::new(Served::open(service, stop)?))
}

/// Who a client is, and whom it trusts. Its secret is for its own service alone.
fn of_client(url: &str, root: &Path) -> anyhow::Result<(Login, Option<Vec<u8>>)> {
    let home = Home::open(root)?;
    let server = &home.document().server;
    if server.trim_end_matches('/') != url.trim_end_matches('/') {
        let what = format!("the client in {} is a device of {server}, not of {url}", root.display());
        return Err(Refusal::usage(what).next(format!("give --store {server}")).into());
    }
    Ok((home.login()?, home.ca()?))
}
