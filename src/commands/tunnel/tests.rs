//! The steps at the provider, against an API that is a list of tunnels, and an API server that holds the Secret.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::cluster::fake::{Log, cluster};
use crate::commands::close_tunnel::close;
use crate::config;
use crate::desired::{Inputs, bundle};
use crate::evidence::Account;
use crate::net::testing::http::{Canned, Server};
use crate::plan;
use crate::ui::Mode;

const LAB: &str = "domain: example.com\nemail: ada@lovelace.dev\ningress: { controller: traefik }\n\
                   dns: { provider: cloudflare }\nservices: { photos: { local: 1, public: tunnel } }\n";
const OURS: &str = "aaaa";
const STRANGERS: &str = "bbbb";

/// The tunnels of an account: id, name, secret, rules; and whether one is deleted only at the second try.
#[derive(Default)]
struct Office {
    tunnels: Vec<(String, String, String, Value)>,
    stubborn: bool,
}

type Shared = Arc<Mutex<Office>>;

fn encoded(value: &Value) -> String {
    serde_json::to_value(ByteString(value.to_string().into())).unwrap().as_str().unwrap().to_owned()
}

fn rules_of(config: &Config) -> Value {
    let of = |rule: &TunnelRule| json!({ "hostname": rule.host, "service": rule.service, "originRequest": { "originServerName": rule.server_name } });
    let last = json!({ "service": "http_status:404" });
    json!(rules(config, "cluster.local").iter().map(of).chain([last]).collect::<Vec<_>>())
}

fn handle(account: &mut Office, request: &str) -> (u16, Value) {
    let line: Vec<&str> = request.lines().next().unwrap().split(' ').collect();
    let (method, path) = (line[0], line[1].split('?').next().unwrap());
    let name = line[1].split("name=").nth(1).map(|rest| rest.split('&').next().unwrap().to_owned());
    let body: Value =
        request.split("\r\n\r\n").nth(1).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let rest = path.split("/cfd_tunnel").nth(1).unwrap_or_default();
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let shown = |(id, name, ..): &(String, String, String, Value)| json!({ "id": id, "name": name, "config_src": "cloudflare", "connections": [] });
    if let ("POST", []) = (method, &parts[..]) {
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        let made = (OURS.to_owned(), text("name"), text("tunnel_secret"), Value::Null);
        account.tunnels.push(made.clone());
        return (200, shown(&made));
    }
    if parts.is_empty() {
        let found = account.tunnels.iter().filter(|one| name.as_ref().is_none_or(|name| one.1 == *name));
        return (200, json!(found.map(shown).collect::<Vec<_>>()));
    }
    let Some(at) = account.tunnels.iter().position(|one| one.0 == parts[0]) else {
        return (404, Value::Null);
    };
    match (method, &parts[1..]) {
        ("GET", []) => (200, shown(&account.tunnels[at])),
        ("GET", ["token"]) => (200, encoded(&json!({ "t": parts[0], "s": account.tunnels[at].2 })).into()),
        ("GET", ["configurations"]) => (200, json!({ "config": { "ingress": account.tunnels[at].3 } })),
        ("PUT", ["configurations"]) => {
            account.tunnels[at].3 = body["config"]["ingress"].clone();
            (200, Value::Null)
        }
        ("DELETE", ["connections"]) => (200, Value::Null),
        ("DELETE", []) if std::mem::take(&mut account.stubborn) => (400, json!(1022)),
        ("DELETE", []) => {
            account.tunnels.remove(at);
            (200, Value::Null)
        }
        _ => (400, Value::Null),
    }
}

async fn api(tunnels: &[(&str, &str, &str, Value)]) -> (Shared, Server, Client) {
    let owned = |(id, name, secret, rules): &(&str, &str, &str, Value)| {
        ((*id).to_owned(), (*name).to_owned(), (*secret).to_owned(), rules.clone())
    };
    let shared = Shared::default();
    shared.lock().unwrap().tunnels = tunnels.iter().map(owned).collect();
    let account = shared.clone();
    let server = Canned::serve_by(move |request| {
        let (status, result) = handle(&mut account.lock().unwrap(), request);
        let errors = if status == 200 {
            json!([])
        } else {
            json!([{ "code": result.as_u64().unwrap_or(1002), "message": "no" }])
        };
        (status, json!({ "success": status == 200, "errors": errors, "result": result }).to_string())
    })
    .await;
    let base = format!("http://{}/client/v4", server.address).parse().unwrap();
    (shared, server, Client::at_cloudflare(base))
}

fn zone() -> Zone {
    Zone {
        id: "2".into(),
        name: "example.com".into(),
        status: "active".into(),
        account: Some(Account { id: "acc0".into() }),
        ..Zone::default()
    }
}

/// What the cluster remembers.
fn remembering(data: &[(&str, &str)]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    if data.is_empty() {
        return snapshot;
    }
    let bytes = |(key, value): &(&str, &str)| {
        ((*key).to_owned(), serde_json::to_value(ByteString((*value).into())).unwrap())
    };
    let labels =
        json!({ "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "example.com" });
    let item = json!({ "metadata": { "namespace": "tunnel", "name": "tunnel", "uid": "u", "resourceVersion": "1",
        "labels": labels, "managedFields": [{ "manager": "homelab", "operation": "Apply" }] },
        "data": data.iter().map(bytes).collect::<serde_json::Map<_, _>>() });
    snapshot.note("example.com", &kind::SECRET, Some(json!({ "items": [item] })));
    snapshot
}

struct Ran {
    way: WayIn,
    again: bool,
    /// Method and path of each write at the provider.
    writes: Vec<String>,
    in_cluster: Log,
}

fn methods(server: &Server) -> Vec<String> {
    let line = |request: &String| {
        let words: Vec<&str> = request.split(' ').collect();
        format!("{} {}", words[0], words[1].trim_start_matches("/client/v4/accounts/acc0/cfd_tunnel"))
    };
    server.requests().iter().map(line).collect()
}

async fn run(api: (&Server, &Client), snapshot: &Snapshot, adopt: bool) -> Result<Ran> {
    let config = config::parse(LAB).unwrap();
    let (cluster, in_cluster) = cluster(|_, _| (200, json!({ "metadata": {} })));
    let way = WayIn::look(api.1, &zone(), &config, snapshot, adopt).await?.unwrap();
    let inputs = Inputs { tunnel: way.opened(), ..Inputs::default() };
    let plan = plan::plan(bundle(&config, &inputs), snapshot);
    let progress = Progress::new(Mode::Quiet, &[LINE]);
    let deadline = Instant::now() + Duration::from_secs(5);
    let again = way.carry_out((&cluster, api.1, &zone()), &plan, deadline, &progress).await?;
    let writes = methods(api.0).into_iter().filter(|line| !line.starts_with("GET")).collect();
    Ok(Ran { way, again, writes, in_cluster })
}

#[tokio::test]
async fn the_first_run_remembers_the_key_before_it_makes_the_tunnel() {
    let (account, server, client) = api(&[]).await;
    let ran = run((&server, &client), &Snapshot::default(), false).await.unwrap();
    assert_eq!(ran.writes, ["POST ", "PUT /aaaa/configurations"]);
    assert!(ran.again && ran.way.opened().is_none());
    let kept: Vec<String> = ran.in_cluster.lock().unwrap().clone();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(
        kept[0].contains("namespaces/tunnel?") && kept[1].contains("namespaces/tunnel/secrets/tunnel?"),
        "{kept:?}"
    );
    let account = account.lock().unwrap();
    assert_eq!(account.tunnels[0].1, "homelab-example.com");
    assert_eq!(account.tunnels[0].3[0]["hostname"], "photos.example.com");
    assert_eq!(account.tunnels[0].3[1], json!({ "service": "http_status:404" }));
}

#[tokio::test]
async fn a_run_that_was_stopped_after_that_finds_its_own_and_makes_no_second_one() {
    let (_, server, client) = api(&[(OURS, "homelab-example.com", "a2V5", Value::Null)]).await;
    let ran = run((&server, &client), &remembering(&[("key", "a2V5")]), false).await.unwrap();
    assert_eq!(ran.writes, ["PUT /aaaa/configurations"]);
    assert_eq!(ran.way.opened().map(|opened| (opened.id.as_str(), opened.adopted)), Some((OURS, false)));
}

#[tokio::test]
async fn the_second_run_writes_nothing_and_reads_three_times() {
    let config = config::parse(LAB).unwrap();
    let (_, server, client) = api(&[(OURS, "homelab-example.com", "a2V5", rules_of(&config))]).await;
    let kept = remembering(&[("key", "a2V5"), ("id", OURS), ("token", "t")]);
    let ran = run((&server, &client), &kept, false).await.unwrap();
    assert_eq!((ran.writes.len(), ran.again, ran.in_cluster.lock().unwrap().len()), (0, false, 0));
    assert_eq!(server.requests().len(), 3, "{:?}", methods(&server));
    assert_eq!(ran.way.change(), None);
}

#[tokio::test]
async fn a_strangers_tunnel_of_the_same_name_is_refused_and_nothing_is_written() {
    let strangers = json!([{ "hostname": "shop.example.com", "service": "http://shop" }, { "service": "http_status:404" }]);
    let (_, server, client) = api(&[(STRANGERS, "homelab-example.com", "other", strangers)]).await;
    for kept in [remembering(&[]), remembering(&[("key", "a2V5")])] {
        let error = run((&server, &client), &kept, false).await.err().unwrap().to_string();
        assert!(error.contains("did not create it") && error.contains("`shop.example.com`"), "{error}");
        assert!(error.contains("homelab up --adopt"), "{error}");
    }
    assert!(methods(&server).iter().all(|line| line.starts_with("GET")), "{:?}", methods(&server));
}

#[tokio::test]
async fn what_is_taken_over_is_remembered_as_such() {
    let (_, server, client) = api(&[(STRANGERS, "homelab-example.com", "other", Value::Null)]).await;
    let ran = run((&server, &client), &Snapshot::default(), true).await.unwrap();
    assert!(ran.way.adopted().unwrap().contains("never deletes it"));
    assert!(ran.way.opened().unwrap().adopted && ran.way.opened().unwrap().key.is_none());
    let kept = remembering(&[("id", STRANGERS), ("token", "t"), ("adopted", "true")]);
    let next = run((&server, &client), &kept, false).await.unwrap();
    assert!(next.way.opened().unwrap().adopted && next.way.adopted().is_none());
}

#[tokio::test]
async fn rules_that_somebody_changed_are_set_again() {
    let changed = json!([{ "hostname": "photos.example.com", "service": "http://router" }, { "service": "http_status:404" }]);
    let (account, server, client) = api(&[(OURS, "homelab-example.com", "a2V5", changed)]).await;
    let ran = run((&server, &client), &remembering(&[("id", OURS)]), false).await.unwrap();
    assert_eq!(ran.writes, ["PUT /aaaa/configurations"]);
    assert!(ran.way.change().unwrap().contains("changes the rules"));
    assert_eq!(
        account.lock().unwrap().tunnels[0].3[0]["originRequest"]["originServerName"],
        "photos.example.com"
    );
}

async fn closed(api: (&Server, &Client), kept: &Snapshot) -> Result<Vec<String>> {
    let config = config::parse(&LAB.replace(", public: tunnel", "")).unwrap();
    let (cluster, _) = cluster(|_, _| (200, json!({ "items": [] })));
    let progress = Progress::new(Mode::Quiet, &[LINE]);
    let deadline = Instant::now() + Duration::from_secs(20);
    close((&cluster, api.1, &zone()), &config, kept, &[], deadline, &progress).await?;
    Ok(methods(api.0).into_iter().filter(|line| !line.starts_with("GET")).collect())
}

#[tokio::test]
async fn a_tunnel_that_is_not_ours_is_never_deleted() {
    let theirs = [(STRANGERS, "homelab-example.com", "other", Value::Null)];
    for kept in [
        &[("key", "a2V5")][..],
        &[("id", OURS), ("key", "a2V5"), ("token", "t")],
        &[("id", STRANGERS), ("adopted", "true"), ("token", "t")],
        &[],
    ] {
        let (account, server, client) = api(&theirs).await;
        assert_eq!(closed((&server, &client), &remembering(kept)).await.unwrap(), [""; 0], "{kept:?}");
        assert_eq!(account.lock().unwrap().tunnels.len(), 1);
    }
}

#[tokio::test]
async fn ours_goes_and_a_strangers_of_another_name_stays() {
    let both =
        [(OURS, "homelab-example.com", "a2V5", Value::Null), (STRANGERS, "office", "other", Value::Null)];
    let (account, server, client) = api(&both).await;
    account.lock().unwrap().stubborn = true;
    let kept = remembering(&[("id", OURS), ("key", "a2V5"), ("token", "t")]);
    let writes = closed((&server, &client), &kept).await.unwrap();
    let once = ["DELETE /aaaa/connections", "DELETE /aaaa"];
    assert_eq!(writes, [once, once].concat(), "somebody had opened it again");
    assert_eq!(account.lock().unwrap().tunnels[0].0, STRANGERS);
    assert_eq!(closed((&server, &client), &kept).await.unwrap().len(), 4, "the next run finds it gone");
}

#[tokio::test]
async fn a_lab_that_never_had_one_asks_nobody() {
    let (_, server, client) = api(&[]).await;
    assert!(closed((&server, &client), &Snapshot::default()).await.unwrap().is_empty());
    assert!(server.requests().is_empty());
    let config = config::parse(&LAB.replace(", public: tunnel", "")).unwrap();
    assert!(WayIn::look(&client, &zone(), &config, &Snapshot::default(), false).await.unwrap().is_none());
    assert!(server.requests().is_empty());
}
