//! Each name, as each vantage resolves it.

use super::ids::*;
use crate::checks::dns::{organisation, own_texts, routers};
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(RESOLVER, "this machine's resolver answers")
        .about(
            "Asks each server of `/etc/resolv.conf` (and those behind systemd-resolved) from this machine for the name \
             servers of the zone, over UDP and then TCP. If the first answer is missing or late, it asks five times more.",
            "No name resolves, or each one works only after 5 seconds.",
        )
        .causes(&[
            cause("the router's DNS, or the Pi-hole that DHCP hands out, is down", "start it; hand out two resolvers by DHCP"),
            cause("the router has no internet connection and answers SERVFAIL", "look at the router's connection"),
            cause(
                "it refuses this network (REFUSED): an access list, or it has no server to forward to",
                "allow the network: unbound `access-control`, BIND `allow-query`, AdGuard Home \"Allowed clients\"",
            ),
            cause(
                "Tailscale's MagicDNS (100.100.100.100) has no server to ask for names on the internet",
                "add a global name server in its admin console, or run `tailscale set --accept-dns=false`",
            ),
            cause("a firewall on this machine or on the resolver drops port 53", "open UDP and TCP port 53 to the resolver"),
            cause(
                "it answers only sometimes, or late: packets get lost on the way (Wi-Fi), or it limits how many queries a machine may send",
                "test it with `ping`; connect it by cable; raise its limit (Pi-hole: `dns.rateLimit`, AdGuard Home: `ratelimit`)",
            ),
            cause(
                "the address in `/etc/resolv.conf` belongs to a network that this machine has left",
                "renew the DHCP lease, or set the name servers again",
            ),
        ])
        .sources(&[
            "resolv.conf(5): timeout, attempts",
            "unbound.conf(5): access-control",
            "tailscale/tailscale#884, #993",
            "docs.pi-hole.net, FTL's configuration: dns.rateLimit; pi-hole/pi-hole#5586",
        ]),
    Def::warning(INTERCEPTED, "queries to port 53 reach the server that they are sent to")
        .before_up()
        .about(
            "This machine sends a DNS query to 192.0.2.1, an address that no machine has (RFC 5737): a reply means that \
             something on the way intercepts DNS. If 1.1.1.1 does not know a name on port 53, the doctor asks it again over HTTPS.",
            "Names are right in one place and wrong in another; certificates take long: cert-manager's DNS queries are redirected, \
             too.",
        )
        .causes(&[
            cause(
                "the router redirects port 53 to itself (\"force DNS\", \"DNS redirect\", a content filter)",
                "exempt the nodes from that rule, or switch it off",
            ),
            cause("the internet provider does it", "let the router use DNS over TLS or HTTPS"),
        ])
        .sources(&["RFC 5737 section 3", "RFC 8484"]),
    Def::error(ZONE, "the zone is in public DNS, at the provider's name servers")
        .before_up()
        .about(
            "Compares the zone's NS records at public resolvers and in the parent zone with the name servers that the provider \
             lists. If the provider does not answer, the doctor finds the zone from the DNS root down.",
            "The records at the provider have no effect: nobody can resolve them.",
        )
        .causes(&[
            cause(
                "the registrar still has the name servers of another provider",
                "enter the provider's two name servers at the registrar, and no others",
            ),
            cause("the registration has expired", "renew it at the registrar"),
            cause(
                "the name servers were changed a moment ago",
                "wait: resolvers cache the old NS records for up to two days",
            ),
        ])
        .sources(&["RFC 1034 section 4.2.2", "RFC 8020: why names are not looked up from below"]),
    organisation::ORGANISATION,
    own_texts::OWN_SERVER,
    own_texts::NO_RECURSION,
    own_texts::HOUSE_FORWARDS,
    own_texts::HOUSE_HOSTS,
    own_texts::SHADOWED,
    own_texts::PUBLIC_NAME,
    Def::error(AUTHORITATIVE, "the authoritative server answers with the record")
        .needs(&[id::RECORDS, ZONE, OWN_SERVER])
        .in_up()
        .about(
            "Asks each name server of the zone for the host, from this machine and with no cache in between, and compares the \
             answers with the records that the provider's API lists. Hosts in other zones are left out.",
            "The name does not resolve anywhere, or the answer changes from one lookup to the next.",
        )
        .causes(&[
            cause("the record was written seconds ago", "wait a minute"),
            cause("one of the servers has older data than the others", "wait a minute; if it stays, ask the provider"),
            cause(
                "the zone is delegated to servers that do not hold it, which answer REFUSED",
                "compare the name servers at the registrar with the provider's",
            ),
            cause(
                "an NS record in the zone hands the domain on to another name server, one of before for example",
                "delete that NS record at the provider",
            ),
            cause("port 53 is blocked here, so no server answers", "run the doctor where port 53 is open"),
        ]),
    Def::error(DNSSEC, "resolvers that validate DNSSEC accept the zone")
        .needs(&[AUTHORITATIVE])
        .in_up()
        .about(
            "If a resolver answers SERVFAIL for a host, the doctor asks it again with checking disabled (the CD flag). If that \
             gives an address, the record exists and its DNSSEC signatures are wrong.",
            "The name works for some people and not for others; Let's Encrypt validates DNSSEC and issues no certificate.",
        )
        .causes(&[
            cause(
                "the registrar still has a DS record of an earlier DNS provider",
                "remove it, or replace it with the one that the provider shows",
            ),
            cause("only the router refuses: its clock is wrong", "correct the router's clock (one without a battery starts with an old date)"),
            cause(
                "only the router refuses: the servers that it asks strip signatures",
                "let it ask 1.1.1.1, or switch its validation off",
            ),
        ])
        .sources(&["RFC 4035 section 3.2.2", "letsencrypt/boulder#1411"]),
    Def::error(PUBLIC, "a public resolver answers with the record")
        .needs(&[AUTHORITATIVE, DNSSEC])
        .in_up()
        .about(
            "Asks the resolvers in `verify.publicResolvers` (default 1.1.1.1 and 8.8.8.8) from this machine, only after the \
             authoritative servers have the record; over HTTPS if port 53 gives no address. Browsers with \
             DNS over HTTPS and phones with Private DNS ask such resolvers instead of the router.",
            "The name resolves at home but not on a phone with Private DNS, or the other way round.",
        )
        .causes(&[
            cause("somebody asked it before the record existed, and it has cached \"no such name\"", "wait: the finding says until when"),
            cause("no server answers: port 53 is closed here", "let the router ask by HTTPS, or open port 53"),
            cause(
                "the record has a public address: behind carrier-grade NAT (a WAN address in 100.64.0.0/10) no forwarded port works",
                "keep the private address in the record, and connect from outside with a VPN or a tunnel",
            ),
        ])
        .sources(&["RFC 2308 section 5", "RFC 6598"]),
    Def::error(LOCAL_ZONE, "no local resolver has its own zone for your domain")
        .needs(&[AUTHORITATIVE, HOUSE_FORWARDS])
        .in_up()
        .about(
            "If one of this machine's resolvers has no address for a host that public DNS has, the doctor asks it for the SOA record \
             of the domain and for a random name in it. A resolver that forwards returns the SOA record of the real zone. A resolver \
             with its own zone returns its own SOA record, or none.",
            "None of your names resolves at home; 1.1.1.1 knows them all.",
        )
        .causes(&[
            cause(
                "the router uses the same domain for the LAN as homelab (\"local domain\", `local_domain_name`, what DHCP hands out), \
                 and answers \"no such name\" for every name without a DHCP lease",
                "give the LAN another domain: `home.arpa` (RFC 8375) or `lan`",
            ),
            cause(routers::OPENWRT.name, routers::OPENWRT.lan),
            cause(routers::UNIFI.name, routers::UNIFI.lan),
            cause(routers::PI_HOLE.name, routers::PI_HOLE.lan),
            cause(routers::ADGUARD_HOME.name, routers::ADGUARD_HOME.lan),
            cause(routers::OPNSENSE.name, routers::OPNSENSE.lan),
            cause(routers::PFSENSE.name, routers::PFSENSE.lan),
            cause(routers::FRITZ_BOX.name, routers::FRITZ_BOX.lan),
            cause(
                "an internal DNS server (Windows, Samba, FreeIPA, Synology, BIND) has a zone of that name",
                "set `domain` to another domain, or add your records to that zone",
            ),
        ])
        .sources(&[
            "AdguardTeam/AdGuardHome#2983, #3028",
            "opnsense/core#6525",
            "pi-hole/FTL#2841",
            "dnsmasq(8): domain, local, auth-zone",
            "unbound.conf(5): local-zone",
            "RFC 2308 section 3: the SOA record of a negative answer",
        ]),
    Def::error(NEGATIVE_CACHE, "no resolver has cached that the name does not exist")
        .needs(&[AUTHORITATIVE, HOUSE_FORWARDS])
        .in_up()
        .about(
            "Asks this machine's resolvers for a host that public DNS has. The SOA record in a \"no such name\" answer says how \
             long the resolver keeps that answer; the finding shows the time that is left.",
            "A new name works on one device, but not on another that tried it a minute too early.",
        )
        .causes(&[
            cause(
                "somebody opened the name before its record existed; the zone's SOA record says how long resolvers cache that",
                "wait, or restart the router's DNS and clear the caches of the devices",
            ),
            cause("systemd-resolved on this machine has cached it", "run `resolvectl flush-caches`"),
            cause("a browser has cached it", "restart the browser"),
        ])
        .sources(&["RFC 2308"]),
    Def::error(REBIND, "the local resolver lets private addresses through")
        .needs(&[AUTHORITATIVE, HOUSE_FORWARDS])
        .in_up()
        .about(
            "Asks this machine's resolvers for a host that has a private address in public DNS, and for the zone's NS records, which \
             rebind protection does not filter. If only the host gets an empty answer, the resolver has DNS rebind protection. The \
             doctor recognises the product (Pi-hole, Fritz!Box and others) from `version.bind`, names such as `fritz.box`, or its web \
             page. DOMAIN stands for the zone, HOST for the host. The doctor cannot see what a browser or a phone asks over HTTPS.",
            "The site cannot be found at home, but 1.1.1.1 resolves its name.",
        )
        .causes(&[
            cause(routers::FRITZ_BOX.why, routers::FRITZ_BOX.setting),
            cause(routers::OPENWRT.why, routers::OPENWRT.setting),
            cause(routers::PI_HOLE.why, routers::PI_HOLE.setting),
            cause(routers::ADGUARD_HOME.why, routers::ADGUARD_HOME.setting),
            cause(routers::OPNSENSE.why, routers::OPNSENSE.setting),
            cause(routers::PFSENSE.why, routers::PFSENSE.setting),
            cause(routers::UNIFI.why, routers::UNIFI.setting),
            cause(routers::MIKROTIK.why, routers::MIKROTIK.setting),
            cause(routers::UNBOUND.why, routers::UNBOUND.setting),
            cause(routers::DNSMASQ.why, routers::DNSMASQ.setting),
            cause("any other router", routers::AROUND),
            cause("no setting helps, or names should work without the internet, too", routers::HOUSE_RESOLVER),
            cause(
                "Firefox with DNS over HTTPS ignores answers with private addresses",
                "in `about:config`, add DOMAIN to `network.trr.excluded-domains`, or set `network.trr.allow-rfc1918`; for the whole \
                 house, let the router answer NXDOMAIN for `use-application-dns.net`",
            ),
        ])
        .sources(&[
            "dnsmasq(8): stop-dns-rebind, rebind-domain-ok",
            "unbound.conf(5): private-address, private-domain",
            "docs.netgate.com, DNS Rebinding Protections",
            "openwrt.org, DHCP and DNS configuration",
            "AdguardTeam/AdGuardHome#102",
            "wiki.mozilla.org, Trusted Recursive Resolver",
        ]),
    Def::error(LOCAL_OVERRIDE, "nothing local overrides the record")
        .needs(&[AUTHORITATIVE, HOUSE_FORWARDS])
        .in_up()
        .about(
            "Compares what a program on this machine gets (`getaddrinfo`) with the answer of public DNS, with the answer of each \
             resolver, and with `/etc/hosts`, and finds the one that has another address.",
            "The name opens an old machine or a router's page, or does not work.",
        )
        .causes(&[
            cause("`/etc/hosts` has a line for the name", "remove it (NixOS: from `networking.hosts` or `networking.extraHosts`)"),
            cause(
                "the router, Pi-hole or AdGuard Home has a local DNS entry or a rewrite for it",
                "remove the entry, or give it the record's addresses",
            ),
            cause(
                "a block list of Pi-hole, AdGuard Home or another filter contains the name, or its whole top-level domain (.zip, \
                 .family, .top): the filter answers 0.0.0.0, ::, its own address, or an error that says so (RFC 8914)",
                "allow the domain there: Pi-hole: Domains, as wildcard; AdGuard Home: the rule `@@||DOMAIN^`",
            ),
            cause(
                "the resolver returns an IPv6 address that is not in the zone: an old AAAA record, a wildcard, or DNS64",
                "remove that entry; a local A record also needs an AAAA record, or `local=/DOMAIN/`",
            ),
            cause(
                "the resolver refuses the name each time (REFUSED): a rule forbids it",
                "remove the rule; AdGuard Home: \"Disallowed domains\"",
            ),
            cause("the record changed, and the resolver has cached the old address", "wait: the finding says until when"),
            cause(
                "a VPN sets its own resolver, or the name ends in `.local`, which belongs to mDNS (RFC 6762)",
                "exempt the domain in the VPN; give services no names in `.local`",
            ),
        ])
        .sources(&[
            "nsswitch.conf(5)",
            "RFC 6762 section 3",
            "hagezi/dns-blocklists#6349, #330",
            "RFC 8914 section 4: Blocked, Censored, Filtered",
            "pi-hole/FTL#2841, pi-hole/pi-hole#3433: an AAAA record from elsewhere",
            "unbound.conf(5): local-zone of type redirect: a wildcard",
        ]),
    Def::error(SYSTEM, "this machine resolves the name")
        .needs(&[AUTHORITATIVE, DNSSEC, HOUSE_FORWARDS, LOCAL_ZONE, NEGATIVE_CACHE, REBIND, LOCAL_OVERRIDE, RESOLVER])
        .in_up()
        .about(
            "Compares what a program on this machine gets (`getaddrinfo`) with the answer of public DNS. Other devices at home usually \
             ask the same router. The doctor cannot see what a browser or a phone asks over HTTPS.",
            "The site cannot be found from this machine.",
        )
        .causes(&[
            cause("the resolver failed for a moment", "try again; if it happens again, restart the router's DNS"),
            cause("another source of names comes before DNS", "look at the `hosts` line of `/etc/nsswitch.conf`"),
            cause(
                "it works here but not in Firefox, which asks over HTTPS and not the router",
                "in Settings, Privacy & Security, DNS over HTTPS, switch it off or add the domain to its exceptions",
            ),
            cause(
                "it works here but not in Chrome, which asks over HTTPS",
                "in Settings, Privacy and security, Security, \"Use secure DNS\", switch it off or choose the system's provider",
            ),
            cause(
                "it works here but not on a phone: Android's Private DNS, or a profile or Private Relay on iOS",
                "Android: set Settings, Network, Private DNS to automatic; iOS: switch the profile or the relay off for this network",
            ),
        ])
        .sources(&["wiki.mozilla.org, Trusted Recursive Resolver", "gai_strerror(3)"]),
];
