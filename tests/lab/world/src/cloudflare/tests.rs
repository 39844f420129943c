//! Requests and answers, without a network.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::auth::Credentials;
use super::handle::{Request, handle};
use crate::config::Config;
use crate::state::World;
use crate::state::zone::zone_id;

const FULL: &str = "full-0123456789012345678901234567890123456";
const READER: &str = "read-0123456789012345678901234567890123456";

fn world() -> World {
    let config: Config = serde_json::from_value(json!({
        "zones": [
            { "name": "example.test", "name_servers": ["ada.ns.lab.test"] },
            { "name": "other.test", "name_servers": ["ada.ns.lab.test"] },
        ],
        "tokens": [
            { "value": FULL, "permissions": ["zone:read", "dns:edit", "tunnel:edit"] },
            { "value": READER, "permissions": ["zone:read", "dns:read"], "zones": ["example.test"] },
        ],
    }))
    .unwrap();
    World::new(&config)
}

/// Status, error code (0 for none) and result.
fn ask(world: &mut World, token: &str, method: &str, path: &str, body: Value) -> (u16, u32, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    let header = format!("Bearer {token}");
    let reply = handle(
        world,
        &Request {
            method,
            path: &format!("/client/v4{path}"),
            query: &query,
            credentials: Credentials { authorization: Some(header.as_bytes()), legacy: false },
            client: "192.0.2.1".parse().unwrap(),
            body: body.to_string().as_bytes(),
            now: Timestamp::now(),
        },
    );
    (reply.status, reply.codes.last().copied().unwrap_or(0), reply.body["result"].clone())
}

fn records_path() -> String {
    format!("/zones/{}/dns_records", zone_id("example.test"))
}

fn add(world: &mut World, kind: &str, name: &str, content: &str) -> (u16, u32, Value) {
    ask(world, FULL, "POST", &records_path(), json!({"type":kind,"name":name,"content":content}))
}

fn names(world: &mut World, query: &str) -> Vec<String> {
    let (_, _, result) = ask(world, FULL, "GET", &format!("{}?{query}", records_path()), Value::Null);
    result.as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_token_sees_the_zones_that_it_covers() {
    let mut world = world();
    let count = |world: &mut World, token, path| {
        ask(world, token, "GET", path, Value::Null).2.as_array().unwrap().len()
    };
    assert_eq!(count(&mut world, FULL, "/zones"), 2);
    assert_eq!(count(&mut world, READER, "/zones"), 1);
    assert_eq!(count(&mut world, FULL, "/zones?name=Example.Test"), 1);
    assert_eq!(count(&mut world, FULL, "/zones?name=test"), 0);
    assert_eq!(count(&mut world, FULL, "/zones?status=pending"), 0);
}

#[test]
fn a_token_is_refused_what_it_does_not_cover() {
    let mut world = world();
    let mut code = |token, method, path: String| ask(&mut world, token, method, &path, json!({})).1;
    assert_eq!(code(READER, "POST", records_path()), 10000);
    assert_eq!(code(READER, "GET", format!("/zones/{}/dns_records", zone_id("other.test"))), 10000);
    assert_eq!(code(READER, "GET", format!("/zones/{}", zone_id("other.test"))), 9109);
    assert_eq!(code(FULL, "GET", format!("/zones/{}", zone_id("unknown.test"))), 1001);
    assert_eq!(code(FULL, "GET", "/zones/example.test".to_owned()), 7003);
    assert_eq!(code(FULL, "GET", "/nonsense".to_owned()), 7003);
}

#[test]
fn the_same_record_twice_is_refused_with_or_without_quotes() {
    let mut world = world();
    assert_eq!(add(&mut world, "TXT", "a", "\"x\"").0, 200);
    assert_eq!(add(&mut world, "TXT", "a", "x"), (400, 81058, Value::Null));
    let other_ttl = json!({"type":"TXT","name":"a","content":"x","ttl":120});
    assert_eq!(ask(&mut world, FULL, "POST", &records_path(), other_ttl).1, 81057);
    assert_eq!(add(&mut world, "TXT", "a", "y").0, 200, "another content is another record");
}

#[test]
fn a_cname_stands_alone_among_addresses() {
    let mut world = world();
    add(&mut world, "A", "a", "192.0.2.1");
    add(&mut world, "CNAME", "c", "a.example.test");
    assert_eq!(add(&mut world, "CNAME", "a", "b.test").1, 81053);
    assert_eq!(add(&mut world, "CNAME", "c", "b.test").1, 81053);
    assert_eq!(add(&mut world, "A", "c", "192.0.2.1").1, 81054);
    assert_eq!(add(&mut world, "TXT", "c", "beside").0, 200);
}

#[test]
fn put_forgets_and_patch_keeps_what_is_not_said() {
    let mut world = world();
    let body = json!({"type":"A","name":"a","content":"192.0.2.1","ttl":120,"comment":"mine"});
    let (_, _, made) = ask(&mut world, FULL, "POST", &records_path(), body);
    let path = format!("{}/{}", records_path(), made["id"].as_str().unwrap());
    let (_, _, patched) = ask(&mut world, FULL, "PATCH", &path, json!({"content":"192.0.2.2"}));
    assert_eq!(
        (&patched["content"], &patched["ttl"], &patched["comment"]),
        (&json!("192.0.2.2"), &json!(120), &json!("mine"))
    );
    let body = json!({"type":"A","name":"a","content":"192.0.2.3"});
    let (_, _, put) = ask(&mut world, FULL, "PUT", &path, body);
    assert_eq!(
        (&put["content"], &put["ttl"], &put["comment"]),
        (&json!("192.0.2.3"), &json!(1), &Value::Null)
    );
    assert_eq!(ask(&mut world, FULL, "DELETE", &path, Value::Null).2, json!({"id": made["id"]}));
    assert_eq!(ask(&mut world, FULL, "DELETE", &path, Value::Null).1, 81044);
    assert_eq!(ask(&mut world, FULL, "GET", &path, Value::Null).0, 404);
}

#[test]
fn filters_and_pages_choose_the_records() {
    let mut world = world();
    for (kind, name, content) in [("A", "a", "192.0.2.1"), ("A", "b", "192.0.2.2"), ("TXT", "a", "x")] {
        assert_eq!(add(&mut world, kind, name, content).0, 200);
    }
    assert_eq!(names(&mut world, "type=A"), ["a.example.test", "b.example.test"]);
    assert_eq!(names(&mut world, "name=a.example.test&type=TXT"), ["a.example.test"]);
    assert_eq!(names(&mut world, "name.exact=b.example.test"), ["b.example.test"]);
    assert_eq!(names(&mut world, "name[startswith]=b"), ["b.example.test"]);
    assert_eq!(names(&mut world, "content=192.0.2.2"), ["b.example.test"]);
    assert_eq!(names(&mut world, "match=any&content=192.0.2.2&type=TXT").len(), 2);
    assert_eq!(names(&mut world, "order=name&direction=desc&per_page=1"), ["b.example.test"]);
    assert_eq!(names(&mut world, "page=2&per_page=2").len(), 1);
    assert_eq!(names(&mut world, "page=9").len(), 0);
}

#[test]
fn a_batch_deletes_first_and_posts_last() {
    let mut world = world();
    let (_, _, old) = add(&mut world, "A", "a", "192.0.2.1");
    let batch = json!({
        "deletes": [{ "id": old["id"] }],
        "posts": [{"type":"CNAME","name":"a","content":"b.test"}, {"type":"TXT","name":"t","content":"x"}],
        "puts": null,
    });
    let (status, _, result) = ask(&mut world, FULL, "POST", &format!("{}/batch", records_path()), batch);
    assert_eq!((status, result["deletes"][0]["content"].as_str()), (200, Some("192.0.2.1")));
    assert_eq!((result["posts"].as_array().unwrap().len(), &result["puts"]), (2, &json!([])));
    assert_eq!(names(&mut world, ""), ["a.example.test", "t.example.test"]);
}

#[test]
fn a_batch_with_one_error_changes_nothing() {
    let mut world = world();
    let (_, _, old) = add(&mut world, "A", "a", "192.0.2.1");
    let serial = world.zones[0].serial;
    let batch = json!({
        "deletes": [{ "id": old["id"] }],
        "posts": [{"type":"A","name":"b","content":"192.0.2.2"}, {"type":"A","name":"c","content":"nonsense"}],
    });
    let (status, code, _) = ask(&mut world, FULL, "POST", &format!("{}/batch", records_path()), batch);
    assert_eq!((status, code), (400, 9005));
    assert_eq!(names(&mut world, ""), ["a.example.test"]);
    assert_eq!(world.zones[0].serial, serial);
}

#[test]
fn a_batch_has_at_most_two_hundred_operations() {
    let mut world = world();
    let post = |n: usize| json!({"type":"A","name":format!("h{n}"),"content":"192.0.2.1"});
    let mut batch = |n: usize| {
        let posts: Vec<Value> = (0..n).map(post).collect();
        ask(&mut world, FULL, "POST", &format!("{}/batch", records_path()), json!({ "posts": posts })).0
    };
    assert_eq!([batch(201), batch(200)], [400, 200]);
}

#[test]
fn a_revoked_token_is_invalid_at_once() {
    let mut world = world();
    assert_eq!(ask(&mut world, READER, "GET", "/user/tokens/verify", Value::Null).0, 200);
    world.tokens.remove(READER);
    assert_eq!(ask(&mut world, READER, "GET", "/user/tokens/verify", Value::Null).1, 1000);
    assert_eq!(ask(&mut world, READER, "GET", "/zones", Value::Null).1, 9109);
}

#[test]
fn a_body_that_is_no_record_is_a_bad_request() {
    let mut world = world();
    assert_eq!(ask(&mut world, FULL, "POST", &records_path(), json!([1])).0, 400);
    assert_eq!(ask(&mut world, FULL, "POST", &records_path(), json!({"ttl":"300"})).1, 9207);
}

#[test]
fn a_validation_error_is_wrapped_unless_the_configuration_says_otherwise() {
    let mut world = world();
    let header = format!("Bearer {FULL}");
    let mut codes = |flat: bool| {
        world.flat_validation_errors = flat;
        let request = Request {
            method: "POST",
            path: &format!("/client/v4{}", records_path()),
            query: &[],
            credentials: Credentials { authorization: Some(header.as_bytes()), legacy: false },
            client: "192.0.2.1".parse().unwrap(),
            body: br#"{"type":"A","name":"p","content":"192.168.1.1","proxied":true}"#,
            now: Timestamp::now(),
        };
        handle(&mut world, &request).codes
    };
    assert_eq!(codes(false), [1004, 9003]);
    assert_eq!(codes(true), [9003]);
}

fn tunnels(rest: &str) -> String {
    format!("/accounts/{}/cfd_tunnel{rest}", crate::state::tunnel::account())
}

fn secret(byte: u8) -> String {
    data_encoding::BASE64.encode(&[byte; 32])
}

#[test]
fn a_tunnel_is_made_configured_connected_and_deleted() {
    let world = &mut world();
    let made = ask(
        world,
        FULL,
        "POST",
        &tunnels(""),
        json!({"name":"t","config_src":"cloudflare","tunnel_secret":secret(1)}),
    );
    assert_eq!((made.0, made.2["remote_config"].as_bool()), (200, Some(true)));
    let id = made.2["id"].as_str().unwrap().to_owned();
    assert_eq!(ask(world, FULL, "POST", &tunnels(""), json!({"name":"t"})).1, 1013);
    let at = |rest: &str| tunnels(&format!("/{id}{rest}"));
    let rule = json!({"hostname":"a.example.test","service":"https://a:443"});
    assert_eq!(ask(world, FULL, "PUT", &at("/configurations"), json!({"config":{"ingress":[rule]}})).1, 1056);
    let whole = json!({"config":{"ingress":[rule, {"service":"http_status:404"}]}});
    assert_eq!(ask(world, FULL, "PUT", &at("/configurations"), whole.clone()).0, 200);
    assert_eq!(ask(world, FULL, "GET", &at("/configurations"), json!({})).2["config"], whole["config"]);
    let token = ask(world, FULL, "GET", &at("/token"), json!({})).2;
    let token = data_encoding::BASE64.decode(token.as_str().unwrap().as_bytes()).unwrap();
    let token: Value = serde_json::from_slice(&token).unwrap();
    assert_eq!((token["t"].as_str(), token["s"].as_str()), (Some(id.as_str()), Some(secret(1).as_str())));
    assert_eq!(ask(world, FULL, "DELETE", &at(""), json!({})).1, 1022);
    assert_eq!(ask(world, FULL, "DELETE", &at("/connections"), json!({})).0, 200);
    assert_eq!(ask(world, FULL, "DELETE", &at(""), json!({})).0, 200);
    assert_eq!(ask(world, FULL, "GET", &tunnels("?name=t&is_deleted=false"), json!({})).2, json!([]));
    assert!(ask(world, FULL, "GET", &at(""), json!({})).2["deleted_at"].is_string());
    assert_eq!(ask(world, FULL, "GET", &at("/token"), json!({})).0, 404);
}

#[test]
fn a_token_for_records_alone_sees_no_tunnel_and_a_new_secret_ends_the_connections() {
    let world = &mut world();
    assert_eq!(ask(world, READER, "GET", &tunnels(""), json!({})).1, 10000);
    assert_eq!(
        ask(world, FULL, "GET", &format!("/accounts/{}/cfd_tunnel", "0".repeat(32)), json!({})).1,
        10000
    );
    let made = ask(world, FULL, "POST", &tunnels(""), json!({"name":"t"})).2;
    let at = tunnels(&format!("/{}", made["id"].as_str().unwrap()));
    ask(world, FULL, "GET", &format!("{at}/token"), json!({}));
    assert_eq!(ask(world, FULL, "GET", &at, json!({})).2["status"], "healthy");
    assert_eq!(
        ask(world, FULL, "PATCH", &at, json!({"tunnel_secret":secret(2)})).2["connections"],
        json!([])
    );
    assert_eq!(ask(world, FULL, "PATCH", &at, json!({"tunnel_secret":"c2hvcnQ="})).0, 400);
}
