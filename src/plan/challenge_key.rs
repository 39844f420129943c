//! The key by which challenges are written at the lab's own server: one that is there is kept.

use crate::desired::challenge_server::ChallengeKey;
use crate::desired::kind;
use crate::desired::object::Key;
use crate::facts::challenge_server::{NAMESPACE, SECRET};
use crate::plan::Snapshot;
use crate::plan::ownership::is_applied;

/// The one in a Secret that homelab has applied, cert-manager's before the server's; `None` where a new one has to be made. What
/// somebody else put there under that name is no key of ours: he would know it.
#[must_use]
pub fn kept(snapshot: &Snapshot, cert_manager: &str) -> Option<ChallengeKey> {
    [cert_manager, NAMESPACE].into_iter().find_map(|namespace| {
        let key = Key { kind: &kind::SECRET, namespace: Some(namespace.to_owned()), name: SECRET.to_owned() };
        snapshot.objects.get(&key).filter(|live| is_applied(live)).and_then(ChallengeKey::of_secret)
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;
    use serde_json::{Value, json};

    use super::*;
    use crate::desired::challenge_server::KEY_LENGTH;
    use crate::facts::challenge_server::SECRET_KEY;

    fn secret(namespace: &str, byte: u8, manager: &str) -> Value {
        let base64 = |bytes: Vec<u8>| serde_json::to_value(ByteString(bytes)).unwrap();
        let inner = base64(vec![byte; KEY_LENGTH]).as_str().unwrap().as_bytes().to_vec();
        json!({ "metadata": { "namespace": namespace, "name": SECRET,
                "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "o" },
                "managedFields": [{ "manager": manager, "operation": "Apply" }] },
            "data": { SECRET_KEY: base64(inner) } })
    }

    fn of(secrets: &[Value]) -> Option<ChallengeKey> {
        let mut snapshot = Snapshot::default();
        snapshot.note("o", &kind::SECRET, Some(json!({ "items": secrets })));
        kept(&snapshot, "cert-manager")
    }

    #[test]
    fn a_key_that_is_there_is_kept_and_either_secret_brings_the_other_back() {
        let key = |byte| ChallengeKey::of([byte; KEY_LENGTH]);
        let of_server = secret(NAMESPACE, 2, "homelab");
        assert_eq!(of(&[secret("cert-manager", 1, "homelab"), of_server.clone()]), key(1));
        assert_eq!(of(&[of_server]), key(2));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_key_that_somebody_else_put_there_is_not_taken() {
        assert_eq!(of(&[secret("cert-manager", 1, "kubectl")]), None);
    }
}
