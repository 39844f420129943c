//! Makes of resolvers: how each is known, and where it keeps names back. The settings that let private answers through, that
//! allow a blocked name, and that say which domain is the LAN's own.
//!
//! `DOMAIN` and `HOST` stand for the zone and for the host in question. What the makers' documents say as of 2026.

use std::net::IpAddr;

use crate::evidence::Signs;

/// A make of resolver, with its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Router {
    /// As people call it.
    pub(crate) name: &'static str,
    /// What it does to private answers.
    pub(crate) why: &'static str,
    /// Where its setting is and what to enter.
    pub(crate) setting: &'static str,
    /// Where a name is allowed that its lists or rules block.
    pub(crate) allow: &'static str,
    /// Where the LAN's domain and local zones are set.
    pub(crate) lan: &'static str,
    /// Where it is told to ask another server for one domain, and what to enter. `ADDRESS` stands for the address of that server.
    pub(crate) forward: &'static str,
    /// The NixOS option, where it runs on NixOS.
    pub(super) nixos: Option<&'static str>,
    /// What its answer to `version.bind` contains, in lower case.
    version: &'static [&'static str],
    /// The names that only it answers.
    names: &'static [&'static str],
    /// What the title of its page or its `Server` header contains, in lower case.
    pages: &'static [&'static str],
}

/// https://docs.pi-hole.net/ftldns/configfile/ (`dns.domain`, `misc.dnsmasq_lines`) and /ftldns/dnsmasq_warn/ ("possible
/// DNS-rebind attack detected"), pi-hole/docs at 7c96feb; pi-hole/web at 7a17e01, groups-domains.lp and sidebar.lp.
pub(crate) const PI_HOLE: Router = Router {
    name: "Pi-hole",
    why: "Pi-hole drops answers with private addresses if `stop-dns-rebind` is set, or the router that it forwards to drops them",
    setting: "in Settings, All settings, add the line `rebind-domain-ok=/DOMAIN/` to `misc.dnsmasq_lines` (Pi-hole 5: into a \
        file in `/etc/dnsmasq.d`, and restart it); if it forwards to the router, let it forward to a public resolver instead",
    allow: "in Domains, enter `DOMAIN`, tick \"Add domain as wildcard\", and choose \"Add to allowed domains\"",
    lan: "in Settings, All settings, set `dns.domain.name` to `lan`, or in its shell run `sudo pihole-FTL --config dns.domain.name lan`; \
        remove a line `local=/DOMAIN/` from `misc.dnsmasq_lines` (pi-hole/FTL#2841)",
    forward: "in Settings, All settings, add the line `server=/DOMAIN/ADDRESS` to `misc.dnsmasq_lines` (Pi-hole 5: into a file in `/etc/dnsmasq.d`, and \
        restart it); if `stop-dns-rebind` is set, add `rebind-domain-ok=/DOMAIN/`, too",
    nixos: None,
    version: &["pi-hole", "pihole"],
    names: &["pi.hole"],
    pages: &["pi-hole"],
};

/// LuCI, modules/luci-mod-network: dns.js at 00633af, a page of its own since LuCI split dhcp.js ("DHCP and DNS"):
/// `rebind_domain` ("Domain whitelist", tab "Filter", older "General Settings") and `local` ("Resolve these locally", older
/// "Local server"); luci-app-adblock ("Edit Whitelist" at 1856ff3);
/// https://openwrt.org/docs/guide-user/base-system/dhcp.
pub(crate) const OPENWRT: Router = Router {
    name: "OpenWrt",
    why: "OpenWrt drops answers with private addresses by default (`rebind_protection`)",
    setting: "in Network, DNS (older: DHCP and DNS), tab Filter (older: General Settings), add `DOMAIN` to \"Domain whitelist\"; or in its shell run \
        `uci add_list dhcp.@dnsmasq[0].rebind_domain='DOMAIN' && uci commit dhcp && service dnsmasq restart`",
    allow: "if the package adblock is installed, add `DOMAIN` to the allow list in Services, Adblock; otherwise remove the entry from \"Addresses\" in Network, DNS (older: DHCP and DNS)",
    lan: "in Network, DNS (older: DHCP and DNS), tab General, set \"Resolve these locally\" (older: \"Local server\") to `/lan/` and \"Local domain\" to `lan`; or in its shell run \
        `uci set dhcp.@dnsmasq[0].local='/lan/' && uci set dhcp.@dnsmasq[0].domain='lan' && uci commit dhcp && service dnsmasq restart`",
    forward: "in Network, DNS (older: DHCP and DNS), tab Forwards (older: General Settings), add `/DOMAIN/ADDRESS` to \"DNS Forwards\", and in tab Filter add `DOMAIN` to \
        \"Domain whitelist\"; or in its shell run `uci add_list dhcp.@dnsmasq[0].server='/DOMAIN/ADDRESS' && uci add_list \
        dhcp.@dnsmasq[0].rebind_domain='DOMAIN' && uci commit dhcp && service dnsmasq restart`",
    nixos: None,
    version: &["openwrt"],
    names: &["openwrt.lan"],
    pages: &["openwrt", "luci"],
};

/// AVM, "No DNS resolution of private IP addresses" (knowledge base, 663), and the help to FRITZ!OS:
/// https://service.avm.de/help/en/, "Internet / Filters / Lists" and "Internet / Account Information / DNS Server". In newer
/// FRITZ!OS the setting lies behind a button (ddev/ddev.com#708, and its blog, "Fritz!Box Routers and DDEV", of 2026-07-30).
pub(crate) const FRITZ_BOX: Router = Router {
    name: "Fritz!Box",
    why: "a Fritz!Box always drops answers with private addresses",
    setting: "at http://fritz.box, in Home Network, Network, Network Settings (newer: \"Change advanced network settings\" there), \
        \"DNS Rebind Protection\", enter `DOMAIN` without `*.`, then Apply. Devices may cache the old answer for a while",
    allow: "in Internet, Filters, Lists, remove `DOMAIN` from the blocked domains",
    lan: "its own domain is always `fritz.box`, so the server that it forwards to has the zone: change that server in Internet, Account Information, DNS Server",
    forward: "a Fritz!Box cannot ask another server for one domain. Run a resolver that can (Pi-hole, AdGuard Home, dnsmasq) on another machine \
        than the nodes, let it forward `DOMAIN` to ADDRESS, and enter it in Home Network, Network, Network Settings, IPv4 Settings, \"Local DNS server\"",
    nixos: None,
    version: &["fritz", "avm"],
    names: &["fritz.box"],
    pages: &["fritz!box", "fritz.box"],
};

/// https://docs.opnsense.org/manual/unbound.html: Advanced ("Private Domains", "Rebind Protection networks"), Blocklists
/// ("Allowlist Domains"), General ("Local Zone Type"), Overrides, Query Forwarding; docs at 04c81c9, core at f95e815.
pub(crate) const OPNSENSE: Router = Router {
    name: "OPNsense",
    why: "Unbound on OPNsense removes private addresses from answers (\"Rebind protection networks\")",
    setting: "in Services, Unbound DNS, Advanced, add `DOMAIN` to \"Private Domains\", and apply",
    allow: "in Services, Unbound DNS, Blocklists, add `DOMAIN` to \"Allowlist Domains\", and apply",
    lan: "in System, Settings, General, set \"Domain\" to `lan`; or in Services, Unbound DNS, General, set \"Local Zone Type\" to `transparent`. Then remove `DOMAIN` from its Overrides and Query Forwarding",
    forward: "in Services, Unbound DNS, Query Forwarding, add the domain `DOMAIN` with the server IP ADDRESS; in Advanced, add `DOMAIN` to \"Private \
        Domains\" and to \"Insecure Domains\", and apply",
    nixos: None,
    version: &[],
    names: &[],
    pages: &["opnsense"],
};

/// https://docs.netgate.com/pfsense/en/latest/services/dns/rebinding.html: both services; the labels: pfSense at 9363ac5,
/// services_unbound.php and services_dnsmasq.php; pfBlockerNG, pfblockerng_dnsbl.php ("DNSBL Whitelist": a dot in front takes
/// all names below).
pub(crate) const PFSENSE: Router = Router {
    name: "pfSense",
    why: "pfSense removes private addresses from answers unless you configure exceptions",
    setting: "in Services, DNS Resolver, General Settings, Custom options, add the line `server:`, then `private-domain: \"DOMAIN\"`; \
        with the DNS Forwarder, add `rebind-domain-ok=/DOMAIN/` to its custom options",
    allow: "in Firewall, pfBlockerNG, DNSBL, DNSBL Whitelist, add `.DOMAIN`, then Update, Reload",
    lan: "in System, General Setup, set \"Domain\" to `lan`; or in Services, DNS Resolver, set \"System Domain Local Zone Type\" to `Transparent`. Then remove `DOMAIN` from its Domain Overrides",
    forward: "in Services, DNS Resolver, General Settings, Domain Overrides, add `DOMAIN` with the IP address ADDRESS, save and apply (it then also lets \
        private addresses of this domain through)",
    nixos: None,
    version: &[],
    names: &[],
    pages: &["pfsense"],
};

/// https://github.com/AdguardTeam/AdGuardHome/wiki/Configuration (`user_rules`, `dhcp.local_domain_name`); its list against
/// rebinding: release notes of v0.107.67. It does not answer `version.bind` (0.107.79, dnsforward.go, `defaultBlockedHosts`).
pub(crate) const ADGUARD_HOME: Router = Router {
    name: "AdGuard Home",
    why: "AdGuard Home blocks answers with private addresses if a rebind list or a rule such as `|192.168.*` was added",
    setting: "in Filters, Custom filtering rules, add `@@||DOMAIN^`",
    allow: "in Filters, Custom filtering rules, add `@@||DOMAIN^`",
    lan: "in AdGuardHome.yaml, below `dhcp`, set `local_domain_name` to `lan` (AdguardTeam/AdGuardHome#2983), and remove a rule `||DOMAIN^$dnsrewrite=NXDOMAIN` from its custom rules",
    forward: "in Settings, DNS settings, Upstream DNS servers, add the line `[/DOMAIN/]ADDRESS`, and apply",
    nixos: Some("services.adguardhome.settings.user_rules = [ \"@@||DOMAIN^\" ];"),
    version: &[],
    names: &[],
    pages: &["adguard home"],
};

/// https://help.mikrotik.com/docs/spaces/ROS/pages/37748767/DNS.
pub(crate) const MIKROTIK: Router = Router {
    name: "MikroTik RouterOS",
    why: "RouterOS itself blocks nothing: a static entry, an adlist or the server that it forwards to does",
    setting: "check `/ip dns static print` and `/ip dns adlist print`, or let it forward to another resolver: \
        `/ip dns set servers=1.1.1.1,8.8.8.8`, then `/ip dns cache flush`",
    allow: "check `/ip dns static print` and `/ip dns adlist print`, and remove the entry for `DOMAIN`",
    lan: "remove the entry for `DOMAIN` from `/ip dns static print`, and set another `domain` in `/ip dhcp-server network`",
    forward: "run `/ip dns static add type=FWD name=DOMAIN match-subdomain=yes forward-to=ADDRESS`, then `/ip dns cache flush`",
    nixos: None,
    version: &["mikrotik"],
    names: &[],
    pages: &["routeros", "mikrotik"],
};

/// help.ui.com, "Content and Domain Filtering in UniFi" (Settings, CyberSecure, Content Filter; a policy has networks, and lists
/// of domains that it allows and blocks) and "UniFi DHCP Server" ("Domain Name"). No document says that a gateway drops private
/// answers by itself.
pub(crate) const UNIFI: Router = Router {
    name: "UniFi",
    why: "a UniFi gateway may block such answers if a content filter is on, or the server that it forwards to blocks them",
    setting: "in Settings, CyberSecure, Content Filter, exclude the network from the filter; or enter another DNS server in the DHCP settings of the network",
    allow: "in Settings, CyberSecure, Content Filter, exclude the network from the filter, or add `DOMAIN` to the allowed domains",
    lan: "in Settings, Networks, open the network and set \"Domain Name\" of its DHCP to `lan`",
    forward: "in Settings, search for DNS, and create a DNS record of the type \"Forward Domain\" for `DOMAIN` with the server ADDRESS",
    nixos: None,
    version: &[],
    names: &[],
    pages: &["unifi"],
};

/// https://nlnetlabs.nl/documentation/unbound/unbound.conf/: `private-address`, `private-domain`, `local-zone`, `rpz`.
pub(crate) const UNBOUND: Router = Router {
    name: "unbound",
    why: "unbound removes addresses of `private-address` networks from answers",
    setting: "add `private-domain: \"DOMAIN\"` to the `server:` part of its configuration, and reload it",
    allow: "remove its `local-zone:` line, or the `rpz:` list that contains it, and reload",
    lan: "remove the line `local-zone: \"DOMAIN\" static`, or make it `transparent`, and reload",
    forward: "add to its configuration `forward-zone:` with `name: \"DOMAIN\"` and `forward-addr: ADDRESS`, and to the `server:` part `local-zone: \
        \"DOMAIN\" nodefault`, `domain-insecure: \"DOMAIN\"` and `private-domain: \"DOMAIN\"`; then reload it",
    nixos: Some("services.unbound.settings.server.private-domain = [ \"DOMAIN\" ];"),
    version: &["unbound"],
    names: &[],
    pages: &[],
};

/// https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html: `stop-dns-rebind`, `rebind-domain-ok`, `local`, `auth-zone`.
pub(crate) const DNSMASQ: Router = Router {
    name: "dnsmasq",
    why: "dnsmasq with `stop-dns-rebind` drops answers with private addresses",
    setting: "add `rebind-domain-ok=/DOMAIN/` to its configuration, and restart it",
    allow: "remove the line `address=/.../` or the list of `conf-file=` that contains it, and restart it",
    lan: "set another domain in the lines `domain=`, `local=/.../` and `auth-zone=`, and restart it",
    forward: "add `server=/DOMAIN/ADDRESS` to its configuration, and `rebind-domain-ok=/DOMAIN/` where `stop-dns-rebind` is set; then restart it",
    nixos: Some("services.dnsmasq.settings.rebind-domain-ok = [ \"/DOMAIN/\" ];"),
    version: &["dnsmasq"],
    names: &[],
    pages: &[],
};

/// Those that contain another before that other: Pi-hole and OpenWrt are dnsmasq, OPNsense and pfSense are unbound.
pub(crate) const ROUTERS: [Router; 10] =
    [PI_HOLE, OPENWRT, FRITZ_BOX, OPNSENSE, PFSENSE, ADGUARD_HOME, MIKROTIK, UNIFI, UNBOUND, DNSMASQ];

/// What helps with any router.
pub(crate) const AROUND: &str = "if the router has no such setting: hand out another resolver by DHCP (1.1.1.1, or your own DNS \
    server that lets DOMAIN through), or add DOMAIN with the private address to your own DNS server (split horizon)";

/// The cure where nothing at the resolver lets private answers through, and where the internet may fail, too.
pub(crate) const HOUSE_RESOLVER: &str = "let the nodes answer in the house, which touches no device and goes on without the internet: set \
    `dns.houseResolver: true`, run `homelab up`, and let the router ask the nodes for the domain (docs/house-resolver.md)";

/// What to do where a router cannot ask another server for one domain.
pub(crate) const NO_FORWARDING: &str = "if the router has no such setting (conditional forwarding, domain override): let a resolver that has one answer for \
    the house, such as Pi-hole, AdGuard Home or dnsmasq on another machine, and hand it out by DHCP. Do not hand out the nodes alone: \
    they refuse every other name, so the internet would stop. The router and the nodes together do not help either: most devices take the \
    first answer, also if it is \"no such name\"";

/// What to enter in a resolver of a known make, or of any, so that it asks these servers for the domain.
pub(super) fn forwarding(make: Option<&Router>, domain: &str, servers: &[IpAddr]) -> String {
    let address = servers.first().map_or_else(|| "the address of a node".to_owned(), ToString::to_string);
    let more = match servers.get(1..).unwrap_or_default() {
        [] => String::new(),
        rest => {
            let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
            format!("; do the same with {}, so that a lost node does no harm", rest.join(", "))
        }
    };
    let steps = each(make, |make| make.forward, domain, "").replace("ADDRESS", &address);
    format!("let it ask the nodes for `{domain}` (conditional forwarding){more}. {steps}\n{NO_FORWARDING}")
}

/// The make that left these signs.
pub(super) fn known(signs: &Signs) -> Option<&'static Router> {
    let version = signs.version.as_deref().unwrap_or_default().to_ascii_lowercase();
    let pages: Vec<String> = signs.pages.iter().map(|page| page.to_ascii_lowercase()).collect();
    let is = |router: &&Router| {
        router.version.iter().any(|part| version.contains(part))
            || router.names.iter().any(|name| signs.names.iter().any(|own| own == name))
            || router.pages.iter().any(|part| pages.iter().any(|page| page.contains(part)))
    };
    const ALL: &[Router] = &ROUTERS;
    ALL.iter().find(is)
}

/// The text with the zone and the host in it.
pub(super) fn filled(text: &str, domain: &str, host: &str) -> String {
    text.replace("DOMAIN", domain).replace("HOST", host)
}

/// What to do about a resolver of a known make, or of any.
pub(super) fn advice(make: Option<&Router>, domain: &str, host: &str) -> String {
    let text = match make {
        Some(make) => {
            format!(
                "allow private IP addresses in answers for DOMAIN (exception to DNS rebind protection). {}: {}\n{AROUND}",
                make.name, make.setting
            )
        }
        None => {
            let each: Vec<String> =
                ROUTERS.iter().map(|make| format!("{}: {}", make.name, make.setting)).collect();
            format!(
                "allow private IP addresses in answers for DOMAIN (exception to DNS rebind protection). In your router:\n{}\n{AROUND}",
                each.join("\n")
            )
        }
    };
    filled(&text, domain, host)
}

/// One setting of a resolver of a known make, or of each make, one a line.
pub(super) fn each(
    make: Option<&Router>,
    setting: impl Fn(&Router) -> &'static str,
    domain: &str,
    host: &str,
) -> String {
    let line = |make: &Router| format!("{}: {}", make.name, setting(make));
    let text = match make {
        Some(make) => line(make),
        None => {
            format!("In your router:\n{}", ROUTERS.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
    };
    filled(&text, domain, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(version: Option<&str>, names: &[&str], pages: &[&str]) -> Option<&'static str> {
        let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        let signs = Signs { version: version.map(str::to_owned), names: texts(names), pages: texts(pages) };
        known(&signs).map(|router| router.name)
    }

    #[test]
    fn a_make_is_known_by_its_version_its_own_name_or_its_page() {
        assert_eq!(make(Some("dnsmasq-2.90"), &[], &[]), Some("dnsmasq"));
        assert_eq!(make(Some("dnsmasq-pi-hole-v2.91"), &[], &[]), Some("Pi-hole"));
        assert_eq!(make(Some("dnsmasq-2.90"), &["openwrt.lan"], &[]), Some("OpenWrt"));
        assert_eq!(make(Some("unbound 1.19.2"), &[], &["Login | OPNsense"]), Some("OPNsense"));
        assert_eq!(make(None, &["fritz.box"], &["FRITZ!Box"]), Some("Fritz!Box"));
        assert_eq!(make(None, &[], &[]), None);
    }

    #[test]
    fn the_advice_names_the_zone_and_no_placeholder() {
        for router in ROUTERS.iter().map(Some).chain([None]) {
            let text = advice(router, "example.com", "nas.home.example.com");
            assert!(text.contains("example.com"), "{text}");
            assert!(!text.contains("DOMAIN") && !text.contains("HOST"), "{text}");
            for setting in [|make: &Router| make.allow, |make: &Router| make.lan] {
                let text = each(router, setting, "example.com", "nas.home.example.com");
                assert!(!text.contains("DOMAIN") && text.len() > 20, "{text}");
            }
        }
    }
}
