//! A question answered from all zones and domains, as a recursive resolver would.

use std::net::IpAddr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::lookup::{LONGEST_CHAIN, Lookup, View};
use super::outside::Outside;
use crate::state::zone::{Zone, is_within};

/// The zone that has authority over the name: the longest one above it.
pub(super) fn zone_of<'z>(zones: &'z [Zone], name: &str) -> Option<&'z Zone> {
    zones.iter().filter(|zone| is_within(name, &zone.name)).max_by_key(|zone| zone.name.len())
}

/// What a name server of the zones answers; None if it has no authority.
pub(super) fn authoritative(
    zones: &[Zone],
    outside: &Outside,
    proxy: &[IpAddr],
    name: &str,
    kind: RecordType,
) -> Option<Lookup> {
    if outside.is_server(name) {
        return outside.closest(name).map(|view| view.lookup(name, kind));
    }
    zone_of(zones, name).map(|zone| View::of_zone(zone, proxy).lookup(name, kind))
}

/// What a resolver finds when it follows every alias.
pub(super) fn recursive(
    zones: &[Zone],
    outside: &Outside,
    proxy: &[IpAddr],
    name: &str,
    kind: RecordType,
) -> Lookup {
    let mut answers = Vec::new();
    let mut name = name.to_owned();
    for _ in 0..LONGEST_CHAIN {
        let Some(view) = view_of(zones, outside, proxy, &name) else {
            break;
        };
        let mut step = view.lookup(&name, kind);
        answers.append(&mut step.answers);
        match step.onward.take() {
            Some(onward) => name = onward,
            None => return Lookup { answers, ..step },
        }
    }
    Lookup { rcode: ResponseCode::ServFail, answers: Vec::new(), authority: Vec::new(), onward: None }
}

/// A host of the configuration counts even inside a zone; otherwise the longest zone or domain does.
fn view_of<'a>(zones: &'a [Zone], outside: &'a Outside, proxy: &'a [IpAddr], name: &str) -> Option<View<'a>> {
    let domain = outside.closest(name);
    if outside.has_host(name) {
        return domain;
    }
    match (zone_of(zones, name), domain) {
        (Some(zone), Some(domain)) if domain.apex.len() > zone.name.len() => Some(domain),
        (Some(zone), _) => Some(View::of_zone(zone, proxy)),
        (None, domain) => domain,
    }
}
