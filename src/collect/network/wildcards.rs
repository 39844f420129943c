//! Whether a search domain of this machine answers for names that nobody has.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;

use crate::evidence::WildcardSeen;
use crate::evidence::dns::Rcode;
use crate::facts::name_server;
use crate::net::dns::{Question, RecordType, ask};

/// Asks each search domain for a name made up on the spot, which no cache can know and none has to remember. The name
/// ends in `com` below the domain, as a pod asks for a name of the internet (`ndots:5`, resolv.conf(5)).
pub async fn wildcards(servers: &[IpAddr], search: &[String], within: Duration) -> Vec<WildcardSeen> {
    let Some(server) = servers.first() else { return Vec::new() };
    let server = SocketAddr::new(*server, name_server::PORT);
    let asked = search.iter().map(|domain| async move {
        let domain = domain.trim_matches('.').to_owned();
        let name = made_up(&format!("com.{domain}"));
        let answer = match ask(server, &Question::new(&name, RecordType::A), within).await {
            Ok(reply) if matches!(reply.rcode, Rcode::NoError | Rcode::NxDomain) => Ok(reply.addresses()),
            Ok(reply) => Err(format!("{server} answers {:?}", reply.rcode)),
            Err(error) => Err(error.to_string()),
        };
        WildcardSeen { domain, asked: name, answer }
    });
    join_all(asked).await
}

/// A name below a domain that nobody has.
pub(super) fn made_up(domain: &str) -> String {
    format!("homelab-probe-{:016x}.{domain}", RandomState::new().hash_one(domain))
}
