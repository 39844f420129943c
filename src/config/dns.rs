//! Where the records go: the section `dns`, and how it is read.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::config::challenge_server::ChallengeServer;
use crate::config::fields::Fields;
use crate::config::inside::{self, InsideZone};
use crate::config::values::known;
use crate::config::yaml::Position;
use crate::config::{challenges, house, token};
use crate::facts::name_server;
use crate::facts::names::Host;
use crate::facts::providers::{Credential, Provider, ProviderFacts};
use crate::facts::server::HostPort;
use crate::facts::tsig::{self, Algorithm};

/// The time to live of a record, in seconds, where the provider takes it.
const TTL: u32 = 60;

/// What every guide and chart writes. external-dns 0.22 reads one prefix only, and its own default moved to
/// `external-dns.kubernetes.io/` with that version, which would silently drop the records of what people have.
const ANNOTATION_PREFIX: &str = "external-dns.alpha.kubernetes.io/";

/// The longest value of a label (Kubernetes API conventions).
const LABEL_VALUE_MAX: usize = 63;

/// Where the records go.
#[derive(Debug, Clone, PartialEq)]
pub struct Dns {
    /// Who hosts the zone.
    pub provider: Provider,
    /// The zone's name; found from the token by `up` when it is not given.
    pub zone: Option<Host>,
    /// Where the challenges are met, if not beside the names: the provider's zone, or a name in it; the names' own zone is not
    /// the provider's then. With [`Self::challenge_server`], that server's zone, and the provider's is that of the names.
    pub challenge_zone: Option<Host>,
    /// Who has that zone in the provider's place: a name server of the lab's own.
    pub challenge_server: Option<ChallengeServer>,
    /// Where its API or DNS server is; there only at a provider that needs it (`ProviderFacts::server`).
    pub server: Option<String>,
    /// The key that signs DNS updates; there only at a provider where challenges are written in that way.
    pub tsig: Option<Tsig>,
    /// Where the provider's credential lies; `$CREDENTIALS_DIRECTORY/dns-token` and the variable of its tools come first.
    pub token_file: Option<PathBuf>,
    /// Time to live of the records, in seconds.
    pub ttl: u32,
    /// Who owns the records (external-dns' TXT owner id) and the objects (label `app.kubernetes.io/instance`).
    pub owner: String,
    /// Whether the record of a removed service goes too.
    pub policy: Policy,
    /// The prefix of the annotations that external-dns reads.
    pub annotation_prefix: String,
    /// Whether each node answers for the domain in the house; always where the nodes are the provider.
    pub house_resolver: bool,
    /// Whether the names of services have records at the provider; never where the nodes are the provider.
    pub publish: bool,
    /// Further names, in order: those below the domain, and others, which pods alone are given.
    pub hosts: Vec<HouseHost>,
    /// Whether those below the domain have records at the provider, too.
    pub publish_hosts: bool,
    /// Whether pods are given these names by the cluster's own DNS.
    pub for_pods: bool,
    /// Zones that the cluster's DNS answers for, in order.
    pub inside_zones: Vec<InsideZone>,
}

/// A name of a machine in the house that is no service: a printer, a disk, a machine that one logs in to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HouseHost {
    /// Its whole name.
    pub name: Host,
    /// Where it is, sorted, each once; never empty.
    pub addresses: Vec<Ipv4Addr>,
}

/// The key that signs DNS updates, by everything but its secret, and where they go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tsig {
    /// Its name, in lower case, without the final dot.
    pub key: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The name server that takes updates.
    pub nameserver: HostPort,
}

/// What external-dns may do to the records that it owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Create, change and delete.
    Sync,
    /// Create and change, never delete.
    UpsertOnly,
}

/// Where each one of a list stands in the file.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Of [`Dns::hosts`].
    pub(super) hosts: Vec<Position>,
    /// Of [`Dns::inside_zones`].
    pub(super) zones: Vec<Position>,
}

/// Reads the section.
pub(super) fn read(fields: &mut Fields<'_>, domain: Option<&Host>) -> (Option<Dns>, Places) {
    fields.missing("provider", "who hosts the zone", Provider::default().facts().key);
    let provider = fields
        .parsed("provider", |text| known("provider", Provider::ALL, |provider| provider.facts().key, text));
    let needs = provider.unwrap_or_default().facts();
    let (challenge_zone, challenge_server) = challenges::read(fields, domain, provider.unwrap_or_default());
    let elsewhere = challenge_zone.as_ref().filter(|_| challenge_server.is_none());
    let zone = fields.parsed("zone", Host::parse);
    if let (Some(zone), Some(held)) = (&zone, elsewhere.or(domain))
        && !held.is_within(zone)
    {
        let place = fields.node("zone").map(|n| n.place);
        fields.problem(place, format!("`dns.zone`: `{held}` is not in the zone `{zone}`"), None);
    }
    let token_file = needs.credential.as_ref().and_then(|credential| token_file(fields, Some(credential)));
    let server = needs.server.as_ref().and_then(|server| {
        fields.missing("server", "where the server of this provider is", server.example);
        fields.parsed("server", |text| (server.check)(text).map(|()| text.to_owned()))
    });
    let tsig = needs.tsig.then(|| signing(fields, needs, server.as_deref()));
    let (shortest, longest) = (needs.shortest_ttl, needs.longest_ttl);
    let ttl = fields.int("ttl", shortest.into(), longest.into()).map(|n| n as u32);
    let owner = fields.parsed("owner", owner);
    let policy = fields.parsed("policy", |text| match text {
        "sync" => Ok(Policy::Sync),
        "upsert-only" => Ok(Policy::UpsertOnly),
        other => Err(format!("`{other}` is neither `sync` nor `upsert-only`")),
    });
    let annotation_prefix = fields.parsed("annotationPrefix", |text| {
        if text.ends_with('/') { Ok(text.to_owned()) } else { Err(format!("`{text}` must end with `/`")) }
    });
    let owner = match (owner, domain) {
        (Some(owner), _) => Some(owner),
        (None, Some(domain)) if domain.as_str().len() > LABEL_VALUE_MAX => {
            let help = "add `owner:` below `dns:`, and never change it".to_owned();
            fields.problem(
                None,
                "`dns.owner` is missing: the domain is too long for an owner id",
                Some(help),
            );
            None
        }
        (None, domain) => domain.map(|d| d.as_str().to_owned()),
    };
    let (zone_places, inside_zones): (Vec<_>, Vec<_>) =
        inside::read(fields, (domain, zone.as_ref())).into_iter().unzip();
    let house = house::read(
        fields,
        (domain, zone.as_ref(), &inside_zones),
        (provider.unwrap_or_default(), house::Elsewhere::of(domain, (elsewhere, challenge_zone.as_ref()))),
    );
    let (Some(provider), Some(owner)) = (provider, owner) else { return (None, Places::default()) };
    let (places, hosts) = house.hosts.into_iter().unzip();
    let dns = Dns {
        provider,
        zone,
        challenge_zone,
        challenge_server,
        server,
        tsig: tsig.flatten(),
        token_file,
        ttl: ttl.unwrap_or_else(|| TTL.clamp(shortest, longest)),
        owner,
        policy: policy.unwrap_or(Policy::Sync),
        annotation_prefix: annotation_prefix.unwrap_or_else(|| ANNOTATION_PREFIX.to_owned()),
        house_resolver: house.resolver,
        publish: house.publish,
        hosts,
        publish_hosts: house.publish_hosts,
        for_pods: house.for_pods,
        inside_zones,
    };
    (Some(dns), Places { hosts: places, zones: zone_places })
}

/// Updates go to port 53 of the server's host, unless another place is said.
fn signing(fields: &mut Fields<'_>, facts: &ProviderFacts, server: Option<&str>) -> Option<Tsig> {
    let named = match facts.nameserver {
        true => fields.parsed("nameserver", |text| HostPort::parse(text, name_server::PORT)),
        false => None,
    };
    let key = fields.parsed("tsigKey", |text| tsig::key_name(text).map_err(str::to_owned));
    let algorithm = fields.parsed("tsigAlgorithm", |text| {
        known("TSIG algorithm", Algorithm::ALL, |algorithm| algorithm.name(), text)
    });
    let beside = |server: &str| match HostPort::of_url(server) {
        Ok(api) => Ok(HostPort { port: name_server::PORT, ..api }),
        Err(_) => HostPort::parse(server, name_server::PORT),
    };
    Some(Tsig {
        key: key.unwrap_or_else(|| tsig::KEY_NAME.to_owned()),
        algorithm: algorithm.unwrap_or_default(),
        nameserver: named.or_else(|| beside(server?).ok())?,
    })
}

/// The path of a file with a credential, which is no credential itself.
pub(super) fn token_file(fields: &mut Fields<'_>, credential: Option<&Credential>) -> Option<PathBuf> {
    let (place, path) = fields.text("tokenFile")?;
    if token::is_one(&path) {
        let message = format!(
            "`{}` looks like the token itself, not like the path of a file",
            fields.path_of("tokenFile")
        );
        fields.secret(place, message, &token::into_a_file(credential), path);
        return None;
    }
    Some(path.into())
}

fn owner(text: &str) -> Result<String, String> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inside = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let fine = text.len() <= LABEL_VALUE_MAX
        && edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(inside);
    if fine { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a label value of Kubernetes")) }
}
