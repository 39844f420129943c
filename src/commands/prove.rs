//! The end of `up`: look from inside the cluster, from this machine, at the provider and at the resolvers, until all
//! agree or nothing that is wrong can heal by waiting.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::checks::{self, Report, Theirs};
use crate::cluster::Cluster;
use crate::collect::{self, Known, Organised, Probes};
use crate::commands::own;
use crate::config::{Backend, Config};
use crate::error::Result;
use crate::evidence::Zone;
use crate::provider::Client;
use crate::ui::Progress;

/// Between two looks: records spread in seconds, and nobody's API is to be pressed.
const PAUSE: Duration = Duration::from_secs(3);
/// The line of progress.
pub(super) const LINE: &str = "verify";

/// The zones that are read.
pub(super) struct Zones<'a> {
    /// That of the lab.
    pub(super) zone: &'a Zone,
    /// Those of organisations.
    pub(super) organisations: Vec<Organised>,
}

/// Looks until the picture is final or the deadline comes; that of `names` alone where the run is for these.
pub(super) async fn prove(
    (cluster, provider): (&Cluster, &Client),
    zones: Zones<'_>,
    config: &Config,
    mut known: Known,
    names: Option<&[String]>,
    progress: &Progress,
) -> Result<Report> {
    let began = Instant::now();
    let deadline = began + config.timeouts.verify;
    let hosts = config.hosts().iter().map(ToString::to_string).collect();
    let probes = Probes {
        zone: Some(zones.zone.clone()),
        organisations: zones.organisations,
        ..Probes::of(config, config.domain.to_string(), hosts)
    };
    progress.update(LINE, "checking the result");
    loop {
        let seen = collect::look_after_up(cluster, config, &probes, Some(provider), &known).await?;
        known.certificates = None;
        let report = checks::judge(&seen).only(checks::in_up);
        let judged = own::judged(&report, names);
        let late = Instant::now() + PAUSE > deadline;
        let until = Timestamp::now() + deadline.saturating_duration_since(Instant::now());
        let waited_for =
            checks::waited_for(&judged, began.elapsed(), until, |host| owner(config, host)).next();
        let why = waited_for.map(|check| {
            let why = check.finding().map(|f| f.summary.clone()).unwrap_or_default();
            format!("{}: {why}", check.subject.host.as_deref().unwrap_or(check.title))
        });
        if let (Some(why), false) = (why, late) {
            progress.update(LINE, &why);
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let text = format!("{} of {} checks passed", judged.counts.pass, judged.checks.len());
        if judged.exit_code() == 0 {
            progress.done(LINE, &text);
        } else {
            progress.fail(LINE, &text);
        }
        return Ok(report);
    }
}

/// Who starts what answers for `host`; none if that is homelab.
pub(super) fn owner(config: &Config, host: &str) -> Option<Theirs> {
    let service = config.services.iter().find(|service| service.hosts.iter().any(|h| h.as_str() == host))?;
    Some(match service.backend {
        Backend::Cluster { .. } | Backend::Image { .. } => Theirs::Pods,
        Backend::Address { .. } | Backend::Local { .. } | Backend::Name { .. } => Theirs::Machine,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn each_service_has_its_owner_and_the_demo_is_homelabs() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nservices:\n  \
                    photos: { service: immich/immich-server, port: 2283 }\n  nas: { url: \"https://192.168.1.5:5001\" }\n  \
                    books: { image: a/b, port: 80 }\n";
        let config = config::parse(text).unwrap();
        assert_eq!(owner(&config, "photos.home.example.com"), Some(Theirs::Pods));
        assert_eq!(owner(&config, "books.home.example.com"), Some(Theirs::Pods));
        assert_eq!(owner(&config, "nas.home.example.com"), Some(Theirs::Machine));
        assert_eq!(owner(&config, "whoami.home.example.com"), None);
    }
}
