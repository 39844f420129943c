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
