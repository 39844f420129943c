//! What was written.

use std::collections::BTreeMap;

use serde::Serialize;

/// The configuration, as far as checks compare with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConfigSeen {
    /// Why the file cannot be used, as `homelab up` says it; `None` when it can.
    pub problem: Option<crate::evidence::Failure>,
    /// The hosts that it names.
    pub hosts: Vec<String>,
    /// The services, each with what it adds to its Ingress.
    pub services: Vec<ServiceSeen>,
    /// The prefix of the annotations that external-dns reads, with its slash.
    pub annotation_prefix: String,
    /// The IngressClass of homelab's controller.
    pub class: String,
    /// Whether that controller serves Ingresses without a class, too.
    pub default_class: bool,
    /// What `ingress.config` says of the controller's guards; of its other entries, nothing.
    pub guards: BTreeMap<String, String>,
}

/// A service of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServiceSeen {
    /// Its key in the file.
    pub name: String,
    /// What it adds to its Ingress.
    pub annotations: BTreeMap<String, String>,
}
