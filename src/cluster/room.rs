//! How much of the API server's answers is read: whoever may write in one namespace could fill this machine's memory else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::Deserialize;

use super::request::{Failed, Purpose};
use crate::error::Error;
use crate::outside;

/// One answer has so many bytes at most. A pod has some 10 KB, managed fields included: that is 1600 pods, of fifteen nodes
/// that are full (110 each; Kubernetes docs, "Considerations for large clusters"). One object cannot come near: etcd takes
/// 1.5 MiB (`--max-request-bytes`). As objects in memory they take up to ten times as much.
const ONE: usize = 16 << 20;
/// The answers of one look together. With [`FREE`] for each of its two dozen lists, half a GiB of objects, which a machine
/// that runs k3s can spare for a moment.
const LOOK: usize = 32 << 20;
/// So much of an answer does not count: a list of a usual size is read whatever the others have.
const FREE: usize = 1 << 20;

/// The room that the answers of one look have.
pub(super) struct Room {
    left: AtomicUsize,
}

/// There was no room for an answer: not all of it was read, and what was is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Large {
    /// What was exceeded: the room of one answer, or of the look.
    alone: bool,
    /// The namespace with most of what was read, and how many bytes; the name is empty for objects that lie in none.
    most: Option<(String, usize)>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self { left: AtomicUsize::new(LOOK) }
    }

    /// Reads a body to its end.
    pub(super) async fn read(&self, mut body: Body) -> Result<Vec<u8>, Failed> {
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let data = frame.map_err(Failed::Kube)?.into_data().unwrap_or_default();
            let counted = read.len().max(FREE);
            read.extend_from_slice(data.get(..ONE + 1 - read.len()).unwrap_or(&data));
            let more = read.len().saturating_sub(counted);
            let alone = read.len() > ONE;
            if alone || !self.takes(more) {
                return Err(Failed::Large(Large { alone, most: most(&read) }));
            }
        }
        Ok(read)
    }

    fn takes(&self, bytes: usize) -> bool {
        let rest = |left: usize| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest).is_ok()
    }
}

impl Large {
    pub(super) fn explain(&self, purpose: &Purpose) -> Error {
        let (limit, of) = match self.alone {
            true => (ONE, String::new()),
            false => (LOOK, " together with the other lists".to_owned()),
        };
        let place = match &self.most {
            Some((namespace, bytes)) if !namespace.is_empty() => {
                format!(", {} MiB of it in namespace {}", mib(*bytes), outside::code_span(namespace))
            }
            _ => String::new(),
        };
        // `configmaps/ingress-nginx` is what the doctor calls those of one namespace.
        let kind = purpose.what.split('/').next().unwrap_or_default();
        let look = match &self.most {
            _ if purpose.verb != "list" => None,
            Some((namespace, _)) if !namespace.is_empty() => {
                command!("kubectl -n {} get {} --show-labels", namespace, kind)
            }
            _ => command!("kubectl get {} -A --show-labels", kind),
        };
        // Said with what was seen, since the doctor shows no hint of what it could not look at.
        let look = look.map_or_else(String::new, |look| format!(" (`{look}` shows them)"));
        let what = format!("the answer to `{purpose}` has{of} more than {} MiB{place}{look}", mib(limit));
        Error::unfinished(what)
            .because(
                "homelab reads a list whole or not at all, and all of it could fill this machine's memory",
            )
            .hint("look who made them, and remove what nobody needs")
    }
}

/// In whole MiB, and at least one.
fn mib(bytes: usize) -> usize {
    (bytes >> 20).max(1)
}

/// As much of an object as tells where it lies.
#[derive(Deserialize)]
struct Item {
    metadata: ItemMetadata,
}

#[derive(Deserialize)]
struct ItemMetadata {
    #[serde(default)]
    namespace: String,
}

/// The namespace with most of a list that was cut off, and how many bytes; `None` when it is no list, or not one object is
/// whole.
fn most(text: &[u8]) -> Option<(String, usize)> {
    const ITEMS: &[u8] = b"\"items\":[";
    let start = text.windows(ITEMS.len()).position(|part| part == ITEMS)? + ITEMS.len();
    let mut rest = text.get(start..)?;
    let mut bytes: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        let mut items = serde_json::Deserializer::from_slice(rest).into_iter::<Item>();
        let Some(Ok(item)) = items.next() else { break };
        let end = items.byte_offset();
        *bytes.entry(item.metadata.namespace).or_default() += end;
        rest = rest.get(end..)?.strip_prefix(b",").unwrap_or_default();
    }
    bytes.into_iter().max_by_key(|(_, bytes)| *bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::fake::cluster;
    use crate::config::Controller;
    use crate::evidence::Listing;

    /// A list with so many MiB in the namespace of a stranger, beside one object of homelab's.
    fn list(mebibytes: usize) -> Value {
        let object = |namespace: &str, name: String, size: usize| json!({ "metadata": { "namespace": namespace, "name": name }, "data": { "x": "x".repeat(size) } });
        let strangers = (0..mebibytes).map(|n| object("zoo", format!("big-{n}"), 1 << 20));
        let items: Vec<Value> =
            std::iter::once(object("ingress-nginx", "a".into(), 9)).chain(strangers).collect();
        json!({ "metadata": { "resourceVersion": "7" }, "items": items })
    }

    fn holding(large: &'static [&'static str], mebibytes: usize) -> crate::cluster::Cluster {
        let (few, many) = (list(0), list(mebibytes));
        let answer = move |line: &str, _| match large.iter().any(|part| line.contains(part)) {
            true => (200, many.clone()),
            false => (200, few.clone()),
        };
        cluster(answer).0
    }

    #[tokio::test]
    async fn a_list_that_is_larger_than_any_home_has_ends_up_and_names_where_most_of_it_lies() {
        let error = holding(&["/api/v1/configmaps"], 20)
            .snapshot("home.example.com", Controller::default())
            .await
            .unwrap_err();
        assert_eq!(error.exit, crate::error::Exit::Unfinished);
        assert_eq!(
            error.what,
            "the answer to `list configmaps` has more than 16 MiB, 15 MiB of it in namespace `zoo` \
             (`kubectl -n zoo get configmaps --show-labels` shows them)"
        );
        assert_eq!(error.hint.as_deref(), Some("look who made them, and remove what nobody needs"));
    }

    #[tokio::test]
    async fn what_any_home_has_is_read_to_its_end() {
        let snapshot =
            holding(&["/configmaps"], 12).snapshot("home.example.com", Controller::default()).await.unwrap();
        assert!(!snapshot.versions.is_empty());
    }

    #[tokio::test]
    async fn many_lists_that_are_large_together_have_an_end_too() {
        assert!(holding(&["/configmaps", "/roles"], 12).snapshot("x", Controller::default()).await.is_ok());
        let large = &["/configmaps", "/roles", "/services", "/deployments", "/serviceaccounts"];
        let error = holding(large, 12).snapshot("x", Controller::default()).await.unwrap_err();
        assert!(error.what.contains("together with the other lists more than 32 MiB"), "{}", error.what);
        assert!(error.what.contains("namespace `zoo`"), "{}", error.what);
    }

    #[tokio::test]
    async fn the_doctor_sees_all_other_lists_and_says_why_it_did_not_see_one() {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        let seen =
            holding(&["/api/v1/pods"], 20).examine(Controller::default(), "cert-manager", deadline).await;
        let failed: Vec<_> =
            seen.objects.0.iter().filter(|(_, listing)| matches!(listing, Listing::Failed(_))).collect();
        let [(resource, Listing::Failed(why))] = failed.as_slice() else { panic!("{failed:?}") };
        assert_eq!(resource.as_str(), "pods");
        assert!(why.contains("`list pods` has more than 16 MiB, 15 MiB of it in namespace `zoo`"), "{why}");
        assert!(why.contains("`kubectl -n zoo get pods --show-labels` shows them"), "{why}");
    }

    #[tokio::test]
    async fn a_list_of_a_usual_size_is_read_when_others_have_taken_all_the_room() {
        let room = Room::new();
        assert!(room.takes(LOOK));
        assert_eq!(room.read(Body::from(vec![b' '; FREE])).await.map(|read| read.len()).ok(), Some(FREE));
        assert!(room.read(Body::from(vec![b' '; FREE + 1])).await.is_err());
    }

    #[test]
    fn what_is_no_list_or_has_no_whole_object_has_no_namespace() {
        for text in
            ["", "{}", "{\"items\":[", "{\"items\":[{\"metadata\":{\"name", "\"items\":[]}", "\"items\":[7]"]
        {
            assert_eq!(most(text.as_bytes()), None, "{text}");
        }
        let nodes = "{\"items\":[{\"metadata\":{\"name\":\"pi\"}},{\"metadata\":{\"na";
        assert_eq!(most(nodes.as_bytes()), Some((String::new(), 26)));
    }
}
