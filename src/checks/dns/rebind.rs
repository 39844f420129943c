//! A resolver that drops private addresses (DNS rebinding protection), and what lets the lab's names through.

use crate::checks::dns::routers::{self, Router};
use crate::checks::engine::Finding;
use crate::evidence::dns::{Rcode, Reply};
use crate::evidence::{Evidence, Lookup};
use crate::facts::names::probe_name;

/// What is told of it.
pub(super) fn finding(
    evidence: &Evidence,
    summary: String,
    (host, domain): (&str, &str),
    (lookup, reply): (&Lookup, &Reply),
    make: Option<&'static Router>,
) -> Finding {
    let server = &lookup.server;
    let cause = match make {
        Some(make) => format!("{} ({server})", make.why),
        // Rebinding protection leaves the answer empty as a rule.
        None if reply.rcode == Rcode::NxDomain => {
            "it drops answers with private addresses (DNS rebinding protection, which a \
            Fritz!Box answers in this way), or one of its own rules denies the name; its query log says which"
                .to_owned()
        }
        None => "it drops answers with private addresses (DNS rebinding protection)".to_owned(),
    };
    let look = command!("dig {} @{}", probe_name(host), server);
    let own = evidence.own_servers.as_ref();
    let asks_nodes =
        own.is_some_and(|own| own.resolvers.iter().any(|one| one.server == *server && own.is_asked_by(one)));
    let cause = match asks_nodes {
        true => format!("{cause}, also from those of the nodes, which it asks"),
        false => cause,
    };
    let advice = routers::advice(make, domain, host);
    let advice = match own {
        Some(_) => advice,
        None => format!("{advice}\nor {}", routers::HOUSE_RESOLVER),
    };
    Finding::new(summary, cause, advice).look(look)
}
