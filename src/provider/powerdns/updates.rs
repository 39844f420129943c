//! Whether the server is set up for what cert-manager does: updates that are signed with the key. What the API does not show is
//! left out, never taken for missing.
//!
//! Source: pdns/rfc2136handler.cc, `isUpdateAllowed`: the address must be in `allow-dnsupdate-from` or in the zone's
//! ALLOW-DNSUPDATE-FROM, and the key in its TSIG-ALLOW-DNSUPDATE.

use std::net::IpAddr;

use reqwest::Method;

use super::answers::{Metadata, Setting, TsigSeen, undotted};
use super::client::Client;
use crate::evidence::{Fault, Permission, Zone};
use crate::facts::tsig::Algorithm;
use crate::provider::call::Call;
use crate::provider::tsig::decoded;

impl Client {
    /// Fails with the first thing that is missing, and the command that adds it.
    pub(super) async fn takes_updates(&self, zone: &Zone) -> Result<(), Fault> {
        let path = format!("zones/{}/metadata", zone.id);
        let (settings, metadata, key) = futures::try_join!(
            self.shown::<Vec<Setting>>("config"),
            self.shown::<Vec<Metadata>>(&path),
            self.key_there(),
        )?;
        let setting = |name: &str| {
            let found = settings.iter().flatten().find(|setting| setting.name == name);
            found.map(|setting| setting.value.as_str())
        };
        if setting("dnsupdate").is_some_and(|value| !is_yes(value)) {
            return Err(missing(
                "PowerDNS takes no DNS updates: `dnsupdate` is off",
                "write `dnsupdate=yes` into pdns.conf, and restart PowerDNS",
            ));
        }
        if let Some(fault) = key.and_then(|key| self.differs(key)) {
            return Err(fault);
        }
        let Some(metadata) = metadata else { return Ok(()) };
        let of_zone = |kind: &'static str| {
            metadata.iter().filter(move |one| one.kind == kind).flat_map(|one| &one.metadata)
        };
        let name = &self.tsig.name;
        if !of_zone("TSIG-ALLOW-DNSUPDATE").any(|key| undotted(key) == *name) {
            return Err(missing(
                &format!("PowerDNS does not let the TSIG key `{name}` change the zone `{}`", zone.name),
                &format!("run `pdnsutil add-meta {} TSIG-ALLOW-DNSUPDATE {name}` at the server", zone.name),
            ));
        }
        let everywhere = setting("allow-dnsupdate-from").map(str::to_owned);
        let networks = of_zone("ALLOW-DNSUPDATE-FROM").cloned().chain(everywhere.clone());
        if everywhere.is_some() && !networks.into_iter().any(|list| reaches_out(&list)) {
            return Err(missing(
                &format!("PowerDNS takes updates of the zone `{}` from its own machine only", zone.name),
                &format!(
                    "run `pdnsutil add-meta {} ALLOW-DNSUPDATE-FROM 192.168.1.0/24` at the server, with the network of your nodes",
                    zone.name
                ),
            ));
        }
        Ok(())
    }

    /// What a path of the API has; `None` where this server does not show it.
    async fn shown<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Fault> {
        match self.read(Call::new(Method::GET, path, Permission::ZoneRead)).await {
            Ok(found) => Ok(Some(found)),
            Err(Fault::Refused { .. } | Fault::NotJson { .. } | Fault::MissingPermission { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The key of that name at the server: `None` where the API does not show keys, `Some(None)` where there is none.
    async fn key_there(&self) -> Result<Option<Option<TsigSeen>>, Fault> {
        let Some(keys) = self.shown::<Vec<TsigSeen>>("tsigkeys").await? else { return Ok(None) };
        let Some(named) = keys.into_iter().find(|key| undotted(&key.name) == self.tsig.name) else {
            return Ok(Some(None));
        };
        let whole = self.shown::<TsigSeen>(&format!("tsigkeys/{}", named.id)).await?;
        Ok(Some(Some(whole.unwrap_or(named))))
    }

    /// How the server's key is another than that in the file.
    fn differs(&self, there: Option<TsigSeen>) -> Option<Fault> {
        let (name, algorithm) = (&self.tsig.name, self.tsig.algorithm.name());
        let Some(there) = there else {
            return Some(missing(
                &format!("PowerDNS has no TSIG key `{name}`"),
                &format!(
                    "run `pdnsutil generate-tsig-key {name} {algorithm}` at the server, and write what it prints below the API key in the file that `dns.tokenFile` names"
                ),
            ));
        };
        let same = Algorithm::of_name(&there.algorithm) == Some(self.tsig.algorithm)
            && (there.key.is_empty() || decoded(&there.key) == self.tsig.bytes());
        (!same).then(|| {
            missing(
                &format!("PowerDNS has another algorithm or secret for the TSIG key `{name}` than the file that `dns.tokenFile` names"),
                &format!(
                    "write the line of `{name}.` that `pdnsutil list-tsig-keys` prints at the server into that file, in place of the other TSIG key"
                ),
            )
        })
    }
}

fn missing(what: &str, cure: &str) -> Fault {
    Fault::Unprepared { what: what.to_owned(), cure: cure.to_owned() }
}

/// As PowerDNS reads switches (pdns/arguments.cc, `mustDo`): `no` and `off` are off.
fn is_yes(value: &str) -> bool {
    !matches!(value.trim().to_ascii_lowercase().as_str(), "no" | "off" | "")
}

/// Whether one of the networks in a list is not this machine alone.
fn reaches_out(list: &str) -> bool {
    list.split([',', ' ', '\t']).filter(|network| !network.is_empty()).any(|network| {
        let address = network.split('/').next().unwrap_or_default();
        !network.starts_with('!') && !address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_loopback_networks_lets_no_node_in() {
        assert!(!reaches_out("127.0.0.0/8, ::1") && !reaches_out(""));
        assert!(reaches_out("127.0.0.0/8,192.168.1.0/24") && reaches_out("::/0"));
        assert!(is_yes("yes") && is_yes("") == is_yes("no"));
    }
}
