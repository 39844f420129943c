//! The ingress controllers that homelab knows, with what several rooms have to know of each. What is particular to one beyond
//! that is in its folder of `ingress`.

use serde::{Serialize, Serializer};

/// An ingress controller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Controller {
    /// ingress-nginx.
    #[default]
    IngressNginx,
    /// One that is there already, of whatever make (`ingress.manage: false`): nothing of it is homelab's.
    Unmanaged,
    /// Traefik, with its ingress-nginx provider.
    Traefik,
    /// A controller of the tests (see `ingress::paper`).
    #[cfg(test)]
    Paper,
}

/// What several rooms have to know of a controller.
#[derive(Debug, PartialEq, Eq)]
pub struct ControllerFacts {
    /// The value of `ingress.controller`.
    pub key: &'static str,
    /// Where it runs.
    pub namespace: &'static str,
    /// The ConfigMap with its settings, in that namespace; `None` for one that has its settings as arguments.
    pub settings: Option<&'static str>,
    /// How its annotations begin.
    pub annotations: &'static str,
    /// How the names of those go on that take a number or one word: a redacted bundle keeps their values.
    pub harmless: &'static [&'static str],
}

/// The annotations of ingress-nginx, which Traefik reads as well.
const NGINX: &str = "nginx.ingress.kubernetes.io/";
/// Those of them that take a number or one word.
const HARMLESS: &[&str] = &[
    "auth-secret",
    "auth-tls-secret",
    "backend-protocol",
    "default-backend",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "proxy-body-size",
    "proxy-buffering",
    "proxy-connect-timeout",
    "proxy-read-timeout",
    "proxy-send-timeout",
    "proxy-ssl-secret",
    "service-upstream",
    "ssl-passthrough",
    "ssl-redirect",
    "use-regex",
];

impl Controller {
    /// Every controller that `ingress.controller` may name.
    pub const ALL: &[Self] = &[
        Self::IngressNginx,
        Self::Traefik,
        #[cfg(test)]
        Self::Paper,
    ];

    /// Whether homelab installs it.
    #[must_use]
    pub const fn is_managed(self) -> bool {
        !matches!(self, Self::Unmanaged)
    }

    /// What several rooms have to know of it.
    #[must_use]
    pub const fn facts(self) -> &'static ControllerFacts {
        match self {
            Self::IngressNginx => &ControllerFacts {
                key: "ingress-nginx",
                namespace: "ingress-nginx",
                settings: Some("ingress-nginx-controller"),
                annotations: NGINX,
                harmless: HARMLESS,
            },
            Self::Traefik => &ControllerFacts {
                key: "traefik",
                namespace: "traefik",
                settings: None,
                annotations: NGINX,
                harmless: HARMLESS,
            },
            Self::Unmanaged => &ControllerFacts {
                key: "unmanaged",
                namespace: "",
                settings: None,
                annotations: "",
                harmless: &[],
            },
            #[cfg(test)]
            Self::Paper => &ControllerFacts {
                key: "paper",
                namespace: "paper-system",
                settings: None,
                annotations: "paper.test/",
                harmless: &["size"],
            },
        }
    }
}

impl Serialize for Controller {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.facts().key)
    }
}
