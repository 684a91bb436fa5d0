//! What S3 says, in few words.

use object_store::Error;
use store::RemoteCause;

use crate::fault::Fault;
use crate::http::first_cause;
use crate::pace::Pace;

/// More of what S3 says is not repeated to people.
const MOST: usize = 300;

/// Asks until there is an answer, or tries end. It may have been done by a try whose answer was lost.
///
/// # Errors
/// What S3 said last.
pub async fn patiently<T, W>(retries: u32, request: impl Fn() -> W) -> Result<T, Fault>
where
    W: Future<Output = Result<T, Error>>,
{
    let mut pace = Pace::new(retries);
    loop {
        let fault = match request().await {
            Ok(done) => return Ok(done),
            Err(error) => told(&error),
        };
        let again = if fault.cause == RemoteCause::Unreachable { pace.next(None) } else { None };
        let Some(time) = again else { return Err(fault) };
        tokio::time::sleep(time).await;
    }
}

/// What an error means, and its last cause: those before it only say who asked whom.
pub fn told(error: &Error) -> Fault {
    let cause = match error {
        Error::NotFound { .. } => RemoteCause::Missing,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => RemoteCause::Denied,
        Error::AlreadyExists { .. }
        | Error::Precondition { .. }
        | Error::NotImplemented { .. }
        | Error::NotSupported { .. } => RemoteCause::Refused,
        _ => RemoteCause::Unreachable,
    };
    let text = first_cause(error);
    Fault::new(cause, shortened(&text))
}

/// The status with what the answer's XML says, where there is one.
fn shortened(text: &str) -> String {
    let status = text.split_once("status code: ").map_or(text, |(_, rest)| rest);
    let status = status.split_once(": <").map_or(status, |(status, _)| status).trim_end_matches(": ");
    let said = [element(text, "Code"), element(text, "Message")];
    let mut parts = vec![status.trim().to_owned()];
    parts.extend(said.into_iter().flatten().map(str::to_owned));
    let shown = parts.join(": ");
    shown.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect()
}

/// What stands in the first element of this name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_s3_says_is_told_in_few_words() {
        let text = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?>\
                    <Error><Code>InvalidAccessKeyId</Code><Message>No such key</Message></Error>";
        assert_eq!(shortened(text), "403 Forbidden: InvalidAccessKeyId: No such key");
        assert_eq!(shortened("Server returned non-2xx status code: 404 Not Found: "), "404 Not Found");
        assert_eq!(shortened("Connection refused (os error 111)"), "Connection refused (os error 111)");
    }
}
