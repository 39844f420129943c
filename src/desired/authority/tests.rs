use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

use super::*;
use crate::config;
use crate::desired::{Bundle, Inputs, bundle};
use crate::facts::authority::is_permitted;

const HEAD: &str = "domain: home.example.com\nissuer: ca\ndns: { provider: cloudflare }\n";

fn rendered(text: &str) -> Bundle {
    bundle(&config::parse(text).unwrap(), &Inputs::default())
}

fn named<'b>(bundle: &'b Bundle, kind: &str, name: &str) -> Option<&'b Value> {
    let is_it = |object: &&Object| object.key.kind.kind == kind && object.key.name == name;
    bundle.objects.iter().find(is_it).map(|object| &object.body)
}

#[test]
fn a_lab_that_asks_the_authority_for_nothing_has_none() {
    let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
    let bundle = rendered(text);
    assert!(bundle.objects.iter().all(|object| !object.key.name.starts_with(ISSUER)));
    assert!(named(&bundle, "ClusterIssuer", "letsencrypt").is_some());
}

#[test]
fn one_service_is_enough_for_it_and_the_others_keep_their_issuer() {
    let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n\
        services: { nas: { local: 1, issuer: ca }, films: { local: 2 } }\n";
    let bundle = rendered(text);
    let annotation = |name: &str, key: &str| {
        let ingress = named(&bundle, "Ingress", name).unwrap();
        ingress["metadata"]["annotations"][format!("cert-manager.io/{key}")].clone()
    };
    assert_eq!(annotation("nas", "cluster-issuer"), ISSUER);
    assert_eq!(annotation("nas", "usages"), "digital signature,server auth");
    assert_eq!(annotation("films", "cluster-issuer"), "letsencrypt");
    assert_eq!(annotation("films", "usages"), Value::Null);
    for (name, signed_by) in [(ROOT, SELF_SIGNED), (ISSUER, ROOT)] {
        let certificate = named(&bundle, "Certificate", name).unwrap();
        assert_eq!(certificate["spec"]["issuerRef"]["name"], signed_by);
        assert_eq!(signer_of(name), Some(signed_by));
        // What `up` finds in the cluster afterwards is never taken for a leftover.
        let secret = |key: &&crate::desired::object::Key| {
            key.kind.kind == "Secret" && key.name == name && key.namespace.as_deref() == Some("cert-manager")
        };
        assert!(bundle.derived.iter().any(|key| secret(&key)));
    }
}

#[test]
fn where_no_account_has_an_address_there_is_no_issuer_of_an_acme_server() {
    let bundle = rendered(HEAD);
    let issuers = bundle.objects.iter().filter(|object| object.key.kind.kind == "ClusterIssuer");
    let names: Vec<&str> = issuers.map(|object| object.key.name.as_str()).collect();
    assert_eq!(names, [ISSUER, ROOT, SELF_SIGNED]);
}

#[test]
fn a_wildcard_certificate_serves_those_that_the_same_issuer_signs() {
    let text = format!(
        "{HEAD}email: ada@lovelace.dev\ncertificates: wildcard\nservices: {{ nas: {{ local: 1 }}, films: {{ local: 2, issuer: acme }} }}\n"
    );
    let bundle = rendered(&text);
    let wildcard = named(&bundle, "Certificate", "wildcard-tls").unwrap();
    assert_eq!(wildcard["spec"]["issuerRef"]["name"], ISSUER);
    assert_eq!(wildcard["spec"]["usages"], json!(USAGES));
    let secret =
        |name: &str| named(&bundle, "Ingress", name).unwrap()["spec"]["tls"][0]["secretName"].clone();
    assert_eq!((secret("nas"), secret("films")), (Value::Null, "films-tls".into()));
}

/// Whoever trusts the root once must not be asked again because a service came or went: cert-manager does not even look at the
/// constraints when it decides whether to issue again.
#[test]
fn the_authority_is_the_same_whatever_services_there_are() {
    let of = |more: &str| {
        let bundle = rendered(&format!("{HEAD}{more}"));
        [ROOT, ISSUER].map(|name| named(&bundle, "Certificate", name).cloned())
    };
    assert_eq!(
        of(""),
        of("services: { nas: { local: 1 }, films: { local: 2, hosts: [a, b.c.home.example.com] } }\n")
    );
    assert_ne!(of("")[0].as_ref().unwrap()["spec"]["commonName"], {
        let other = rendered(&HEAD.replace("home.", "house."));
        named(&other, "Certificate", ROOT).unwrap()["spec"]["commonName"].clone()
    });
}

proptest! {
    #[test]
    fn every_name_that_the_authority_is_asked_for_is_inside_its_constraints(
        domain in "[a-z]{1,4}\\.[a-z]{2}",
        hosts in prop::collection::vec("([a-z]{1,2}\\.){0,3}[a-z]{1,3}(\\.[a-z]{1,4}\\.[a-z]{2})?", 1..4),
        inside in any::<bool>(),
    ) {
        let hosts: Vec<String> = if inside { hosts.iter().map(|host| format!("{host}.{domain}")).collect() } else { hosts };
        let text = format!("domain: {domain}\nissuer: ca\ndns: {{ provider: cloudflare }}\nservices: {{ a: {{ local: 1, hosts: {hosts:?} }} }}\n");
        let Ok(config) = config::parse(&text) else { return Ok(()) };
        let bundle = bundle(&config, &Inputs::default());
        for name in [ROOT, ISSUER] {
            let constraints = &named(&bundle, "Certificate", name).unwrap()["spec"]["nameConstraints"];
            let permitted: Vec<&str> =
                constraints["permitted"]["dnsDomains"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            for ingress in bundle.objects.iter().filter(|object| object.key.kind.kind == "Ingress") {
                for host in ingress.body["spec"]["tls"][0]["hosts"].as_array().into_iter().flatten() {
                    prop_assert!(is_permitted(host.as_str().unwrap(), permitted.iter().copied()), "{host}");
                }
            }
        }
    }

    #[test]
    fn its_names_fit_into_a_certificate(labels in prop::collection::vec("[a-z]{1,63}", 2..4)) {
        let domain = labels.join(".");
        let text = format!("domain: {domain}\nissuer: ca\ndns: {{ provider: cloudflare, owner: lab }}\n");
        let bundle = rendered(&text);
        for name in [ROOT, ISSUER] {
            let spec = &named(&bundle, "Certificate", name).unwrap()["spec"];
            prop_assert!(spec["commonName"].as_str().unwrap().len() <= LONGEST);
            prop_assert!(spec["subject"]["organizations"][0].as_str().unwrap().len() <= LONGEST);
        }
    }
}

/// One element in DER: every length here fits into one byte, or into the one behind 0x81.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [&head, content].concat()
}

/// The rendered constraints as an extension (RFC 5280, section 4.2.1.10).
fn extension(constraints: &Value) -> Vec<u8> {
    let subtree = |tag, bytes: &[u8]| element(0x30, &element(tag, bytes));
    let texts = |tag: u8, list: &Value| -> Vec<u8> {
        let texts = list.as_array().unwrap().iter().filter_map(Value::as_str);
        texts.flat_map(|text| subtree(tag, text.as_bytes())).collect()
    };
    let permitted = &constraints["permitted"];
    let named = [
        texts(0x82, &permitted["dnsDomains"]),
        texts(0x81, &permitted["emailAddresses"]),
        texts(0x86, &permitted["uriDomains"]),
    ]
    .concat();
    // An address and its mask, both of nothing but zeros.
    assert_eq!(constraints["excluded"]["ipRanges"], json!(["0.0.0.0/0", "::/0"]));
    let excluded = [subtree(0x87, &[0; 8]), subtree(0x87, &[0; 32])].concat();
    element(0x30, &[element(0xa0, &named), element(0xa1, &excluded)].concat())
}

/// What cert-manager v1.21.2 makes of these constraints (pkg/util/pki, `GenerateCSR` and `SignCertificate`).
const BY_CERT_MANAGER: &str = "3081a3a06f30128210686f6d652e6578616d706c652e636f6d300f820d636c75737465722e6c6f63616c30128110686f6d652e6578616d706c652e636f6d300f810d636c75737465722e6c6f63616c30128610686f6d652e6578616d706c652e636f6d300f860d636c75737465722e6c6f63616ca130300a87080000000000000000302287200000000000000000000000000000000000000000000000000000000000000000";

/// The authority as it is rendered, in one link or two.
struct Made {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl Made {
    /// `constrained` says whether the root and the intermediate have the constraints: each alone must do.
    fn new(constrained: [bool; 2]) -> Self {
        let bundle = rendered(HEAD);
        let params = |name: &str, is_constrained: bool| {
            let spec = &named(&bundle, "Certificate", name).unwrap()["spec"];
            let mut params = CertificateParams::new(vec![]).unwrap();
            params.distinguished_name.push(DnType::CommonName, spec["commonName"].as_str().unwrap());
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            if spec["usages"].as_array().unwrap().contains(&"server auth".into()) {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
            let content = extension(&spec["nameConstraints"]);
            assert_eq!(crate::net::tls::hex(&content), BY_CERT_MANAGER);
            let mut constraints = CustomExtension::from_oid_content(&[2, 5, 29, 30], content);
            constraints.set_criticality(spec["nameConstraints"]["critical"].as_bool().unwrap());
            params.custom_extensions = is_constrained.then_some(constraints).into_iter().collect();
            params
        };
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(params(ROOT, constrained[0]), key()).unwrap();
        let intermediate = CertifiedIssuer::signed_by(params(ISSUER, constrained[1]), key(), &root).unwrap();
        Self { root, intermediate }
    }

    /// What rustls, which trusts the root, says of a certificate with these names when it asked for `host`.
    fn judged(&self, names: Vec<SanType>, host: &str) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.subject_alt_names = names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &self.intermediate).unwrap();
        let chain: [CertificateDer<'static>; 1] = [self.intermediate.der().clone()];
        let host = ServerName::try_from(host.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        verifier.verify_server_cert(leaf.der(), &chain, &host, &[], now).map(|_| ())
    }
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

#[test]
fn what_it_signs_inside_the_labs_domain_a_client_that_trusts_the_root_takes() {
    let made = Made::new([true, true]);
    for (name, host) in [
        ("home.example.com", "home.example.com"),
        ("nas.home.example.com", "nas.home.example.com"),
        ("*.home.example.com", "films.home.example.com"),
        ("api.default.svc.cluster.local", "api.default.svc.cluster.local"),
    ] {
        assert_eq!(made.judged(vec![dns(name)], host), Ok(()), "{name}");
    }
}

#[test]
fn a_thief_of_its_key_forges_no_name_outside_the_labs_domain() {
    for constrained in [[true, true], [true, false], [false, true]] {
        let made = Made::new(constrained);
        let address = |text: &str| SanType::IpAddress(text.parse().unwrap());
        for (name, host) in [
            (dns("bank.example.org"), "bank.example.org"),
            (dns("example.com"), "example.com"),
            (dns("*.example.com"), "bank.example.com"),
            (dns("nothome.example.com"), "nothome.example.com"),
            (address("192.168.1.5"), "192.168.1.5"),
            (address("fd00::5"), "fd00::5"),
        ] {
            let named = format!("{name:?}");
            // One good name beside it makes the other no better.
            for names in [vec![name.clone()], vec![dns("nas.home.example.com"), name.clone()]] {
                match made.judged(names, host) {
                    Err(Error::InvalidCertificate(CertificateError::Other(why))) => {
                        assert!(why.to_string().contains("NameConstraintViolation"), "{named}: {why}");
                    }
                    other => panic!("{named} with the constraints at {constrained:?}: {other:?}"),
                }
            }
        }
    }
}
