//! The records of names that are reached from the internet. Two who read the same Ingress would write the same address, and there
//! are two answers to give: the internet gets the lab's public address, the house keeps the nodes' own. So the Ingress of such a
//! name bears a label by which the provider's external-dns passes over it, and a Service with neither pods nor an address in the
//! cluster stands for the public record: the name and where it leads are external-dns' own annotations (external-dns 0.22,
//! source/service.go, `generateEndpoints`). The house resolver's external-dns passes over that Service.
//!
//! Another prefix of annotations for the house (`--annotation-prefix`) would do it, too; but then it would pass over every
//! annotation that people have written for external-dns, and their names would be gone in the house.
//!
//! As long as nobody knows where the record leads, the Service has no target, and comes to no record (`extractHeadlessEndpoints`
//! finds no pod): a private address never stands for it in public DNS.

use crate::config::{Config, Target, Way};
use crate::desired::external_dns::{self, BY_PUBLIC, PROVIDER_ONLY};
use crate::desired::kind;
use crate::desired::object::{Component, Key, Object};
use crate::desired::record::{TARGET, annotation_key, standing_for};
use crate::desired::wildcard_record::take_records;
use crate::facts::names::Host;

/// Where the Services are: beside the external-dns that reads them.
pub const NAMESPACE: &str = external_dns::NAMESPACE;

/// The name of the one for what is reached by a port of the router.
pub const BY_PORT: &str = "public-address";

/// The annotation that says where the record leads.
#[must_use]
pub fn target_key(config: &Config) -> String {
    annotation_key(config, TARGET)
}

/// What identifies it.
#[must_use]
pub fn key() -> Key {
    Key { kind: &kind::SERVICE, namespace: Some(NAMESPACE.to_owned()), name: BY_PORT.to_owned() }
}

/// The Service for what is reached by a port of the router. Where its record is to follow a changing address, that is written
/// when it is known.
pub(super) fn by_port(config: &Config) -> Option<Object> {
    let target = match &config.public.target {
        Target::Auto => None,
        Target::Address(address) => Some(address.to_string()),
        Target::Name(name) => Some(name.to_string()),
    };
    let proxied = config.dns.provider.facts().proxied.filter(|_| config.public.proxied);
    let more: Vec<(&str, &str)> = proxied.into_iter().map(|key| (key, "true")).collect();
    let place = (Component::ExternalDns, NAMESPACE, BY_PORT);
    record(config, place, &config.public_hosts(Some(Way::Port)), target.as_deref(), &more)
}

/// A Service for the public records of `hosts`, all of which lead to `target`, if that is known here. `more` are further
/// annotations, without the prefix of external-dns.
pub(super) fn record<'h>(
    config: &Config,
    (component, namespace, name): (Component, &str, &str),
    hosts: impl IntoIterator<Item = &'h Host>,
    target: Option<&str>,
    more: &[(&str, &str)],
) -> Option<Object> {
    let hosts: Vec<&str> = hosts.into_iter().map(Host::as_str).collect();
    if hosts.is_empty() {
        return None;
    }
    let leads = (&*hosts.join(","), target);
    let service = standing_for(config, (namespace, name), Some(PROVIDER_ONLY), leads, more);
    Object::typed(component, &service)
}

/// Takes the records of their own from the Ingresses of public names.
pub(super) fn leave_to_it(config: &Config, objects: &mut [Object]) {
    take_records(objects, &config.public_hosts(None), BY_PUBLIC);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::wildcard_record::is_left_out;
    use crate::desired::{Inputs, bundle, kind};

    const PLACE: (Component, &str, &str) = (Component::ExternalDns, NAMESPACE, "a");

    fn lab(more: &str) -> (Config, Vec<Object>) {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare, houseResolver: true }}\n\
             ingress: {{ controller: traefik }}\n{more}services:\n  photos: {{ local: 1, public: port }}\n  nas: {{ local: 2 }}\n"
        );
        let config = crate::config::parse(&text).unwrap();
        let objects = bundle(&config, &Inputs::default()).objects;
        (config, objects)
    }

    fn left_out(objects: &[Object]) -> Vec<&str> {
        let ingresses = objects.iter().filter(|object| *object.key.kind == kind::INGRESS);
        ingresses.filter(|one| is_left_out(&one.body)).map(|one| one.key.name.as_str()).collect()
    }

    fn arguments(objects: &[Object], kind: &str, name: &str) -> String {
        let found = objects.iter().find(|one| one.key.kind.kind == kind && one.key.name == name);
        found.unwrap().body["spec"]["template"]["spec"].to_string()
    }

    /// First of all: a private address is never published for a name that the internet is to reach.
    #[test]
    fn the_provider_passes_over_the_ingress_of_a_public_name_and_of_no_other() {
        let (_, objects) = lab("");
        assert_eq!(left_out(&objects), ["photos"]);
        let provider = arguments(&objects, "Deployment", "external-dns");
        assert!(provider.contains("--label-filter=homelab/by-public-record!=true"), "{provider}");
        let (_, objects) = lab("certificates: wildcard\nrecords: wildcard\n");
        assert_eq!(left_out(&objects), ["nas", "photos", "whoami"]);
    }

    #[test]
    fn the_house_passes_over_the_public_record_and_reads_the_ingress() {
        let (_, objects) = lab("");
        let house = arguments(&objects, "DaemonSet", "name-server");
        assert!(house.contains("--label-filter=homelab/provider-only!=true"), "{house}");
        assert!(!house.contains("by-public-record"));
    }

    #[test]
    fn a_wildcard_record_does_not_answer_for_a_public_name() {
        let (config, objects) = lab("certificates: wildcard\nrecords: wildcard\n");
        let photos = Host::parse("photos.home.example.com").unwrap();
        assert!(!config.by_wildcard().contains(&photos));
        let provider = arguments(&objects, "Deployment", "external-dns");
        assert!(provider.contains("homelab/by-wildcard!=true,homelab/by-public-record!=true"), "{provider}");
    }

    #[test]
    fn a_record_whose_target_nobody_knows_has_none() {
        let (config, _) = lab("");
        let hosts = config.public_hosts(None);
        let target = |target| record(&config, PLACE, &hosts, target, &[]).unwrap().body;
        let prefix = &config.dns.annotation_prefix;
        let known = target(Some("203.0.113.7"));
        let annotations = &known["metadata"]["annotations"];
        assert_eq!(annotations[format!("{prefix}hostname")], "photos.home.example.com");
        assert_eq!(annotations[format!("{prefix}target")], "203.0.113.7");
        assert_eq!(known["metadata"]["labels"]["homelab/provider-only"], "true");
        assert_eq!(known["spec"]["clusterIP"], "None");
        assert!(target(None)["metadata"]["annotations"][format!("{prefix}target")].is_null());
        assert!(record(&config, PLACE, &[], None, &[]).is_none(), "a record for nobody");
    }
}
