//! The end of `up`: look from inside the cluster, from this machine, at the provider and at the resolvers, until all
//! agree or nothing that is wrong can heal by waiting.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::checks;
use crate::checks::{Report, Theirs};
use crate::cluster;
use crate::cluster::Cluster;
use crate::collect::network::Probes;
use crate::config;
use crate::config::{AcmeServer, Backend, Config};
use crate::desired::external_dns;
use crate::error::Result;
use crate::evidence::Zone;
use crate::evidence::{ClusterSeen, Evidence, Reload};
use crate::provider::cloudflare::Client;
use crate::ui::Progress;

/// Between two looks: records spread in seconds, and nobody's API is to be pressed.
const PAUSE: Duration = Duration::from_secs(3);
/// How soon the controller has begun to load what was written: it looks at changes at most every 3.3 s
/// (`--sync-rate-limit`), and says so when it begins.
const TAKES: Duration = Duration::from_secs(5);
/// For the logs of all its pods.
const LISTENS: Duration = Duration::from_secs(15);
/// The line of progress.
pub(super) const LINE: &str = "verify";

/// Looks until the picture is final or the deadline comes. `written` is when the controller was last given something to
/// load, if it was.
pub(super) async fn prove(
    cluster: &Cluster,
    provider: &Client,
    zone: &Zone,
    config: &Config,
    written: Option<Timestamp>,
    progress: &Progress,
) -> Result<Report> {
    let began = Instant::now();
    let deadline = began + config.timeouts.verify;
    let hosts: Vec<String> = config.hosts().iter().map(ToString::to_string).collect();
    let mut probes = Probes::new(config.domain.to_string(), hosts);
    probes.zone = Some(zone.clone());
    probes.resolvers = config.public_resolvers.iter().map(|address| SocketAddr::new(*address, 53)).collect();
    if config.public_resolvers != config::PUBLIC_RESOLVERS {
        probes.doh = Vec::new();
    }
    progress.update(LINE, "looking from outside");
    loop {
        let seen = from_cluster(cluster, config, written).await?;
        let seen = crate::collect::network::collect(seen, &probes, Some(provider)).await;
        let report = checks::judge(&seen).only(checks::in_up);
        let late = Instant::now() + PAUSE > deadline;
        let waited_for = checks::waited_for(&report, began.elapsed(), |host| owner(config, host)).next();
        let why = waited_for.map(|check| {
            let why = check.finding().map(|f| f.summary.clone()).unwrap_or_default();
            format!("{}: {why}", check.subject.host.as_deref().unwrap_or(check.title))
        });
        if let (Some(why), false) = (why, late) {
            progress.update(LINE, &why);
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let text = format!("{} of {} checks passed", report.counts.pass, report.checks.len());
        if report.exit_code() == 0 {
            progress.done(LINE, &text);
        } else {
            progress.fail(LINE, &text);
        }
        return Ok(report);
    }
}

/// Who starts what answers for `host`; none if that is homelab.
fn owner(config: &Config, host: &str) -> Option<Theirs> {
    let service = config.services.iter().find(|service| service.hosts.iter().any(|h| h.as_str() == host))?;
    Some(match service.backend {
        Backend::Cluster { .. } => Theirs::Pods,
        Backend::Address { .. } | Backend::Name { .. } => Theirs::Machine,
    })
}

/// What the cluster itself knows, and what its controller said of its configuration, what was last `written` included.
async fn from_cluster(cluster: &Cluster, config: &Config, written: Option<Timestamp>) -> Result<Evidence> {
    let controllers = async {
        let pods = cluster.controllers().await?;
        let heard = async {
            let since = written.and_then(|written| Timestamp::now().duration_since(written).try_into().ok());
            tokio::time::sleep(since.map_or(Duration::ZERO, |since| TAKES.saturating_sub(since))).await;
            cluster.reloads(&pods, Instant::now() + LISTENS).await
        };
        let (answer, reloads) = futures::join!(cluster.ask_pod(&pods, 80), heard);
        Ok((answer, reloads))
    };
    let (nodes, ingresses, certificates, controllers) =
        futures::join!(cluster.nodes(), cluster.ingresses(), cluster.certificates(), controllers);
    let mut evidence = Evidence::new(Timestamp::now());
    evidence.written = written;
    let ingresses = ingresses?;
    evidence.staging = config.acme.server == AcmeServer::Staging;
    evidence.nodes = Some(nodes?);
    evidence.ingresses = Some(ingresses.iter().map(cluster::ingress).collect());
    evidence.certificates = Some(certificates?);
    match controllers {
        Ok((answer, reloads)) => {
            evidence.cluster_answer = Some(answer);
            if reloads.iter().any(|seen| matches!(seen.last, Ok(Reload::Refused(_)))) {
                let objects = cluster.suspects(ingresses).await;
                evidence.cluster = Some(ClusterSeen { objects, ..ClusterSeen::default() });
            }
            evidence.reloads = Some(reloads);
        }
        Err(why) => evidence.cluster_answer = Some(Err(why)),
    }
    evidence.owner = config.external_dns.then(|| external_dns::ownership(config));
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_owner_and_the_demo_is_homelabs() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nservices:\n  \
                    photos: { service: immich/immich-server, port: 2283 }\n  nas: { url: \"https://192.168.1.5:5001\" }\n";
        let config = config::parse(text).unwrap();
        assert_eq!(owner(&config, "photos.home.example.com"), Some(Theirs::Pods));
        assert_eq!(owner(&config, "nas.home.example.com"), Some(Theirs::Machine));
        assert_eq!(owner(&config, "whoami.home.example.com"), None);
    }
}
