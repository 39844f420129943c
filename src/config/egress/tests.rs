use crate::config::{Config, Egress, Problem, parse};

const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";

fn read(more: &str) -> Result<Config, Vec<Problem>> {
    parse(&format!("{BASE}{more}"))
}

/// The list of a service, each goal as it is written.
fn goals(list: &str) -> Vec<String> {
    let config =
        read(&format!("services: {{ photos: {{ image: a/b, port: 80, egress: {list} }} }}\n")).unwrap();
    let Egress { goals } = config.services[0].egress.clone().unwrap();
    goals.iter().map(ToString::to_string).collect()
}

/// The one problem of a list: what it says, its hint, and its line and column.
fn refused(list: &str) -> (String, String, (usize, usize)) {
    let all = read(&format!("egress:\n  immich: {list}\n")).unwrap_err();
    assert_eq!(all.len(), 1, "{list}: {all:?}");
    let place = all[0].place.unwrap();
    (all[0].message.clone(), all[0].help.clone().unwrap(), (place.line as usize, place.column as usize))
}

#[test]
fn every_word_is_read_with_and_without_a_port() {
    let written = "[api.example.org, '*.Pool.NTP.org.:123/udp', '**.example.net:443', lan, 'lan:445/tcp', cluster, 'any:443', 192.168.1.5, '192.168.1.6:22', \
                   '10.1.0.0/16', '10.2.0.0/16:53/udp', 'fd00::/8', '[2001:db8::5]:443', '[2001:db8:1::/48]:443']";
    let read = [
        "api.example.org",
        "*.pool.ntp.org:123/udp",
        "**.example.net:443",
        "lan",
        "lan:445",
        "cluster",
        "any:443",
        "192.168.1.5/32",
        "192.168.1.6/32:22",
        "10.1.0.0/16",
        "10.2.0.0/16:53/udp",
        "fd00::/8",
        "2001:db8::5/128:443",
        "2001:db8:1::/48:443",
    ];
    assert_eq!(goals(written), read);
}

#[test]
fn a_list_of_one_may_be_a_word_none_has_no_goal_and_what_stands_twice_counts_once() {
    assert_eq!(goals("lan"), ["lan"]);
    assert!(goals("none").is_empty() && goals("[none]").is_empty());
    assert_eq!(goals("[lan, lan, a.example.org, A.example.org.]"), ["lan", "a.example.org"]);
}

#[test]
fn a_service_that_says_nothing_is_not_kept_in() {
    let config = read("services: { photos: { image: a/b, port: 80 } }\n").unwrap();
    assert_eq!((config.services[0].egress.clone(), config.egress.len()), (None, 0));
}

#[test]
fn a_namespace_has_its_own_list() {
    let config = read("egress: { immich: [lan], default: none }\n").unwrap();
    assert_eq!(config.egress.keys().collect::<Vec<_>>(), ["default", "immich"]);
    assert!(config.egress["default"].goals.is_empty() && !config.egress["immich"].has_names());
}

#[test]
fn what_cannot_be_read_is_refused_at_its_place_with_the_reason_and_what_to_write() {
    for (word, why, help) in [
        ("api.*.example.org", "a wildcard is the whole first label", "`**.` for one or more"),
        ("api*.example.org", "a wildcard is the whole first label", "`*.` stands for one label"),
        ("*", "is every name", "write `any`"),
        ("**", "is every name", "write `any`"),
        ("nas", "nor a whole name", "with its domain"),
        ("https://example.org", "is an address of a page", "the name alone"),
        ("a..example.org", "neither a name nor an address", "write `none`"),
        ("bücher.example.org", "beyond ASCII", "punycode"),
        ("example.org:0", "a port is a number from 1 to 65535, not `0`", "write"),
        ("example.org:65536", "from 1 to 65535, not `65536`", "write"),
        ("example.org:https", "from 1 to 65535, not `https`", "write"),
        ("example.org:53/sctp", "the protocol is `tcp` or `udp`, not `sctp`", "write"),
        ("example.org:53/UDP", "not `UDP`", "write"),
        (":443", "does not say to where", "write"),
        ("none:443", "`none` has no port", "write"),
        ("10.0.0.9/8", "the network is `10.0.0.0/8`", "write"),
        ("10.0.0.9/8:443", "the network is `10.0.0.0/8`", "write"),
        ("0.0.0.0/0", "every address there is|neither a name", "write"),
        ("2001:db8::5:x", "stands in brackets", "write"),
        ("127.0.0.1", "is the pod itself", "leave it out"),
        ("[::1]:443", "is the pod itself", "leave it out"),
        ("registry.qa.svc.cluster.local", "a name of the cluster itself", "write `cluster`"),
        ("registry.qa.svc", "a name of the cluster itself", "write `cluster`"),
        ("*.cluster.local:443", "a name of the cluster itself", "write `cluster`"),
    ] {
        let (message, hint, place) = refused(&format!("['{word}']"));
        assert!(why.split('|').any(|why| message.contains(why)), "{word}: {message}");
        assert!(message.starts_with("`egress.immich`: ") && hint.contains(help), "{word}: {message}: {hint}");
        assert_eq!(place, (5, 12), "{word}");
    }
}

#[test]
fn none_and_any_stand_alone() {
    assert!(refused("[none, lan]").0.contains("`none` stands beside other words"));
    assert!(refused("[lan, any]").0.contains("`any` stands beside other words"));
    assert_eq!(goals("['any:443', lan]"), ["any:443", "lan"], "one port of everything is a rule as others");
    assert!(refused("[]").0.contains("is empty, which says neither `none` nor `any`"));
}

#[test]
fn a_name_of_the_lab_itself_leads_into_the_cluster_and_is_no_rule_by_name() {
    for name in
        ["whoami.home.example.com", "*.home.example.com:443", "**.example.com", "photos.home.example.com"]
    {
        let text = format!("services: {{ photos: {{ image: a/b, port: 80, egress: ['{name}'] }} }}\n");
        let all = read(&text).unwrap_err();
        assert!(all[0].message.contains("the lab's own name of `"), "{name}: {all:?}");
        assert!(all[0].help.clone().unwrap().contains("write `cluster`") && all[0].place.is_some());
    }
    // A machine of the house, and other names of the zone.
    for name in ["nas.home.example.com", "*.www.home.example.com", "www.example.com", "*.example.com"] {
        let text = format!("services: {{ photos: {{ image: a/b, port: 80, egress: ['{name}'] }} }}\n");
        assert!(read(&text).is_ok(), "{name}");
    }
}

#[test]
fn what_is_no_program_in_the_cluster_has_no_pods_to_keep_in() {
    for backend in ["url: 'http://192.168.1.5'", "local: 8096"] {
        let all = read(&format!("services: {{ nas: {{ {backend}, egress: lan }} }}\n")).unwrap_err();
        assert!(all[0].message.contains("is no program in the cluster"), "{all:?}");
    }
    assert!(read("services: { a: { service: b/c, port: 1, egress: lan } }\n").is_ok());
}

#[test]
fn the_clusters_dns_and_homelabs_own_programs_are_not_cut_off() {
    for (namespace, why) in [
        ("kube-system", "own DNS runs"),
        ("ingress-nginx", "homelab's own"),
        ("homelab", "homelab's own"),
        ("A.b", "is not a namespace's name"),
    ] {
        let all = read(&format!("egress: {{ {namespace}: lan }}\n")).unwrap_err();
        assert!(all[0].message.contains(why), "{all:?}");
    }
    for namespace in ["kube-system", "cert-manager", "homelab"] {
        let text = format!("services: {{ a: {{ service: {namespace}/b, port: 1, egress: lan }} }}\n");
        let all = read(&text).unwrap_err();
        assert!(all[0].message.contains("which would lose what they need"), "{all:?}");
    }
    assert!(
        read("egress: { homelab-books: lan }\n").is_ok(),
        "a program that homelab runs is nobody's component"
    );
}
