//! How a connection fails, in the words of Go's dialer and of k3s.
//!
//! k3s' API server reaches pods and nodes by a CONNECT proxy of its own (its "egress selector", on by default), which answers a
//! dial that failed by 502, up to 1.26 by 503, and keeps the reason to k3s' log (k3s, pkg/daemons/control/tunnel.go
//! `serveConnect` and egress_selector.go; k3s-io/k3s#10474, cert-manager/cert-manager#6522). The API server then says
//! `proxy error from 127.0.0.1:6443 while dialing 10.42.1.3:10250, code 502: 502 Bad Gateway`, never "connection refused".

use serde::Serialize;

/// Why a connection did not come about, as far as the words tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dial {
    /// Refused: nothing listens, or something on the way answers as if nothing did.
    Refused,
    /// There is no way there, or a firewall says so.
    NoRoute,
    /// k3s could not connect and was told at once: refused, no route, or rejected. Which of them, its own log says.
    TurnedAway,
    /// No answer in time: what was sent is dropped somewhere.
    Silent,
}

/// The words of each, the first that fits.
const WORDS: [(&[&str], Dial); 4] = [
    (&["connection refused"], Dial::Refused),
    (&["no route to host", "network is unreachable", "host is down"], Dial::NoRoute),
    (
        &["i/o timeout", "deadline exceeded", "timed out", "no answer in time", "request canceled"],
        Dial::Silent,
    ),
    (&["bad gateway", "code 502", "code 503"], Dial::TurnedAway),
];

impl Dial {
    /// What a message says of a connection; `None` when it speaks of something else.
    #[must_use]
    pub fn of(message: &str) -> Option<Self> {
        let message = message.to_lowercase();
        let (_, found) = WORDS.iter().find(|(words, _)| words.iter().any(|word| message.contains(word)))?;
        // A 502 of a page is that page's.
        let by_k3s = message.contains("proxy error from") && message.contains("while dialing");
        (*found != Self::TurnedAway || by_k3s).then_some(*found)
    }
}

/// The address that k3s could not connect to, for example `10.42.1.3:10250`.
#[must_use]
pub fn dialled(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("while dialing ")?;
    rest.split([',', ' ']).next().filter(|address| !address.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_api_server_says_why_and_that_of_k3s_only_how_soon() {
        // k3s-io/k3s#10474 and #11418, cert-manager/cert-manager#6522, k3s-io/k3s#418, as they were reported.
        let cases = [
            (
                "proxy error from 127.0.0.1:6443 while dialing 192.168.0.136:10250, code 502: 502 Bad Gateway",
                Some(Dial::TurnedAway),
            ),
            (
                "failed calling webhook \"webhook.cert-manager.io\": failed to call webhook: Post \"https://cert-manager-webhook.cert-manager.svc:443/mutate?timeout=10s\": proxy error from 127.0.0.1:6443 while dialing 10.42.0.5:10250, code 503: 503 Service Unavailable",
                Some(Dial::TurnedAway),
            ),
            (
                "error trying to reach service: dial tcp 10.42.1.4:80: connect: connection refused",
                Some(Dial::Refused),
            ),
            ("Error: 'dial tcp 10.42.2.5:8443: i/o timeout'", Some(Dial::Silent)),
            ("dial tcp 10.42.1.4:80: connect: no route to host", Some(Dial::NoRoute)),
            ("502 Bad Gateway", None),
            ("x509: certificate has expired", None),
        ];
        for (message, wanted) in cases {
            assert_eq!(Dial::of(message), wanted, "{message}");
        }
        assert_eq!(dialled(cases[0].0), Some("192.168.0.136:10250"));
        assert_eq!(dialled(cases[2].0), None);
    }

    #[test]
    fn the_reason_in_k3s_own_log_is_read_like_any_other() {
        // rancher-sandbox/rancher-desktop#7169.
        let line = "time=\"2024-07-09T13:23:58+02:00\" level=error msg=\"Sending HTTP 502 response to 127.0.0.1:39114: dial tcp 10.42.0.4:10250: connect: connection refused\"";
        assert_eq!(Dial::of(line), Some(Dial::Refused));
    }
}
