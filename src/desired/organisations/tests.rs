use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::config::parse;
use crate::desired::{Inputs, bundle, kind};
use crate::evidence::Zone;
use crate::facts::secret::Secret;
use crate::provider::Keyring;

const TWO: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: paper, server: drawer.test }\n\
    organisations: { acme: { namespaces: [shop, office] }, globex: { namespaces: lab } }\n\
    services: { web: { service: shop/web, port: 80, organisation: acme }, notes: { service: notes/app, port: 80 } }\n";

fn rendered(text: &str, inputs: &Inputs<'_>) -> Vec<Object> {
    bundle(&parse(text).unwrap(), inputs).objects
}

fn one<'o>(objects: &'o [Object], name: &str) -> &'o Value {
    let found = objects.iter().find(|object| object.key.to_string() == name);
    &found.unwrap_or_else(|| panic!("no {name}")).body
}

fn arguments_of(container: &Value) -> BTreeSet<&str> {
    container["args"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn each_has_an_external_dns_with_a_container_for_each_namespace_bound_to_its_zone() {
    let objects = rendered(TWO, &Inputs::default());
    let deployment = one(&objects, "Deployment external-dns/external-dns-for-acme");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "external-dns-for-acme");
    let containers = pod["containers"].as_array().unwrap();
    let names: Vec<_> = containers.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["office", "shop"]);
    for (container, (namespace, port)) in containers.iter().zip([("office", 7979), ("shop", 7980)]) {
        let arguments = arguments_of(container);
        for wanted in [
            format!("--namespace={namespace}"),
            format!("--txt-owner-id=home.example.com/acme/{namespace}"),
            format!("--metrics-address=:{port}"),
            "--domain-filter=acme.home.example.com".to_owned(),
        ] {
            assert!(arguments.contains(wanted.as_str()), "{wanted} is missing in {arguments:?}");
        }
        assert_eq!(container["livenessProbe"]["httpGet"]["port"], port);
        assert_eq!(container["env"][0]["valueFrom"]["secretKeyRef"]["name"], "homelab-dns-provider-for-acme");
    }
}

#[test]
fn the_labs_own_external_dns_leaves_their_zones_alone() {
    let objects = rendered(TWO, &Inputs::default());
    let deployment = one(&objects, "Deployment external-dns/external-dns");
    let arguments = arguments_of(&deployment["spec"]["template"]["spec"]["containers"][0]);
    for zone in ["acme.home.example.com", "globex.home.example.com"] {
        assert!(arguments.contains(format!("--exclude-domains={zone}").as_str()), "{arguments:?}");
    }
    assert!(arguments.contains("--txt-owner-id=home.example.com"));
}

#[test]
fn it_may_read_its_own_namespaces_and_of_the_cluster_the_nodes_alone() {
    let objects = rendered(TWO, &Inputs::default());
    let wide = one(&objects, "ClusterRole external-dns-for-acme");
    assert_eq!(
        wide["rules"],
        json!([{ "apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"] }])
    );
    let roles: Vec<String> = objects
        .iter()
        .filter(|object| *object.key.kind == kind::ROLE && object.key.name == "external-dns-for-acme")
        .map(|object| object.key.namespace.clone().unwrap())
        .collect();
    assert_eq!(roles, ["office", "shop"]);
    let binding = one(&objects, "RoleBinding shop/external-dns-for-acme");
    assert_eq!(
        binding["subjects"],
        json!([{ "kind": "ServiceAccount", "name": "external-dns-for-acme", "namespace": "external-dns" }])
    );
}

#[test]
fn each_namespace_has_an_issuer_and_what_is_signed_there_is_asked_of_it() {
    let objects = rendered(TWO, &Inputs::default());
    for namespace in ["lab", "office", "shop"] {
        let issuer = one(&objects, &format!("Issuer {namespace}/letsencrypt"));
        assert_eq!(issuer["spec"]["acme"]["privateKeySecretRef"]["name"], "letsencrypt-account");
        assert_eq!(issuer["spec"]["acme"]["solvers"][0]["dns01"], json!({ "paper": { "drawer": 1 } }));
        one(&objects, &format!("Secret {namespace}/homelab-dns-provider"));
        one(&objects, &format!("Namespace {namespace}"));
    }
    let of = |name: &str| one(&objects, name)["metadata"]["annotations"].clone();
    let (theirs, ours) = (of("Ingress shop/web"), of("Ingress notes/notes"));
    assert_eq!(theirs["cert-manager.io/issuer"], "letsencrypt");
    assert!(theirs["cert-manager.io/cluster-issuer"].is_null());
    assert_eq!(ours["cert-manager.io/cluster-issuer"], "letsencrypt");
    assert!(ours["cert-manager.io/issuer"].is_null());
}

#[test]
fn what_the_labs_own_authority_signs_is_asked_of_that() {
    let text = TWO.replace("organisation: acme }", "organisation: acme, issuer: ca }")
        + "extraCertificates: [{ namespace: office, names: ['*.acme.home.example.com'], secret: all }]\n";
    let objects = rendered(&text, &Inputs::default());
    let annotations = &one(&objects, "Ingress shop/web")["metadata"]["annotations"];
    assert_eq!(annotations["cert-manager.io/cluster-issuer"], "homelab-ca");
    let certificate = one(&objects, "Certificate office/all");
    assert_eq!(
        certificate["spec"]["issuerRef"],
        json!({ "name": "letsencrypt", "kind": "Issuer", "group": "cert-manager.io" })
    );
    assert_eq!(asked(&parse(&text).unwrap()), ["office"]);
}

#[test]
fn its_own_credential_goes_to_it_and_to_its_namespaces_and_starts_it_anew() {
    let credentials = |key: &str, zone: &str| {
        let keyring = Keyring::new([("key", Secret::new(key).unwrap())]);
        let zone = Zone { id: format!("Z-{zone}"), name: zone.to_owned(), ..Zone::default() };
        Credentials::new(keyring, &zone)
    };
    let own = credentials("of-the-lab", "example.com");
    let with = |key: &str| {
        let theirs = BTreeMap::from([("acme".to_owned(), credentials(key, "acme.home.example.com"))]);
        let inputs = Inputs { credentials: Some(&own), organisations: Some(&theirs), ..Inputs::default() };
        rendered(TWO, &inputs)
    };
    let text = |value: &Value| {
        let bytes: k8s_openapi::ByteString = serde_json::from_value(value.clone()).unwrap();
        String::from_utf8(bytes.0).unwrap()
    };
    let objects = with("of-acme");
    let of_dns = &one(&objects, "Secret external-dns/homelab-dns-provider-for-acme")["data"];
    assert_eq!(
        (text(&of_dns["key"]), text(&of_dns["zone-id"])),
        ("of-acme".to_owned(), "Z-acme.home.example.com".to_owned())
    );
    let of_issuer = &one(&objects, "Secret shop/homelab-dns-provider")["data"];
    assert_eq!(text(&of_issuer["key"]), "of-acme");
    assert!(of_issuer["zone-id"].is_null());
    // Nothing of the lab's own credential is where an organisation may read.
    for object in objects.iter().filter(|object| object.is_secret()) {
        let has_labs =
            object.body["data"]["key"].is_string() && text(&object.body["data"]["key"]) == "of-the-lab";
        let is_labs = ["external-dns", "cert-manager"].contains(&object.key.namespace.as_deref().unwrap())
            && object.key.name == "homelab-dns-provider";
        assert_eq!(has_labs, is_labs, "{}", object.key);
    }
    let started = |objects: &[Object], name: &str| {
        let template = &one(objects, &format!("Deployment external-dns/{name}"))["spec"]["template"];
        template["metadata"]["annotations"]["homelab/credentials"].clone()
    };
    let anew = with("of-acme-later");
    assert!(started(&objects, "external-dns-for-acme").is_string());
    assert_ne!(started(&objects, "external-dns-for-acme"), started(&anew, "external-dns-for-acme"));
    assert_eq!(started(&objects, "external-dns"), started(&anew, "external-dns"));
    assert!(started(&objects, "external-dns-for-globex").is_null());
}

#[test]
fn without_organisations_nothing_of_them_is_there() {
    let text =
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: paper, server: drawer.test }\n";
    let objects = rendered(text, &Inputs::default());
    assert!(!objects.iter().any(|object| object.key.kind.kind == "Issuer"));
    assert!(!objects.iter().any(|object| object.key.name.starts_with("homelab-organisations")));
}

#[test]
fn the_policies_know_the_zone_of_each_namespace() {
    let objects = rendered(TWO, &Inputs::default());
    for about in ["ingresses", "services", "certificates", "requests"] {
        let policy = one(&objects, &format!("ValidatingAdmissionPolicy homelab-organisations-{about}"));
        assert_eq!(policy["spec"]["failurePolicy"], "Fail");
        assert_eq!(
            policy["spec"]["variables"][0]["expression"],
            "{'office': 'acme.home.example.com', 'shop': 'acme.home.example.com', 'lab': 'globex.home.example.com'}"
        );
        let binding =
            one(&objects, &format!("ValidatingAdmissionPolicyBinding homelab-organisations-{about}"));
        assert_eq!(binding["spec"]["validationActions"], json!(["Deny"]));
    }
}

/// The expressions of a policy, in one text.
fn expressions(about: &str) -> String {
    let objects = rendered(TWO, &Inputs::default());
    let policy = one(&objects, &format!("ValidatingAdmissionPolicy homelab-organisations-{about}"));
    let all = policy["spec"]["validations"].as_array().unwrap();
    all.iter().map(|one| one["expression"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn of_the_cluster_issuers_the_one_that_signs_for_services_is_asked_for_names_alone() {
    let certificates = expressions("certificates");
    for part in [
        "issuerRef.kind != 'ClusterIssuer' || object.spec.issuerRef.name == 'homelab-ca'",
        "!object.spec.isCA",
        "['cert sign', 'crl sign']",
        "size(object.spec.literalSubject) == 0",
        "size(object.spec.ipAddresses) == 0",
        "size(object.spec.uris) == 0",
        "size(object.spec.emailAddresses) == 0",
        "size(object.spec.otherNames) == 0",
    ] {
        assert!(certificates.contains(part), "{part}: {certificates}");
    }
    assert!(expressions("requests").contains("!object.spec.isCA"), "a renewal of one from before");
}

#[test]
fn names_are_compared_without_capitals_and_a_last_dot() {
    let objects = rendered(TWO, &Inputs::default());
    for about in ["ingresses", "services", "certificates"] {
        let policy = one(&objects, &format!("ValidatingAdmissionPolicy homelab-organisations-{about}"));
        let names = policy["spec"]["variables"][2]["expression"].as_str().unwrap();
        assert!(names.contains(guard::PLAIN), "{about}: {names}");
    }
}

#[test]
fn what_homelab_asks_for_in_a_namespace_of_an_organisation_passes_its_own_fence() {
    let text = TWO.replace("organisation: acme }", "organisation: acme, issuer: ca }")
        + "extraCertificates: [{ namespace: office, names: ['*.acme.home.example.com', '*.office.svc.cluster.local'], issuer: ca }, \
           { namespace: lab, names: ['*.globex.home.example.com'] }]\n";
    let objects = rendered(&text, &Inputs::default());
    let certificates = objects.iter().filter(|object| {
        object.key.kind.kind == "Certificate"
            && ["office", "shop", "lab"].contains(&object.key.namespace.as_deref().unwrap())
    });
    let mut seen = 0;
    for spec in certificates.map(|object| &object.body["spec"]) {
        let issuer = &spec["issuerRef"];
        assert!(issuer["kind"] == "Issuer" || issuer["name"] == "homelab-ca", "{spec}");
        assert!(spec["isCA"].is_null() && !spec["usages"].to_string().contains("cert sign"), "{spec}");
        seen += 1;
    }
    assert_eq!(seen, 2);
}
