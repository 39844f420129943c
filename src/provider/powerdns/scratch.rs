//! The one proof that the key may edit records: to make one and take it away again.
//!
//! The API replaces all records of a name and type at once. So the record is made only at a name that nobody else has any record
//! at, and taken away only while nothing but it is there. Then the same by a signed update, which is cert-manager's way to the zone:
//! what the API shows of the settings does not tell whether the server lets this machine's address in.

use super::client::Client;
use crate::evidence::{Fault, Zone};
use crate::provider::scratch::{MARK, TTL, names, none_is_free};

fn content() -> String {
    format!("\"{MARK}\"")
}

impl Client {
    /// Creates and removes a TXT record `_homelab-check` in the zone, and with it what a stopped run left there.
    pub(super) async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        self.prove_by_api(zone).await?;
        let proof = self.updates.within(self.deadline).prove_edit(zone).await;
        proof.map_err(|fault| of_update(fault, zone, &self.tsig.name))
    }

    async fn prove_by_api(&self, zone: &Zone) -> Result<(), Fault> {
        let name = self.free_name(zone).await?;
        let of_name = (name.as_str(), "TXT");
        self.change(zone, of_name, TTL, &[content()]).await?;
        let leftover = |cause| Fault::Leftover { name: name.clone(), cause: Box::new(cause) };
        if !self.is_own(zone, &name).await.map_err(leftover)? {
            let what = "somebody wrote another record beside it".to_owned();
            return Err(leftover(Fault::Unexpected { what }));
        }
        self.change(zone, of_name, TTL, &[]).await.map_err(leftover)
    }

    /// The first name at which there is nothing, or only what a stopped run left.
    async fn free_name(&self, zone: &Zone) -> Result<String, Fault> {
        for name in names(zone) {
            if self.is_own(zone, &name).await? {
                return Ok(name);
            }
        }
        Err(none_is_free(zone))
    }

    /// Whether nobody else has a record of any type at the name.
    async fn is_own(&self, zone: &Zone, name: &str) -> Result<bool, Fault> {
        let seen = self.zone(zone, Some(name)).await?;
        Ok(seen.rrsets.iter().all(|rrset| rrset.kind == "TXT" && rrset.is_all(&content())))
    }
}

/// What a signed update was refused for, in the words of this server.
fn of_update(fault: Fault, zone: &Zone, key: &str) -> Fault {
    let (what, cure) = match fault {
        Fault::MissingPermission { .. } | Fault::InvalidToken | Fault::Signature => (
            format!("PowerDNS refuses a DNS update from this machine that is signed with the TSIG key `{key}`"),
            format!(
                "run `pdnsutil add-meta {} ALLOW-DNSUPDATE-FROM 192.168.1.0/24` at the server, with the network of this machine and the nodes; if it has that, compare both clocks, and the secret of `{key}` in `pdnsutil list-tsig-keys`: PowerDNS' log, `journalctl -u pdns`, says which it is",
                zone.name
            ),
        ),
        Fault::Transport { host, cause } => (
            format!("DNS updates do not reach PowerDNS at `{host}`: {cause}"),
            "let `dns.nameserver` say where PowerDNS takes DNS updates (`local-address` and `local-port` in pdns.conf), and let this machine and the nodes reach it there by TCP and UDP".to_owned(),
        ),
        fault => return fault,
    };
    Fault::Unprepared { what, cure }
}
