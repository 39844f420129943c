//! Faults on order: answers that a healthy internet would not give.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::zone::{Zone, is_within, plain};

/// A fault as the lab orders it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "target", rename_all = "lowercase")]
pub(crate) enum Order {
    Api(HttpFault),
    Files(HttpFault),
    Dns(DnsFault),
}

/// An HTTP answer instead of the real one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpFault {
    pub(crate) method: Option<String>,
    /// With or without `/client/v4`.
    pub(crate) path_prefix: Option<String>,
    pub(crate) status: u16,
    pub(crate) code: Option<u32>,
    pub(crate) message: Option<String>,
    pub(crate) retry_after: Option<u32>,
    /// How many requests it meets; none means all.
    pub(crate) count: Option<u32>,
}

/// A DNS answer instead of the real one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DnsFault {
    pub(crate) mode: DnsMode,
    /// This name and all below it; none means every name.
    pub(crate) name: Option<String>,
    /// The server's address, with or without port; none means every server.
    pub(crate) server: Option<String>,
    pub(crate) count: Option<u32>,
}

/// What a faulty name server does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DnsMode {
    Nxdomain,
    Servfail,
    /// No answer at all.
    Drop,
    /// The zones as they were when the fault was ordered.
    Stale,
    /// As it is, but a zone has 1500 name servers more.
    Crowd,
}

/// The faults in force, in the order in which they were ordered.
#[derive(Default)]
pub(crate) struct Faults {
    active: Vec<Active>,
    last: u64,
}

struct Active {
    id: u64,
    order: Order,
    /// The zones as they were, for stale servers.
    snapshot: Vec<Zone>,
}

/// A fault with its number, for `GET /state`.
#[derive(Serialize)]
pub(crate) struct Listed<'a> {
    id: u64,
    #[serde(flatten)]
    order: &'a Order,
}

/// What to do with one DNS question.
pub(crate) enum DnsVerdict {
    Healthy,
    Nxdomain,
    Servfail,
    Drop,
    Stale(Vec<Zone>),
    Crowd,
}

/// Which HTTP server asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HttpServer {
    Api,
    Files,
}

impl Faults {
    pub(crate) fn add(&mut self, order: Order, zones: &[Zone]) -> u64 {
        self.last += 1;
        let stale = matches!(&order, Order::Dns(fault) if fault.mode == DnsMode::Stale);
        let snapshot = if stale { zones.to_vec() } else { Vec::new() };
        self.active.push(Active { id: self.last, order, snapshot });
        self.last
    }

    /// Ends the fault with this number, or all of them.
    pub(crate) fn remove(&mut self, id: Option<u64>) -> usize {
        let before = self.active.len();
        self.active.retain(|active| id.is_some_and(|id| id != active.id));
        before - self.active.len()
    }

    pub(crate) fn list(&self) -> Vec<Listed<'_>> {
        self.active.iter().map(|Active { id, order, .. }| Listed { id: *id, order }).collect()
    }

    /// The first fault that meets this request, counted.
    pub(crate) fn http(&mut self, server: HttpServer, method: &str, path: &str) -> Option<HttpFault> {
        let at = self.active.iter().position(|active| match (&active.order, server) {
            (Order::Api(fault), HttpServer::Api) | (Order::Files(fault), HttpServer::Files) => {
                fault.meets(method, path)
            }
            _ => false,
        })?;
        let (Order::Api(fault) | Order::Files(fault)) = self.active.get(at)?.order.clone() else {
            return None;
        };
        self.spend(at);
        Some(fault)
    }

    /// The first fault that meets this question, counted.
    pub(crate) fn dns(&mut self, server: SocketAddr, name: &str) -> DnsVerdict {
        let found = self.active.iter().enumerate().find_map(|(at, active)| match &active.order {
            Order::Dns(fault) if fault.meets(server, name) => Some((at, fault.mode, &active.snapshot)),
            _ => None,
        });
        let Some((at, mode, snapshot)) = found else {
            return DnsVerdict::Healthy;
        };
        let verdict = match mode {
            DnsMode::Nxdomain => DnsVerdict::Nxdomain,
            DnsMode::Servfail => DnsVerdict::Servfail,
            DnsMode::Drop => DnsVerdict::Drop,
            DnsMode::Stale => DnsVerdict::Stale(snapshot.clone()),
            DnsMode::Crowd => DnsVerdict::Crowd,
        };
        self.spend(at);
        verdict
    }

    fn spend(&mut self, at: usize) {
        let Some(active) = self.active.get_mut(at) else {
            return;
        };
        let (Order::Api(HttpFault { count, .. })
        | Order::Files(HttpFault { count, .. })
        | Order::Dns(DnsFault { count, .. })) = &mut active.order;
        let Some(left) = count else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.active.remove(at);
        }
    }
}

impl HttpFault {
    fn meets(&self, method: &str, path: &str) -> bool {
        let short = path.strip_prefix("/client/v4").unwrap_or(path);
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_prefix.as_deref().is_none_or(|p| path.starts_with(p) || short.starts_with(p))
    }
}

impl DnsFault {
    fn meets(&self, server: SocketAddr, name: &str) -> bool {
        let here = self.server.as_deref().is_none_or(|wanted| {
            wanted.parse::<SocketAddr>().is_ok_and(|address| address == server)
                || wanted.parse::<IpAddr>().is_ok_and(|address| address == server.ip())
        });
        here && self.name.as_deref().is_none_or(|wanted| is_within(name, &plain(wanted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: &str) -> Order {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_counted_fault_ends_by_itself() {
        let mut faults = Faults::default();
        faults.add(order(r#"{"target":"api","status":500,"path_prefix":"/zones","count":2}"#), &[]);
        let mut hit = || faults.http(HttpServer::Api, "GET", "/client/v4/zones").is_some();
        assert_eq!([hit(), hit(), hit()], [true, true, false]);
    }

    #[test]
    fn a_fault_meets_only_its_method_path_and_server() {
        let mut faults = Faults::default();
        faults.add(order(r#"{"target":"api","status":500,"method":"POST"}"#), &[]);
        assert!(faults.http(HttpServer::Api, "GET", "/client/v4/zones").is_none());
        assert!(faults.http(HttpServer::Files, "POST", "/x").is_none());
        assert!(faults.http(HttpServer::Api, "POST", "/client/v4/zones").is_some());
    }

    #[test]
    fn a_dns_fault_meets_a_name_and_everything_below_it_on_one_server() {
        let mut faults = Faults::default();
        faults.add(order(r#"{"target":"dns","mode":"drop","name":"a.test","server":"1.1.1.1"}"#), &[]);
        let mut drops =
            |server: &str, name: &str| matches!(faults.dns(server.parse().unwrap(), name), DnsVerdict::Drop);
        assert!(drops("1.1.1.1:53", "www.a.test"));
        assert!(!drops("1.1.1.1:53", "b.test"));
        assert!(!drops("8.8.8.8:53", "a.test"));
    }
}
