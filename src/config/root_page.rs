//! Reads `rootPage`: whether the lab has a page that offers the root of its own certificate authority.

use std::collections::BTreeSet;

use crate::config::dns::Dns;
use crate::config::fields::Fields;
use crate::config::model::{Issuer, ROOT_PAGE, Service, StartPage};
use crate::facts::authority::PAGE_LABEL;
use crate::facts::names::Host;

/// The key.
const KEY: &str = "rootPage";

/// What it is held against.
pub(super) struct Others<'a> {
    /// Everybody who signs something.
    pub(super) signed: &'a BTreeSet<Issuer>,
    pub(super) services: &'a [Service],
    pub(super) page: Option<&'a StartPage>,
    pub(super) dns: Option<&'a Dns>,
}

/// The name of the page, if there is one: by default where the whole lab is signed by its own authority, which `issuer` says,
/// and nobody else has the name. A page that is asked for and cannot be is a problem.
pub(super) fn read(
    fields: &mut Fields<'_>,
    domain: Option<&Host>,
    issuer: Issuer,
    others: &Others<'_>,
) -> Option<Host> {
    let given = fields.bool(KEY);
    let place = fields.node(KEY).map(|node| node.place);
    let host = domain?.child(PAGE_LABEL);
    let wanted = given.unwrap_or(issuer == Issuer::Ca);
    let why = match (wanted, user(&host, others)) {
        (false, _) => return None,
        (true, None) if others.signed.contains(&Issuer::Ca) => return Some(host),
        (true, None) => (
            "there is no root that the page could offer: nothing is signed by the lab's own certificate authority".to_owned(),
            "set `issuer: ca`, for the whole lab or for one service, or leave `rootPage` out",
        ),
        (true, Some(user)) => (
            format!("the page has the name `{host}`, and {user}"),
            "give that one another name; or leave `rootPage` out, and there is no page",
        ),
    };
    // Nobody has asked for it: then there is none.
    if given.is_some() {
        fields.problem(place, format!("`{KEY}: true`: {}", why.0), Some(why.1.to_owned()));
    }
    None
}

/// Who has the name already, or one by which people would take it for the page.
fn user(host: &Host, others: &Others<'_>) -> Option<String> {
    let is_it = |service: &&Service| {
        [PAGE_LABEL, ROOT_PAGE].contains(&service.name.as_str()) || service.hosts.contains(host)
    };
    if let Some(service) = others.services.iter().find(is_it) {
        return Some(match service.hosts.contains(host) {
            true => format!("the service `{}` has it already", service.name),
            false => format!("a service is called `{}`", service.name),
        });
    }
    if others.page.is_some_and(|page| page.host == *host) {
        return Some("`startPage` has it already".to_owned());
    }
    let hosts = others.dns.into_iter().flat_map(|dns| &dns.hosts);
    hosts.map(|one| &one.name).any(|name| name == host).then(|| "`dns.hosts` has it already".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem, parse};

    fn config(more: &str) -> Result<Config, Vec<Problem>> {
        parse(&format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\n{more}"
        ))
    }

    fn page(more: &str) -> Option<String> {
        let config = config(more).unwrap_or_else(|problems| panic!("{more}: {problems:?}"));
        config.root_page.map(|host| host.to_string())
    }

    const CA: Option<&str> = Some("ca.home.example.com");
    const ONE: &str = "services: { a: { local: 1, issuer: ca } }\n";

    #[test]
    fn it_is_there_where_the_whole_lab_has_an_authority_of_its_own_and_elsewhere_if_asked_for() {
        assert_eq!(page(""), None);
        assert_eq!(page("issuer: ca\n").as_deref(), CA);
        assert_eq!(page("issuer: ca\nrootPage:\n").as_deref(), CA);
        assert_eq!(page("issuer: ca\nrootPage: false\n"), None);
        assert_eq!(page(ONE), None);
        assert_eq!(page(&format!("rootPage: true\n{ONE}")).as_deref(), CA);
        let local = parse("domain: home.arpa\ndns: { provider: local }\n").unwrap();
        assert_eq!(local.root_page.as_ref().map(ToString::to_string).as_deref(), Some("ca.home.arpa"));
        assert_eq!(
            local.hosts().iter().map(|host| local.url(host)).collect::<Vec<_>>(),
            ["https://whoami.home.arpa/", "http://ca.home.arpa/"]
        );
    }

    #[test]
    fn without_a_root_it_is_refused_with_the_line_and_the_way_out() {
        let problems = config("rootPage: true\n").unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.starts_with("`rootPage: true`: there is no root"), "{problems:?}");
        assert_eq!(problems[0].place.map(|place| place.line), Some(4));
        assert!(problems[0].help.as_deref().unwrap().contains("set `issuer: ca`"));
        assert!(config("rootPage: yes please\n").unwrap_err()[0].message.contains("must be true or false"));
    }

    #[test]
    fn a_name_that_somebody_has_stays_his_and_a_page_that_is_asked_for_says_whose_it_is() {
        for (more, user) in [
            ("services: { vault: { local: 1, host: ca } }\n", "the service `vault` has it already"),
            ("services: { ca: { local: 1 } }\n", "the service `ca` has it already"),
            ("services: { ca: { local: 1, host: vault } }\n", "a service is called `ca`"),
            ("services: { root-page: { local: 1 } }\n", "a service is called `root-page`"),
            ("startPage: { host: ca }\n", "`startPage` has it already"),
        ] {
            assert_eq!(page(&format!("issuer: ca\n{more}")), None, "{more}");
            let problems = config(&format!("issuer: ca\nrootPage: true\n{more}")).unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].message.contains(user), "{problems:?}");
            assert_eq!(problems[0].place.map(|place| place.line), Some(5));
            assert!(problems[0].help.as_deref().unwrap().contains("leave `rootPage` out"));
        }
        let house = |more: &str| {
            let hosts = "dns: { provider: local, hosts: { ca: 192.168.1.9 } }\n";
            parse(&format!("domain: home.arpa\n{hosts}{more}"))
        };
        assert_eq!(house("").unwrap().root_page, None);
        let problems = house("rootPage: true\n").unwrap_err();
        assert!(problems[0].message.contains("`dns.hosts` has it already"), "{problems:?}");
    }
}
