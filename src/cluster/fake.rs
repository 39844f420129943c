//! An API server that is a function, for tests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use kube::client::Body;
use serde_json::Value;

use super::{Client, Cluster, access};

/// The requests, in the order in which they came.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// A cluster whose every request is answered by `answer` (method and path in, status and body out), and its log.
pub(crate) fn cluster(
    answer: impl Fn(&str, usize) -> (u16, Value) + Send + Sync + 'static,
) -> (Cluster, Log) {
    slow_cluster(answer, |_| Duration::ZERO)
}

/// The same, and `answer` is given what was sent, too.
pub(crate) fn written_cluster(
    answer: impl Fn(&str, &Value) -> (u16, Value) + Send + Sync + 'static,
) -> (Cluster, Log) {
    let log = Log::default();
    let (noted, answer) = (log.clone(), Arc::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (noted, answer) = (noted.clone(), answer.clone());
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            let sent = request.into_body().collect_bytes().await.unwrap();
            let (status, body) = answer(&line, &serde_json::from_slice(&sent).unwrap_or_default());
            noted.lock().unwrap().push(line);
            let response = Response::builder().status(status).body(Body::from(text_of(body).into_bytes()));
            Ok::<_, std::convert::Infallible>(response.unwrap())
        }
    });
    (cluster_of(Client::new(service, "default")), log)
}

/// A body that is a text is sent as it is.
fn text_of(body: Value) -> String {
    match body {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The same, with how long each answer takes.
pub(crate) fn slow_cluster(
    answer: impl Fn(&str, usize) -> (u16, Value) + Send + Sync + 'static,
    takes: impl Fn(&str) -> Duration + Send + Sync + 'static,
) -> (Cluster, Log) {
    let log = Log::default();
    let (noted, answer) = (log.clone(), Arc::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let line = format!("{} {}", request.method(), request.uri());
        let takes = takes(&line);
        let mut log = noted.lock().unwrap();
        let (status, body) = answer(&line, log.iter().filter(|seen| **seen == line).count());
        log.push(line);
        let response = Response::builder().status(status).body(Body::from(text_of(body).into_bytes()));
        async move {
            if !takes.is_zero() {
                tokio::time::sleep(takes).await;
            }
            Ok::<_, std::convert::Infallible>(response.unwrap())
        }
    });
    (cluster_of(Client::new(service, "default")), log)
}

fn cluster_of(client: Client) -> Cluster {
    let certificates = access::Certificates::default();
    let asking = client.clone();
    Cluster { asking, client, server: "https://fake".into(), kubeconfig: "fake".into(), certificates }
}
