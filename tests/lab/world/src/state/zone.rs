//! A zone of the account and its live records.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::mint::stable_id;
use super::record::Record;
use super::tunnel::account;
use crate::config::ZoneConfig;

/// One zone.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) name_servers: Vec<String>,
    /// Of the SOA record: one more with every change.
    pub(crate) serial: u32,
    pub(crate) soa_minimum: u32,
    pub(crate) created_on: Timestamp,
    pub(crate) records: Vec<Record>,
}

impl Zone {
    pub(crate) fn from_config(config: &ZoneConfig, soa_minimum: u32, now: Timestamp) -> Self {
        let name = plain(&config.name);
        Self {
            id: zone_id(&name),
            status: config.status.clone(),
            name_servers: config.name_servers.iter().map(|server| plain(server)).collect(),
            serial: 2_300_000_000,
            soa_minimum: config.soa_minimum.unwrap_or(soa_minimum),
            created_on: now,
            records: Vec::new(),
            name,
        }
    }

    /// The zone as the API answers it.
    pub(crate) fn to_json(&self) -> Value {
        let account = account();
        json!({
            "id": self.id, "name": self.name, "status": self.status, "paused": false, "type": "full",
            "development_mode": 0, "name_servers": self.name_servers, "original_name_servers": [],
            "original_registrar": null, "original_dnshost": null,
            "created_on": self.created_on.to_string(), "modified_on": self.created_on.to_string(),
            "activated_on": self.created_on.to_string(),
            "account": { "id": account, "name": "Lab" },
            "owner": { "id": account, "type": "user", "email": null },
            "meta": { "step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3, "phishing_detected": false },
            "permissions": ["#dns_records:edit", "#dns_records:read", "#zone:read"],
            "plan": { "id": stable_id("plan"), "name": "Free Website", "legacy_id": "free", "price": 0.0 },
        })
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.records.iter().position(|record| record.id == id)
    }
}

/// Cloudflare's ids are random; ours follow from the name, so that a restart does not change them.
pub(crate) fn zone_id(name: &str) -> String {
    stable_id(&format!("zone {name}"))
}

/// Lower case, without a final dot: the one form of names inside this program.
pub(crate) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Is `name` the zone's own name, or below it?
pub(crate) fn is_within(name: &str, zone: &str) -> bool {
    zone.is_empty() || name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_within_a_zone_by_whole_labels() {
        assert!(is_within("www.example.test", "example.test"));
        assert!(is_within("example.test", "example.test"));
        assert!(is_within("example.test", ""));
        assert!(!is_within("badexample.test", "example.test"));
    }

    #[test]
    fn names_are_kept_lower_case_and_without_the_final_dot() {
        assert_eq!(plain("WWW.Example.Test."), "www.example.test");
    }
}
