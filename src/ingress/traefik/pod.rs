//! The pods of Traefik, and its static configuration, which is arguments alone.

use std::collections::BTreeMap;

use super::{NGINX, outside};
use crate::config::Config;
use crate::facts::controllers::HSTS;
use crate::ingress::pod::{Pod, rule};

/// What begins each argument of the provider that reads ingress-nginx' annotations.
macro_rules! provider {
    ($rest:literal) => {
        concat!("--providers.kubernetesingressnginx", $rest)
    };
}

/// With this argument it serves Ingresses without a class, too.
pub(super) const TAKES_ANY: &str = provider!(".watchingresswithoutclass=true");
/// With this argument it sends nothing to a Service of type ExternalName.
pub(super) const REFUSES_NAMES: &str = provider!(".disablesvcexternalname=true");
/// Arguments that would make it write addresses into Ingresses. homelab gives none of them, and no right to write there:
/// they hold until the next start, whatever becomes of the nodes.
pub(super) const PUBLISHES_ADDRESS: &str = provider!(".publishstatusaddress");
pub(super) const PUBLISHES_SERVICE: &str = provider!(".publishservice");

/// The names of the entry points, and where they listen in the pod: no right is needed for ports above 1023.
pub(super) const ENTRY_POINTS: [(&str, u16); 2] = [("web", 8000), ("websecure", 8443)];
const HEALTH: i32 = 8080;

const WATCH: &[&str] = &["list", "watch"];

pub(super) const POD: Pod = Pod {
    arguments: |config, _| arguments(config),
    // It writes nothing anyway.
    trial: &[],
    settings: |_| BTreeMap::new(),
    files: Some(outside::FILES),
    fields: &[],
    variables: &[],
    ports: [ENTRY_POINTS[0].1, ENTRY_POINTS[1].1],
    health: ("/ping", HEALTH),
    before_end: &[],
    // Longer than `gracetimeout` below, in which open connections may end.
    grace: 5,
    requests: ("100m", "90Mi"),
    user: (65_532, 65_532),
    writes_files: false,
    // Bodies that it takes in whole lie there (os.TempDir).
    scratch: "/tmp",
    // A certificate is shown for every name that it covers, whichever Ingress names its Secret (pkg/tls/certificate_store.go),
    // and a new one at once: a file would come with the kubelet's next look.
    wildcard_by_ingress: true,
    capabilities: &[],
    // pkg/provider/kubernetes/ingress-nginx/client.go, `WatchAll`; nothing of it writes without the two arguments above.
    in_cluster: &[
        rule("", &["services", "secrets", "configmaps"], WATCH),
        rule("discovery.k8s.io", &["endpointslices"], WATCH),
        rule("networking.k8s.io", &["ingresses", "ingressclasses"], WATCH),
    ],
    at_home: &[],
    writes_status: false,
};

/// The container's arguments. No dashboard (`--api`), no metrics, no access log, no HTTP/3: all are off unless asked for. What a
/// client says of itself in `X-Forwarded-*` is believed of nobody, which is the default, too.
fn arguments(config: &Config) -> Vec<String> {
    let fixed = [
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--log.level=INFO",
        // With the time as `"time":"…"`, which the doctor reads.
        "--log.format=json",
        "--ping=true",
    ];
    let mut arguments: Vec<String> = fixed.map(str::to_owned).into();
    arguments.push(format!("--entrypoints.traefik.address=:{HEALTH}"));
    arguments.push("--entrypoints.traefik.http.aliasheadersstrategy=delete".to_owned());
    for (name, port) in ENTRY_POINTS {
        let of = |rest: String| format!("--entrypoints.{name}.{rest}");
        arguments.push(of(format!("address=:{port}")));
        // A request may take this long to come in, its body included (default: 60 s): a phone's videos take hours.
        arguments.push(of("transport.respondingtimeouts.readtimeout=12h".to_owned()));
        // Until the pod is gone no other may have its ports (default: 10 s).
        arguments.push(of("transport.lifecycle.gracetimeout=3s".to_owned()));
        // `X_Auth_User` is `X-Auth-User` for many programs: a client could forge what only the controller sets. nginx drops
        // such headers, too.
        arguments.push(of("http.aliasheadersstrategy=delete".to_owned()));
    }
    let of_provider = [
        provider!("=true").to_owned(),
        format!("{}{}", provider!(".controllerclass="), NGINX.class_controller),
        format!("{}{}", provider!(".ingressclass="), NGINX.class),
        format!("{}{}", provider!(".watchingresswithoutclass="), config.ingress.default_class),
        // Without both, every entry point without TLS of its own is one for HTTP, and none is one for HTTPS.
        format!("{}{}", provider!(".httpentrypoint="), ENTRY_POINTS[0].0),
        format!("{}{}", provider!(".httpsentrypoint="), ENTRY_POINTS[1].0),
        // An ExternalName lets whoever may write a Service reach anything; only what the configuration names needs it.
        format!("{}{}", provider!(".disablesvcexternalname="), !config.has_external_names()),
        // The header that `custom-headers` may send; it knows no other (`resolveCustomHeaders`).
        format!("{}{HSTS}", provider!(".globalallowedresponseheaders=")),
        // A machine that is off is given up after this many seconds, as ingress-nginx does (default: 60, three times).
        provider!(".proxyconnecttimeout=5").to_owned(),
    ];
    arguments.extend(of_provider);
    if config.has_public() {
        arguments.push(format!("--providers.file.directory={}", outside::FILES.path));
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(more: &str) -> Vec<String> {
        let text = format!(
            "domain: a.example.com\nemail: a@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n{more}"
        );
        arguments(&crate::config::parse(&text).unwrap())
    }

    #[test]
    fn only_a_name_outside_lets_an_external_name_through() {
        let own = "ingress: { controller: traefik }\n";
        assert!(arguments_of(own).iter().any(|argument| argument == REFUSES_NAMES));
        let named = format!("{own}services: {{ nas: {{ url: http://nas.lan }} }}\n");
        assert!(!arguments_of(&named).iter().any(|argument| argument == REFUSES_NAMES));
    }

    #[test]
    fn ingresses_without_a_class_are_served_unless_the_configuration_says_otherwise() {
        assert!(arguments_of("ingress: { controller: traefik }\n").iter().any(|one| one == TAKES_ANY));
        let off = arguments_of("ingress: { controller: traefik, defaultClass: false }\n");
        assert!(!off.iter().any(|one| one == TAKES_ANY));
    }

    #[test]
    fn nothing_writes_an_address_and_no_right_would_let_it() {
        let all = arguments_of("ingress: { controller: traefik }\n");
        assert!(!all.iter().any(|one| one.contains("publish")), "{all:?}");
        let verbs: Vec<&&str> = POD.in_cluster.iter().flat_map(|rule| rule.verbs).collect();
        assert!(verbs.iter().all(|verb| ["list", "watch"].contains(*verb)), "{verbs:?}");
    }
}
