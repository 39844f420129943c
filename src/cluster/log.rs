//! The last lines of the logs that say why something does not work.

use std::collections::{BTreeMap, VecDeque};

use futures::{StreamExt, future, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::cluster::{Cluster, LANES, request};
use crate::desired::external_dns;
use crate::evidence::{View, at, entries};
use crate::facts::namespaces::{EXTERNAL_DNS, SYSTEM, TUNNEL};
use crate::facts::tunnel;
use crate::ingress::{self, Traits};

/// The namespaces whose pods' logs are read, with the pods' name prefix.
const LOGS: &[(&str, &str)] =
    &[(SYSTEM, "coredns"), (EXTERNAL_DNS, external_dns::NAME), (TUNNEL, tunnel::NAME)];

/// Those, that of the lab's ingress controller, and that of cert-manager, which may be somebody else's.
pub(super) fn places<'a>(
    controller: &Traits,
    cert_manager: &'a str,
) -> impl Iterator<Item = (&'a str, &'static str)> {
    let of_lab = [(controller.namespace, controller.workload), (cert_manager, "cert-manager")];
    LOGS.iter().copied().chain(of_lab)
}

/// How many lines are asked for: the ingress controller notes each request of the house between its own lines.
const ASKED: usize = 600;
/// How many lines are kept: a program that does not know an argument prints all that it knows, some hundred lines, and the one
/// that says which may stand before them (standard output and standard error reach a log in any order).
const KEPT: usize = 200;
/// How many bytes are asked for, and read at most: the server may give slightly more.
const LIMIT: usize = 512 * 1024;
/// As much of a line as is kept, in characters.
const LINE: usize = 4096;

impl Cluster {
    /// The last lines of the logs of some containers (`namespace/pod/container`), as far as they can be read until
    /// `deadline`.
    pub async fn logs(&self, places: Vec<String>, deadline: Instant) -> BTreeMap<String, String> {
        let logs = places.into_iter().map(|place| async move {
            let text = timeout_at(deadline, self.log(&place)).await.ok().flatten()?;
            Some((place, text))
        });
        let logs: Vec<_> = stream::iter(logs).buffer_unordered(LANES).collect().await;
        logs.into_iter().flatten().collect()
    }

    /// The last lines of `namespace/pod/container`; before them those of its run before, when it has been restarted.
    async fn log(&self, place: &str) -> Option<String> {
        let [namespace, pod, container] = place.split('/').collect::<Vec<_>>().try_into().ok()?;
        let read = |previous: &str| {
            let path = format!(
                "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&tailLines={ASKED}&limitBytes={LIMIT}{previous}"
            );
            async move { self.text(request::get(&path, false), LIMIT).await }
        };
        let (now, before) = future::join(read(""), read("&previous=true")).await;
        let text: String = [before, now].into_iter().flatten().map(|text| kept(&text)).collect();
        Some(text).filter(|text| !text.is_empty())
    }
}

/// The last lines, without those about requests: who asks for which page is nobody's business.
fn kept(text: &str) -> String {
    let mut lines = VecDeque::with_capacity(KEPT);
    for line in text.lines().filter_map(ingress::discreet) {
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }
    lines.into_iter().map(|line| line.chars().take(LINE).collect::<String>() + "\n").collect()
}

/// The containers whose logs are read.
pub(super) fn containers(controller: &Traits, cert_manager: &str, pods: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for pod in pods {
        let (namespace, name) = (pod.namespace(), pod.name());
        let is_meant = |(wanted, prefix)| namespace == wanted && name.starts_with(prefix);
        if !places(controller, cert_manager).any(is_meant) {
            continue;
        }
        let names = entries(pod, "/spec/containers").iter().map(|container| at(container, "/name"));
        found.extend(names.map(|container| format!("{namespace}/{name}/{container}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::cluster;

    #[test]
    fn the_last_lines_are_kept_and_the_requests_of_the_house_are_not() {
        let request = "10.99.0.10 - - [21/Nov/2026:08:19:20 +0000] \"GET / HTTP/1.1\" 200 453 \"-\" \"homelab\" 90 0.003\n";
        let own: String = (0..300).map(|number| format!("W1121 08:18:12.706036 line {number}\n")).collect();
        let kept = kept(&format!("{own}{}", request.repeat(300)));
        assert_eq!(kept.lines().count(), KEPT);
        assert!(kept.starts_with("W1121 08:18:12.706036 line 100\n") && kept.ends_with("line 299\n"));
    }

    #[test]
    fn cert_manager_is_heard_where_the_configuration_has_it() {
        let pod = |namespace: &str, name: &str| json!({ "metadata": { "namespace": namespace, "name": name }, "spec": { "containers": [{ "name": "c" }] } });
        let pods = [
            pod("tls", "cert-manager-webhook-1"),
            pod("tls", "other-1"),
            pod("cert-manager", "cert-manager-1"),
            pod("external-dns", "external-dns-1"),
        ];
        let controller = ingress::traits_of(crate::config::Controller::default());
        let wanted = ["tls/cert-manager-webhook-1/c", "external-dns/external-dns-1/c"];
        assert_eq!(containers(controller, "tls", &pods), wanted);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        assert_eq!(kept(&"0".repeat(1 << 20)).len(), LINE + 1);
    }

    #[test]
    fn an_error_tells_neither_the_client_nor_the_page() {
        let line = "2026/11/21 11:45:42 [error] 38#38: *12 connect() failed (111: Connection refused) while connecting to \
            upstream, client: 192.168.1.9, server: photos.home.example.com, request: \"GET /album/7 HTTP/2.0\", \
            upstream: \"http://10.42.0.12:8081/album/7\", host: \"photos.home.example.com\", referrer: \"https://a/b\"";
        assert_eq!(
            kept(line),
            "2026/11/21 11:45:42 [error] 38#38: *12 connect() failed (111: Connection refused) while connecting to \
             upstream, upstream: \"http://10.42.0.12:8081/\", host: \"photos.home.example.com\"\n"
        );
        assert_eq!(kept("W1121 something, clients: 3\n"), "W1121 something, clients: 3\n");
    }

    #[tokio::test]
    async fn a_log_is_asked_for_with_an_end() {
        let (cluster, log) = cluster(|_, _| (200, json!("line")));
        let deadline = Instant::now() + std::time::Duration::from_secs(5);
        let logs = cluster.logs(vec!["kube-system/coredns-1/coredns".to_owned()], deadline).await;
        assert_eq!(logs.len(), 1);
        let log = log.lock().unwrap();
        assert!(log.len() == 2 && log.iter().all(|line| line.contains("&limitBytes=524288")), "{log:?}");
    }
}
