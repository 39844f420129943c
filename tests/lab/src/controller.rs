//! Which ingress controller the lab's homelab installs.

use serde::{Deserialize, Serialize};

/// The ingress controller of the lab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Controller {
    /// ingress-nginx, which homelab installs unless told otherwise
    #[default]
    IngressNginx,
    /// Traefik 3.7.13 with its ingress-nginx provider; built when it is asked for
    Traefik,
}

impl Controller {
    /// As homelab's configuration has it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
            Self::Traefik => "traefik",
        }
    }

    /// A part of the page that it gives for a name which it does not know.
    pub(crate) const fn page(self) -> &'static str {
        match self {
            Self::IngressNginx => "<center>nginx</center>",
            Self::Traefik => "404 page not found",
        }
    }
}
