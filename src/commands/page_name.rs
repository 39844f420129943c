//! The start page has the name of the domain itself, where people may have something already: a site, a redirect, a page of the
//! provider's. external-dns changes no record of others, so the page would never be found; it is said before the first write.

use crate::commands::planned::refused;
use crate::config::{Config, START_PAGE, StartPage};
use crate::desired::object::Key;
use crate::desired::service::NAMESPACE;
use crate::desired::{external_dns, kind};
use crate::error::{Error, Result};
use crate::evidence::ownership::owners_of;
use crate::evidence::{Record, Zone};
use crate::plan::{Snapshot, is_applied};
use crate::provider::Client;

/// Looks at the records of the page's name, unless the page has that name already.
///
/// # Errors
/// When others have records there, or the records cannot be read.
pub(super) async fn is_free(
    provider: &Client,
    zone: &Zone,
    config: &Config,
    snapshot: &Snapshot,
) -> Result<()> {
    let is_published = config.external_dns && config.dns.publish;
    let (Some(page), true) = (&config.start_page, is_published) else { return Ok(()) };
    if is_there(snapshot, page) {
        return Ok(());
    }
    let records = provider.records(zone, None).await.map_err(|fault| refused(provider.provider(), fault))?;
    taken(config, page, &records).map_or(Ok(()), Err)
}

fn is_there(snapshot: &Snapshot, page: &StartPage) -> bool {
    let key =
        Key { kind: &kind::INGRESS, namespace: Some(NAMESPACE.to_owned()), name: START_PAGE.to_owned() };
    let live = snapshot.objects.get(&key).filter(|live| is_applied(live));
    live.is_some_and(|live| live["spec"]["rules"][0]["host"] == page.host.as_str())
}

fn taken(config: &Config, page: &StartPage, records: &[Record]) -> Option<Error> {
    let ours = external_dns::ownership(config);
    let is_ours = |record: &Record| owners_of(records, &ours, record).any(|owner| owner.id == ours.id);
    let named = records.iter().filter(|record| record.is_of_host(page.host.as_str()));
    let of_others = named.filter(|record| !is_ours(record));
    let found: Vec<String> = of_others.map(|record| format!("{} {}", record.kind, record.content)).collect();
    if found.is_empty() {
        return None;
    }
    let error =
        Error::usage(format!("the start page cannot have the name `{}`: it is in use", page.host)).because(
            format!("the zone has a record of that name that homelab did not write: {}", found.join(", ")),
        );
    let start = config.domain.child("start");
    Some(match page.host == start {
        false => error.hint(format!(
            "give the page another name: `startPage: {{ host: start }}` puts it at https://{start}/ \
             (NixOS: `services.homelab.startPage.host = \"start\";`);\nor delete that record if nobody needs it"
        )),
        true => error.hint("give the page another name by `startPage.host`, or delete that record if nobody needs it"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(page: &str) -> Config {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare, owner: lab }}\nstartPage: {page}\n"
        );
        crate::config::parse(&text).unwrap()
    }

    fn record(kind: &str, name: &str, content: &str) -> Record {
        serde_json::from_value(json!({ "id": name, "type": kind, "name": name, "content": content })).unwrap()
    }

    fn said(page: &str, records: &[Record]) -> Option<String> {
        let config = config(page);
        taken(&config, config.start_page.as_ref().unwrap(), records).map(|error| error.to_string())
    }

    #[test]
    fn a_name_with_a_site_is_refused_with_the_line_to_write() {
        let site = [record("A", "Home.example.com", "203.0.113.7")];
        let why = said("true", &site).unwrap();
        assert!(why.contains("A 203.0.113.7") && why.contains("startPage: { host: start }"), "{why}");
        assert!(why.contains("https://start.home.example.com/"), "{why}");
        assert_eq!(said("{ host: start }", &site), None);
        let both =
            said("{ host: start }", &[record("CNAME", "start.home.example.com", "example.org")]).unwrap();
        assert!(both.contains("`startPage.host`") && !both.contains("host: start }"), "{both}");
    }

    #[test]
    fn mail_and_name_servers_do_not_stand_in_the_way_nor_does_what_homelab_wrote() {
        let beside = ["MX", "TXT", "NS", "CAA", "SOA"].map(|kind| record(kind, "home.example.com", "x"));
        assert_eq!(said("true", &beside), None);
        let txt = "\"heritage=external-dns,external-dns/owner=lab,external-dns/resource=ingress/web/web\"";
        let mine = record("A", "home.example.com", "192.168.1.2");
        let claim = record("TXT", "a-homelab.home.example.com", txt);
        assert_eq!(said("true", &[mine.clone(), claim.clone()]), None);
        assert!(said("true", std::slice::from_ref(&mine)).is_some());
        let theirs = record("AAAA", "home.example.com", "2001:db8::7");
        let why = said("true", &[mine, claim, theirs]).unwrap();
        assert!(why.contains("AAAA 2001:db8::7") && !why.contains("192.168.1.2"), "{why}");
    }

    #[test]
    fn a_page_that_is_there_is_not_looked_for_again() {
        let config = config("true");
        let page = config.start_page.as_ref().unwrap();
        let key = Key { kind: &kind::INGRESS, namespace: Some("homelab".into()), name: "start-page".into() };
        let live = |host: &str| {
            json!({ "metadata": { "managedFields": [{ "manager": "homelab", "operation": "Apply" }] },
                    "spec": { "rules": [{ "host": host }] } })
        };
        let mut snapshot = Snapshot::default();
        assert!(!is_there(&snapshot, page));
        snapshot.objects.insert(key.clone(), live("home.example.com"));
        assert!(is_there(&snapshot, page));
        snapshot.objects.insert(key, live("start.home.example.com"));
        assert!(!is_there(&snapshot, page));
    }
}
