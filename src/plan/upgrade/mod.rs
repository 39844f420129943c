//! What runs of each pin, and what this homelab brings in its place. Pure.

use serde_json::Value;

use crate::config::{Config, ROOT_PAGE, START_PAGE, WHOAMI};
use crate::desired::meta::VERSION;
use crate::desired::object::{Component, Key};
use crate::desired::service::NAMESPACE;
use crate::desired::{cert_manager, external_dns, kind, tunnel};
use crate::facts::pins::{Pins, pins};
use crate::facts::version::Version;
use crate::facts::{challenge_server, name_server, namespaces};
use crate::ingress::traits_of;
use crate::plan::skipped::Skip;
use crate::plan::{Snapshot, is_applied};

/// The key of the configuration that names another manifest of cert-manager.
const MANIFEST: &str = "certManager.manifest";

/// One pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is a part of, as people call that.
    pub component: &'static str,
    /// Its name in `manifests/pins.toml`.
    pub name: &'static str,
    /// What runs: the reference of an image, or the version of a manifest; `None` where homelab has installed none.
    pub runs: Option<String>,
    /// What the pin has in its place.
    pub brings: String,
    /// Where the project says what is new in it.
    pub notes: String,
    /// How the two stand to each other.
    pub state: State,
    /// What lies between them, where one cannot go from one to the other in one step.
    pub skip: Option<Skip>,
}

/// How what runs stands to what this homelab brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Both are the same.
    Same,
    /// The pin is newer.
    Newer,
    /// The pin is older: a newer homelab was here.
    Older,
    /// They differ, and no version says which one is newer: a rebuilt image, or one that the configuration named before.
    Other,
    /// The configuration names another one, which stays: by this key.
    Overridden(String),
    /// Nothing runs of it.
    Absent,
}

impl State {
    /// The word for it in documents.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Newer => "newer",
            Self::Older => "older",
            Self::Other => "other",
            Self::Overridden(_) => "overridden",
            Self::Absent => "absent",
        }
    }
}

impl Part {
    /// Whether `up` would put the pin in the place of what runs, and that is no way back.
    #[must_use]
    pub const fn is_due(&self) -> bool {
        matches!(self.state, State::Newer | State::Other)
    }
}

/// Every pin that this configuration uses. `manifest` is the version of the manifest that the configuration or the environment
/// names in place of the pinned one, if it says one.
pub fn parts(config: &Config, snapshot: &Snapshot, manifest: Option<&str>) -> Vec<Part> {
    let pins = pins();
    let other = manifest.filter(|given| Some(*given) != cert_manager::pinned());
    let images =
        homes(config).into_iter().filter_map(|home| image(pins, home, config, snapshot, other.is_some()));
    of_manifest(pins, config, snapshot, other.is_some()).into_iter().chain(images).collect()
}

/// Where an image runs.
#[derive(Clone)]
struct Home {
    component: &'static str,
    image: &'static str,
    workload: Key,
    /// Which of its containers.
    container: usize,
    /// The argument that names it, where it is not the container's own.
    argument: Option<&'static str>,
}

fn homes(config: &Config) -> Vec<Home> {
    let home = |component, image, kind, namespace: &str, name: &str| Home {
        component,
        image,
        workload: Key { kind, namespace: Some(namespace.to_owned()), name: name.to_owned() },
        container: 0,
        argument: None,
    };
    let mut homes = Vec::new();
    if config.cert_manager.manage {
        let of = Component::CertManager.name();
        let programs = cert_manager::PROGRAMS.iter();
        homes.extend(
            programs.map(|(name, image)| home(of, *image, &kind::DEPLOYMENT, cert_manager::NAMESPACE, name)),
        );
        let (name, image) = cert_manager::SOLVER;
        let solver = home(of, image, &kind::DEPLOYMENT, cert_manager::NAMESPACE, name);
        homes.push(Home { argument: Some(cert_manager::SOLVER_FLAG), ..solver });
    }
    let controller = traits_of(config.ingress.controller);
    if config.ingress.controller.is_managed() {
        homes.push(home(
            controller.name,
            controller.image,
            &kind::DAEMON_SET,
            controller.namespace,
            controller.workload,
        ));
    }
    if config.external_dns {
        let of = Component::ExternalDns.name();
        homes.push(home(of, "externalDns", &kind::DEPLOYMENT, external_dns::NAMESPACE, external_dns::NAME));
    }
    if config.house_zone().is_some() {
        let server = home(
            Component::NameServer.name(),
            "nameServer",
            &kind::DAEMON_SET,
            name_server::NAMESPACE,
            name_server::NAME,
        );
        homes.push(Home { image: "externalDns", container: 1, ..server.clone() });
        homes.push(server);
    }
    if config.dns.challenge_server.is_some() {
        let of = Component::ChallengeServer.name();
        homes.push(home(
            of,
            "challengeServer",
            &kind::DEPLOYMENT,
            challenge_server::NAMESPACE,
            challenge_server::NAME,
        ));
    }
    if tunnel::tunnels(config).is_some() {
        let of = Component::Tunnel.name();
        homes.push(home(of, "tunnel", &kind::DEPLOYMENT, namespaces::TUNNEL, of));
    }
    if config.whoami {
        homes.push(home(WHOAMI, "whoami", &kind::DEPLOYMENT, NAMESPACE, WHOAMI));
    }
    if config.start_page.is_some() {
        homes.push(home(START_PAGE, "startPage", &kind::DEPLOYMENT, NAMESPACE, START_PAGE));
    }
    if config.root_page.is_some() {
        let namespace = config.cert_manager.namespace.as_str();
        homes.push(home(ROOT_PAGE, "startPage", &kind::DEPLOYMENT, namespace, ROOT_PAGE));
    }
    homes
}

fn image(pins: &'static Pins, home: Home, config: &Config, snapshot: &Snapshot, other: bool) -> Option<Part> {
    let pin = pins.pinned(home.image)?;
    let live = live(snapshot, &home.workload);
    let container = live.map(|live| &live["spec"]["template"]["spec"]["containers"][home.container]);
    let runs = container.and_then(|container| match home.argument {
        None => container["image"].as_str(),
        Some(flag) => {
            let arguments = container["args"].as_array()?.iter().filter_map(Value::as_str);
            arguments.filter_map(|argument| argument.strip_prefix(flag)?.strip_prefix('=')).next_back()
        }
    });
    let key = match config.images.contains_key(home.image) {
        true => Some(format!("images.{}", home.image)),
        false => (other && home.component == Component::CertManager.name()).then(|| MANIFEST.to_owned()),
    };
    let versions = (runs.and_then(Version::of_image), Version::parse(&pin.tag));
    Some(part(home.component, home.image, runs, pin.reference(), pin.notes(), key, versions))
}

/// cert-manager's manifest: by the label of its oldest program, as an upgrade that was stopped leaves some behind.
fn of_manifest(pins: &'static Pins, config: &Config, snapshot: &Snapshot, other: bool) -> Option<Part> {
    let of = Component::CertManager.name();
    let pin = pins.upstream(of).filter(|_| config.cert_manager.manage)?;
    let version = |(name, _): &(&str, &str)| {
        let namespace = Some(cert_manager::NAMESPACE.to_owned());
        let key = Key { kind: &kind::DEPLOYMENT, namespace, name: (*name).to_owned() };
        live(snapshot, &key)?["metadata"]["labels"][VERSION].as_str()
    };
    let runs = cert_manager::PROGRAMS.iter().filter_map(version).min_by_key(|text| Version::parse(text));
    let key = other.then(|| MANIFEST.to_owned());
    let versions = (runs.and_then(Version::parse), Version::parse(&pin.version));
    Some(part(of, of, runs, pin.version.clone(), pin.notes(), key, versions))
}

fn live<'s>(snapshot: &'s Snapshot, key: &Key) -> Option<&'s Value> {
    snapshot.objects.get(key).filter(|live| is_applied(live))
}

fn part(
    component: &'static str,
    name: &'static str,
    runs: Option<&str>,
    brings: String,
    notes: String,
    key: Option<String>,
    versions: (Option<Version>, Option<Version>),
) -> Part {
    let state = match (runs, key, versions) {
        (None, ..) => State::Absent,
        (_, Some(key), _) => State::Overridden(key),
        (Some(runs), ..) if runs == brings => State::Same,
        (.., (Some(from), Some(to))) if from < to => State::Newer,
        (.., (Some(from), Some(to))) if from > to => State::Older,
        _ => State::Other,
    };
    let is_raised = component == Component::CertManager.name() && state == State::Newer;
    let skip = match versions {
        (Some(from), Some(to)) if is_raised => Skip::between(from, to),
        _ => None,
    };
    Part { component, name, runs: runs.map(str::to_owned), brings, notes, state, skip }
}

#[cfg(test)]
mod tests;
