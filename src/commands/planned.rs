//! What `up` and `diff` share: look at everything that a run begins with, and make the plan. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cli::Global;
use crate::cluster::{Awaited, Cluster};
use crate::collect::challenges_alone;
use crate::commands::cluster_names::{Known, can_be_signed};
use crate::commands::converge::{Asked, awaited};
use crate::commands::deployed::not_deployed;
use crate::commands::downgrade::permitted;
use crate::commands::tunnel::WayIn;
use crate::commands::{
    challenges, egress, homes, inside, manifest, nodes, organisations, own_class, page_name, skipped,
    strangers, wildcard,
};
use crate::config::{Config, Issuer, Provider};
use crate::desired::challenge_server::ChallengeKey;
use crate::desired::leaving::Leaving;
use crate::desired::object::Component;
use crate::desired::{Inputs, bundle};
use crate::error::{Error, Result};
use crate::evidence::{Fault, Zone};
use crate::facts::cluster_domain::DEFAULT;
use crate::facts::names::{is_within, without_wildcard};
use crate::machine::authority::authority;
use crate::machine::{configuration, random, token};
use crate::plan::moving::{self, Place};
use crate::plan::{Plan, Snapshot, challenge_key, is_of_lab, plan};
use crate::provider::{self, Client, Credentials, Keyring, Words};
use crate::ui::{Mode, Progress};

/// The lines of progress beside the components.
const CLUSTER: &str = "cluster";
const ADOPT: &str = "adopt";

/// What a run may do only if it is told so.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Consent {
    /// Take over what others made.
    pub(super) adopt: bool,
    /// Take cert-manager back by a minor version.
    pub(super) downgrade: bool,
}

/// What a run begins with.
pub(super) struct Start {
    pub(super) config: Config,
    pub(super) cluster: Cluster,
    pub(super) provider: Client,
    keyring: Keyring,
    /// Those of organisations, by their names.
    of_organisations: BTreeMap<String, Keyring>,
    authority: Option<String>,
}

/// What is there, and what has to be done.
pub(super) struct Planned {
    pub(super) snapshot: Snapshot,
    pub(super) zone: Zone,
    pub(super) plan: Plan,
    /// What is taken over, in words: records and objects of others.
    pub(super) adopted: Vec<String>,
    pub(super) awaited: Awaited,
    /// What wrote the records where they are to be no more.
    pub(super) leaving: Option<Leaving>,
    /// The organisations, with their zones.
    pub(super) organisations: Vec<organisations::Found>,
    /// The tunnel by which the internet gets in, where a service asks for one.
    pub(super) way: Option<WayIn>,
}

impl Start {
    /// Reads the configuration and the token, and connects.
    ///
    /// # Errors
    /// What is wrong with them, and that the cluster or the provider cannot be asked.
    pub(super) async fn new(global: &Global) -> Result<Self> {
        let config = configuration::load(global.config.as_deref())?;
        let keyring = token::read(&config)?;
        let authority = authority(&config)?;
        let cluster = global.lab().connect().await?;
        let of_organisations = organisations::keyrings(&config, &cluster, &keyring).await?;
        let provider = Client::new(&config, &keyring).map_err(|fault| refused(config.dns.provider, fault))?;
        Ok(Self { config, cluster, provider, keyring, of_organisations, authority })
    }

    /// The progress of a run, with room for these lines, too.
    pub(super) fn progress(&self, mode: Mode, more: &[&'static str]) -> Progress {
        let line = self.config.dns.provider.facts().key;
        let components = Component::all(&self.config).into_iter().map(Component::name);
        let names: Vec<&str> = components
            .chain([CLUSTER, line, organisations::LINE, manifest::LINE, ADOPT])
            .chain(more.iter().copied())
            .collect();
        Progress::new(mode, &names)
    }

    /// Looks, and makes the plan.
    ///
    /// # Errors
    /// When something cannot be looked at, or the run must not begin.
    pub(super) async fn plan(&self, consent: Consent, progress: &Progress) -> Result<Planned> {
        let (cluster, config, provider) = (&self.cluster, &self.config, &self.provider);
        let (snapshot, zone, documents, nodes, led, found) = tokio::try_join!(
            look(cluster, config, progress),
            check(provider, config, progress),
            manifest::manifest(config, progress),
            nodes::look(cluster, config),
            async { Ok(challenges_alone(config).await) },
            organisations::look((config, provider), &self.of_organisations, progress),
        )?;
        let names = Known::by_cluster(snapshot.cluster_domain.as_deref());
        can_be_signed(config, names)?;
        challenges::lead_there(config, led, (&snapshot, &zone))?;
        let placed = egress::look(cluster, config).await?;
        let credentials = Credentials::new(self.keyring.clone(), &zone);
        let leaving = moving::leaving(&snapshot, place(config, &zone));
        let challenge_key = match config.dns.challenge_server {
            Some(_) => Some(challenge_key(config, &snapshot)?),
            None => None,
        };
        strangers::one_lab(&snapshot, &config.dns.owner)?;
        let way = WayIn::look(provider, &zone, config, &snapshot, consent.adopt).await?;
        let theirs = organisations::credentials(&found);
        let inputs = Inputs {
            challenge_key: challenge_key.as_ref(),
            credentials: Some(&credentials),
            cert_manager: documents.as_deref(),
            authority: self.authority.as_deref(),
            nodes: nodes.as_deref(),
            leaving: leaving.as_ref(),
            tunnel: way.as_ref().and_then(WayIn::opened),
            cluster_domain: Some(snapshot.cluster_domain()),
            placed: placed.as_ref(),
            organisations: Some(&theirs),
        };
        let bundle = bundle(config, &inputs);
        let awaited = awaited(&bundle, &snapshot, &Asked::of(config));
        let mut plan = plan(bundle, &snapshot);
        not_deployed(&plan, &snapshot, consent.adopt)?;
        own_class::is_there(cluster, config, &plan).await?;
        inside::can_be_given(cluster, config).await?;
        permitted(cluster, &plan, &snapshot, consent).await?;
        skipped::none(&plan, &snapshot)?;
        let adopt = consent.adopt;
        let records = strangers::records(provider, &zone, &credentials, config, &snapshot, adopt).await?;
        let of_organisations = organisations::records(&found, config, &snapshot, adopt).await?;
        page_name::is_free(provider, &zone, config, &snapshot).await?;
        wildcard::can_answer(provider, &zone, config, &snapshot).await?;
        let objects =
            strangers::objects(cluster, config.ingress.controller, &mut plan, &snapshot, adopt).await?;
        plan.removal.gone.extend(homes::emptied(cluster, &plan, &snapshot).await?);
        let adopted: Vec<String> = records
            .into_iter()
            .chain(of_organisations)
            .chain(objects)
            .chain(way.as_ref().and_then(WayIn::adopted))
            .collect();
        if !adopted.is_empty() {
            progress.done(ADOPT, &adopted.join("; "));
        }
        Ok(Planned { snapshot, zone, plan, adopted, awaited, leaving, organisations: found, way })
    }
}

/// A new one, where there is none yet.
fn challenge_key(config: &Config, snapshot: &Snapshot) -> Result<ChallengeKey> {
    if let Some(key) = challenge_key::kept(snapshot, &config.cert_manager.namespace) {
        return Ok(key);
    }
    let key = ChallengeKey::of(random::bytes()?);
    key.ok_or_else(|| Error::unfinished("cannot make a key for the server of the challenges"))
}

/// Where the records are to be.
fn place<'z>(config: &Config, zone: &'z Zone) -> Place<'z> {
    let provider = config.dns.provider;
    Place { provider, zone: &zone.name, is_ours: config.external_dns || provider.is_on_nodes() }
}

/// What a plan does, for machines: what `diff` would do and what `up` has done, in the same words.
pub(super) fn document(plan: &Plan) -> Value {
    let written = plan.apply.iter().map(|change| {
        json!({ "object": change.object.key.to_string(), "new": change.new, "adopted": change.adopts.is_some() })
    });
    let removed = plan.removal.gone.iter().map(|doomed| doomed.told());
    let left = plan.removal.left.iter().map(ToString::to_string);
    let data = plan.removal.data.iter().map(ToString::to_string);
    json!({
        "schema_version": 1,
        "written": written.collect::<Vec<_>>(),
        "removed": removed.collect::<Vec<_>>(),
        "left": left.collect::<Vec<_>>(),
        "data_kept": data.collect::<Vec<_>>(),
        "unchanged": plan.kept,
        "switch": plan.switch.as_ref().map(|switch| json!({ "from": switch.from, "to": switch.to })),
    })
}

async fn look(cluster: &Cluster, config: &Config, progress: &Progress) -> Result<Snapshot> {
    progress.update(CLUSTER, "reading the cluster");
    let snapshot = cluster.snapshot_for(config).await?;
    let domain = match snapshot.cluster_domain.as_deref() {
        Some(DEFAULT) => String::new(),
        Some(domain) => format!("; its names are in {domain}"),
        None => format!("; nothing says its domain, {DEFAULT} is assumed"),
    };
    progress.done(CLUSTER, &(existing(&snapshot) + &domain));
    Ok(snapshot)
}

/// How many objects of homelab exist: those that `render` prints and `diff` compares. Apart from them those that others made
/// with its labels, as cert-manager does; what of these is homelab's, `down` deletes, too.
pub(super) fn existing(snapshot: &Snapshot) -> String {
    let own = snapshot.objects.values().filter(|live| is_of_lab(live)).count();
    match snapshot.objects.len() - own {
        0 => format!("{own} objects of homelab exist"),
        more => {
            format!("{own} objects of homelab exist, and {more} made for them, such as certificates")
        }
    }
}

/// The token must be good, and see the zone of every host, before anything is written.
async fn check(provider: &Client, config: &Config, progress: &Progress) -> Result<Zone> {
    let facts = config.dns.provider.facts();
    let asks = match facts.credential {
        Some(_) => format!("checking the {}", provider::words(config.dns.provider).token.called),
        None => "looking for the zone".to_owned(),
    };
    progress.update(facts.key, &asks);
    let domain = config.zone_or_domain();
    let zone = provider.check(domain.as_str()).await.map_err(|fault| refused(provider.provider(), fault))?;
    if config.dns.elsewhere().is_some() {
        progress.done(facts.key, &found(config.dns.provider, &zone));
        return Ok(zone);
    }
    let outside: Vec<String> = config
        .hosts()
        .iter()
        .filter(|host| !is_within(host.as_str(), &zone.name))
        .map(|h| format!("`{h}`"))
        .collect();
    if !outside.is_empty() {
        return Err(Error::usage(format!(
            "{} cannot get a record in the zone `{}`",
            outside.join(", "),
            zone.name
        ))
        .hint("give these services a `host` in that zone; one lab serves one zone"));
    }
    if config.dns.challenge_server.is_none()
        && let Some(error) = not_provable(config, &zone.name)
    {
        return Err(error);
    }
    progress.done(facts.key, &found(config.dns.provider, &zone));
    Ok(zone)
}

/// The names of certificates of no service that no challenge in the zone can prove.
fn not_provable(config: &Config, zone: &str) -> Option<Error> {
    let acme = config.extra_certificates.iter().filter(|extra| extra.issuer == Issuer::Acme);
    let names = acme.flat_map(|extra| &extra.names);
    let outside: BTreeSet<String> = names
        .filter(|name| !is_within(without_wildcard(name), zone))
        .map(|name| format!("`{name}`"))
        .collect();
    let named = Vec::from_iter(outside).join(", ");
    let error = || {
        Error::usage(format!("no ACME server can be shown that you own {named}"))
            .because(format!(
                "the names of `extraCertificates` that it signs must be in the zone `{zone}`, where the challenges are written"
            ))
            .hint("take names in that zone; or set `issuer: ca` for names in your domain or inside the cluster")
    };
    (!named.is_empty()).then(error)
}

/// That the provider serves the zone, as a line of progress.
pub(super) fn found(provider: Provider, zone: &Zone) -> String {
    match provider.facts().credential {
        Some(_) => format!("the {} works for the zone {}", provider::words(provider).token.short, zone.name),
        None => format!("{} has the zone {}", provider::words(provider).name, zone.name),
    }
}

/// What a fault of the provider means for a run that cannot begin.
pub(super) fn refused(provider: Provider, fault: Fault) -> Error {
    let Words { name, token, .. } = provider::words(provider);
    let called = provider.facts().credential.as_ref().map(|_| token.called);
    let failed = match (called, fault.is_transient()) {
        (Some(called), true) => Error::unfinished(format!("cannot check the {called} at {name}")),
        (Some(called), false) => Error::usage(format!("the {called} cannot do what homelab needs")),
        (None, true) => Error::unfinished(format!("cannot ask {name} for the zone")),
        (None, false) => Error::usage(format!("{name} refuses what homelab needs")),
    };
    let failure = provider::failure(provider, fault);
    failed.because(failure.message).hint(failure.hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_homelab_applied_is_counted_apart_from_what_others_made_for_it() {
        let labels = json!({ "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "o" });
        let seen = |managers: &[&str]| {
            let list = managers.iter().enumerate().map(|(at, manager)| {
                json!({ "metadata": { "namespace": "homelab", "name": format!("a{at}"), "labels": labels,
                    "managedFields": [{ "manager": manager, "operation": "Apply" }] } })
            });
            let mut snapshot = Snapshot::default();
            let list = json!({ "items": list.collect::<Vec<_>>() });
            snapshot.note("o", &crate::desired::kind::SECRET, Some(list));
            existing(&snapshot)
        };
        assert_eq!(seen(&[]), "0 objects of homelab exist");
        assert_eq!(seen(&["homelab", "homelab"]), "2 objects of homelab exist");
        assert_eq!(
            seen(&["homelab", "cert-manager-certificates-issuing"]),
            "1 objects of homelab exist, and 1 made for them, such as certificates"
        );
    }

    #[test]
    fn names_outside_the_zone_that_was_found_stop_the_run_where_an_acme_server_would_sign_them() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nextraCertificates:\n  \
                    - { namespace: qa, names: ['*.qa.example.com', '*.qa.example.org'] }\n  \
                    - { namespace: qa, names: [db.qa.svc.cluster.local], issuer: ca }\n";
        let config = crate::config::parse(text).unwrap();
        let told = not_provable(&config, "example.com").unwrap().to_string();
        assert!(told.contains("that you own `*.qa.example.org`\n"), "{told}");
        assert!(told.contains("in the zone `example.com`"), "{told}");
        let inside = crate::config::parse(&text.replace("example.org", "home.example.com")).unwrap();
        assert!(not_provable(&inside, "example.com").is_none());
    }
}
