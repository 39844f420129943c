//! Who else is in a namespace of homelab's, or has objects of a definition that it brought.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, Kinds};
use crate::commands::strangers::named;
use crate::desired::object::Key;
use crate::error::Result;
use crate::plan::occupants::Thing;
use crate::plan::ownership::Doomed;

/// What keeps a namespace or a definition.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Lodgers {
    /// What is not the lab's, in words; without claims.
    pub(super) others: Vec<String>,
    /// What could not be looked at, in words: nobody knows whose it is.
    pub(super) unseen: Vec<String>,
    /// The claims, whoever made them: nobody can make again what they hold.
    pub(super) claims: Vec<Key>,
    /// Whether certificates are kept in it.
    pub(super) keeps: bool,
    /// What is about to go by itself.
    pub(super) going: Vec<String>,
}

impl Lodgers {
    /// Whether nothing keeps it.
    pub(super) fn is_empty(&self) -> bool {
        self.others.is_empty() && self.claims.is_empty() && self.unseen.is_empty() && !self.keeps
    }

    /// Why it stays, in words.
    pub(super) fn why(&self) -> String {
        let mut why = Vec::new();
        if !self.others.is_empty() {
            why.push(format!("not homelab's: {}", named(self.others.iter().cloned())));
        }
        if !self.claims.is_empty() {
            why.push(format!("data is in it: {}", named(self.claims.iter().map(ToString::to_string))));
        }
        if !self.unseen.is_empty() {
            why.push(format!("what is in it cannot be seen: {}", self.unseen.join("; ")));
        }
        if self.keeps && why.is_empty() {
            why.push("certificates are kept in it".to_owned());
        }
        why.join("; ")
    }
}

/// What is in a namespace, beside what is `ours`.
pub(super) async fn in_home(
    cluster: &Cluster,
    kinds: &Kinds,
    namespace: &str,
    ours: &BTreeSet<String>,
    kept: &[Doomed],
) -> Result<Lodgers> {
    let survey = cluster.survey_namespace(kinds, namespace).await?;
    let found = survey.occupancy(ours);
    let others = found.others.iter().filter(|thing| !thing.is_claim());
    Ok(Lodgers {
        others: others.map(ToString::to_string).collect(),
        unseen: survey.unread.iter().map(|unread| unread.why.clone()).collect(),
        claims: found.others.iter().filter_map(|thing| claim(thing)).collect(),
        keeps: kept.iter().any(|one| one.key.namespace.as_deref() == Some(namespace)),
        going: found.going.iter().map(ToString::to_string).collect(),
    })
}

fn claim(thing: &Thing) -> Option<Key> {
    let namespace = thing.namespace().map(str::to_owned);
    thing.is_claim().then(|| Key {
        kind: &crate::desired::kind::CLAIM,
        namespace,
        name: thing.name().to_owned(),
    })
}

/// What others have of each definition, beside what is `ours`.
pub(super) async fn in_definitions(
    cluster: &Cluster,
    kinds: &Kinds,
    definitions: &[Doomed],
    ours: &BTreeSet<String>,
) -> Result<Vec<(Key, Lodgers)>> {
    let names: BTreeSet<&str> = definitions.iter().map(|one| one.key.name.as_str()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let survey = cluster.survey_definitions(kinds, &names).await?;
    let found = survey.occupancy(ours);
    let all = definitions.iter().map(|one| {
        let name = one.key.name.as_str();
        let of = |things: &[&Thing]| -> Vec<String> {
            things.iter().filter(|thing| thing.is_of(name)).map(ToString::to_string).collect()
        };
        // Its objects are there, whether the server shows them or not.
        let of_it = survey.unread.iter().filter(|unread| unread.definition.as_deref() == Some(name));
        let mut unseen: Vec<String> = of_it.map(|unread| unread.why.clone()).collect();
        if !kinds.serve(name) {
            unseen.push("the API server does not serve it".to_owned());
        }
        let mut others = of(&found.others);
        others.extend(of(&found.following));
        (one.key.clone(), Lodgers { others, unseen, going: of(&found.going), ..Lodgers::default() })
    });
    Ok(all.collect())
}
