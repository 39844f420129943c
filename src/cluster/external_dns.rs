//! The metrics of external-dns, by the API server's proxy to its pod.

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::cluster::{Cluster, request};
use crate::desired::external_dns::{METRICS, NAME, NAMESPACE};
use crate::evidence::{ExternalDnsSeen, Objects, SyncSeen, View, at};

impl Cluster {
    /// Asks the pod of external-dns among `objects`.
    pub async fn external_dns(&self, objects: &Objects, deadline: Instant) -> ExternalDnsSeen {
        let Some(pod) = objects.list("pods").and_then(running) else {
            return ExternalDnsSeen { metrics: Err("no pod of it runs".to_owned()) };
        };
        let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{pod}:{METRICS}/proxy/metrics");
        let asked = timeout_at(deadline, self.raw(request::get(&path, false))).await;
        let metrics = match asked {
            Err(_) => Err("no answer in time".to_owned()),
            Ok(Err(why)) => Err(why),
            Ok(Ok(answer)) if answer.status == 200 => Ok(read(&answer.body)),
            Ok(Ok(answer)) => Err(format!("HTTP {}", answer.status)),
        };
        ExternalDnsSeen { metrics }
    }
}

/// The newest pod of it that runs.
fn running(pods: &[Value]) -> Option<&str> {
    let ours = |pod: &&Value| {
        pod.namespace() == NAMESPACE
            && at(pod, "/metadata/labels/app.kubernetes.io~1name") == NAME
            && at(pod, "/status/phase") == "Running"
            && !pod.is_going()
    };
    let newest = pods.iter().filter(ours).max_by_key(|pod| at(pod, "/metadata/creationTimestamp"))?;
    Some(newest.name())
}

/// Reads the text format of Prometheus, as far as it is needed: names without labels.
fn read(text: &str) -> SyncSeen {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse::<f64>().ok()).filter(|value| *value > 0.0)
    };
    let time = |name: &str| value(name).and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    let count = |name: &str| value(name).map_or(0, |value| value as u32);
    SyncSeen {
        began: time("external_dns_controller_last_reconcile_timestamp_seconds"),
        synced: time("external_dns_controller_last_sync_timestamp_seconds"),
        soft_errors: count("external_dns_controller_consecutive_soft_errors"),
        registry_errors: count("external_dns_registry_errors_total"),
        source_errors: count("external_dns_source_errors_total"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_metrics_that_matter_are_read_and_others_passed_over() {
        let text = "# HELP external_dns_controller_consecutive_soft_errors x\n\
            external_dns_controller_consecutive_soft_errors 2\n\
            external_dns_controller_last_reconcile_timestamp_seconds 1.7952501176140761e+09\n\
            external_dns_controller_last_sync_timestamp_seconds 0\n\
            external_dns_registry_errors_total 7\n\
            external_dns_registry_records{record_type=\"a\"} 1\n";
        let seen = read(text);
        assert_eq!((seen.soft_errors, seen.registry_errors, seen.source_errors), (2, 7, 0));
        assert_eq!(seen.began.map(|at| at.as_second()), Some(1_795_250_117));
        assert_eq!(seen.synced, None);
        assert_eq!(read("nonsense"), SyncSeen::default());
    }

    #[test]
    fn the_pod_that_runs_is_asked() {
        let pod = |name: &str, phase: &str| {
            json!({ "metadata": { "namespace": NAMESPACE, "name": name, "labels": { "app.kubernetes.io/name": NAME } },
                "status": { "phase": phase } })
        };
        assert_eq!(running(&[pod("old", "Failed"), pod("new", "Running")]), Some("new"));
        assert_eq!(running(&[pod("old", "Failed")]), None);
    }
}
