//! The examples of AWS' own documentation.

use serde_json::{Value, json};

use super::*;

/// Of the examples.
const ZONE: &str = "Z11111112222222333333";

/// A statement of the examples, with its condition.
fn example(condition: &Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "route53:ChangeResourceRecordSets",
            "Resource": format!("arn:aws:route53:::hostedzone/{ZONE}"),
            "Condition": condition,
        }],
    })
}

/// Route 53 Developer Guide, "Using IAM policy conditions for fine-grained access control".
#[test]
fn the_examples_of_route_53_are_judged_as_it_says() {
    let names = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
    let types = "route53:ChangeResourceRecordSetsRecordTypes";
    let actions = "route53:ChangeResourceRecordSetsActions";
    let one = |action, kind, name| change(ZONE, &[(action, kind, name)]);

    let two =
        example(&json!({ "ForAllValues:StringEquals": { names: ["example.com", "marketing.example.com"] } }));
    assert!(allows(&two, &one("UPSERT", "A", "example.com.")));
    assert!(allows(&two, &one("DELETE", "MX", "Marketing.Example.com")));
    assert!(!allows(&two, &one("UPSERT", "A", "www.example.com")));
    let mixed = change(ZONE, &[("UPSERT", "A", "example.com"), ("UPSERT", "A", "www.example.com")]);
    assert!(!allows(&two, &mixed), "one of several is enough to be refused");
    assert!(!allows(&two, &change("Z4", &[("UPSERT", "A", "example.com")])), "another zone");

    let beta = example(&json!({ "ForAllValues:StringLike": { names: ["*-beta.example.com"] } }));
    assert!(allows(&beta, &one("UPSERT", "A", "shop-beta.example.com")));
    assert!(!allows(&beta, &one("UPSERT", "A", "beta.example.com")));

    let wildcard = example(&json!({ "ForAllValues:StringEquals": { names: ["\\052.example.com"] } }));
    assert!(allows(&wildcard, &one("UPSERT", "A", "*.example.com")));
    assert!(!allows(&wildcard, &one("UPSERT", "A", "www.example.com")));

    let mail = example(&json!({ "ForAllValues:StringEquals": {
        names: ["example.com"], types: ["MX"], actions: ["CREATE", "UPSERT"],
    } }));
    assert!(allows(&mail, &one("CREATE", "MX", "example.com")));
    assert!(!allows(&mail, &one("DELETE", "MX", "example.com")));
    assert!(!allows(&mail, &one("CREATE", "TXT", "example.com")));

    let addresses = example(&json!({ "ForAllValues:StringEquals": { types: ["A", "AAAA"] } }));
    assert!(allows(&addresses, &change(ZONE, &[("UPSERT", "A", "a"), ("DELETE", "AAAA", "b")])));
    assert!(!allows(&addresses, &one("UPSERT", "CNAME", "a")));
}

/// IAM User Guide, "Multivalued context key examples": a denial with `ForAllValues:StringNotLike` and `key1*`.
#[test]
fn the_table_of_the_iam_user_guide_is_judged_as_it_says() {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "DenyRestrictedTags", "Effect": "Deny", "Action": ["iam:Tag*", "iam:UnTag*"], "Resource": ["*"],
            "Condition": { "ForAllValues:StringNotLike": { "aws:TagKeys": "key1*" } },
        }],
    });
    let with = |keys: &[&str]| Asked {
        action: "iam:TagUser".into(),
        resources: vec!["arn:aws:iam::1:user/ada".into()],
        context: [("aws:TagKeys".to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())].into(),
    };
    let said = |asked: &Asked| ruling(std::slice::from_ref(&document), asked);
    assert_eq!(said(&with(&["key1:legal"])), Ruling::NotAllowed);
    assert_eq!(said(&with(&["key1:hr", "key1:personnel"])), Ruling::NotAllowed);
    assert_eq!(said(&with(&["key2:audit"])), Ruling::Denied);
    assert_eq!(said(&with(&[])), Ruling::Denied);
}

#[test]
fn a_denial_is_the_last_word_and_silence_is_a_no() {
    let allow = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "route53:*", "Resource": "*" } });
    let deny = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Action": "route53:Delete*", "Resource": "*" } });
    let delete = of_zone("DeleteHostedZone", "Z1");
    assert_eq!(ruling(&[], &delete), Ruling::NotAllowed);
    assert_eq!(ruling(std::slice::from_ref(&allow), &delete), Ruling::Allowed);
    assert_eq!(ruling(&[allow, deny], &delete), Ruling::Denied);
}

#[test]
fn a_document_that_says_more_than_is_judged_is_refused() {
    for (key, value) in [("NotAction", json!("x")), ("Principal", json!("*"))] {
        let mut document = example(&json!({}));
        document["Statement"][0][key] = value;
        assert!(serde_json::from_value::<Document>(document).is_err(), "{key}");
    }
    for operator in ["StringEquals", "ForAllValues:StringEqualsIgnoreCase", "IpAddress", "StringLikeIfExists"]
    {
        let document = example(&json!({ operator: { "aws:x": "y" } }));
        assert!(serde_json::from_value::<Document>(document).is_err(), "{operator}");
    }
}

#[test]
fn a_star_is_any_text_and_a_question_mark_one_character() {
    for (pattern, text) in [
        ("*", ""),
        ("*", "a.b"),
        ("a*c", "ac"),
        ("a*c", "abcbc"),
        ("a?c", "abc"),
        ("*-beta.example.com", "x-beta.example.com"),
        ("_acme-challenge.*.b", "_acme-challenge.x.y.b"),
    ] {
        assert!(is_like(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [
        ("", "a"),
        ("a", ""),
        ("a?c", "ac"),
        ("a*c", "acb"),
        ("*-beta.example.com", "beta.example.com"),
        ("A", "a"),
    ] {
        assert!(!is_like(pattern, text), "{pattern} {text}");
    }
}
