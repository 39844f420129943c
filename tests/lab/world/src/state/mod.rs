//! Everything this world remembers, behind one lock.

pub(crate) mod fault;
pub(crate) mod log;
pub(crate) mod meter;
pub(crate) mod mint;
pub(crate) mod record;
pub(crate) mod token;
pub(crate) mod tunnel;
pub(crate) mod zone;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::config::Config;
use crate::dns::cache::NegativeCache;
use crate::dns::outside::Outside;
use fault::Faults;
use log::{Download, Log, QuerySeen, RequestSeen};
use meter::Meter;
use mint::Mint;
use token::Token;
use tunnel::Tunnel;
use zone::Zone;

/// The state and the switches that do not change while the program runs.
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Zones that another server has, and where it is.
    pub(crate) forwards: BTreeMap<String, SocketAddr>,
    /// Told once, by `POST /shutdown`.
    pub(crate) shutdown: Notify,
}

/// What can change.
pub(crate) struct World {
    pub(crate) zones: Vec<Zone>,
    /// By value.
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) tunnels: Vec<Tunnel>,
    pub(crate) outside: Outside,
    pub(crate) proxy_addresses: Vec<IpAddr>,
    pub(crate) flat_validation_errors: bool,
    pub(crate) cache: Option<NegativeCache>,
    pub(crate) meter: Meter,
    pub(crate) faults: Faults,
    pub(crate) requests: Log<RequestSeen>,
    pub(crate) queries: Log<QuerySeen>,
    pub(crate) downloads: Log<Download>,
    pub(crate) mint: Mint,
}

impl Shared {
    pub(crate) fn new(world: World, forwards: BTreeMap<String, SocketAddr>) -> Self {
        Self { world: Mutex::new(world), forwards, shutdown: Notify::new() }
    }

    /// The state. A panic elsewhere does not make it unreadable: every change is a single step.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// The world as configured, before anything happened.
    pub(crate) fn new(config: &Config) -> Self {
        let now = Timestamp::now();
        let zones: Vec<Zone> =
            config.zones.iter().map(|zone| Zone::from_config(zone, config.soa_minimum, now)).collect();
        let servers: Vec<IpAddr> = config.authoritative.iter().map(SocketAddr::ip).collect();
        Self {
            outside: Outside::new(&config.hosts, &zones, &servers),
            zones,
            tokens: config
                .tokens
                .iter()
                .map(|spec| (spec.value.clone(), Token::new(&spec.value, spec.grant.clone())))
                .collect(),
            proxy_addresses: config.proxy_addresses.clone(),
            tunnels: Vec::new(),
            flat_validation_errors: config.flat_validation_errors,
            cache: config.negative_cache.then(NegativeCache::default),
            meter: Meter::new(config.rate_limit),
            faults: Faults::default(),
            requests: Log::default(),
            queries: Log::default(),
            downloads: Log::default(),
            mint: Mint::new(now),
        }
    }
}
