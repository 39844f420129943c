//! The lab's own name servers, as `homelab doctor --explain` tells of them.

use super::ids;
use crate::checks::dns::routers;
use crate::checks::engine::{Def, cause};

/// See [`ids::OWN_SERVER`].
pub(super) const OWN_SERVER: Def =
    Def::error(ids::OWN_SERVER, "each node's own name server answers for the domain")
        .in_up()
        .about(
            "Where the nodes answer for the domain: asks each ready node, at its own address and port 53, for the SOA record of the domain. On the node itself, the doctor also looks at who listens on port 53.",
            "Names do not resolve; with several nodes, each lookup that goes to this one is slow.",
        )
        .causes(&[
            cause(
                "another DNS server of the node has port 53: systemd-resolved with `DNSStubListenerExtra`, dnsmasq, Pi-hole, AdGuard Home, unbound",
                "let it listen on another address; the finding has its setting",
            ),
            cause(
                "the node's pod has not finished its first sync: the server starts after external-dns has written every record once",
                "wait a minute; if it stays, the finding has the last words of the container that ends",
            ),
            cause(
                "the node's pod does not run, for example because its image cannot be pulled",
                "the finding says what keeps it, and what helps",
            ),
            cause("a firewall drops or rejects port 53 of the node", "open UDP and TCP port 53 for your LAN"),
        ])
        .sources(&[
            "resolved.conf(5): DNSStubListener, DNSStubListenerExtra",
            "dnsmasq(8): bind-interfaces, listen-address",
            "docs.pi-hole.net, FTL's configuration: dns.listeningMode, dns.interface",
            "AdGuard Home, Configuration: dns.bind_hosts",
        ]);

/// See [`ids::NO_RECURSION`].
pub(super) const NO_RECURSION: Def =
    Def::warning(ids::NO_RECURSION, "each node's own name server answers for the domain alone")
        .needs(&[ids::OWN_SERVER])
        .about(
            "Where the nodes answer for the domain: asks each ready node for a name below `invalid`, which it should refuse (REFUSED).",
            "Nothing at first. A server that answers everything can be misused if its port is ever open to the internet.",
        )
        .causes(&[cause(
            "another DNS server, which resolves names of the internet, listens on port 53 of the node",
            "let it listen on another address",
        )])
        .sources(&["RFC 5358", "RFC 6761 section 6.4"]);

/// See [`ids::HOUSE_FORWARDS`].
pub(super) const HOUSE_FORWARDS: Def =
    Def::error(ids::HOUSE_FORWARDS, "the house's resolver passes the domain on to the nodes")
        .needs(&[ids::OWN_SERVER])
        .in_up()
        .about(
            "Where the nodes answer for the domain: asks each resolver of this machine for the NS record of the domain. One that asks the nodes answers with `homelab-ns.DOMAIN`. Where public DNS has the names, too, and they resolve here, a resolver that does not is only a warning. ADDRESS stands for the address of a node; enter each node where there is room for several.",
            "The names work with `dig @NODE`, and on no device of the house; or they stop when the internet does.",
        )
        .causes(&[
            cause(routers::OPENWRT.name, routers::OPENWRT.forward),
            cause(routers::PI_HOLE.name, routers::PI_HOLE.forward),
            cause(routers::ADGUARD_HOME.name, routers::ADGUARD_HOME.forward),
            cause(routers::OPNSENSE.name, routers::OPNSENSE.forward),
            cause(routers::PFSENSE.name, routers::PFSENSE.forward),
            cause(routers::UNIFI.name, routers::UNIFI.forward),
            cause(routers::MIKROTIK.name, routers::MIKROTIK.forward),
            cause(routers::FRITZ_BOX.name, routers::FRITZ_BOX.forward),
            cause(routers::UNBOUND.name, routers::UNBOUND.forward),
            cause(routers::DNSMASQ.name, routers::DNSMASQ.forward),
            cause("any other router", routers::NO_FORWARDING),
        ])
        .sources(&[
            "dnsmasq(8): server, rebind-domain-ok",
            "unbound.conf(5): forward-zone, local-zone (home.arpa is one by default), domain-insecure",
            "docs.opnsense.org, Unbound DNS: Query Forwarding",
            "docs.netgate.com, DNS Resolver: Domain Overrides",
            "RFC 8375: home.arpa",
        ]);

/// See [`ids::HOUSE_HOSTS`].
pub(super) const HOUSE_HOSTS: Def =
    Def::error(ids::HOUSE_HOSTS, "each node's own name server has the names of `dns.hosts`")
        .needs(&[ids::OWN_SERVER])
        .in_up()
        .about(
            "Asks each ready node for the first 24 names in `dns.hosts`, and compares the answers with the addresses in the configuration.",
            "A printer or a disk is not found by its name.",
        )
        .causes(&[
            cause("`dns.hosts` was changed, and `homelab up` has not run since", "run `homelab up`"),
            cause("the external-dns beside the node's server has not written it yet, or cannot", "wait a minute; then read its log"),
        ])
        .sources(&["external-dns, docs/annotations/annotations.md: hostname, target"]);

/// See [`ids::SHADOWED`].
pub(super) const SHADOWED: Def =
    Def::warning(ids::SHADOWED, "every public name below the domain also resolves at home")
        .about(
            "With `dns.houseResolver: true`: compares the A, AAAA, CNAME and MX records that the provider lists below the domain with the names that the nodes have.",
            "A web site or a mail server below the domain works everywhere but at home.",
        )
        .causes(&[
            cause("the domain is also that of other things, such as your web site", "set `domain` to a part of the zone that is the lab's alone"),
            cause("a machine has a record that was made by hand", "add its name and address to `dns.hosts`"),
        ])
        .sources(&["RFC 8499: split DNS"]);

/// See [`ids::PUBLIC_NAME`].
pub(super) const PUBLIC_NAME: Def =
    Def::warning(ids::PUBLIC_NAME, "public DNS has no address for the domain")
        .about(
            "Where the nodes are the only name servers: asks the resolvers in `verify.publicResolvers` for the address of the domain.",
            "Away from home, the names lead to somebody else's machine.",
        )
        .causes(&[cause(
            "the domain is somebody's, or yours with a site in the internet",
            "use `home.arpa`, a name below `internal`, or a part of your domain that has no records",
        )])
        .sources(&["RFC 8375", "ICANN, resolution 2024.07.29.06: internal"]);
