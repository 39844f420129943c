//! Tunnels: a way from the internet into the house that a program in the house opens outwards, so that no port of the router is
//! open and no public address is needed. Only some providers have them.

use futures::future::BoxFuture;

use crate::evidence::{Fault, Tunnel, TunnelRule, Zone};
use crate::facts::secret::Secret;

/// What is particular to a provider's tunnels.
#[derive(Debug)]
pub struct Tunnels {
    /// The program that opens one.
    pub connector: Connector,
    /// The name that the records of a tunnel's hosts lead to, by its id.
    pub target: fn(&str) -> String,
    /// What external-dns has to be told of such a record: annotations without their prefix.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Whether the free certificate at the provider's edge covers a host, by its zone.
    pub covers: fn(&str, &str) -> bool,
    /// Words about them.
    pub words: TunnelWords,
}

/// The program that opens a tunnel, as data: `desired::tunnel` makes its pods of it.
#[derive(Debug)]
pub struct Connector {
    /// What it is called.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
    /// The variable in which it reads its token.
    pub token: &'static str,
    /// The port of its health.
    pub port: i32,
    /// Where it says that the tunnel is open.
    pub ready: &'static str,
    /// Where it says that it runs, whether the tunnel is open or not.
    pub alive: &'static str,
    /// The ports of the provider that it speaks to, by TCP and by UDP.
    pub outward: (&'static [i32], &'static [i32]),
    /// Why it cannot open the tunnel, by its log: what it says, in lower case, with cause and fix.
    pub refusals: &'static [(&'static str, &'static str, &'static str)],
}

/// Words about a provider's tunnels.
#[derive(Debug)]
pub struct TunnelWords {
    /// Where people see and delete them, as it stands after "in".
    pub page: &'static str,
    /// What its free certificate covers, and what to do about a host that it does not.
    pub certificate: (&'static str, &'static str),
    /// What has to get through the firewall.
    pub outward: &'static str,
}

/// Which tunnel is meant.
#[derive(Debug, Clone, Copy)]
pub enum Which<'w> {
    /// The one with this id.
    Id(&'w str),
    /// The one with this name.
    Name(&'w str),
}

/// What a tunnel's connector shows, and what is in it.
#[derive(Debug, Clone)]
pub struct TunnelToken {
    /// The token.
    pub token: Secret,
    /// What the tunnel was made with; none where the token does not say.
    pub key: Option<Secret>,
}

/// The calls of the API. Deleted tunnels are none.
pub trait TunnelApi: Send + Sync {
    /// Looks for one.
    fn find<'a>(&'a self, zone: &'a Zone, which: Which<'a>) -> BoxFuture<'a, Result<Option<Tunnel>, Fault>>;
    /// Makes one with this name and key.
    fn make<'a>(
        &'a self,
        zone: &'a Zone,
        name: &'a str,
        key: &'a Secret,
    ) -> BoxFuture<'a, Result<Tunnel, Fault>>;
    /// What its connector shows.
    fn token<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<TunnelToken, Fault>>;
    /// Where it leads, without the last rule, by which every other host gets an error.
    fn rules<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<Vec<TunnelRule>, Fault>>;
    /// Sets where it leads.
    fn set_rules<'a>(
        &'a self,
        zone: &'a Zone,
        id: &'a str,
        rules: &'a [TunnelRule],
    ) -> BoxFuture<'a, Result<(), Fault>>;
    /// Ends its connections, those as well that nobody has ended.
    fn disconnect<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<(), Fault>>;
    /// Deletes it; off while it is still connected.
    fn delete<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<bool, Fault>>;
}
