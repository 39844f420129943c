//! The cluster as its API server shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Failure;

/// One look at the cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ClusterSeen {
    /// The version of the API server (`v1.34.1+k3s1`), or why it could not be asked; `None` when it was not asked.
    pub version: Option<Result<String, Failure>>,
    /// Every list that checks read.
    pub objects: Objects,
    /// The last lines of what a container wrote, by `namespace/pod/container`.
    pub logs: BTreeMap<String, String>,
}

/// Lists of objects as they live, by resource: the plural, and the group after a dot unless it is the core one.
/// Of Secrets, only what is public is in here.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Objects(pub BTreeMap<String, Listing>);

/// What came of one list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    /// The objects.
    Items(Vec<Value>),
    /// The API server does not know the resource: its definition is not there.
    Unserved,
    /// It could not be read.
    Failed(String),
}

impl Objects {
    /// The objects; nothing of a resource that the server does not know; `None` when it was not read.
    #[must_use]
    pub fn list(&self, resource: &str) -> Option<&[Value]> {
        match self.0.get(resource)? {
            Listing::Items(items) => Some(items),
            Listing::Unserved => Some(&[]),
            Listing::Failed(_) => None,
        }
    }

    /// What came of the list; `None` when nobody tried.
    #[must_use]
    pub fn listing(&self, resource: &str) -> Option<&Listing> {
        self.0.get(resource)
    }

    /// The object of that name; the namespace is empty for what lies in none.
    #[must_use]
    pub fn find(&self, resource: &str, namespace: &str, name: &str) -> Option<&Value> {
        let of = |object: &&Value| {
            at(object, "/metadata/name") == name && at(object, "/metadata/namespace") == namespace
        };
        self.list(resource)?.iter().find(of)
    }
}

/// The text at a JSON pointer (RFC 6901); empty when there is none.
#[must_use]
pub fn at<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The entries of the list at a JSON pointer; none when there is no list.
pub fn entries<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
