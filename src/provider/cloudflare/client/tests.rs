use std::time::Instant;

use super::*;
use crate::net::testing::http::{Canned, Server};
use crate::provider::cloudflare::fault::hint;
use crate::provider::cloudflare::words::WORDS;

const ZONE: &str =
    r#"{"success":true,"errors":[],"result":[{"id":"z1","name":"example.com","status":"active"}]}"#;
const NONE: &str = r#"{"success":true,"errors":[],"result":[]}"#;

fn refusal(code: u32, message: &str) -> String {
    format!(r#"{{"success":false,"errors":[{{"code":{code},"message":"{message}"}}],"result":null}}"#)
}

fn client(server: &Server) -> Client {
    let base = Url::parse(&format!("http://{}/client/v4", server.address)).unwrap();
    let token = Secret::new("tok-secret").unwrap();
    Client { deadline: Duration::from_secs(3), ..Client::new(&token, Some(base)).unwrap() }
}

fn zone() -> Zone {
    Zone { id: "z1".into(), name: "example.com".into(), status: "active".into(), ..Zone::default() }
}

#[test]
fn a_domain_is_tried_from_the_longest_ending_to_the_shortest_but_never_a_top_level_domain() {
    assert_eq!(endings("a.b.example.com."), ["a.b.example.com", "b.example.com", "example.com"]);
    assert_eq!(endings("*.example.com"), ["example.com"]);
    assert!(endings("localhost").is_empty());
}

fn told(fault: &Fault) -> String {
    crate::provider::message(fault, &WORDS)
}

#[tokio::test]
async fn the_zone_is_found_and_the_token_travels_in_the_header_alone() {
    let server = Canned::json(200, ZONE).serve().await;
    let found = client(&server).find_zone("home.example.com").await.unwrap();
    assert_eq!(found.id, "z1");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.starts_with("GET /client/v4/zones?name=")));
    assert!(requests.iter().all(|request| request.contains("authorization: Bearer tok-secret")));
}

#[tokio::test]
async fn an_empty_answer_names_all_zones_that_were_tried() {
    let server = Canned::json(200, NONE).serve().await;
    let error = client(&server).find_zone("home.example.com").await.unwrap_err();
    assert_eq!(told(&error), "the API token sees no zone named `home.example.com` or `example.com`");
    assert!(hint(&error).contains("Specific zone, `example.com`"));
}

#[tokio::test]
async fn each_refusal_has_its_own_error() {
    use Permission::{DnsRead, ZoneRead};
    let invalid_headers = r#"{"success":false,"errors":[{"code":6003,"message":"Invalid request headers",
        "error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}]}"#;
    let cases = [
        (400, invalid_headers.to_owned(), Fault::Malformed { code: 6111 }),
        (403, refusal(9109, "Invalid access token"), Fault::InvalidToken),
        (401, refusal(1000, "Invalid API Token"), Fault::InvalidToken),
        (403, refusal(10000, "Authentication error"), Fault::MissingPermission { permission: ZoneRead }),
        (
            403,
            refusal(0, "requires permission com.cloudflare.api.account.zone.list"),
            Fault::MissingPermission { permission: ZoneRead },
        ),
        (
            403,
            refusal(9109, "Unauthorized to access requested resource"),
            Fault::MissingPermission { permission: ZoneRead },
        ),
    ];
    for (status, body, wanted) in cases {
        let server = Canned::json(status, &body).serve().await;
        assert_eq!(client(&server).find_zone("example.com").await.unwrap_err(), wanted);
    }
    let server = Canned::json(403, &refusal(10000, "Authentication error")).serve().await;
    let error = client(&server).records(&zone(), None).await.unwrap_err();
    assert_eq!(error, Fault::MissingPermission { permission: DnsRead });
    assert!(hint(&error).contains("Zone → DNS → Edit"));
}

#[tokio::test]
async fn a_token_bound_to_another_address_says_so_and_shows_no_token() {
    let body = refusal(9109, "Cannot use the access token tok-secret from location: 203.0.113.7");
    let server = Canned::json(403, &body).serve().await;
    let error = client(&server).find_zone("example.com").await.unwrap_err();
    assert!(told(&error).contains("203.0.113.7") && !told(&error).contains("tok-secret"));
    assert!(!format!("{error:?} {:?}", client(&server)).contains("tok-secret"));
}

#[tokio::test]
async fn expired_and_disabled_tokens_are_told_apart() {
    let verified = |fields: &str| format!(r#"{{"success":true,"errors":[],"result":{{"id":"t",{fields}}}}}"#);
    let server = Canned::json(200, &verified(r#""status":"expired","expires_on":"2026-05-01T00:00:00Z""#))
        .serve()
        .await;
    let error = client(&server).verify().await.unwrap_err();
    assert_eq!(told(&error), "the API token has expired on 2026-05-01");
    let server = Canned::json(200, &verified(r#""status":"disabled""#)).serve().await;
    assert_eq!(client(&server).verify().await.unwrap_err(), Fault::Disabled);
    let early = verified(r#""status":"active","not_before":"2100-01-01T00:00:00Z""#);
    let server = Canned::json(200, &early).serve().await;
    let error = client(&server).verify().await.unwrap_err();
    assert_eq!(told(&error), "the API token is valid only from 2100-01-01T00:00:00Z");
    let server = Canned::json(200, &verified(r#""status":"active""#)).serve().await;
    client(&server).verify().await.unwrap();
}

#[tokio::test]
async fn a_token_that_an_account_owns_is_good_when_it_sees_the_zone() {
    let unknown = Canned::none().at_json("tokens/verify", 401, &refusal(1000, "Invalid API Token"));
    let server = unknown.clone().at_json("zones", 200, ZONE).serve().await;
    assert_eq!(client(&server).check("example.com").await.unwrap().id, "z1");
    let server = unknown.clone().at_json("zones", 200, NONE).serve().await;
    assert!(matches!(client(&server).check("example.com").await, Err(Fault::NoZone { .. })));
    let server = unknown.at_json("zones", 403, &refusal(9109, "Invalid access token")).serve().await;
    assert_eq!(client(&server).check("example.com").await, Err(Fault::InvalidToken));
}

#[tokio::test]
async fn a_zone_that_is_not_active_names_the_servers_to_set() {
    let pending =
        Zone { status: "pending".into(), name_servers: vec!["ada.test".into(), "bob.test".into()], ..zone() };
    let error = pending.require_active().unwrap_err();
    assert!(told(&error).contains("pending"));
    assert!(hint(&error).contains("`ada.test` and `bob.test`"));
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_when_the_deadline_allows() {
    let server = Canned::none().then(429, "retry-after: 1\r\n", vec![]).then_json(200, ZONE).serve().await;
    let begun = Instant::now();
    assert!(client(&server).find_zone("example.com").await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_rate_limit_beyond_the_deadline_is_told_at_once() {
    let server = Canned::none().then(429, "retry-after: 300\r\n", vec![]).serve().await;
    let error = client(&server).find_zone("example.com").await.unwrap_err();
    assert_eq!(error, Fault::RateLimited { retry_after: Some(Duration::from_secs(300)) });
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_rate_limit_without_end_is_one_of_a_day() {
    let server = Canned::none().then(429, "retry-after: 18446744073709551615\r\n", vec![]).serve().await;
    let error = client(&server).find_zone("example.com").await.unwrap_err();
    assert_eq!(error, Fault::RateLimited { retry_after: Some(Duration::from_secs(86_400)) });
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let server = Canned::json(200, &"0".repeat(9 << 20)).serve().await;
    let error = client(&server).find_zone("example.com").await.unwrap_err();
    assert!(told(&error).contains("longer than 8192 KiB"), "{error:?}");
}

#[tokio::test]
async fn a_failure_of_the_server_is_tried_again_but_a_post_is_not() {
    let server = Canned::json(500, "oops").then_json(200, ZONE).serve().await;
    assert!(client(&server).find_zone("example.com").await.is_ok());
    let server = Canned::json(502, "oops").serve().await;
    assert_eq!(client(&server).prove_edit(&zone()).await, Err(Fault::Server { status: 502 }));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_login_page_is_not_the_api() {
    let server = Canned::text(200, "text/html", "<html>hotel</html>").serve().await;
    let error = client(&server).find_zone("example.com").await.unwrap_err();
    assert!(matches!(&error, Fault::NotJson { status: 200, kind, .. } if kind == "text/html"));
}

#[tokio::test]
async fn nobody_listening_is_a_transport_failure_with_the_host() {
    let server = Canned::none().serve().await;
    let mut client = client(&server);
    client.base = Url::parse("http://127.0.0.1:9/").unwrap();
    let error = client.find_zone("example.com").await.unwrap_err();
    assert_eq!(told(&error), "cannot reach `127.0.0.1`: connection refused");
}

#[tokio::test]
async fn records_are_read_page_by_page() {
    let page = |id: &str| {
        format!(
            r#"{{"success":true,"result":[{{"id":"{id}","name":"a.example.com","type":"TXT","content":"\"x\" \"y\"",
            "created_on":"2026-01-01T00:00:00.5Z"}}],"result_info":{{"page":1,"total_pages":2}}}}"#
        )
    };
    let server = Canned::json(200, &page("r1")).then_json(200, &page("r2")).serve().await;
    let records = client(&server).records(&zone(), None).await.unwrap();
    assert_eq!(records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["r1", "r2"]);
    assert_eq!(records[0].text(), "xy");
    assert!(server.requests()[1].contains("page=2"));
}

#[tokio::test]
async fn the_scratch_record_is_made_and_taken_away_and_no_other_is_touched() {
    let found = r#"{"success":true,"result":[
        {"id":"mine","name":"_homelab-check.example.com","type":"TXT","content":"\"homelab scratch record\""},
        {"id":"theirs","name":"_homelab-check.example.com","type":"TXT","content":"\"something else\""}]}"#;
    let server = Canned::json(200, r#"{"success":true,"result":{"id":"mine"}}"#)
        .then_json(200, found)
        .then_json(200, r#"{"success":true,"result":{"id":"mine"}}"#)
        .serve()
        .await;
    client(&server).prove_edit(&zone()).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests[0].starts_with("POST")
            && requests[2].starts_with("DELETE /client/v4/zones/z1/dns_records/mine")
    );
}

#[tokio::test]
async fn a_token_that_only_reads_is_told_which_permission_it_lacks() {
    let server = Canned::json(403, &refusal(10000, "Authentication error")).serve().await;
    let error = client(&server).prove_edit(&zone()).await.unwrap_err();
    assert_eq!(told(&error), "the API token lacks the permission Zone → DNS → Edit");
}

#[tokio::test]
async fn a_record_of_a_delegation_is_made_without_a_proxy_and_removed_by_its_id() {
    let done = r#"{"success":true,"errors":[],"result":{}}"#;
    let server = Canned::json(200, done).serve().await;
    let glue = crate::config::ParentRecord {
        name: "ns.acme.example.com".into(),
        kind: "A",
        content: "203.0.113.7".into(),
    };
    client(&server).enter(&zone(), &glue).await.unwrap();
    let there = Record {
        id: "r1".into(),
        ..crate::provider::paper::record("A", "ns.acme.example.com", "203.0.113.7")
    };
    client(&server).take_out(&zone(), &there).await.unwrap();
    let requests = server.requests();
    assert!(requests[0].starts_with("POST /client/v4/zones/z1/dns_records "), "{}", requests[0]);
    assert!(requests[0].contains(r#""proxied":false"#) && requests[0].contains("homelab zone delegate"));
    assert!(requests[1].starts_with("DELETE /client/v4/zones/z1/dns_records/r1 "), "{}", requests[1]);
    let exists = Canned::json(400, &refusal(81058, "An identical record already exists.")).serve().await;
    assert_eq!(client(&exists).enter(&zone(), &glue).await, Ok(()));
    let gone = Canned::json(404, &refusal(81044, "Record does not exist.")).serve().await;
    assert_eq!(client(&gone).take_out(&zone(), &there).await, Ok(()));
}
