//! The external-dns of an organisation, beside that of the lab.

use crate::checks::edns::tests::*;
use crate::evidence::{Fault, OrganisationSeen};

const NAME: &str = "external-dns-for-acme";

/// The healthy lab with an organisation that has the zone of the healthy host.
fn shared(change: impl FnOnce(&mut Evidence)) -> Report {
    with_cluster(|e| {
        e.organisations = vec![OrganisationSeen {
            name: "acme".into(),
            zone: HOST.into(),
            namespaces: vec!["homelab".into(), "shop".into()],
            ..OrganisationSeen::default()
        }];
        let mut theirs = deployment();
        theirs["metadata"]["name"] = NAME.into();
        list(e, "deployments.apps").push(theirs);
        change(e);
    })
}

fn said(e: &mut Evidence, container: &str, level: &str) {
    let place = format!("external-dns/{NAME}-1/{container}");
    let lines = format!("{}\n{}", line("info", "Applying"), line(level, "AccessDenied: no"));
    e.cluster.as_mut().unwrap().logs.insert(place, lines);
}

#[test]
fn one_that_is_gone_switched_off_or_not_ready_is_named() {
    let gone = only(&shared(|e| list(e, "deployments.apps").truncate(1)), id::EDNS_PODS);
    assert!(gone.summary.contains("of the organisation `acme` is not installed"), "{}", gone.summary);
    let off = only(&shared(|e| list(e, "deployments.apps")[1]["spec"]["replicas"] = json!(0)), id::EDNS_PODS);
    assert!(off.fix.commands[0].contains(NAME), "{off:?}");
    let starts = only(&shared(|e| list(e, "deployments.apps")[1]["status"] = json!({})), id::EDNS_PODS);
    assert!(starts.summary.contains("is not ready"), "{}", starts.summary);
    assert!(fails(&shared(|_| ())).is_empty());
}

#[test]
fn the_error_with_which_one_ends_is_its_own_and_not_the_labs() {
    let finding = only(&shared(|e| said(e, "shop", "error")), id::EDNS_SYNC);
    assert!(finding.summary.contains("`acme` fails for the namespace `shop`"), "{}", finding.summary);
    assert!(fails(&shared(|e| said(e, "shop", "info"))).is_empty(), "it went well since");
}

#[test]
fn a_record_of_a_namespace_of_an_organisation_is_the_labs_and_one_that_looks_alike_is_not() {
    let owned_by = |owner: &str| {
        shared(|e| {
            for record in records(e).iter_mut().filter(|record| record.kind == "TXT") {
                record.content =
                    format!("\"heritage=external-dns,external-dns/owner={owner}\"").as_str().into();
            }
        })
    };
    let lab = {
        let mut id = String::new();
        shared(|e| id = e.owner.as_ref().unwrap().id.clone());
        id
    };
    assert!(fails(&owned_by(&format!("{lab}/acme/shop"))).is_empty());
    assert_eq!(fails(&owned_by(&format!("{lab}-2/acme/shop"))), [id::OWNER]);
}

#[test]
fn an_ingress_outside_of_its_namespaces_gets_no_record_and_is_told_why() {
    let report = shared(|e| {
        records(e).clear();
        e.organisations[0].namespaces = vec!["shop".into()];
    });
    let finding = only(&report, id::RECORDS);
    assert!(finding.cause.contains("is in no namespace of the organisation `acme`"), "{}", finding.cause);
}

#[test]
fn a_name_in_a_zone_that_its_own_token_does_not_show_is_told_by_the_check_of_that() {
    for (fault, by) in [
        (Fault::InvalidToken, id::ORGANISATION_TOKEN),
        (Fault::NoZone { tried: vec![HOST.into()], sees: Vec::new() }, id::ORGANISATION),
    ] {
        let report = shared(|e| {
            records(e).clear();
            e.organisations[0].provider = Some(Err(failure(fault)));
        });
        assert_eq!(outcome(&report, id::RECORDS), Outcome::Blocked { by });
        assert_eq!(outcome(&report, id::OWNER), Outcome::Blocked { by });
    }
}
