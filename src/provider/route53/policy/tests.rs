//! What each program may do with the documents that `homelab zone policy` prints, and what it may not.

use super::judge::{Asked, Ruling, allows, change, of_zone, on, ruling};
use super::*;

const ZONE: &str = "acme.home.example.com";
/// The zone of the organisation, and somebody else's.
const OWN: &str = "Z0123456789EXAMPLE";
const OTHER: &str = "Z9999999999EXAMPLE";

fn golden(name: &str, document: &Value) {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider/route53/golden").join(name);
    let text = format!("{document:#}\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == wanted, "{} differs; `UPDATE_GOLDEN=1 cargo test` accepts it:\n{text}", path.display());
}

#[test]
fn each_program_has_the_rights_that_it_needs_and_no_other() {
    for policy in policies(ZONE, OWN) {
        golden(&format!("{}.json", policy.holder.word()), &policy.document);
    }
    golden("maker.json", &of_maker("home.example.com", "attic"));
}

#[test]
fn no_right_to_write_reaches_beyond_the_zone() {
    for policy in policies(ZONE, OWN) {
        for statement in policy.document["Statement"].as_array().unwrap() {
            let writes = statement["Action"].as_array().unwrap().iter().any(|action| {
                let action = action.as_str().unwrap().trim_start_matches("route53:");
                !action.starts_with("List") && !action.starts_with("Get")
            });
            if writes {
                assert_eq!(statement["Resource"], json!([format!("arn:aws:route53:::hostedzone/{OWN}")]));
            }
        }
    }
}

#[test]
fn an_id_is_the_same_with_the_path_that_the_api_puts_before_it() {
    assert_eq!(policies(ZONE, OWN), policies(ZONE, &format!("/hostedzone/{OWN}")));
}

#[test]
fn names_are_written_as_the_condition_keys_have_them() {
    assert_eq!(normalized("*.Example.COM."), "\\052.example.com");
    assert_eq!(normalized("_acme-challenge.example.com"), "_acme-challenge.example.com");
}

fn printed(holder: Holder) -> Value {
    match holder {
        Holder::Maker => of_maker("home.example.com", "attic"),
        _ => policies(ZONE, OWN).into_iter().find(|one| one.holder == holder).unwrap().document,
    }
}

#[test]
fn external_dns_reaches_every_record_of_its_zone_and_none_of_another() {
    let policy = printed(Holder::ExternalDns);
    for kind in ["A", "AAAA", "CNAME", "TXT"] {
        let name = "wiki.acme.home.example.com";
        assert!(allows(&policy, &change(OWN, &[("UPSERT", kind, name)])));
        assert!(!allows(&policy, &change(OTHER, &[("UPSERT", kind, name)])));
    }
    assert!(
        allows(&policy, &on("ListHostedZones", "*"))
            && allows(&policy, &of_zone("ListResourceRecordSets", OWN))
    );
    assert!(!allows(&policy, &of_zone("ListResourceRecordSets", OTHER)));
    let tags = |ids: &[&str]| Asked {
        resources: ids.iter().map(|id| format!("arn:aws:route53:::hostedzone/{id}")).collect(),
        ..on("ListTagsForResources", "*")
    };
    assert!(allows(&policy, &tags(&[OWN])) && !allows(&policy, &tags(&[OWN, OTHER])));
    assert!(!allows(&policy, &of_zone("DeleteHostedZone", OWN)));
    assert!(!allows(&policy, &on("CreateHostedZone", "*")));
}

#[test]
fn cert_manager_writes_challenges_and_nothing_else() {
    let policy = printed(Holder::CertManager);
    let zone = "acme.home.example.com";
    for name in [format!("_acme-challenge.{zone}"), format!("_acme-challenge.a.b.{zone}.")] {
        for action in ["UPSERT", "DELETE"] {
            assert!(allows(&policy, &change(OWN, &[(action, "TXT", &name)])), "{name}");
        }
        assert!(!allows(&policy, &change(OTHER, &[("UPSERT", "TXT", &name)])));
        assert!(!allows(&policy, &change(OWN, &[("UPSERT", "CNAME", &name)])));
    }
    for name in
        [format!("a-homelab.wiki.{zone}"), zone.to_owned(), "_acme-challenge.other.example.com".into()]
    {
        assert!(!allows(&policy, &change(OWN, &[("UPSERT", "TXT", &name)])), "{name}");
    }
    let both = [
        ("UPSERT", "TXT", "_acme-challenge.acme.home.example.com"),
        ("DELETE", "A", "wiki.acme.home.example.com"),
    ];
    assert!(!allows(&policy, &change(OWN, &both)), "a challenge does not carry something else with it");
    assert!(!allows(&policy, &change(OWN, &[])), "a request without a record has no key to judge by");
    assert!(
        allows(&policy, &on("GetChange", "arn:aws:route53:::change/C123"))
            && !allows(&policy, &on("ListHostedZones", "*"))
    );
}

#[test]
fn homelab_proves_that_it_may_write_and_writes_nothing_else() {
    let policy = printed(Holder::Homelab);
    let scratch = [("CREATE", "TXT", "_homelab-check.acme.home.example.com")];
    assert!(allows(&policy, &change(OWN, &scratch)) && !allows(&policy, &change(OTHER, &scratch)));
    assert!(!allows(&policy, &change(OWN, &[("UPSERT", "A", "wiki.acme.home.example.com")])));
    let claim = |id: &str| of_zone("ChangeTagsForResource", id);
    assert!(allows(&policy, &claim(OWN)) && !allows(&policy, &claim(OTHER)));
    assert!(!allows(&policy, &of_zone("DeleteHostedZone", OWN)));
}

#[test]
fn whoever_makes_zones_delegates_below_the_domain_and_leaves_other_names_alone() {
    let policy = printed(Holder::Maker);
    assert!(allows(&policy, &change(OTHER, &[("UPSERT", "NS", "acme.home.example.com")])));
    assert!(!allows(&policy, &change(OTHER, &[("UPSERT", "NS", "home.example.com")])));
    assert!(!allows(&policy, &change(OTHER, &[("UPSERT", "NS", "acme.other.example")])));
    assert!(!allows(&policy, &change(OTHER, &[("UPSERT", "A", "nas.home.example.com")])));
    assert!(allows(&policy, &change(OTHER, &[("DELETE", "A", "wiki.acme.home.example.com")])));
}

/// A user that homelab made for a cluster, or somebody else's.
fn on_user(action: &str, path_and_name: &str) -> Asked {
    let resources = vec![format!("arn:aws:iam::123456789012:user/{path_and_name}")];
    Asked { action: format!("iam:{action}"), resources, ..on("", "*") }
}

#[test]
fn whoever_makes_users_reaches_those_of_the_own_cluster_alone() {
    let policy = printed(Holder::Maker);
    let actions = [
        "GetUser",
        "CreateUser",
        "TagUser",
        "DeleteUser",
        "ListUserPolicies",
        "GetUserPolicy",
        "PutUserPolicy",
        "DeleteUserPolicy",
        "ListAccessKeys",
        "CreateAccessKey",
        "DeleteAccessKey",
    ];
    for action in actions {
        assert!(allows(&policy, &on_user(action, "homelab/attic/acme@attic")), "{action}");
        for other in
            ["homelab/cellar/acme@cellar", "homelab/atticus/acme@atticus", "admin", "homelab", "ada/attic/x"]
        {
            assert!(!allows(&policy, &on_user(action, other)), "{action} {other}");
        }
    }
    for action in
        ["AttachUserPolicy", "CreateLoginProfile", "UpdateAccessKey", "PutGroupPolicy", "AddUserToGroup"]
    {
        assert!(!allows(&policy, &on_user(action, "homelab/attic/acme@attic")), "{action}");
    }
    assert!(allows(&policy, &Asked { action: "iam:ListUsers".into(), ..on("", "*") }));
}

#[test]
fn whoever_makes_a_zone_may_claim_it() {
    assert!(allows(&printed(Holder::Maker), &of_zone("ChangeTagsForResource", OTHER)));
}

#[test]
fn the_user_of_an_organisation_has_the_sum_of_the_three_and_nothing_beyond() {
    let sum = printed(Holder::Organisation);
    let three = [Holder::ExternalDns, Holder::CertManager, Holder::Homelab].map(printed);
    let names = [
        "wiki.acme.home.example.com",
        "_acme-challenge.acme.home.example.com",
        "_homelab-check.acme.home.example.com",
        "acme.home.example.com",
        "home.example.com",
    ];
    let mut asked: Vec<Asked> = Vec::new();
    for zone in [OWN, OTHER] {
        for kind in ["A", "TXT", "NS", "SOA"] {
            asked.extend(names.iter().flat_map(|name| {
                ["CREATE", "UPSERT", "DELETE"].map(|action| change(zone, &[(action, kind, name)]))
            }));
        }
        let calls = [
            "GetHostedZone",
            "ListResourceRecordSets",
            "ListTagsForResource",
            "ListTagsForResources",
            "ChangeTagsForResource",
            "DeleteHostedZone",
            "AssociateVPCWithHostedZone",
        ];
        asked.extend(calls.map(|action| of_zone(action, zone)));
    }
    asked.extend(
        ["ListHostedZones", "CreateHostedZone", "ListHostedZonesByName"].map(|action| on(action, "*")),
    );
    asked.push(on("GetChange", "arn:aws:route53:::change/C123"));
    asked.push(on_user("CreateAccessKey", "homelab/attic/acme@attic"));
    for one in &asked {
        assert_eq!(allows(&sum, one), ruling(&three, one) == Ruling::Allowed, "{one:?}");
    }
}

/// IAM User Guide, "IAM and AWS STS quotas": 2,048 characters in the inline policies of a user, 6,144 in a managed one; white space
/// is not counted.
#[test]
fn what_is_written_into_a_user_fits_and_what_is_to_be_pasted_fits_a_policy_of_its_own() {
    let size = |document: &Value| document.to_string().chars().filter(|c| !c.is_whitespace()).count();
    let long = format!("{}.example.com", vec!["a".repeat(60); 3].join("."));
    let of_user =
        policies(&long, &"Z".repeat(32)).into_iter().find(|one| one.holder == Holder::Organisation).unwrap();
    assert!(size(&of_user.document) < 1024, "{}", size(&of_user.document));
    assert!(size(&of_maker(&long, &"o".repeat(63))) < 6144);
}
