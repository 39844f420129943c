//! API tokens: what they may do, where, when and from which addresses.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mint::stable_id;

/// A token as the configuration file gives it.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenSpec {
    pub(crate) value: String,
    #[serde(flatten)]
    pub(crate) grant: Grant,
}

/// Everything about a token but its value.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Grant {
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) status: Status,
    #[serde(default)]
    pub(crate) permissions: Vec<Permission>,
    /// Names of zones; none means all zones of the account.
    #[serde(default)]
    pub(crate) zones: Vec<String>,
    pub(crate) expires_on: Option<Timestamp>,
    pub(crate) not_before: Option<Timestamp>,
    /// Addresses or networks (`192.0.2.0/24`); none means anywhere.
    #[serde(default)]
    pub(crate) allowed_ips: Vec<String>,
}

/// The switch in the dashboard, and what time does to it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    #[default]
    Active,
    Disabled,
    Expired,
}

/// The permissions that this emulator knows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Permission {
    #[serde(rename = "zone:read")]
    ZoneRead,
    #[serde(rename = "dns:read")]
    DnsRead,
    #[serde(rename = "dns:edit")]
    DnsEdit,
    #[serde(rename = "tunnel:edit")]
    TunnelEdit,
}

/// A token of the account.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) id: String,
    hint: String,
    grant: Grant,
}

impl Token {
    pub(crate) fn new(value: &str, grant: Grant) -> Self {
        let id = grant.id.clone().unwrap_or_else(|| stable_id(&format!("token {value}")));
        let head: String = value.chars().take(4).collect();
        Self { id, hint: format!("{head}... ({} characters)", value.chars().count()), grant }
    }

    pub(crate) fn status(&self, now: Timestamp) -> Status {
        match self.grant.expires_on {
            Some(end) if end <= now && self.grant.status == Status::Active => Status::Expired,
            _ => self.grant.status,
        }
    }

    /// Active, and its time has come.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        self.status(now) == Status::Active && self.grant.not_before.is_none_or(|start| start <= now)
    }

    pub(crate) fn may(&self, permission: Permission) -> bool {
        // Cloudflare's "Edit" includes "Read".
        let by_edit =
            permission == Permission::DnsRead && self.grant.permissions.contains(&Permission::DnsEdit);
        by_edit || self.grant.permissions.contains(&permission)
    }

    pub(crate) fn covers(&self, zone: &str) -> bool {
        self.sees_all_zones() || self.grant.zones.iter().any(|name| name == zone)
    }

    pub(crate) fn sees_all_zones(&self) -> bool {
        self.grant.zones.is_empty()
    }

    pub(crate) fn accepts_client(&self, client: IpAddr) -> bool {
        let nets = &self.grant.allowed_ips;
        nets.is_empty() || nets.iter().any(|net| net_contains(net, client))
    }

    /// What `/user/tokens/verify` tells.
    pub(crate) fn verify_json(&self, now: Timestamp) -> Value {
        let mut json = json!({ "id": self.id, "status": self.status(now) });
        for (key, time) in [("expires_on", self.grant.expires_on), ("not_before", self.grant.not_before)] {
            if let Some(time) = time {
                json[key] = json!(time.to_string());
            }
        }
        json
    }

    /// The token without its value, for the control API.
    pub(crate) fn to_json(&self, now: Timestamp) -> Value {
        let mut json = self.verify_json(now);
        json["value"] = json!(self.hint);
        json["permissions"] = json!(self.grant.permissions);
        json["zones"] = json!(self.grant.zones);
        json["allowed_ips"] = json!(self.grant.allowed_ips);
        json
    }
}

/// Does the address, or the network in CIDR form, contain this client?
fn net_contains(net: &str, client: IpAddr) -> bool {
    let (address, length) = match net.split_once('/') {
        Some((address, length)) => (address, length.parse::<u32>().ok()),
        None => (net, Some(128)),
    };
    let (Ok(address), Some(length)) = (address.parse::<IpAddr>(), length) else {
        return false;
    };
    match (address, client) {
        (IpAddr::V4(a), IpAddr::V4(c)) => {
            let shift = 32 - length.min(32);
            u32::from(a).checked_shr(shift) == u32::from(c).checked_shr(shift)
        }
        (IpAddr::V6(a), IpAddr::V6(c)) => {
            let shift = 128 - length.min(128);
            u128::from(a).checked_shr(shift) == u128::from(c).checked_shr(shift)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(json: &str) -> Token {
        Token::new("secret-value", serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        let client = "192.0.2.7".parse().unwrap();
        assert!(net_contains("192.0.2.0/24", client));
        assert!(net_contains("192.0.2.7", client));
        assert!(net_contains("0.0.0.0/0", client));
        assert!(!net_contains("192.0.2.8", client));
        assert!(!net_contains("2001:db8::/32", client));
        assert!(net_contains("2001:db8::/32", "2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn permission_to_edit_includes_permission_to_read() {
        let token = token(r#"{"permissions":["dns:edit"]}"#);
        assert!(token.may(Permission::DnsRead) && !token.may(Permission::ZoneRead));
    }

    #[test]
    fn a_token_past_its_end_is_expired_and_one_before_its_start_is_not_usable() {
        let now = Timestamp::from_second(1_000).unwrap();
        assert_eq!(token(r#"{"expires_on":"1970-01-01T00:00:10Z"}"#).status(now), Status::Expired);
        let early = token(r#"{"not_before":"1970-01-01T01:00:00Z"}"#);
        assert_eq!((early.status(now), early.is_usable(now)), (Status::Active, false));
    }

    #[test]
    fn the_control_api_does_not_show_the_value() {
        let json = token("{}").to_json(Timestamp::now());
        assert!(!json.to_string().contains("secret-value"), "{json}");
    }
}
