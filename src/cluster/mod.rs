//! The one place with a Kubernetes client.

mod access;
mod apply;
mod clock;
mod examine;
mod explain;
mod external_dns;
mod issuance;
mod log;
mod look;
mod ports;
mod renewal;
mod request;
mod scratch;
mod seen;
mod snapshot;
mod token;
mod wait;

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::error::{Error, Result};
use crate::verify::{ApiFailure, ApiFault, Failure};

pub use examine::{certificates, ingresses, nodes};
pub use issuance::Secrets;
pub use look::HostPortOwner;
pub use renewal::Renewal;
pub use scratch::Scratch;
pub use wait::Awaited;

/// How many requests are under way at once; each is a connection, since the client speaks HTTP/1.1.
const LANES: usize = 8;
/// How long one request may take.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);
/// Where k3s writes its kubeconfig (k3s docs, "Cluster Access").
const K3S_KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";

/// A cluster that can be asked.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    /// The API server's address, for messages.
    server: String,
    /// Where the kubeconfig lies, for messages.
    kubeconfig: PathBuf,
    /// The certificates that the kubeconfig brings.
    certificates: access::Certificates,
}

/// Why there is no client: the error, and its kind for judges.
pub struct Unconnected {
    error: Error,
    kind: ApiFault,
}

impl From<Unconnected> for Error {
    fn from(failed: Unconnected) -> Self {
        failed.error
    }
}

impl From<Unconnected> for ApiFailure {
    fn from(failed: Unconnected) -> Self {
        Self { kind: failed.kind, failure: Failure::from(&failed.error) }
    }
}

impl Cluster {
    /// Makes a client from `--kubeconfig`, `$KUBECONFIG`, `~/.kube/config` or k3s' own file, the first that exists.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When no kubeconfig is there, or it cannot be read or understood.
    pub async fn connect(given: Option<&Path>, context: Option<&str>) -> Result<Self, Unconnected> {
        let path = kubeconfig(given).map_err(|error| Unconnected { error, kind: ApiFault::Unnamed })?;
        if let Err(error) = std::fs::File::open(&path) {
            let failed =
                Error::unfinished(format!("cannot read the kubeconfig `{}`", path.display())).because(&error);
            return Err(match error.kind() {
                std::io::ErrorKind::PermissionDenied => Unconnected { kind: ApiFault::Unreadable, error: failed
                    .hint("run it with `sudo`, or let a group read it: `--write-kubeconfig-group` of k3s; never make it readable for all") },
                _ => Unconnected { kind: ApiFault::NotFound, error: failed.hint("name another file with `--kubeconfig FILE` or `$KUBECONFIG`") },
            });
        }
        let unusable = |error: &dyn std::fmt::Display| {
            let error = Error::unfinished(format!("cannot use the kubeconfig `{}`", path.display()))
                .because(error)
                .hint("try `kubectl --kubeconfig FILE version` with the same file");
            Unconnected { kind: ApiFault::Unusable, error }
        };
        let file = Kubeconfig::read_from(&path).map_err(|e| unusable(&e))?;
        let options =
            KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
        let mut config =
            kube::Config::from_custom_kubeconfig(file, &options).await.map_err(|e| unusable(&e))?;
        let agent = concat!("homelab/", env!("CARGO_PKG_VERSION"));
        config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(agent)));
        config.connect_timeout = Some(Duration::from_secs(5));
        let server = config.cluster_url.to_string();
        let certificates = access::Certificates::of(&config);
        let client = Client::try_from(config).map_err(|e| unusable(&e))?;
        Ok(Self { client, server, kubeconfig: path, certificates })
    }
}

fn kubeconfig(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    if let Some(path) = std::env::var_os("KUBECONFIG").filter(|p| !p.is_empty()) {
        let first = std::env::split_paths(&path).find(|p| !p.as_os_str().is_empty());
        return Ok(first.unwrap_or_else(|| path.into()));
    }
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config"));
    let places: Vec<PathBuf> = home.into_iter().chain([K3S_KUBECONFIG.into()]).collect();
    places.iter().find(|p| p.exists()).cloned().ok_or_else(|| {
        let looked: Vec<_> = places.iter().map(|p| format!("`{}`", p.display())).collect();
        Error::unfinished("there is no cluster to talk to")
            .because(format!("no kubeconfig at {}", looked.join(" or ")))
            .hint("is k3s running? `systemctl status k3s` says so; a kubeconfig elsewhere is named with `--kubeconfig FILE`")
    })
}

#[cfg(test)]
mod tests;
