//! cert-manager's manifest: a file that was given, or the pinned one, fetched once into a cache.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::config::Config;
use crate::desired::cert_manager;
use crate::error::{Error, Result};
use crate::facts::pins::pins;
use crate::net::download::{Pin, cached, fetch};

/// The cache of the unit, and of whoever has no home.
const SYSTEM_CACHE: &str = "/var/cache/homelab";
/// For the whole file of a megabyte.
const DEADLINE: Duration = Duration::from_secs(120);
/// Upstream's manifest has some 1.03 MB.
const MAX_BYTES: u64 = 16 << 20;
/// Names the file in place of the download, as `certManager.manifest` does.
const VARIABLE: &str = "HOMELAB_CERT_MANAGER_MANIFEST";

/// The documents of cert-manager's manifest; none if homelab does not install it. Its megabyte is hashed and read on another
/// thread, while this one hears what the cluster and the provider answer.
pub async fn cert_manager(config: &Config) -> Result<Option<Vec<Value>>> {
    if !config.cert_manager.manage {
        return Ok(None);
    }
    let given = given(config);
    let at_hand = beside(move || {
        let path = given.or_else(|| cached(&pin().ok()?, &cache()))?;
        Some(read(&path))
    });
    match at_hand.await? {
        Some(documents) => documents.map(Some),
        None => {
            let path = fetched().await?;
            beside(move || read(&path)).await?.map(Some)
        }
    }
}

/// What takes long without waiting for anything.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|error| Error::unfinished("cannot read cert-manager's manifest").because(error))
}

/// The same documents where they are at hand: nothing is fetched. None also when the file cannot be used.
pub fn at_hand(config: &Config) -> Option<Vec<Value>> {
    let path = given(config).or_else(|| {
        let pin = pin().ok()?;
        [cache(), PathBuf::from(SYSTEM_CACHE)].iter().find_map(|cache| cached(&pin, cache))
    });
    read(&path?).ok()
}

/// The version of the manifest that the configuration or the environment names in place of the pinned one; `None` where they name
/// none, it cannot be read, or it does not say its version.
pub fn given_version(config: &Config) -> Option<String> {
    let documents = read(&given(config)?).ok()?;
    cert_manager::version(&documents).map(str::to_owned)
}

fn given(config: &Config) -> Option<PathBuf> {
    let given = config.cert_manager.manifest.clone();
    given.or_else(|| std::env::var_os(VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from))
}

fn read(path: &Path) -> Result<Vec<Value>> {
    let unusable = |cause: String| {
        Error::unfinished(format!("cannot use cert-manager's manifest `{}`", path.display()))
            .because(cause)
            .hint("remove the file and run it again, or name another one with `certManager.manifest`")
    };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    cert_manager::parse(&text).map_err(unusable)
}

fn pin() -> Result<Pin> {
    let pin =
        pins().upstream("cert-manager").ok_or_else(|| Error::unfinished("cert-manager is not pinned"))?;
    Ok(Pin {
        url: pin.url.clone(),
        sha256: pin.sha256.clone(),
        file_name: format!("cert-manager-{}.yaml", pin.version),
        max_bytes: MAX_BYTES,
    })
}

async fn fetched() -> Result<PathBuf> {
    fetch(&pin()?, &cache(), DEADLINE).await.map_err(|error| {
        Error::unfinished("cannot download cert-manager's manifest").because(&error).hint(error.hint())
    })
}

/// systemd's `CacheDirectory=`, else the XDG cache, else a folder for all.
fn cache() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let own = |folder: PathBuf| folder.join("homelab");
    folder("CACHE_DIRECTORY")
        .or_else(|| folder("XDG_CACHE_HOME").map(own))
        .or_else(|| folder("HOME").map(|home| own(home.join(".cache"))))
        .unwrap_or_else(|| PathBuf::from(SYSTEM_CACHE))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_asked_over_the_network_goes_on_while_the_manifest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.yaml");
        let document = |n: usize| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a{n} }}\n");
        std::fs::write(&path, (0..1000).map(document).collect::<Vec<_>>().join("---\n")).unwrap();
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\ncertManager: {{ manifest: {} }}\n",
            path.display()
        );
        let config = crate::config::parse(&text).unwrap();
        let mut reading = Box::pin(cert_manager(&config));
        assert!(reading.as_mut().now_or_never().is_none(), "it keeps the thread until it is done");
        assert_eq!(reading.await.unwrap().map(|documents| documents.len()), Some(1000));
    }
}
