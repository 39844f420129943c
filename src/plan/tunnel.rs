//! Whose a tunnel is. Whatever changes or deletes one asks here, and nowhere else.
//!
//! A tunnel is ours when the lab's own Secret says so: it has the tunnel's id, or what the tunnel was made with. The latter is written
//! before the tunnel is made, so that a run that is stopped in between finds its own again, and nobody can have it by chance. A name
//! proves nothing: people, and other clusters with the same `dns.owner`, give the same.

use k8s_openapi::ByteString;

use crate::desired::tunnel::{Opened, secret_key};
use crate::evidence::Tunnel;
use crate::facts::secret::Secret;
use crate::facts::tunnel::{ADOPTED, ID, KEY, TOKEN};
use crate::plan::Snapshot;
use crate::plan::ownership::is_applied;
use crate::provider::TunnelToken;

/// What the cluster remembers of the lab's tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its id, once it was there.
    pub id: Option<String>,
    /// What it was made with, or is about to be.
    pub key: Option<Secret>,
    /// What its connectors show.
    pub token: Option<Secret>,
    /// Whether it was there before homelab.
    pub adopted: bool,
}

/// What is in the Secret, if homelab has applied it: what somebody else put there under that name proves nothing.
#[must_use]
pub fn kept(snapshot: &Snapshot) -> Option<Kept> {
    let live = snapshot.objects.get(&secret_key()).filter(|live| is_applied(live))?;
    let text = |key: &str| {
        let bytes: ByteString = serde_json::from_value(live["data"][key].clone()).ok()?;
        String::from_utf8(bytes.0).ok().filter(|text| !text.is_empty())
    };
    let secret = |key: &str| Secret::word(&text(key)?).ok();
    Some(Kept { id: text(ID), key: secret(KEY), token: secret(TOKEN), adopted: text(ADOPTED).is_some() })
}

impl Kept {
    /// Whether this tunnel, whose token is that, is the lab's own.
    #[must_use]
    pub fn is_ours(&self, tunnel: &Tunnel, token: &TunnelToken) -> bool {
        self.id.as_ref().is_some_and(|id| *id == tunnel.id)
            || self.key.as_ref().is_some_and(|key| token.key.as_ref() == Some(key))
    }

    /// The tunnel as it is remembered whole.
    #[must_use]
    pub fn opened(self) -> Option<Opened> {
        Some(Opened { id: self.id?, key: self.key, token: self.token?, adopted: self.adopted })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::desired::kind;

    fn secret(manager: &str, data: &[(&str, &str)]) -> Snapshot {
        let data: Value = data
            .iter()
            .map(|(key, value)| {
                ((*key).to_owned(), serde_json::to_value(ByteString((*value).into())).unwrap())
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        let item = json!({ "metadata": { "namespace": "tunnel", "name": "tunnel",
            "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "o" },
            "managedFields": [{ "manager": manager, "operation": "Apply" }] }, "data": data });
        let mut snapshot = Snapshot::default();
        snapshot.note("o", &kind::SECRET, Some(json!({ "items": [item] })));
        snapshot
    }

    fn tunnel(id: &str) -> Tunnel {
        Tunnel { id: id.into(), name: "homelab-o".into(), ..Tunnel::default() }
    }

    fn made_with(key: &str) -> TunnelToken {
        TunnelToken { token: Secret::word("t").unwrap(), key: Secret::word(key).ok() }
    }

    #[test]
    fn a_tunnel_of_the_same_name_is_a_strangers() {
        let ours = kept(&secret("homelab", &[("id", "1"), ("key", "k"), ("token", "t")])).unwrap();
        assert!(!ours.is_ours(&tunnel("2"), &made_with("other")));
        assert!(!ours.is_ours(&tunnel("2"), &made_with("")));
        assert!(!Kept::default().is_ours(&tunnel("1"), &made_with("")), "who remembers nothing owns nothing");
        assert!(!Kept::default().is_ours(&tunnel("1"), &made_with("k")));
    }

    #[test]
    fn ours_is_known_by_its_id_even_when_somebody_has_renewed_its_token() {
        let ours = kept(&secret("homelab", &[("id", "1"), ("key", "k")])).unwrap();
        assert!(ours.is_ours(&tunnel("1"), &made_with("renewed")));
    }

    #[test]
    fn a_run_that_was_stopped_before_it_knew_the_id_finds_its_own_by_the_key() {
        let ours = kept(&secret("homelab", &[("key", "k")])).unwrap();
        assert!(ours.is_ours(&tunnel("1"), &made_with("k")) && ours.opened().is_none());
    }

    #[test]
    fn what_somebody_else_has_put_into_the_secret_proves_nothing() {
        assert_eq!(kept(&secret("kubectl", &[("id", "1")])), None);
        assert_eq!(kept(&Snapshot::default()), None);
    }

    #[test]
    fn one_that_was_there_before_is_remembered_as_such() {
        assert!(kept(&secret("homelab", &[("id", "1"), ("adopted", "true")])).unwrap().adopted);
    }
}
