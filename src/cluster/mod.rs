//! The one place with a Kubernetes client.

mod access;
mod addresses;
mod apply;
mod authority;
mod clock;
mod examine;
mod explain;
mod external_dns;
#[cfg(test)]
pub(crate) mod fake;
mod issuance;
mod kept;
mod log;
mod look;
pub(crate) mod members;
mod ports;
mod public_record;
mod reader;
mod reload;
pub(crate) mod remove;
mod renewal;
mod request;
mod room;
mod scratch;
mod secrets;
mod seen;
mod services;
mod snapshot;
mod survey;
mod token;
mod trial;
mod until;
mod wait;
mod way;

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::config::nearest;
use crate::error::{Error, Result};
use crate::evidence::{ApiFailure, ApiFault, Failure};

pub use addresses::WrittenAddresses;
pub use apply::Deleted;
pub use authority::signer;
pub use examine::{certificates, ingresses, nodes};
pub use issuance::Secrets;
pub use kept::{credential_in, secret_of};
pub use look::HostPortOwner;
pub use reader::Granted;
pub use renewal::Renewal;
pub use scratch::Scratch;
pub use seen::{certificate, ingress};
pub use services::{Offered, Port};
pub use survey::Kinds;
pub use trial::{MOST_NODES, Mark, Place};
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
    /// The same, and it asks once: of a pod or a node that is not reached, 503 is the answer.
    asking: Client,
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
    /// When no kubeconfig is there, or it cannot be read or understood; and when nothing proves that it is the API server
    /// that answers, unless `insecure` says that this is meant: it would be given the API token.
    pub async fn connect(
        given: Option<&Path>,
        context: Option<&str>,
        insecure: bool,
    ) -> Result<Self, Unconnected> {
        let path = kubeconfig(given).map_err(|error| Unconnected { error, kind: ApiFault::Unnamed })?;
        if let Err(error) = std::fs::File::open(&path) {
            let failed =
                Error::unfinished(format!("cannot read the kubeconfig `{}`", path.display())).because(&error);
            return Err(match error.kind() {
                std::io::ErrorKind::PermissionDenied => Unconnected { kind: ApiFault::Unreadable, error: failed
                    .hint("run it with `sudo`, or let a group read the file: `--write-kubeconfig-group` of k3s. Never make it readable for everyone") },
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
        if let Some(error) = context.and_then(|wanted| unknown_context(&file, wanted, &path)) {
            return Err(Unconnected { kind: ApiFault::Unusable, error });
        }
        let own = proxy_url(&file, context);
        let options =
            KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
        let mut config =
            kube::Config::from_custom_kubeconfig(file, &options).await.map_err(|e| unusable(&e))?;
        let agent = concat!("homelab/", env!("CARGO_PKG_VERSION"));
        config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(agent)));
        config.connect_timeout = Some(Duration::from_secs(5));
        let server = config.cluster_url.to_string();
        if let Some(why) = way::unproven(&config).filter(|_| !insecure) {
            return Err(Unconnected { kind: ApiFault::Unproven, error: unproven(&server, &path, why) });
        }
        let around = way::Surroundings::of_environment();
        config.proxy_url =
            way::proxy(&config.cluster_url, own.as_deref(), &around).map_err(|e| unusable(&e))?;
        let certificates = access::Certificates::of(&config);
        let (client, asking) = clients(config).map_err(|e| unusable(&e))?;
        Ok(Self { client, asking, server, kubeconfig: path, certificates })
    }
}

/// One that repeats what was answered with 429, 503 or 504, as kube does by itself (kube-client 5.0, `RetryPolicy::server_retry`:
/// up to fifteen times), and one that does not.
fn clients(config: kube::Config) -> kube::Result<(Client, Client)> {
    let mut asking = config.clone();
    asking.default_retry = false;
    Ok((Client::try_from(config)?, Client::try_from(asking)?))
}

/// What is told of a context that the kubeconfig does not have.
fn unknown_context(file: &Kubeconfig, wanted: &str, path: &Path) -> Option<Error> {
    let names: Vec<&str> = file.contexts.iter().map(|named| named.name.as_str()).collect();
    if names.contains(&wanted) {
        return None;
    }
    let error = Error::usage(format!("the kubeconfig `{}` has no context `{wanted}`", path.display()));
    Some(match (nearest(wanted, &names), names.as_slice()) {
        (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
        (None, []) => error.because("it has none at all"),
        (None, all) => error.hint(format!("its contexts: {}", all.join(", "))),
    })
}

/// The proxy that the kubeconfig has for the context's cluster.
fn proxy_url(file: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let context = context.or(file.current_context.as_deref())?;
    let named = file.contexts.iter().find(|named| named.name == context)?;
    let cluster = &named.context.as_ref()?.cluster;
    file.clusters.iter().find(|named| named.name == *cluster)?.cluster.as_ref()?.proxy_url.clone()
}

fn unproven(server: &str, path: &Path, why: &str) -> Error {
    Error::usage(format!("the API server `{server}` cannot be verified")).because(why).hint(format!(
        "in `{}`, write the address with `https://` and the server's `certificate-authority-data`, as k3s' own file has them. `--insecure-api-server` connects without verification, and sends the API token",
        path.display()
    ))
}

/// The kubeconfig that was named, by the flag or by `$KUBECONFIG`: there the first of its list.
fn named(given: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = given {
        return Some(path.to_owned());
    }
    let path = std::env::var_os("KUBECONFIG").filter(|p| !p.is_empty())?;
    let first = std::env::split_paths(&path).find(|p| !p.as_os_str().is_empty());
    Some(first.unwrap_or_else(|| path.into()))
}

/// Whether `$KUBECONFIG` names the one file that is used, wherever the next command is run, and whoever reads a printed command
/// has that variable: not so in the journal of a systemd unit (systemd.exec(5), `INVOCATION_ID`), nor behind sudo, which takes
/// variables away (sudoers(5), `env_reset`).
#[must_use]
pub fn is_in_variable(given: Option<&Path>) -> bool {
    let is_taken_away = ["SUDO_USER", "INVOCATION_ID"].iter().any(|name| std::env::var_os(name).is_some());
    let variable = std::env::var_os("KUBECONFIG").map(PathBuf::from);
    given.is_none()
        && !is_taken_away
        && variable.is_some_and(|path| path.is_absolute() && named(None) == Some(path))
}

/// Which kubeconfig a printed `kubectl` has to be told, and whether homelab needs to be told it, too. One that systemd gave
/// to a unit is gone when its report is read; the same cluster's own file stands in for it.
#[must_use]
pub fn told(given: Option<&Path>) -> Option<(PathBuf, bool)> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    if let Some(path) = named(given) {
        let passing = credentials.is_some_and(|folder| path.starts_with(folder));
        return Some(if passing { (K3S_KUBECONFIG.into(), false) } else { (path, true) });
    }
    kubeconfig(None).ok().filter(|path| path == Path::new(K3S_KUBECONFIG)).map(|path| (path, false))
}

fn kubeconfig(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named(given) {
        return Ok(path);
    }
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config"));
    let places: Vec<PathBuf> = home.into_iter().chain([K3S_KUBECONFIG.into()]).collect();
    places.iter().find(|p| p.exists()).cloned().ok_or_else(|| {
        let looked: Vec<_> = places.iter().map(|p| format!("`{}`", p.display())).collect();
        Error::unfinished("no cluster found")
            .because(format!("no kubeconfig at {}", looked.join(" or ")))
            .hint("check that k3s runs: `systemctl status k3s`; if the kubeconfig is somewhere else, name it with `--kubeconfig FILE`")
    })
}

#[cfg(test)]
mod tests;
