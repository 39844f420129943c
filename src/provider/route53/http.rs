//! The SDK's way to the network: homelab's own HTTP client, with the same TLS, roots and proxies as everywhere else.

use std::fmt;

use aws_sdk_route53::config::http::{HttpRequest, HttpResponse};
use aws_sdk_route53::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use reqwest::Url;

use crate::evidence::Transport;
use crate::net::body::whole;
use crate::net::tls_client_config;

/// The longest answer that is read: a page of 300 sets of records has some hundred KiB.
const LONGEST: usize = 8 * 1024 * 1024;

/// The client, which is one for all services.
#[derive(Clone)]
pub(super) struct Http(reqwest::Client);

/// What happened to the connection, as it travels through the SDK's errors.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct Cut(pub(super) Transport);

impl Http {
    pub(super) fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_client_config().map_err(|error| error.to_string())?)
            // A signature is for one host: a redirect would only carry it elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.without_url().to_string())?;
        Ok(Self(client))
    }

    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|error| ConnectorError::user(error.into()))?;
        let body = body.bytes().map(<[u8]>::to_vec).unwrap_or_default();
        let sent = self.0.request(parts.method, url).headers(parts.headers).body(body).send().await;
        let answer = sent.map_err(|error| cut(Transport::from_reqwest(error)))?;
        let mut head = http::Response::new(());
        (*head.status_mut(), *head.headers_mut()) = (answer.status(), answer.headers().clone());
        let body = whole(answer, LONGEST).await.map_err(cut)?;
        HttpResponse::try_from(head.map(|()| body.into())).map_err(|error| ConnectorError::user(error.into()))
    }
}

/// The SDK tries again after what may be over at once, and not where nobody is there.
fn cut(transport: Transport) -> ConnectorError {
    let kind = match transport {
        Transport::Timeout => ConnectorError::timeout,
        Transport::Closed | Transport::Other(_) => ConnectorError::io,
        Transport::Name(_) | Transport::Refused | Transport::Unreachable(_) | Transport::Tls(_) => {
            |source| ConnectorError::other(source, None)
        }
    };
    kind(Box::new(Cut(transport)))
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange(request))
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
