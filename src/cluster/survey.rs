//! Everything that is in a namespace, or of some kinds, of whatever kind and whoever made it: asked before all of it goes.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::room::Room;
use crate::cluster::snapshot::items;
use crate::cluster::{Cluster, LANES};
use crate::error::{Error, Result};
use crate::evidence::{at, entries};
use crate::plan::occupants::{Survey, Thing, Unread};

/// How many of a kind are read: to know that there are some, it does not take all.
const MOST: usize = 500;

/// The kinds that the server knows and that are stored: those that can be listed and deleted. Others, as the metrics of pods,
/// are views of something else.
#[derive(Debug, Default)]
pub struct Kinds {
    known: Vec<Known>,
    /// Groups whose server does not answer, in words.
    silent: Vec<String>,
}

/// One kind.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    group: String,
    version: String,
    kind: String,
    plural: String,
    namespaced: bool,
    can_be_listed: bool,
}

impl Kinds {
    /// Whether the definition of that name, `plural.group`, is served.
    pub fn serve(&self, definition: &str) -> bool {
        self.known.iter().any(|known| known.is(definition))
    }
}

impl Known {
    fn is(&self, definition: &str) -> bool {
        definition.split_once('.') == Some((&self.plural, &self.group))
    }

    fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", self.group) };
        let middle = namespace.map_or_else(String::new, |namespace| format!("/namespaces/{namespace}"));
        format!("{root}/{}{middle}/{}?limit={MOST}", self.version, self.plural)
    }
}

impl Cluster {
    /// Asks which kinds there are, in two requests.
    ///
    /// # Errors
    /// When the API server cannot be asked, or is too old to say it.
    pub async fn kinds(&self) -> Result<Kinds> {
        let purpose = Purpose { verb: "list", what: "the kinds of the API".to_owned() };
        let mut kinds = Kinds::default();
        for root in ["/api", "/apis"] {
            let answer = self.send::<Value>(request::discover(root)).await;
            let answer = answer.map_err(|failed| self.explain(&purpose, failed))?;
            if answer["kind"] != "APIGroupDiscoveryList" {
                return Err(Error::unfinished("the API server does not say which kinds it knows")
                    .because("aggregated discovery needs Kubernetes 1.30 or newer")
                    .hint("upgrade k3s, one minor version at a time"));
            }
            entries(&answer, "/items").iter().for_each(|group| kinds.note(group));
        }
        Ok(kinds)
    }

    /// Everything in a namespace.
    ///
    /// # Errors
    /// When the API server cannot be reached.
    pub async fn survey_namespace(&self, kinds: &Kinds, namespace: &str) -> Result<Survey> {
        let inside = kinds.known.iter().filter(|known| known.namespaced);
        let mut survey = self.survey(inside, Some(namespace)).await?;
        let silent = kinds.silent.iter().map(|why| Unread { definition: None, why: why.clone() });
        survey.unread.extend(silent);
        Ok(survey)
    }

    /// Every object of these definitions, each by its name, `plural.group`.
    ///
    /// # Errors
    /// When the API server cannot be reached.
    pub async fn survey_definitions(&self, kinds: &Kinds, definitions: &BTreeSet<&str>) -> Result<Survey> {
        let named = kinds.known.iter().filter(|known| definitions.iter().any(|name| known.is(name)));
        self.survey(named, None).await
    }

    async fn survey<'k>(
        &self,
        kinds: impl Iterator<Item = &'k Known>,
        namespace: Option<&str>,
    ) -> Result<Survey> {
        let room = &Room::new();
        let lists = kinds.map(|known| async move {
            if !known.can_be_listed {
                return Ok((known, Err("it cannot be listed".to_owned())));
            }
            let purpose = Purpose { verb: "list", what: known.plural.clone() };
            match self.send_in::<Value>(request::get(&known.path(namespace), true), room).await {
                Ok(list) => Ok((known, Ok(items(list)))),
                Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => {
                    Ok((known, Ok(Vec::new())))
                }
                Err(Failed::Kube(kube::Error::Api(status))) => Ok((known, Err(status.message.clone()))),
                Err(failed) => Err(self.explain(&purpose, failed)),
            }
        });
        let lists: Vec<_> = stream::iter(lists).buffer_unordered(LANES).try_collect().await?;
        let mut survey = Survey::default();
        for (known, list) in lists {
            let Known { group, kind, plural, .. } = known;
            match list {
                Ok(found) => {
                    survey.kinds.insert((group.clone(), kind.clone()));
                    survey.things.extend(found.into_iter().map(|object| Thing {
                        group: group.clone(),
                        kind: kind.clone(),
                        plural: plural.clone(),
                        object,
                    }));
                }
                Err(why) => survey.unread.push(Unread {
                    definition: Some(format!("{plural}.{group}")),
                    why: format!("{plural}: {why}"),
                }),
            }
        }
        Ok(survey)
    }
}

impl Kinds {
    /// Takes one group (apidiscovery.k8s.io/v2, `APIGroupDiscovery`). Its versions come in the order of preference; each
    /// kind is taken in the first that has it.
    fn note(&mut self, item: &Value) {
        let group = at(item, "/metadata/name");
        for version in entries(item, "/versions") {
            if at(version, "/freshness") == "Stale" {
                self.silent.push(format!("{group}: its API server does not answer"));
            }
            for resource in entries(version, "/resources") {
                let verbs = entries(resource, "/verbs");
                let can = |verb: &str| verbs.iter().any(|one| one == verb);
                let plural = at(resource, "/resource");
                let is_known = |known: &Known| known.group == group && known.plural == plural;
                if (can("delete") || can("deletecollection")) && !self.known.iter().any(is_known) {
                    self.known.push(Known {
                        group: group.to_owned(),
                        version: at(version, "/version").to_owned(),
                        kind: at(resource, "/responseKind/kind").to_owned(),
                        plural: plural.to_owned(),
                        namespaced: at(resource, "/scope") == "Namespaced",
                        can_be_listed: can("list"),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::cluster;

    fn group(name: &str, freshness: &str, resources: Value) -> Value {
        json!({ "metadata": { "name": name }, "versions": [{ "version": "v1", "freshness": freshness, "resources": resources }] })
    }

    fn resource(plural: &str, kind: &str, scope: &str, verbs: &[&str]) -> Value {
        json!({ "resource": plural, "scope": scope, "verbs": verbs, "responseKind": { "kind": kind } })
    }

    async fn asked(metrics: &'static str) -> (Survey, Vec<String>) {
        let stored = ["delete", "get", "list"];
        let (cluster, log) = cluster(move |line, _| {
            let answer = match line.split_once(' ').map_or("", |(_, path)| path) {
                "/api" => json!({ "kind": "APIGroupDiscoveryList", "items": [group("", "Current", json!([
                    resource("configmaps", "ConfigMap", "Namespaced", &stored),
                    resource("bindings", "Binding", "Namespaced", &["create"]),
                    resource("nodes", "Node", "Cluster", &stored),
                ]))] }),
                "/apis" => json!({ "kind": "APIGroupDiscoveryList", "items": [
                    group("metrics.k8s.io", metrics, json!([resource("pods", "PodMetrics", "Namespaced", &["get", "list"])])),
                    group("wiki.example", "Current", json!([resource("pages", "Page", "Namespaced", &stored)])),
                ] }),
                path if path.contains("/pages") => {
                    return (403, json!({ "kind": "Status", "code": 403, "message": "no" }));
                }
                _ => json!({ "items": [{ "metadata": { "name": "a", "namespace": "homelab" } }] }),
            };
            (200, answer)
        });
        let kinds = cluster.kinds().await.unwrap();
        assert!(kinds.serve("pages.wiki.example") && !kinds.serve("pods.metrics.k8s.io"));
        let survey = cluster.survey_namespace(&kinds, "homelab").await.unwrap();
        let log = log.lock().unwrap().clone();
        (survey, log)
    }

    #[tokio::test]
    async fn whatever_can_be_deleted_with_a_namespace_is_listed_and_views_of_it_are_not() {
        let (survey, log) = asked("Current").await;
        assert_eq!(
            survey.things.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["ConfigMap homelab/a"]
        );
        assert!(log.contains(&"GET /api/v1/namespaces/homelab/configmaps?limit=500".to_owned()), "{log:?}");
        assert_eq!(log.len(), 4, "{log:?}");
    }

    #[tokio::test]
    async fn what_cannot_be_listed_and_a_group_that_does_not_answer_are_told() {
        let unread = asked("Current").await.0.unread;
        let pages = Unread { definition: Some("pages.wiki.example".into()), why: "pages: no".into() };
        assert_eq!(unread, [pages]);
        let is_group = |one: &Unread| one.definition.is_none() && one.why.starts_with("metrics.k8s.io: ");
        assert!(asked("Stale").await.0.unread.iter().any(is_group));
    }
}
