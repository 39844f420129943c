use jiff::Timestamp;

use super::*;
use crate::net::testing::http::{Canned, Server};
use crate::provider::route53::fault::{cause, hint};
use crate::provider::route53::keys;
use crate::provider::route53::words::WORDS;

mod fake;
mod refusals;
mod users;
mod width;
mod zones;

use fake::{Fake, Set};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE\ns3cretAlrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE\n";

fn client(server: &Server) -> Client {
    client_within(server, Duration::from_secs(5))
}

fn client_within(server: &Server, deadline: Duration) -> Client {
    client_at(&server.address.to_string(), deadline)
}

fn client_at(address: &str, deadline: Duration) -> Client {
    let keyring = keys::keyring(KEY).unwrap();
    let config = sdk::config(&keyring, deadline).unwrap();
    let config = config.into_builder().endpoint_url(format!("http://{address}")).build();
    Client::new(&keyring, &config)
}

fn told(fault: &Fault) -> String {
    crate::provider::message(fault, &WORDS)
}

fn zone() -> Zone {
    Zone { id: "Z1".into(), name: "example.com".into(), status: "active".into(), ..Zone::default() }
}

#[tokio::test]
async fn the_longest_public_zone_of_the_domain_is_found_and_the_secret_is_never_sent() {
    let fake = Fake::new();
    fake.change(|state| state.zones.extend([("Z7", "com.", false), ("Z8", "home.example.com.", true)]));
    let server = fake.serve().await;
    let found = client(&server).check("home.example.com").await.unwrap();
    assert_eq!((found.id.as_str(), found.name.as_str()), ("Z1", "example.com"));
    assert_eq!(found.name_servers, ["ns-1.awsdns-01.org", "ns-2.awsdns-02.com"]);
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /2013-04-01/hostedzone"), "{}", requests[0]);
    let signed = "authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/";
    assert!(requests.iter().all(|request| request.contains(signed)), "{}", requests[0]);
    assert!(requests.iter().all(|request| request.contains("/us-east-1/route53/aws4_request")));
    assert!(requests.iter().all(|request| !request.contains("s3cret")));
    assert!(!format!("{:?}", client(&server)).contains("s3cret"));
}

#[tokio::test]
async fn two_public_zones_of_one_name_are_refused_with_both_ids() {
    let fake = Fake::new();
    fake.change(|state| state.zones.push(("Z2", "example.com.", false)));
    let error = client(&fake.serve().await).check("home.example.com").await.unwrap_err();
    assert_eq!(told(&error), "Route 53 has 2 zones named `example.com`: `Z1` and `Z2`");
    assert!(hint(&error).contains("compare the name servers of both"));
}

#[tokio::test]
async fn a_private_zone_is_no_zone_for_the_house_and_none_at_all_is_told_with_what_there_is() {
    let fake = Fake::new();
    fake.change(|state| state.zones = vec![("Z9", "example.com.", true)]);
    let error = client(&fake.serve().await).check("home.example.com").await.unwrap_err();
    assert!(matches!(&error, Fault::ZoneNotActive { status, .. } if status == "private"), "{error:?}");
    assert!(hint(&error).contains("create a public hosted zone `example.com`"));
    fake.change(|state| state.zones = vec![("Z9", "example.org.", false)]);
    let error = client(&fake.serve().await).check("home.example.com").await.unwrap_err();
    assert!(told(&error).ends_with("or `com`; it sees `example.org`"), "{}", told(&error));
    assert!(hint(&error).contains("create the hosted zone `example.com`"), "{}", hint(&error));
}

#[tokio::test]
async fn zones_and_records_are_read_to_their_last_page() {
    let fake = Fake::new();
    fake.change(|state| {
        state.page = 2;
        state
            .zones
            .splice(0..0, [("Z5", "a.test.", false), ("Z6", "b.test.", false), ("Z7", "c.test.", false)]);
        state.sets.extend((0..7).map(|n| Set::new("A", &format!("x{n}.example.com."), &["192.168.1.9"])));
    });
    let server = fake.serve().await;
    assert_eq!(client(&server).check("example.com").await.unwrap().id, "Z1");
    let records = client(&server).records(&zone(), None).await.unwrap();
    assert_eq!(records.iter().filter(|record| record.name.starts_with('x')).count(), 7);
}

#[tokio::test]
async fn records_have_plain_names_and_those_of_one_name_are_all_of_it() {
    let server = Fake::new().serve().await;
    let records = client(&server).records(&zone(), None).await.unwrap();
    let seen: Vec<_> = records.iter().map(|r| (r.kind.as_str(), r.name.as_str(), r.text())).collect();
    assert!(seen.contains(&("A", "*.home.example.com", "192.168.1.2".into())), "{seen:?}");
    assert!(seen.contains(&("CNAME", "www.example.com", "nas.example.com".into())), "{seen:?}");
    assert!(seen.contains(&("TXT", "a-homelab.nas.example.com", "heritage=external-dns".into())), "{seen:?}");
    let named = client(&server).records(&zone(), Some("nas.example.com")).await.unwrap();
    let named: Vec<_> = named.iter().map(|record| (record.kind.as_str(), record.content.as_str())).collect();
    assert_eq!(named, [("A", "192.168.1.5"), ("TXT", "\"by hand\"")]);
}

#[tokio::test]
async fn the_scratch_record_is_made_and_taken_away_and_nothing_else_changes() {
    let fake = Fake::new();
    let before = fake.sets();
    let server = fake.serve().await;
    client(&server).prove_edit(&zone()).await.unwrap();
    assert_eq!(fake.sets(), before);
    let requests = server.requests();
    assert!(requests.iter().any(|request| request.contains("<Action>CREATE</Action>")));
    assert!(requests.iter().any(|request| request.starts_with("GET /2013-04-01/change/C1")), "{requests:?}");
    // What a stopped run left goes with the next one.
    fake.change(|state| {
        state.sets.push(Set::of("TXT", "_homelab-check.example.com.", 10, &["\"homelab scratch record\""]))
    });
    client(&server).prove_edit(&zone()).await.unwrap();
    assert_eq!(fake.sets(), before);
}

#[tokio::test]
async fn a_strangers_record_at_the_name_of_the_scratch_record_stays() {
    let fake = Fake::new();
    fake.change(|state| state.sets.push(Set::new("TXT", "_homelab-check.example.com.", &["\"mine\""])));
    let before = fake.sets();
    let server = fake.serve().await;
    client(&server).prove_edit(&zone()).await.unwrap();
    assert_eq!(fake.sets(), before);
    assert!(server.requests().iter().any(|request| request.contains("_homelab-check-2.example.com.")));
    // One that is written in between, with homelab's text beside it, stays too.
    fake.change(|state| state.beside = Some("\"mine\"".to_owned()));
    let error = client(&server).prove_edit(&zone()).await.unwrap_err();
    assert!(
        matches!(&error, Fault::Leftover { name, .. } if name == "_homelab-check-2.example.com"),
        "{error:?}"
    );
    let left = fake.sets().into_iter().find(|set| set.name.starts_with("_homelab-check-2")).unwrap();
    assert!(left.values.contains(&"\"mine\"".to_owned()), "{left:?}");
}

#[tokio::test]
async fn a_record_of_a_delegation_is_added_beside_nobody_and_taken_out_of_what_stays() {
    let fake = Fake::new();
    let server = fake.serve().await;
    let record =
        ParentRecord { name: "acme.example.com".into(), kind: "NS", content: "ns.example.com".into() };
    client(&server).enter(&zone(), &record).await.unwrap();
    client(&server).enter(&zone(), &record).await.unwrap();
    let there = |fake: &Fake| fake.sets().into_iter().find(|set| set.name == "acme.example.com.");
    assert_eq!(there(&fake).unwrap().values, ["ns.example.com."]);
    let other = ParentRecord { content: "ns2.example.com".into(), ..record.clone() };
    let error = client(&server).enter(&zone(), &other).await.unwrap_err();
    assert!(told(&error).contains("somebody has written another `acme.example.com NS`"), "{}", told(&error));
    fake.change(|state| {
        let set = state.sets.iter_mut().find(|set| set.name == "acme.example.com.").unwrap();
        set.values.push("ns.other.test.".to_owned());
    });
    let seen = client(&server).records(&zone(), Some("acme.example.com")).await.unwrap();
    let own = seen.into_iter().find(|record| record.content == "ns.example.com").unwrap();
    client(&server).take_out(&zone(), &own).await.unwrap();
    assert_eq!(there(&fake).unwrap().values, ["ns.other.test."]);
    client(&server).take_out(&zone(), &own).await.unwrap();
    assert_eq!(there(&fake).unwrap().values, ["ns.other.test."]);
}

#[tokio::test]
async fn each_refusal_has_its_own_fault_and_shows_no_secret() {
    let denied = "User: arn:aws:iam::123456789012:user/homelab is not authorized to perform: route53:ListHostedZones because no identity-based policy allows the route53:ListHostedZones action";
    for (status, code, message, part) in [
        (
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            "does not know the access key",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match. s3cretAlrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE",
            "another secret for the access key",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20261201T000000Z is now earlier than 20261201T005500Z",
            "too far apart",
        ),
        (400, "RequestExpired", "Request has expired.", "too far apart"),
        (
            403,
            "AccessDenied",
            denied,
            "the access key of `arn:aws:iam::123456789012:user/homelab` may not `route53:ListHostedZones` on `*`",
        ),
        (
            400,
            "OptInRequired",
            "You are not subscribed. s3cretAlrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE",
            "refuses: OptInRequired: You are not subscribed. *** (HTTP 400)",
        ),
    ] {
        let fake = Fake::new();
        fake.change(|state| state.refuses = Some(("hostedzone", status, code, message)));
        let error = client(&fake.serve().await).check("example.com").await.unwrap_err();
        assert!(told(&error).contains(part), "{code}: {}", told(&error));
        assert!(!format!("{error:?} {} {:?}", hint(&error), cause(&error)).contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn which_right_is_missing_is_told_with_the_arn_that_it_is_needed_on() {
    let fake = Fake::new();
    fake.change(|state| state.refuses = Some(("Z1/rrset", 403, "AccessDenied", "User is not authorized")));
    let error = client(&fake.serve().await).check("example.com").await.unwrap_err();
    assert_eq!(
        told(&error),
        "the access key may not `route53:ListResourceRecordSets` on `arn:aws:route53:::hostedzone/Z1`"
    );
    fake.change(|state| state.refuses = Some(("change/", 403, "AccessDenied", "User: arn:aws:iam::1:user/h is not authorized to perform: route53:GetChange on resource: arn:aws:route53:::change/C1 with an explicit deny in an identity-based policy")));
    let error = client(&fake.serve().await).prove_edit(&zone()).await.unwrap_err();
    assert!(
        told(&error).ends_with(
            "may not `route53:GetChange` on `arn:aws:route53:::change/*`, since a policy denies it"
        ),
        "{}",
        told(&error)
    );
    assert!(hint(&error).starts_with("remove the statement that denies"), "{}", hint(&error));
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_with_the_seconds() {
    let hour = Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&hour).unwrap();
    let body = fake::error("SignatureDoesNotMatch", "The request signature we calculated does not match.");
    let server = Canned::none().then(403, &format!("date: {date}\r\n"), body.into_bytes()).serve().await;
    let error = client(&server).check("example.com").await.unwrap_err();
    assert!(matches!(error, Fault::Clock { ahead: Some(3590..=3610) }), "{error:?}");
}

#[tokio::test]
async fn throttling_is_waited_for_and_told_when_it_stays() {
    let fake = Fake::new();
    fake.change(|state| state.throttles = 2);
    assert_eq!(client(&fake.serve().await).check("example.com").await.unwrap().id, "Z1");
    fake.change(|state| state.throttles = 100);
    // Also where there is little time, as the doctor has.
    for deadline in [Duration::from_secs(20), Duration::from_secs(3)] {
        let client = client_within(&fake.serve().await, Duration::from_secs(20)).within(deadline);
        let error = client.check("example.com").await.unwrap_err();
        assert_eq!(error, Fault::RateLimited { retry_after: None }, "{deadline:?}");
    }
}

#[tokio::test]
async fn what_is_not_the_api_is_told_and_nobody_there_is_not_asked_again() {
    let server = Canned::text(200, "text/html", "<html>log in</html>").serve().await;
    let error = client(&server).check("example.com").await.unwrap_err();
    assert!(matches!(error, Fault::NotJson { status: 200, .. }), "{error:?}");
    let began = std::time::Instant::now();
    let nobody = client_at("127.0.0.1:9", Duration::from_secs(5));
    let error = nobody.check("example.com").await.unwrap_err();
    let cause = crate::evidence::Transport::Refused;
    assert_eq!(error, Fault::Transport { host: "route53.amazonaws.com".into(), cause });
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_zone_that_is_full_is_told_as_that() {
    let fake = Fake::new();
    fake.change(|state| {
        state.refuses =
            Some(("POST", 400, "InvalidChangeBatch", "[Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z1]"));
    });
    let error = client(&fake.serve().await).prove_edit(&zone()).await.unwrap_err();
    let for_room = crate::provider::route53::limits::refused_for(&error);
    assert_eq!(for_room, Some(crate::provider::RefusedFor::Room), "{error:?}");
}
