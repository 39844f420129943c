//! The cluster as its API server shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::evidence::http::HttpAnswer;
use crate::evidence::tls::{Leaf, Served};
use crate::evidence::{Evidence, Failure, InsideSeen, Lookup, Transport};
use crate::facts::{cluster_domain, namespaces};

impl Evidence {
    /// The domain of the cluster's own names; none where nothing that was read says it.
    #[must_use]
    pub fn cluster_domain(&self) -> Option<String> {
        let objects = self.cluster.as_ref().map(|cluster| &cluster.objects);
        let settings =
            objects.and_then(|all| all.find("configmaps", namespaces::SYSTEM, cluster_domain::COREDNS));
        cluster_domain::of(settings, self.objects("nodes").unwrap_or_default())
    }
}

/// One look at the cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ClusterSeen {
    /// The version of the API server (`v1.34.1+k3s1`), or why it could not be asked; `None` when it was not asked.
    pub version: Option<Result<String, ApiFailure>>,
    /// How the API server is reached; `None` when no kubeconfig could be used.
    pub access: Option<Access>,
    /// The first list that the kubeconfig's user may not read; `None` when all were allowed.
    pub denied: Option<ApiFailure>,
    /// The service of k3s on this machine, looked at when the API server gives no answer; `None` where there is none.
    pub unit: Option<UnitSeen>,
    /// Every list that checks read.
    pub objects: Objects,
    /// The last lines of what a container wrote, by `namespace/pod/container`.
    pub logs: BTreeMap<String, String>,
    /// What each ready pod of the ingress controller answers the API server on port 80, by the name of its node; or why
    /// nothing came.
    pub pod_answers: BTreeMap<String, Result<HttpAnswer, String>>,
    /// What the cluster's DNS says to this machine; empty where this machine is no node.
    pub service_dns: Vec<ServiceLookup>,
    /// What the pods of CoreDNS say to names of the lab's own; `None` where pods are given none, and where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<InsideSeen>,
}

/// Why the API server could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiFailure {
    /// What it was, for judges.
    pub kind: ApiFault,
    /// The same in words, for people.
    #[serde(flatten)]
    pub failure: Failure,
}

/// What can keep the API server from being asked, told apart because each has another cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiFault {
    /// Nobody named a kubeconfig, and there is none where one is looked for.
    Unnamed,
    /// The kubeconfig that was named is not there.
    NotFound,
    /// This user may not read the kubeconfig.
    Unreadable,
    /// The kubeconfig is no kubeconfig, or names what is not there.
    Unusable,
    /// Nothing proves that it is the server that answers: no TLS, or its certificate is not to be checked.
    Unproven,
    /// Nothing listens at the address.
    Refused,
    /// No answer in time.
    Timeout,
    /// The server's certificate is out of date.
    CertificateExpired,
    /// The server's certificate is for other addresses than the kubeconfig's.
    ForeignName,
    /// The server's certificate is not from the kubeconfig's authority.
    ForeignAuthority,
    /// The server does not know the kubeconfig's user.
    Unauthorized,
    /// The server knows the user, who may not do this.
    Forbidden,
    /// Anything else, for example a name that does not resolve.
    Other,
}

/// The way to the API server, as the kubeconfig describes it, and the certificates on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Where the kubeconfig lies.
    pub kubeconfig: String,
    /// Whether that is the file that k3s itself writes.
    pub own: bool,
    /// The URL of the API server in it.
    pub server: String,
    /// The certificate that the server shows, by the kubeconfig's own authority; `None` when it was not asked.
    pub served: Option<Result<Served, Transport>>,
    /// The certificate by which the user is known; `None` when there is none, as with a token.
    pub client: Option<Leaf>,
    /// Whether the kubeconfig has the authority of the cluster that this machine is a server of; `None` when this
    /// machine is none, or its own kubeconfig cannot be read.
    pub of_this_machine: Option<bool>,
    /// Whether the user is the account of `homelab kubeconfig`: it may write nothing and read no Secret, so that what needs
    /// either was not looked at.
    pub reads_only: bool,
}

/// The systemd unit of k3s on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UnitSeen {
    /// `k3s` on a server, `k3s-agent` on an agent.
    pub name: String,
    /// `active`, `activating`, `failed` and so on, with the sub-state after a slash.
    pub state: String,
    /// The last line of its journal that is an error; `None` when there is none, or it cannot be read.
    pub last_error: Option<String>,
}

/// Why a name is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// It is one of the cluster's own.
    Internal,
    /// It is one of the internet that pods of the lab need.
    External,
    /// It is that one with a search domain of this machine behind it: it should not exist.
    Searched,
}

/// One question to the cluster's DNS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceLookup {
    /// The name that was asked for.
    pub name: String,
    /// Why it was asked for.
    pub kind: Asked,
    /// The answer of the DNS Service's address, or why there is none.
    pub lookup: Lookup,
}

/// The list of the pods that no node has taken yet: `up` reads no others but the controller's.
pub const WAITING_PODS: &str = "pods/waiting";

/// The list of the one ConfigMap by which users of k3s change CoreDNS.
pub const COREDNS_CUSTOM: &str = "configmaps/coredns-custom";

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
        let has_that_name = |object: &&Value| {
            at(object, "/metadata/name") == name && at(object, "/metadata/namespace") == namespace
        };
        self.list(resource)?.iter().find(has_that_name)
    }
}

/// The text at a JSON pointer (RFC 6901); empty when there is none.
#[must_use]
pub fn at<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A part of an object as the type of `k8s-openapi` that it is; `None` when it is not of that form.
#[must_use]
pub fn typed<T: DeserializeOwned>(part: &Value) -> Option<T> {
    T::deserialize(part).ok()
}

/// The entries of the list at a JSON pointer; none when there is no list.
pub fn entries<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
