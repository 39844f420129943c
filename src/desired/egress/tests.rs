use serde_json::{Value, json};

use super::*;
use crate::config::parse;
use crate::desired::{Inputs, bundle};

const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nlan: [2001:db8:7::/56]\n";
/// Every word, with and without a port.
const ALL: &str = "egress:\n  nothing: none\n  everything: any\n  web: ['any:443']\n  house: [lan, cluster]\n  \
                   mixed: ['lan:445', 'cluster:5432', 192.168.1.5, '10.9.0.0/16:53/udp', '[2001:db8::5]:443']\n  \
                   names: [api.example.org, '*.pool.ntp.org:123/udp', '**.example.net:443', lan, cluster, 192.168.1.5, 'any:80']\n\
                   services:\n  books: { image: a/b, port: 80, egress: [lan] }\n  \
                   news: { image: a/c, port: 80, egress: ['feeds.example.org:443'] }\n  \
                   photos: { service: immich/immich-server, port: 2283, egress: [cluster] }\n";

fn service(namespace: &str, name: &str, selector: &Value) -> Value {
    json!({ "metadata": { "namespace": namespace, "name": name }, "spec": { "selector": selector } })
}

fn placed() -> Placed {
    let immich = service("immich", "immich-server", &json!({ "app": "immich", "tier": "server" }));
    Placed::of(&[immich, service("immich", "outside", &json!(null))], &[])
}

fn made(text: &str, placed: Option<&Placed>) -> Vec<Object> {
    let config = parse(&format!("{BASE}{text}")).unwrap();
    let inputs = Inputs { placed, ..Inputs::default() };
    bundle(&config, &inputs).objects.into_iter().filter(|object| is_policy(&object.key)).collect()
}

fn one(text: &str, placed: Option<&Placed>) -> Value {
    let mut all = made(text, placed);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).body
}

#[test]
fn every_word_renders_to_its_golden_file() {
    let placed = placed();
    let rendered: String = made(ALL, Some(&placed))
        .iter()
        .map(|object| format!("---\n{}", serde_yaml::to_string(&object.body).unwrap()))
        .collect();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/egress.yaml");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &rendered).unwrap();
    }
    let wanted = std::fs::read_to_string(golden).unwrap_or_default();
    let first = rendered.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    assert!(
        rendered == wanted,
        "{golden} differs, first at line {first:?}; `UPDATE_GOLDEN=1 cargo test` accepts it"
    );
}

#[test]
fn a_name_makes_it_ciliums_kind_and_addresses_alone_do_not() {
    let kinds = |list: &str| one(&format!("egress: {{ a: {list} }}\n"), None)["kind"].clone();
    for list in ["none", "any", "[lan, cluster]", "[192.168.1.5]"] {
        assert_eq!(kinds(list), "NetworkPolicy", "{list}");
    }
    for list in ["[a.example.org]", "[lan, '*.example.org']"] {
        assert_eq!(kinds(list), "CiliumNetworkPolicy", "{list}");
    }
}

#[test]
fn dns_is_allowed_beside_every_goal_but_not_where_nothing_is() {
    let rules = |list: &str| one(&format!("egress: {{ a: {list} }}\n"), None)["spec"]["egress"].clone();
    assert_eq!(rules("none"), json!(null), "no rule: nothing is allowed");
    assert_eq!(rules("any"), json!([{}]), "everything holds DNS too");
    assert_eq!(rules("[lan]")[0]["ports"][0], json!({ "protocol": "UDP", "port": 53 }));
    assert_eq!(rules("['any:443']")[0]["to"][0]["podSelector"]["matchLabels"]["k8s-app"], "kube-dns");
    let by_name = rules("[a.example.org]");
    assert_eq!(
        by_name[0]["toPorts"][0]["rules"]["dns"],
        json!([{ "matchPattern": "*" }]),
        "else no name has an address"
    );
}

#[test]
fn the_house_is_without_the_pods_and_with_what_the_configuration_adds() {
    let house = one("egress: { a: lan }\n", None)["spec"]["egress"][1]["to"].clone();
    assert_eq!(house[0]["ipBlock"], json!({ "cidr": "10.0.0.0/8", "except": ["10.42.0.0/16"] }));
    assert_eq!(house[1]["ipBlock"], json!({ "cidr": "172.16.0.0/12" }));
    assert!(house.as_array().unwrap().iter().any(|peer| peer["ipBlock"]["cidr"] == "2001:db8:7::/56"));
}

#[test]
fn the_pods_are_where_the_nodes_say() {
    let node = |range: &str, args: &[&str]| {
        json!({ "metadata": { "name": "pi", "annotations": { "k3s.io/node-args": json!(args).to_string() } },
            "spec": { "podCIDRs": [range] } })
    };
    let ranges = |nodes: &[Value]| pods(nodes).iter().map(Network::to_string).collect::<Vec<_>>();
    assert_eq!(ranges(&[node("10.42.3.0/24", &["server"])]), ["10.42.0.0/16"]);
    let told = node("10.99.3.0/24", &["server", "--cluster-cidr", "10.99.0.0/16,fd00:99::/56"]);
    assert_eq!(ranges(&[told, node("fd00:99::/64", &["agent"])]), ["10.99.0.0/16", "fd00:99::/56"]);
    assert_eq!(ranges(&[node("10.200.1.0/24", &["agent"])]), ["10.42.0.0/16", "10.200.1.0/24"]);
    let inside = within(&[Network::parse("10.42.7.0/24").unwrap()], &pods(&[]));
    assert!(inside.is_empty(), "a network of pods is none of the house");
}

#[test]
fn a_services_pods_are_those_that_its_service_selects() {
    let text = "services: { photos: { service: immich/immich-server, port: 2283, egress: lan } }\n";
    let placed = placed();
    let policy = one(text, Some(&placed));
    assert_eq!(policy["metadata"]["namespace"], "immich");
    assert_eq!(policy["metadata"]["name"], "homelab-egress-photos");
    assert_eq!(policy["spec"]["podSelector"]["matchLabels"], json!({ "app": "immich", "tier": "server" }));
    // One that keeps in every pod of the namespace is worse than none.
    assert!(made(text, None).is_empty());
    let config = parse(&format!("{BASE}{text}")).unwrap();
    assert_eq!(unplaced(&config, None).unwrap().name, "photos");
    assert!(unplaced(&config, Some(&placed)).is_none());
}

#[test]
fn a_service_without_a_selector_is_known_for_one_whose_pods_nobody_knows() {
    for name in ["outside", "missing"] {
        let text = format!("services: {{ x: {{ service: immich/{name}, port: 1, egress: none }} }}\n");
        let config = parse(&format!("{BASE}{text}")).unwrap();
        assert!(unplaced(&config, Some(&placed())).is_some(), "{name}");
    }
}

#[test]
fn a_policy_bears_the_labels_of_the_lab_and_the_pods_of_an_image_are_homelabs_own() {
    let policy = one("services: { books: { image: a/b, port: 80, egress: lan } }\n", None);
    assert_eq!(policy["metadata"]["labels"]["app.kubernetes.io/managed-by"], "homelab");
    assert_eq!(policy["spec"]["podSelector"]["matchLabels"], json!({ "app.kubernetes.io/name": "books" }));
}

#[test]
fn without_the_key_there_is_no_policy() {
    assert!(made("services: { books: { image: a/b, port: 80 } }\n", None).is_empty());
}
