//! The API, the file server and the control API over real HTTP.

use serde_json::{Value, json};

use crate::program::{FULL, Program, READER};

#[tokio::test]
async fn the_log_names_the_token_and_never_shows_its_value() {
    let program = Program::start();
    program.api(READER, "GET", "/zones?name=example.test&per_page=5", Value::Null).await;
    let (status, body) = program.api(FULL, "GET", "/user/tokens/verify", Value::Null).await;
    assert_eq!((status, &body["messages"][0]["code"]), (200, &json!(10000)));
    let log = program.control("GET", "/requests?since=0", Value::Null).await;
    let state = program.control("GET", "/state", Value::Null).await;
    for text in [log.to_string(), state.to_string()] {
        assert!(!text.contains(FULL) && !text.contains(READER), "{text}");
    }
    let first = &log["requests"][0];
    assert_eq!(
        (&first["n"], &first["token_id"], &first["status"]),
        (&json!(1), &json!("reader"), &json!(200))
    );
    assert_eq!(first["query"], "name=example.test&per_page=5");
    let rest = program.control("GET", "/requests?since=1", Value::Null).await;
    assert_eq!((rest["requests"].as_array().unwrap().len(), &rest["last"]), (1, &json!(2)));
}

#[tokio::test]
async fn requests_without_a_token_or_with_the_global_key_are_refused() {
    let program = Program::start();
    let url = format!("https://{}/client/v4/zones", program.api);
    for (headers, status, code) in [
        (vec![], 400, 9106),
        (vec![("authorization", "Bearer \"quoted\"")], 400, 6003),
        (vec![("x-auth-key", "0123456789abcdef"), ("x-auth-email", "a@b.test")], 403, 9103),
    ] {
        let mut request = program.client().get(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        let found = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            (found, &body["errors"][0]["code"], &body["success"]),
            (status, &json!(code), &json!(false))
        );
    }
}

#[tokio::test]
async fn a_token_can_be_changed_and_revoked_while_the_world_runs() {
    let program = Program::start();
    let zone = program.zone().await;
    let path = format!("/zones/{zone}/dns_records");
    let body = json!({ "type": "TXT", "name": "a", "content": "x" });
    assert_eq!(program.api(READER, "POST", &path, body.clone()).await.0, 403);
    let grant = json!({ "permissions": ["dns:edit"], "zones": ["example.test"] });
    program.control("PUT", &format!("/tokens/{READER}"), grant).await;
    assert_eq!(program.api(READER, "POST", &path, body).await.0, 200);
    program.control("PUT", &format!("/tokens/{READER}"), json!({ "allowed_ips": ["198.51.100.1"] })).await;
    let (status, body) = program.api(READER, "GET", "/user/tokens/verify", Value::Null).await;
    let message = "Cannot use the access token from location: 127.0.0.1";
    assert_eq!((status, body["errors"][0]["message"].as_str()), (403, Some(message)));
    program.control("DELETE", &format!("/tokens/{READER}"), Value::Null).await;
    let (status, body) = program.api(READER, "GET", "/user/tokens/verify", Value::Null).await;
    assert_eq!((status, &body["errors"][0]["code"]), (401, &json!(1000)));
}

#[tokio::test]
async fn the_rate_limit_is_told_in_headers_and_enforced() {
    let program = Program::start();
    program.control("PUT", "/rate-limit", json!({ "requests": 1, "window_seconds": 60 })).await;
    let url = format!("https://{}/client/v4/zones", program.api);
    let ask = async || program.client().get(&url).bearer_auth(FULL).send().await.unwrap();
    let first = ask().await;
    assert_eq!(first.headers()["ratelimit-policy"], "\"default\";q=1;w=60");
    assert!(first.headers()["ratelimit"].to_str().unwrap().starts_with("\"default\";r=0;t="));
    let second = ask().await;
    assert_eq!(second.status().as_u16(), 429);
    assert!(second.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn an_api_fault_answers_as_ordered_and_as_often() {
    let program = Program::start();
    let order = json!({
        "target": "api", "method": "GET", "path_prefix": "/zones", "status": 503, "code": 10013,
        "message": "Service unavailable", "retry_after": 7, "count": 1,
    });
    program.control("POST", "/faults", order).await;
    let (status, body) = program.api(FULL, "GET", "/zones", Value::Null).await;
    assert_eq!((status, &body["errors"][0]["code"]), (503, &json!(10013)));
    assert_eq!(program.api(FULL, "GET", "/zones", Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_record_made_by_hand_is_seen_by_the_api() {
    let program = Program::start();
    let body = json!({ "zone": "example.test", "type": "A", "name": "nas", "content": "192.168.1.9" });
    let made = program.control("POST", "/records", body).await;
    let zone = program.zone().await;
    let path = format!("/zones/{zone}/dns_records/{}", made["id"].as_str().unwrap());
    let (_, seen) = program.api(FULL, "GET", &path, Value::Null).await;
    assert_eq!(seen["result"], made);
    for key in ["comment", "tags", "created_on", "modified_on", "settings", "meta", "proxied", "proxiable"] {
        assert!(made.get(key).is_some(), "{key}");
    }
}

#[tokio::test]
async fn a_pinned_file_is_served_whole_and_a_missing_one_is_not_found() {
    let program = Program::start();
    let url = format!("https://{}/v1/file.yaml", program.files);
    let response = program.client().get(&url).send().await.unwrap();
    assert_eq!(response.headers()["content-length"], "13");
    assert_eq!(response.text().await.unwrap(), "pinned: true\n");
    let missing = program.client().get(format!("{url}.sig")).send().await.unwrap();
    assert_eq!(missing.status().as_u16(), 404);
    let log = program.control("GET", "/downloads", Value::Null).await;
    assert_eq!((&log["downloads"][0]["path"], &log["last"]), (&json!("/v1/file.yaml"), &json!(2)));
}
