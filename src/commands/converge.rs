//! Makes the cluster what the plan says and waits until it works.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::{Awaited, Cluster, WrittenAddresses};
use crate::commands::public_address::{self, Followed};
use crate::commands::{addresses, own_class, prune, switching, wildcard};
use crate::config::Config;
use crate::desired::Bundle;
use crate::desired::kind::{self, Stage};
use crate::desired::object::{Component, Key, Object};
use crate::desired::{issuer, organisations};
use crate::error::Result;
use crate::evidence::Zone;
use crate::ingress::addresses_are_homelabs;
use crate::plan::addresses::makes_account;
use crate::plan::readiness::AWAITED;
use crate::plan::{Change, Plan, Snapshot};
use crate::provider::Client;
use crate::ui::Progress;

/// What there is to wait for: what homelab makes and what others make of it. Of the issuers only those in `asked` are asked
/// for certificates: whether another one's server takes an account is nobody's concern now.
pub(super) fn awaited(bundle: &Bundle, snapshot: &Snapshot, asked: &Asked<'_>) -> Awaited {
    let made = bundle.objects.iter().map(|o| (o.key.clone(), o.component));
    let derived = bundle.derived.iter().map(|key| (key.clone(), Component::Services));
    let waits = |(key, _): &(Key, Component)| AWAITED.contains(&key.kind.kind);
    let objects = made
        .chain(derived)
        .filter(waits)
        .filter(|(key, _)| *key.kind != kind::CRD)
        .filter(|(key, _)| asked.is_awaited(key))
        .map(|(key, component)| (key.clone(), (component, snapshot.objects.get(&key).cloned())))
        .collect();
    Awaited { objects, versions: snapshot.versions.clone(), ..Awaited::default() }
}

/// The issuers that something is asked of.
pub(super) struct Asked<'a> {
    /// Those of the cluster, by their names.
    wide: Vec<&'static str>,
    /// The namespaces that ask their own.
    namespaces: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(config: &'a Config) -> Self {
        Self { wide: issuer::asked(config), namespaces: organisations::asked(config) }
    }

    /// Whether it is no issuer, or one of these.
    fn is_awaited(&self, key: &Key) -> bool {
        match key.namespace.as_deref() {
            None => *key.kind != kind::CLUSTER_ISSUER || self.wide.contains(&key.name.as_str()),
            Some(namespace) => *key.kind != kind::ISSUER || self.namespaces.contains(&namespace),
        }
    }
}

/// What came of it.
pub(super) struct Converged {
    /// The moment of the last write.
    pub(super) written: Timestamp,
    /// What became of the addresses in the status of Ingresses; `None` where the controller writes them.
    pub(super) addresses: Option<WrittenAddresses>,
    /// Where the public record leads; `None` where none follows the lab's address.
    pub(super) public: Option<Followed>,
}

/// Writes what the plan says, stage by stage, puts the controller in the place of another one, removes what is wanted no more, and
/// waits for everything.
pub(super) async fn converge(
    (cluster, provider, zone): (&Cluster, &Client, &Zone),
    config: &Config,
    plan: &Plan,
    mut snapshot: Snapshot,
    mut awaited: Awaited,
    deadline: Instant,
    progress: &Progress,
) -> Result<Converged> {
    let owner = config.dns.owner.as_str();
    let components = Component::all(config);
    let totals: BTreeMap<Component, usize> = components.iter().map(|c| (*c, plan.writes(*c))).collect();
    for (component, total) in totals.iter().filter(|(_, total)| **total > 0) {
        progress.update(component.name(), &format!("applying {total} objects"));
    }
    public_address::keep(cluster, config, plan).await?;
    // It waits for the ports, and would take them from the one of before whenever that is away for a moment.
    let waits = |key: &Key| plan.switch.as_ref().is_some_and(|switch| switch.new == *key);
    for stage in [Stage::Foundation, Stage::Workload, Stage::Judged] {
        if stage == Stage::Judged {
            wildcard::has_address(cluster, config, (plan, &snapshot), &awaited, deadline, progress).await?;
            wildcard::have_own((provider, zone), config, (plan, &snapshot), deadline, progress).await?;
        }
        let of_stage = plan.apply.iter().filter(|change| change.object.stage() == stage);
        let changes: Vec<&Change> = of_stage.filter(|change| !waits(&change.object.key)).collect();
        let waiting = |object: &Object, why: &str| progress.update(object.component.name(), &unchecked(why));
        let answers = cluster.apply(changes.into_iter(), deadline, waiting).await?;
        let definitions = definitions(&answers, &awaited);
        awaited.note(answers);
        established(cluster, owner, definitions, deadline, progress).await?;
    }
    if let Some(switch) = &plan.switch {
        let seen = (plan, &mut snapshot);
        awaited.note(switching::switch(cluster, config, seen, switch, deadline, progress).await?);
    }
    prune::prune(cluster, owner, plan, snapshot, progress).await?;
    let tell = |awaited: &Awaited, component: Component| match awaited.reason(component) {
        Some(reason) => progress.update(component.name(), &reason),
        None => progress.done(component.name(), &summary(totals[&component])),
    };
    let show = |awaited: &Awaited| components.iter().for_each(|component| tell(awaited, *component));
    let written = Timestamp::now();
    let mut addresses = None;
    if addresses_are_homelabs(config) {
        // Of nodes with a pod that is ready, and before anything waits for an Ingress to have its address.
        let controller = Component::Controller(config.ingress.controller);
        let mut first = awaited.of_kind(&kind::DAEMON_SET, controller);
        let waited = cluster.wait(owner, &mut first, deadline, |first| tell(first, controller)).await;
        if waited.is_err() {
            // The nodes that serve are published all the same.
            let _ = addresses::write_once(cluster, config).await;
        }
        waited?;
        awaited.objects.extend(first.objects);
        let is_first = makes_account(plan);
        addresses = addresses::step_of_up(cluster, config, is_first, deadline, progress).await?;
    }
    let public = public_address::step_of_up(cluster, config, progress).await?;
    match cluster.wait(owner, &mut awaited, deadline, show).await {
        Err(error) if !config.ingress.controller.is_managed() => {
            Err(own_class::without_address(cluster, &awaited, error).await)
        }
        ended => ended.map(|()| Converged { written, addresses, public }),
    }
}

/// Why the API server takes an object not yet, by its own words: `failed calling webhook "webhook.cert-manager.io": ...`.
fn unchecked(why: &str) -> String {
    let webhook = why.split('"').nth(1).unwrap_or("a webhook");
    let who = if webhook.ends_with("cert-manager.io") { "cert-manager" } else { webhook };
    let last = why.rsplit(": ").next().unwrap_or(why);
    format!("waiting for {who} to start: it has to check this first, and does not answer yet ({last})")
}

/// The definitions among what was just written.
fn definitions(answers: &[(Key, Value)], all: &Awaited) -> Awaited {
    let objects = answers
        .iter()
        .filter(|(key, _)| *key.kind == kind::CRD)
        .map(|(key, answer)| (key.clone(), (Component::CertManager, Some(answer.clone()))))
        .collect();
    Awaited { objects, versions: all.versions.clone(), ..Awaited::default() }
}

/// The barrier behind new definitions: the server serves their kinds only when they are established.
async fn established(
    cluster: &Cluster,
    owner: &str,
    mut definitions: Awaited,
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    let show = |definitions: &Awaited| {
        if let Some(reason) = definitions.reason(Component::CertManager) {
            progress.update(Component::CertManager.name(), &reason);
        }
    };
    cluster.wait(owner, &mut definitions, deadline, show).await
}

fn summary(written: usize) -> String {
    match written {
        0 => "ready, unchanged".to_owned(),
        1 => "ready, 1 object written".to_owned(),
        n => format!("ready, {n} objects written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::desired::{Inputs, bundle};

    #[test]
    fn an_object_that_waits_for_its_check_says_whose_check_it_is() {
        let why = "Internal error occurred: failed calling webhook \"webhook.cert-manager.io\": failed to call webhook: Post \
                   \"https://cert-manager-webhook.cert-manager.svc:443/mutate?timeout=10s\": proxy error, code 502: 502 Bad Gateway";
        assert_eq!(
            unchecked(why),
            "waiting for cert-manager to start: it has to check this first, and does not answer yet (502 Bad Gateway)"
        );
    }

    #[test]
    fn only_the_issuers_that_are_asked_for_certificates_are_waited_for() {
        let own = ["homelab-ca", "homelab-ca-root", "homelab-ca-selfsigned"];
        for (more, wanted, all) in [
            ("", vec!["letsencrypt"], 2),
            ("acme: { staging: true }\n", vec!["letsencrypt-staging"], 2),
            ("services: { a: { local: 1, issuer: ca } }\n", [&own[..], &["letsencrypt"]].concat(), 5),
            ("issuer: ca\n", own.to_vec(), 5),
        ] {
            let text = format!(
                "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\n{more}"
            );
            let config = config::parse(&text).unwrap();
            let bundle = bundle(&config, &Inputs::default());
            let made = bundle.objects.iter().filter(|o| *o.key.kind == kind::CLUSTER_ISSUER).count();
            let awaited = awaited(&bundle, &Snapshot::default(), &Asked::of(&config));
            let issuers: Vec<_> =
                awaited.objects.keys().filter(|key| *key.kind == kind::CLUSTER_ISSUER).collect();
            assert_eq!(made, all);
            assert_eq!(issuers.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), wanted);
        }
    }
}
