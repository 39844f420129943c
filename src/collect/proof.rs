//! The look with which `up` ends: as much as it takes to prove the lab from outside, and no request more. What it does not
//! look at stays `None` in the evidence, and the judges pass over it.

use std::time::Duration;

use futures::future::OptionFuture;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::{authority, compares_with, inside, network, public};
use crate::cluster::{self, Cluster};
use crate::collect::network::Probes;
use crate::config::Config;
use crate::desired::addresses;
use crate::error::Result;
use crate::evidence::http::HttpAnswer;
use crate::evidence::{
    CertificateSeen, ClusterSeen, Evidence, Listing, Reload, ReloadSeen, TrialSeen, TunnelSeen, WAITING_PODS,
};
use crate::ingress::{Traits, traits_of};
use crate::provider::Client;

/// For the logs of all its pods.
const LISTENS: Duration = Duration::from_secs(15);

/// What is known before the first look.
#[derive(Debug, Default)]
pub struct Known {
    /// When the controller was last given something to load, if it was.
    pub written: Option<Timestamp>,
    /// Every Certificate, where nothing was written or waited for since they were read.
    pub certificates: Option<Vec<CertificateSeen>>,
    /// Whether the account of the timer that writes the nodes' addresses is new: that cannot have run yet.
    pub no_timer_yet: bool,
    /// The tunnel as the run has left it.
    pub tunnel: Option<TunnelSeen>,
    /// What came of trying out the policies of `egress`.
    pub trial: Option<TrialSeen>,
}

/// One look: the lists side by side, and then what needs them, side by side as well: names and nodes, the controller's page,
/// and what it said of its configuration, what was last written included.
pub async fn look_after_up(
    cluster: &Cluster,
    config: &Config,
    probes: &Probes,
    provider: Option<&Client>,
    known: &Known,
) -> Result<Evidence> {
    let since = known.written.and_then(|written| Timestamp::now().duration_since(written).try_into().ok());
    let takes = traits_of(config.ingress.controller).log.takes;
    tokio::time::sleep(since.map_or(Duration::ZERO, |since| takes.saturating_sub(since))).await;
    let certificates = async {
        match &known.certificates {
            Some(certificates) => Ok(certificates.clone()),
            None => cluster.certificates().await,
        }
    };
    let is_ours = config.ingress.controller.is_managed();
    let has_timer = addresses::is_needed(config) && !known.no_timer_yet;
    let ran = has_timer.then(|| cluster.addresses_ran(Instant::now() + LISTENS));
    let gives = config.dns.has_inside_names();
    let (nodes, ingresses, certificates, controllers, waiting, authority, run, resolvers) = futures::join!(
        cluster.nodes(),
        cluster.ingresses(),
        certificates,
        OptionFuture::from(is_ours.then(|| cluster.controllers(traits_of(config.ingress.controller)))),
        cluster.waiting_pods(),
        authority(cluster, config),
        OptionFuture::from(ran),
        OptionFuture::from(gives.then(|| cluster.coredns()))
    );
    let mut evidence = Evidence::new(Timestamp::now());
    evidence.written = known.written;
    let ingresses = ingresses?;
    evidence.nodes = Some(nodes?);
    evidence.ingresses = Some(ingresses.iter().map(cluster::ingress).collect());
    evidence.certificates = Some(certificates?);
    evidence.authority = authority;
    evidence.addresses_run = run;
    compares_with(&mut evidence, config);
    public::begin(&mut evidence, config, Some(cluster)).await;
    evidence.tunnel.clone_from(&known.tunnel);
    if let Some(seen) = &mut evidence.egress {
        seen.trial.clone_from(&known.trial);
    }
    let nodes = evidence.nodes.clone();
    let resolvers = resolvers.and_then(Result::ok).unwrap_or_default();
    let (mut evidence, given, controller) = futures::join!(
        network::collect(evidence, probes, provider),
        inside::look(config, nodes.as_deref(), &resolvers, Instant::now() + LISTENS),
        OptionFuture::from(controllers.map(|controllers| {
            controller(cluster, traits_of(config.ingress.controller), controllers, ingresses)
        }))
    );
    let (answer, Told { reloads, heard, mut seen }) = controller.map_or_else(
        || (None, Told { reloads: None, heard: Timestamp::now(), seen: ClusterSeen::default() }),
        |Controller { answer, told }| (Some(answer), told),
    );
    let waiting = waiting.map_or_else(Listing::Failed, Listing::Items);
    seen.objects.0.insert(WAITING_PODS.to_owned(), waiting);
    seen.inside = given;
    evidence.cluster = Some(seen);
    evidence.cluster_answer = answer;
    evidence.reloads = reloads;
    // By this it is judged how old a refusal is.
    evidence.now = heard;
    Ok(evidence)
}

/// What the ingress controller answers and says.
struct Controller {
    answer: std::result::Result<HttpAnswer, String>,
    told: Told,
}

/// What it says of its configuration.
struct Told {
    reloads: Option<Vec<ReloadSeen>>,
    /// When that was read.
    heard: Timestamp,
    /// Where the text may stand that is refused, if it does.
    seen: ClusterSeen,
}

async fn controller(
    cluster: &Cluster,
    traits: &'static Traits,
    pods: std::result::Result<Vec<Value>, String>,
    ingresses: Vec<Value>,
) -> Controller {
    let mut seen = ClusterSeen::default();
    let pods = match pods {
        Ok(pods) => pods,
        Err(why) => {
            return Controller {
                answer: Err(why),
                told: Told { reloads: None, heard: Timestamp::now(), seen },
            };
        }
    };
    let words = async {
        let reloads = cluster.reloads(traits, &pods, Instant::now() + LISTENS).await;
        let heard = Timestamp::now();
        if reloads.iter().any(|seen| matches!(seen.last, Ok(Reload::Refused(_)))) {
            seen.objects = cluster.suspects(traits, ingresses).await;
        }
        (reloads, heard)
    };
    let (answer, (reloads, heard)) = futures::join!(cluster.ask_pod(&pods, traits.pod.ports[0]), words);
    Controller { answer, told: Told { reloads: Some(reloads), heard, seen } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks;
    use crate::checks::{Outcome, id};
    use crate::cluster::fake::{Log, slow_cluster};
    use crate::config;

    const CONFIG: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
    const LOADED: &str =
        "I1126 03:10:01.000001       7 controller.go:213] \"Backend successfully reloaded\"\n";

    /// A cluster with one pod of the controller, whose log says this and takes so long.
    fn saying(log: &str, takes: Duration) -> (Cluster, Log) {
        let pod = json!({ "metadata": { "namespace": "ingress-nginx", "name": "a" },
            "spec": { "nodeName": "pi", "containers": [{ "name": "controller" }] },
            "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } });
        let log = log.to_owned();
        let answer = move |line: &str, _| match line {
            _ if line.contains("/pods/a/log?") => (200, Value::from(log.clone())),
            _ if line.contains("/pods/a:80/proxy/") => (404, Value::from("nginx")),
            _ if line.contains("/ingress-nginx/pods?") => (200, json!({ "items": [pod] })),
            _ => (200, json!({ "items": [] })),
        };
        slow_cluster(answer, move |line| if line.contains("/log?") { takes } else { Duration::ZERO })
    }

    /// Probes of a world whose only resolver never answers.
    async fn silence() -> (Probes, tokio::net::UdpSocket, tempfile::TempDir) {
        let resolver = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let resolv_conf = home.path().join("resolv.conf");
        std::fs::write(&resolv_conf, "").unwrap();
        let mut probes = Probes::new("home.example.com".into(), Vec::new());
        (probes.resolvers, probes.doh) = (vec![resolver.local_addr().unwrap()], Vec::new());
        probes.resolv_conf = resolv_conf;
        (probes, resolver, home)
    }

    /// How long one look takes, and what it asks the API server.
    async fn look_at(takes: Duration, known: Known) -> (Duration, Vec<String>) {
        let (cluster, log) = saying(LOADED, takes);
        let (probes, _resolver, _home) = silence().await;
        let began = Instant::now();
        look_after_up(&cluster, &config::parse(CONFIG).unwrap(), &probes, None, &known).await.unwrap();
        (began.elapsed(), log.lock().unwrap().clone())
    }

    #[tokio::test(start_paused = true)]
    async fn the_controllers_log_is_read_while_names_and_nodes_are_looked_at() {
        let (alone, _) = look_at(Duration::ZERO, Known::default()).await;
        assert!(alone > Duration::from_millis(300), "nobody outside was waited for: {alone:?}");
        let (both, _) = look_at(Duration::from_millis(300), Known::default()).await;
        assert!(both < alone + Duration::from_millis(150), "{alone:?} became {both:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_wrote_nothing_reads_the_certificates_once() {
        let (_, requests) = look_at(Duration::ZERO, Known::default()).await;
        assert_eq!(requests.iter().filter(|line| line.contains("/certificates")).count(), 1);
        let known = Known { certificates: Some(Vec::new()), ..Known::default() };
        let (_, requests) = look_at(Duration::ZERO, known).await;
        assert!(!requests.iter().any(|line| line.contains("/certificates")), "{requests:?}");
        assert_eq!(requests.len(), 6, "{requests:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_written_is_looked_at_when_the_controller_can_have_loaded_it() {
        let (alone, _) = look_at(Duration::ZERO, Known::default()).await;
        let known = Known { written: Some(Timestamp::now()), ..Known::default() };
        let (later, _) = look_at(Duration::ZERO, known).await;
        assert!(later > alone + Duration::from_secs(5) - Duration::from_secs(1), "{alone:?}, {later:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reload_that_failed_fails_the_run_however_late_its_log_comes() {
        let told = Timestamp::now().strftime("%m%d %H:%M:%S");
        let log = format!(
            "{LOADED}E{told}.000001       7 controller.go:205] Unexpected failure reloading the backend:\n\
             nginx: [emerg] invalid value \"TLSv9\" in /tmp/nginx/nginx-cfg1:9\n"
        );
        let (cluster, requests) = saying(&log, Duration::from_secs(8));
        let (probes, _resolver, _home) = silence().await;
        let config = config::parse(CONFIG).unwrap();
        let seen = look_after_up(&cluster, &config, &probes, None, &Known::default()).await.unwrap();
        let report = checks::judge(&seen).only(checks::in_up);
        let reload = report.checks.iter().find(|check| check.id == id::RELOAD).unwrap();
        assert!(matches!(reload.outcome, Outcome::Fail(_)), "{reload:#?}");
        assert_eq!(report.exit_code(), 1);
        assert!(
            requests.lock().unwrap().iter().any(|line| line.contains("/configmaps")),
            "nobody was blamed"
        );
    }
}
