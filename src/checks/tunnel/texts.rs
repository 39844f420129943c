//! The way in from the internet by a tunnel. What is so at one provider alone stands with it, in `src/provider`.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

const NOBODY_COMES_IN: &str =
    "From the internet, the services with `public: tunnel` do not answer. In the house they go on working.";

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(TUNNEL_PERMISSION, "the token can manage tunnels")
        .needs(&[id::TOKEN, id::CF_ZONE])
        .about("Asks the provider's API for the lab's tunnel.", "`homelab up` stops before it writes anything.")
        .causes(&[cause(
            "the token was made for records alone; the finding has the provider's name for what it lacks",
            "add the permission to the token at the provider",
        )]),
    Def::error(TUNNEL_EXISTS, "the tunnel exists and is this lab's")
        .needs(&[TUNNEL_PERMISSION])
        .in_up()
        .about(
            "Looks at the provider for the tunnel whose id the Secret `tunnel/tunnel` has, else for one with the lab's name.",
            NOBODY_COMES_IN,
        )
        .causes(&[
            cause("somebody deleted it", "run `homelab up`, which creates a new one"),
            cause(
                "one of that name exists that this cluster did not create",
                "delete it if nobody needs it; or take it over with `homelab up --adopt`",
            ),
        ]),
    Def::error(TUNNEL_RULES, "the tunnel leads to the services of the configuration and to nothing else")
        .needs(&[TUNNEL_EXISTS])
        .in_up()
        .about(
            "Compares the tunnel's rules at the provider with the services that have `public: tunnel`.",
            "A service does not answer from the internet (404), or one answers that should not.",
        )
        .causes(&[
            cause("somebody changed the rules at the provider", "run `homelab up`, which sets them again"),
            cause("the configuration was changed, and `homelab up` has not run since", "run `homelab up`"),
        ]),
    Def::error(TUNNEL_CONNECTED, "the tunnel is open")
        .needs(&[TUNNEL_EXISTS, id::NODES])
        .about(
            "The connections that the provider has from the lab's connectors; where there are none, the pods in the namespace `tunnel` \
             and the end of their logs. The connectors open them outwards: neither a public address nor an open port is needed, and \
             carrier-grade NAT is no obstacle.",
            NOBODY_COMES_IN,
        )
        .causes(&[
            cause(
                "the tunnel's token was renewed or revoked at the provider",
                "run `homelab up`, which reads the new one and starts the connectors again",
            ),
            cause(
                "a firewall does not let the connectors out",
                "let the nodes open connections to the ports that the finding names",
            ),
            cause("the pods do not start", "fix what the finding names"),
        ]),
    Def::error(TUNNEL_RECORD, "public DNS leads the name to the tunnel")
        .needs(&[id::OWNER, TUNNEL_EXISTS])
        .in_up()
        .about(
            "The host's record at the provider: a CNAME to the tunnel, by the provider's proxy. external-dns writes it, from the Service \
             `tunnel/public-names`.",
            NOBODY_COMES_IN,
        )
        .causes(&[
            cause(
                "a record of somebody else is in the way",
                "delete it at the provider once you know whose it is, or give the service another name",
            ),
            cause("the proxy was switched off by hand", "external-dns switches it on again within a minute"),
            cause("external-dns does not work", "see `edns`"),
        ]),
    Def::warning(TUNNEL_CERTIFICATE, "the provider has a certificate for the name")
        .needs(&[TUNNEL_EXISTS])
        .in_up()
        .about(
            "Compares the name with the zone. Visitors from the internet get the provider's certificate, not the lab's, and the one that is \
             free of charge does not cover every name.",
            "From the internet the browser shows a TLS error before anything reaches the house.",
        )
        .causes(&[cause(
            "the name lies too deep below the zone",
            "give the service a name right below the zone with `host:`, or order a certificate for it at the provider",
        )]),
];
