//! What `homelab restore` does with each Secret of a backup.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{CACHED, Held, Holding};
use crate::desired::meta::inventory_labels;
use crate::evidence::View;
use crate::plan::ownership::{Doomed, is_by_cert_manager, is_restored, is_written_for};

/// What happens to one Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// There is none: it is written.
    Write,
    /// What is there is overwritten, if it still is what was seen, because it was asked for by name.
    Replace(Doomed),
    /// It is there already.
    Same,
    /// Its certificate has expired.
    Expired,
    /// The configuration asks for no such Secret.
    Unwanted,
    /// There is a newer certificate.
    Newer,
    /// There is another one, which is older, or another key.
    Other,
    /// There is a Secret that neither cert-manager nor `homelab restore` wrote.
    Strangers,
}

/// Decides. `wanted` says whether the configuration asks for it, `live` is what is there, `forced` whether it was named by
/// `--force`: who can read a recipient can write a file that opens, so that no file of a backup may write anything that the
/// configuration does not ask for.
pub fn decide(held: &Held, live: Option<&Value>, wanted: bool, forced: bool, now: Timestamp) -> Decision {
    let facts = &held.facts;
    if !wanted {
        return Decision::Unwanted;
    }
    if facts.not_after.is_some_and(|end| end <= now) {
        return Decision::Expired;
    }
    let Some(live) = live else { return Decision::Write };
    let is_known = match facts.holds {
        // The Certificate of a Secret that the lab asks for is called as it is.
        Holding::Certificate | Holding::CertificateAuthority => is_written_for(live, &facts.secret),
        Holding::AcmeAccount => is_by_cert_manager(live) || is_restored(live),
    };
    if !is_known {
        return Decision::Strangers;
    }
    let there = Held::of(facts.holds, live).ok().map(|held| held.facts);
    let is_same = there.as_ref().is_some_and(|there| {
        (&there.certificate_sha256, &there.public_key_sha256)
            == (&facts.certificate_sha256, &facts.public_key_sha256)
    });
    if is_same {
        return Decision::Same;
    }
    if forced {
        return Decision::Replace(Doomed::of(&facts.key(), live));
    }
    match there.is_some_and(|there| there.not_before > facts.not_before) {
        true => Decision::Newer,
        false => Decision::Other,
    }
}

/// What is applied: the manifest, with the labels of the lab that it comes to.
pub fn body(held: &Held, owner: &str) -> Value {
    let mut body = held.manifest().clone();
    let mut labels = body["metadata"]["labels"].take();
    match held.facts.holds {
        Holding::Certificate | Holding::CertificateAuthority => {
            for (key, value) in inventory_labels(owner) {
                labels[key] = value.into();
            }
            labels[CACHED] = "true".into();
        }
        Holding::AcmeAccount => labels = json!({}),
    }
    body["metadata"]["labels"] = labels;
    body
}

/// Whether cert-manager will take the Secret for another issuer's, and order anew: it compares the issuer's name.
pub fn is_of_issuer(held: &Held, issuer: &str) -> bool {
    held.facts.holds == Holding::AcmeAccount
        || held.manifest().annotation("cert-manager.io/issuer-name") == issuer
}
