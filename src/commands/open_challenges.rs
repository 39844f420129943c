//! Challenges that are still met at the lab's own server, when that is to go: cert-manager takes their records back there, and nobody
//! else removes their finalizer. So the server and its key stay as long.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::commands::strangers::named;
use crate::desired::kind;
use crate::desired::meta::COMPONENT;
use crate::desired::object::{Component, Key};
use crate::error::Result;
use crate::evidence::View;
use crate::facts::challenge_server::SECRET;
use crate::ui::Progress;

/// Beside what is watched, they are looked at again after this long.
const TICK: Duration = Duration::from_secs(3);
/// cert-manager needs some seconds for each.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether they need an object: it is of that server, or its key.
pub(super) fn need(key: &Key, live: Option<&Value>) -> bool {
    let of_server = |live: &Value| live["metadata"]["labels"][COMPONENT] == Component::ChallengeServer.name();
    *key.kind != kind::NAMESPACE
        && (live.is_some_and(of_server) || (*key.kind == kind::SECRET && key.name == SECRET))
}

/// Waits for them to end; those that have not are given.
///
/// # Errors
/// When the API server cannot be asked.
pub(super) async fn left(cluster: &Cluster, line: &'static str, progress: &Progress) -> Result<Vec<String>> {
    let look = async || {
        let all = cluster.all(&kind::CHALLENGE).await?;
        Ok(all.iter().filter(|one| is_met_there(one)).map(|one| one.full_name()).collect::<Vec<_>>())
    };
    // Nobody watches a kind of which there is nothing, or which is not there.
    if look().await?.is_empty() {
        return Ok(Vec::new());
    }
    let show = |left: &[String]| {
        let left = named(left.iter().cloned());
        progress.update(line, &format!("waiting for cert-manager to end the challenges {left}"));
    };
    cluster.until_gone(&[&kind::CHALLENGE], TICK, Instant::now() + PATIENCE, look, show).await
}

/// A challenge has the solver of its time, whatever the issuer has now (cert-manager v1.21: pkg/apis/acme/v1/types_challenge.go).
fn is_met_there(challenge: &Value) -> bool {
    challenge["spec"]["solver"]["dns01"].to_string().contains(&format!("\"{SECRET}\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_server_and_its_key_are_needed_and_nothing_else() {
        let key = |kind, name: &str| Key { kind, namespace: Some("x".into()), name: name.into() };
        let live = json!({ "metadata": { "labels": { "app.kubernetes.io/component": "challenge-server" } } });
        assert!(need(&key(&kind::DEPLOYMENT, "challenge-server"), Some(&live)));
        assert!(need(&key(&kind::SECRET, "homelab-challenge-key"), None));
        assert!(!need(&key(&kind::SECRET, "photos-tls"), Some(&json!({}))));
        assert!(!need(&key(&kind::CONFIG_MAP, "homelab-challenge-key"), None));
    }

    #[test]
    fn a_challenge_of_another_solver_needs_neither() {
        let of = |secret: &str| {
            let solver = json!({ "dns01": { "paper": { "secretRef": { "name": secret } } } });
            json!({ "spec": { "solver": solver } })
        };
        assert!(is_met_there(&of("homelab-challenge-key")) && !is_met_there(&of("homelab-dns-provider")));
    }
}
