//! From the configuration to the objects that should exist. Pure: the same input gives the same bytes.

pub mod addresses;
pub mod authority;
pub mod cert_manager;
pub mod challenge_server;
pub mod controller;
pub mod egress;
pub mod external_dns;
pub mod extra;
pub mod guard;
mod house_hosts;
mod html;
pub mod image;
pub mod inside_names;
pub mod issuer;
pub mod kind;
pub mod leaving;
pub mod meta;
mod name_server;
pub mod object;
pub mod organisations;
pub mod outside;
mod own_egress;
pub(crate) mod pod;
pub mod public_record;
mod rbac;
pub mod reader;
pub(crate) mod readme;
mod record;
mod root_page;
mod secret;
pub mod service;
mod start_page;
pub mod tunnel;
mod web_server;
mod whoami;
pub mod wildcard_record;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Namespace;
use kind::KindRef;
use object::{Component, Key, Object};
use serde_json::Value;

use crate::config::Config;
use crate::desired::challenge_server::ChallengeKey;
use crate::desired::egress::Placed;
use crate::desired::leaving::Leaving;
use crate::desired::tunnel::Opened;
use crate::evidence::local::NodeAddress;
use crate::facts::{self, cluster_domain};
use crate::provider::Credentials;

/// What is not in the configuration and may be unknown: `render` has none of it.
#[derive(Debug, Default)]
pub struct Inputs<'a> {
    /// The provider's credentials; without them the Secrets carry no data.
    pub credentials: Option<&'a Credentials>,
    /// The documents of cert-manager's manifest; without them none of its objects is there.
    pub cert_manager: Option<&'a [Value]>,
    /// The PEM text of `acme.caFile`.
    pub authority: Option<&'a str>,
    /// The nodes; without them, programs on a node have no address.
    pub nodes: Option<&'a [NodeAddress]>,
    /// The key by which challenges are written at the lab's own server; without it the Secrets carry no data.
    pub challenge_key: Option<&'a ChallengeKey>,
    /// What wrote the records where they are to be no more, until they are deleted there.
    pub leaving: Option<&'a Leaving>,
    /// The tunnel, once it is there; without it the Secret carries no data, and no name leads to it.
    pub tunnel: Option<&'a Opened>,
    /// The domain of the cluster's own names; without it the usual one.
    pub cluster_domain: Option<&'a str>,
    /// The credentials of organisations, by their names, each with its zone; without them their Secrets carry no data.
    pub organisations: Option<&'a BTreeMap<String, Credentials>>,
    /// What of the cluster goes into the policies of `egress`; without it, those of others' programs are not there.
    pub placed: Option<&'a Placed>,
}

/// Everything that should exist.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The objects, ordered by stage, component and name.
    pub objects: Vec<Object>,
    /// Objects that others make for these and that bear the inventory's labels: prune leaves them alone.
    pub derived: BTreeSet<Key>,
}

/// Builds the bundle.
pub fn bundle(config: &Config, inputs: &Inputs<'_>) -> Bundle {
    let mut objects = match config.ingress.controller.is_managed() {
        true => controller::objects(config),
        false => Vec::new(),
    };
    if let (true, Some(documents)) = (config.cert_manager.manage, inputs.cert_manager) {
        objects.extend(cert_manager::objects(config, documents));
    }
    let zone = inputs.credentials.and_then(Credentials::zone_id);
    objects.extend(issuer::objects(config, inputs.authority, zone));
    objects.extend(authority::objects(config, inputs.cluster_domain.unwrap_or(cluster_domain::DEFAULT)));
    objects.extend(extra::objects(config));
    if config.external_dns {
        objects.extend(external_dns::objects(config));
    }
    objects.extend(name_server::objects(config));
    objects.extend(challenge_server::objects(config, inputs.challenge_key));
    objects.extend(house_hosts::objects(config));
    objects.extend(tunnel::objects(config, inputs.tunnel));
    objects.extend(inside_names::objects(config));
    objects.extend(secret::objects(config, inputs.credentials));
    let cluster_domain = inputs.cluster_domain.unwrap_or(cluster_domain::DEFAULT);
    objects.extend(organisations::objects(config, inputs.organisations, inputs.authority, cluster_domain));
    objects.extend(inputs.leaving.and_then(Leaving::secret));
    let namespace =
        Namespace { metadata: meta::secured(service::NAMESPACE, "restricted"), ..Namespace::default() };
    objects.extend(Object::typed(Component::Services, &namespace));
    objects.extend(reader::objects(config));
    objects.extend(addresses::objects(config));
    if config.whoami {
        objects.extend(whoami::objects(config));
    }
    objects.extend(start_page::objects(config));
    objects.extend(root_page::objects(config));
    objects.extend(config.services.iter().flat_map(|s| service::objects(config, s, inputs.nodes)));
    objects.extend(egress::objects(config, inputs.placed));
    objects.extend(own_egress::objects(config, inputs.placed));
    objects.extend(wildcard_record::object(config));
    objects.extend(public_record::by_port(config));
    wildcard_record::leave_to_it(config, &mut objects);
    public_record::leave_to_it(config, &mut objects);
    if let Some(credentials) = inputs.credentials {
        secret::restart_on_change(&mut objects, external_dns::NAME, credentials);
    }
    for (organisation, credentials) in inputs.organisations.into_iter().flatten() {
        secret::restart_on_change(
            &mut objects,
            &facts::organisations::external_dns(organisation),
            credentials,
        );
    }
    let other_version = inputs.cert_manager.and_then(cert_manager::other_version);
    // What may be somebody else's gets homelab's entries, and no word of whose it is.
    for object in objects.iter_mut().filter(|object| object.key != inside_names::key()) {
        let version = match object.component {
            Component::CertManager => other_version.unwrap_or(meta::version_label(object.component)),
            component => meta::version_label(component),
        };
        meta::label(object, &config.dns.owner, version);
    }
    objects.sort_by(|a, b| (a.stage(), a.component, &a.key).cmp(&(b.stage(), b.component, &b.key)));
    let users = config.services.iter().filter(|service| service.protect.users).map(service::users);
    let derived = objects.iter().flat_map(derived).chain(users).collect();
    Bundle { objects, derived }
}

/// The Certificate that cert-manager makes for an Ingress, and the Secret that it writes.
fn derived(object: &Object) -> Vec<Key> {
    let namespace = object.key.namespace.clone();
    let of = |secret: &Value, kinds: &[KindRef]| {
        let key = |kind| {
            let name = secret.as_str()?.to_owned();
            Some(Key { kind, namespace: namespace.clone(), name })
        };
        kinds.iter().copied().filter_map(key).collect()
    };
    match object.key.kind.kind {
        "Ingress" => of(&object.body["spec"]["tls"][0]["secretName"], &[&kind::SECRET, &kind::CERTIFICATE]),
        "Certificate" => of(&object.body["spec"]["secretName"], &[&kind::SECRET]),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_of_a_component_is_pinned() {
        let text =
            "domain: a.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n";
        let config = crate::config::parse(text).unwrap();
        let mut seen = 0;
        for object in bundle(&config, &Inputs::default()).objects {
            for container in
                object.body["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten()
            {
                // A name that is not in the pins gives an empty reference.
                assert_ne!(container["image"], "", "{} names an image that is not pinned", object.key);
                seen += 1;
            }
        }
        assert!(seen >= 3, "only {seen} containers");
    }

    /// The default bundle of a test has no documents of cert-manager's manifest, so its images are asked for by name.
    #[test]
    fn every_image_of_cert_manager_is_pinned() {
        for part in ["Controller", "Webhook", "Cainjector", "Acmesolver"] {
            let name = format!("certManager{part}");
            let image = crate::facts::pins::pins().image(&name, &std::collections::BTreeMap::new());
            assert_ne!(image, "", "{name} is not pinned");
        }
    }
}
