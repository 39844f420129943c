//! The public record follows the address that the lab has on the internet (`public.target: auto`): a step of `up`, and of the timer.
//!
//! What cannot be found out changes nothing: the record stays where it leads. An address that nobody on the internet reaches is
//! never written, and another one than before only when nobody who is asked says otherwise.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::config::Config;
use crate::desired::public_record::{key, target_key};
use crate::error::{Error, Result};
use crate::facts::address::{is_public, is_shared};
use crate::net::caller::address_by;
use crate::plan::Plan;
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "public address";
/// For one who is asked.
const WITHIN: Duration = Duration::from_secs(5);

/// What became of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Followed {
    /// Where it leads now.
    pub(super) target: String,
    /// Whether it led elsewhere before.
    pub(super) written: bool,
}

impl Followed {
    /// In one line.
    pub(super) fn told(&self) -> String {
        let how = if self.written { "written" } else { "unchanged" };
        format!("the public record leads to {}, {how}", self.target)
    }

    /// For machines.
    pub(super) fn document(&self) -> Value {
        json!({ "address": self.target, "written": self.written })
    }
}

/// Keeps the record where it leads while `up` takes a fixed target out of the configuration: it would lead nowhere until somebody
/// knows the address.
///
/// # Errors
/// When the cluster cannot be asked or refuses.
pub(super) async fn keep(cluster: &Cluster, config: &Config, plan: &Plan) -> Result<()> {
    let is_written = plan.apply.iter().any(|change| !change.new && change.object.key == key());
    if !config.follows_address() || !is_written {
        return Ok(());
    }
    let annotation = target_key(config);
    match cluster.public_target(&annotation).await? {
        Some(target) if !target.is_empty() => cluster.write_public_target(&annotation, &target).await,
        _ => Ok(()),
    }
}

/// The step of `up`. Where the record leads somewhere already, that nobody knows the address now does not stop the run.
///
/// # Errors
/// As [`follow`], where the record leads nowhere yet.
pub(super) async fn step_of_up(
    cluster: &Cluster,
    config: &Config,
    progress: &Progress,
) -> Result<Option<Followed>> {
    if !config.follows_address() {
        return Ok(None);
    }
    progress.update(LINE, "asking which address the lab has on the internet");
    match follow(cluster, config).await {
        Ok(followed) => {
            progress.done(LINE, &followed.iter().map(Followed::told).collect::<String>());
            Ok(followed)
        }
        Err(error) => match cluster.public_target(&target_key(config)).await? {
            Some(target) if !target.is_empty() => {
                progress.fail(LINE, &error.to_string());
                Ok(Some(Followed { target, written: false }))
            }
            _ => Err(error),
        },
    }
}

/// Leads the record to the address that the lab has now; `None` where no record follows it.
///
/// # Errors
/// When the address cannot be found out, or is none that the internet reaches, and when the cluster cannot be asked or refuses.
pub(super) async fn follow(cluster: &Cluster, config: &Config) -> Result<Option<Followed>> {
    if !config.follows_address() {
        return Ok(None);
    }
    let annotation = target_key(config);
    let Some(before) = cluster.public_target(&annotation).await? else {
        return Err(Error::unfinished(format!("there is no {}", key())).hint("`homelab up` creates it"));
    };
    let (by, now) = ask(&config.public.address_from).await?;
    if before == now.to_string() {
        return Ok(Some(Followed { target: before, written: false }));
    }
    agreed(&config.public.address_from, by, now).await?;
    cluster.write_public_target(&annotation, &now.to_string()).await?;
    Ok(Some(Followed { target: now.to_string(), written: true }))
}

/// The first who answers, and what he says.
async fn ask(all: &[String]) -> Result<(&String, Ipv4Addr)> {
    let mut whys: Vec<String> = Vec::new();
    for url in all {
        match address_by(url, WITHIN).await {
            Ok(address) if is_public(&IpAddr::V4(address)) && !is_nobodys(address) => {
                return Ok((url, address));
            }
            Ok(address) => return Err(unreachable(url, address)),
            Err(why) => whys.push(format!("{url}: {why}")),
        }
    }
    Err(Error::unfinished("the lab's address on the internet is not known; the record stays as it is")
        .because(whys.join("; "))
        .hint("check that this machine reaches the internet; `public.addressFrom` names others who say it"))
}

/// Whether the others say the same; who does not answer says nothing.
async fn agreed(all: &[String], by: &String, now: Ipv4Addr) -> Result<()> {
    for url in all.iter().filter(|url| *url != by) {
        match address_by(url, WITHIN).await {
            Ok(other) if other != now => {
                return Err(Error::wrong("the lab has no single address on the internet; the record stays as it is")
                    .because(format!("{by} sees {now}, and {url} sees {other}"))
                    .hint(
                        "requests leave the house by several ways: two lines, a VPN or a provider who shares its addresses. \
                         Set `public.target` to the address at which your router passes port 443 on",
                    ));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

fn unreachable(url: &str, address: Ipv4Addr) -> Error {
    let (cause, hint) = match is_shared(address) {
        true => (
            "it is of 100.64.0.0/10: your provider shares its public addresses among customers (CGNAT), or the way to there is a VPN",
            "ask your provider for a public IPv4 address; or use `public: tunnel`, which needs none",
        ),
        false => (
            "nobody on the internet reaches it: who was asked is in this network, or a VPN is on the way",
            "check `public.addressFrom`",
        ),
    };
    Error::wrong(format!("{url} sees this lab at {address}; the record stays as it is"))
        .because(cause)
        .hint(hint)
}

/// Addresses that no host has: "this network", multicast and above (RFC 6890).
fn is_nobodys(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    first == 0 || first >= 224
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::cluster::fake::{Log, written_cluster};
    use crate::config;
    use crate::net::testing::http::{Canned, Server};

    type Bodies = Arc<Mutex<Vec<Value>>>;

    /// A lab whose record leads to `before`, and who says where the lab is.
    fn lab(before: Option<&str>, all: &[&Server]) -> (Cluster, Log, Bodies, Config) {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n\
                    ingress: { controller: traefik }\nservices: { photos: { local: 1, public: port } }\n";
        let mut config = config::parse(text).unwrap();
        config.public.address_from = all.iter().map(|server| format!("http://{}/", server.address)).collect();
        let annotation = target_key(&config);
        let live = before.map(|before| json!({ "metadata": { "name": "public-address", "annotations": { annotation: before } } }));
        let bodies = Bodies::default();
        let kept = bodies.clone();
        let (cluster, log) = written_cluster(move |line, body| {
            if line.starts_with("PATCH") {
                kept.lock().unwrap().push(body.clone());
                return (200, json!({}));
            }
            live.clone().map_or((404, json!({ "code": 404 })), |live| (200, live))
        });
        (cluster, log, bodies, config)
    }

    async fn says(text: &str) -> Server {
        Canned::text(200, "text/plain", text).serve().await
    }

    fn writes(log: &Log) -> usize {
        log.lock().unwrap().iter().filter(|line| !line.starts_with("GET")).count()
    }

    /// First of all: what would lead visitors nowhere, or into somebody else's house, is never written.
    #[tokio::test]
    async fn an_address_that_nobody_reaches_is_never_written_and_the_record_stays() {
        for (address, why) in
            [("100.64.3.4", "CGNAT"), ("192.168.1.5", "nobody on the internet"), ("0.0.0.0", "nobody")]
        {
            let server = says(address).await;
            let (cluster, log, _, config) = lab(Some("203.0.113.7"), &[&server]);
            let told = follow(&cluster, &config).await.unwrap_err();
            let told = format!("{told} {:?}", told.causes);
            assert!(told.contains(why) && told.contains("the record stays as it is"), "{told}");
            assert_eq!(writes(&log), 0);
        }
    }

    #[tokio::test]
    async fn where_two_see_the_lab_at_two_addresses_nothing_is_written() {
        let (one, other) = (says("198.51.100.9").await, says("ip=198.51.100.10\n").await);
        let (cluster, log, _, config) = lab(Some("203.0.113.7"), &[&one, &other]);
        let told = follow(&cluster, &config).await.unwrap_err();
        assert!(
            told.causes[0].contains("198.51.100.9") && told.causes[0].contains("198.51.100.10"),
            "{told:?}"
        );
        assert_eq!(writes(&log), 0);
    }

    #[tokio::test]
    async fn nobody_who_answers_leaves_the_record_and_says_who_was_asked() {
        let server = Canned::text(503, "text/plain", "").serve().await;
        let (cluster, log, _, config) = lab(Some("203.0.113.7"), &[&server]);
        let told = follow(&cluster, &config).await.unwrap_err();
        assert!(told.causes[0].contains("503") && told.to_string().contains("stays as it is"), "{told:?}");
        assert_eq!(writes(&log), 0);
    }

    #[tokio::test]
    async fn a_new_address_is_written_once_and_one_of_before_costs_one_request() {
        let (one, other) = (says("198.51.100.9").await, Canned::text(500, "text/plain", "").serve().await);
        let (cluster, log, bodies, config) = lab(Some("203.0.113.7"), &[&one, &other]);
        let done = follow(&cluster, &config).await.unwrap().unwrap();
        assert_eq!(done, Followed { target: "198.51.100.9".to_owned(), written: true });
        assert_eq!(writes(&log), 1);
        assert!(
            log.lock().unwrap()[1]
                .contains("/namespaces/external-dns/services/public-address?fieldManager=homelab-addresses")
        );
        assert_eq!(bodies.lock().unwrap()[0]["metadata"]["annotations"].as_object().unwrap().len(), 1);
        let (cluster, log, _, config) = lab(Some("198.51.100.9"), &[&one, &other]);
        assert!(!follow(&cluster, &config).await.unwrap().unwrap().written);
        assert_eq!((writes(&log), other.requests().len()), (0, 1));
    }

    #[tokio::test]
    async fn a_record_that_leads_to_a_fixed_place_is_left_alone() {
        let (cluster, log, _, mut config) = lab(Some("203.0.113.7"), &[]);
        config.public.target = config::Target::Address("203.0.113.7".parse().unwrap());
        assert_eq!(follow(&cluster, &config).await.unwrap(), None);
        assert!(log.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_record_that_is_not_there_is_for_up_to_make() {
        let (cluster, log, _, config) = lab(None, &[]);
        let told = follow(&cluster, &config).await.unwrap_err();
        assert!(told.hint.unwrap().contains("homelab up"));
        assert_eq!(writes(&log), 0);
    }
}
