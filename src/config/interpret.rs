//! From the tree of a file to a [`Config`]: defaults and rules.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use crate::config::fields::{Fields, Problem, nearest};
use crate::config::model::{
    CertManager, Certificates, Config, Ingress, Issuer, PUBLIC_RESOLVERS, START_PAGE, Service, StartPage,
    Timeouts, WHOAMI,
};
use crate::config::values::{duration, email};
use crate::config::yaml::Node;
use crate::config::{
    Organisation, annotations, challenge_server, challenges, dns, doctor, egress, extra, house, ingress,
    inside, issuer, organisations, own_names, protect, public, records, root_page, security, service,
    start_page,
};
use crate::facts::names::{Host, is_label};
use crate::facts::network::Network;
use crate::facts::{namespaces, pins};

/// Reads the whole file.
pub(super) fn config(node: &Node) -> Result<Config, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut fields = Fields::new("", node, &mut problems);
    fields.missing("domain", "every service gets a name below it", "home.example.com");
    let domain = fields.parsed("domain", Host::parse);
    let email = fields.parsed("email", email);
    let (dns, places) = fields.section("dns", |f| dns::read(f, domain.as_ref()));
    let on_nodes = dns.as_ref().is_some_and(|dns| dns.provider.is_on_nodes());
    let can_prove = dns.as_ref().is_some_and(|dns| dns.challenge_server.is_some());
    let signs = fields.parsed("issuer", issuer::issuer).unwrap_or(issuer::default(on_nodes && !can_prove));
    let acme = fields.section("acme", issuer::acme);
    let certificates = fields.parsed("certificates", certificates).unwrap_or(Certificates::PerHost);
    let records = records::read(&mut fields);
    let ingress = fields.section("ingress", ingress::read);
    ingress::check(&mut fields, ingress.controller, certificates);
    let cert_manager = fields.section("certManager", cert_manager);
    let external_dns = fields.section("externalDns", |f| f.bool("manage"));
    let whoami = fields.bool("whoami").unwrap_or(true);
    let start_page = start_page::read(&mut fields, domain.as_ref());
    let lan = protect::lan(&mut fields);
    let public = public::read(&mut fields, &lan);
    let provider = dns.as_ref().map(|dns| dns.provider).unwrap_or_default();
    let organisations =
        organisations::read(&mut fields, (domain.as_ref(), provider), &cert_manager.namespace);
    let reads =
        Reads { domain: domain.as_ref(), ingress: &ingress, lan: &lan, organisations: &organisations };
    let mut services = services(&mut fields, &reads, (whoami, signs), start_page.as_ref());
    public::keep_in(&mut services, &public);
    let by_namespace = egress::by_namespace(&mut fields);
    let own_egress = fields.section("security", security::read);
    annotations::check(&mut fields, &ingress, &services);
    protect::check(&mut fields, &ingress, &services);
    // That of the names: where the challenges are met elsewhere, the provider's is none.
    let zone = dns.as_ref().filter(|dns| dns.elsewhere().is_none()).and_then(|dns| dns.zone.clone());
    let zone = zone.or_else(|| domain.clone().filter(|_| on_nodes));
    // Wherever a name is, a CNAME record can lead to the lab's own server.
    let names = (domain.as_ref(), zone.as_ref().filter(|_| !on_nodes && !can_prove));
    let others = (services.as_slice(), organisations.as_slice(), cert_manager.namespace.as_str());
    let extra_certificates = extra::read(&mut fields, names, signs, others);
    let signed = issuer::used(signs, &services, &extra_certificates);
    issuer::needs_email(&mut fields, &signed);
    let others = root_page::Others {
        signed: &signed,
        services: &services,
        page: start_page.as_ref(),
        dns: dns.as_ref(),
    };
    let root_page = root_page::read(&mut fields, domain.as_ref(), signs, &others);
    if on_nodes {
        own_names::check(&mut fields, domain.as_ref(), (&signed, can_prove), external_dns);
    }
    if let (Some(dns), Some(domain)) = (&dns, &domain) {
        let own = whoami.then(|| (domain.child(WHOAMI), WHOAMI));
        let page = start_page.iter().map(|page| (page.host.clone(), "startPage"));
        let of = |service: &Service| {
            service.hosts.iter().map(|host| (host.clone(), service.name.clone())).collect::<Vec<_>>()
        };
        let taken = own.into_iter().chain(page).map(|(host, name)| (host, name.to_owned()));
        let taken: Vec<_> = taken.chain(services.iter().flat_map(of)).collect();
        house::check(&mut fields, (dns, domain), (&taken, &places.hosts), external_dns);
        inside::check(&mut fields, dns, &taken, (&places.zones, &places.hosts));
        egress::check(&mut fields, &services, &by_namespace, &taken);
    }
    if let Some(dns) = &dns {
        public::check(&mut fields, (&services, &public), dns, (&ingress, external_dns));
        let ways = (ingress.controller, external_dns);
        records::check(&mut fields, records, dns, (certificates, signs), ways);
        let own = whoami.then_some(domain.as_ref()).flatten().map(|d| (d.child(WHOAMI), WHOAMI.to_owned()));
        let page = start_page.iter().map(|page| (page.host.clone(), "startPage".to_owned()));
        let root = root_page.iter().map(|host| (host.clone(), "rootPage".to_owned()));
        let hosts = dns.hosts.iter().map(|host| (host.name.clone(), "dns.hosts".to_owned()));
        let names = own.into_iter().chain(page).chain(root).chain(hosts).collect();
        let others = organisations::Others { dns, records, external_dns, names };
        organisations::check(&mut fields, &organisations, &others);
    }
    let images = images(&mut fields);
    let timeouts = fields.section("timeouts", timeouts);
    let public_resolvers = fields.section("verify", public_resolvers);
    let notify = fields.section("doctor", doctor::read);
    fields.finish();
    outside_of_zone(&services, start_page.as_ref(), zone.as_ref(), &mut problems);
    problems.sort_by_key(|p| p.place);
    let config = match (domain, dns) {
        (Some(domain), Some(dns)) if problems.is_empty() => Config {
            domain,
            email,
            dns,
            issuer: signs,
            acme,
            certificates,
            records,
            ingress,
            cert_manager,
            external_dns: external_dns.unwrap_or(true) && !on_nodes,
            whoami,
            start_page,
            root_page,
            public,
            services,
            egress: by_namespace,
            organisations,
            own_egress,
            extra_certificates,
            images,
            timeouts,
            public_resolvers,
            notify,
        },
        _ => return Err(problems),
    };
    let wrong = challenges::too_long(&config).or_else(|| challenge_server::same_port(&config));
    wrong.map_or(Ok(config), |problem| Err(vec![problem]))
}

fn certificates(text: &str) -> Result<Certificates, String> {
    match text {
        "per-host" => Ok(Certificates::PerHost),
        "wildcard" => Ok(Certificates::Wildcard),
        other => Err(format!("`{other}` is neither `per-host` nor `wildcard`")),
    }
}

fn cert_manager(fields: &mut Fields<'_>) -> CertManager {
    let (manage, own) = (fields.bool("manage").unwrap_or(true), namespaces::CERT_MANAGER);
    let namespace = fields.parsed("namespace", |text| {
        if is_label(text) { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a namespace's name")) }
    });
    if manage && let Some(given) = namespace.as_deref().filter(|n| *n != own) {
        let place = fields.node("namespace").map(|n| n.place);
        let help =
            "leave it out, or set `manage: false` to use a cert-manager that is already installed".to_owned();
        let message = format!("`certManager.namespace`: homelab installs into `{own}`, not `{given}`");
        fields.problem(place, message, Some(help));
    }
    let manifest = fields.text("manifest").map(|(_, path)| path.into());
    CertManager { manage, namespace: namespace.unwrap_or_else(|| own.to_owned()), manifest }
}

/// What a service is read with.
struct Reads<'a> {
    domain: Option<&'a Host>,
    ingress: &'a Ingress,
    lan: &'a [Network],
    organisations: &'a [Organisation],
}

fn services(
    fields: &mut Fields<'_>,
    reads: &Reads<'_>,
    (whoami, signs): (bool, Issuer),
    page: Option<&StartPage>,
) -> Vec<Service> {
    let Reads { domain, ingress, lan, organisations } = *reads;
    let mut taken: BTreeMap<Host, String> =
        page.iter().map(|page| (page.host.clone(), "startPage".to_owned())).collect();
    let demo = if whoami { domain.map(|d| d.child(WHOAMI)) } else { None };
    if let Some(demo) = demo
        && let Some(other) = taken.insert(demo.clone(), WHOAMI.to_owned())
    {
        let place = fields.node("startPage").map(|node| node.place);
        fields.problem(place, format!("both `{other}` and `{WHOAMI}` use the name `{demo}`"), None);
    }
    if let Some(page) = page.filter(|_| signs == Issuer::Ca) {
        let place = fields.node(issuer::START_PAGE).map(|node| node.place);
        issuer::refuse_outside(fields, domain, slice::from_ref(&page.host), (issuer::START_PAGE, place));
    }
    let mut found = Vec::new();
    for (key, node) in fields.entries("services") {
        if page.is_some() && key.name == START_PAGE {
            let message = format!("the start page has the name `{START_PAGE}`");
            let help = "choose another name; the one that people type can be given by `host`".to_owned();
            fields.problem(Some(key.place), message, Some(help));
        }
        let Some(service) = service::read(fields, (domain, signs), (ingress, lan), organisations, key, node)
        else {
            continue;
        };
        if service.issuer == Issuer::Ca {
            let path = format!("services.{}", service.name);
            issuer::refuse_outside(fields, domain, &service.hosts, (&path, Some(key.place)));
        }
        for host in &service.hosts {
            if let Some(other) = taken.insert(host.clone(), service.name.clone()) {
                let demo = other == WHOAMI && whoami;
                let help = demo.then(|| "set `whoami: false` to remove the demo service".to_owned());
                let message = format!("both `{other}` and `{}` use the name `{host}`", service.name);
                fields.problem(Some(key.place), message, help);
            }
        }
        found.push(service);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn outside_of_zone(
    services: &[Service],
    page: Option<&StartPage>,
    zone: Option<&Host>,
    problems: &mut Vec<Problem>,
) {
    let Some(zone) = zone else { return };
    let hosts = services.iter().flat_map(|s| &s.hosts).chain(page.map(|page| &page.host));
    let hosts: BTreeSet<_> = hosts.filter(|h| !h.is_within(zone)).collect();
    for host in hosts {
        let message = format!("`{host}` is not in the zone `{zone}`, so it cannot get a record there");
        problems.push(Problem::new(None, message, None));
    }
}

fn images(fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    let path = fields.path_of("images");
    let known: Vec<&str> = pins::pins().images.iter().map(|image| image.name.as_str()).collect();
    for (key, _) in fields.entries("images") {
        if !known.contains(&key.name.as_str()) {
            let help = nearest(&key.name, &known).map(|k| format!("did you mean `{k}`?"));
            let help = help.or_else(|| Some(format!("known images: {}", known.join(", "))));
            fields.problem(Some(key.place), format!("unknown key `{path}.{}`", key.name), help);
        }
    }
    fields.texts_by_name("images")
}

fn timeouts(fields: &mut Fields<'_>) -> Timeouts {
    let apply = fields.parsed("apply", duration);
    let verify = fields.parsed("verify", duration);
    let five_minutes = std::time::Duration::from_secs(300);
    Timeouts { apply: apply.unwrap_or(five_minutes), verify: verify.unwrap_or(five_minutes) }
}

fn public_resolvers(fields: &mut Fields<'_>) -> Vec<std::net::IpAddr> {
    let mut found = Vec::new();
    for (place, text) in fields.texts("publicResolvers") {
        match text.parse() {
            Ok(address) => found.push(address),
            Err(_) => {
                let message = format!("`verify.publicResolvers`: `{text}` is not an address");
                fields.problem(Some(place), message, None);
            }
        }
    }
    if found.is_empty() { PUBLIC_RESOLVERS.to_vec() } else { found }
}
