//! What one zone says about a name: RFC 1034 section 4.3.2, with RFC 4592 for wildcards.

use std::net::IpAddr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Record as WireRecord, RecordType};

use super::rdata;
use crate::state::record::{Facts, Kind, Record};
use crate::state::zone::{Zone, is_within};

/// CNAMEs that are followed before a chain counts as a loop.
pub(super) const LONGEST_CHAIN: usize = 8;

/// A zone as the lookup sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(super) apex: &'a str,
    pub(super) serial: u32,
    pub(super) minimum: u32,
    pub(super) name_servers: &'a [String],
    pub(super) records: &'a [Record],
    /// The edge addresses, for proxied records.
    pub(super) proxy: &'a [IpAddr],
    /// Names that exist although this zone has no record for them: zones below it.
    pub(super) below: &'a [String],
}

/// An answer without the question round it.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    pub(crate) rcode: ResponseCode,
    pub(crate) answers: Vec<WireRecord>,
    pub(crate) authority: Vec<WireRecord>,
    /// A CNAME leads to this name outside the zone.
    pub(crate) onward: Option<String>,
}

impl<'a> View<'a> {
    pub(super) fn of_zone(zone: &'a Zone, proxy: &'a [IpAddr]) -> Self {
        Self {
            apex: &zone.name,
            serial: zone.serial,
            minimum: zone.soa_minimum,
            name_servers: &zone.name_servers,
            records: &zone.records,
            proxy,
            below: &[],
        }
    }

    /// The answer to a question for a name in this zone.
    pub(super) fn lookup(&self, name: &str, kind: RecordType) -> Lookup {
        self.follow(name, kind, true)
    }

    /// `flatten` is false while the target of an apex CNAME is sought: it may lead back to the apex.
    fn follow(&self, name: &str, kind: RecordType, flatten: bool) -> Lookup {
        let mut name = name.to_owned();
        let mut answers = Vec::new();
        for _ in 0..LONGEST_CHAIN {
            let Some(node) = self.node(&name) else {
                return self.negative(ResponseCode::NXDomain, answers);
            };
            if let Some(alias) = self.alias(&node, &name, kind) {
                answers.extend(rdata::wire(alias, &name));
                // Out of the zone, or below where it gives authority away.
                if !is_within(&alias.content, self.apex) || self.is_given_away(&alias.content) {
                    let onward = Some(alias.content.clone());
                    return Lookup { rcode: ResponseCode::NoError, answers, authority: Vec::new(), onward };
                }
                name.clone_from(&alias.content);
                continue;
            }
            let found = self.matching(&node, &name, kind, flatten);
            if found.is_empty() {
                return self.negative(ResponseCode::NoError, answers);
            }
            answers.extend(found);
            return Lookup { rcode: ResponseCode::NoError, answers, authority: Vec::new(), onward: None };
        }
        Lookup { rcode: ResponseCode::ServFail, answers: Vec::new(), authority: Vec::new(), onward: None }
    }

    /// The records at the name, or those of the wildcard that covers it; None if the name does not exist.
    fn node(&self, name: &str) -> Option<Vec<&'a Facts>> {
        if self.exists(name) {
            return Some(self.at(name));
        }
        let mut encloser = name;
        while let Some((_, parent)) = encloser.split_once('.') {
            encloser = parent;
            if self.exists(encloser) {
                break;
            }
        }
        let found = self.at(&format!("*.{encloser}"));
        (!found.is_empty()).then_some(found)
    }

    fn is_given_away(&self, name: &str) -> bool {
        let servers = self.records.iter().map(|record| &record.facts).filter(|facts| facts.kind == Kind::Ns);
        let mut below = servers.filter(|facts| facts.name != self.apex);
        below.any(|facts| is_within(name, &facts.name))
    }

    fn at(&self, name: &str) -> Vec<&'a Facts> {
        self.records.iter().map(|record| &record.facts).filter(|facts| facts.name == name).collect()
    }

    /// A name exists if it or a name below it has a record.
    fn exists(&self, name: &str) -> bool {
        name == self.apex
            || self.records.iter().any(|record| is_within(&record.facts.name, name))
            || self.below.iter().any(|other| is_within(other, name))
    }

    /// The CNAME that answers instead of the type that was asked for. Not for proxied names, nor at the apex:
    /// there Cloudflare answers with addresses.
    fn alias(&self, node: &[&'a Facts], name: &str, kind: RecordType) -> Option<&'a Facts> {
        if matches!(kind, RecordType::CNAME | RecordType::ANY) || name == self.apex {
            return None;
        }
        node.iter().find(|facts| facts.kind == Kind::Cname && !facts.proxied).copied()
    }

    fn matching(&self, node: &[&'a Facts], name: &str, kind: RecordType, flatten: bool) -> Vec<WireRecord> {
        if name == self.apex {
            match kind {
                RecordType::SOA => return vec![self.soa()],
                RecordType::NS => {
                    let servers = self.name_servers.iter();
                    return servers.map(|server| rdata::name_server(self.apex, server)).collect();
                }
                _ => {}
            }
        }
        let wants_address = matches!(kind, RecordType::A | RecordType::AAAA);
        if wants_address && let Some(proxied) = node.iter().find(|facts| facts.proxied) {
            let of_family = self.proxy.iter().filter(|a| a.is_ipv4() == (kind == RecordType::A));
            return of_family.map(|a| rdata::address(name, *a, rdata::ttl(proxied))).collect();
        }
        if wants_address
            && flatten
            && name == self.apex
            && let Some(alias) = node.iter().find(|facts| facts.kind == Kind::Cname)
        {
            return self.flatten(alias, name, kind);
        }
        node.iter()
            .filter(|facts| !facts.proxied)
            .filter_map(|facts| rdata::wire(facts, name))
            .filter(|record| kind == RecordType::ANY || record.record_type() == kind)
            .collect()
    }

    /// A CNAME at the apex is answered with the addresses of its target, if the zone knows them.
    fn flatten(&self, alias: &Facts, name: &str, kind: RecordType) -> Vec<WireRecord> {
        if !is_within(&alias.content, self.apex) {
            return Vec::new();
        }
        let mut found = self.follow(&alias.content, kind, false).answers;
        found.retain(|record| record.record_type() == kind);
        for record in &mut found {
            record.name = rdata::dns_name(name);
        }
        found
    }

    fn soa(&self) -> WireRecord {
        let primary = self.name_servers.first().map_or(self.apex, String::as_str);
        rdata::soa(self.apex, primary, self.serial, self.minimum)
    }

    fn negative(&self, rcode: ResponseCode, answers: Vec<WireRecord>) -> Lookup {
        Lookup { rcode, answers, authority: vec![self.soa()], onward: None }
    }
}
