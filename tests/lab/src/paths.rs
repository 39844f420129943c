//! Where the lab keeps things: a cache that outlives a run, and one folder for the run itself.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};

/// The sources of the lab itself: Go modules and image parts.
pub(crate) fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    let sources = sources();
    sources.ancestors().nth(2).unwrap_or(sources)
}

/// `~/.cache/homelab-lab`, or what `HOMELAB_LAB_CACHE` says.
#[derive(Clone, Debug)]
pub(crate) struct Cache(PathBuf);

impl Cache {
    pub(crate) fn find() -> Result<Self> {
        if let Some(set) = env::var_os("HOMELAB_LAB_CACHE") {
            let absolute = std::path::absolute(&set).context("HOMELAB_LAB_CACHE")?;
            return Ok(Self(absolute));
        }
        let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let base = base.or_else(|| env::home_dir().map(|home| home.join(".cache")));
        Ok(Self(base.context("neither HOMELAB_LAB_CACHE nor HOME is set")?.join("homelab-lab")))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn binaries(&self) -> PathBuf {
        self.0.join("bin")
    }

    pub(crate) fn images(&self) -> PathBuf {
        self.0.join("images")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.0.join("ca")
    }

    /// The root of the file server: what would be fetched from the internet.
    pub(crate) fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// Where the package is built as Nix builds it: its files, and cargo's target folder.
    pub(crate) fn package(&self) -> PathBuf {
        self.0.join("package")
    }

    /// Where `cargo lab dist` builds.
    pub(crate) fn dist(&self) -> PathBuf {
        self.0.join("dist")
    }

    /// Debian as it is installed, packed; and each one that a test has unpacked.
    pub(crate) fn roots(&self) -> PathBuf {
        self.0.join("roots")
    }

    pub(crate) fn run(&self) -> Run {
        Run(self.0.join("run"))
    }
}

/// Everything that belongs to one running lab and goes with it.
#[derive(Clone, Debug)]
pub(crate) struct Run(PathBuf);

impl Run {
    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("state.json")
    }

    /// One record for each daemon.
    pub(crate) fn processes(&self) -> PathBuf {
        self.path("processes")
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.path("logs").join(format!("{name}.log"))
    }

    pub(crate) fn pki(&self) -> PathBuf {
        self.path("pki")
    }

    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.path("kubeconfig").join(user)
    }

    /// Links to the programs that a person in a vantage point may want.
    pub(crate) fn programs(&self) -> PathBuf {
        self.path("bin")
    }

    pub(crate) fn node(&self, name: &str) -> PathBuf {
        self.path("nodes").join(name)
    }

    /// The lab's own CA and pebble's root: what a machine in this world trusts.
    pub(crate) fn trust(&self) -> PathBuf {
        self.path("trust.pem")
    }

    /// The API server's audit log, one JSON object per line.
    pub(crate) fn audit(&self) -> PathBuf {
        self.path("audit.log")
    }

    pub(crate) fn token(&self) -> PathBuf {
        self.path("cloudflare-token")
    }

    pub(crate) fn homelab_config(&self) -> PathBuf {
        self.path("homelab.yaml")
    }
}
