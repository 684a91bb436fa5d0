//! Counters, in the text format of Prometheus (exposition format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::event::LoginFault;

/// The upper ends of the histogram's buckets, in milliseconds.
const BUCKETS: [u64; 12] = [1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 60_000, 600_000, 3_600_000];

/// The media type.
pub(super) const KIND: &str = "text/plain; version=0.0.4";

/// All counters of a service.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    logins: Mutex<BTreeMap<&'static str, u64>>,
    bytes: AtomicU64,
    open: AtomicI64,
    refused: AtomicU64,
    store_errors: AtomicU64,
    reports: AtomicU64,
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    milliseconds: AtomicU64,
}

impl Metrics {
    /// A request was answered.
    pub(super) fn request(&self, route: &'static str, status: u16, bytes: u64, took: Duration) {
        add_one(&self.requests, (route, status));
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS.iter().zip(&self.buckets).find(|(end, _)| milliseconds <= **end) {
            bucket.1.fetch_add(1, Ordering::Relaxed);
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// A login was refused.
    pub(super) fn login_failed(&self, fault: LoginFault) {
        add_one(&self.logins, fault.name());
    }

    /// A connection is there.
    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection is there no more.
    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many connections there are.
    pub(super) fn connections(&self) -> usize {
        usize::try_from(self.open.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// A connection was not taken, or closed because it did not do what it must.
    pub(super) fn connection_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// The store did not give what it should.
    pub(super) fn store_error(&self) {
        self.store_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// A report was kept.
    pub(super) fn reported(&self) {
        self.reports.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it as text; `tool` is the program and its version.
    pub(super) fn print(&self, tool: &str) -> String {
        let mut text = String::new();
        head(&mut text, "seedpress_requests_total", "counter", "Requests that were answered.");
        for ((route, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            line(
                &mut text,
                &format!("seedpress_requests_total{{route=\"{route}\",status=\"{status}\"}}"),
                count,
            );
        }
        head(&mut text, "seedpress_logins_failed_total", "counter", "Logins that were refused.");
        for (reason, count) in &*self.logins.lock().unwrap_or_else(PoisonError::into_inner) {
            line(&mut text, &format!("seedpress_logins_failed_total{{reason=\"{reason}\"}}"), count);
        }
        let counters = [
            ("seedpress_sent_bytes_total", "Bytes of bodies that were sent.", &self.bytes),
            ("seedpress_connections_refused_total", "Connections refused or cut.", &self.refused),
            ("seedpress_store_errors_total", "Answers that the store did not allow.", &self.store_errors),
            ("seedpress_reports_total", "Reports that were kept.", &self.reports),
        ];
        for (name, help, counter) in counters {
            head(&mut text, name, "counter", help);
            line(&mut text, name, counter.load(Ordering::Relaxed));
        }
        head(&mut text, "seedpress_connections_open", "gauge", "Connections that are there.");
        line(&mut text, "seedpress_connections_open", self.connections());
        self.print_histogram(&mut text);
        head(&mut text, "seedpress_build_info", "gauge", "The program that runs.");
        let (program, version) = tool.split_once(' ').unwrap_or((tool, ""));
        let labels = format!("seedpress_build_info{{program=\"{program}\",version=\"{version}\"}}");
        line(&mut text, &labels, 1);
        text
    }

    fn print_histogram(&self, text: &mut String) {
        const NAME: &str = "seedpress_request_seconds";
        head(text, NAME, "histogram", "How long requests took, their bodies included.");
        let mut sum = 0;
        for (end, bucket) in BUCKETS.iter().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            line(text, &format!("{NAME}_bucket{{le=\"{}\"}}", seconds(*end)), sum);
        }
        // Read after the buckets: never less than they are together.
        let count = self.count.load(Ordering::Relaxed).max(sum);
        line(text, &format!("{NAME}_bucket{{le=\"+Inf\"}}"), count);
        line(text, &format!("{NAME}_sum"), seconds(self.milliseconds.load(Ordering::Relaxed)));
        line(text, &format!("{NAME}_count"), count);
    }
}

fn add_one<K: Ord>(counts: &Mutex<BTreeMap<K, u64>>, key: K) {
    *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
}

/// Milliseconds as seconds.
fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

// Writing into a string cannot fail.
fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_as_prometheus_reads_them() {
        let metrics = Metrics::default();
        metrics.request("layer", 206, 1000, Duration::from_millis(7));
        metrics.request("layer", 206, 24, Duration::from_secs(7200));
        metrics.login_failed(LoginFault::Wrong);
        metrics.opened();
        let text = metrics.print("seedpress 0.1.0");
        for line in [
            "seedpress_requests_total{route=\"layer\",status=\"206\"} 2",
            "seedpress_logins_failed_total{reason=\"wrong\"} 1",
            "seedpress_sent_bytes_total 1024",
            "seedpress_connections_open 1",
            "seedpress_request_seconds_bucket{le=\"0.005\"} 0",
            "seedpress_request_seconds_bucket{le=\"0.010\"} 1",
            "seedpress_request_seconds_bucket{le=\"3600.000\"} 1",
            "seedpress_request_seconds_bucket{le=\"+Inf\"} 2",
            "seedpress_request_seconds_sum 7200.007",
            "seedpress_request_seconds_count 2",
            "seedpress_build_info{program=\"seedpress\",version=\"0.1.0\"} 1",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
        let series = text.lines().filter(|line| !line.starts_with('#'));
        assert!(
            series.clone().all(|line| line.rsplit_once(' ').is_some_and(|(_, n)| n.parse::<f64>().is_ok()))
        );
    }
}
