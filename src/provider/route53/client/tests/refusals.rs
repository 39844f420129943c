//! Refusals that look like others.

use super::*;

async fn refused(code: &'static str, message: &'static str) -> Fault {
    let fake = Fake::new();
    fake.change(|state| state.refuses = Some(("Z1/rrset", 403, code, message)));
    client(&fake.serve().await).check("example.com").await.unwrap_err()
}

#[tokio::test]
async fn a_date_that_is_off_is_the_clock_whatever_the_code() {
    for code in ["RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"] {
        let fault =
            refused(code, "The difference between the request time and the current time is too large").await;
        assert!(matches!(fault, Fault::Clock { .. }), "{code}: {fault:?}");
    }
}

#[tokio::test]
async fn a_zone_of_another_account_is_told_from_a_right_that_is_missing() {
    let fault =
        refused("AccessDenied", "User: arn:aws:iam::1:user/h is not authorized to access this resource")
            .await;
    assert!(
        told(&fault).ends_with("on `arn:aws:route53:::hostedzone/Z1`, which another account has"),
        "{fault:?}"
    );
    assert!(
        hint(&fault).starts_with("use an access key of the account that has the zone"),
        "{}",
        hint(&fault)
    );
}

#[tokio::test]
async fn a_zone_beyond_the_quota_of_the_account_is_told_with_where_more_are_granted() {
    let fake = Fake::new();
    let message = "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER";
    fake.change(|state| {
        state.refuses = Some(("POST /2013-04-01/hostedzone ", 400, "TooManyHostedZones", message))
    });
    let client = client(&fake.serve().await);
    let fault = ZoneApi::make(&client, "acme.example.com", "r").await.unwrap_err();
    assert!(
        hint(&fault).contains("`homelab zone prune`") && hint(&fault).contains("Service Quotas"),
        "{fault:?}"
    );
    assert!(cause(&fault).unwrap().contains("500"), "{fault:?}");
}

#[tokio::test]
async fn who_denies_it_is_told_with_what_is_to_be_done_there() {
    for (why, clause, reason, step) in [
        (
            "with an explicit deny in a service control policy",
            "since a policy of your AWS organization forbids it",
            "no policy of the user changes that",
            "management account",
        ),
        (
            "because no permissions boundary allows the route53:ListResourceRecordSets action",
            "since the permissions boundary of that user does not allow it",
            "whatever its policies allow",
            "in the permissions boundary of that user",
        ),
        (
            "with an explicit deny in an identity-based policy",
            "since a policy denies it",
            "whatever another policy allows",
            "remove the statement",
        ),
        (
            "because no identity-based policy allows the route53:ListResourceRecordSets action",
            "on `arn:aws:route53:::hostedzone/Z1`",
            "what no policy allows",
            "allow `route53:ListResourceRecordSets`",
        ),
    ] {
        let message = format!(
            "User: arn:aws:iam::123456789012:user/homelab is not authorized to perform: route53:ListResourceRecordSets on resource: arn:aws:route53:::hostedzone/Z1 {why}"
        );
        let fault = refused("AccessDenied", message.leak()).await;
        assert!(told(&fault).ends_with(clause), "{}", told(&fault));
        assert!(
            cause(&fault).unwrap().contains(reason) && hint(&fault).contains(step),
            "{why}: {}",
            hint(&fault)
        );
    }
}

#[tokio::test]
async fn an_account_that_is_suspended_is_told_as_one() {
    for code in ["OptInRequired", "SubscriptionRequiredException"] {
        let fault = refused(code, "The AWS Access Key Id needs a subscription for the service").await;
        assert!(cause(&fault).unwrap().contains("suspended"), "{fault:?}");
        assert!(hint(&fault).contains("Billing"), "{}", hint(&fault));
    }
}
