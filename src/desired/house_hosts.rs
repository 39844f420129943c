//! The further names of the house (`dns.hosts`): a Service for each, with the name and its addresses in external-dns' own
//! annotations, so that whoever is filled by an external-dns has it within a second, without a restart and without a definition
//! of a kind of its own (`record`).

use k8s_openapi::api::core::v1::Service;
use sha2::{Digest, Sha256};

use crate::config::{Config, HouseHost};
use crate::desired::external_dns::{self, HOUSE_ONLY};
use crate::desired::object::{Component, Object};
use crate::desired::record::standing_for;
use crate::facts::name_server;
use crate::facts::names::Host;

/// The longest name of a Service (RFC 1035, section 2.3.1).
const NAME_MAX: usize = 63;

/// A Service for each name. They lie beside the external-dns that reads them: people's own Services have names, too.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let (component, namespace) = match config.house_zone() {
        Some(_) => (Component::NameServer, name_server::NAMESPACE),
        None => (Component::ExternalDns, external_dns::NAMESPACE),
    };
    let service = |host: &HouseHost| Object::typed(component, &service(config, namespace, host));
    config.house_hosts().filter_map(service).collect()
}

fn service(config: &Config, namespace: &str, host: &HouseHost) -> Service {
    let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
    let label = (!config.dns.publish_hosts).then_some(HOUSE_ONLY);
    let leads = (host.name.as_str(), Some(&*addresses.join(",")));
    standing_for(config, (namespace, &name(&config.domain, &host.name)), label, leads, &[])
}

/// `host-printer` for `printer`. A Service's name has no dots: where a dot was, or where it is too long, some of its digest
/// keeps it apart from others.
fn name(domain: &Host, host: &Host) -> String {
    let below = host.as_str().strip_suffix(domain.as_str()).unwrap_or(host.as_str()).trim_end_matches('.');
    let plain = format!("host-{}", below.replace('.', "-"));
    if !below.contains('.') && plain.len() <= NAME_MAX {
        return plain;
    }
    let digest: String = Sha256::digest(below).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let room = NAME_MAX - digest.len() - 1;
    format!("{}-{digest}", plain.get(..room.min(plain.len())).unwrap_or(&plain).trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::desired::{Inputs, bundle};
    use crate::facts::names::is_label;

    const HOSTS: &str = "  hosts: { printer: 192.168.1.9, ssh.nas: [192.168.1.5, 192.168.1.6] }\n";

    fn lab(dns: &str) -> Vec<Object> {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns:\n  provider: cloudflare\n{dns}{HOSTS}"
        );
        bundle(&crate::config::parse(&text).unwrap(), &Inputs::default()).objects
    }

    fn arguments(objects: &[Object], kind: &str) -> String {
        let found = objects.iter().find(|object| {
            object.key.kind.kind == kind
                && ["external-dns", "name-server"].contains(&object.key.name.as_str())
        });
        found.map_or_else(String::new, |object| object.body["spec"]["template"]["spec"].to_string())
    }

    fn hosts(objects: &[Object]) -> Vec<&Object> {
        let is_one =
            |object: &&Object| object.key.kind.kind == "Service" && object.key.name.starts_with("host-");
        objects.iter().filter(is_one).collect()
    }

    #[test]
    fn the_house_serves_them_and_the_provider_does_not_see_them() {
        let objects = lab("  houseResolver: true\n");
        let found = hosts(&objects);
        assert_eq!(found.len(), 2);
        let nas = &found.iter().find(|object| object.key.name.starts_with("host-ssh-nas-")).unwrap().body;
        let prefix = "external-dns.alpha.kubernetes.io";
        assert_eq!(nas["metadata"]["annotations"][format!("{prefix}/hostname")], "ssh.nas.home.example.com");
        assert_eq!(nas["metadata"]["annotations"][format!("{prefix}/target")], "192.168.1.5,192.168.1.6");
        assert_eq!(nas["metadata"]["labels"]["homelab/house-only"], "true");
        assert_eq!(nas["metadata"]["namespace"], "name-server");
        assert_eq!((&nas["spec"]["clusterIP"], nas["spec"]["selector"].is_null()), (&"None".into(), true));
        assert!(arguments(&objects, "Deployment").contains("--label-filter=homelab/house-only!=true"));
        let in_house = arguments(&objects, "DaemonSet");
        assert!(in_house.contains("--source=service") && !in_house.contains("--label-filter"), "{in_house}");
    }

    #[test]
    fn published_ones_are_seen_by_both() {
        for (dns, namespace) in [
            ("  publishHosts: true\n", "external-dns"),
            ("  publishHosts: true\n  houseResolver: true\n", "name-server"),
        ] {
            let objects = lab(dns);
            let found = hosts(&objects);
            assert!(found.iter().all(|object| object.key.namespace.as_deref() == Some(namespace)), "{dns}");
            assert!(
                found.iter().all(|object| object.body["metadata"]["labels"]["homelab/house-only"].is_null())
            );
            assert!(!arguments(&objects, "Deployment").contains("--label-filter"), "{dns}");
        }
    }

    proptest! {
        #[test]
        fn every_name_has_a_service_of_its_own_with_a_name_that_kubernetes_takes(
            names in prop::collection::btree_set("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?){0,3}", 1..20),
        ) {
            let domain = Host::parse("home.example.com").unwrap();
            let of = |below: &String| name(&domain, &Host::parse(&format!("{below}.{domain}")).unwrap());
            let made: BTreeSet<String> = names.iter().map(of).collect();
            prop_assert_eq!(made.len(), names.len());
            prop_assert!(made.iter().all(|name| is_label(name) && name.starts_with("host-")));
        }
    }
}
