use serde_json::{Value, json};

use crate::config::parse;
use crate::desired::egress::{Placed, is_policy};
use crate::desired::object::Object;
use crate::desired::{Inputs, bundle};

const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\n";
const CLOUDFLARE: &str = "dns: { provider: cloudflare }\nsecurity: { egress: restricted }\n";
/// A lab with every program and every kind of service.
const ALL: &str = "dns: { provider: cloudflare, challengeZone: acme.home.example.com, challengeServer: 203.0.113.7 }\n\
                   security: { egress: restricted }\nissuer: acme\nstartPage: { host: start.home.example.com }\n\
                   ingress: { controller: traefik }\n\
                   services:\n  photos: { service: immich/immich-server, port: 2283 }\n  books: { image: a/b, port: 8083 }\n  \
                   nas: { url: 'https://192.168.1.5:5001' }\n  blog: { url: 'https://blog.example.org' }\n  films: { local: 8096 }\n";

fn node(address: &str) -> Value {
    json!({ "metadata": { "name": "pi" }, "spec": { "podCIDRs": ["10.42.0.0/24"] },
        "status": { "addresses": [{ "type": "InternalIP", "address": address }], "nodeInfo": { "kubeletVersion": "v1.36.3+k3s1" } } })
}

fn slice(address: &str, port: u16) -> Value {
    json!({ "metadata": { "namespace": "default", "name": "kubernetes" },
        "endpoints": [{ "addresses": [address] }], "ports": [{ "name": "https", "port": port }] })
}

fn placed(by_cilium: bool) -> Placed {
    Placed::of(&[], &[node("192.168.1.2")]).by_cilium(by_cilium).asking(&[slice("192.168.1.2", 6443)])
}

fn made(text: &str, placed: Option<&Placed>) -> Vec<Object> {
    let config = parse(&format!("{BASE}{text}")).unwrap();
    let inputs = Inputs { placed, ..Inputs::default() };
    bundle(&config, &inputs).objects.into_iter().filter(|object| is_policy(&object.key)).collect()
}

/// The rules of a program's policy.
fn rules(objects: &[Object], name: &str) -> Vec<Value> {
    let found = objects.iter().find(|object| object.key.name == format!("homelab-egress-{name}"));
    let found = found.unwrap_or_else(|| panic!("no policy of {name}"));
    found.body["spec"]["egress"].as_array().cloned().unwrap_or_default()
}

/// Whether a rule lets a connection to this port of this address through, as Kubernetes reads it.
fn lets(rules: &[Value], address: &str, port: u16) -> bool {
    let holds = |cidr: &Value| {
        let (text, address) = (cidr.as_str().unwrap(), address.parse().unwrap());
        text.ends_with("/0") && text.contains(':') != address_is_four(address)
            || crate::facts::network::Network::parse(text).is_ok_and(|one| one.holds(&address))
    };
    rules.iter().any(|rule| {
        let ports = rule["ports"].as_array();
        let of_port =
            ports.is_none_or(|all| all.iter().any(|one| one["port"] == port && one["protocol"] == "TCP"));
        of_port
            && rule["to"].as_array().unwrap().iter().any(|peer| {
                let block = &peer["ipBlock"];
                let except = block["except"].as_array().into_iter().flatten();
                block.is_object() && holds(&block["cidr"]) && !except.into_iter().any(holds)
            })
    })
}

fn address_is_four(address: std::net::IpAddr) -> bool {
    address.is_ipv4()
}

#[test]
fn every_program_renders_to_its_golden_file_by_address_and_by_name() {
    for (file, by_cilium) in [("own-egress.yaml", false), ("own-egress-cilium.yaml", true)] {
        let rendered: String = made(ALL, Some(&placed(by_cilium)))
            .iter()
            .map(|object| format!("---\n{}", serde_yaml::to_string(&object.body).unwrap()))
            .collect();
        let golden = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &rendered).unwrap();
        }
        let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
        let first = rendered.lines().zip(wanted.lines()).position(|(a, b)| a != b);
        assert!(
            rendered == wanted,
            "{golden} differs, first at line {first:?}; `UPDATE_GOLDEN=1 cargo test` accepts it"
        );
    }
}

#[test]
fn without_the_word_there_is_no_policy() {
    assert!(made("dns: { provider: cloudflare }\n", None).is_empty());
    assert!(made("dns: { provider: cloudflare }\nsecurity: { egress: any }\n", None).is_empty());
}

#[test]
fn each_program_has_a_policy_and_what_others_installed_has_none() {
    let names = |text: &str| {
        made(text, None)
            .iter()
            .map(|object| object.key.to_string())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let all = names(CLOUDFLARE);
    let wanted = [
        "NetworkPolicy cert-manager/homelab-egress-cainjector",
        "NetworkPolicy cert-manager/homelab-egress-cert-manager",
        "NetworkPolicy cert-manager/homelab-egress-webhook",
        "NetworkPolicy external-dns/homelab-egress-external-dns",
        "NetworkPolicy homelab/homelab-egress-whoami",
        "NetworkPolicy ingress-nginx/homelab-egress-ingress-nginx-controller",
    ];
    assert_eq!(all.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
    let theirs = names(&format!(
        "{CLOUDFLARE}whoami: false\ncertManager: {{ manage: false }}\nexternalDns: {{ manage: false }}\ningress: {{ manage: false, class: haproxy }}\n"
    ));
    assert!(theirs.is_empty(), "{theirs:?}");
}

#[test]
fn the_policies_choose_the_pods_of_the_programs_that_there_are() {
    let config = parse(&format!("{BASE}{ALL}")).unwrap();
    let objects = bundle(&config, &Inputs::default()).objects;
    let pods: Vec<&Value> =
        objects.iter().map(|object| &object.body["spec"]["template"]).filter(|pod| pod.is_object()).collect();
    let policies = objects
        .iter()
        .filter(|object| is_policy(&object.key) && object.key.namespace.as_deref() != Some("cert-manager"));
    let mut seen = 0;
    for policy in policies {
        let labels = policy.body["spec"]["podSelector"]["matchLabels"].as_object().unwrap();
        let has = |pod: &&&Value| labels.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value);
        let chosen: Vec<&&Value> = pods.iter().filter(has).collect();
        assert_eq!(chosen.len(), 1, "{} chooses {} programs", policy.key, chosen.len());
        assert!(chosen[0]["spec"]["hostNetwork"].is_null(), "{}: no policy is about such a pod", policy.key);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn nobody_but_the_ingress_controller_reaches_the_house() {
    let objects = made(CLOUDFLARE, Some(&placed(false)));
    for name in ["cert-manager", "webhook", "cainjector", "external-dns"] {
        let rules = rules(&objects, name);
        assert!(lets(&rules, "192.168.1.2", 6443), "{name}: the API server");
        for (address, port) in [
            ("192.168.1.5", 443),
            ("192.168.1.2", 10250),
            ("10.42.0.7", 6443),
            ("169.254.169.254", 443),
            ("fe80::1", 443),
        ] {
            assert!(!lets(&rules, address, port), "{name} reaches {address}:{port}");
        }
    }
    assert!(rules(&objects, "whoami").is_empty());
    let controller = rules(&objects, "ingress-nginx-controller");
    assert!(controller.iter().any(|rule| rule["to"] == json!([{ "namespaceSelector": {} }])), "every pod");
    assert!(!lets(&controller, "192.168.1.5", 5001) && !lets(&controller, "1.1.1.1", 443));
}

#[test]
fn the_internet_is_reached_where_an_authority_or_a_provider_is_and_nowhere_else() {
    let objects = made(CLOUDFLARE, None);
    let reaches = |name: &str, port: u16| lets(&rules(&objects, name), "104.16.0.1", port);
    assert!(reaches("cert-manager", 443) && reaches("external-dns", 443));
    assert!(!reaches("cert-manager", 80) && !reaches("external-dns", 22) && !reaches("webhook", 443));
    // The resolvers that cert-manager asks whether a challenge is there stand for themselves.
    let own = made(
        &format!(
            "{CLOUDFLARE}acme: {{ recursiveNameservers: ['9.9.9.9:53', 'https://192.168.1.1/dns-query'] }}\n"
        ),
        None,
    );
    let rules = rules(&own, "cert-manager");
    assert!(lets(&rules, "9.9.9.9", 53) && !lets(&rules, "8.8.8.8", 53));
    assert!(lets(&rules, "192.168.1.1", 443) && !lets(&rules, "192.168.1.9", 443));
}

#[test]
fn a_server_of_the_house_is_reached_at_its_own_address_and_port() {
    let of = |dns: &str| made(&format!("dns: {{ {dns} }}\nsecurity: {{ egress: restricted }}\n"), None);
    let powerdns = of("provider: powerdns, server: 'http://192.168.1.5:8081'");
    let writes = rules(&powerdns, "external-dns");
    assert!(
        lets(&writes, "192.168.1.5", 8081)
            && !lets(&writes, "192.168.1.5", 53)
            && !lets(&writes, "104.16.0.1", 443)
    );
    assert!(lets(&rules(&powerdns, "cert-manager"), "192.168.1.5", 53), "challenges are signed updates");
    let bind = rules(&of("provider: rfc2136, server: '192.168.1.6:5300'"), "external-dns");
    assert!(lets(&bind, "192.168.1.6", 5300) && !lets(&bind, "192.168.1.7", 5300));
    // An address that nobody knows beforehand: every one but those of pods, at that port alone.
    let by_name =
        rules(&of("provider: powerdns, server: 'http://pdns.lan.example.org:8081'"), "external-dns");
    assert!(lets(&by_name, "192.168.1.5", 8081) && lets(&by_name, "203.0.113.5", 8081));
    assert!(!lets(&by_name, "10.42.0.7", 8081) && !lets(&by_name, "192.168.1.5", 443));
}

#[test]
fn an_acme_server_of_the_house_takes_the_place_of_lets_encrypt() {
    let own = made(&format!("{CLOUDFLARE}acme: {{ server: 'https://192.168.1.7:14000/dir' }}\n"), None);
    let rules = rules(&own, "cert-manager");
    assert!(lets(&rules, "192.168.1.7", 14000) && !lets(&rules, "192.168.1.7", 443));
    // Where nothing is asked of an ACME server, nothing outside is.
    let lab = "dns: { provider: local }\nsecurity: { egress: restricted }\n";
    let objects = made(lab, None);
    let rules = self::rules(&objects, "cert-manager");
    assert!(!lets(&rules, "104.16.0.1", 443) && lets(&rules, "192.168.1.2", 6443));
    assert!(self::rules(&objects, "root-page").is_empty());
}

#[test]
fn the_controller_reaches_what_services_and_sign_in_services_name() {
    let services = "services:\n  nas: { url: 'https://192.168.1.5:5001', protect: { forwardAuth: { url: 'http://192.168.1.8:9091/verify?x=1' } } }\n  \
                    blog: { url: 'https://blog.example.org' }\n  films: { local: 8096 }\n";
    let rules = rules(&made(&format!("{CLOUDFLARE}{services}"), None), "ingress-nginx-controller");
    for (address, port) in
        [("192.168.1.5", 5001), ("192.168.1.8", 9091), ("203.0.113.9", 443), ("192.168.1.2", 8096)]
    {
        assert!(lets(&rules, address, port), "{address}:{port}");
    }
    assert!(!lets(&rules, "192.168.1.5", 22) && !lets(&rules, "203.0.113.9", 22));
}

#[test]
fn an_api_server_outside_of_the_house_is_reached_at_its_address() {
    let far = Placed::of(&[], &[]).asking(&[slice("203.0.113.40", 7443)]);
    let webhook = rules(&made(CLOUDFLARE, Some(&far)), "webhook");
    assert!(lets(&webhook, "203.0.113.40", 7443) && !lets(&webhook, "203.0.113.41", 7443));
    let mut other = slice("203.0.113.40", 7443);
    other["metadata"]["name"] = "strangers".into();
    let none = rules(&made(CLOUDFLARE, Some(&Placed::of(&[], &[]).asking(&[other]))), "webhook");
    assert!(!lets(&none, "203.0.113.40", 7443), "a slice of somebody else's says nothing of the API server");
}

#[test]
fn with_cilium_names_and_the_api_server_itself_are_allowed_and_no_address_of_the_internet() {
    let objects = made(CLOUDFLARE, Some(&placed(true)));
    let external_dns = rules(&objects, "external-dns");
    let text = Value::from(external_dns.clone()).to_string();
    assert!(
        external_dns.iter().any(|rule| rule["toFQDNs"] == json!([{ "matchName": "api.cloudflare.com" }])),
        "{text}"
    );
    assert!(external_dns.iter().any(|rule| rule["toEntities"] == json!(["kube-apiserver"])), "{text}");
    assert!(text.contains("\"dns\":[{\"matchPattern\":\"*\"}]"), "else no name has an address: {text}");
    assert!(!text.contains("0.0.0.0/0") && !text.contains("toCIDR"), "{text}");
    let cert_manager = Value::from(rules(&objects, "cert-manager")).to_string();
    assert!(
        cert_manager.contains("acme-v02.api.letsencrypt.org") && cert_manager.contains("1.1.1.1/32"),
        "{cert_manager}"
    );
    // One that may connect to nothing is of Kubernetes' kind: without a rule, Cilium's is about nothing.
    let whoami = objects.iter().find(|object| object.key.name.ends_with("whoami")).unwrap();
    assert_eq!(whoami.key.kind.kind, "NetworkPolicy");
}

#[test]
fn with_cilium_a_server_on_a_node_is_reached_as_a_node() {
    let on_node =
        "dns: { provider: powerdns, server: 'http://192.168.1.2:8081' }\nsecurity: { egress: restricted }\n";
    let rules = rules(&made(on_node, Some(&placed(true))), "external-dns");
    let at = |rule: &&Value| rule["toPorts"][0]["ports"][0]["port"] == "8081";
    assert_eq!(rules.iter().find(at).unwrap()["toEntities"], json!(["host", "remote-node"]));
}

#[test]
fn the_external_dns_of_an_organisation_is_kept_in_as_the_labs_own_is() {
    let text = "dns: { provider: paper, server: drawer.test }\nsecurity: { egress: restricted }\n\
                organisations: { acme: { namespaces: [shop] } }\n";
    let objects = made(text, Some(&placed(false)));
    let of_lab = rules(&objects, "external-dns");
    assert!(!of_lab.is_empty());
    let name = crate::facts::organisations::external_dns("acme");
    assert_eq!(rules(&objects, &name), of_lab);
    let policy = objects.iter().find(|object| object.key.name.ends_with(&name)).unwrap();
    assert_eq!(policy.body["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"], name.as_str());
}
