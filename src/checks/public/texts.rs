//! What is reached from the internet.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(SOURCE_NAT, "the house is let in where the internet is kept out")
        .needs(&[id::HOME])
        .in_up()
        .about(
            "Only if a service has `public`: `GET /` to each node's port 80 for a name that does not exist, from this machine. The LAN gets the \
             controller's 404; whoever the controller takes for one of the internet gets nothing. homelab cannot see from outside: whether the internet is \
             kept out, you see with a phone without Wi-Fi (docs/port.md).",
            "At home no service opens but the public ones.",
        )
        .causes(&[
            cause(
                "the house has addresses that are not private: the IPv6 prefix that your provider gives you, or a network of public addresses",
                "add the network to `lan`, and run `homelab up`",
            ),
            cause(
                "something between this machine and the controller puts its own address in the place of yours (source NAT): a router that masquerades inside the LAN, a load balancer, a VPN gateway",
                "switch that off; if the address is one that only the house has, add it to `lan`",
            ),
        ])
        .sources(&["Kubernetes docs, \"Using Source IP\""]),
    Def::error(CGNAT, "the lab has an address of its own on the internet")
        .needs(&[id::EGRESS])
        .about(
            "Only with `public: port`: asks those in `public.addressFrom` from which address this machine comes, and the router which address it has on its \
             other side (NAT-PMP, which not every router answers). It fails if one is private or of 100.64.0.0/10, or if they differ. homelab cannot see from \
             outside: where the router does not answer, compare the address with the one on the router's own page.",
            "From outside nothing opens, whatever the router forwards.",
        )
        .causes(&[
            cause(
                "your provider shares its public addresses among customers (carrier-grade NAT, DS-Lite)",
                "ask for a public IPv4 address; or use `public: tunnel`, which needs none",
            ),
            cause("your router is behind another router", "forward port 443 on the outer one to the inner one, too; or put the outer one into bridge mode"),
            cause("this machine leaves the house by a VPN or by a second line", "set `public.target` to the address at which your router forwards port 443"),
        ])
        .sources(&["RFC 6598", "RFC 6886"]),
    Def::error(ADDRESS, "the public record leads to the lab's address")
        .needs(&[CGNAT])
        .about(
            "Only with `public: port`: compares where the public record leads (`public.target`, or what the timer has written) with the address from which this \
             machine comes. homelab cannot see from outside: that the address is right does not say that the router forwards port 443.",
            "From outside nothing opens, or somebody else's page does.",
        )
        .causes(&[
            cause("the address has changed, and no timer follows it", "start homelab-addresses.timer"),
            cause("`public.target` is an address that the lab no longer has", "set `public.target: auto`"),
            cause("nobody could be asked for the address yet", "run `homelab addresses`, which says why"),
        ]),
    Def::error(RECORD, "the record leads to where the name is reached")
        .needs(&[id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE, id::EDNS_PODS, id::EDNS_SYNC, ADDRESS])
        .in_up()
        .about(
            "For each public name: its record at the provider, compared with where the public record is to lead. A name that is not public is compared with its \
             Ingress (`edns.records`).",
            "From outside the name leads to a private address, or nowhere.",
        )
        .causes(&[
            cause("external-dns has not written it yet", "wait a minute"),
            cause("somebody created the record by hand, or another program did", "delete it in the dashboard: external-dns creates its own"),
            cause("an annotation of external-dns at the Ingress or at another Service claims the name", "remove it"),
        ])
        .sources(&["external-dns 0.22, source/service.go"]),
    Def::error(HAIRPIN, "the public address answers from inside the house")
        .needs(&[CGNAT, ADDRESS])
        .about(
            "Only with `public: port`: this machine asks for the public name at the public address, port 443. The certificate must be the one that the nodes show. \
             Where the nodes answer for the name in the house (`dns.houseResolver`), nobody in the house goes that way. homelab cannot see from outside: a router \
             may refuse the house and let the internet in.",
            "The name opens from outside, and not at home.",
        )
        .causes(&[
            cause(
                "the router does not lead its own public address back into the house (hairpin NAT, NAT loopback)",
                "switch it on in the router; or set `dns.houseResolver: true`, with which the name keeps its private address in the house",
            ),
            cause("the router does not forward port 443", "forward it to a node: docs/port.md"),
            cause("the router shows its own page there", "move its remote administration to another port, or switch it off"),
        ])
        .sources(&["RFC 4787, section 6"]),
];
