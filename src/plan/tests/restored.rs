//! What `homelab restore` brought back is the lab's as cert-manager's own is; what only looks like it is a stranger's.

use super::ownership::{adopted, certificate, holding, object, secret, service};
use crate::desired::kind;
use crate::desired::meta::{HOMELAB, RESTORE};
use crate::plan::ownership::{Doomed, removal};
use crate::plan::teardown::teardown;
use crate::plan::tests::*;

/// A Secret as `restore` has applied it for the Certificate `of`.
fn restored(name: &str, of: &str) -> Value {
    let mut made = object(&kind::SECRET, name, RESTORE);
    made["metadata"]["annotations"] = json!({ "cert-manager.io/certificate-name": of });
    made
}

fn goes(snapshot: &Snapshot) -> Vec<String> {
    removal(&BTreeSet::new(), snapshot).gone.iter().map(|doomed| doomed.key.to_string()).collect()
}

#[test]
fn a_strangers_secret_that_looks_like_a_restored_one_stays() {
    let by = |manager: &str, operation: &str| {
        let mut theirs = restored("nas-tls", "nas-tls");
        theirs["metadata"]["managedFields"] = json!([{ "manager": manager, "operation": operation }]);
        theirs
    };
    let theirs = [
        ("an edit is no apply", by(RESTORE, "Update")),
        ("another manager", by("homelab-restored", "Apply")),
        ("another manager of the same beginning", by("homelab-restore-2", "Apply")),
        ("kubectl", by("kubectl", "Apply")),
        ("without the annotation", object(&kind::SECRET, "nas-tls", RESTORE)),
        ("of a Certificate of another name", restored("nas-tls", "theirs")),
        ("taken over", adopted(restored("nas-tls", "nas-tls"))),
    ];
    for (what, secret) in theirs {
        assert_eq!(goes(&holding([secret])), [""; 0], "{what}");
    }
}

#[test]
fn a_restored_secret_that_a_strangers_certificate_uses_stays() {
    let mut theirs = object(&kind::CERTIFICATE, "own", "kubectl");
    theirs["spec"] = json!({ "secretName": "nas-tls" });
    assert_eq!(goes(&holding([restored("nas-tls", "nas-tls"), theirs])), [""; 0]);
    let mut theirs = certificate("nas-tls", "nas");
    theirs["metadata"]["ownerReferences"] = json!([]);
    assert_eq!(goes(&holding([restored("nas-tls", "nas-tls"), theirs])), [""; 0]);
}

#[test]
fn before_the_definitions_are_there_up_deletes_no_restored_secret() {
    let mut seen = holding([restored("nas-tls", "nas-tls")]);
    seen.certificates = None;
    assert_eq!(goes(&seen), [""; 0]);
}

#[test]
fn a_restored_secret_goes_with_its_service_and_stays_while_that_is_wanted() {
    let [ingress, made, _] = service("nas");
    let seen = holding([ingress, made, restored("nas-tls", "nas-tls")]);
    assert_eq!(goes(&seen).last().unwrap(), "Secret homelab/nas-tls");
    let wanted: BTreeSet<_> = seen.objects.keys().cloned().collect();
    assert!(removal(&wanted, &seen).gone.is_empty());
    // Its service was taken out of the configuration before `up` ran.
    assert_eq!(goes(&holding([restored("nas-tls", "nas-tls")])), ["Secret homelab/nas-tls"]);
}

#[test]
fn down_keeps_a_restored_secret_and_purge_takes_it() {
    let seen = holding([restored("nas-tls", "nas-tls"), secret("whoami-tls")]);
    let names = |all: &[Doomed]| all.iter().map(|one| one.key.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&teardown(&seen, false).kept), ["Secret homelab/nas-tls", "Secret homelab/whoami-tls"]);
    assert_eq!(names(&teardown(&seen, true).gone).len(), 2);
    // homelab's own Secrets are no certificates: the token is not kept.
    assert!(teardown(&holding([object(&kind::SECRET, "token", HOMELAB)]), false).kept.is_empty());
}
