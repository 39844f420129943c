//! What `homelab down` would delete of organisations, beside strangers' things.

use crate::plan::teardown::{Step, step};
use crate::plan::tests::ownership::holding;
use crate::plan::tests::teardown::{accounts, issuer};
use crate::plan::tests::*;

#[test]
fn the_external_dns_of_an_organisation_goes_when_its_records_are_gone_and_one_of_others_alike_does_not() {
    let step_of = |namespace: &str, name: &str| {
        step(&Key { kind: &kind::DEPLOYMENT, namespace: Some(namespace.into()), name: name.into() })
    };
    assert_eq!(step_of("external-dns", "external-dns-for-acme"), Step::Publisher);
    assert_eq!(step_of("shop", "external-dns-for-acme"), Step::Workloads);
    let issuer = Key { kind: &kind::ISSUER, namespace: Some("shop".into()), name: "letsencrypt".into() };
    assert_eq!(step(&issuer), Step::Issuers);
}

#[test]
fn the_account_key_of_a_strangers_issuer_in_the_same_namespace_stays() {
    const CONTROLLER: &str = "cert-manager-issuers";
    let inside = |namespace: &str, name: &str, by: &str| {
        let mut made = issuer(name, "letsencrypt-account", by);
        made["kind"] = "Issuer".into();
        made["metadata"]["namespace"] = namespace.into();
        made
    };
    let seen = holding([inside("shop", "letsencrypt", HOMELAB)]);
    let key = "Secret shop/letsencrypt-account".to_owned();
    assert_eq!(accounts(&seen, "", CONTROLLER, &[]), [(key.clone(), true)]);
    let shares = inside("shop", "theirs", "kubectl");
    assert_eq!(accounts(&seen, "", CONTROLLER, &[shares]), [(key.clone(), false)]);
    let elsewhere = inside("other", "theirs", "kubectl");
    assert_eq!(
        accounts(&seen, "", CONTROLLER, &[elsewhere]),
        [(key, true)],
        "one elsewhere has another Secret"
    );
    let strangers = holding([inside("shop", "letsencrypt", "kubectl")]);
    assert!(accounts(&strangers, "", CONTROLLER, &[]).is_empty());
}
