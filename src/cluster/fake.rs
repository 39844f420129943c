//! An API server that is a function, for tests.

use std::sync::{Arc, Mutex};

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
    let log = Log::default();
    let (noted, answer) = (log.clone(), Arc::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let line = format!("{} {}", request.method(), request.uri());
        let mut log = noted.lock().unwrap();
        let (status, body) = answer(&line, log.iter().filter(|seen| **seen == line).count());
        log.push(line);
        let response = Response::builder().status(status).body(Body::from(body.to_string().into_bytes()));
        async move { Ok::<_, std::convert::Infallible>(response.unwrap()) }
    });
    let client = Client::new(service, "default");
    let certificates = access::Certificates::default();
    (Cluster { client, server: "https://fake".into(), kubeconfig: "fake".into(), certificates }, log)
}
