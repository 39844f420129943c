//! What the internet gets of ingress-nginx as soon as a service is public: that service's hosts, and of everything else neither a
//! page nor, for a name that no Ingress has, a certificate. It holds for Ingresses that homelab did not make, too.
//!
//! `http-snippet` and `server-snippet` of the ConfigMap stand in every server as they are, whether Ingresses may have snippets or
//! not (ingress-nginx v1.15.1, rootfs/etc/nginx/template/nginx.tmpl: `HTTPSnippet`, `ServerSnippet`); the servers that
//! `from-to-www-redirect` makes have none, and no page either. `ssl-reject-handshake` is of the server without a name alone
//! (docs/user-guide/nginx-configuration/configmap.md); nginx has no way to refuse a handshake by the client's address.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::evidence::Transport;
use crate::evidence::http::HttpAnswer;
use crate::facts::network::LOOPBACK;

const HTTP: &str = "http-snippet";
const SERVER: &str = "server-snippet";
const REJECT: &str = "ssl-reject-handshake";

/// 444 is nginx' own: it closes the connection without an answer (ngx_http_rewrite_module, `return`).
const CLOSE: &str = "if ($homelab_refused) { return 444; }";

/// Adds what keeps the internet out; the configuration's own snippets stay behind it.
pub(super) fn keep_out(config: &Config, settings: &mut BTreeMap<String, String>) {
    if !config.has_public() {
        return;
    }
    settings.entry(REJECT.to_owned()).or_insert_with(|| "true".to_owned());
    for (key, own) in [(HTTP, lists(config)), (SERVER, CLOSE.to_owned())] {
        let whole = match settings.get(key) {
            Some(theirs) => format!("{own}\n{theirs}"),
            None => own,
        };
        settings.insert(key.to_owned(), whole);
    }
}

/// It closes the connection.
pub(super) fn turns_away(answer: &Result<HttpAnswer, Transport>) -> bool {
    matches!(answer, Err(Transport::Closed))
}

/// Who comes from outside, and which hosts are open. Patterns in place of plain names: these would have to fit
/// `map_hash_bucket_size`, and nginx would not load a longer one.
fn lists(config: &Config) -> String {
    let house = config.public.house.iter().map(ToString::to_string);
    let house = house.chain(LOOPBACK.map(str::to_owned)).map(|network| format!("  {network} 0;\n"));
    let hosts = config.public_hosts(None);
    let hosts = hosts.iter().map(|host| format!("  \"~^{}$\" 0;\n", host.as_str().replace('.', "\\.")));
    format!(
        "geo $homelab_outside {{\n  default 1;\n{}}}\nmap $host $homelab_closed {{\n  default 1;\n{}}}\n\
         map $homelab_outside$homelab_closed $homelab_refused {{\n  default 0;\n  11 1;\n}}",
        house.collect::<String>(),
        hosts.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingress::nginx::settings;

    fn of(more: &str) -> BTreeMap<String, String> {
        let text = format!(
            "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\n{more}"
        );
        settings(&crate::config::parse(&text).unwrap())
    }

    const OPEN: &str = "services: { photos: { local: 1, public: port, iKnow: ingress-nginx-is-retired }, nas: { local: 2 } }\n";

    #[test]
    fn nothing_is_written_as_long_as_nothing_is_public() {
        let settings = of("services: { nas: { local: 2 } }\n");
        assert!(![HTTP, SERVER, REJECT].iter().any(|key| settings.contains_key(*key)), "{settings:?}");
    }

    #[test]
    fn from_outside_the_public_hosts_are_answered_and_no_others() {
        let settings = of(&format!("lan: [203.0.113.0/24]\n{OPEN}"));
        assert_eq!(settings[REJECT], "true");
        assert_eq!(settings[SERVER], CLOSE);
        let http = &settings[HTTP];
        assert!(http.contains("\"~^photos\\.a\\.example\\.com$\" 0;") && !http.contains("nas"), "{http}");
        for network in ["192.168.0.0/16", "100.64.0.0/10", "203.0.113.0/24", "127.0.0.0/8"] {
            assert!(http.contains(&format!("  {network} 0;")), "{network}: {http}");
        }
    }

    #[test]
    fn snippets_of_ones_own_stand_behind_and_take_nothing_away() {
        let settings = of(&format!("ingress: {{ config: {{ server-snippet: 'gunzip on;' }} }}\n{OPEN}"));
        assert_eq!(settings[SERVER], format!("{CLOSE}\ngunzip on;"));
    }
}
