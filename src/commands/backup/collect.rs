//! What there is to save: what `homelab down` keeps.

use crate::cluster::Cluster;
use crate::commands::down::issuers_that_stay;
use crate::commands::strangers;
use crate::config::Config;
use crate::error::Result;
use crate::plan::backup::{Held, Holding};
use crate::plan::beside::{Part, candidates};
use crate::plan::teardown::teardown;

/// The Secrets, and what of them cannot be saved, in words.
pub(super) async fn collect(cluster: &Cluster, config: &Config) -> Result<(Vec<Held>, Vec<String>)> {
    let snapshot = cluster.snapshot(&config.dns.owner, config.ingress.controller).await?;
    strangers::one_lab(&snapshot, &config.dns.owner)?;
    let teardown = teardown(&snapshot, false);
    let kept = teardown.kept.iter().filter_map(|kept| snapshot.objects.get(&kept.key));
    let mut secrets: Vec<_> = kept.map(|live| (Holding::of_certificate(live), live.clone())).collect();
    let stay = issuers_that_stay(cluster, &teardown).await?;
    for candidate in candidates(&snapshot, config) {
        if candidate.part == Part::Account {
            let live = cluster.read(&candidate.key).await?;
            let ours = live.filter(|live| candidate.is_ours(live, &stay));
            secrets.extend(ours.map(|live| (Holding::AcmeAccount, live)));
        }
    }
    let (mut held, mut problems) = (Vec::new(), Vec::new());
    for (holds, secret) in secrets {
        match Held::of(holds, &secret) {
            Ok(one) => held.push(one),
            Err(why) => {
                let text = |key: &str| secret["metadata"][key].as_str().unwrap_or_default().to_owned();
                problems.push(format!("Secret {}/{}: {why}", text("namespace"), text("name")));
            }
        }
    }
    Ok((held, problems))
}
