//! Names that homelab takes for pages of its own, and that people may use already: that of the domain itself is the start page's,
//! where a site may be, a redirect, a page of the provider's; `ca` is that of the page with the root, which is there without
//! anybody's asking. external-dns changes no record of others, so the page would never be found; it is said before the first
//! write.

use crate::commands::planned::refused;
use crate::config::{Config, ROOT_PAGE, START_PAGE};
use crate::desired::object::Key;
use crate::desired::service::NAMESPACE;
use crate::desired::{external_dns, kind};
use crate::error::{Error, Result};
use crate::evidence::ownership::owners_of;
use crate::evidence::{Record, Zone};
use crate::facts::names::Host;
use crate::plan::{Snapshot, is_applied};
use crate::provider::Client;

/// A page of homelab's own.
struct Page<'c> {
    called: &'static str,
    host: &'c Host,
    /// Where its Ingress is, and what that is called.
    ingress: (&'c str, &'static str),
    /// What to do where somebody else has the name.
    way_out: String,
}

/// Looks at the records of each page's name, unless the page has that name already.
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
    let mut new = pages(config);
    new.retain(|page| is_published && !is_there(snapshot, page));
    if new.is_empty() {
        return Ok(());
    }
    let records = provider.records(zone, None).await.map_err(|fault| refused(provider.provider(), fault))?;
    new.iter().find_map(|page| taken(config, page, &records)).map_or(Ok(()), Err)
}

fn pages(config: &Config) -> Vec<Page<'_>> {
    let start = config.start_page.as_ref().map(|page| Page {
        called: "the start page",
        host: &page.host,
        ingress: (NAMESPACE, START_PAGE),
        way_out: start_elsewhere(config, &page.host),
    });
    let root = config.root_page.as_ref().map(|host| Page {
        called: "the page with the root certificate",
        host,
        ingress: (&config.cert_manager.namespace, ROOT_PAGE),
        way_out: "do without that page: `rootPage: false` (NixOS: `services.homelab.rootPage = false;`);\nor delete that record if nobody needs it".to_owned(),
    });
    start.into_iter().chain(root).collect()
}

fn start_elsewhere(config: &Config, host: &Host) -> String {
    let start = config.domain.child("start");
    match *host == start {
        false => format!(
            "give the page another name: `startPage: {{ host: start }}` puts it at https://{start}/ \
             (NixOS: `services.homelab.startPage.host = \"start\";`);\nor delete that record if nobody needs it"
        ),
        true => "give the page another name by `startPage.host`, or delete that record if nobody needs it"
            .to_owned(),
    }
}

fn is_there(snapshot: &Snapshot, page: &Page<'_>) -> bool {
    let (namespace, name) = page.ingress;
    let key = Key { kind: &kind::INGRESS, namespace: Some(namespace.to_owned()), name: name.to_owned() };
    let live = snapshot.objects.get(&key).filter(|live| is_applied(live));
    live.is_some_and(|live| live["spec"]["rules"][0]["host"] == page.host.as_str())
}

fn taken(config: &Config, page: &Page<'_>, records: &[Record]) -> Option<Error> {
    let ours = external_dns::ownership(config);
    let is_ours = |record: &Record| owners_of(records, &ours, record).any(|owner| owner.id == ours.id);
    let named = records.iter().filter(|record| record.is_of_host(page.host.as_str()));
    let of_others = named.filter(|record| !is_ours(record));
    let found: Vec<String> = of_others.map(|record| format!("{} {}", record.kind, record.content)).collect();
    if found.is_empty() {
        return None;
    }
    let found = found.join(", ");
    let error = Error::usage(format!("{} cannot have the name `{}`: it is in use", page.called, page.host))
        .because(format!("the zone has a record of that name that homelab did not write: {found}"));
    Some(error.hint(&page.way_out))
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
        taken(&config, &pages(&config)[0], records).map(|error| error.to_string())
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
    fn the_page_that_nobody_asked_for_says_how_to_do_without_it() {
        let config = config("false\nissuer: ca");
        let page = &pages(&config)[0];
        let theirs = record("CNAME", "ca.home.example.com", "vault.example.org");
        let why = taken(&config, page, &[theirs]).unwrap().to_string();
        assert!(
            why.contains("the page with the root certificate cannot have the name `ca.home.example.com`"),
            "{why}"
        );
        assert!(why.contains("`rootPage: false`") && why.contains("CNAME vault.example.org"), "{why}");
        assert!(taken(&config, page, &[record("A", "home.example.com", "203.0.113.7")]).is_none());
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
        let page = &pages(&config)[0];
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
