//! Issuing again on request: what `cmctl renew` does, and a wait until it is done.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::snapshot::items;
use crate::cluster::wait::Seen;
use crate::desired::kind;
use crate::error::{Error, Result};
use crate::evidence::{View, at, entries};
use crate::facts::names::without_wildcard;

/// How often a write is tried anew when cert-manager has changed the Certificate meanwhile.
const TRIES: usize = 5;

/// A Certificate that is being issued again.
#[derive(Debug, Clone, PartialEq)]
pub struct Renewal {
    /// `namespace/name`.
    pub place: String,
    /// The names that it is for.
    pub hosts: Vec<String>,
    /// `namespace/name` of the Secret that it writes.
    pub secret: String,
    /// How many certificates it has had so far.
    revision: u64,
    /// Failures from before this moment do not count.
    began: Timestamp,
    /// What came of it; `None` as long as it goes on, the error says why it failed.
    pub ended: Option<std::result::Result<(), String>>,
}

#[cfg(test)]
impl Renewal {
    /// One that came to this.
    pub(crate) fn that_ended(place: &str, ended: Option<std::result::Result<(), String>>) -> Self {
        let (hosts, secret) = (vec!["a.example.com".to_owned()], place.to_owned());
        Self { place: place.to_owned(), hosts, secret, revision: 1, began: Timestamp::UNIX_EPOCH, ended }
    }
}

impl Cluster {
    /// Every Certificate as it lives, and the version to watch from.
    ///
    /// # Errors
    /// When the API server cannot be asked, or does not know Certificates.
    pub async fn all_certificates(&self) -> Result<(Vec<Value>, Option<String>)> {
        let (_, list) = self.list(&kind::CERTIFICATE, "").await?;
        let list = list.ok_or_else(|| {
            Error::wrong("the cluster has no Certificates")
                .because("the CRDs of cert-manager are not installed")
                .hint("`homelab up` installs cert-manager; with `certManager.manage: false`, install it yourself")
        })?;
        let version = list["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        Ok((items(list), version))
    }

    /// Sets the condition that makes cert-manager issue at once; one that is being issued is left alone.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn issue_again(&self, certificate: &Value, now: Timestamp) -> Result<Renewal> {
        let mut newest = certificate.clone();
        let path = format!("{}/{}", namespaced(certificate), certificate.name());
        for _ in 0..TRIES {
            if newest.holds("Issuing") {
                break;
            }
            let purpose =
                Purpose { verb: "patch", what: format!("Certificate {}/status", certificate.full_name()) };
            let patch = request::merge(&format!("{path}/status"), &triggered(&newest, now));
            match self.send::<Value>(patch).await {
                Ok(_) => break,
                Err(Failed::Kube(kube::Error::Api(status))) if status.code == 409 => {
                    let read = self.send::<Value>(request::get(&path, false)).await;
                    newest = read.map_err(|failed| self.explain(&purpose, failed))?;
                }
                Err(failed) => return Err(self.explain(&purpose, failed)),
            }
        }
        Ok(Renewal::of(&newest, now))
    }

    /// Waits until each has come to an end, good or bad, and tells `changed` what cert-manager says meanwhile.
    ///
    /// # Errors
    /// At the deadline, or when the API server cannot be watched.
    pub async fn wait_until_issued(
        &self,
        renewals: &mut [Renewal],
        version: Option<String>,
        deadline: Instant,
        changed: impl Fn(&Renewal, &str),
    ) -> Result<()> {
        let watches = [(&kind::CERTIFICATE, version), (&kind::CHALLENGE, None)];
        let streams = watches.map(|(kind, version)| self.follow(kind, String::new(), version));
        let mut events = stream::select_all(streams);
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        while renewals.iter().any(|renewal| renewal.ended.is_none()) {
            match tokio::time::timeout_at(deadline, events.next()).await {
                Ok(Some(Seen::Is(kind, object))) if *kind == kind::CERTIFICATE => {
                    if let Some(renewal) = renewals.iter_mut().find(|r| r.place == object.full_name()) {
                        renewal.note(&object);
                        changed(renewal, "cert-manager has ordered the certificate");
                    }
                }
                Ok(Some(Seen::Is(_, challenge))) => {
                    let host = at(&challenge, "/spec/dnsName");
                    let is_waited_for = |r: &&Renewal| {
                        r.ended.is_none() && r.hosts.iter().any(|h| without_wildcard(h) == host)
                    };
                    if let Some(renewal) = renewals.iter().find(is_waited_for) {
                        let text = progress(&challenge);
                        changed(renewal, &text);
                        said.insert(renewal.place.clone(), text);
                    }
                }
                Ok(Some(Seen::Gone(kind, object))) if *kind == kind::CERTIFICATE => {
                    if let Some(renewal) = renewals.iter_mut().find(|r| r.place == object.full_name()) {
                        renewal.ended = Some(Err("it was deleted".to_owned()));
                    }
                }
                Ok(Some(Seen::Gone(..))) => {}
                Ok(Some(Seen::Failed(error))) => return Err(error),
                Ok(None) => return Err(Error::unfinished("the API server ended every watch")),
                Err(_) => return Err(late(renewals, &said)),
            }
        }
        Ok(())
    }
}

impl Renewal {
    fn of(certificate: &Value, began: Timestamp) -> Self {
        let hosts = entries(certificate, "/spec/dnsNames").iter().filter_map(Value::as_str);
        let namespace = certificate.namespace();
        Self {
            place: certificate.full_name(),
            hosts: hosts.map(str::to_owned).collect(),
            secret: format!("{namespace}/{}", at(certificate, "/spec/secretName")),
            revision: revision(certificate),
            began,
            ended: None,
        }
    }

    /// Reads from the Certificate whether it is done.
    fn note(&mut self, certificate: &Value) {
        let issuing = certificate.condition("Issuing");
        let goes_on = issuing.is_some_and(|issuing| issuing["status"] == "True");
        let failed: Option<Timestamp> = at(certificate, "/status/lastFailureTime").parse().ok();
        if !goes_on && revision(certificate) > self.revision {
            self.ended = Some(Ok(()));
        } else if !goes_on && failed.is_some_and(|failed| failed.as_second() >= self.began.as_second()) {
            let why = issuing.map_or("no reason given", |issuing| at(issuing, "/message"));
            self.ended = Some(Err(why.to_owned()));
        }
    }
}

/// The change that triggers: the conditions as they are, but Issuing, as of the version that was read.
fn triggered(certificate: &Value, now: Timestamp) -> Value {
    let others =
        entries(certificate, "/status/conditions").iter().filter(|c| c["type"] != "Issuing").cloned();
    let issuing = json!({
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "Certificate re-issuance manually triggered",
        "lastTransitionTime": Timestamp::from_second(now.as_second()).unwrap_or(now).to_string(),
        "observedGeneration": certificate["metadata"]["generation"],
    });
    json!({
        "metadata": { "resourceVersion": certificate["metadata"]["resourceVersion"] },
        "status": { "conditions": others.chain([issuing]).collect::<Vec<_>>() },
    })
}

/// What a challenge waits for, in a few words.
fn progress(challenge: &Value) -> String {
    let host = at(challenge, "/spec/dnsName");
    let reason = at(challenge, "/status/reason").split_whitespace().collect::<Vec<_>>().join(" ");
    match (at(challenge, "/status/state"), reason.as_str()) {
        ("", "") => format!("the challenge for {host} is about to begin"),
        (state, "") => format!("the challenge for {host} is {state}"),
        (state, reason) => format!("the challenge for {host} is {state}: {reason}"),
    }
}

fn late(renewals: &[Renewal], said: &BTreeMap<String, String>) -> Error {
    let mut error = Error::unfinished("not every certificate was issued in time");
    for renewal in renewals.iter().filter(|renewal| renewal.ended.is_none()) {
        let last = said.get(&renewal.place).map_or("cert-manager says nothing", String::as_str);
        error = error.because(format!("Certificate {}: {last}", renewal.place));
    }
    error.hint("cert-manager continues by itself; `homelab doctor --check cm` says what stops it")
}

fn revision(certificate: &Value) -> u64 {
    certificate["status"]["revision"].as_u64().unwrap_or(0)
}

fn namespaced(certificate: &Value) -> String {
    request::collection(&kind::CERTIFICATE, Some(certificate.namespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(status: Value) -> Value {
        json!({ "metadata": { "namespace": "a", "name": "b", "resourceVersion": "7" }, "status": status })
    }

    #[test]
    fn the_trigger_keeps_the_other_conditions_and_the_version_that_was_read() {
        let now = "2026-06-01T12:00:00.5Z".parse().unwrap();
        let before = json!({ "conditions": [{ "type": "Ready", "status": "True" }, { "type": "Issuing", "status": "False" }] });
        let patch = triggered(&certificate(before), now);
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        let conditions = patch["status"]["conditions"].as_array().unwrap();
        assert_eq!((conditions.len(), &conditions[0]["type"]), (2, &json!("Ready")));
        assert_eq!(conditions[1]["status"], "True");
        assert_eq!(conditions[1]["lastTransitionTime"], "2026-06-01T12:00:00Z");
    }

    #[test]
    fn it_has_ended_with_a_new_revision_or_a_new_failure_and_not_before() {
        let began: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let ended = |status: Value| {
            let mut renewal = Renewal::of(&certificate(json!({ "revision": 1 })), began);
            renewal.note(&certificate(status));
            renewal.ended
        };
        let issuing = |status: &str| json!([{ "type": "Issuing", "status": status, "message": "no" }]);
        assert_eq!(ended(json!({ "revision": 2 })), Some(Ok(())));
        assert_eq!(ended(json!({ "revision": 1, "conditions": issuing("True") })), None);
        let failed =
            |at: &str| json!({ "revision": 1, "lastFailureTime": at, "conditions": issuing("False") });
        assert_eq!(ended(failed("2026-06-01T12:00:40Z")), Some(Err("no".into())));
        assert_eq!(ended(failed("2026-06-01T11:00:00Z")), None);
    }
}
