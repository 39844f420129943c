//! A controller that goes on as before: it answers 503 although it could have heard minutes ago that the service's pods are ready.

use jiff::Timestamp;
use serde_json::Value;

use crate::checks::apps::backend;
use crate::checks::engine::Finding;
use crate::checks::engine::words::quoted;
use crate::checks::reading::when;
use crate::evidence::pod::is_ready;
use crate::evidence::{Evidence, View, at, ready_endpoints};
use crate::ingress::traits_of;

/// How long the pods of both have to be ready, in seconds: a controller looks at changes every few seconds, and a slow one loads
/// them within some more.
const LONG: i64 = 60;

/// The pods of the controller that send nothing to pods to which they could; `None` where that is not sure.
///
/// It is where another node serves the same name, or where the controller noted that it could not tell nginx of a change.
pub(super) fn of(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let controller = traits_of(evidence.controller);
    if !is_ready_for_long(evidence, host) {
        return None;
    }
    let answers = evidence.hosts.get(host)?.http.iter();
    let answers = answers.filter_map(|seen| Some((seen.node.as_str(), seen.result.as_ref().ok()?)));
    let (own, theirs): (Vec<_>, Vec<_>) = answers.partition(|(_, answer)| (controller.is_own_page)(answer));
    let is_stale = |pod: &&Value| {
        let node = at(pod, "/spec/nodeName");
        controller.is_pod(pod)
            && own.iter().any(|(seen, answer)| *seen == node && answer.status == 503)
            && has_been_ready(evidence, pod)
            && (!theirs.is_empty() || has_noted(evidence, pod))
    };
    let stale: Vec<&Value> = evidence.objects("pods")?.iter().filter(is_stale).collect();
    let noted = stale.iter().any(|pod| has_noted(evidence, pod));
    if stale.is_empty() {
        return None;
    }
    let nodes = quoted(stale.iter().map(|pod| at(pod, "/spec/nodeName")));
    let others = theirs.first().map_or_else(String::new, |(node, _)| format!(", while `{node}` serves it"));
    let why = match noted {
        true => format!(": {}", controller.log.untold.1),
        false => String::new(),
    };
    let mut finding = Finding::new(
        summary,
        format!("the controller on {nodes} has not taken in that the service's pods are ready{others}{why}"),
        "delete its pod, so that it starts again. Until the new one runs, no name works on that node",
    );
    for pod in stale {
        finding =
            finding.command(command!("kubectl --namespace {} delete pod {}", pod.namespace(), pod.name()));
    }
    Some(finding)
}

/// Whether pods behind the host have been ready long enough for every controller to know.
fn is_ready_for_long(evidence: &Evidence, host: &str) -> bool {
    backend::of(evidence, host).iter().any(|backend| {
        let has_any = backend::slices(evidence, backend).flat_map(ready_endpoints).next().is_some();
        let pods = backend.find(evidence).map_or_else(Vec::new, |service| backend::pods(evidence, service));
        has_any && pods.iter().any(|pod| has_been_ready(evidence, pod))
    })
}

fn has_been_ready(evidence: &Evidence, pod: &Value) -> bool {
    let ready = pod.condition("Ready").filter(|_| is_ready(pod));
    let since: Option<Timestamp> = ready.and_then(|ready| when(ready, "/lastTransitionTime"));
    since.is_some_and(|since| evidence.now.as_second() - since.as_second() > LONG)
}

/// Whether the log of this pod says that what serves was not told of a change.
fn has_noted(evidence: &Evidence, pod: &Value) -> bool {
    let words = traits_of(evidence.controller).log.untold.0;
    let of_pod = format!("{}/{}/", pod.namespace(), pod.name());
    let mut logs = evidence.cluster.iter().flat_map(|cluster| &cluster.logs);
    !words.is_empty() && logs.any(|(place, log)| place.starts_with(&of_pod) && log.contains(words))
}
