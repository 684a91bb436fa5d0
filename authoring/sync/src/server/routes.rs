//! Which path is whose.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::any;
use axum::{Extension, Router};

use http::header::{HOST, RETRY_AFTER};
use http::uri::PathAndQuery;
use http::{Method, StatusCode, Uri, Version};
use remote::api;
use store::device::DeviceDocument;
use uuid::Uuid;

use super::answer::{self, BUSY, LONG_PATH, NO_HOST, NOT_FOUND, Refusal, TOO_MANY, UNAUTHORIZED};
use super::event::LoginFault;
use super::login::{Claim, claim};
use super::metrics;
use super::object::Object;
use super::report;
use super::service::Service;
use super::target::target;
use super::watched::{Answered, Line, Record, Watched};

/// How long a path may be, with what follows a question mark, in bytes.
const MAX_PATH: usize = 512;
/// How long the store may take to answer whoever asks for its health.
const HEALTHY: Duration = Duration::from_secs(5);

/// How many answers for one device may be under way.
const ANSWERS: usize = 64;

/// The device that asks.
pub(super) type Asker = Extension<Arc<DeviceDocument>>;

/// All that devices may ask for.
///
/// Over TLS also metrics, to this machine. Without TLS the one who asks may be a proxy on this machine, which asks for
/// anybody.
pub(super) fn router(service: &Arc<Service>, is_tls: bool) -> Router {
    let login = from_fn_with_state(service.clone(), login);
    let devices = Router::new()
        .route(api::TARGET, any(get_target))
        .route(api::REPORT, any(report::post))
        .route("/v1/layers/{layer}/{file}", any(get_file))
        .route("/v1/layers/{layer}/frames/{number}", any(get_frame))
        .fallback(nothing)
        .layer(login);
    let mut routes = Router::new().route(api::HEALTH, any(get_health)).merge(devices);
    if is_tls {
        let metrics = Router::new().route(api::METRICS, any(get_metrics));
        routes = routes.merge(metrics.layer(from_fn_with_state(service.clone(), of_this_machine)));
    }
    routes.layer(from_fn_with_state(service.clone(), watch)).with_state(service.clone())
}

/// What is told over plain HTTP to those who look after the service.
pub(super) fn metrics_router(service: &Arc<Service>) -> Router {
    let routes = Router::new()
        .route(api::HEALTH, any(get_health))
        .route(api::METRICS, any(get_metrics))
        .fallback(nothing);
    routes.layer(from_fn_with_state(service.clone(), watch)).with_state(service.clone())
}

/// Counts and tells every request.
async fn watch(
    State(service): State<Arc<Service>>,
    Extension(line): Extension<Line>,
    request: Request,
    next: Next,
) -> Response {
    let record = Record::begin(&service, &line, route_of(request.uri().path()), &request);
    let mut response = match unfit(&request) {
        Some(refusal) => refusal.answer(),
        None => next.run(request).await,
    };
    let answered = response.extensions_mut().remove::<Answered>();
    let record = record.answered(response.status().as_u16(), answered);
    response.map(|body| Body::new(Watched::new(body, record)))
}

/// Why a request is not looked at, whoever asks.
fn unfit(request: &Request) -> Option<Refusal> {
    let is_long = |path: &PathAndQuery| path.as_str().len() > MAX_PATH;
    if request.uri().path_and_query().is_some_and(is_long) {
        return Some(LONG_PATH);
    }
    // RFC 9112, section 3.2.
    let hosts = request.headers().get_all(HOST).iter().count();
    (request.version() == Version::HTTP_11 && hosts != 1).then_some(NO_HOST)
}

fn route_of(path: &str) -> &'static str {
    match path {
        api::HEALTH => "health",
        api::METRICS => "metrics",
        api::TARGET => "target",
        api::REPORT => "report",
        path if path.starts_with("/v1/layers/") && path.contains("/frames/") => "frame",
        path if path.starts_with("/v1/layers/") => "layer",
        _ => "other",
    }
}

/// Lets nobody through who is no device.
async fn login(
    State(service): State<Arc<Service>>,
    Extension(line): Extension<Line>,
    mut request: Request,
    next: Next,
) -> Response {
    let device = match asker(&service, line.peer.ip(), claim(request.headers())).await {
        Ok(device) => Arc::new(device),
        Err(response) => return response,
    };
    let seat = service.answers.seat(device.device.clone(), ANSWERS);
    let mut response = match &seat {
        Some(_) => {
            request.extensions_mut().insert(device.clone());
            next.run(request).await
        }
        None => BUSY.answer(),
    };
    response.extensions_mut().insert(Answered { device, _seat: seat.map(Arc::new) });
    response
}

async fn asker(
    service: &Arc<Service>,
    peer: IpAddr,
    claim: Option<Result<Claim, LoginFault>>,
) -> Result<DeviceDocument, Response> {
    let claim = match claim {
        None => return Err(UNAUTHORIZED.answer()),
        Some(Err(fault)) => {
            service.refused(peer, None, fault);
            return Err(UNAUTHORIZED.answer());
        }
        Some(Ok(claim)) => claim,
    };
    let claimed = claim.device.clone();
    let login = service.read(None, move |service| service.login(&claim)).await;
    login.map_err(Refusal::answer)?.ok_or_else(|| match service.wrong(peer, &claimed) {
        None => UNAUTHORIZED.answer(),
        Some(wait) => TOO_MANY.with(RETRY_AFTER, (wait.as_secs() + 1).into()),
    })
}

/// Lets through who asks from this machine; for others there is nothing here, as for every path that is none.
async fn of_this_machine(
    State(service): State<Arc<Service>>,
    Extension(line): Extension<Line>,
    request: Request,
    next: Next,
) -> Response {
    if line.peer.ip().to_canonical().is_loopback() {
        return next.run(request).await;
    }
    match asker(&service, line.peer.ip(), claim(request.headers())).await {
        Ok(_) => NOT_FOUND.answer(),
        Err(response) => response,
    }
}

async fn nothing() -> Response {
    NOT_FOUND.answer()
}

async fn get_health(State(service): State<Arc<Service>>, method: Method) -> Response {
    if !is_get(&method) {
        return answer::only("GET, HEAD");
    }
    let checked = tokio::time::timeout(HEALTHY, service.check()).await;
    match checked.unwrap_or_else(|_| Err(service.store_failed(None, "it does not answer".into()))) {
        Ok(()) => answer::document(StatusCode::OK, answer::JSON, "{\"status\": \"ok\"}\n".into()),
        Err(refusal) => refusal.answer(),
    }
}

async fn get_metrics(State(service): State<Arc<Service>>, method: Method) -> Response {
    match is_get(&method) {
        true => answer::document(StatusCode::OK, metrics::KIND, service.metrics.print(&service.tool).into()),
        false => answer::only("GET, HEAD"),
    }
}

async fn get_target(
    State(service): State<Arc<Service>>,
    Extension(device): Asker,
    method: Method,
    headers: http::HeaderMap,
) -> Response {
    if !is_get(&method) {
        return answer::only("GET, HEAD");
    }
    let name = device.device.clone();
    let made = service.read(Some(&name), move |service| Ok(target(&service.shelf, &device))).await;
    match made {
        Err(refusal) => refusal.answer(),
        Ok(Err(fault)) => service.store_failed(Some(&name), fault.text()).answer(),
        Ok(Ok(target)) => answer::tagged(target.print(), &headers),
    }
}

async fn get_file(
    State(service): State<Arc<Service>>,
    Extension(device): Asker,
    request: Request,
) -> Response {
    let file = part(request.uri(), 4).to_owned();
    fetch(&service, device, request, move |service, layer| service.shelf.file(layer, &file)).await
}

async fn get_frame(
    State(service): State<Arc<Service>>,
    Extension(device): Asker,
    request: Request,
) -> Response {
    let number = number(part(request.uri(), 5));
    let find =
        move |service: &Service, layer| number.map_or(Ok(None), |number| service.shelf.frame(layer, number));
    fetch(&service, device, request, find).await
}

/// Answers with what `find` finds in the layer that the path names, if the device may have it.
async fn fetch(
    service: &Arc<Service>,
    device: Arc<DeviceDocument>,
    request: Request,
    find: impl FnOnce(&Service, Uuid) -> Result<Option<Object>, store::StoreError> + Send + 'static,
) -> Response {
    if !is_get(request.method()) {
        return answer::only("GET, HEAD");
    }
    let Some(layer) = uuid(part(request.uri(), 3)) else { return NOT_FOUND.answer() };
    let name = device.device.clone();
    let found = service.read(Some(&name), move |service| {
        if service.shelf.may_fetch(&device, layer)? { find(service, layer) } else { Ok(None) }
    });
    match found.await {
        Err(refusal) => refusal.answer(),
        Ok(None) => NOT_FOUND.answer(),
        Ok(Some(object)) => {
            let service = service.clone();
            let failed = move |error: &super::body::BodyError| {
                service.store_failed(Some(&name), error.to_string());
            };
            object.answer(request.method(), request.headers(), failed)
        }
    }
}

fn is_get(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}

/// A part of a path, counted from the slash before the first one, as it stands there.
fn part(uri: &Uri, number: usize) -> &str {
    uri.path().split('/').nth(number).unwrap_or_default()
}

/// A UUID in the one form that paths have.
fn uuid(text: &str) -> Option<Uuid> {
    text.parse::<Uuid>().ok().filter(|uuid| uuid.to_string() == text)
}

/// A number in the one form that paths have.
fn number(text: &str) -> Option<usize> {
    text.parse::<usize>().ok().filter(|number| number.to_string() == text)
}
