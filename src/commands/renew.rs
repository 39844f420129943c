//! `homelab renew`: have certificates issued again now.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::{Global, Renew};
use crate::cluster::Renewal;
use crate::commands::house::house;
use crate::config::{self, Config};
use crate::desired::{Inputs, bundle, kind};
use crate::error::{Error, Exit, Result};
use crate::evidence::{SecretSeen, View, entries};
use crate::facts::authority::is_part;
use crate::facts::names::covers;
use crate::machine::configuration;
use crate::outside::{self, Shown};
use crate::ui::{self, Output, Progress, Ui};

pub(super) async fn renew(global: &Global, flags: &Renew, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let cluster = global.lab().connect().await?;
    let (all, version) = cluster.all_certificates().await?;
    let chosen = choose(&config, flags, &all)?;
    let names: Vec<String> = chosen.iter().map(|certificate| certificate.full_name()).collect();
    let progress = Progress::new(ui.mode, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let deadline = Instant::now() + Duration::from_secs(flags.timeout);
    let ended = async {
        let mut renewals = Vec::new();
        for certificate in chosen {
            renewals.push(cluster.issue_again(certificate, Timestamp::now()).await?);
        }
        for renewal in &renewals {
            progress.update(&renewal.place, "cert-manager issues it again");
        }
        if !flags.no_wait {
            let told = |renewal: &Renewal, text: &str| tell(&progress, renewal, text);
            cluster.wait_until_issued(&mut renewals, version, deadline, told).await?;
        }
        Ok(renewals)
    };
    let renewals: Vec<Renewal> = ended.await.inspect_err(|_: &Error| progress.abandon("stopped"))?;
    let secrets = if flags.no_wait { None } else { cluster.tls_secrets(deadline).await.ok() };
    let held = |renewal: &Renewal| secrets.as_ref()?.get(&renewal.secret)?.as_ref().ok();
    match ui.output {
        Output::Json => ui::document(document(&renewals, held)),
        _ => renewals.iter().for_each(|renewal| {
            let line = outside::lines(&line(renewal, held(renewal)));
            ui::answer(&Shown::lines(&house(global).words(&line)));
        }),
    }
    Ok(if renewals.iter().any(|r| matches!(r.ended, Some(Err(_)))) { Exit::Wrong } else { Exit::Fine })
}

/// The Certificates that are meant.
fn choose<'c>(config: &Config, flags: &Renew, all: &'c [Value]) -> Result<Vec<&'c Value>> {
    if flags.all {
        let ours = of_the_lab(config);
        let found: Vec<&Value> =
            all.iter().filter(|certificate| ours.contains(&certificate.full_name())).collect();
        let none =
            || Error::usage("homelab has no certificates yet").hint("run `homelab up`, which requests them");
        return if found.is_empty() { Err(none()) } else { Ok(found) };
    }
    let mut chosen: Vec<&Value> = Vec::new();
    for name in &flags.names {
        let found = find(config, name, all)?;
        if !chosen.iter().any(|certificate| certificate.full_name() == found.full_name()) {
            chosen.push(found);
        }
    }
    Ok(chosen)
}

/// `namespace/name` of every Certificate that the configuration asks for. Labels are copied with the Ingress that bears them.
fn of_the_lab(config: &Config) -> BTreeSet<String> {
    let bundle = bundle(config, &Inputs::default());
    let made = bundle.objects.iter().map(|object| &object.key);
    // The authority is renewed by its name alone: machines of the house would have to be given the new root.
    let certificates =
        made.chain(&bundle.derived).filter(|key| *key.kind == kind::CERTIFICATE && !is_part(&key.name));
    certificates.map(|key| format!("{}/{}", key.namespace.as_deref().unwrap_or_default(), key.name)).collect()
}

/// The Certificate that a name means: its own, a host, or a service.
pub(super) fn find<'c>(config: &Config, name: &str, all: &'c [Value]) -> Result<&'c Value> {
    let own: Vec<&Value> = all.iter().filter(|c| c.full_name() == name || c.name() == name).collect();
    match own.as_slice() {
        [one] => return Ok(one),
        [_, _, ..] => {
            let places: Vec<String> = own.iter().map(|c| format!("`{}`", c.full_name())).collect();
            return Err(Error::usage(format!("`{name}` is the name of several Certificates"))
                .hint(format!("say which: {}", places.join(", "))));
        }
        [] => {}
    }
    let hosts = hosts_of(config, name);
    let is_for = |certificate: &Value, host: &str| {
        let mut names = entries(certificate, "/spec/dnsNames").iter().filter_map(Value::as_str);
        names.any(|name| covers(name, host))
    };
    // One of no service may cover the name of a service, as wildcards do: it is meant where there is no other.
    let is_extra =
        |one: &&Value| config.extra_certificates.iter().any(|extra| extra.place() == one.full_name());
    let (extra, others): (Vec<&Value>, Vec<&Value>) = all.iter().partition(is_extra);
    let of = |all: &[&'c Value]| {
        hosts.iter().find_map(|host| all.iter().copied().find(|certificate| is_for(certificate, host)))
    };
    let found = of(&others).or_else(|| of(&extra));
    found.ok_or_else(|| unknown(config, name, all))
}

/// The hosts of a service; any other name is taken as a host, and as one below the domain.
fn hosts_of(config: &Config, name: &str) -> Vec<String> {
    let service = config.services.iter().find(|service| service.name == name);
    let own = service.into_iter().flat_map(|service| service.hosts.iter().map(ToString::to_string));
    let below = (!name.contains('.')).then(|| config.domain.child(name).to_string());
    own.chain([name.to_lowercase()]).chain(below).collect()
}

fn unknown(config: &Config, name: &str, all: &[Value]) -> Error {
    let mut known: Vec<String> = all.iter().map(View::full_name).collect();
    // A service goes by what stands before the domain, the demo too.
    let below = format!(".{}", config.domain);
    let mut hosts = config.hosts();
    hosts.retain(|host| config.has_certificate(host));
    known.extend(hosts.iter().filter_map(|host| host.as_str().strip_suffix(&below).map(str::to_owned)));
    known.extend(config.services.iter().map(|service| service.name.clone()));
    known.extend(
        all.iter().flat_map(|c| entries(c, "/spec/dnsNames")).filter_map(|n| n.as_str().map(str::to_owned)),
    );
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = match config::nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`? `kubectl get certificates -A` shows them all"),
        None => "`kubectl get certificates -A` shows them all".to_owned(),
    };
    Error::usage(format!("no certificate belongs to `{name}`")).hint(hint)
}

fn tell(progress: &Progress, renewal: &Renewal, text: &str) {
    match &renewal.ended {
        None => progress.update(&renewal.place, text),
        Some(Ok(())) => progress.done(&renewal.place, "issued"),
        Some(Err(why)) => progress.fail(&renewal.place, why),
    }
}

fn line(renewal: &Renewal, held: Option<&SecretSeen>) -> String {
    let names = renewal.hosts.join(", ");
    match (&renewal.ended, held) {
        (None, _) => format!("{}: cert-manager issues it again ({names})\n", renewal.place),
        (Some(Ok(())), Some(held)) => format!(
            "{}: issued for {names}, serial {}, valid until {}\n",
            renewal.place, held.leaf.serial, held.leaf.not_after
        ),
        (Some(Ok(())), None) => format!("{}: issued for {names}\n", renewal.place),
        (Some(Err(why)), _) => {
            format!("{}: failed: {why}\n  `homelab doctor --check cm` names the cause\n", renewal.place)
        }
    }
}

fn document<'s>(renewals: &[Renewal], held: impl Fn(&Renewal) -> Option<&'s SecretSeen>) -> Value {
    let one = |renewal: &Renewal| {
        let leaf = held(renewal).filter(|_| matches!(renewal.ended, Some(Ok(())))).map(|held| &held.leaf);
        let outcome = match &renewal.ended {
            None => "started",
            Some(Ok(())) => "issued",
            Some(Err(_)) => "failed",
        };
        let why = renewal.ended.as_ref().and_then(|ended| ended.as_ref().err());
        json!({
            "certificate": renewal.place, "hosts": renewal.hosts, "outcome": outcome, "why": why,
            "serial": leaf.map(|leaf| &leaf.serial), "not_after": leaf.map(|leaf| leaf.not_after),
        })
    };
    json!({ "schema_version": 1, "certificates": renewals.iter().map(one).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let services = "services:\n  photos: { service: immich/immich-server, port: 2283 }\n";
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        config::parse(&format!("{text}{services}")).unwrap()
    }

    fn certificate(namespace: &str, name: &str, host: &str) -> Value {
        json!({ "metadata": { "namespace": namespace, "name": name }, "spec": { "dnsNames": [host] } })
    }

    fn found(name: &str) -> std::result::Result<String, String> {
        let all = [
            certificate("immich", "photos-tls", "photos.home.example.com"),
            certificate("mail", "mail-tls", "mail.example.com"),
            certificate("other", "mail-tls", "*.other.example.com"),
        ];
        find(&config(), name, &all).map(View::full_name).map_err(|error| error.to_string())
    }

    #[test]
    fn the_document_has_the_published_form_whatever_came_of_it() {
        let ends = [None, Some(Ok(())), Some(Err("refused".to_owned()))];
        let renewals = ends.map(|ended| Renewal::that_ended("immich/photos-tls", ended));
        ui::assert_is("renew", &document(&renewals, |_| None));
    }

    #[test]
    fn a_name_may_be_a_service_a_host_or_a_certificate() {
        for name in [
            "photos",
            "photos.home.example.com",
            "Photos.home.example.com",
            "photos-tls",
            "immich/photos-tls",
        ] {
            assert_eq!(found(name).as_deref(), Ok("immich/photos-tls"), "{name}");
        }
        assert_eq!(found("www.other.example.com").as_deref(), Ok("other/mail-tls"));
    }

    #[test]
    fn a_wildcard_of_no_service_is_meant_by_its_own_name_and_never_in_place_of_a_service() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n\
                    services:\n  photos: { service: immich/immich-server, port: 2283 }\n\
                    extraCertificates: [{ namespace: dev, names: ['*.home.example.com'], secret: home-tls }]\n";
        let config = config::parse(text).unwrap();
        let all = [
            certificate("dev", "home-tls", "*.home.example.com"),
            certificate("immich", "photos-tls", "photos.home.example.com"),
        ];
        for (name, wanted) in [
            ("photos", "immich/photos-tls"),
            ("photos.home.example.com", "immich/photos-tls"),
            ("*.home.example.com", "dev/home-tls"),
            ("dev/home-tls", "dev/home-tls"),
            ("nas.home.example.com", "dev/home-tls"),
        ] {
            assert_eq!(find(&config, name, &all).map(View::full_name).unwrap(), wanted, "{name}");
        }
        assert!(of_the_lab(&config).contains("dev/home-tls"));
    }

    #[test]
    fn all_are_those_that_the_configuration_asks_for_whatever_labels_others_have() {
        let ours = of_the_lab(&config());
        assert_eq!(
            ours.iter().map(String::as_str).collect::<Vec<_>>(),
            ["homelab/whoami-tls", "immich/photos-tls"]
        );
    }

    #[test]
    fn an_unknown_name_has_the_nearest_one_and_an_ambiguous_one_all_places() {
        assert!(found("fotos").unwrap_err().contains("did you mean `photos`?"));
        assert!(found("mail-tls").unwrap_err().contains("`mail/mail-tls`, `other/mail-tls`"));
    }
}
