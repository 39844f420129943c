//! What is taken and what is refused, with its place and what to do.

use super::*;
use crate::config::{Config, Problem, parse};

fn read(more: &str) -> Result<Config, Vec<Problem>> {
    parse(&format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\n{more}"
    ))
}

fn extra(entry: &str) -> Result<Vec<ExtraCertificate>, Vec<Problem>> {
    read(&format!("extraCertificates:\n  - {entry}\n")).map(|config| config.extra_certificates)
}

#[test]
fn an_entry_has_the_labs_issuer_and_a_secret_made_of_its_first_name() {
    let found = extra("{ namespace: qa, names: ['*.QA.home.example.com', db] }").unwrap();
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.names, ["*.qa.home.example.com", "db.home.example.com"]);
    assert_eq!((one.issuer, one.place().as_str()), (Issuer::Acme, "qa/wildcard-qa-home-example-com-tls"));
    let found = extra("{ namespace: db, names: db, secret: my.cert, issuer: ca }").unwrap();
    assert_eq!((found[0].issuer, found[0].place().as_str()), (Issuer::Ca, "db/my.cert"));
    let plain = extra("{ namespace: db, names: [db] }").unwrap();
    assert_eq!(plain[0].secret, "db-home-example-com-tls");
    let config = read("issuer: ca\nextraCertificates: [{ namespace: db, names: [db] }]\n").unwrap();
    assert_eq!(config.extra_certificates[0].issuer, Issuer::Ca);
}

#[test]
fn a_list_of_namespaces_is_one_certificate_in_each() {
    let found = extra("{ namespace: [qa, prod, qa], names: ['*.home.example.com', '*.home.example.com'] }");
    let places: Vec<String> = found.unwrap().iter().map(ExtraCertificate::place).collect();
    assert_eq!(places, ["prod/wildcard-home-example-com-tls", "qa/wildcard-home-example-com-tls"]);
}

#[test]
fn the_own_authority_signs_names_of_the_cluster_and_no_acme_server_does() {
    assert!(extra("{ namespace: qa, names: ['*.qa.svc.cluster.local'], issuer: ca }").is_ok());
    let problems = extra("{ namespace: qa, names: ['*.qa.svc.cluster.local'] }").unwrap_err();
    assert!(problems[0].message.contains("which public DNS does not have"), "{problems:?}");
    let zone = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, zone: example.com }\n";
    let other =
        parse(&format!("{zone}extraCertificates: [{{ namespace: qa, names: ['*.qa.svc.lab.test'] }}]\n"));
    assert!(other.unwrap_err()[0].help.as_deref().unwrap().contains("`issuer: ca`"));
    assert_eq!(problems[0].place.map(|place| (place.line, place.column)), Some((5, 30)));
    assert!(problems[0].help.as_deref().unwrap().contains("`issuer: ca`"));
}

#[test]
fn the_own_authority_may_sign_nothing_outside_and_an_acme_server_nothing_outside_the_zone() {
    let problems = extra("{ namespace: qa, names: [db.example.org], issuer: ca }").unwrap_err();
    assert!(problems[0].message.contains("may not sign it"), "{problems:?}");
    // Without `dns.zone`, `up` finds the zone.
    let entry = "extraCertificates: [{ namespace: qa, names: [db.example.com, db.example.org] }]\n";
    assert!(read(entry).is_ok());
    let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, zone: example.com }\n";
    let problems = parse(&format!("{text}{entry}")).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].message.contains("`db.example.org` is not in the zone `example.com`"));
}

#[test]
fn two_entries_never_write_one_secret() {
    for other in ["names: ['*.qa.home.example.com']", "names: [x], secret: wildcard-qa-home-example-com-tls"]
    {
        let text = format!(
            "extraCertificates:\n  - {{ namespace: [dev, qa], names: ['*.qa.home.example.com'] }}\n  - {{ namespace: qa, {other} }}\n"
        );
        let problems = read(&text).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.starts_with("`extraCertificates[1]`: another entry has"), "{problems:?}");
    }
}

#[test]
fn what_is_homelabs_own_is_refused() {
    let services =
        "services: { photos: { service: immich/server, port: 1 }, books: { image: a/b, port: 1 } }\n";
    for (entry, said) in [
        ("namespace: cert-manager, names: [a]", "a namespace of homelab's own programs"),
        ("namespace: homelab, names: [a]", "a namespace of homelab's own programs"),
        ("namespace: homelab-books, names: [a]", "the namespace of the service `books`"),
        ("namespace: immich, names: [a], secret: photos-tls", "is that of the service `photos`"),
        ("namespace: a, names: [a], secret: homelab-ca", "the lab's own certificate authority"),
    ] {
        let problems = read(&format!("{services}extraCertificates: [{{ {entry} }}]\n")).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.contains(said) && problems[0].place.is_some(), "{problems:?}");
        assert!(problems[0].help.is_some() || entry.contains("homelab-ca"), "{problems:?}");
    }
    assert!(
        read(&format!(
            "{services}extraCertificates: [{{ namespace: other, names: [a], secret: photos-tls }}]\n"
        ))
        .is_ok()
    );
    let own = "certManager: { manage: false, namespace: security }\nextraCertificates: [{ namespace: security, names: [a] }]\n";
    assert!(read(own).unwrap_err()[0].message.contains("homelab's own programs"));
}

#[test]
fn what_is_missing_or_cannot_be_read_is_told_with_its_place_and_what_to_write() {
    let all = |entry: &str| {
        let problems = extra(entry).unwrap_err();
        assert!(problems.iter().all(|problem| problem.place.is_some_and(|place| place.line == 5)));
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("\n")
    };
    let none = all("{}");
    assert!(none.contains("`extraCertificates[0].namespace` is missing"), "{none}");
    assert!(none.contains("`extraCertificates[0].names` is missing"), "{none}");
    let bad = all("{ namespace: Qa, names: ['*', 'a b'], secret: A, isuer: ca }");
    for part in [
        "namespace's name",
        "`*` is not a DNS name",
        "`a b`",
        "a Secret's name",
        "`extraCertificates[0].isuer`",
    ] {
        assert!(bad.contains(part), "{part}: {bad}");
    }
    assert!(
        read("extraCertificates: { namespace: qa }\n").unwrap_err()[0].message.contains("must be a list")
    );
    let long =
        format!("{{ namespace: qa, names: ['*.{}.home.example.com'] }}", vec!["a".repeat(62); 3].join("."));
    assert!(extra(&long).is_ok());
}

#[test]
fn who_has_an_acme_server_sign_an_extra_certificate_needs_an_address_for_it() {
    let entry = "extraCertificates: [{ namespace: qa, names: [db], issuer: ISSUER }]\n";
    let text = format!("domain: home.example.com\nissuer: ca\ndns: {{ provider: cloudflare }}\n{entry}");
    let with = |issuer: &str| parse(&text.replace("ISSUER", issuer));
    assert!(with("acme").unwrap_err()[0].message.contains("`email` is missing"));
    let config = with("ca").unwrap();
    assert!(config.uses(Issuer::Ca) && !config.uses(Issuer::Acme));
}

#[test]
fn where_only_the_nodes_know_the_names_no_acme_server_signs_extra_certificates() {
    let text = "domain: home.arpa\ndns: { provider: local }\n";
    let of = |entry: &str| {
        parse(&format!("{text}extraCertificates: [{{ namespace: qa, names: ['*.qa.home.arpa']{entry} }}]\n"))
    };
    assert_eq!(of("").unwrap().extra_certificates[0].issuer, Issuer::Ca);
    let problems = of(", issuer: acme").unwrap_err();
    assert!(problems.iter().any(|problem| problem.message.contains("no ACME server")), "{problems:?}");
}

/// The law: a name that `issuer: ca` takes is one that its name constraints permit, and no other is taken; but for one that has the
/// form of a Service's, since only the cluster says which domain these are in.
#[test]
fn what_is_taken_for_the_own_authority_is_what_its_constraints_permit() {
    let labels = ["a", "home", "nothome", "svc", "cluster", "xcluster", "db.qa.svc"];
    let ends = [
        "home.example.com",
        "example.com",
        "cluster.local",
        "local.example.com",
        "home.example.com.evil.test",
    ];
    for name in labels.iter().flat_map(|label| ends.iter().map(move |end| format!("{label}.{end}"))) {
        for name in [name.clone(), format!("*.{name}")] {
            let taken = extra(&format!("{{ namespace: qa, names: ['{name}'], issuer: ca }}")).is_ok();
            let permitted = is_permitted(&name, permitted("home.example.com", "cluster.local"));
            assert_eq!(taken, permitted || name.contains("db.qa.svc."), "{name}");
        }
    }
}
