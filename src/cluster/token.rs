//! The Secrets that hold copies of the API token. Only whether they are equal leaves this module, and the id of the zone beside it.

use futures::future::join_all;
use k8s_openapi::api::core::v1::Secret as KubeSecret;
use tokio::time::{Instant, timeout_at};

use crate::cluster::Cluster;
use crate::cluster::request::{self, Failed, Purpose};
use crate::desired::meta::HOMELAB;
use crate::evidence::{CopyState, TokenCopy};
use crate::facts::secret::Secret;
use crate::provider::{Keyring, SECRET, ZONE_ID_KEY};

impl Cluster {
    /// Compares the provider's credentials with their copies: each place is the namespace of a Secret, and who reads it there.
    /// `zone` is the id of the zone at the provider, where that is known.
    pub async fn token_copies(
        &self,
        places: &[(String, &str)],
        (keyring, zone): (&Keyring, Option<&str>),
        deadline: Instant,
    ) -> Vec<TokenCopy> {
        let copies = places.iter().map(|(namespace, used_by)| async move {
            let state = self.copy(namespace, (keyring, zone), deadline).await;
            TokenCopy { namespace: namespace.clone(), used_by: (*used_by).to_owned(), state }
        });
        join_all(copies).await
    }

    async fn copy(
        &self,
        namespace: &str,
        (keyring, zone): (&Keyring, Option<&str>),
        deadline: Instant,
    ) -> CopyState {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{SECRET}");
        let asked = timeout_at(deadline, self.send::<KubeSecret>(request::get(&path, false))).await;
        match asked.unwrap_or(Err(Failed::Late)) {
            Ok(secret) => compare(&secret, keyring, zone),
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => CopyState::Missing,
            Err(failed) => {
                let what = format!("the Secret {namespace}/{SECRET}");
                CopyState::Unread(self.explain(&Purpose { verb: "get", what }, failed).what)
            }
        }
    }
}

/// The first of the credentials that is not the same there; else the zone, where the Secret has one.
fn compare(secret: &KubeSecret, keyring: &Keyring, zone: Option<&str>) -> CopyState {
    let states = keyring.iter().map(|(key, token)| compare_one(secret, key, token));
    let states = states.chain(zone.and_then(|now| other_zone(secret, now)));
    states.into_iter().find(|state| *state != CopyState::Same).unwrap_or(CopyState::Same)
}

fn other_zone(secret: &KubeSecret, now: &str) -> Option<CopyState> {
    let there = &secret.data.as_ref()?.get(ZONE_ID_KEY)?.0;
    let there = String::from_utf8_lossy(there).into_owned();
    (there != now).then(|| CopyState::OtherZone { there, now: now.to_owned() })
}

fn compare_one(secret: &KubeSecret, key: &str, token: &Secret) -> CopyState {
    let Some(copy) = secret.data.as_ref().and_then(|data| data.get(key)) else {
        return CopyState::Empty;
    };
    // `up` drops white space around the token before it writes it.
    if copy.0 == token.expose().as_bytes() {
        return CopyState::Same;
    }
    let fields = secret.metadata.managed_fields.iter().flatten();
    let others = fields.filter(|entry| {
        let owned = entry.fields_v1.as_ref().map(|fields| &fields.0["f:data"][format!("f:{key}")]);
        owned.is_some_and(|field| !field.is_null())
    });
    let by = others.filter_map(|entry| entry.manager.clone()).find(|manager| manager != HOMELAB);
    CopyState::Differs { by }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(value: &str, manager: &str) -> KubeSecret {
        serde_json::from_value(json!({
            "metadata": { "managedFields": [{ "manager": manager, "operation": "Update", "fieldsType": "FieldsV1",
                "fieldsV1": { "f:data": { "f:token": {} } } }] },
            "data": { "token": value },
        }))
        .unwrap()
    }

    #[test]
    fn a_copy_is_the_same_another_or_not_there() {
        let token = Keyring::new([("token", Secret::new("tok-secret").unwrap())]);
        assert_eq!(compare(&secret("dG9rLXNlY3JldA==", HOMELAB), &token, None), CopyState::Same);
        assert_eq!(compare(&secret("b2xk", HOMELAB), &token, None), CopyState::Differs { by: None });
        let by = Some("kubectl-patch".to_owned());
        assert_eq!(compare(&secret("b2xk", "kubectl-patch"), &token, None), CopyState::Differs { by });
        assert_eq!(compare(&KubeSecret::default(), &token, None), CopyState::Empty);
        let two = ["token", "name"].map(|key| (key, Secret::new("tok-secret").unwrap()));
        assert_eq!(compare(&secret("dG9rLXNlY3JldA==", HOMELAB), &Keyring::new(two), None), CopyState::Empty);
    }

    #[test]
    fn a_zone_that_was_made_again_is_another_one() {
        let token = Keyring::new([("token", Secret::new("tok-secret").unwrap())]);
        let mut copy = secret("dG9rLXNlY3JldA==", HOMELAB);
        assert_eq!(compare(&copy, &token, Some("Z2")), CopyState::Same, "cert-manager's has no zone in it");
        let id = k8s_openapi::ByteString(b"Z1".to_vec());
        copy.data.as_mut().unwrap().insert(ZONE_ID_KEY.to_owned(), id);
        let other = CopyState::OtherZone { there: "Z1".into(), now: "Z2".into() };
        assert_eq!(compare(&copy, &token, Some("Z2")), other);
        assert_eq!(compare(&copy, &token, Some("Z1")), CopyState::Same);
    }
}
