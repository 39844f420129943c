//! What is left in a namespace, or of a kind, and whose it is: with the last of it, all of it would go.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

/// Group and kind.
type Named = (String, String);

/// One thing that is there; of its body only the metadata is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// Its API group; empty for the core group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its resource in the URL.
    pub plural: String,
    /// Its metadata, below `metadata`.
    pub object: Value,
}

/// What could not be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Unread {
    /// The name of its definition, `plural.group`; `None` of a whole group, whose kinds nobody knows.
    pub definition: Option<String>,
    /// What it is and why, in words.
    pub why: String,
}

/// Everything that was looked at.
#[derive(Debug, Default)]
pub struct Survey {
    /// What is there.
    pub things: Vec<Thing>,
    /// Group and kind of all that was looked at.
    pub kinds: BTreeSet<Named>,
    /// What could not be looked at.
    pub unread: Vec<Unread>,
}

/// What there is.
#[derive(Debug, Default, PartialEq)]
pub struct Occupancy<'a> {
    /// What is not the lab's.
    pub others: Vec<&'a Thing>,
    /// What hangs on one of those.
    pub following: Vec<&'a Thing>,
    /// What belonged to something that is gone: the garbage collector takes it (Kubernetes docs, "Garbage Collection").
    pub going: Vec<&'a Thing>,
}

impl Survey {
    /// Sorts what there is; `ours` are the uids of what goes or is kept on purpose.
    pub fn occupancy(&self, ours: &BTreeSet<String>) -> Occupancy<'_> {
        let by_uid: BTreeMap<&str, &Thing> = self.things.iter().map(|thing| (thing.uid(), thing)).collect();
        let mut found = Occupancy::default();
        for thing in &self.things {
            if thing.is_claim() {
                found.others.push(thing);
            } else if !thing.is_of_the_cluster() && !ours.contains(thing.uid()) {
                match self.fate(thing, &by_uid) {
                    Fate::Stays => found.others.push(thing),
                    Fate::Goes => found.going.push(thing),
                    Fate::Follows(above) if ours.contains(above.uid()) || above.is_of_the_cluster() => {}
                    Fate::Follows(above) if matches!(self.fate(above, &by_uid), Fate::Goes) => {}
                    Fate::Follows(_) => found.following.push(thing),
                }
            }
        }
        found
    }

    fn fate<'a>(&self, thing: &'a Thing, by_uid: &BTreeMap<&str, &'a Thing>) -> Fate<'a> {
        let owners = thing.owners();
        let known = |owner: &&Value| by_uid.contains_key(uid_of(owner));
        let is_gone = |owner: &&Value| !known(owner) && self.kinds.contains(&kind_of(owner));
        if owners.is_empty() || !owners.iter().all(|owner| known(&owner) || is_gone(&owner)) {
            // Of an owner whose kind was not looked at nobody knows whether it lives.
            return Fate::Stays;
        }
        if !owners.iter().any(|owner| known(&owner)) {
            return Fate::Goes;
        }
        // It goes with what stands above it all, or that is counted. Two that own each other have nothing above them.
        let mut above = thing;
        for _ in 0..HIGHEST {
            match above.owners().iter().find_map(|owner| by_uid.get(uid_of(owner))) {
                Some(owner) => above = owner,
                None if above.is_of_the_cluster() && above.kind != ENDPOINTS => return Fate::Stays,
                None => return Fate::Follows(above),
            }
        }
        Fate::Stays
    }
}

/// What becomes of a thing.
enum Fate<'a> {
    Stays,
    Goes,
    /// What this one does, which stands above it.
    Follows(&'a Thing),
}

/// How many owners stand above each other at most: pod, ReplicaSet, Deployment, and what made that.
const HIGHEST: usize = 16;

fn uid_of(owner: &Value) -> &str {
    owner["uid"].as_str().unwrap_or_default()
}

/// What the owner is, as a reference to it says.
fn kind_of(owner: &Value) -> Named {
    let version = owner["apiVersion"].as_str().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    (group.to_owned(), owner["kind"].as_str().unwrap_or_default().to_owned())
}

const ENDPOINTS: &str = "Endpoints";
/// The root certificate that the cluster puts into every namespace (Kubernetes docs, "Configure Service Accounts").
const ROOT_CERTIFICATE: &str = "kube-root-ca.crt";

impl Thing {
    fn uid(&self) -> &str {
        self.object["metadata"]["uid"].as_str().unwrap_or_default()
    }

    fn owners(&self) -> &[Value] {
        self.object["metadata"]["ownerReferences"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// Its namespace, if it lies in one.
    pub fn namespace(&self) -> Option<&str> {
        self.object["metadata"]["namespace"].as_str()
    }

    /// Whether it is an object of this definition, `plural.group`.
    pub fn is_of(&self, definition: &str) -> bool {
        definition.split_once('.') == Some((&self.plural, &self.group))
    }

    /// Whether it holds data that nobody can make again.
    pub fn is_claim(&self) -> bool {
        self.group.is_empty() && self.kind == "PersistentVolumeClaim"
    }

    /// What the cluster makes by itself, in every namespace or for every Service.
    fn is_of_the_cluster(&self) -> bool {
        match (self.group.as_str(), self.kind.as_str()) {
            ("" | "events.k8s.io", "Event") | ("coordination.k8s.io", "Lease") | ("", ENDPOINTS) => true,
            ("", "ConfigMap") => self.name() == ROOT_CERTIFICATE,
            ("", "ServiceAccount") => self.name() == "default",
            _ => false,
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace() {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name()),
            None => write!(f, "{} {}", self.kind, self.name()),
        }
    }
}
