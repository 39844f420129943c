//! What the internet gets of Traefik as soon as a service is public: that service's hosts, and of everything else a 404 without a
//! word of the lab, and for a name that no Ingress has no certificate. It holds for Ingresses that homelab did not make, too.
//!
//! A file of the dynamic configuration says so, which Traefik reads again when it changes: within a minute, since the kubelet
//! writes it. Facts are those of v3.7.13:
//!
//! - `ClientIP` is the address of the connection (pkg/muxer/http/matcher.go, pkg/ip/strategy.go, `RemoteAddrStrategy`): what a
//!   client says in a header counts for nothing.
//! - The router of the highest priority takes the request, whichever provider it is of (pkg/muxer/http/mux.go). Those of Ingresses
//!   have the length of their rule.
//! - A TCP router closes the connection before any handshake, but only where no router of HTTPS names the host that the client
//!   asks for (pkg/server/router/tcp/router.go, `ServeTCP`): a name of the house that somebody knows shows its own certificate,
//!   and then the 404.
//! - The folder of a ConfigMap has each file twice, once below a hidden name; of two that are alike, one is skipped
//!   (pkg/provider/file/file.go, `collectFileConfigs`).

use std::collections::{BTreeMap, BTreeSet};

use super::pod::ENTRY_POINTS;
use crate::config::Config;
use crate::evidence::Transport;
use crate::evidence::http::HttpAnswer;
use crate::facts::names::Host;
use crate::facts::network::LOOPBACK;
use crate::ingress::pod::Files;

pub(super) const FILES: Files = Files { name: "traefik-outside", path: "/etc/homelab", content };

/// Before every router of an Ingress.
const FIRST: &str = "1000000000";

fn content(config: &Config) -> BTreeMap<String, String> {
    if !config.has_public() {
        return BTreeMap::new();
    }
    let [(http, _), (https, _)] = ENTRY_POINTS;
    let hosts = config.public_hosts(None);
    let (by_host, by_sni) =
        (rule(config, None, "Host", &hosts), rule(config, Some("HostSNI(`*`)"), "HostSNI", &hosts));
    let text = format!(
        "http:\n  middlewares:\n    closed: {{ ipAllowList: {{ sourceRange: [127.0.0.1/32], rejectStatusCode: 404 }} }}\n  \
         routers:\n    outside:\n      entryPoints: [{http}, {https}]\n      priority: {FIRST}\n      rule: '{by_host}'\n      \
         middlewares: [closed]\n      service: noop@internal\n    outside-tls:\n      entryPoints: [{https}]\n      \
         priority: {FIRST}\n      rule: '{by_host}'\n      middlewares: [closed]\n      service: noop@internal\n      tls: {{}}\n\
         tcp:\n  middlewares:\n    closed: {{ ipAllowList: {{ sourceRange: [127.0.0.1/32] }} }}\n  routers:\n    outside:\n      \
         entryPoints: [{https}]\n      priority: {FIRST}\n      rule: '{by_sni}'\n      middlewares: [closed]\n      \
         service: nowhere\n      tls: {{ passthrough: true }}\n  services:\n    nowhere: {{ loadBalancer: {{ servers: [{{ address: '127.0.0.1:9' }}] }} }}\n"
    );
    [("outside.yaml".to_owned(), text)].into()
}

/// The middleware has the words of the status alone, and not those of an unknown name (pkg/middlewares/ipallowlist/ip_allowlist.go,
/// `reject`).
pub(super) fn turns_away(answer: &Result<HttpAnswer, Transport>) -> bool {
    answer.as_ref().is_ok_and(|answer| answer.status == 404 && answer.body.trim() == "Not Found")
}

/// Everybody who is not of the house and asks for none of the hosts.
fn rule(config: &Config, first: Option<&str>, matcher: &str, hosts: &BTreeSet<Host>) -> String {
    let house = config.public.house.iter().map(ToString::to_string);
    let house = house.chain(LOOPBACK.map(str::to_owned)).map(|network| format!("!ClientIP(`{network}`)"));
    let hosts = hosts.iter().map(|host| format!("!{matcher}(`{host}`)"));
    let parts: Vec<String> = first.map(str::to_owned).into_iter().chain(house).chain(hosts).collect();
    parts.join(" && ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(services: &str) -> BTreeMap<String, String> {
        let text = format!(
            "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nlan: [203.0.113.0/24]\n\
             ingress: {{ controller: traefik }}\nservices: {{ {services} }}\n"
        );
        content(&crate::config::parse(&text).unwrap())
    }

    #[test]
    fn nothing_is_written_as_long_as_nothing_is_public() {
        assert!(of("nas: { local: 1 }").is_empty());
    }

    #[test]
    fn from_outside_the_public_hosts_are_answered_and_no_others() {
        let text =
            of("nas: { local: 1 }, photos: { local: 2, public: port }").remove("outside.yaml").unwrap();
        assert!(text.contains("!Host(`photos.a.example.com`)") && !text.contains("nas"), "{text}");
        assert!(text.contains("!HostSNI(`photos.a.example.com`)"), "{text}");
        for network in ["192.168.0.0/16", "100.64.0.0/10", "203.0.113.0/24", "127.0.0.0/8"] {
            assert_eq!(text.matches(&format!("!ClientIP(`{network}`)")).count(), 3, "{network}: {text}");
        }
        let read: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(read["http"]["routers"]["outside"]["service"], "noop@internal");
        assert_eq!(read["tcp"]["routers"]["outside"]["tls"]["passthrough"], true);
    }
}
