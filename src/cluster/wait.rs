//! Waits by watching: one watch for each kind that is not ready yet, from the snapshot's version on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use kube::core::WatchEvent;
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::cluster::request::{self, Purpose};
use crate::cluster::snapshot::items;
use crate::desired::kind::{self, KindRef};
use crate::desired::meta::{HOMELAB, MANAGED_BY, inventory_selector};
use crate::desired::object::Key;
use crate::error::{Error, Result};
use crate::facts::namespaces::is_home;
use crate::plan::readiness::Trouble;
pub use awaited::Awaited;
use troubles::Troubles;

/// Before a watch that broke is begun again: doubled each time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A watch ends after this long and is begun again (seconds).
const WATCH_SECONDS: u32 = 290;

/// What a watch saw.
pub(super) enum Seen {
    /// The object is there, in this form.
    Is(KindRef, Value),
    /// It was deleted; this was its last form.
    Gone(KindRef, Value),
    /// The watch cannot go on.
    Failed(Error),
}

/// One watch, and the next after it breaks.
struct Watch {
    /// Where to go on from; `None` begins with a list.
    version: Option<String>,
    events: BoxStream<'static, kube::Result<WatchEvent<Value>>>,
    /// Whether one was begun before.
    opened: bool,
    /// When this one was begun.
    begun: Option<Instant>,
    /// How long it rests before it is begun again.
    pause: Duration,
}

impl Watch {
    /// Something came: the next fault is the first one again.
    fn goes_on(&mut self, version: Option<String>) {
        self.version = version.or(self.version.take());
        self.pause = SHORTEST_PAUSE;
    }

    async fn rest(&mut self) {
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

impl Cluster {
    /// Waits until everything in `awaited` is ready, and tells `changed` after each thing that it sees.
    ///
    /// # Errors
    /// At the deadline, or when a pod cannot run for a reason that time does not mend; the message says what was waited for.
    pub async fn wait(
        &self,
        owner: &str,
        awaited: &mut Awaited,
        deadline: Instant,
        changed: impl Fn(&Awaited),
    ) -> Result<()> {
        changed(awaited);
        let kinds: BTreeSet<KindRef> = awaited.unready().map(|(key, _, _)| key.kind).collect();
        if kinds.is_empty() {
            return Ok(());
        }
        let selector = inventory_selector(owner);
        let mut streams: Vec<BoxStream<'_, Seen>> = Vec::new();
        for kind in kinds {
            streams.push(self.follow(kind, selector.clone(), awaited.versions.get(kind).cloned()));
        }
        streams.push(self.follow(&kind::POD, format!("{MANAGED_BY}={HOMELAB}"), None));
        let mut events = stream::select_all(streams);
        let mut troubles = Troubles::default();
        let homes = homes(awaited);
        loop {
            let patience = troubles.end_of_patience(awaited).unwrap_or(deadline);
            let event = tokio::time::timeout_at(deadline.min(patience), events.next()).await;
            match event {
                Ok(Some(Seen::Is(kind, object))) if *kind == kind::POD => {
                    troubles.note(&homes, kind, object);
                }
                Ok(Some(Seen::Gone(kind, object))) if *kind == kind::POD => {
                    troubles.forget(kind, &object);
                }
                Ok(Some(Seen::Is(kind, object))) => {
                    if let Some(entry) = Key::of(kind, &object).and_then(|key| awaited.objects.get_mut(&key))
                    {
                        entry.1 = Some(object);
                    }
                }
                Ok(Some(Seen::Gone(kind, object))) => {
                    if let Some(entry) = Key::of(kind, &object).and_then(|key| awaited.objects.get_mut(&key))
                    {
                        entry.1 = None;
                    }
                }
                Ok(Some(Seen::Failed(error))) => return Err(error),
                Ok(None) => return Err(Error::unfinished("the API server ended every watch")),
                Err(_) if Instant::now() >= deadline => return Err(self.late(awaited, &troubles).await),
                Err(_) => return Err(self.stuck(&troubles.of(awaited)).await),
            }
            awaited.pods = troubles.notes(awaited);
            changed(awaited);
            if awaited.is_ready() {
                return Ok(());
            }
        }
    }

    /// Everything that happens to a kind: what is there now, unless `version` says from where on, and every change.
    ///
    /// A watch that breaks is begun again, with growing pauses for as long as that fails: an API server that restarts is away
    /// for some seconds. Only one that cannot even be begun the first time ends it. (kube's own `watcher` does the same with
    /// a list of its own; here the snapshot's version is known, and the list is left out.)
    pub(super) fn follow(
        &self,
        kind: KindRef,
        selector: String,
        version: Option<String>,
    ) -> BoxStream<'_, Seen> {
        let start = Watch {
            version,
            events: stream::empty().boxed(),
            opened: false,
            begun: None,
            pause: SHORTEST_PAUSE,
        };
        stream::unfold(start, move |mut watch: Watch| {
            let selector = selector.clone();
            async move {
                loop {
                    match watch.events.next().await {
                        Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object))) => {
                            watch.goes_on(version_of(&object));
                            return Some((Seen::Is(kind, object), watch));
                        }
                        Some(Ok(WatchEvent::Deleted(object))) => {
                            watch.goes_on(version_of(&object));
                            return Some((Seen::Gone(kind, object), watch));
                        }
                        Some(Ok(WatchEvent::Bookmark(mark))) => {
                            watch.goes_on(Some(mark.metadata.resource_version));
                        }
                        // The version is too old (410), or the connection broke: look again from the start.
                        Some(Ok(WatchEvent::Error(_)) | Err(_)) => {
                            (watch.version, watch.events) = (None, stream::empty().boxed());
                            watch.rest().await;
                        }
                        // The usual end comes after minutes; who ends it at once is not asked without a pause.
                        None if watch.begun.take().is_some_and(|at| at.elapsed() < LONGEST_PAUSE) => {
                            watch.rest().await;
                        }
                        None => match self.begin(kind, &selector, watch.version.clone()).await {
                            Ok((from, events)) => {
                                (watch.version, watch.events, watch.opened) = (from, events, true);
                                watch.begun = Some(Instant::now());
                            }
                            Err(_) if watch.opened => watch.rest().await,
                            Err(error) => {
                                watch.events = stream::pending().boxed();
                                return Some((Seen::Failed(error), watch));
                            }
                        },
                    }
                }
            }
        })
        .boxed()
    }

    /// Opens a watch; without a version, what is there now comes first.
    async fn begin(
        &self,
        kind: KindRef,
        selector: &str,
        version: Option<String>,
    ) -> Result<(Option<String>, BoxStream<'static, kube::Result<WatchEvent<Value>>>)> {
        let mut now = Vec::new();
        let version = match version {
            Some(version) => version,
            None => {
                let (_, list) = self.list(kind, selector).await?;
                let Some(list) = list else {
                    // The definition is not served yet: it was applied a moment ago.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    return Ok((None, stream::empty().boxed()));
                };
                let version = list["metadata"]["resourceVersion"].as_str().unwrap_or("0").to_owned();
                now = items(list).into_iter().map(|object| Ok(WatchEvent::Added(object))).collect();
                version
            }
        };
        let path = format!(
            "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&labelSelector={}&resourceVersion={version}",
            request::collection(kind, None),
            request::escape(selector),
        );
        let purpose = Purpose { verb: "watch", what: kind.plural.to_owned() };
        let events = self.client.request_events::<Value>(request::get(&path, false)).await;
        let events = events.map_err(|e| self.explain(&purpose, request::Failed::Kube(e)))?;
        Ok((Some(version), stream::iter(now).chain(events).boxed()))
    }

    async fn late(&self, awaited: &Awaited, troubles: &Troubles) -> Error {
        let troubles = troubles.of(awaited);
        if !troubles.is_empty() {
            return self.stuck(&troubles).await;
        }
        let waiting: Vec<String> = awaited.unready().map(|(key, _, why)| format!("{key}: {why}")).collect();
        let mut error = Error::unfinished("not everything became ready in time");
        for line in waiting {
            error = error.because(line);
        }
        error.hint("run `homelab up` again to wait longer; `timeouts.apply` sets how long it waits")
    }

    async fn stuck(&self, troubles: &BTreeMap<&Key, &Trouble>) -> Error {
        let mut error = Error::wrong("a pod cannot run");
        let mut ports = false;
        let mut image = false;
        for (key, Trouble { why, .. }) in troubles {
            ports |= why.contains("free ports");
            image |= why.contains("cannot be pulled");
            error = error.because(format!("{key}: {why}"));
        }
        if ports {
            let owners = self.host_port_owners().await;
            for owner in &owners {
                error = error.because(format!(
                    "port {} of the node is held by pod {}/{}",
                    owner.port, owner.namespace, owner.name
                ));
            }
            return error.hint("remove that pod's workload (k3s' own: `--disable=traefik --disable=servicelb`), then run `homelab up` again;\nif it is an ingress controller that you want to keep, set `ingress: { manage: false, class: NAME }`: homelab then uses it, and installs none");
        }
        if image && troubles.keys().any(|key| !key.namespace.as_deref().is_some_and(is_home)) {
            return error.hint("check the name of the image in the configuration, and that the node can reach its registry without a password; then run `homelab up` again");
        }
        if image {
            return error.hint("check that the node can reach the registry, or name a mirror under `images:` in the configuration; then run `homelab up` again");
        }
        error.hint("`kubectl -n NAMESPACE describe pod NAME` and `kubectl -n NAMESPACE logs NAME --previous` say more")
    }
}

/// The namespaces beside homelab's own in which programs are waited for.
fn homes(awaited: &Awaited) -> BTreeSet<String> {
    let programs = awaited.objects.keys().filter(|key| *key.kind == kind::DEPLOYMENT);
    programs.filter_map(|key| key.namespace.clone()).collect()
}

fn version_of(object: &Value) -> Option<String> {
    object["metadata"]["resourceVersion"].as_str().map(str::to_owned)
}

mod awaited;
mod troubles;

#[cfg(test)]
mod tests;
