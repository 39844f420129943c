//! What a move leaves behind. When the records go to another provider, or into another zone, the external-dns of before is not
//! there any more to delete what it wrote. So `up` keeps what that one was given of its provider in a Secret of its own, until the
//! new way is proven; then an external-dns that reads nothing deletes all records that the lab owns at the old place, and both go.
//!
//! Whoever may edit the Deployment of before does not decide what is deleted: of its arguments only those of its provider are
//! kept, and by which TXT record a record is the lab's, homelab says.
//!
//! Sources: external-dns 0.22, source/store.go (`empty`), controller/execute.go (`--once` ends with an error where a sync does),
//! plan/policy.go (`sync`).

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Container, PodSpec, Secret};
use serde_json::Value;

use crate::config::Config;
use crate::desired::external_dns::{METRICS, NAMESPACE, Reads, arguments, container, deployment_of};
use crate::desired::kind::KindRef;
use crate::desired::meta::{label, named, version_label};
use crate::desired::object::{Component, Key, Object};
use crate::desired::pod::probe;
use crate::facts::providers::Provider;
use crate::provider::ZONE_KEY;

/// The Secret that remembers it, and the Deployment that carries it out.
pub const NAME: &str = "external-dns-before";
const COMPONENT: Component = Component::ExternalDns;
/// The key of the Secret that holds the arguments.
const ARGUMENTS: &str = "arguments.json";
/// The argument that names the provider.
const PROVIDER: &str = "--provider=";

/// An external-dns of before, with everything of its provider that it needs to delete its records.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaving {
    provider: Provider,
    /// The arguments of the provider.
    own: Vec<String>,
    /// Its credentials and its zone.
    data: BTreeMap<String, ByteString>,
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
        let own: Vec<String> = serde_json::from_slice(&data.remove(ARGUMENTS)?.0).ok()?;
        Self::of(&own, data)
    }

    /// What a living external-dns was given; `None` for one that deletes no records.
    #[must_use]
    pub fn of_living(deployment: &Value, secret: &Value) -> Option<Self> {
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let all: Vec<String> = serde_json::from_value(container["args"].clone()).ok()?;
        let deletes = all.iter().any(|argument| argument == "--policy=sync");
        Self::of(&all, data(secret)?).filter(|_| deletes)
    }

    fn of(arguments: &[String], data: BTreeMap<String, ByteString>) -> Option<Self> {
        let name = arguments.iter().find_map(|argument| argument.strip_prefix(PROVIDER))?;
        let provider = Provider::ALL.iter().copied().find(|one| one.facts().external_dns == Some(name))?;
        let of_provider = format!("--{name}-");
        let is_own =
            |argument: &&String| argument.starts_with(PROVIDER) || argument.starts_with(&of_provider);
        let own = arguments.iter().filter(is_own).cloned().collect();
        Some(Self { provider, own, data })
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.provider
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
            self.provider == provider || (self.provider.facts().tsig && provider.facts().tsig);
        is_same_zone && is_same_server
    }

    /// The Secret by which a later run knows of it.
    pub(super) fn secret(&self) -> Option<Object> {
        let mut data = self.data.clone();
        data.insert(ARGUMENTS.to_owned(), ByteString(serde_json::to_vec(&self.own).ok()?));
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
    pub fn deployment(&self, config: &Config) -> Option<Object> {
        let pod = PodSpec {
            automount_service_account_token: Some(false),
            init_containers: Some(vec![self.container(config, "delete-records", Some("--once"))]),
            containers: vec![Container {
                readiness_probe: Some(probe("/healthz", METRICS, 1, 6)),
                ..self.container(config, "done", None)
            }],
            ..PodSpec::default()
        };
        let mut object = Object::typed(COMPONENT, &deployment_of(NAME, pod))?;
        label(&mut object, &config.dns.owner, version_label(COMPONENT));
        Some(object)
    }

    fn container(&self, config: &Config, name: &str, more: Option<&str>) -> Container {
        let mut arguments =
            arguments(config, &config.dns.owner, (Reads::Nothing, self.own.clone()), &format!(":{METRICS}"));
        // Nothing is watched.
        arguments.retain(|argument| argument != "--events");
        arguments.extend(more.map(str::to_owned));
        Container {
            // Why it ended is in the pod's status then.
            termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
            ..container(config, name, (self.provider, NAME), arguments)
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
        assert_eq!((found.provider(), found.zone()), (Provider::Cloudflare, Some("example.com")));
        assert_eq!(Leaving::of_secret(&secret.body), Some(found));
        assert!(secret.is_secret() && secret.key == key(&kind::SECRET));
    }

    /// It deletes what bears the lab's owner id in its TXT record, and nothing of anybody else: it reads nothing, so that
    /// nothing but ownership decides.
    #[test]
    fn it_deletes_only_what_the_lab_owns_at_the_old_place_with_what_was_given_there() {
        let object = leaving().deployment(&crate::config::parse(CONFIG).unwrap()).unwrap();
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

    /// With another registry, external-dns would delete the whole zone; with another owner id, the records of that lab.
    #[test]
    fn whoever_has_edited_the_external_dns_of_before_does_not_decide_what_is_deleted() {
        let config = crate::config::parse(CONFIG).unwrap();
        let (mut deployment, secret) = living(CONFIG);
        let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
        let edited = container["args"].to_string();
        let edited =
            edited.replace("--registry=txt", "--registry=noop").replace("owner-id=home", "owner-id=their");
        container["args"] = serde_json::from_str(&edited).unwrap();
        let arguments = container["args"].as_array_mut().unwrap();
        arguments.extend(["--managed-record-types=MX", "--source=fake", "@/tmp/more"].map(Value::from));
        container["image"] = "somebody/external-dns:latest".into();
        container["env"] = serde_json::json!([{ "name": "EXTERNAL_DNS_REGISTRY", "value": "noop" }]);
        let edited = Leaving::of_living(&deployment, &secret).unwrap();
        assert_eq!(edited.deployment(&config), leaving().deployment(&config));
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
        own.provider = Provider::PowerDns;
        assert!(own.is_at(Provider::Rfc2136, "example.com") && own.is_at(Provider::PowerDns, "example.com"));
        assert!(
            !own.is_at(Provider::Rfc2136, "example.org") && !own.is_at(Provider::Cloudflare, "example.com")
        );
    }

    #[test]
    fn a_secret_that_somebody_else_made_says_nothing() {
        for data in [Value::Null, serde_json::json!({}), serde_json::json!({ ARGUMENTS: "e30=" })] {
            assert_eq!(Leaving::of_secret(&serde_json::json!({ "data": data })), None);
        }
    }
}
