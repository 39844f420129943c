//! Each name, as each vantage resolves it.

use super::ids::*;
use crate::checks::dns::routers;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(RESOLVER, "this machine's resolver answers")
        .about(
            "Each server of `/etc/resolv.conf` (and those behind systemd-resolved) is asked from this machine for the name \
             servers of the zone, over UDP and then TCP. Where the first datagram gets lost or its answer is late, it is asked five \
             times more.",
            "No name resolves, or each one takes 5 seconds and then works.",
        )
        .causes(&[
            cause("the router's DNS, or the Pi-hole that DHCP hands out, is down", "start it; hand out two resolvers by DHCP"),
            cause("the router has no internet, so that it answers SERVFAIL", "look at the router's connection"),
            cause(
                "it refuses this network (REFUSED): an access list, or it has no server to forward to",
                "allow the network: unbound `access-control`, BIND `allow-query`, AdGuard Home \"Allowed clients\"",
            ),
            cause(
                "Tailscale's MagicDNS (100.100.100.100) has no server to ask for names of the internet",
                "add a global name server in its admin console, or `tailscale set --accept-dns=false`",
            ),
            cause("a firewall here or there drops port 53", "let UDP and TCP port 53 through to the resolver"),
            cause(
                "it answers only now and then, or late: packets get lost on the way (Wi-Fi), or it limits how much a machine may ask",
                "`ping` it; put it on cable; raise its limit (Pi-hole: `dns.rateLimit`, AdGuard Home: `ratelimit`)",
            ),
            cause(
                "the address in `/etc/resolv.conf` is of a network that this machine has left",
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
             something on the way intercepts DNS. If 1.1.1.1 seems not to know a name on port 53, it is asked again over HTTPS.",
            "Names are right in one place and wrong in another; certificates wait long, since cert-manager looks for its \
             challenge through the same redirected port.",
        )
        .causes(&[
            cause(
                "the router redirects port 53 to itself (\"force DNS\", \"DNS redirect\", a content filter)",
                "exempt the nodes from that rule, or switch it off",
            ),
            cause("the internet provider does it", "let the router ask by DNS over TLS or HTTPS"),
        ])
        .sources(&["RFC 5737 section 3", "RFC 8484"]),
    Def::error(ZONE, "the zone is in public DNS, at the provider's name servers")
        .before_up()
        .about(
            "The zone's NS records at public resolvers and in the parent zone are compared with the name servers that the provider \
             lists. If the provider does not answer, the zone is found from the DNS root down.",
            "The records at the provider have no effect: nobody can resolve them.",
        )
        .causes(&[
            cause(
                "the registrar still names the servers of another provider",
                "enter the provider's two name servers at the registrar, and no others",
            ),
            cause("the registration has expired", "renew it at the registrar"),
            cause(
                "the name servers were changed a moment ago",
                "wait: the old NS records are remembered for up to two days",
            ),
        ])
        .sources(&["RFC 1034 section 4.2.2", "RFC 8020: why names are not looked up from below"]),
    Def::error(AUTHORITATIVE, "the authoritative server answers with the record")
        .needs(&[id::RECORDS, ZONE])
        .in_up()
        .about(
            "Each server that holds the zone is asked for the host from this machine, with no cache in between, and compared \
             with the records that the provider's API lists. Hosts of other zones are left out.",
            "The name does not resolve anywhere, or changes from one lookup to the next.",
        )
        .causes(&[
            cause("the record was written seconds ago", "wait a minute"),
            cause("one of the servers lags behind the others", "wait a minute; if it stays, ask the provider"),
            cause(
                "the zone is delegated to servers that do not hold it, which answer REFUSED",
                "compare the name servers at the registrar with the provider's",
            ),
            cause("port 53 is blocked from here, so that no server answers", "run it where port 53 is open"),
        ]),
    Def::error(DNSSEC, "resolvers that validate DNSSEC accept the zone")
        .needs(&[AUTHORITATIVE])
        .in_up()
        .about(
            "A resolver that answers SERVFAIL for a host is asked once more with checking disabled (the CD flag). If that \
             gives an address, the record exists and its DNSSEC signatures are bad.",
            "The name works for some people and not for others; Let's Encrypt validates DNSSEC and issues no certificate.",
        )
        .causes(&[
            cause(
                "the registrar still has a DS record of an earlier DNS provider",
                "remove it, or replace it with the one that the provider shows",
            ),
            cause("only the router refuses: its clock is wrong", "set its clock; without a battery it starts in the past"),
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
            "The resolvers of `dns.resolvers` (1.1.1.1 and 8.8.8.8 unless set) are asked from this machine, only after the \
             authoritative servers have the record; over HTTPS when port 53 gives no address. Browsers with \
             DNS over HTTPS and phones with Private DNS ask such resolvers in place of the router.",
            "The name resolves at home and not for a phone with Private DNS, or the other way round.",
        )
        .causes(&[
            cause("it was asked before the record existed, and has cached that", "wait: the finding says until when"),
            cause("no server answers: port 53 is closed from here", "let the router ask by HTTPS, or open port 53"),
            cause(
                "the record is public: behind carrier-grade NAT (a WAN address in 100.64.0.0/10) no forwarded port works",
                "keep the private address in the record, and come from outside by a VPN or a tunnel",
            ),
        ])
        .sources(&["RFC 2308 section 5", "RFC 6598"]),
    Def::error(LOCAL_ZONE, "no local resolver takes the lab's domain for its own")
        .needs(&[AUTHORITATIVE])
        .in_up()
        .about(
            "A resolver of this machine that has no address for a host of the world is asked for the start of authority (SOA) of \
             the domain, and for a name below it that was made up on the spot. Who passes questions on gives the real zone's SOA \
             record; who answers by itself gives its own or none.",
            "No name of the lab resolves at home; 1.1.1.1 knows them all.",
        )
        .causes(&[
            cause(
                "the LAN's own domain (what DHCP hands out, \"local domain\", `local_domain_name`) is the lab's domain, so the router \
                 denies every name that it has no lease of",
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
                "give the lab a domain below another one, or add the lab's records to that zone",
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
        .needs(&[AUTHORITATIVE])
        .in_up()
        .about(
            "This machine's resolvers are asked for a host that public DNS has. The SOA record in a \"no such name\" answer says how \
             long the resolver keeps it; the finding shows the time that is left.",
            "A new name works on one device and not on another that tried it a minute too early.",
        )
        .causes(&[
            cause(
                "somebody opened the name before its record existed; the zone's SOA record says how long resolvers cache that",
                "wait, or restart the router's DNS and clear the caches of the devices",
            ),
            cause("systemd-resolved on this machine has cached it", "`resolvectl flush-caches`"),
            cause("a browser has cached it", "restart the browser"),
        ])
        .sources(&["RFC 2308"]),
    Def::error(REBIND, "the local resolver lets private addresses through")
        .needs(&[AUTHORITATIVE])
        .in_up()
        .about(
            "This machine's resolvers are asked for a host that has a private address in public DNS, and for the zone's name \
             servers, which no filter keeps back. If only the host gets an empty answer, the resolver has DNS rebind protection. What the \
             resolver gives away (`version.bind`, a name such as `fritz.box`, its web page) tells its make. DOMAIN stands for \
             the zone, HOST for the host. What a browser or a phone asks over HTTPS cannot be seen from here.",
            "The site cannot be found at home, while 1.1.1.1 resolves it.",
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
            cause(
                "Firefox with DNS over HTTPS throws private answers away",
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
    Def::error(LOCAL_OVERRIDE, "nothing local answers in place of the record")
        .needs(&[AUTHORITATIVE])
        .in_up()
        .about(
            "What a program on this machine gets (`getaddrinfo`) is compared with the world's answer, with what each resolver \
             says, and with `/etc/hosts`: that tells which of them has another address.",
            "The name leads to an old machine, to a router's page, or nowhere.",
        )
        .causes(&[
            cause("`/etc/hosts` has a line for the name", "remove it (NixOS: from `networking.hosts` or `networking.extraHosts`)"),
            cause(
                "the router, Pi-hole or AdGuard Home has a local DNS entry or a rewrite for it",
                "remove the entry, or let it hold the record's addresses",
            ),
            cause(
                "a block list of Pi-hole, AdGuard Home or another filter has the name, or its whole ending (.zip, .family, .top): it \
                 answers 0.0.0.0, ::, its own address, or says so (RFC 8914)",
                "allow the domain there: Pi-hole: Domains, as wildcard; AdGuard Home: the rule `@@||DOMAIN^`",
            ),
            cause(
                "the resolver answers IPv6 from another place: an old AAAA record, a wildcard, DNS64",
                "remove that entry; a local A record needs an AAAA record beside it, or `local=/DOMAIN/`",
            ),
            cause(
                "it refuses the name each time (REFUSED): a rule forbids it",
                "remove the rule; AdGuard Home: \"Disallowed domains\"",
            ),
            cause("the record changed, and the old address is remembered", "wait: the finding says until when"),
            cause(
                "a VPN brings a resolver of its own, or the name ends in `.local`, which belongs to mDNS (RFC 6762)",
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
        .needs(&[AUTHORITATIVE, DNSSEC, LOCAL_ZONE, NEGATIVE_CACHE, REBIND, LOCAL_OVERRIDE, RESOLVER])
        .in_up()
        .about(
            "What a program on this machine gets (`getaddrinfo`), compared with the world's answer. Other devices at home usually ask \
             the same router; a browser or a phone that asks over HTTPS does not, and cannot be seen from here.",
            "The site cannot be found from this machine.",
        )
        .causes(&[
            cause("the resolver failed for a moment", "try again; restart the router's DNS if it stays"),
            cause("another source of names comes before DNS", "look at the `hosts` line of `/etc/nsswitch.conf`"),
            cause(
                "it works here and not in Firefox, which asks over HTTPS and not the router",
                "Settings, Privacy & Security, DNS over HTTPS: off, or the domain among its exceptions",
            ),
            cause(
                "it works here and not in Chrome, which asks over HTTPS",
                "Settings, Privacy and security, Security, \"Use secure DNS\": off, or the system's provider",
            ),
            cause(
                "it works here and not on a phone: Android's Private DNS, or a profile or Private Relay on iOS",
                "Android: Settings, Network, Private DNS: automatic; iOS: switch the profile or the relay off for this network",
            ),
        ])
        .sources(&["wiki.mozilla.org, Trusted Recursive Resolver", "gai_strerror(3)"]),
];
