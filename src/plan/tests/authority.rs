//! The lab's own certificate authority: machines of the house trust its root, so that nothing but `--purge` may take it.

use super::ownership::{OWNER, holding, object, secret};
use crate::facts::authority::{ISSUER, ROOT};
use crate::plan::ownership::{Doomed, removal};
use crate::plan::teardown::teardown;
use crate::plan::tests::*;

/// A Certificate that homelab applied, and the Secret that cert-manager wrote for it.
fn part(name: &str) -> [Value; 2] {
    let mut made = object(&kind::CERTIFICATE, name, HOMELAB);
    made["spec"] = json!({ "secretName": name, "isCA": true });
    [made, secret(name)]
}

fn whole() -> Snapshot {
    holding([part(ROOT), part(ISSUER)].into_iter().flatten())
}

fn names(all: &[Doomed]) -> Vec<String> {
    all.iter().map(|one| one.key.to_string()).collect()
}

#[test]
fn up_keeps_the_root_that_nobody_asks_any_more_and_takes_what_can_be_made_again() {
    let gone = names(&removal(&BTreeSet::new(), &whole()).gone);
    assert_eq!(
        gone,
        [
            "Certificate homelab/homelab-ca",
            "Certificate homelab/homelab-ca-root",
            "Secret homelab/homelab-ca"
        ]
    );
    // Nor does the next run, which sees the Secret alone.
    assert!(removal(&BTreeSet::new(), &holding([secret(ROOT)])).gone.is_empty());
}

#[test]
fn down_keeps_both_and_purge_takes_both() {
    let kept = teardown(&whole(), false);
    assert_eq!(names(&kept.kept), ["Secret homelab/homelab-ca", "Secret homelab/homelab-ca-root"]);
    let purged = names(&teardown(&whole(), true).gone);
    for name in [ISSUER, ROOT] {
        assert!(purged.contains(&format!("Secret homelab/{name}")), "{purged:?}");
    }
    let alone = teardown(&holding([secret(ROOT)]), true);
    assert_eq!(names(&alone.gone), ["Secret homelab/homelab-ca-root"]);
}

#[test]
fn a_strangers_secret_of_that_name_is_nobodys_but_its_owners() {
    let mut theirs = object(&kind::SECRET, ROOT, "kubectl");
    theirs["metadata"]["annotations"] = json!({ "cert-manager.io/certificate-name": ROOT });
    let mut of_another = secret(ROOT);
    of_another["metadata"]["annotations"]["cert-manager.io/certificate-name"] = "theirs".into();
    for stranger in [theirs, of_another] {
        let seen = holding([stranger]);
        assert!(teardown(&seen, true).gone.is_empty() && teardown(&seen, false).kept.is_empty());
    }
    // One that bears another lab's labels is not even seen.
    let mut other = secret(ROOT);
    other["metadata"]["labels"]["app.kubernetes.io/instance"] = format!("other.{OWNER}").into();
    assert!(teardown(&holding([other]), true).gone.is_empty());
}

#[test]
fn the_secrets_of_an_authority_that_is_wanted_are_no_leftovers() {
    let wanted = plan(bundle_of("issuer: ca\n"), &Snapshot::default());
    let mut seen = applied(&wanted);
    for name in [ROOT, ISSUER] {
        let mut made = secret(name);
        made["metadata"]["namespace"] = "cert-manager".into();
        let key = Key::of(&kind::SECRET, &made).unwrap();
        seen.objects.insert(key, made);
    }
    assert!(plan(bundle_of("issuer: ca\n"), &seen).is_empty());
}
