//! What a move leaves behind. When the records go to another provider, or into another zone, the external-dns of before is not
//! there any more to delete what it wrote. So `up` keeps what that one was given in a Secret of its own, until the new way is
//! proven; then an external-dns that reads nothing deletes all records that the lab owns at the old place, and both go.
//!
//! Sources: external-dns 0.22, source/store.go (`empty`), controller/execute.go (`--once` ends with an error where a sync does),
//! plan/policy.go (`sync`).

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec, PodTemplateSpec, Secret};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desired::external_dns::{METRICS, NAMESPACE};
use crate::desired::kind::KindRef;
use crate::desired::meta::{label, named, pods, version_label};
use crate::desired::object::{Component, Key, Object};
use crate::desired::pod::{
    absolute_names, probe, requests, tolerations_of_one, unprivileged, unprivileged_pod,
};
use crate::facts::providers::Provider;
use crate::provider::ZONE_KEY;

/// The Secret that remembers it, and the Deployment that carries it out.
pub const NAME: &str = "external-dns-before";
const COMPONENT: Component = Component::ExternalDns;
/// The key of the Secret that holds what is no credential.
const BEFORE: &str = "before.json";
/// The container that deletes the records, and ends.
const DELETE: &str = "delete-records";
/// What an external-dns was told of its sources, and of what it may delete.
const READS: [&str; 5] =
    ["--source=", "--policy=", "--ingress-class=", "--label-filter=", "--annotation-prefix="];
/// The argument that names the provider.
const PROVIDER: &str = "--provider=";

/// An external-dns of before, with everything that it needs to delete its records.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaving {
    before: Before,
    /// Its credentials and its zone.
    data: BTreeMap<String, ByteString>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Before {
    image: String,
    args: Vec<String>,
    env: Vec<EnvVar>,
}

/// An object of this name.
#[must_use]
pub fn key(kind: KindRef) -> Key {
    Key { kind, namespace: Some(NAMESPACE.to_owned()), name: NAME.to_owned() }
}

impl Leaving {
    /// What the Secret of an earlier run remembers; `None` where it is not as homelab wrote it.
    #[must_use]
    pub fn of_secret(live: &Value) -> Option<Self> {
        let mut data = data(live)?;
        let before = serde_json::from_slice(&data.remove(BEFORE)?.0).ok()?;
        Some(Self { before, data }).filter(|found| found.provider().is_some())
    }

    /// What a living external-dns was given; `None` for one that deletes no records.
    #[must_use]
    pub fn of_living(deployment: &Value, secret: &Value) -> Option<Self> {
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let before = Before {
            image: container["image"].as_str()?.to_owned(),
            args: serde_json::from_value(container["args"].clone()).ok()?,
            env: serde_json::from_value(container["env"].clone()).unwrap_or_default(),
        };
        let deletes = before.args.iter().any(|arg| arg == "--policy=sync");
        Some(Self { before, data: data(secret)? }).filter(|found| deletes && found.provider().is_some())
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> Option<Provider> {
        let name = self.before.args.iter().find_map(|arg| arg.strip_prefix(PROVIDER))?;
        Provider::ALL.iter().copied().find(|provider| provider.facts().external_dns == Some(name))
    }

    /// The zone.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        std::str::from_utf8(&self.data.get(ZONE_KEY)?.0).ok()
    }

    /// Whether its records are in this place. Two ways to change a zone on servers of one's own may lead to the same server.
    #[must_use]
    pub fn is_at(&self, provider: Provider, zone: &str) -> bool {
        let is_same_zone = self.zone().is_some_and(|own| own.eq_ignore_ascii_case(zone));
        let is_same_server =
            self.provider().is_some_and(|own| own == provider || (own.facts().tsig && provider.facts().tsig));
        is_same_zone && is_same_server
    }

    /// The Secret by which a later run knows of it.
    pub(super) fn secret(&self) -> Option<Object> {
        let mut data = self.data.clone();
        data.insert(BEFORE.to_owned(), ByteString(serde_json::to_vec(&self.before).ok()?));
        let secret = Secret {
            metadata: named(NAMESPACE, NAME),
            type_: Some("Opaque".to_owned()),
            data: Some(data),
            ..Secret::default()
        };
        Object::typed(COMPONENT, &secret)
    }

    /// The Deployment that deletes the records: it is ready when they are gone. It asks no API server.
    #[must_use]
    pub fn deployment(&self, owner: &str) -> Option<Object> {
        let (metadata, selector) = pods(NAME);
        let pod = PodSpec {
            automount_service_account_token: Some(false),
            security_context: Some(unprivileged_pod()),
            tolerations: Some(tolerations_of_one()),
            dns_config: Some(absolute_names()),
            init_containers: Some(vec![self.container(DELETE, &["--once"])]),
            containers: vec![Container {
                readiness_probe: Some(probe("/healthz", METRICS, 1, 6)),
                ..self.container("done", &[])
            }],
            ..PodSpec::default()
        };
        let deployment = Deployment {
            metadata: named(NAMESPACE, NAME),
            spec: Some(DeploymentSpec {
                replicas: Some(1),
                selector,
                strategy: Some(DeploymentStrategy {
                    type_: Some("Recreate".to_owned()),
                    ..DeploymentStrategy::default()
                }),
                template: PodTemplateSpec { metadata: Some(metadata), spec: Some(pod) },
                ..DeploymentSpec::default()
            }),
            status: None,
        };
        let mut object = Object::typed(COMPONENT, &deployment)?;
        label(&mut object, owner, version_label(COMPONENT));
        Some(object)
    }

    fn container(&self, name: &str, more: &[&str]) -> Container {
        let of_before = self.before.args.iter();
        let kept = of_before.filter(|arg| *arg != "--events" && !READS.iter().any(|of| arg.starts_with(of)));
        let own = ["--source=empty", "--policy=sync"].into_iter().chain(more.iter().copied());
        let mut env = self.before.env.clone();
        for one in &mut env {
            if let Some(of) = one.value_from.as_mut().and_then(|from| from.secret_key_ref.as_mut()) {
                of.name = NAME.to_owned();
            }
        }
        Container {
            name: name.to_owned(),
            image: Some(self.before.image.clone()),
            args: Some(own.map(str::to_owned).chain(kept.cloned()).collect()),
            env: Some(env),
            resources: Some(requests("10m", "50Mi")),
            security_context: Some(unprivileged(65_532)),
            // Why it ended is in the pod's status then.
            termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
            ..Container::default()
        }
    }
}

fn data(secret: &Value) -> Option<BTreeMap<String, ByteString>> {
    serde_json::from_value(secret["data"].clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{Inputs, bundle, external_dns, kind};
    use crate::evidence::Zone;
    use crate::facts::secret::Secret as Text;
    use crate::provider::{Credentials, Keyring, SECRET, TOKEN_KEY};

    const CONFIG: &str =
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n";

    /// The external-dns of a configuration, and its Secret, as they live.
    fn living(text: &str) -> (Value, Value) {
        let config = crate::config::parse(text).unwrap();
        let keyring = Keyring::new([(TOKEN_KEY, Text::new("a-token-of-before").unwrap())]);
        let zone = Zone { id: "0123".to_owned(), name: "example.com".to_owned(), ..Zone::default() };
        let credentials = Credentials::new(keyring, &zone);
        let inputs = Inputs { credentials: Some(&credentials), ..Inputs::default() };
        let objects = bundle(&config, &inputs).objects;
        let find = |kind: &str, name: &str| {
            let is_it = |object: &&Object| {
                object.key.kind.kind == kind
                    && object.key.name == name
                    && object.key.namespace.as_deref() == Some(NAMESPACE)
            };
            objects.iter().find(is_it).unwrap().body.clone()
        };
        (find("Deployment", external_dns::NAME), find("Secret", SECRET))
    }

    fn leaving() -> Leaving {
        let (deployment, secret) = living(CONFIG);
        Leaving::of_living(&deployment, &secret).unwrap()
    }

    #[test]
    fn what_is_remembered_is_what_was_given() {
        let (found, secret) = (leaving(), leaving().secret().unwrap());
        assert_eq!((found.provider(), found.zone()), (Some(Provider::Cloudflare), Some("example.com")));
        assert_eq!(Leaving::of_secret(&secret.body), Some(found));
        assert!(secret.is_secret() && secret.key == key(&kind::SECRET));
    }

    /// It deletes what bears the lab's owner id in its TXT record, and nothing of anybody else: it reads nothing, so that
    /// nothing but ownership decides.
    #[test]
    fn it_deletes_only_what_the_lab_owns_at_the_old_place_with_what_was_given_there() {
        let object = leaving().deployment("home.example.com").unwrap();
        let pod = &object.body["spec"]["template"]["spec"];
        let delete = &pod["initContainers"][0];
        let arguments: Vec<&str> =
            delete["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let count = |start: &str| arguments.iter().filter(|arg| arg.starts_with(start)).count();
        assert_eq!(
            (count("--source="), count("--policy="), count("--registry=txt")),
            (1, 1, 1),
            "{arguments:?}"
        );
        for wanted in [
            "--source=empty",
            "--policy=sync",
            "--once",
            "--provider=cloudflare",
            "--txt-owner-id=home.example.com",
            "--txt-prefix=%{record_type}-homelab.",
        ] {
            assert!(arguments.contains(&wanted), "{wanted}: {arguments:?}");
        }
        let names = |container: &Value| container["env"].to_string().matches(NAME).count();
        assert!(names(delete) > 0 && !delete["env"].to_string().contains(SECRET), "{}", delete["env"]);
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert!(pod["serviceAccountName"].is_null());
        assert_eq!(object.body["metadata"]["labels"]["app.kubernetes.io/instance"], "home.example.com");
    }

    #[test]
    fn one_that_deletes_nothing_leaves_nothing_to_be_deleted() {
        let (deployment, secret) =
            living(&CONFIG.replace("tokenFile: /t", "tokenFile: /t, policy: upsert-only"));
        assert_eq!(Leaving::of_living(&deployment, &secret), None);
    }

    #[test]
    fn a_place_is_a_provider_and_a_zone_and_two_ways_to_ones_own_server_may_be_one() {
        let found = leaving();
        assert!(found.is_at(Provider::Cloudflare, "Example.com"));
        assert!(!found.is_at(Provider::Cloudflare, "example.org"));
        assert!(!found.is_at(Provider::Rfc2136, "example.com"));
        let mut own = found;
        own.before
            .args
            .iter_mut()
            .filter(|arg| arg.starts_with(PROVIDER))
            .for_each(|arg| *arg = "--provider=pdns".into());
        assert!(own.is_at(Provider::Rfc2136, "example.com") && own.is_at(Provider::PowerDns, "example.com"));
        assert!(
            !own.is_at(Provider::Rfc2136, "example.org") && !own.is_at(Provider::Cloudflare, "example.com")
        );
    }

    #[test]
    fn a_secret_that_somebody_else_made_says_nothing() {
        for data in [Value::Null, serde_json::json!({}), serde_json::json!({ BEFORE: "e30=" })] {
            assert_eq!(Leaving::of_secret(&serde_json::json!({ "data": data })), None);
        }
    }
}
