//! The resolvers and search domains that pods inherit from this machine.

use std::net::IpAddr;

use crate::checks::engine::words::{list, quoted};
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::reading::{pod_resolv, told};
use crate::evidence::{Evidence, MachineSeen, Record, ResolvSeen, WildcardSeen};
use crate::facts::names::{is_within, without_wildcard};
use crate::provider::outside;

/// What k3s notes on the Node counts before what its files say here: it is merged, and of the start.
pub(super) fn resolv(evidence: &Evidence, machine: &MachineSeen, node: Option<&str>) -> Outcome {
    let Some(resolv) = &machine.resolv else {
        return Outcome::unknown("/etc/resolv.conf could not be read");
    };
    let noted = node.and_then(|node| told::of_node(evidence, node));
    let noted = noted.as_ref().and_then(told::Told::resolv_conf);
    if let Some(file) = noted.filter(|file| resolv.path.as_deref() != Some(*file)) {
        return Outcome::pass(format!("k3s gives pods `{file}`, as it was told when it started"));
    }
    if let Some(servers) = pod_resolv::of_ipv6_alone(evidence) {
        let finding = Finding::new(
            format!("all resolvers that pods get have IPv6 addresses: {servers}"),
            pod_resolv::NO_IPV6,
            format!(
                "give pods a file with a resolver that has an IPv4 address: {}",
                pod_resolv::steps(Some(machine))
            ),
        )
        .look("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf");
        return pod_resolv::with_options(finding, Some(machine)).into();
    }
    if let Some(path) = &resolv.path {
        return match resolv.told
            && !resolv.servers.is_empty()
            && resolv.servers.iter().all(IpAddr::is_loopback)
        {
            true => loopback(path, machine).into(),
            false if !resolv.unused.is_empty() => too_many(path, resolv).into(),
            false => Outcome::pass(format!("{} from `{path}`", list(&resolv.servers))),
        };
    }
    if let Some(server) = &resolv.zoned {
        let finding = Finding::new(
            format!("pods cannot use the machine's resolver `{server}`"),
            "it is a link-local IPv6 address, which the router hands out by DHCPv6 or router advertisements and which works on \
             that link of the machine alone; k3s does not take a file that has one, so pods ask 8.8.8.8, which does not know the \
             names of the house",
            format!("give pods a file of their own: {}", pod_resolv::steps(Some(machine))),
        )
        .look("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf");
        return pod_resolv::with_options(finding, Some(machine)).into();
    }
    let finding = Finding::new(
        format!("pods cannot use the machine's resolvers: {}", list(&resolv.servers)),
        "a resolver on the machine itself cannot be reached from a pod, so k3s gives pods 8.8.8.8 and 2001:4860:4860::8888, which do not know the names of the house",
        format!("give pods a file of their own: {}", pod_resolv::steps(Some(machine))),
    )
    .look("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf");
    pod_resolv::with_options(finding, Some(machine)).into()
}

/// Only good to know: what is asked works, or another finding says so (Kubernetes, "Debugging DNS Resolution": known issues).
fn too_many(path: &str, resolv: &ResolvSeen) -> Finding {
    let (asked, unused) = (list(&resolv.servers), list(&resolv.unused));
    let number = resolv.servers.len() + resolv.unused.len();
    Finding::new(
        format!("`{path}` names {number} resolvers, and only the first three are asked: {asked}"),
        format!("the C library uses three, and so does the kubelet for pods (\"Nameserver limits were exceeded\"): nobody ever asks {unused}, even if the others are down or do not know the names of the house"),
        "keep the three that matter, those of the house first: a router hands them out by DHCP and, for IPv6, by router advertisements and DHCPv6",
    )
    .look(command!("grep -n nameserver {}", path))
    .only(Severity::Info)
}

/// k3s does not look into a file that it was told.
fn loopback(path: &str, machine: &MachineSeen) -> Finding {
    Finding::new(
        format!("k3s was told to give pods `{path}`, whose resolvers are the machine itself: {}", list(&machine.resolv.as_ref().map(|resolv| resolv.servers.clone()).unwrap_or_default())),
        "inside a pod, that address is the pod itself, so CoreDNS forwards to itself",
        format!("write the router's address into `{path}`, or start k3s without `--resolv-conf`, and restart k3s (`sudo systemctl restart k3s`)"),
    )
    .look(command!("cat {}", path))
}

pub(super) fn search(evidence: &Evidence, machine: &MachineSeen) -> Outcome {
    let Some(resolv) = &machine.resolv else {
        return Outcome::unknown("/etc/resolv.conf could not be read");
    };
    if resolv.path.is_none() || resolv.search.is_empty() {
        return Outcome::skip("pods inherit no search domain");
    }
    let answers = |seen: &&WildcardSeen| seen.answer.as_ref().is_ok_and(|addresses| !addresses.is_empty());
    if let Some(seen) = machine.wildcards.iter().find(answers) {
        return wildcard(evidence, machine, seen);
    }
    if machine.wildcards.is_empty() {
        return Outcome::skip("no resolver was asked");
    }
    let unasked = machine.wildcards.iter().find_map(|seen| Some((seen, seen.answer.as_ref().err()?)));
    match unasked {
        Some((seen, why)) => Outcome::unknown(format!("`{}` could not be looked up: {why}", seen.asked)),
        None => {
            if let Some(domain) = soon(evidence, machine) {
                return comes(evidence, machine, domain).into();
            }
            let domains = quoted(machine.wildcards.iter().map(|seen| &seen.domain));
            Outcome::pass(format!("{domains} answers for no unknown name"))
        }
    }
}

/// The search domain that the lab's own wildcard record will answer for, where it is not in the zone yet.
fn soon<'m>(evidence: &Evidence, machine: &'m MachineSeen) -> Option<&'m str> {
    let own = evidence.wildcard.as_ref()?;
    let is_there = |record: &Record| record.name.eq_ignore_ascii_case(&own.name);
    let is_known = matches!(&evidence.provider, Some(Ok(seen)) if seen.records.iter().any(is_there));
    // Where the resolver asks the nodes, they know of no wildcard.
    if is_known || evidence.own_servers.is_some() {
        return None;
    }
    let mut domains = machine.wildcards.iter().map(|seen| seen.domain.as_str());
    domains.find(|domain| is_within(domain, without_wildcard(&own.name)))
}

fn comes(evidence: &Evidence, machine: &MachineSeen, domain: &str) -> Finding {
    let api = outside(evidence);
    let finding = Finding::new(
        format!("the wildcard record of the lab will answer for every name below the search domain `{domain}`"),
        format!(
            "pods other than homelab's look up `{api}.{domain}` before `{api}` (ndots:5), and with `records: wildcard` that name has the addresses \
             of the nodes: they would talk to the lab in place of the internet"
        ),
        format!(
            "give pods a file without `search {domain}`: {}; or leave `records` out",
            pod_resolv::steps(Some(machine))
        ),
    )
    .look("cat /etc/resolv.conf");
    pod_resolv::with_options(finding, Some(machine))
}

fn wildcard(evidence: &Evidence, machine: &MachineSeen, seen: &WildcardSeen) -> Outcome {
    let WildcardSeen { domain, asked, answer } = seen;
    let api = outside(evidence);
    let own = evidence.wildcard.as_ref().filter(|own| is_within(domain, without_wildcard(&own.name)));
    let remove = match own {
        Some(_) => "set `records: per-host` instead of `records: wildcard`".to_owned(),
        None => format!("remove the wildcard record `*.{domain}`"),
    };
    let addresses = answer.as_deref().map(list).unwrap_or_default();
    let finding = Finding::new(
        format!("any name below the search domain `{domain}` has the address {addresses}, even `{asked}`"),
        format!("pods look up `{api}.{domain}` before `{api}`, and a wildcard record answers: they then talk to the wrong server"),
        format!(
            "{remove}; or give pods a file without `search {domain}`: {}",
            pod_resolv::steps(Some(machine))
        ),
    )
    .look("cat /etc/resolv.conf");
    pod_resolv::with_options(finding, Some(machine)).into()
}
