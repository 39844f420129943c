//! Requests by path: every kind is known beforehand, so that nothing has to be discovered.

use std::fmt::Display;

use http::{Method, Request, StatusCode, header};
use kube::client::Body;
use kube::core::Status;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cluster::room::{Large, Room};
use crate::cluster::{Cluster, REQUEST_DEADLINE};
use crate::desired::kind::Kind;
use crate::desired::meta::HOMELAB;
use crate::desired::object::Key;
use crate::plan::ownership::Doomed;

/// The answer with metadata only (Kubernetes API concepts, "Alternate representations of resources").
const METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// The same of one object.
const METADATA_OF_ONE: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// Every kind that the server knows, in one answer for the core group and one for all others (Kubernetes docs, "Aggregated
/// discovery"; since 1.30).
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What a request was for: it stands in every error about it.
#[derive(Debug, Clone)]
pub(super) struct Purpose {
    /// The verb, as in RBAC.
    pub(super) verb: &'static str,
    /// The object, or the plural of its kind.
    pub(super) what: String,
}

impl Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.what)
    }
}

/// The path of a kind's collection, in `namespace` or in all.
pub(super) fn collection(kind: &Kind, namespace: Option<&str>) -> String {
    let root = if kind.group.is_empty() { "/api" } else { "/apis/" };
    let middle = namespace.map_or_else(String::new, |n| format!("/namespaces/{n}"));
    let group = kind.group;
    format!("{root}{group}/{}{middle}/{}", kind.version, kind.plural)
}

/// The path of one object.
pub(super) fn object(key: &Key) -> String {
    format!("{}/{}", collection(key.kind, key.namespace.as_deref()), key.name)
}

/// A value inside a query string.
pub(super) fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Reads; with `metadata_only`, the server leaves everything else out.
pub(super) fn get(path: &str, metadata_only: bool) -> Request<Vec<u8>> {
    let accept = if metadata_only { METADATA_ONLY } else { "application/json" };
    build(Method::GET, path, &[(header::ACCEPT, accept)], Vec::new())
}

/// Reads the metadata of one object.
pub(super) fn get_metadata(key: &Key) -> Request<Vec<u8>> {
    build(Method::GET, &object(key), &[(header::ACCEPT, METADATA_OF_ONE)], Vec::new())
}

/// Asks which kinds there are below `root`.
pub(super) fn discover(root: &str) -> Request<Vec<u8>> {
    build(Method::GET, root, &[(header::ACCEPT, DISCOVERY)], Vec::new())
}

/// A server-side apply.
pub(super) fn apply(path: &str, query: &str, body: &Value) -> Request<Vec<u8>> {
    // JSON is YAML, and this is the content type of an apply (Kubernetes docs, "Server-Side Apply").
    let headers =
        [(header::CONTENT_TYPE, "application/apply-patch+yaml"), (header::ACCEPT, "application/json")];
    build(Method::PATCH, &format!("{path}?{query}"), &headers, body.to_string().into_bytes())
}

/// Creates an object in a collection.
pub(super) fn create(path: &str, body: &Value) -> Request<Vec<u8>> {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::ACCEPT, "application/json")];
    build(Method::POST, path, &headers, body.to_string().into_bytes())
}

/// Changes some fields of an object (JSON merge patch, RFC 7396).
pub(super) fn merge(path: &str, body: &Value) -> Request<Vec<u8>> {
    let headers =
        [(header::CONTENT_TYPE, "application/merge-patch+json"), (header::ACCEPT, "application/json")];
    build(Method::PATCH, path, &headers, body.to_string().into_bytes())
}

/// Deletes an object if it still is what was seen; what it owns goes in the background (Kubernetes API reference,
/// "DeleteOptions": another uid or version is answered with 409).
pub(super) fn delete(doomed: &Doomed) -> Request<Vec<u8>> {
    let body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": { "uid": doomed.uid, "resourceVersion": doomed.version },
    });
    let headers = [(header::CONTENT_TYPE, "application/json")];
    build(Method::DELETE, &object(&doomed.key), &headers, body.to_string().into_bytes())
}

/// Takes out what homelab has applied, if the object still is what was seen: an apply without a field gives up all that it had, and
/// what nobody else has goes (Kubernetes docs, "Server-Side Apply"). With another uid or version it is answered with 409.
pub(super) fn give_back(doomed: &Doomed) -> Request<Vec<u8>> {
    let Key { kind, namespace, name } = &doomed.key;
    let body = json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "metadata": { "namespace": namespace, "name": name, "uid": doomed.uid, "resourceVersion": doomed.version },
    });
    apply(&object(&doomed.key), &format!("fieldManager={HOMELAB}&fieldValidation=Strict"), &body)
}

fn build(
    method: Method,
    path: &str,
    headers: &[(header::HeaderName, &str)],
    body: Vec<u8>,
) -> Request<Vec<u8>> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // A path that is no URI cannot come from names that were checked; the server would answer 404 to `/`.
    *request.uri_mut() = path.parse().unwrap_or_default();
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            request.headers_mut().insert(name, value);
        }
    }
    request
}

/// Why a request failed.
pub(super) enum Failed {
    /// The client's or the server's error.
    Kube(kube::Error),
    /// No answer within [`REQUEST_DEADLINE`].
    Late,
    /// The answer has no end that is worth reading to.
    Large(Large),
}

impl Cluster {
    /// Sends one request with a deadline.
    pub(super) async fn send<T: DeserializeOwned>(&self, request: Request<Vec<u8>>) -> Result<T, Failed> {
        self.send_in(request, &Room::new()).await
    }

    /// The same as one of several whose answers share their room.
    pub(super) async fn send_in<T: DeserializeOwned>(
        &self,
        request: Request<Vec<u8>>,
        room: &Room,
    ) -> Result<T, Failed> {
        let answered = async {
            let answer = self.client.send(request.map(Body::from)).await.map_err(Failed::Kube)?;
            let status = answer.status();
            let body = room.read(answer.into_body()).await?;
            if status.is_client_error() || status.is_server_error() {
                return Err(Failed::Kube(kube::Error::Api(refusal(status, &body).boxed())));
            }
            serde_json::from_slice(&body).map_err(|error| Failed::Kube(kube::Error::SerdeError(error)))
        };
        tokio::time::timeout(REQUEST_DEADLINE, answered).await.unwrap_or(Err(Failed::Late))
    }
}

/// What the API server says of a refusal; what stands between may say it in words of its own.
fn refusal(status: StatusCode, body: &[u8]) -> Status {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        Status::failure(text.trim(), "Failed to parse error data").with_code(status.as_u16())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::kind;

    #[test]
    fn paths_are_those_of_the_api() {
        let key = Key { kind: &kind::INGRESS, namespace: Some("a".to_owned()), name: "b".to_owned() };
        assert_eq!(object(&key), "/apis/networking.k8s.io/v1/namespaces/a/ingresses/b");
        assert_eq!(collection(&kind::NAMESPACE, None), "/api/v1/namespaces");
        assert_eq!(escape("a=b,c"), "a%3Db%2Cc");
    }
}
