//! Which challenges cert-manager has to take back before it goes: nobody else removes their finalizer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::plan::ownership::controller;

/// What stands between a Certificate and its challenges, each as it lives.
#[derive(Debug, Default)]
pub struct Issuing {
    /// The challenges.
    pub challenges: Vec<Value>,
    /// The orders that they belong to.
    pub orders: Vec<Value>,
    /// The requests that the orders belong to.
    pub requests: Vec<Value>,
}

impl Issuing {
    /// The challenges that are on their way out, or will be: those of Certificates that are not among `stay`, by their uids.
    pub fn going(&self, stay: &BTreeSet<String>) -> Vec<&Value> {
        let above: BTreeMap<&str, &Value> =
            self.orders.iter().chain(&self.requests).map(|one| (uid(one), one)).collect();
        let goes = |challenge: &&Value| {
            !challenge["metadata"]["deletionTimestamp"].is_null() || is_orphan(challenge, &above, stay)
        };
        self.challenges.iter().filter(goes).collect()
    }
}

/// Whether what is above it, step by step, ends in something that is gone or goes.
fn is_orphan(challenge: &Value, above: &BTreeMap<&str, &Value>, stay: &BTreeSet<String>) -> bool {
    let mut at = challenge;
    // A challenge has an order above it, that a request, that a Certificate.
    for _ in 0..3 {
        let Some(owner) = controller(at) else { return false };
        let owner = owner["uid"].as_str().unwrap_or_default();
        match above.get(owner) {
            Some(next) => at = next,
            None => return !stay.contains(owner),
        }
    }
    false
}

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}
