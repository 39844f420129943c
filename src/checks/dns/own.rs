//! The nodes' own name servers: that each answers for the domain and for nothing else, that the house's resolver passes questions
//! on to them, and that nobody in the internet has a name that is theirs alone.

use std::net::IpAddr;

use serde_json::Value;

use crate::checks::dns::public::said;
use crate::checks::dns::system::make;
use crate::checks::dns::{routers, shadowed};
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::pods::trouble;
use crate::evidence::dns::{AskError, Rcode, Reply};
use crate::evidence::pod::{Ended, all_containers, is_ready, unplaced};
use crate::evidence::{
    Evidence, HostSeen, HouseHostSeen, Listener, Lookup, OwnServer, OwnServersSeen, View, at,
};
use crate::facts::name_server::{CONTAINER, FILL, NAME, NAMESPACE, PORT};

/// Nothing where somebody else has the zone. The world is asked by `doctor` alone.
pub(super) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let Some(own) = &evidence.own_servers else { return Vec::new() };
    let lab_wide = |id, vantage, outcome| judged(id, Subject::default(), vantage, outcome);
    let mut found = Vec::new();
    if own.servers.is_empty() {
        let why =
            evidence.no_authoritative.clone().unwrap_or_else(|| "no node's name server was asked".to_owned());
        let of_zone = || Vantage::Authoritative("of the zone".to_owned());
        found.push(lab_wide(id::OWN_SERVER, of_zone(), Outcome::unknown(why.clone())));
        found.push(lab_wide(id::NO_RECURSION, of_zone(), Outcome::unknown(why)));
    }
    for server in &own.servers {
        let on_node = |id, outcome| {
            judged(id, Subject::node(&server.node), Vantage::Authoritative(server.node.clone()), outcome)
        };
        found.push(on_node(id::OWN_SERVER, answers(evidence, own, server)));
        found.push(on_node(id::NO_RECURSION, recursion(server)));
    }
    found.push(lab_wide(id::HOUSE_FORWARDS, Vantage::System, forwarding(evidence, own)));
    found.push(lab_wide(id::HOUSE_HOSTS, Vantage::Authoritative("of the zone".to_owned()), hosts(own)));
    if evidence.names.is_some() {
        let vantage = Vantage::PublicDns("any".to_owned());
        let outcome = match evidence.dns.is_on_nodes() {
            true => public_name(own),
            false => Outcome::skip("a provider hosts the zone"),
        };
        found.push(lab_wide(id::PUBLIC_NAME, vantage, outcome));
        found.push(lab_wide(id::SHADOWED, Vantage::Provider, shadowed::judge(evidence, own)));
    }
    found
}

fn answers(evidence: &Evidence, own: &OwnServersSeen, server: &OwnServer) -> Outcome {
    if server.has(&own.zone) {
        return Outcome::pass(format!("{} answers for `{}`", server.address.ip(), own.zone));
    }
    let (node, zone) = (&server.node, &own.zone);
    let look = command!("dig SOA {} @{} +norecurse", zone, server.address.ip().to_string());
    let summary = match &server.soa {
        Err(why) => format!("the name server of the node `{node}` does not answer: {why}"),
        Ok(_) => format!("something else than the lab's name server answers on port 53 of the node `{node}`"),
    };
    if let Some((who, cure, nixos)) = taken(evidence, server) {
        let cause = format!("port 53 of this node is taken by {who}");
        let finding = Finding::new(summary, cause, cure).look("sudo ss -lnup 'sport = :53'").look(look);
        return match nixos {
            Some(option) => finding.nixos(option),
            None => finding,
        }
        .into();
    }
    if let Some(finding) = of_pod(evidence, node, &summary) {
        return finding.look(command!("kubectl -n {} get pods -o wide", NAMESPACE)).look(look).into();
    }
    let (cause, fix) = match &server.soa {
        Ok(_) => (
            "another DNS server on the node has port 53: systemd-resolved, dnsmasq, Pi-hole or AdGuard Home",
            "let it listen on another address or port: `homelab doctor` on that node names it and its setting",
        ),
        Err(AskError::Timeout | AskError::Unreachable(_)) => (
            "a firewall on the node drops port 53, or the node is not reachable from here",
            "open UDP and TCP port 53 of the node for your LAN",
        ),
        Err(_) if serves(evidence, node) => (
            "its pod runs, so a firewall on the node rejects what comes to port 53 from here",
            "open UDP and TCP port 53 of the node for your LAN",
        ),
        Err(_) => (
            "nothing listens on port 53 of the node: its pod has not finished its first sync, or does not run",
            "wait a minute; then look at the pod",
        ),
    };
    Finding::new(summary, cause, fix)
        .look(command!("kubectl -n {} get pods -o wide", NAMESPACE))
        .look(look)
        .heals_soon()
        .into()
}

/// Who holds port 53, what helps, and the NixOS option for it; only where this machine is that node.
fn taken(evidence: &Evidence, server: &OwnServer) -> Option<(String, String, Option<String>)> {
    let machine = evidence.machine.as_ref()?;
    let own: &[IpAddr] = machine.addresses.as_deref()?;
    let address = server.address.ip();
    own.contains(&address).then_some(())?;
    let clashes = |listener: &&Listener| {
        let there = listener.address.ip();
        !listener.in_pod && (there.is_unspecified() || there == address)
    };
    let listener = machine.programs.get(&PORT)?.iter().find(clashes)?;
    let process = listener.process.as_deref().unwrap_or("another program");
    let (cure, nixos) = cure(process, address);
    Some((format!("`{process}`, which listens on {}", listener.address), cure, nixos))
}

/// The setting that leaves the node's own address to the lab. systemd-resolved(8) and resolved.conf(5): the stub is on 127.0.0.53
/// unless `DNSStubListenerExtra` says more; dnsmasq(8): `bind-interfaces` and `except-interface`; docs.pi-hole.net, FTL's
/// configuration: `dns.port`; AdGuard Home's wiki, Configuration: `dns.bind_hosts`; unbound.conf(5): `interface`.
fn cure(process: &str, address: IpAddr) -> (String, Option<String>) {
    match process {
        name if name.starts_with("systemd-resolve") => (
            format!(
                "remove `DNSStubListenerExtra` from `/etc/systemd/resolved.conf` (and from files in `/etc/systemd/resolved.conf.d`), so that \
                 it listens on 127.0.0.53 alone and leaves {address} free; then run `sudo systemctl restart systemd-resolved`"
            ),
            Some("services.resolved.settings.Resolve.DNSStubListenerExtra = [ ];".to_owned()),
        ),
        "dnsmasq" => (
            format!(
                "let it listen on other addresses only: in `/etc/dnsmasq.conf`, set `bind-interfaces` and `listen-address=127.0.0.1`, and \
                 restart it. If the house asks it at {address}, move it to another machine, and let it forward the domain here"
            ),
            Some("services.dnsmasq.settings = { bind-interfaces = true; listen-address = \"127.0.0.1\"; };".to_owned()),
        ),
        "pihole-FTL" => (
            "Pi-hole and the lab's name server both need port 53 of the house: run Pi-hole on another machine, or give it another address of \
             this one: in Settings, All settings, set `dns.listeningMode` to `BIND` and `dns.interface` to another interface"
                .to_owned(),
            None,
        ),
        "AdGuardHome" => (
            "AdGuard Home and the lab's name server both need port 53 of the house: run it on another machine, or in AdGuardHome.yaml set \
             `dns.bind_hosts` to another address of this one, and restart it"
                .to_owned(),
            Some("services.adguardhome.settings.dns.bind_hosts = [ \"127.0.0.1\" ];".to_owned()),
        ),
        "unbound" => (
            "in unbound.conf, set `interface: 127.0.0.1`, and restart it".to_owned(),
            Some("services.unbound.settings.server.interface = [ \"127.0.0.1\" ];".to_owned()),
        ),
        _ => (format!("stop it, or let it listen on another address than {address}"), None),
    }
}

/// The pods of the name servers that stay.
fn pods(evidence: &Evidence) -> impl Iterator<Item = &Value> {
    let is_its = |pod: &&Value| {
        pod.namespace() == NAMESPACE && pod.label("app.kubernetes.io/name") == NAME && !pod.is_going()
    };
    evidence.objects("pods").unwrap_or_default().iter().filter(is_its)
}

fn pod<'e>(evidence: &'e Evidence, node: &str) -> Option<&'e Value> {
    pods(evidence).find(|pod| at(pod, "/spec/nodeName") == node)
}

/// Whether the kubelet reaches the server in the node's pod.
fn serves(evidence: &Evidence, node: &str) -> bool {
    pod(evidence, node).is_some_and(is_ready)
}

/// What keeps the node's pod from answering, as far as its status says.
fn of_pod(evidence: &Evidence, node: &str, summary: &str) -> Option<Finding> {
    evidence.objects("pods")?;
    let told = |cause: String, fix: &str| Some(Finding::new(summary, cause, fix).heals_soon());
    let Some(pod) = pod(evidence, node) else {
        let unplaced = pods(evidence).find(|pod| unplaced(pod).is_some());
        return match unplaced.and_then(|pod| trouble(evidence, pod)) {
            Some(trouble) => Some(trouble.finding()),
            None => told(
                format!("the node has no pod of the DaemonSet `{NAME}`"),
                "run `homelab up`, which installs it",
            ),
        };
    };
    let failed = all_containers(pod).filter(|container| container.running.is_none()).find_map(|container| {
        let ended = container.ended.or(container.before).filter(Ended::is_failure)?;
        Some((container.name, ended.message.trim()))
    });
    let last = |said: &str| said.lines().last().unwrap_or_default().to_owned();
    match failed {
        Some((CONTAINER, said))
            if said.contains("Address already in use") || said.contains("Unable to bind") =>
        {
            return told(
                format!("another program on the node holds port 53: {}", last(said)),
                "let it listen on another address or port: `homelab doctor` on that node names it and its setting",
            );
        }
        Some((FILL, said)) => {
            return told(
                format!("external-dns beside it could not write everything once: {}", last(said)),
                "run `homelab doctor --check k3s`: it needs the API server; it tries again by itself",
            );
        }
        _ => {}
    }
    if let Some(trouble) = trouble(evidence, pod) {
        return Some(trouble.finding());
    }
    if all_containers(pod).any(|container| container.name == CONTAINER && container.running.is_some()) {
        return None;
    }
    told(
        "its pod has not finished its first sync with the cluster: the server starts after that".to_owned(),
        "wait a minute",
    )
}

fn recursion(server: &OwnServer) -> Outcome {
    match &server.stranger {
        Ok(reply) if reply.rcode == Rcode::Refused => Outcome::pass("REFUSED for a name that is not its own"),
        Ok(_) => Finding::new(
            format!("port 53 of the node `{}` answers for names that are not the lab's", server.node),
            "it is not the lab's name server, which refuses them: another DNS server listens there",
            "let that server listen on another address or port",
        )
        .look(command!("dig example.com @{}", server.address.ip().to_string()))
        .into(),
        Err(why) => Outcome::unknown(format!("{}: {why}", server.address.ip())),
    }
}

fn forwarding(evidence: &Evidence, own: &OwnServersSeen) -> Outcome {
    let zone = &own.zone;
    if own.resolvers.is_empty() {
        return Outcome::unknown("this machine's resolvers were not asked");
    }
    if !own.servers.is_empty() && !own.servers.iter().any(|server| server.has(zone)) {
        return Outcome::Blocked { by: id::OWN_SERVER };
    }
    let missing: Vec<&Lookup> = own.resolvers.iter().filter(|lookup| !own.is_asked_by(lookup)).collect();
    let Some(first) = missing.first() else {
        let all: Vec<&str> = own.resolvers.iter().map(|lookup| lookup.server.as_str()).collect();
        return Outcome::pass(format!("{} knows `{zone}` by the nodes", all.join(", ")));
    };
    let said = match &first.result {
        Err(_) if own.has_gap() => return Outcome::Blocked { by: id::OWN_SERVER },
        Err(why) => why.to_string(),
        Ok(reply) => match reply.rcode {
            Rcode::NxDomain => "\"no such name\" (NXDOMAIN)".to_owned(),
            Rcode::NoError => "name servers of somebody else, or none".to_owned(),
            other => format!("{other:?}").to_uppercase(),
        },
    };
    let (cause, matters) = weight(evidence, own);
    let make = make(evidence, &first.server);
    let addresses: Vec<IpAddr> = own.servers.iter().map(|server| server.address.ip()).collect();
    let finding = Finding::new(
        format!("{} does not pass `{zone}` on to the nodes: it answers {said}", first.server),
        cause,
        routers::forwarding(make, zone, &addresses),
    )
    .look(command!("dig NS {} @{}", zone, first.server));
    match missing.len() < own.resolvers.len() || !matters {
        true => finding.only(crate::checks::engine::Severity::Warning),
        false => finding,
    }
    .into()
}

/// Why it matters that a resolver does not ask the nodes, and whether names fail for it now: while public DNS has them as well, they
/// may well resolve.
fn weight(evidence: &Evidence, own: &OwnServersSeen) -> (&'static str, bool) {
    let fails = |seen: &HostSeen| !matches!(&seen.system, None | Some(Ok(_)));
    match own.alone {
        true => (
            "only the nodes know these names, and the router (or what else answers DNS in this house) has not been told to ask them",
            true,
        ),
        false => (
            "the router (or what else answers DNS in this house) has not been told to ask the nodes: names come from public DNS, stop when the internet \
             does, and DNS rebinding protection may drop them",
            evidence.hosts.values().any(fails),
        ),
    }
}

/// Whether each node has each of the further names.
fn hosts(own: &OwnServersSeen) -> Outcome {
    if own.hosts.is_empty() {
        return Outcome::skip("`dns.hosts` has no names");
    }
    let asked = own.hosts.iter().flat_map(|host| host.seen.iter().map(move |lookup| (host, lookup)));
    // Another program at that place is told of by the check of the servers.
    let is_its = |lookup: &Lookup| {
        own.servers.iter().any(|server| server.node == lookup.server && server.has(&own.zone))
    };
    let asked = asked.filter(|(_, lookup)| is_its(lookup));
    let heard = asked.filter_map(|(host, lookup)| Some((host, lookup, lookup.result.as_ref().ok()?)));
    let heard: Vec<(&HouseHostSeen, &Lookup, &Reply)> = heard.collect();
    let Some((host, lookup, reply)) = heard.iter().find(|(host, _, reply)| reply.addresses() != host.wanted)
    else {
        return match heard.is_empty() {
            true => Outcome::unknown("no node's name server answers"),
            false => Outcome::pass(format!("{} of `dns.hosts` looked up", own.hosts.len())),
        };
    };
    let finding = Finding::new(
        format!("the node `{}` answers {} for `{}`, not {}", lookup.server, said(reply), host.name, list(&host.wanted)),
        "`homelab up` has not run since `dns.hosts` was changed, or the external-dns beside the node's name server has not written it yet",
        "run `homelab up`; if it has just run, wait a minute, then read that log",
    )
    .look(command!("kubectl -n {} logs daemonset/{} -c external-dns --tail=20", NAMESPACE, NAME))
    .heals();
    match own.servers.iter().find(|server| server.node == lookup.server) {
        Some(server) => {
            finding.look(command!("dig {} @{} +norecurse", host.name, server.address.ip().to_string()))
        }
        None => finding,
    }
    .into()
}

fn public_name(own: &OwnServersSeen) -> Outcome {
    let zone = &own.zone;
    let heard = own.public.iter().filter_map(|lookup| Some((lookup, lookup.result.as_ref().ok()?)));
    let heard: Vec<_> = heard.collect();
    let Some((lookup, reply)) = heard.iter().find(|(_, reply)| !reply.addresses().is_empty()) else {
        return match heard.is_empty() {
            true => Outcome::skip("no public resolver was asked, or none answers"),
            false => Outcome::pass(format!("public DNS has no address for `{zone}`")),
        };
    };
    Finding::new(
        format!("public DNS has {} for `{zone}` ({})", list(&reply.addresses()), lookup.server),
        "somebody uses this name in the internet: devices that do not ask your router, such as phones on the road, are led there",
        "use `home.arpa`, a name below `internal`, or a domain of your own that has no address there",
    )
    .look(command!("dig {} @{}", zone, lookup.server))
    .into()
}
