//! A folder over HTTPS, for files that are pinned by their hash.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::state::Shared;
use crate::state::fault::HttpServer;
use crate::state::log::Download;
use crate::tls::Peer;

/// Where it says from which address it is asked, as Cloudflare does.
const TRACE: &str = "/cdn-cgi/trace";

#[derive(Clone)]
struct Folder {
    shared: Arc<Shared>,
    root: Arc<PathBuf>,
}

/// The folder's files, by path, whatever the host is called.
pub(crate) fn router(shared: Arc<Shared>, root: PathBuf) -> Router {
    Router::new().fallback(answer).with_state(Folder { shared, root: Arc::new(root) })
}

async fn answer(
    State(folder): State<Folder>,
    Extension(Peer(peer)): Extension<Peer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let fault = folder.shared.world().faults.http(HttpServer::Files, method.as_str(), uri.path());
    let response = match fault {
        Some(fault) => {
            let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, fault.message.unwrap_or_default()).into_response()
        }
        None if uri.path() == TRACE => format!("h=lab\nip={}\n", peer.ip()).into_response(),
        None if method == Method::GET || method == Method::HEAD => read(&folder, uri.path()).await,
        None => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    folder.shared.world().downloads.push(Download {
        client: peer.ip(),
        method: method.to_string(),
        // HTTP/2 has the host in the request's target.
        host: uri.host().map(str::to_owned).or_else(|| text(header::HOST)),
        path: uri.path().to_owned(),
        user_agent: text(header::USER_AGENT),
        status: response.status().as_u16(),
    });
    response
}

async fn read(folder: &Folder, path: &str) -> Response {
    let not_found = || (StatusCode::NOT_FOUND, "Not Found\n").into_response();
    let Some(relative) = relative(path) else {
        return not_found();
    };
    match tokio::fs::read(folder.root.join(relative)).await {
        Ok(bytes) => {
            ([(header::CONTENT_TYPE, "application/octet-stream")], Bytes::from(bytes)).into_response()
        }
        Err(_) => not_found(),
    }
}

/// The path below the root; None if it could lead out of it.
fn relative(path: &str) -> Option<PathBuf> {
    let good =
        |part: &&str| !part.is_empty() && *part != ".." && *part != "." && !part.contains(['\\', '\0', '%']);
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    parts.iter().all(good).then(|| parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_root() {
        assert_eq!(relative("/a/b.yaml"), Some(PathBuf::from("a/b.yaml")));
        for bad in ["/", "/../etc/passwd", "/a//b", "/a/%2e%2e/b", "a", "/a/./b"] {
            assert_eq!(relative(bad), None, "{bad}");
        }
    }
}
