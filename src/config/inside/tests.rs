use crate::config::{Config, Problem, ZoneSource, parse};

fn read(dns: &str, more: &str) -> Result<Config, Vec<Problem>> {
    parse(&format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns:\n  provider: cloudflare\n{dns}{more}"
    ))
}

fn zones(zones: &str) -> Result<Config, Vec<Problem>> {
    read(&format!("  insideZones:\n    - {zones}\n"), "")
}

/// What the problems say, with what helps.
fn said(read: Result<Config, Vec<Problem>>) -> String {
    let problems = read.map(|_| ()).unwrap_err();
    let one = |problem: &Problem| format!("{} ({})", problem.message, problem.help.as_deref().unwrap_or(""));
    problems.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn zones_are_forwarded_to_servers_of_the_house_or_read_from_a_file() {
    let config = read(
        "  insideZones:\n    - { zone: Lan., forward: 192.168.1.1 }\n    - { zone: k8s.intra, file: ./k8s.zone }\n    - { zone: a.lan, forward: ['10.0.0.1:5353', 10.0.0.1, 10.0.0.1] }\n",
        "",
    )
    .unwrap();
    let names: Vec<&str> = config.dns.inside_zones.iter().map(|zone| zone.zone.as_str()).collect();
    assert_eq!(names, ["a.lan", "k8s.intra", "lan"]);
    let ZoneSource::Forward(servers) = &config.dns.inside_zones[0].source else { panic!("a file") };
    assert_eq!(servers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1:5353", "10.0.0.1:53"]);
    let of = |name: &str| config.dns.inside_zone_of(name).map(|zone| zone.zone.as_str());
    assert_eq!((of("x.a.lan"), of("b.lan"), of("home.example.com")), (Some("a.lan"), Some("lan"), None));
}

#[test]
fn a_zone_that_cannot_be_is_refused_with_what_to_write() {
    for (zone, why) in [
        ("{ zone: lan }", "says nothing of where its names come from (add `file: ./k8s.intra.zone`"),
        ("{ zone: lan, forward: 10.0.0.1, file: x }", "has both `file` and `forward`"),
        ("{ forward: 10.0.0.1 }", "`dns.insideZones[0].zone` is missing"),
        ("{ zone: lan, forward: router.lan }", "`router.lan` is not an address"),
        ("{ zone: lan, forward: 127.0.0.1 }", "CoreDNS would ask itself"),
        ("{ zone: lan, forward: 0.0.0.0 }", "no machine's address"),
        ("{ zone: a_b, forward: 10.0.0.1 }", "is not the name of a zone"),
        ("{ zone: büro, forward: 10.0.0.1 }", "punycode"),
        ("{ zone: '*.lan', forward: 10.0.0.1 }", "is not the name of a zone"),
        ("{ zone: 10.0.0.1, forward: 10.0.0.1 }", "is an address"),
        ("{ zone: lan, forward: 10.0.0.1 }\n    - { zone: LAN, file: x }", "stands twice"),
        ("{ zone: cluster.local, forward: 10.0.0.1 }", "hides names of the cluster"),
        ("{ zone: local, forward: 10.0.0.1 }", "hides names of the cluster"),
        ("{ zone: qa.svc.cluster.local, file: x }", "hides names of the cluster"),
        ("{ zone: example.com, forward: 10.0.0.1 }", "hides `home.example.com`"),
        ("{ zone: home.example.com, forward: 10.0.0.1 }", "hides `home.example.com`"),
        ("{ zone: in-addr.arpa, forward: 10.0.0.1 }", "is everybody's"),
        ("{ zone: lan, server: 10.0.0.1, forward: 10.0.0.1 }", "unknown key"),
    ] {
        let told = said(zones(zone));
        assert!(told.contains(why), "{zone}: {told}");
    }
}

#[test]
fn a_zone_that_hides_a_service_from_pods_is_refused_and_one_beside_it_is_not() {
    let service = "services: { wiki: { local: 1, host: wiki.lab.home.example.com } }\n";
    let told = said(read("  insideZones: [{ zone: lab.home.example.com, forward: 10.0.0.1 }]\n", service));
    assert!(told.contains("hides `wiki.lab.home.example.com`, the name of `wiki`, from pods"), "{told}");
    assert!(read("  insideZones: [{ zone: lan.home.example.com, forward: 10.0.0.1 }]\n", service).is_ok());
}

#[test]
fn a_machine_elsewhere_is_for_pods_alone_and_needs_no_resolver_of_the_house() {
    let hosts = "  hosts: { nas.k8s.intra: 192.168.1.5, db.example.net.: 192.168.1.6, x.office: 10.0.0.1 }\n";
    let config =
        read(&format!("{hosts}  insideZones: [{{ zone: office, forward: 10.0.0.1 }}]\n"), "").unwrap();
    let names: Vec<&str> = config.dns.pod_hosts().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["db.example.net", "nas.k8s.intra", "x.office"]);
    assert_eq!(config.house_hosts().count(), 0, "the nodes answer for the domain alone");
    let told = said(read("  hosts: { nas.k8s.intra: 192.168.1.5 }\n  podHosts: false\n", ""));
    assert!(told.contains("nobody would answer for `nas.k8s.intra`"), "{told}");
}

#[test]
fn a_machine_in_the_domain_of_the_cluster_is_refused() {
    let told = said(read("  hosts: { kubernetes.default.svc.cluster.local.: 192.168.1.5 }\n", ""));
    assert!(told.contains("hides names of the cluster"), "{told}");
}

#[test]
fn pods_are_given_the_names_of_the_house_too_unless_it_is_said_otherwise() {
    let house = "  houseResolver: true\n  hosts: { printer: 192.168.1.9 }\n";
    assert!(read(house, "").unwrap().dns.has_inside_names());
    assert!(!read(&format!("{house}  podHosts: false\n"), "").unwrap().dns.has_inside_names());
    assert!(!read("", "").unwrap().dns.has_inside_names());
}

#[test]
fn a_name_that_is_in_the_file_and_among_the_machines_is_refused() {
    let mut config =
        read("  hosts: { db.lan: 10.0.0.1 }\n  insideZones: [{ zone: lan, file: x }]\n", "").unwrap();
    let told = config.take_zone("lan", "db A 10.0.0.2\n").unwrap_err();
    assert!(told[0].why.contains("`db.lan` is in the file and in `dns.hosts`"), "{told:?}");
    config.take_zone("lan", "nas A 10.0.0.2\n").unwrap();
    assert_eq!(config.records_of(&config.dns.inside_zones[0]).len(), 2);
}
