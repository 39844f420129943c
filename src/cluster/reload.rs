//! Whether what the ingress controller wrote was taken: the controller says so in its log, and in events.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use crate::cluster::snapshot::items;
use crate::cluster::{Cluster, LANES, request};
use crate::evidence::pod::containers;
use crate::evidence::{Listing, Objects, Reload, ReloadSeen, View, at};
use crate::facts::namespaces::SYSTEM;
use crate::ingress::Traits;

/// How many lines are asked for: between the controller's own lines are the requests of the house.
const LINES: usize = 1000;
/// And as many bytes at most. What is longer lacks its end (Kubernetes API, `limitBytes`).
const BYTES: usize = 1 << 20;
/// How many events are asked for: the recorder counts equal ones in one.
const EVENTS: usize = 500;
/// A failed reload is tried again after 1000 s at the latest (client-go, `DefaultControllerRateLimiter`; ingress-nginx,
/// internal/task/queue.go), and its event may come 300 s late (client-go, `EventSourceObjectSpamFilter`). One that is
/// older, with no other since, is over.
const TRIED_AGAIN: i64 = 1500;
/// How long a container may take until it has loaded its first configuration, in seconds.
const STARTS: i64 = 60;
/// How long a load that has begun is waited for: nginx tries a configuration within a second or two, on a small machine
/// with a thousand hosts within some more. Whoever looks right after a change would else be told of a failure.
const LOADS: Duration = Duration::from_secs(10);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(500);

impl Cluster {
    /// The pods of the ingress controller that homelab installs, those that end aside.
    ///
    /// # Errors
    /// Why they could not be listed, in words.
    pub async fn controllers(&self, controller: &Traits) -> Result<Vec<Value>, String> {
        let selector = format!("app.kubernetes.io/name={}", controller.workload);
        self.pods_with(controller.namespace, &selector).await
    }

    /// The pods of CoreDNS.
    ///
    /// # Errors
    /// Why they could not be listed, in words.
    pub async fn coredns(&self) -> Result<Vec<Value>, String> {
        self.pods_with(SYSTEM, "k8s-app=kube-dns").await
    }

    async fn pods_with(&self, namespace: &str, selector: &str) -> Result<Vec<Value>, String> {
        let purpose = request::Purpose { verb: "list", what: "pods".to_owned() };
        let selector = request::escape(selector);
        let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}");
        let pods = self.send::<Value>(request::get(&path, false)).await;
        Ok(items(pods.map_err(|failed| self.explain(&purpose, failed).what)?))
    }

    /// The pods of every namespace that no node has taken yet: they are few.
    ///
    /// # Errors
    /// Why they could not be listed, in words.
    pub async fn waiting_pods(&self) -> Result<Vec<Value>, String> {
        let purpose = request::Purpose { verb: "list", what: "pods".to_owned() };
        let pods =
            self.send::<Value>(request::get("/api/v1/pods?fieldSelector=spec.nodeName%3D", false)).await;
        Ok(items(pods.map_err(|failed| self.explain(&purpose, failed).what)?))
    }

    /// What each of these pods of the controller said last of its configuration, until `deadline`.
    pub async fn reloads(
        &self,
        controller: &'static Traits,
        pods: &[Value],
        deadline: Instant,
    ) -> Vec<ReloadSeen> {
        let alive = |pod: &&Value| !pod.is_going() && at(pod, "/status/phase") == "Running";
        let heard = pods.iter().filter(alive).map(|pod| async move {
            let last = timeout_at(deadline, self.settled(controller, pod, deadline)).await;
            (pod, last.unwrap_or_else(|_| Err("its log did not come in time".to_owned())))
        });
        let heard: Vec<_> = stream::iter(heard).buffered(LANES).collect().await;
        let events = match heard.iter().any(|(_, last)| matches!(last, Ok(None))) {
            true => timeout_at(deadline, self.reload_events(controller)).await.ok().flatten(),
            false => None,
        };
        let told = |(pod, last): (&Value, Result<Option<Reload>, String>)| {
            let name = pod.name();
            let quiet = || match &events {
                _ if is_new(pod, Timestamp::now()) => Ok(Reload::UnderWay),
                Some(events) => Ok(told(controller, events, name, Timestamp::now())),
                None => Err("its log says nothing of it, and its events could not be read".to_owned()),
            };
            let last = last.and_then(|last| last.map_or_else(quiet, Ok));
            ReloadSeen { pod: name.to_owned(), node: at(pod, "/spec/nodeName").to_owned(), last }
        };
        heard.into_iter().map(told).collect()
    }

    /// Where the text that is refused may stand, beside the Ingresses, and which of these the controller reads.
    pub async fn suspects(&self, controller: &Traits, ingresses: Vec<Value>) -> Objects {
        let (namespace, settings) = (controller.namespace, controller.settings_list());
        let lists = [
            (settings.as_str(), format!("/api/v1/namespaces/{namespace}/configmaps")),
            ("daemonsets.apps", format!("/apis/apps/v1/namespaces/{namespace}/daemonsets")),
            ("ingressclasses.networking.k8s.io", "/apis/networking.k8s.io/v1/ingressclasses".to_owned()),
        ];
        let mut found = Objects::default();
        found.0.insert("ingresses.networking.k8s.io".to_owned(), Listing::Items(ingresses));
        for (resource, path) in lists {
            if let Ok(list) = self.send::<Value>(request::get(&path, false)).await {
                found.0.insert(resource.to_owned(), Listing::Items(items(list)));
            }
        }
        found
    }

    /// The last word in a pod's log, after a load that has begun came to its end.
    async fn settled(
        &self,
        controller: &Traits,
        pod: &Value,
        deadline: Instant,
    ) -> Result<Option<Reload>, String> {
        let until = deadline.min(Instant::now() + LOADS);
        loop {
            let last = self.heard(controller, pod).await;
            let is_under_way = matches!(last, Ok(Some(Reload::UnderWay)));
            if !is_under_way || Instant::now() + 2 * PAUSE > until {
                return last;
            }
            sleep(PAUSE).await;
        }
    }

    /// The last word in a pod's log: of this run, else of the one before; `None` when there is none in what was read.
    async fn heard(&self, controller: &Traits, pod: &Value) -> Result<Option<Reload>, String> {
        let last_reload = controller.log.last_reload;
        let now = self.said(pod, "").await?;
        let restarted = containers(pod).next().is_some_and(|container| container.restarts > 0);
        match last_reload(&now) {
            None if restarted => Ok(last_reload(&self.said(pod, "&previous=true").await?)),
            last => Ok(last),
        }
    }

    async fn said(&self, pod: &Value, previous: &str) -> Result<String, String> {
        let (namespace, name) = (pod.namespace(), pod.name());
        let container = at(pod, "/spec/containers/0/name");
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods/{name}/log?container={container}&tailLines={LINES}&limitBytes={BYTES}{previous}"
        );
        let text = self.text(request::get(&path, false), BYTES).await.ok_or("its log could not be read")?;
        if text.len() < BYTES { Ok(text) } else { Err("its log has too much in it".to_owned()) }
    }

    /// The events of the last hour about reloads; `None` when they could not be read.
    async fn reload_events(&self, controller: &Traits) -> Option<Vec<Value>> {
        let (namespace, reason) = (controller.namespace, controller.log.reload_event);
        let path =
            format!("/api/v1/namespaces/{namespace}/events?fieldSelector=reason%3D{reason}&limit={EVENTS}");
        self.send::<Value>(request::get(&path, false)).await.ok().map(items)
    }
}

/// Whether the pod started so lately that it may not have loaded anything yet.
fn is_new(pod: &Value, now: Timestamp) -> bool {
    let began = containers(pod).next().and_then(|container| container.running);
    began.is_some_and(|began| now.as_second() - began.as_second() < STARTS)
}

/// What the events tell of a pod whose log says nothing: the API server keeps them for an hour.
fn told(controller: &Traits, events: &[Value], pod: &str, now: Timestamp) -> Reload {
    let time = |event: &Value| {
        let last = at(event, "/lastTimestamp").parse::<Timestamp>();
        last.or_else(|_| at(event, "/eventTime").parse()).unwrap_or_default()
    };
    let newest =
        events.iter().filter(|event| at(event, "/involvedObject/name") == pod).max_by_key(|e| time(e));
    let recent = |event: &&Value| now.as_second() - time(event).as_second() < TRIED_AGAIN;
    let warning = newest.filter(|event| at(event, "/type") == "Warning").filter(recent);
    warning
        .and_then(|event| (controller.log.refused_reload)(at(event, "/message"), time(event)))
        .unwrap_or(Reload::Quiet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::cluster;
    use crate::ingress::nginx::TRAITS;
    use serde_json::json;

    const BEGINS: &str = "I1126 03:10:00.000001       7 controller.go:190] \"Configuration changes detected, backend reload required\"\n";
    const LOADED: &str =
        "I1126 03:10:01.000001       7 controller.go:213] \"Backend successfully reloaded\"\n";

    /// What the only pod of the controller said last, whose load ends at the look of that number; and how often it was asked.
    async fn said_by_a_load_that_ends_at(look: usize) -> (Result<Reload, String>, usize) {
        let answer = move |_: &str, asked: usize| {
            (200, Value::from(if asked >= look { [BEGINS, LOADED].concat() } else { BEGINS.to_owned() }))
        };
        let (cluster, log) = cluster(answer);
        let pods = [json!({ "metadata": { "namespace": "ingress-nginx", "name": "a" },
            "spec": { "containers": [{ "name": "controller" }] }, "status": { "phase": "Running" } })];
        let seen = cluster.reloads(&TRAITS, &pods, Instant::now() + Duration::from_secs(30)).await;
        let asked = log.lock().unwrap().len();
        (seen[0].last.clone(), asked)
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_that_has_just_begun_is_waited_for() {
        assert_eq!(said_by_a_load_that_ends_at(3).await, (Ok(Reload::Loaded), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_that_does_not_end_is_said_to_be_under_way_after_ten_seconds() {
        let begun = Instant::now();
        let (last, asked) = said_by_a_load_that_ends_at(usize::MAX).await;
        assert_eq!(last, Ok(Reload::UnderWay));
        assert!(begun.elapsed() <= LOADS && asked <= 20, "{asked} times in {:?}", begun.elapsed());
    }

    fn event(kind: &str, pod: &str, last: &str) -> Value {
        let message = "Error reloading NGINX: \n---\nError: exit status 1\nnginx: [emerg] invalid value \"TLSv9\" in /tmp/nginx/nginx-cfg1:2\n";
        json!({ "type": kind, "involvedObject": { "name": pod }, "lastTimestamp": last, "message": message })
    }

    #[test]
    fn without_a_word_in_the_log_the_newest_event_of_the_pod_counts() {
        let now: Timestamp = "2026-11-26T03:30:00Z".parse().unwrap();
        let bad = event("Warning", "a", "2026-11-26T03:20:00Z");
        let is_refused = |seen: Reload| matches!(seen, Reload::Refused(refusal) if refusal.said == ["invalid value \"TLSv9\""]);
        assert!(is_refused(told(
            &TRAITS,
            &[event("Normal", "a", "2026-11-26T03:10:00Z"), bad.clone()],
            "a",
            now
        )));
        assert_eq!(
            told(&TRAITS, &[bad.clone(), event("Normal", "a", "2026-11-26T03:21:00Z")], "a", now),
            Reload::Quiet
        );
        assert_eq!(told(&TRAITS, &[bad], "b", now), Reload::Quiet);
    }

    #[test]
    fn a_refusal_that_was_not_repeated_is_over() {
        let now: Timestamp = "2026-11-26T03:30:00Z".parse().unwrap();
        assert_eq!(told(&TRAITS, &[event("Warning", "a", "2026-11-26T02:40:00Z")], "a", now), Reload::Quiet);
        assert_eq!(told(&TRAITS, &[], "a", now), Reload::Quiet);
    }
}
