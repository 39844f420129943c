//! One TLS handshake: which certificate a server shows for a name, and whether this machine would accept it.

mod leaf;
mod recorder;
mod signer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recorder::Recorder;
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::evidence::Transport;
use crate::evidence::tls::Served;
use crate::net::roots::with_verifier;

pub(crate) use leaf::hex;

/// Asks the server at `address` for its certificate for `name`. `lab` is the lab's own root, where it has one.
pub async fn handshake(
    lab: Option<Arc<RootCertStore>>,
    address: SocketAddr,
    name: &str,
    within: Duration,
) -> Result<Served, Transport> {
    handshake_with((super::roots(), lab), address, name, within).await
}

/// The same with roots of the caller's choice: those of the machine, and those asked where they know nobody.
pub async fn handshake_with(
    (roots, lab): (Arc<RootCertStore>, Option<Arc<RootCertStore>>),
    address: SocketAddr,
    name: &str,
    within: Duration,
) -> Result<Served, Transport> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| Transport::Other(format!("`{name}` is not a host name")))?;
    let recorder = Arc::new(Recorder::new(roots, lab));
    let config = with_verifier(Arc::clone(&recorder) as Arc<_>)
        .map_err(|error| Transport::Other(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(config));
    let connect = async {
        let stream = TcpStream::connect(address).await?;
        connector.connect(name, stream).await
    };
    match timeout(within, connect).await {
        Err(_) => return Err(Transport::Timeout),
        // A server may ask for a client certificate after it showed its own: that is enough.
        Ok(Err(error)) if recorder.is_empty() => return Err(Transport::from_io(&error)),
        Ok(_) => {}
    }
    recorder.served()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::tls::Trust;
    use crate::ingress::nginx::FAKE_CERTIFICATE;
    use crate::net::testing::http::Canned;
    use crate::net::testing::tls::{Authority, Issued};

    const SECOND: Duration = Duration::from_secs(1);

    async fn shown(authority: &Authority, issued: Issued, name: &str) -> Served {
        let address = issued.serve(Canned::none()).await;
        handshake_with((authority.roots(), None), address, name, SECOND).await.unwrap()
    }

    #[tokio::test]
    async fn a_good_certificate_is_trusted_and_read() {
        let authority = Authority::new("Home CA");
        let names = ["a.example.com", "b.example.com"];
        let served = shown(&authority, authority.issue("a", &names, (2020, 2100)), "b.example.com").await;
        assert_eq!((served.trust, served.chain), (Trust::Trusted, 1));
        assert_eq!(served.leaf.names, names);
        assert!(served.leaf.issuer.contains("Home CA"));
        assert_eq!(served.leaf.not_after.to_string(), "2100-01-01T00:00:00Z");
        assert_eq!(served.leaf.fingerprint.len(), 64);
        assert!(!served.leaf.is_staging());
    }

    #[tokio::test]
    async fn each_fault_of_a_certificate_has_its_own_verdict() {
        let authority = Authority::new("Home CA");
        let other = Authority::new("Other CA");
        let cases = [
            (authority.issue("a", &["a.example.com"], (2020, 2021)), Trust::Expired),
            (authority.issue("a", &["a.example.com"], (2099, 2100)), Trust::NotYetValid),
            (authority.issue("a", &["b.example.com"], (2020, 2100)), Trust::WrongName),
            (other.issue("a", &["a.example.com"], (2020, 2100)), Trust::UnknownIssuer),
        ];
        for (issued, wanted) in cases {
            assert_eq!(shown(&authority, issued, "a.example.com").await.trust, wanted);
        }
    }

    #[tokio::test]
    async fn the_labs_own_root_is_asked_where_the_machine_knows_nobody() {
        let (machine, lab) = (Authority::new("Machine CA"), Authority::new("Lab CA"));
        let cases = [
            (&lab, "a.example.com", (Trust::UnknownIssuer, Some(Trust::Trusted))),
            (&lab, "b.example.com", (Trust::UnknownIssuer, Some(Trust::WrongName))),
            (&machine, "a.example.com", (Trust::Trusted, None)),
            (&machine, "b.example.com", (Trust::WrongName, None)),
        ];
        for (signer, name, wanted) in cases {
            let address = signer.issue("a", &["a.example.com"], (2020, 2100)).serve(Canned::none()).await;
            let roots = (machine.roots(), Some(lab.roots()));
            let served = handshake_with(roots, address, name, SECOND).await.unwrap();
            assert_eq!((served.trust, served.by_lab), wanted, "{name}");
        }
    }

    #[tokio::test]
    async fn the_fake_certificate_and_a_staging_issuer_are_known() {
        let staging = Authority::new("(STAGING) Bogus Broccoli X2");
        let issued = staging.issue(FAKE_CERTIFICATE, &["ingress.local"], (2020, 2100));
        let served = shown(&staging, issued, "a.example.com").await;
        assert!(served.leaf.subject.contains(FAKE_CERTIFICATE) && served.leaf.is_staging());
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_is_a_tls_failure() {
        let server = Canned::text(400, "text/plain", "no").serve().await;
        let served = handshake(None, server.address, "a.example.com", SECOND).await;
        assert!(matches!(served, Err(Transport::Tls(_) | Transport::Timeout)), "{served:?}");
    }
}
