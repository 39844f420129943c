use super::*;
use crate::desired::{Inputs, bundle, wildcard_record};

const LAB: &str = "domain: example.com\nemail: ada@lovelace.dev\ningress: { controller: traefik }\n\
                   dns: { provider: cloudflare, houseResolver: true }\nservices:\n  photos: { local: 1, public: tunnel }\n  \
                   nas: { local: 2, hosts: [nas, files], public: tunnel, issuer: ca }\n  tv: { local: 3 }\n";

fn opened() -> Opened {
    let secret = |text| Secret::word(text).unwrap();
    Opened { id: "f70f".into(), key: Some(secret("a2V5")), token: secret("dG9rZW4="), adopted: false }
}

fn objects_of(text: &str, tunnel: Option<&Opened>) -> Vec<Object> {
    bundle(&crate::config::parse(text).unwrap(), &Inputs { tunnel, ..Inputs::default() }).objects
}

fn find<'o>(objects: &'o [Object], name: &str) -> &'o serde_json::Value {
    &objects.iter().find(|object| object.key.to_string() == name).unwrap_or_else(|| panic!("no {name}")).body
}

#[test]
fn without_a_service_that_takes_it_there_is_nothing_of_it() {
    let objects = objects_of(&LAB.replace(", public: tunnel", ""), None);
    assert!(objects.iter().all(|object| object.component != Component::Tunnel));
    assert!(objects.iter().all(|object| !object.body.to_string().contains("homelab/public")));
}

#[test]
fn the_names_lead_to_the_tunnel_in_public_and_to_the_nodes_in_the_house() {
    let objects = objects_of(LAB, Some(&opened()));
    let names = find(&objects, "Service tunnel/public-names");
    let said = |key: &str| {
        names["metadata"]["annotations"][format!("external-dns.alpha.kubernetes.io/{key}")].clone()
    };
    assert_eq!(said("hostname"), "nas.example.com,files.example.com,photos.example.com");
    assert_eq!((said("target"), said("cloudflare-proxied")), ("f70f.cfargotunnel.com".into(), "true".into()));
    let photos = find(&objects, "Ingress homelab/photos");
    assert!(
        wildcard_record::is_left_out(photos),
        "a record of the address in the house contradicts the tunnel's"
    );
    assert!(photos["metadata"]["annotations"].get("external-dns.alpha.kubernetes.io/target").is_none());
    assert!(!wildcard_record::is_left_out(find(&objects, "Ingress homelab/tv")));
    let publishes = find(&objects, "Deployment external-dns/external-dns").to_string();
    assert!(
        publishes.contains("--label-filter=homelab/by-public-record!=true\"")
            && !publishes.contains("provider-only")
    );
    let house = find(&objects, "DaemonSet name-server/name-server").to_string();
    assert!(
        house.contains("--label-filter=homelab/provider-only!=true")
            && !house.contains("homelab/by-public-record!")
    );
}

#[test]
fn as_long_as_its_id_is_not_known_nobody_makes_a_record() {
    let objects = objects_of(LAB, None);
    let names = find(&objects, "Service tunnel/public-names").to_string();
    assert!(!names.contains("/target"), "{names}");
    assert!(find(&objects, "Secret tunnel/tunnel")["data"].is_null());
}

#[test]
fn its_secret_alone_has_the_token_and_a_new_token_starts_the_connectors_again() {
    let fingerprint = |opened: &Opened| {
        let objects = objects_of(LAB, Some(opened));
        let with_token: Vec<String> = objects
            .iter()
            .filter(|object| object.body.to_string().contains("ZEc5clpXND0="))
            .map(|object| object.key.to_string())
            .collect();
        assert_eq!(with_token.len(), usize::from(opened.token.expose() == "dG9rZW4="), "{with_token:?}");
        find(&objects, "Deployment tunnel/tunnel")["spec"]["template"]["metadata"]["annotations"].to_string()
    };
    let before = fingerprint(&opened());
    let renewed = Opened { token: Secret::word("bmV3").unwrap(), ..opened() };
    assert_ne!(before, fingerprint(&renewed));
    assert_eq!(before, fingerprint(&Opened { id: "other".into(), ..opened() }));
}

#[test]
fn every_host_leads_to_the_controller_by_its_own_name() {
    let config = crate::config::parse(LAB).unwrap();
    let rules = rules(&config, "lab.test");
    let told: Vec<_> = rules.iter().map(|rule| (rule.host.as_deref().unwrap(), rule.unchecked)).collect();
    assert_eq!(told, [("nas.example.com", true), ("files.example.com", true), ("photos.example.com", false)]);
    assert!(rules.iter().all(|rule| rule.host == rule.server_name));
    assert_eq!(rules[0].service, "https://tunnel.traefik.svc.lab.test:443");
    let way = &find(&objects_of(LAB, None), "Service traefik/tunnel")["spec"].clone();
    assert_eq!((&way["ports"][0]["targetPort"], way["type"].as_str()), (&8443.into(), None));
}

#[test]
fn the_connectors_reach_the_controller_and_the_internet_and_nothing_of_the_house() {
    let objects = objects_of(LAB, None);
    let egress = &find(&objects, "NetworkPolicy tunnel/tunnel")["spec"]["egress"];
    assert_eq!(egress.as_array().unwrap().len(), 3);
    assert_eq!(egress[0]["ports"], serde_json::json!([{ "protocol": "TCP", "port": 8443 }]));
    let except = egress[2]["to"][0]["ipBlock"]["except"].to_string();
    for network in ["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "169.254.0.0/16", "100.64.0.0/10"] {
        assert!(except.contains(network), "{network}: {except}");
    }
}
