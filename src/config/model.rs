//! The configuration as the rest of the program sees it: checked, with every default filled in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::dns::Dns;
use crate::config::doctor::Notify;
use crate::config::egress::Egress;
use crate::config::extra::ExtraCertificate;
use crate::config::organisations::Organisation;
use crate::config::protect::Protect;
use crate::config::public::{Public, Way};
use crate::config::security::OwnEgress;
use crate::facts::controllers::Controller;
use crate::facts::names::Host;

/// What the user wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Every service is `<name>.<domain>` unless it says otherwise.
    pub domain: Host,
    /// The address of the ACME account; there wherever ACME is used.
    pub email: Option<String>,
    /// Where the records go.
    pub dns: Dns,
    /// Who signs the certificates of services that say nothing else, and those of homelab's own pages.
    pub issuer: Issuer,
    /// The ACME server.
    pub acme: Acme,
    /// One certificate per Ingress, or one for `*.<domain>`.
    pub certificates: Certificates,
    /// One record for each name, or one for all.
    pub records: super::Records,
    /// The ingress controller.
    pub ingress: Ingress,
    /// cert-manager.
    pub cert_manager: CertManager,
    /// Whether homelab installs one external-dns for the whole lab; not where each node's own name server has one beside it.
    pub external_dns: bool,
    /// Whether the demo service `whoami` is there.
    pub whoami: bool,
    /// The page with a line for each service, if there is one.
    pub start_page: Option<StartPage>,
    /// The name of the page that offers the root of the lab's own authority, without TLS: who opens it trusts nothing yet.
    pub root_page: Option<Host>,
    /// What holds for every service that is reached from the internet.
    pub public: Public,
    /// What people in the house use, in the order of their names.
    pub services: Vec<Service>,
    /// Where the pods of whole namespaces may connect to; everywhere in those that are not here.
    pub egress: BTreeMap<String, Egress>,
    /// Groups that share the cluster, in the order of their names.
    pub organisations: Vec<Organisation>,
    /// Where the programs may connect to that homelab installs itself.
    pub own_egress: OwnEgress,
    /// Certificates that belong to no service.
    pub extra_certificates: Vec<ExtraCertificate>,
    /// Image references that replace pinned ones, by the names in `manifests/pins.toml`.
    pub images: BTreeMap<String, String>,
    /// Deadlines.
    pub timeouts: Timeouts,
    /// The public resolvers that `verify` asks.
    pub public_resolvers: Vec<IpAddr>,
    /// Whom `doctor --notify` tells.
    pub notify: Notify,
}

/// Who signs a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Issuer {
    /// The ACME server: Let's Encrypt, or the one in `acme.server`.
    #[default]
    Acme,
    /// The lab's own certificate authority.
    Ca,
}

impl Issuer {
    /// Everybody who can sign.
    pub const ALL: [Self; 2] = [Self::Acme, Self::Ca];

    /// Its word in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acme => "acme",
            Self::Ca => "ca",
        }
    }
}

/// An ACME server, and how it is proven that the names are yours.
#[derive(Debug, Clone, PartialEq)]
pub struct Acme {
    /// Which server the services use.
    pub server: AcmeServer,
    /// PEM certificates that sign the ACME server's own, for a private one; its issuer trusts them.
    pub ca_file: Option<PathBuf>,
    /// Where cert-manager looks whether a challenge's record is there: `https://` (DNS over HTTPS) or `host:port`.
    pub recursive_nameservers: Vec<String>,
    /// A fixed wait in place of that look (`waitInsteadOfSelfCheck` of a solver, cert-manager 1.21).
    pub propagation_wait: Option<Duration>,
}

/// An ACME server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcmeServer {
    /// Let's Encrypt.
    Production,
    /// Let's Encrypt's staging environment: no browser trusts it, its limits are wide.
    Staging,
    /// Any other, by the address of its directory.
    Other(String),
}

/// How hosts get their certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificates {
    /// One for each service.
    PerHost,
    /// One for `*.<domain>`, served by default.
    Wildcard,
}

/// The ingress controller.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingress {
    /// Which one homelab installs; [`Controller::Unmanaged`] where one is there already.
    pub controller: Controller,
    /// Whose annotations the Ingresses get: its own, or those of the make that one which is there already is said to be of.
    pub dialect: Controller,
    /// The class of a controller that is there already.
    pub class: Option<String>,
    /// Whether Ingresses without a class are served too.
    pub default_class: bool,
    /// Entries for the controller's ConfigMap, over homelab's own.
    pub config: BTreeMap<String, String>,
}

/// cert-manager.
#[derive(Debug, Clone, PartialEq)]
pub struct CertManager {
    /// Whether homelab installs it.
    pub manage: bool,
    /// The namespace that it runs in; a ClusterIssuer's Secrets lie there.
    pub namespace: String,
    /// Upstream's manifest as a file, in place of the download.
    pub manifest: Option<PathBuf>,
}

/// The page with a line for each service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartPage {
    /// Its name.
    pub host: Host,
    /// Its heading.
    pub title: String,
    /// What it speaks.
    pub language: Language,
}

/// What the start page speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

/// One service of the house.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its key in the configuration; the name of its Ingress.
    pub name: String,
    /// The organisation that it is of; of the lab itself if none.
    pub organisation: Option<String>,
    /// Its host names, the first one being its own; never empty.
    pub hosts: Vec<Host>,
    /// Who signs its certificate.
    pub issuer: Issuer,
    /// What answers.
    pub backend: Backend,
    /// How nginx speaks to the backend.
    pub scheme: Scheme,
    /// What the start page says of it.
    pub description: Option<String>,
    /// What the start page has before its name: an emoji, or a letter or two.
    pub icon: Option<String>,
    /// The largest upload, in nginx's notation; `0` is no limit.
    pub max_body_size: String,
    /// How long a backend may be silent, in seconds.
    pub read_timeout: u32,
    /// What stands between a visitor and it.
    pub protect: Protect,
    /// By which way it is reached from the internet; only from the house if none.
    pub public: Option<Way>,
    /// Where its pods may connect to; everywhere if it does not say.
    pub egress: Option<Egress>,
    /// More annotations for the Ingress; they win over homelab's own.
    pub annotations: BTreeMap<String, String>,
}

/// What answers for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// A Service in the cluster.
    Cluster {
        /// Its namespace, which is the Ingress' too.
        namespace: String,
        /// Its name.
        service: String,
        /// Its port.
        port: u16,
    },
    /// An address outside the cluster.
    Address {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// A program that homelab runs in the cluster, from an image.
    Image {
        /// Its namespace, which is of nothing else.
        namespace: String,
        /// The image.
        image: String,
        /// The port that the program listens on.
        port: u16,
        /// The folder whose content outlives the program, as the program sees it.
        data: Option<String>,
    },
    /// A program on a node itself, beside the cluster.
    Local {
        /// The node; `None` where the cluster has one only.
        node: Option<String>,
        /// The port that the program listens on.
        port: u16,
    },
    /// A host name outside the cluster.
    Name {
        /// The name.
        name: Host,
        /// The port.
        port: u16,
    },
}

/// How nginx speaks to a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTPS; the backend's certificate is not checked, as ingress-nginx does by default.
    Https,
}

/// Deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For everything in the cluster to be ready.
    pub apply: Duration,
    /// For names and certificates to be seen from outside.
    pub verify: Duration,
}

/// Whom `verify` asks by default: Cloudflare's and Google's public resolvers.
pub const PUBLIC_RESOLVERS: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::new(1, 1, 1, 1)), IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 8, 8))];

/// The first label of the demo service.
pub const WHOAMI: &str = "whoami";

/// The name of the start page's objects.
pub const START_PAGE: &str = "start-page";

/// The name of the objects of the page that offers the root.
pub const ROOT_PAGE: &str = "root-page";

impl Config {
    /// Whether any name of a backend outside has to be looked up by the ingress controller.
    pub fn has_external_names(&self) -> bool {
        self.services.iter().any(|s| matches!(s.backend, Backend::Name { .. }))
    }

    /// Whether a service is a program on a node, whose address has to be looked up.
    pub fn has_local(&self) -> bool {
        self.services.iter().any(|s| matches!(s.backend, Backend::Local { .. }))
    }

    /// Whether a certificate is asked for at this one.
    pub fn uses(&self, issuer: Issuer) -> bool {
        self.issuer == issuer
            || self.services.iter().any(|service| service.issuer == issuer)
            || self.extra_certificates.iter().any(|extra| extra.issuer == issuer)
    }

    /// What is looked for at the provider: the zone that is named, else where the challenges are met, else the domain; its zone
    /// is found from it.
    pub fn zone_or_domain(&self) -> &Host {
        self.dns.zone.as_ref().or(self.dns.elsewhere()).unwrap_or(&self.domain)
    }

    /// What the names end in: the zone that is named where it is theirs, else the domain.
    pub fn zone_of_names(&self) -> &Host {
        self.dns.zone.as_ref().filter(|_| self.dns.elsewhere().is_none()).unwrap_or(&self.domain)
    }

    /// The zone that each node answers for in the house, if they do.
    pub fn house_zone(&self) -> Option<&Host> {
        match self.dns.provider.is_on_nodes() {
            true => Some(self.zone_or_domain()),
            // The rest of the provider's zone is no business of the nodes: they do not know what is in it.
            false => self.dns.house_resolver.then_some(&self.domain),
        }
    }

    /// Every host that should have a record, those of homelab's own first. All but that of the root's page have a certificate.
    pub fn hosts(&self) -> Vec<Host> {
        let services = self.services.iter().flat_map(|service| service.hosts.iter().cloned());
        self.own_hosts().into_iter().chain(services).collect()
    }

    /// Those of homelab's own.
    pub(super) fn own_hosts(&self) -> Vec<Host> {
        let page = self.start_page.iter().map(|page| page.host.clone());
        let demo = self.whoami.then(|| self.domain.child(WHOAMI));
        page.chain(demo).chain(self.root_page.clone()).collect()
    }

    /// Whether the host has a certificate.
    pub fn has_certificate(&self, host: &Host) -> bool {
        self.root_page.as_ref() != Some(host)
    }

    /// Where people find one of the hosts.
    pub fn url(&self, host: &Host) -> String {
        let scheme = if self.has_certificate(host) { "https" } else { "http" };
        format!("{scheme}://{host}/")
    }
}
