//! Whose is what: a stranger's things beside ours, and what `up` would delete of them.

use crate::plan::ownership;
use crate::plan::tests::*;

pub(super) const OWNER: &str = "home.example.com";

/// Labels that people copy.
fn labels() -> Value {
    json!({ "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": OWNER })
}

pub(super) fn managed(by: &str) -> Value {
    json!([{ "manager": by, "operation": "Apply" }])
}

/// An object of namespace `homelab` with our labels, as `by` applied it.
pub(super) fn object(kind: KindRef, name: &str, by: &str) -> Value {
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind,
        "metadata": { "namespace": "homelab", "name": name, "uid": format!("{}-{name}", kind.kind), "resourceVersion": "7",
            "labels": labels(), "managedFields": managed(by) } })
}

fn ingress(name: &str, by: &str) -> Value {
    object(&kind::INGRESS, name, by)
}

/// The Certificate that cert-manager makes for the Ingress `of`; it bears the labels of that.
pub(super) fn certificate(name: &str, of: &str) -> Value {
    let mut made = object(&kind::CERTIFICATE, name, "cert-manager-certificates-trigger");
    let uid = format!("Ingress-{of}");
    made["metadata"]["ownerReferences"] = json!([{ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": of, "uid": uid, "controller": true }]);
    made["spec"] = json!({ "secretName": name });
    made
}

/// The Secret that cert-manager writes for a Certificate of the same name; its labels come from the Ingress' annotation.
pub(super) fn secret(name: &str) -> Value {
    let mut made = object(&kind::SECRET, name, "cert-manager-certificates-issuing");
    made["metadata"]["annotations"] = json!({ "cert-manager.io/certificate-name": name });
    made
}

pub(super) fn holding(objects: impl IntoIterator<Item = Value>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let objects: Vec<Value> = objects.into_iter().collect();
    for kind in kind::KINDS {
        let items: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind.kind).collect();
        snapshot.note(OWNER, kind, Some(json!({ "items": items })));
    }
    snapshot
}

/// What `up` would delete.
fn goes(more: &str, snapshot: &Snapshot) -> Vec<String> {
    names(&plan(bundle_of(more), snapshot).removal)
}

fn names(removal: &Removal) -> Vec<String> {
    removal.gone.iter().map(|doomed| doomed.key.to_string()).collect()
}

pub(super) fn adopted(mut object: Value) -> Value {
    object["metadata"]["annotations"][ownership::ADOPTED] = "true".into();
    object
}

/// A service of ours with what cert-manager made for it.
pub(super) fn service(name: &str) -> [Value; 3] {
    let tls = format!("{name}-tls");
    [ingress(name, HOMELAB), certificate(&tls, name), secret(&tls)]
}

#[test]
fn a_strangers_ingress_copied_with_labels_and_annotations_loses_nothing() {
    let seen = holding([ingress("mine", "kubectl"), certificate("mine-tls", "mine"), secret("mine-tls")]);
    assert_eq!(goes("", &seen), [""; 0]);
}

#[test]
fn a_secret_and_a_certificate_with_our_labels_alone_stay() {
    let mut alone = object(&kind::CERTIFICATE, "own", "kubectl");
    alone["spec"] = json!({ "secretName": "own" });
    let seen = holding([object(&kind::SECRET, "db2", "kubectl"), alone, secret("own")]);
    assert_eq!(goes("", &seen), [""; 0]);
}

#[test]
fn a_removed_service_loses_its_ingress_first_and_its_secret_last() {
    let seen = holding([service("nas"), service("whoami")].into_iter().flatten());
    assert_eq!(
        goes("", &seen),
        ["Ingress homelab/nas", "Certificate homelab/nas-tls", "Secret homelab/nas-tls"]
    );
    let first = &plan(bundle_of(""), &seen).removal.gone[0];
    assert_eq!((first.uid.as_str(), first.version.as_str()), ("Ingress-nas", "7"));
}

#[test]
fn what_a_run_that_was_stopped_left_is_finished_by_the_next() {
    let [_, certificate, secret] = service("nas");
    assert_eq!(goes("", &holding([secret.clone()])), ["Secret homelab/nas-tls"]);
    // The garbage collector takes the Certificate of an Ingress that is gone.
    assert_eq!(goes("", &holding([certificate, secret])), [""; 0]);
}

#[test]
fn a_secret_whose_certificate_lives_without_labels_stays() {
    let mut theirs = certificate("own-tls", "own");
    theirs["metadata"]["labels"] = json!({});
    assert_eq!(goes("", &holding([theirs.clone(), secret("own-tls")])), [""; 0]);
    // Nor does the Secret of one that is gone while another writes it.
    theirs["metadata"]["name"] = "another".into();
    assert_eq!(goes("", &holding([theirs, secret("own-tls")])), [""; 0]);
}

#[test]
fn where_certificates_are_not_known_no_secret_of_one_goes() {
    let mut seen = holding([secret("nas-tls")]);
    seen.note(OWNER, &kind::CERTIFICATE, None);
    assert_eq!(goes("", &seen), [""; 0]);
}

#[test]
fn the_certificate_of_an_ingress_of_the_same_name_that_was_made_anew_stays() {
    let [mut ours, certificate, secret] = service("nas");
    ours["metadata"]["uid"] = "another".into();
    assert_eq!(goes("", &holding([ours, certificate, secret])), ["Ingress homelab/nas"]);
}

#[test]
fn a_secret_that_cert_manager_did_not_write_stays_whatever_its_annotation_says() {
    let mut copied = secret("nas-tls");
    copied["metadata"]["managedFields"] = managed("kubectl");
    assert_eq!(goes("", &holding([copied])), [""; 0]);
    let mut renamed = secret("nas-tls");
    renamed["metadata"]["name"] = "keep".into();
    assert_eq!(goes("", &holding([renamed])), [""; 0]);
}

#[test]
fn a_certificate_that_the_ingress_asks_for_no_more_goes_with_its_secret() {
    let seen = holding(service("whoami"));
    let gone = goes("certificates: wildcard", &seen);
    assert_eq!(gone, ["Certificate homelab/whoami-tls", "Secret homelab/whoami-tls"]);
}

#[test]
fn what_was_adopted_is_never_deleted_and_is_named() {
    let [ours, certificate, secret] = service("nas");
    let seen = holding([adopted(ours), certificate, secret]);
    let plan = plan(bundle_of(""), &seen);
    assert_eq!(names(&plan.removal), [""; 0]);
    let left: Vec<_> = plan.removal.left.iter().map(ToString::to_string).collect();
    assert_eq!(left, ["Ingress homelab/nas"]);
}

#[test]
fn what_homelab_applied_for_another_lab_is_told_apart_and_never_deleted() {
    let mut other = ingress("nas", HOMELAB);
    other["metadata"]["labels"]["app.kubernetes.io/instance"] = "other.example.com".into();
    let mut copied = ingress("copied", "kubectl");
    copied["metadata"]["labels"]["app.kubernetes.io/instance"] = "other.example.com".into();
    let seen = holding([other, copied]);
    assert_eq!(seen.others.len(), 1);
    assert_eq!(goes("", &seen), [""; 0]);
}

/// One thing in a cluster, of a handful of names, so that they meet.
fn things() -> impl proptest::strategy::Strategy<Value = Vec<Value>> {
    use proptest::prelude::*;
    let name = || prop_oneof![Just("a"), Just("b"), Just("whoami")];
    let by = || prop_oneof![Just(HOMELAB), Just("kubectl"), Just("cert-manager-certificates-issuing")];
    let adopted_or_not = |object: Value, is: bool| if is { adopted(object) } else { object };
    let unlabelled_or_not = |mut object: Value, is: bool| {
        if is {
            object["metadata"]["labels"] = json!({});
        }
        object
    };
    let ingresses =
        (name(), by(), prop::bool::weighted(0.1), "[12]").prop_map(move |(name, by, is_adopted, uid)| {
            let mut made = adopted_or_not(ingress(name, by), is_adopted);
            made["metadata"]["uid"] = format!("Ingress-{name}{}", uid.replace('1', "")).into();
            made
        });
    let certificates = (name(), name(), name(), by(), any::<bool>(), prop::bool::weighted(0.2)).prop_map(
        move |(name, of, writes, by, is_owned, unlabelled)| {
            let mut made = certificate(&format!("{name}-tls"), of);
            made["spec"]["secretName"] = format!("{writes}-tls").into();
            made["metadata"]["managedFields"] = managed(by);
            if !is_owned {
                made["metadata"]["ownerReferences"] = Value::Null;
            }
            unlabelled_or_not(made, unlabelled)
        },
    );
    let secrets =
        (name(), name(), by(), prop::bool::weighted(0.1)).prop_map(move |(name, of, by, is_adopted)| {
            let mut made = secret(&format!("{of}-tls"));
            made["metadata"]["name"] = format!("{name}-tls").into();
            made["metadata"]["managedFields"] = managed(by);
            adopted_or_not(made, is_adopted)
        });
    proptest::collection::vec(prop_oneof![ingresses, certificates, secrets], 0..9)
}

/// One of each name, as in a cluster.
fn once(mut all: Vec<Value>) -> Vec<Value> {
    let mut met = std::collections::BTreeSet::new();
    all.retain(|object| met.insert(format!("{}/{}", object["kind"], object["metadata"]["name"])));
    all
}

fn of<'v>(all: &'v [Value], key: &Key) -> &'v Value {
    all.iter().find(|o| o["kind"] == key.kind.kind && o["metadata"]["name"] == key.name.as_str()).unwrap()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(512))]

    /// The law: nothing goes that homelab neither applied nor had made.
    #[test]
    fn nothing_goes_that_homelab_neither_applied_nor_had_made(all in things()) {
        let all = once(all);
        let seen = holding(all.clone());
        let removal = plan(bundle_of(""), &seen).removal;
        let is_ours = |live: &Value| live["metadata"]["managedFields"][0]["manager"] == HOMELAB;
        for Key { kind, name, .. } in removal.gone.iter().map(|doomed| &doomed.key) {
            let live = of(&all, &Key { kind, namespace: None, name: name.clone() });
            proptest::prop_assert!(live["metadata"]["annotations"][ownership::ADOPTED].is_null());
            proptest::prop_assert_eq!(&live["metadata"]["labels"], &labels());
            let had_made = match kind.kind {
                "Certificate" => all.iter().any(|owner| owner["kind"] == "Ingress" && is_ours(owner)
                    && owner["metadata"]["uid"] == live["metadata"]["ownerReferences"][0]["uid"]),
                "Secret" => {
                    let by_cert_manager = live["metadata"]["managedFields"][0]["manager"].as_str().unwrap().starts_with("cert-manager");
                    // No Certificate that stays writes it.
                    let stays = seen.certificates.iter().flatten().any(|(at, c)| c["spec"]["secretName"] == name.as_str()
                        && !removal.gone.iter().any(|doomed| doomed.key == *at));
                    by_cert_manager && !stays
                }
                _ => false,
            };
            proptest::prop_assert!(is_ours(live) || had_made, "{name} of {all:#?}");
        }
    }
}

/// A run that is killed after any of its deletions leaves nothing to a stranger's loss, and nothing of its own.
#[test]
fn a_kill_between_two_deletions_is_finished_by_the_next_run() {
    for names_of in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
        let all: Vec<Value> = names_of.iter().flat_map(|name| service(name)).collect();
        let before = goes("", &holding(all.clone()));
        assert_eq!(before.len(), all.len());
        for done in 0..=before.len() {
            let left = left_after(&before[..done], &all);
            let mut rest: Vec<String> = left.iter().map(called).collect();
            let mut after = goes("", &holding(left));
            rest.sort();
            after.sort();
            assert_eq!(after, rest, "killed after {done} of {before:?}");
        }
    }
}

/// As a deletion is told.
fn called(object: &Value) -> String {
    format!("{} homelab/{}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())
}

/// Without those, and without what the garbage collector takes with them.
fn left_after(gone: &[String], all: &[Value]) -> Vec<Value> {
    let left: Vec<&Value> = all.iter().filter(|object| !gone.contains(&called(object))).collect();
    let lives = |uid: &Value| uid.is_null() || left.iter().any(|object| object["metadata"]["uid"] == *uid);
    let is_kept = |object: &&&Value| lives(&object["metadata"]["ownerReferences"][0]["uid"]);
    left.iter().filter(is_kept).map(|object| (*object).clone()).collect()
}
