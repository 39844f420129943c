//! What is public of the lab: where its record leads, at which address the internet sees it, and whether that address answers from
//! inside the house.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;

use crate::cluster::Cluster;
use crate::config::{Config, Target, Way};
use crate::desired::public_record::target_key;
use crate::evidence::http::Scheme;
use crate::evidence::{Evidence, Hairpin, PublicSeen, SeenBy};
use crate::net::caller::address_by;
use crate::net::dns::look_up;
use crate::net::http::{Target as Page, get};
use crate::net::nat_pmp;
use crate::net::tls::handshake;

/// For one who is asked.
const WITHIN: Duration = Duration::from_secs(3);
/// For the router.
const SOON: Duration = Duration::from_secs(1);
/// As many hosts are asked for at the public address: what holds for one holds for all.
const MOST: usize = 3;

/// What the configuration says, and where the record leads.
pub(super) async fn begin(evidence: &mut Evidence, config: &Config, cluster: Option<&Cluster>) {
    if !config.has_public() {
        return;
    }
    let mut seen = PublicSeen {
        by_port: config.public_hosts(Some(Way::Port)).iter().map(ToString::to_string).collect(),
        follows: config.follows_address(),
        proxied: config.public.proxied,
        ..PublicSeen::default()
    };
    seen.target = match (&config.public.target, cluster) {
        (Target::Address(address), _) => Some(address.to_string()),
        (Target::Name(name), _) => Some(name.to_string()),
        (Target::Auto, Some(cluster)) if seen.follows => {
            let annotation = target_key(config);
            cluster.public_target(&annotation).await.ok().map(Option::unwrap_or_default)
        }
        (Target::Auto, _) => None,
    };
    evidence.public = Some(seen);
}

/// What the internet and the router say, and what comes back from the public address.
pub(super) async fn ask(evidence: &mut Evidence, config: &Config) {
    let Some(public) = evidence.public.take_if(|public| !public.by_port.is_empty()) else { return };
    let gateway = evidence.machine.as_ref().and_then(|machine| machine.routes.as_ref()).and_then(|routes| {
        let default = routes.iter().find(|route| route.network.prefix == 0)?;
        default.gateway
    });
    let asked = config
        .public
        .address_from
        .iter()
        .map(|url| async move { SeenBy { url: url.clone(), address: address_by(url, WITHIN).await } });
    let router = async {
        let gateway = SocketAddr::new(IpAddr::V4(gateway?), nat_pmp::PORT);
        nat_pmp::external_address(gateway, SOON).await
    };
    let (seen, router, hairpin) = futures::join!(join_all(asked), router, hairpin(evidence, &public));
    evidence.public = Some(PublicSeen { seen, router, hairpin, ..public });
}

async fn hairpin(evidence: &Evidence, public: &PublicSeen) -> BTreeMap<String, Hairpin> {
    let address = match public.target.as_deref().filter(|target| !target.is_empty() && !public.proxied) {
        None => None,
        Some(target) => match target.parse() {
            Ok(address) => Some(address),
            Err(_) => look_up(target, WITHIN).await.ok().and_then(|found| found.into_iter().next()),
        },
    };
    let Some(address) = address else { return BTreeMap::new() };
    let at = SocketAddr::new(address, 443);
    let each = public.by_port.iter().take(MOST).map(|host| async move {
        let check = !evidence.staging && !evidence.is_by_authority(host);
        let page =
            Page { scheme: Scheme::Https, address: at, host: Some(host.clone()), check_certificate: check };
        let (tls, http) = futures::join!(handshake(None, at, host, WITHIN), get(&page, WITHIN));
        (host.clone(), Hairpin { address, tls, http })
    });
    join_all(each).await.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_nothing_is_reached_by_a_port_nobody_is_asked_and_what_is_known_stays() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n\
                    ingress: { controller: traefik }\nservices: { photos: { local: 1, public: tunnel } }\n";
        let config = crate::config::parse(text).unwrap();
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        begin(&mut evidence, &config, None).await;
        ask(&mut evidence, &config).await;
        let public = evidence.public.unwrap();
        assert!(
            public.follows == config.follows_address() && public.seen.is_empty() && public.hairpin.is_empty()
        );
    }
}
