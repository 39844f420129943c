//! One object that should exist.

use std::fmt;

use k8s_openapi::Resource;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::config::{self, Config};
use crate::desired::kind::{self, Kind, KindRef, Stage};
use crate::desired::{leaving, tunnel, wildcard_record};
use crate::facts::{self, authority, challenge_server, name_server};
use crate::ingress::traits_of;

/// What identifies an object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its kind.
    pub kind: KindRef,
    /// Its namespace; none for kinds without.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Key {
    /// The key of an object that lives; none if it has no name.
    pub fn of(kind: KindRef, object: &Value) -> Option<Self> {
        let name = object["metadata"]["name"].as_str()?.to_owned();
        let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
        Some(Self { kind, namespace, name })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.kind;
        match &self.namespace {
            Some(namespace) => write!(f, "{kind} {namespace}/{}", self.name),
            None => write!(f, "{kind} {}", self.name),
        }
    }
}

/// The part of the lab that an object belongs to: one line of progress each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// The ingress controller, by that of the configuration.
    Controller(config::Controller),
    /// cert-manager itself.
    CertManager,
    /// The issuers, their Secret and the wildcard certificate.
    Issuer,
    /// external-dns.
    ExternalDns,
    /// The lab's own name servers, each with an external-dns beside it.
    NameServer,
    /// The lab's own name server for challenges.
    ChallengeServer,
    /// The connectors of the tunnel, and the names that lead to it.
    Tunnel,
    /// The names that the cluster's own DNS gives to pods.
    InsideNames,
    /// The demo and what people use.
    Services,
}

impl Component {
    /// Every component of a lab, in the order in which they are shown.
    pub fn all(config: &Config) -> Vec<Self> {
        let controller = config.ingress.controller;
        let mut all = Vec::from_iter(controller.is_managed().then_some(Self::Controller(controller)));
        all.extend([Self::CertManager, Self::Issuer]);
        all.extend((!config.dns.provider.is_on_nodes()).then_some(Self::ExternalDns));
        all.extend(config.house_zone().map(|_| Self::NameServer));
        all.extend(config.dns.challenge_server.as_ref().map(|_| Self::ChallengeServer));
        all.extend(tunnel::tunnels(config).map(|_| Self::Tunnel));
        all.extend(config.dns.has_inside_names().then_some(Self::InsideNames));
        all.push(Self::Services);
        all
    }

    /// The value of the label `app.kubernetes.io/component` and the name in progress lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Controller(controller) => traits_of(controller).name,
            Self::CertManager => "cert-manager",
            Self::Issuer => "issuer",
            Self::ExternalDns => "external-dns",
            Self::NameServer => name_server::NAME,
            Self::ChallengeServer => challenge_server::NAME,
            Self::Tunnel => facts::tunnel::NAME,
            Self::InsideNames => "inside-names",
            Self::Services => "services",
        }
    }
}

/// One object that should exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// What it is called.
    pub key: Key,
    /// What it belongs to.
    pub component: Component,
    /// Its whole body, with `apiVersion` and `kind`.
    pub body: Value,
}

impl Object {
    /// Takes a typed object. A type whose kind is not one of [`crate::desired::kind::KINDS`] does not compile: it would never
    /// be applied. One without a name is a fault of homelab's own that tests would see, and yields none.
    pub fn typed<T: Serialize + Resource>(component: Component, object: &T) -> Option<Self> {
        const { assert!(Kind::is_known(T::GROUP, T::VERSION, T::KIND), "add the kind to desired::kind::KINDS") }
        Self::from_value(component, serde_json::to_value(object).ok()?)
    }

    /// Takes a document; none if its kind is not one of [`crate::desired::kind::KINDS`] or it has no name.
    pub fn from_value(component: Component, body: Value) -> Option<Self> {
        let kind = Kind::find(body["apiVersion"].as_str()?, body["kind"].as_str()?)?;
        let name = body["metadata"]["name"].as_str()?.to_owned();
        let namespace = body["metadata"]["namespace"].as_str().map(str::to_owned);
        Some(Self { key: Key { kind, namespace, name }, component, body })
    }

    /// The mapping at `path`, made where it is missing.
    pub fn map_at(&mut self, path: &[&str]) -> &mut Map<String, Value> {
        let mut value = &mut self.body;
        for step in path {
            if !value[*step].is_object() {
                value[*step] = Value::Object(Map::new());
            }
            value = &mut value[*step];
        }
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        match value {
            Value::Object(map) => map,
            _ => unreachable!("made a mapping above"),
        }
    }

    /// When it is applied: with others of its kind, but the Secret of a move before everything else, and what mounts a Secret of the lab's own authority comes with the objects
    /// by which that is made. Its pods could not start before, and whoever waits for one stage before the next, as Flux does,
    /// would wait for ever.
    pub fn stage(&self) -> Stage {
        // What remembers a move has to be there before anything writes over what it remembers.
        if self.key == leaving::key(&kind::SECRET) {
            return Stage::Foundation;
        }
        // It has an address before others leave their records to it.
        if self.key == wildcard_record::key() {
            return Stage::Workload;
        }
        let volumes = self.body["spec"]["template"]["spec"]["volumes"].as_array();
        let mut secrets =
            volumes.into_iter().flatten().filter_map(|volume| volume["secret"]["secretName"].as_str());
        if secrets.any(authority::is_part) { Stage::Judged } else { self.key.kind.stage }
    }

    /// Whether it is a Secret: no hash is kept of those, and their data is shown nowhere.
    pub fn is_secret(&self) -> bool {
        self.key.kind.kind == "Secret"
    }
}
