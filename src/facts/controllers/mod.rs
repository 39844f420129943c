//! The ingress controllers that homelab knows, with what several rooms have to know of each. What is particular to one beyond
//! that is in its folder of `ingress`.

mod nginx;
mod traefik;

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
    /// What has to be said to lead the internet to it, where its makers mend it no more.
    pub retired: Option<&'static str>,
    /// Where it runs.
    pub namespace: &'static str,
    /// The ConfigMap with its settings, in that namespace; `None` for one that has its settings as arguments.
    pub settings: Option<&'static str>,
    /// The entries of its settings by which it believes what a visitor says of his own address, and the one that names who may
    /// say so; without that one, everybody may.
    pub believes: (&'static [&'static str], &'static str),
    /// How its annotations begin.
    pub annotations: &'static str,
    /// Which of those it reads, without their beginning; `None` where that is not known.
    pub reads: Option<&'static [&'static str]>,
    /// What it does not read, or reads otherwise.
    pub differences: &'static [Difference],
    /// How the names of those go on that take a number or one word: a redacted bundle keeps their values.
    pub harmless: &'static [&'static str],
}

/// An annotation that a controller does not read as the one does for which it was made.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name, without the beginning.
    pub key: &'static str,
    /// The values with which it is read otherwise; every value if empty.
    pub values: &'static [&'static str],
    /// The annotation, with its value, beside which it is read as it should be.
    pub unless: Option<(&'static str, &'static str)>,
    /// Whether it keeps somebody or something out.
    pub guards: bool,
    /// What becomes of it.
    pub effect: &'static str,
    /// What to do.
    pub instead: &'static str,
}

/// What becomes of an annotation that a controller does not know at all.
const UNKNOWN: Difference = Difference {
    key: "",
    values: &[],
    unless: None,
    guards: false,
    effect: "it is ignored",
    instead: "correct its name, or remove it",
};

impl Difference {
    /// Whether nobody knows the annotation, as where its name is mistyped.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.key.is_empty()
    }
}

impl ControllerFacts {
    /// Whether its annotations were made for another controller, so that some are read otherwise.
    #[must_use]
    pub const fn reads_anothers(&self) -> bool {
        !self.differences.is_empty()
    }

    /// How it reads the annotation of that whole name and that value otherwise than it was meant, if it does; `beside` gives
    /// the value of another of its annotations.
    #[must_use]
    pub fn difference<'v>(
        &self,
        name: &str,
        value: &str,
        beside: impl Fn(&str) -> Option<&'v str>,
    ) -> Option<&'static Difference> {
        let (reads, key) = (self.reads?, name.strip_prefix(self.annotations)?);
        let other = |(key, value): (&str, &str)| beside(&format!("{}{key}", self.annotations)) == Some(value);
        let is = |one: &&Difference| {
            one.key == key
                && (one.values.is_empty() || one.values.iter().any(|known| known.eq_ignore_ascii_case(value)))
        };
        // A size of 0 bounds nothing anywhere.
        let of_table = self.differences.iter().find(is).filter(|one| !one.unless.is_some_and(other));
        let bounds_nothing = of_table.is_some_and(|one| one.unless.is_some()) && value == "0";
        match of_table {
            Some(_) if bounds_nothing => None,
            None if !reads.contains(&key) && !self.differences.iter().any(|one| one.key == key) => {
                Some(&UNKNOWN)
            }
            found => found,
        }
    }
}

/// The annotation by which an Ingress has more hosts than its rules, separated by commas; one that begins with `~` is a regular
/// expression (ingress-nginx v1.15.1, internal/ingress/annotations/alias).
pub const MORE_HOSTS: &str = "nginx.ingress.kubernetes.io/server-alias";

/// The header by which a browser keeps to HTTPS (RFC 6797).
pub const HSTS: &str = "Strict-Transport-Security";
/// The annotation that names a ConfigMap of the Ingress' own namespace with headers for the answer, without its beginning. A
/// controller refuses every request for an Ingress whose ConfigMap is not there, or has a header that its settings do not allow
/// (ingress-nginx v1.15.1, internal/ingress/annotations/customheaders/main.go; Traefik v3.7.13,
/// pkg/provider/kubernetes/ingress-nginx/build.go, `resolveCustomHeaders`). ingress-nginx reads it again only when the Ingress
/// changes (parser/main.go, `configmapAnnotations`).
pub const CUSTOM_HEADERS: &str = "custom-headers";
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
    "proxy-http-version",
    "proxy-read-timeout",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "proxy-ssl-secret",
    "proxy-ssl-server-name",
    "satisfy",
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

    /// The word of the one to change to from one that gets no more fixes.
    #[must_use]
    pub fn maintained() -> &'static str {
        let mut all = Self::ALL.iter().map(|one| one.facts());
        all.find(|facts| facts.retired.is_none()).map_or("", |facts| facts.key)
    }

    /// What several rooms have to know of it.
    #[must_use]
    pub const fn facts(self) -> &'static ControllerFacts {
        match self {
            Self::IngressNginx => &ControllerFacts {
                key: "ingress-nginx",
                retired: Some("ingress-nginx-is-retired"),
                namespace: "ingress-nginx",
                settings: Some("ingress-nginx-controller"),
                // ingress-nginx v1.15.1, rootfs/etc/nginx/template/nginx.tmpl (`real_ip_header`), and its default of
                // `proxy-real-ip-cidr`.
                believes: (
                    &["use-forwarded-headers", "use-proxy-protocol", "enable-real-ip"],
                    "proxy-real-ip-cidr",
                ),
                annotations: NGINX,
                reads: Some(nginx::READS),
                differences: &[],
                harmless: HARMLESS,
            },
            Self::Traefik => &ControllerFacts {
                key: "traefik",
                retired: None,
                namespace: "traefik",
                settings: None,
                believes: (&[], ""),
                annotations: NGINX,
                reads: Some(traefik::READS),
                differences: traefik::DIFFERENCES,
                harmless: HARMLESS,
            },
            Self::Unmanaged => &ControllerFacts {
                key: "unmanaged",
                retired: None,
                namespace: "",
                settings: None,
                believes: (&[], ""),
                annotations: "",
                reads: None,
                differences: &[],
                harmless: &[],
            },
            #[cfg(test)]
            Self::Paper => &ControllerFacts {
                key: "paper",
                retired: None,
                namespace: "paper-system",
                settings: None,
                believes: (&[], ""),
                annotations: "paper.test/",
                reads: None,
                differences: &[],
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
