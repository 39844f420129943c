//! The way to the API server: whose certificates are on it, and until when. It is looked at without the client, which
//! gives up on a certificate that is out of date and does not say which.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::ByteString;
use kube::config::Kubeconfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::cluster::{Cluster, K3S_KUBECONFIG};
use crate::evidence::tls::{Leaf, Served};
use crate::evidence::{Access, Transport};
use crate::net::tls::handshake_with;

/// For the handshake, a name to resolve included.
const WITHIN: Duration = Duration::from_secs(3);

/// What a kubeconfig brings along, without any key.
#[derive(Clone, Default)]
pub(super) struct Certificates {
    /// The authority of the server, in DER form; empty when it is one of the machine's own.
    authority: Vec<Vec<u8>>,
    /// The user's; `None` when the user has a token or a program instead.
    client: Option<Leaf>,
    /// Whether the user is the account that may only read.
    pub(super) reads_only: bool,
}

impl Certificates {
    pub(super) fn of(config: &kube::Config) -> Self {
        let user = &config.auth_info;
        let pem = match (&user.client_certificate_data, &user.client_certificate) {
            (Some(data), _) => decode(data),
            (None, Some(file)) => std::fs::read(file).ok(),
            (None, None) => None,
        };
        let client = pem.and_then(|pem| first(&pem)).and_then(|der| Leaf::parse(&der).ok());
        let reads_only = crate::cluster::reader::is_reader(&config.auth_info);
        Self { authority: config.root_cert.clone().unwrap_or_default(), client, reads_only }
    }
}

impl Cluster {
    /// Asks the API server for its certificate, and reads those of the kubeconfig.
    pub(super) async fn access(&self) -> Access {
        let own = self.kubeconfig == Path::new(K3S_KUBECONFIG);
        let ours = if own { None } else { self.of_this_machine() };
        Access {
            kubeconfig: self.kubeconfig.display().to_string(),
            own,
            server: self.server.clone(),
            served: self.served().await,
            client: self.certificates.client.clone(),
            of_this_machine: ours,
            reads_only: self.reads_only(),
        }
    }

    /// `None` for a URL without a host, and for one that is not of TLS.
    async fn served(&self) -> Option<Result<Served, Transport>> {
        let url: http::Uri = self.server.parse().ok()?;
        if url.scheme_str() != Some("https") {
            return None;
        }
        let host = url.host()?.trim_start_matches('[').trim_end_matches(']');
        let found =
            tokio::time::timeout(WITHIN, tokio::net::lookup_host((host, url.port_u16().unwrap_or(443))));
        let address: SocketAddr = match found.await {
            Ok(Ok(mut addresses)) => addresses.next()?,
            Ok(Err(error)) => return Some(Err(Transport::Name(error.to_string()))),
            Err(_) => return Some(Err(Transport::Timeout)),
        };
        let mut roots = RootCertStore::empty();
        roots
            .add_parsable_certificates(self.certificates.authority.iter().cloned().map(CertificateDer::from));
        Some(handshake_with((Arc::new(roots), None), address, host, WITHIN).await)
    }

    /// Whether the authority is the one of k3s' own kubeconfig on this machine.
    fn of_this_machine(&self) -> Option<bool> {
        let file = Kubeconfig::read_from(K3S_KUBECONFIG).ok()?;
        let data = file.clusters.first()?.cluster.as_ref()?.certificate_authority_data.as_ref()?;
        let authority = decode(data).and_then(|pem| first(&pem))?;
        Some(self.certificates.authority.contains(&authority))
    }
}

/// Base64 as Kubernetes has it in its own objects.
fn decode(data: &str) -> Option<Vec<u8>> {
    serde_json::from_value::<ByteString>(data.into()).ok().map(|bytes| bytes.0)
}

/// The first certificate of a PEM file, in DER form.
fn first(pem: &[u8]) -> Option<Vec<u8>> {
    CertificateDer::from_pem_slice(pem).ok().map(|der| der.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::http::Canned;
    use crate::net::testing::tls::Authority;

    fn cluster(server: String, authority: Vec<Vec<u8>>) -> Cluster {
        let client =
            kube::Client::try_from(kube::Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
        let certificates = Certificates { authority, ..Certificates::default() };
        Cluster { asking: client.clone(), client, server, kubeconfig: "fake".into(), certificates }
    }

    #[tokio::test]
    async fn a_certificate_that_has_expired_is_read_all_the_same() {
        let authority = Authority::new("k3s-server-ca");
        let address =
            authority.issue("kube-apiserver", &["localhost"], (2020, 2021)).serve(Canned::none()).await;
        let access =
            cluster(format!("https://localhost:{}/", address.port()), authority.der()).access().await;
        let served = access.served.unwrap().unwrap();
        assert_eq!(served.trust, crate::evidence::tls::Trust::Expired);
        assert_eq!(served.leaf.not_after.to_string(), "2021-01-01T00:00:00Z");
        assert!(!access.own && access.client.is_none());
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_told_and_a_plain_address_is_not_asked() {
        let access = cluster("https://127.0.0.1:1/".into(), vec![]).access().await;
        assert_eq!(access.served, Some(Err(Transport::Refused)));
        assert_eq!(cluster("http://127.0.0.1:1/".into(), vec![]).access().await.served, None);
    }

    #[test]
    fn base64_is_read_and_anything_else_is_nothing() {
        assert_eq!(decode("aG9tZQ==").as_deref(), Some(&b"home"[..]));
        assert_eq!(decode("?"), None);
        assert_eq!(first(b"no certificate"), None);
    }
}
