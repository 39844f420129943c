//! A key that may do more than it needs.

use super::*;

const DENIED: &str = "User: arn:aws:iam::123456789012:user/homelab is not authorized to perform: route53:ChangeResourceRecordSets on resource: arn:aws:route53:::hostedzone/Z0000000000000000000 because no identity-based policy allows the route53:ChangeResourceRecordSets action";

#[tokio::test]
async fn a_key_for_every_zone_is_told_from_one_for_its_own_and_nothing_is_written() {
    let fake = Fake::new();
    let before = fake.sets();
    let server = fake.serve().await;
    let wide = client(&server).excess(&zone()).await.unwrap().unwrap();
    assert_eq!(wide.may, "change the records of every hosted zone of the account");
    assert!(wide.cure.contains("put `arn:aws:route53:::hostedzone/Z1` in the place of `*`"), "{}", wide.cure);
    fake.change(|state| {
        state.refuses = Some(("hostedzone/Z0000000000000000000", 403, "AccessDenied", DENIED))
    });
    assert_eq!(client(&server).excess(&zone()).await.unwrap(), None);
    assert_eq!(fake.sets(), before);
    let asked: Vec<String> = server.requests();
    assert!(
        asked
            .iter()
            .all(|request| request.starts_with("POST /2013-04-01/hostedzone/Z0000000000000000000/rrset"))
    );
    assert!(asked.iter().all(|request| request.contains("<Action>DELETE</Action>")), "{asked:?}");
}

#[tokio::test]
async fn what_says_nothing_of_the_right_is_no_verdict() {
    let fake = Fake::new();
    fake.change(|state| {
        state.refuses = Some(("rrset", 403, "InvalidClientTokenId", "The security token is invalid"))
    });
    assert_eq!(client(&fake.serve().await).excess(&zone()).await, Err(Fault::InvalidToken));
}
