use crate::config::{Config, Problem, parse};

const HEAD: &str = "domain: home.example.com\nemail: ada@lovelace.dev\n";
const DNS: &str = "dns: { provider: paper, server: drawer.test }\n";
const TWO: &str = "organisations:\n  globex: { namespaces: lab }\n  acme: { namespaces: [shop, office], tokenFile: /run/acme }\n";

fn read(more: &str) -> Result<Config, Vec<Problem>> {
    parse(&format!("{HEAD}{DNS}{TWO}{more}"))
}

fn service(entry: &str) -> Result<Config, Vec<Problem>> {
    read(&format!("services: {{ web: {{ {entry} }} }}\n"))
}

fn told(read: Result<Config, Vec<Problem>>) -> String {
    let problems = read.unwrap_err();
    problems
        .iter()
        .map(|one| format!("{} ({})\n", one.message, one.help.as_deref().unwrap_or_default()))
        .collect()
}

#[test]
fn each_has_a_zone_below_the_domain_and_its_services_get_their_names_there() {
    let config = service("service: shop/web, port: 80, organisation: acme").unwrap();
    let zones: Vec<_> = config.organisations.iter().map(|one| one.zone.as_str()).collect();
    assert_eq!(zones, ["acme.home.example.com", "globex.home.example.com"]);
    assert_eq!(config.services[0].hosts[0].as_str(), "web.acme.home.example.com");
    assert_eq!(config.organisation_in("office").unwrap().name, "acme");
    assert_eq!(config.organisation_of("a.b.globex.home.example.com").unwrap().name, "globex");
    assert!(config.organisation_of("whoami.home.example.com").is_none());
    let named =
        service("service: shop/web, port: 80, organisation: acme, hosts: [till, acme.home.example.com]");
    let hosts: Vec<_> = named.unwrap().services[0].hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["till.acme.home.example.com", "acme.home.example.com"]);
}

#[test]
fn an_organisation_without_right_to_the_namespace_is_refused_with_those_that_it_has() {
    for entry in ["service: lab/web, port: 80", "service: other/web, port: 80", "url: 'http://10.0.0.2'"] {
        let told = told(service(&format!("{entry}, organisation: acme")));
        assert!(
            told.contains("`services.web`: the organisation `acme` has no right to the namespace"),
            "{told}"
        );
        assert!(told.contains("office, shop"), "{told}");
    }
}

#[test]
fn a_service_of_the_lab_in_the_namespace_of_an_organisation_is_refused() {
    let told = told(service("service: shop/web, port: 80"));
    assert!(told.contains("`shop` belongs to the organisation `acme` (add `organisation: acme`)"), "{told}");
}

#[test]
fn a_name_in_the_zone_of_another_is_refused() {
    let of_acme =
        told(service("service: shop/web, port: 80, organisation: acme, host: web.home.example.com"));
    assert!(
        of_acme.contains("`web.home.example.com` is not in the zone `acme.home.example.com`"),
        "{of_acme}"
    );
    let of_lab = told(service("local: 1, host: a.acme.home.example.com"));
    assert!(of_lab.contains("lies in the zone of the organisation `acme`"), "{of_lab}");
    let name_alone = told(read("services: { acme: { local: 1 } }\n"));
    assert!(name_alone.contains("`acme.home.example.com` lies in the zone"), "{name_alone}");
}

#[test]
fn an_organisation_that_is_not_there_is_named_with_the_nearest_one() {
    let slip = told(service("service: shop/web, port: 80, organisation: acm"));
    assert!(slip.contains("there is no organisation `acm` (did you mean `acme`?)"), "{slip}");
    let other = told(service("service: shop/web, port: 80, organisation: initech"));
    assert!(other.contains("known organisations: acme, globex"), "{other}");
}

#[test]
fn a_namespace_is_of_one_organisation_and_of_no_program_of_the_lab() {
    for (entry, why) in [
        ("", "is missing: where the organisation's programs run"),
        ("namespaces: [lab]", "`lab` belongs to the organisation `globex`"),
        ("namespaces: [homelab]", "a namespace of homelab's own programs"),
        ("namespaces: [cert-manager]", "a namespace of homelab's own programs"),
        ("namespaces: [kube-system]", "is in every cluster"),
        ("namespaces: [Shop]", "not a namespace's name"),
    ] {
        let both = format!("organisations:\n  globex: {{ namespaces: lab }}\n  acme: {{ {entry} }}\n");
        let told = told(parse(&format!("{HEAD}{DNS}{both}")));
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_name_that_is_the_labs_own_gives_no_zone() {
    for (name, more, whose) in [
        ("whoami", "", "whoami"),
        ("start", "startPage: { host: start }\n", "startPage"),
        ("ca", "issuer: ca\n", "rootPage"),
    ] {
        let told =
            told(parse(&format!("{HEAD}{DNS}organisations: {{ {name}: {{ namespaces: x }} }}\n{more}")));
        assert!(told.contains(&format!("of `{whose}` lies in its zone `{name}.home.example.com`")), "{told}");
    }
    let long =
        told(parse(&format!("{HEAD}{DNS}organisations: {{ {}: {{ namespaces: x }} }}\n", "a".repeat(41))));
    assert!(long.contains("longer than 40"), "{long}");
    let dotted = told(parse(&format!("{HEAD}{DNS}organisations: {{ a.b: {{ namespaces: x }} }}\n")));
    assert!(dotted.contains("not a DNS label"), "{dotted}");
}

#[test]
fn what_would_let_one_touch_another_is_refused_with_the_reason() {
    for (dns, more, why) in [
        ("", "externalDns: { manage: false }\n", "reads the whole cluster"),
        (", houseResolver: true", "", "the nodes would answer for the whole domain"),
        (", challengeZone: acme.example.org", "", "meets its challenges in its own zone"),
        (", houseResolver: true, publish: false", "", "contradicts `dns.publish: false`"),
        ("", "records: wildcard\ncertificates: wildcard\n", "the wildcard of the domain would answer"),
    ] {
        let dns = format!("dns: {{ provider: paper, server: drawer.test{dns} }}\n");
        let told = told(parse(&format!("{HEAD}{dns}{TWO}{more}")));
        assert!(told.contains(why), "{told}");
    }
    let told = told(parse(&format!("{HEAD}dns: {{ provider: slate, server: wall.test }}\n{TWO}")));
    assert!(told.contains("`organisations` cannot work with `dns.provider: slate`"), "{told}");
    assert!(told.contains("`paper`"), "{told}");
}

#[test]
fn a_certificate_of_no_service_stays_in_the_zone_of_its_namespace() {
    let extra = |entry: &str| read(&format!("extraCertificates: [{{ {entry} }}]\n"));
    assert!(extra("namespace: shop, names: ['*.acme.home.example.com']").is_ok());
    assert!(extra("namespace: shop, names: [db.shop.svc.cluster.local], issuer: ca").is_ok());
    assert!(extra("namespace: qa, names: [db.home.example.com]").is_ok());
    let inside = told(extra("namespace: shop, names: [db.lab.svc.cluster.local], issuer: ca"));
    assert!(inside.contains("`db.lab.svc.cluster.local` is not in the zone"), "{inside}");
    let own = told(extra("namespace: shop, names: [db.home.example.com]"));
    assert!(own.contains("is not in the zone `acme.home.example.com` of the organisation `acme`"), "{own}");
    let other = told(extra("namespace: lab, names: [db.acme.home.example.com]"));
    assert!(other.contains("is not in the zone `globex.home.example.com`"), "{other}");
    let stranger = told(extra("namespace: qa, names: ['*.acme.home.example.com']"));
    assert!(stranger.contains("lies in the zone of the organisation `acme`"), "{stranger}");
}

#[test]
fn a_credential_in_place_of_its_file_is_not_quoted() {
    let token = "pprkey_0123456789abcdef0123456789abcdef";
    let told = told(parse(&format!(
        "{HEAD}{DNS}organisations: {{ acme: {{ namespaces: x, tokenFile: {token} }} }}\n"
    )));
    assert!(told.contains("`organisations.acme.tokenFile` looks like the token itself"), "{told}");
    assert!(!told.contains(token), "{told}");
}

#[test]
fn a_service_of_an_organisation_is_not_opened_to_the_internet() {
    let told = told(service(
        "service: shop/web, port: 80, organisation: acme, public: port, iKnow: ingress-nginx-is-retired",
    ));
    assert!(told.contains("`public` is not there for services of an organisation"), "{told}");
}
