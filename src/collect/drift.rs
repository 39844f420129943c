//! What `homelab up` would do now: the bundle against what lives, without writing anything.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::cluster::Cluster;
use crate::collect::Organised;
use crate::config::{Config, Organisation};
use crate::desired::egress::{self, Placed};
use crate::desired::kind::Kind;
use crate::desired::object::{Component, Key, Object};
use crate::desired::tunnel::is_of_provider;
use crate::desired::{Bundle, Inputs, bundle, extra, issuer, kind, organisations};
use crate::evidence::local::for_pods;
use crate::evidence::{Conflict, DriftSeen, Drifted, Zone};
use crate::facts;
use crate::machine::authority::authority;
use crate::machine::{token, upstream};
use crate::plan::contested::contested;
use crate::plan::deployed::{deployer_of, is_as_rendered};
use crate::plan::tunnel::Kept;
use crate::plan::{self, Change, HASH, Snapshot, challenge_key, is_applied, is_of_lab, tunnel};
use crate::provider::{self, Credentials, words};

/// The label by which cert-manager's own objects are known.
const COMPONENT: &str = "app.kubernetes.io/component";
const CERT_MANAGER: &str = Component::CertManager.name();

/// What lives of this lab, or why that is not known.
pub(super) async fn snapshot(
    cluster: &Cluster,
    config: &Config,
    deadline: Instant,
) -> Result<Snapshot, String> {
    let listed = timeout_at(deadline, cluster.snapshot_for(config)).await;
    listed.map_err(|_| "the API server does not answer in time".to_owned())?.map_err(|error| error.what)
}

/// Compares. Without the zone, the credentials are not known, and without cert-manager's manifest its objects are not:
/// those are left out, in both directions; Secrets too, where the cluster's were not read.
pub(super) fn compare(
    config: &Config,
    snapshot: &Snapshot,
    (zone, organised): (Option<&Zone>, &[Organised]),
    (placed, nodes): (Option<Placed>, Option<&[Value]>),
    no_secrets: bool,
) -> Result<DriftSeen, String> {
    let authority = authority(config).map_err(|error| error.what)?;
    // What a GitOps program applies has no fingerprint of the credentials, and no Secret.
    let by = deployer_of(snapshot);
    let credentials = zone.filter(|_| by.is_none()).and_then(|zone| credentials(config, zone));
    let theirs = of_organisations(config, organised);
    let documents = upstream::at_hand(config);
    let nodes: Option<Vec<_>> = nodes.map(|nodes| nodes.iter().filter_map(for_pods).collect());
    let challenge_key =
        challenge_key::kept(snapshot, &config.cert_manager.namespace).filter(|_| by.is_none());
    let tunnel = tunnel::kept(snapshot).and_then(Kept::opened).filter(|_| by.is_none());
    let inputs = Inputs {
        challenge_key: challenge_key.as_ref(),
        credentials: credentials.as_ref(),
        cert_manager: documents.as_deref(),
        authority: authority.as_deref(),
        nodes: nodes.as_deref(),
        // What an unfinished move has left is to go: that the next `up` does it is what is told.
        leaving: None,
        tunnel: tunnel.as_ref(),
        cluster_domain: Some(snapshot.cluster_domain()),
        placed: placed.as_ref(),
        organisations: Some(&theirs).filter(|_| by.is_none()),
    };
    let mut seen = DriftSeen { deployer: by, ..DriftSeen::default() };
    let mut wanted = bundle(config, &inputs);
    let no_manifest = config.cert_manager.manage && documents.is_none();
    if no_manifest {
        seen.left_out.push("cert-manager's own objects, whose manifest is not in the cache".to_owned());
    }
    if let Some(by) = by {
        let left = wanted.objects.extract_if(.., |object| object.is_secret()).map(|object| object.key);
        wanted.derived.extend(left);
        seen.left_out.push(format!("Secrets, which {} does not get from homelab", by.name()));
    } else if no_secrets {
        let left = wanted.objects.extract_if(.., |object| object.is_secret()).map(|object| object.key);
        wanted.derived.extend(left);
        seen.left_out.push("Secrets, which this kubeconfig's user may not read".to_owned());
    }
    if challenge_key.is_none() && by.is_none() && no_secrets {
        // It bears a fingerprint of the key.
        let is_server = |object: &Object| {
            object.component == Component::ChallengeServer && *object.key.kind == kind::DEPLOYMENT
        };
        let left = wanted.objects.extract_if(.., |object| is_server(object)).map(|object| object.key);
        wanted.derived.extend(left);
    }
    if tunnel.is_none() {
        // What only the provider knows is in them; what is wrong with the tunnel, its own checks say.
        let left =
            wanted.objects.extract_if(.., |object| is_of_provider(&object.key)).map(|object| object.key);
        wanted.derived.extend(left);
    }
    // One that others made stays theirs, and whose it is only its managed fields say, which are not read of all.
    let homes = wanted.objects.extract_if(.., |object| extra::is_home(&object.key, object.component));
    let homes: Vec<_> = homes.map(|object| object.key).collect();
    wanted.derived.extend(homes);
    if config.has_local() && nodes.is_none() {
        let is_slice = |object: &Object| *object.key.kind == kind::ENDPOINT_SLICE;
        let left = wanted.objects.extract_if(.., |object| is_slice(object)).map(|object| object.key);
        wanted.derived.extend(left);
        seen.left_out
            .push("the addresses of what runs outside the cluster, since the nodes were not read".to_owned());
    }
    if egress::is_used(config) && placed.is_none() {
        let left =
            wanted.objects.extract_if(.., |object| egress::is_policy(&object.key)).map(|object| object.key);
        wanted.derived.extend(left);
        seen.left_out.push("the policies of `egress`, since Services and nodes were not read".to_owned());
    }
    if credentials.is_none() && by.is_none() {
        let left =
            wanted.objects.extract_if(.., |object| has_credentials(config, object)).map(|object| object.key);
        wanted.derived.extend(left);
        seen.left_out.push(match config.dns.provider.facts().credential {
            Some(_) => {
                let called = words(config.dns.provider).token.called;
                format!("what holds the {called}, which was not checked")
            }
            None => "what holds the name of the zone, which was not read".to_owned(),
        });
    }
    if by.is_none() {
        for one in config.organisations.iter().filter(|one| !theirs.contains_key(&one.name)) {
            let is_its = |object: &Object| holds_credential_of(config, one, object);
            let left = wanted.objects.extract_if(.., |object| is_its(object)).map(|object| object.key);
            wanted.derived.extend(left);
            seen.left_out.push(format!(
                "what holds the credential of the organisation `{}`, which was not checked",
                one.name
            ));
        }
    }
    describe(wanted, snapshot, no_manifest, &mut seen);
    Ok(seen)
}

fn describe(wanted: Bundle, snapshot: &Snapshot, no_manifest: bool, seen: &mut DriftSeen) {
    let plan = plan::plan(wanted, snapshot);
    seen.kept = plan.kept;
    seen.bare = is_bare(snapshot);
    seen.other_lab = snapshot.others.values().next().cloned();
    for change in &plan.apply {
        let live = snapshot.objects.get(&change.object.key);
        if seen.deployer.is_some() && live.is_some_and(|live| is_as_rendered(&change.object, live)) {
            seen.kept += 1;
            continue;
        }
        seen.write.push(drifted(change, snapshot));
        if seen.deployer.is_none() {
            seen.conflicts.extend(conflicts(&change.object, snapshot));
        }
    }
    let unknown = |key: &Key| {
        let component = |live: &Value| live["metadata"]["labels"][COMPONENT] == CERT_MANAGER;
        no_manifest && snapshot.objects.get(key).is_some_and(component)
    };
    let gone = plan.removal.gone.iter().map(|doomed| &doomed.key);
    seen.prune = gone.filter(|key| !unknown(key)).map(ToString::to_string).collect();
}

/// Whether nothing of any lab's lives but what `homelab down` may keep. Every other object, be it one, is a lab that is half
/// there.
fn is_bare(snapshot: &Snapshot) -> bool {
    let may_stay =
        |key: &Key| [&kind::NAMESPACE, &kind::CRD, &kind::SECRET, &kind::CLAIM].contains(&key.kind);
    let lives = |(key, live): (&Key, &Value)| is_of_lab(live) && !may_stay(key);
    snapshot.others.is_empty() && !snapshot.objects.iter().any(lives)
}

fn credentials(config: &Config, zone: &Zone) -> Option<Credentials> {
    Some(Credentials::new(token::read(config).ok()?, zone))
}

/// Those whose zone was found.
fn of_organisations(config: &Config, organised: &[Organised]) -> BTreeMap<String, Credentials> {
    let one = |organisation: &Organisation| {
        let zone =
            organised.iter().find(|one| one.name == organisation.name)?.found.as_ref()?.as_ref().ok()?;
        let (_, keyring) = token::find_of(config, organisation);
        Some((organisation.name.clone(), Credentials::new(keyring?, zone)))
    };
    config.organisations.iter().filter_map(one).collect()
}

/// The Secrets with an organisation's credential, what bears a fingerprint of it, and what has the id of its zone in it.
fn holds_credential_of(config: &Config, organisation: &Organisation, object: &Object) -> bool {
    let (key, name) = (&object.key, &organisation.name);
    let at_home = key.namespace.as_ref().is_some_and(|at| organisation.namespaces.contains(at));
    match object.is_secret() {
        true => key.name == organisations::secret_name(name) || (at_home && key.name == provider::SECRET),
        false => {
            (*key.kind == kind::DEPLOYMENT && key.name == facts::organisations::external_dns(name))
                || (*key.kind == kind::ISSUER && at_home && issuer::names_zone(config))
        }
    }
}

/// The Secrets, what bears a fingerprint of them, and what has the zone's id in it.
fn has_credentials(config: &Config, object: &Object) -> bool {
    let is = |kind: &Kind, component| *object.key.kind == *kind && object.component == component;
    object.is_secret()
        || is(&kind::DEPLOYMENT, Component::ExternalDns)
        || (is(&kind::CLUSTER_ISSUER, Component::Issuer) && issuer::names_zone(config))
}

fn drifted(change: &Change, snapshot: &Snapshot) -> Drifted {
    let name = change.object.key.to_string();
    let Some(live) = snapshot.objects.get(&change.object.key) else { return Drifted::Missing(name) };
    let hash = |body: &Value| body["metadata"]["annotations"][HASH].clone();
    if is_applied(live) && hash(live) == hash(&change.object.body) {
        Drifted::Touched(name)
    } else {
        Drifted::Outdated(name)
    }
}

fn conflicts(object: &Object, snapshot: &Snapshot) -> Vec<Conflict> {
    let Some(live) = snapshot.objects.get(&object.key) else { return Vec::new() };
    let applied = is_applied(live);
    let conflict = |found: crate::plan::contested::Contested| Conflict {
        object: object.key.to_string(),
        argument: argument(&object.key),
        manager: found.manager,
        fields: found.fields,
        entry: applied.then_some(found.entry),
    };
    contested(&object.body, live).into_iter().map(conflict).collect()
}

/// As `kubectl` takes it.
fn argument(key: &Key) -> Option<crate::outside::command::Command> {
    let group = if key.kind.group.is_empty() { String::new() } else { format!(".{}", key.kind.group) };
    let object = format!("{}{group}/{}", key.kind.plural, key.name);
    match &key.namespace {
        Some(namespace) => command!("-n {} {}", namespace, object),
        None => command!("{}", object),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::gitops::Deployer;

    /// What is seen of a lab that somebody has applied from the rendered files, after one change to what lives.
    fn seen(manager: &str, change: impl FnOnce(&mut Snapshot)) -> DriftSeen {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\ncertManager: { manage: false }\n";
        let config = crate::config::parse(text).unwrap();
        let mut snapshot = Snapshot::default();
        for object in bundle(&config, &Inputs::default()).objects.into_iter().filter(|one| !one.is_secret()) {
            let mut live = object.body;
            live["metadata"]["managedFields"] = json!([{ "manager": manager, "operation": "Apply",
                "fieldsV1": { "f:metadata": { "f:labels": { "f:app.kubernetes.io/version": {} } } } }]);
            live["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] = "1".into();
            snapshot.objects.insert(object.key, live);
        }
        change(&mut snapshot);
        let zone = Zone { id: "z1".into(), name: "example.com".into(), ..Zone::default() };
        compare(&config, &snapshot, (Some(&zone), &[]), (None, None), false).unwrap()
    }

    #[test]
    fn a_lab_that_flux_or_argo_cd_applied_differs_in_nothing_and_is_known_as_theirs() {
        for (manager, by) in
            [("kustomize-controller", Deployer::Flux), ("argocd-controller", Deployer::ArgoCd)]
        {
            let seen = seen(manager, |_| ());
            assert_eq!(
                (seen.deployer, &seen.write, &seen.prune, &seen.conflicts),
                (Some(by), &vec![], &vec![], &vec![])
            );
            assert!(seen.kept > 20 && seen.left_out[0].contains("Secrets"), "{seen:?}");
        }
    }

    #[test]
    fn what_flux_has_not_applied_yet_differs_and_is_no_conflict() {
        let seen = seen("kustomize-controller", |snapshot| {
            let (_, live) =
                snapshot.objects.iter_mut().find(|(key, _)| *key.kind == kind::DAEMON_SET).unwrap();
            live["metadata"]["labels"]["app.kubernetes.io/version"] = "v0".into();
            snapshot.objects.retain(|key, _| *key.kind != kind::INGRESS_CLASS);
        });
        let named: Vec<&str> = seen.write.iter().map(Drifted::object).collect();
        assert_eq!(named, ["DaemonSet ingress-nginx/ingress-nginx-controller", "IngressClass nginx"]);
        assert!(seen.conflicts.is_empty());
    }

    #[test]
    fn a_cluster_is_bare_with_what_down_keeps_and_not_with_one_object_more() {
        let wide = [&kind::NAMESPACE, &kind::CRD, &kind::SECRET, &kind::CLAIM];
        let stays = |key: &Key| wide.contains(&key.kind);
        for manager in ["homelab", "kustomize-controller"] {
            assert!(!seen(manager, |_| ()).bare);
            assert!(seen(manager, |snapshot| snapshot.objects.retain(|key, _| stays(key))).bare);
            let one_more = seen(manager, |snapshot| {
                let is_class = |key: &Key| *key.kind == kind::INGRESS_CLASS;
                snapshot.objects.retain(|key, _| stays(key) || is_class(key));
            });
            assert!(!one_more.bare, "{manager}");
        }
        // What others labelled is not homelab's, and another lab is no bare cluster.
        assert!(seen("kubectl", |_| ()).bare);
        let other = |snapshot: &mut Snapshot| {
            let (key, _) = snapshot.objects.pop_first().unwrap();
            snapshot.objects.clear();
            snapshot.others.insert(key, "other.example.com".into());
        };
        assert!(!seen("homelab", other).bare);
    }

    #[test]
    fn an_issuer_with_the_zones_id_in_it_is_not_compared_while_the_zone_is_not_known() {
        let text = "domain: home.paper.test\nemail: ada@lovelace.dev\ndns: { provider: paper, tokenFile: /t, server: drawer.paper.test }\ncertManager: { manage: false }\n";
        let config = crate::config::parse(text).unwrap();
        assert!(issuer::names_zone(&config));
        let seen = compare(&config, &Snapshot::default(), (None, &[]), (None, None), false).unwrap();
        let named: Vec<&str> = seen.write.iter().map(Drifted::object).collect();
        assert!(!named.is_empty() && !named.iter().any(|name| name.contains("ClusterIssuer")), "{named:?}");
    }

    #[test]
    fn what_kubectl_applied_is_nobodys_lab() {
        let seen = seen("kubectl", |_| ());
        assert_eq!(seen.deployer, None);
        assert!(!seen.write.is_empty());
    }
}
