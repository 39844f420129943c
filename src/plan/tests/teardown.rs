//! What `homelab down` would delete beside strangers' things.

use crate::plan::beside::{Part, candidates};
use crate::plan::challenges::Issuing;
use crate::plan::ownership;
use crate::plan::teardown::{step, teardown};
use crate::plan::tests::ownership::{adopted, certificate, holding, managed, object, secret, service};
use crate::plan::tests::*;

fn goes(snapshot: &Snapshot, purge: bool) -> Vec<String> {
    teardown(snapshot, purge).gone.iter().map(|doomed| doomed.key.to_string()).collect()
}

fn kept(snapshot: &Snapshot) -> Vec<String> {
    teardown(snapshot, false).kept.iter().map(|doomed| doomed.key.to_string()).collect()
}

fn wide(kind: KindRef, name: &str, by: &str) -> Value {
    let mut made = object(kind, name, by);
    made["metadata"]["namespace"] = Value::Null;
    made
}

pub(super) fn issuer(name: &str, key: &str, by: &str) -> Value {
    let mut made = wide(&kind::CLUSTER_ISSUER, name, by);
    made["spec"] = json!({ "acme": { "privateKeySecretRef": { "name": key } } });
    made
}

#[test]
fn a_strangers_object_with_our_labels_stays() {
    let seen = holding(kind::KINDS.iter().map(|kind| object(kind, "theirs", "kubectl")));
    for purge in [false, true] {
        let all = teardown(&seen, purge);
        assert!(all.gone.is_empty() && all.kept.is_empty(), "{all:?}");
        assert!(all.homes.is_empty() && all.definitions.is_empty(), "{all:?}");
    }
}

#[test]
fn what_belongs_to_another_lab_stays() {
    let mut all: Vec<Value> = kind::KINDS.iter().map(|kind| object(kind, "theirs", HOMELAB)).collect();
    for one in &mut all {
        one["metadata"]["labels"]["app.kubernetes.io/instance"] = "other.example.com".into();
    }
    let seen = holding(all);
    assert!(goes(&seen, true).is_empty() && teardown(&seen, true).homes.is_empty());
}

#[test]
fn what_was_adopted_stays_and_is_named_namespaces_and_definitions_too() {
    let all = [
        object(&kind::DEPLOYMENT, "a", HOMELAB),
        wide(&kind::NAMESPACE, "homelab", HOMELAB),
        wide(&kind::CRD, "certificates.cert-manager.io", HOMELAB),
    ];
    let all = teardown(&holding(all.map(adopted)), true);
    assert!(all.gone.is_empty() && all.homes.is_empty() && all.definitions.is_empty(), "{all:?}");
    assert_eq!(all.left.len(), 3);
}

#[test]
fn certificates_stay_unless_everything_goes() {
    let seen = holding(service("nas"));
    assert_eq!(goes(&seen, false), ["Ingress homelab/nas", "Certificate homelab/nas-tls"]);
    assert_eq!(kept(&seen), ["Secret homelab/nas-tls"]);
    assert_eq!(
        goes(&seen, true),
        ["Ingress homelab/nas", "Certificate homelab/nas-tls", "Secret homelab/nas-tls"]
    );
    // The next `down` finds nothing but what it kept.
    let [_, _, alone] = service("nas");
    assert_eq!((goes(&holding([alone.clone()]), false), kept(&holding([alone]))), (vec![], kept(&seen)));
}

#[test]
fn a_secret_that_homelab_applied_goes_also_without_purge() {
    let seen = holding([object(&kind::SECRET, "homelab-dns-provider", HOMELAB)]);
    assert_eq!(goes(&seen, false), ["Secret homelab/homelab-dns-provider"]);
}

#[test]
fn the_certificate_of_a_stranger_in_a_namespace_of_ours_is_neither_deleted_nor_kept_as_ours() {
    let mut theirs = certificate("own", "own");
    theirs["metadata"]["labels"] = json!({});
    let mut key = secret("own");
    key["metadata"]["labels"] = json!({});
    let seen = holding([theirs, key]);
    assert!(goes(&seen, true).is_empty() && kept(&seen).is_empty());
}

#[test]
fn the_order_leaves_nothing_that_waits_for_something_that_is_gone() {
    let all = [
        object(&kind::SERVICE_ACCOUNT, "a", HOMELAB),
        object(&kind::CONFIG_MAP, "a", HOMELAB),
        object(&kind::DEPLOYMENT, "a", HOMELAB),
        issuer("letsencrypt", "letsencrypt-account", HOMELAB),
        wide(&kind::VALIDATING_WEBHOOK, "a", HOMELAB),
        object(&kind::CERTIFICATE, "a", HOMELAB),
        {
            let mut publisher = object(&kind::DEPLOYMENT, "external-dns", HOMELAB);
            publisher["metadata"]["namespace"] = "external-dns".into();
            publisher
        },
        object(&kind::INGRESS, "a", HOMELAB),
    ];
    let names: Vec<String> =
        goes(&holding(all), false).iter().map(|one| one.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(
        names,
        [
            "Ingress",
            "Deployment",
            "Certificate",
            "ValidatingWebhookConfiguration",
            "ClusterIssuer",
            "Deployment",
            "ConfigMap",
            "ServiceAccount"
        ]
    );
}

#[test]
fn external_dns_goes_first_where_it_is_not_to_delete_records() {
    use crate::plan::teardown::{Step, steps};
    assert_eq!(steps(false)[..2], [Step::Ingresses, Step::Publisher]);
    assert_eq!(steps(true)[..2], [Step::Publisher, Step::Ingresses]);
    assert_eq!(steps(true)[2..], steps(false)[2..]);
}

#[test]
fn a_name_that_external_dns_publishes_goes_while_it_runs_and_a_backend_when_nobody_serves_any_more() {
    let service = |namespace: &str| {
        let mut service = object(&kind::SERVICE, "host-printer", HOMELAB);
        service["metadata"]["namespace"] = namespace.into();
        step(&Key::of(&kind::SERVICE, &service).unwrap())
    };
    use crate::plan::teardown::Step;
    assert_eq!(["name-server", "external-dns"].map(service), [Step::Ingresses, Step::Ingresses]);
    assert_eq!(service("homelab"), Step::Settings);
}

#[test]
fn a_claim_never_goes_whoever_applied_it() {
    let mut seen = Snapshot::default();
    let claim = object(&kind::CLAIM, "data", HOMELAB);
    seen.objects.insert(Key::of(&kind::CLAIM, &claim).unwrap(), claim);
    let all = teardown(&seen, true);
    assert!(all.gone.is_empty() && all.kept.is_empty(), "{all:?}");
    assert!(ownership::removal(&BTreeSet::new(), &seen).gone.is_empty());
}

#[test]
fn a_tls_secret_is_known_as_ours_where_the_server_knows_no_certificates_and_a_strangers_is_not() {
    let mut seen = holding([secret("nas"), object(&kind::SECRET, "db", "kubectl")]);
    seen.certificates = None;
    assert_eq!(kept(&seen), ["Secret homelab/nas"]);
    assert_eq!(goes(&seen, true), ["Secret homelab/nas"]);
}

#[test]
fn every_kind_that_homelab_makes_has_its_step() {
    // A kind that none names goes with the settings: what it is must be known. Three of them never go this way.
    let settings: Vec<&str> = kind::KINDS
        .iter()
        .filter(|kind| {
            let key = Key { kind, namespace: None, name: "x".into() };
            step(&key) == crate::plan::teardown::Step::Settings
        })
        .map(|kind| kind.kind)
        .collect();
    assert_eq!(
        settings,
        [
            "Namespace",
            "CustomResourceDefinition",
            "PriorityClass",
            "IngressClass",
            "PersistentVolumeClaim",
            "ConfigMap",
            "Secret",
            "Service",
            "EndpointSlice",
            "NetworkPolicy",
            "CiliumNetworkPolicy"
        ]
    );
}

#[test]
fn namespaces_go_only_if_homelab_made_them() {
    let seen = holding([
        wide(&kind::NAMESPACE, "homelab", HOMELAB),
        wide(&kind::NAMESPACE, "external-dns", "kubectl"),
        wide(&kind::NAMESPACE, "homelab-books", HOMELAB),
        wide(&kind::NAMESPACE, "immich", "helm"),
        adopted(wide(&kind::NAMESPACE, "cert-manager", HOMELAB)),
    ]);
    let homes: Vec<String> = teardown(&seen, true).homes.iter().map(|home| home.key.name.clone()).collect();
    assert_eq!(homes, ["homelab", "homelab-books"]);
}

#[test]
fn definitions_go_only_with_everything() {
    let seen = holding([
        wide(&kind::CRD, "issuers.cert-manager.io", HOMELAB),
        wide(&kind::CRD, "pages.wiki.example", "helm"),
    ]);
    assert!(teardown(&seen, false).definitions.is_empty());
    let all: Vec<String> = teardown(&seen, true).definitions.iter().map(|one| one.key.name.clone()).collect();
    assert_eq!(all, ["issuers.cert-manager.io"]);
}

/// The places of account keys, and whether a Secret that `by` wrote there is ours while `stay` are the issuers that stay.
pub(super) fn accounts(seen: &Snapshot, more: &str, by: &str, stay: &[Value]) -> Vec<(String, bool)> {
    accounts_written(seen, more, json!({ "manager": by, "operation": "Update" }), stay)
}

fn accounts_by(seen: &Snapshot, by: &str, operation: &str) -> Vec<(String, bool)> {
    accounts_written(seen, "", json!({ "manager": by, "operation": operation }), &[])
}

fn accounts_written(seen: &Snapshot, more: &str, entry: Value, stay: &[Value]) -> Vec<(String, bool)> {
    let config = config::parse(&format!("{BASE}{more}")).unwrap();
    let live = json!({ "metadata": { "managedFields": [entry] } });
    let all = candidates(seen, &config);
    let accounts = all.iter().filter(|one| one.part == Part::Account);
    accounts.map(|one| (one.key.to_string(), one.is_ours(&live, stay))).collect()
}

#[test]
fn the_account_key_of_a_strangers_issuer_stays() {
    const CONTROLLER: &str = "cert-manager-clusterissuers";
    let theirs = issuer("theirs", "theirs-account", "kubectl");
    let seen = holding([issuer("letsencrypt", "letsencrypt-account", HOMELAB), theirs.clone()]);
    let ours = "Secret cert-manager/letsencrypt-account".to_owned();
    assert_eq!(accounts(&seen, "", CONTROLLER, &[theirs]), [(ours.clone(), true)]);
    assert_eq!(
        accounts(&seen, "", "kubectl", &[]),
        [(ours.clone(), false)],
        "nobody but cert-manager wrote ours"
    );
    // `restore` brought it back, and cert-manager never writes anew what it finds.
    assert_eq!(accounts_by(&seen, "homelab-restore", "Apply"), [(ours.clone(), true)]);
    assert_eq!(accounts_by(&seen, "homelab-restore", "Update"), [(ours.clone(), false)]);
    // Two issuers may share an account.
    let shares = issuer("theirs", "letsencrypt-account", "kubectl");
    assert_eq!(accounts(&seen, "", CONTROLLER, &[shares]), [(ours, false)]);
}

#[test]
fn account_keys_of_issuers_that_are_gone_are_known_only_in_a_namespace_of_ours() {
    let home = holding([wide(&kind::NAMESPACE, "cert-manager", HOMELAB)]);
    assert_eq!(accounts(&home, "", "cert-manager", &[]).len(), 3);
    let adopted = holding([adopted(wide(&kind::NAMESPACE, "cert-manager", HOMELAB))]);
    assert!(accounts(&adopted, "", "cert-manager", &[]).is_empty());
    let unmanaged = "certManager: { manage: false, namespace: certs }\n";
    assert!(accounts(&home, unmanaged, "cert-manager", &[]).is_empty());
    let ours = holding([issuer("letsencrypt", "letsencrypt-account", HOMELAB)]);
    assert_eq!(accounts(&ours, unmanaged, "cert-manager", &[])[0].0, "Secret certs/letsencrypt-account");
}

#[test]
fn leases_are_those_that_a_role_of_ours_names_and_cert_manager_wrote() {
    let role = |by: &str| {
        let mut role = object(&kind::ROLE, "cert-manager:leaderelection", by);
        role["metadata"]["namespace"] = "kube-system".into();
        role["rules"] = json!([{ "resources": ["leases"], "resourceNames": ["cert-manager-controller"] }, { "resources": ["leases"] }]);
        role
    };
    let config = config::parse(BASE).unwrap();
    let all = candidates(&holding([role(HOMELAB)]), &config);
    let lease = all.iter().next().unwrap();
    assert_eq!((all.len(), lease.key.to_string().as_str()), (1, "Lease kube-system/cert-manager-controller"));
    let written = |by: &str| json!({ "metadata": { "managedFields": managed(by) } });
    assert!(lease.is_ours(&written("cert-manager-leader-election"), &[]));
    assert!(lease.is_ours(&written("controller"), &[]) && lease.is_ours(&written("cainjector"), &[]));
    assert!(!lease.is_ours(&written("kube-controller-manager"), &[]));
    assert!(candidates(&holding([role("helm")]), &config).is_empty());
}

/// A challenge of the Certificate with this uid, with everything between.
fn issuing(certificate: &str) -> Issuing {
    let made = |kind: &str, of: &str| {
        json!({ "metadata": { "namespace": "a", "name": kind, "uid": format!("{kind}-{certificate}"),
            "ownerReferences": [{ "kind": "x", "uid": of, "controller": true }] } })
    };
    Issuing {
        challenges: vec![made("challenge", &format!("order-{certificate}"))],
        orders: vec![made("order", &format!("request-{certificate}"))],
        requests: vec![made("request", certificate)],
    }
}

#[test]
fn challenges_are_waited_for_unless_they_are_of_a_certificate_that_stays() {
    let stay = ["theirs".to_owned()].into();
    assert_eq!(issuing("ours").going(&stay).len(), 1);
    assert!(issuing("theirs").going(&stay).is_empty());
    // The garbage collector has taken what was between.
    let between = Issuing { orders: Vec::new(), ..issuing("ours") };
    assert_eq!(between.going(&stay).len(), 1);
    let mut by_hand = issuing("ours");
    by_hand.requests[0]["metadata"]["ownerReferences"] = Value::Null;
    assert!(by_hand.going(&stay).is_empty(), "somebody made the request by hand");
    let mut ends = issuing("theirs");
    ends.challenges[0]["metadata"]["deletionTimestamp"] = "2026-11-01T00:00:00Z".into();
    assert_eq!(ends.going(&stay).len(), 1, "its finalizer has to go while cert-manager is there");
}

#[test]
fn nothing_goes_or_is_kept_but_what_ownership_says() {
    let all =
        service("nas").into_iter().chain([object(&kind::SECRET, "db", "kubectl"), adopted(secret("x"))]);
    let seen = holding(all);
    let all = teardown(&seen, false);
    let mut told: Vec<_> = all.gone.into_iter().chain(all.kept).map(|one| one.key).collect();
    let mut said: Vec<_> =
        ownership::removal(&BTreeSet::new(), &seen).gone.into_iter().map(|one| one.key).collect();
    told.sort();
    said.sort();
    assert_eq!(told, said);
}
