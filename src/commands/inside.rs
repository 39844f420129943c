//! Names that pods are given: looked at before the first write, since one entry that CoreDNS does not take keeps it from starting.

use crate::cluster::Cluster;
use crate::config::Config;
use crate::desired::object::Key;
use crate::desired::{inside_names, kind};
use crate::error::{Error, Result};
use crate::facts::cluster_domain::COREDNS;
use crate::facts::namespaces::SYSTEM;
use crate::plan::inside::{CoreDns, Refusal};

/// Looks whether the cluster's CoreDNS would take the names of the configuration.
///
/// # Errors
/// When it would not, with each reason; and when that cannot be looked at.
pub(super) async fn can_be_given(cluster: &Cluster, config: &Config) -> Result<()> {
    if !config.dns.has_inside_names() {
        return Ok(());
    }
    let in_system = |kind| Key { kind, namespace: Some(SYSTEM.to_owned()), name: COREDNS.to_owned() };
    let (settings, deployment, custom) =
        (in_system(&kind::CONFIG_MAP), in_system(&kind::DEPLOYMENT), inside_names::key());
    let (settings, deployment, custom) =
        tokio::try_join!(cluster.one(&settings), cluster.one(&deployment), cluster.one(&custom))?;
    let seen =
        CoreDns { settings: settings.as_ref(), custom: custom.as_ref(), deployment: deployment.as_ref() };
    refused(&seen.refusals(&inside_names::zones(config))).map_or(Ok(()), Err)
}

fn refused(refusals: &[Refusal]) -> Option<Error> {
    let first = refusals.first()?;
    let error = Error::usage("the names of `dns.hosts` and `dns.insideZones` cannot be given to pods");
    let error = refusals.iter().fold(error, |error, refusal| error.because(&refusal.why));
    Some(error.hint(&first.hint))
}
