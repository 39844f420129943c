//! What lies outside the cluster, under names of the house: a plain and an HTTPS backend by address, two names for one
//! service, and one certificate for all names.

use super::hands::{Hands, expect};
use crate::error::Result;
use crate::network::{CLOUDFLARE_API, FILES};

const MORE: &str = "certificates: wildcard\nservices:\n";
/// A file that the lab's file server has, whatever host asks.
const FILE: &str = "cert-manager/cert-manager/releases/download/v1.21.2/cert-manager.crds.yaml";

/// All of it at once, since the wildcard certificate takes a minute.
pub(super) fn backends_and_wildcard(hands: &Hands) -> Result<()> {
    let services = format!(
        "  plain: {{ url: \"http://{CLOUDFLARE_API}:8080\" }}\n  files: {{ url: \"https://{FILES}\", hosts: [files, downloads] }}\n"
    );
    hands.up_well(&hands.config_with("outside.yaml", &format!("{MORE}{services}"))?, &[])?;
    let ask = |url: &str| hands.client.run("curl", &["-sS", "--fail", "--max-time", "10", url]);
    let health = ask("https://plain.home.example.test/healthz")?;
    expect(health.trim() == "ok", format!("the plain backend said {health:?}"))?;
    for host in ["files", "downloads"] {
        let file = ask(&format!("https://{host}.home.example.test/{FILE}"))?;
        expect(file.len() == 997_110, format!("{host}: {} bytes of the file came", file.len()))?;
    }
    for host in ["plain", "files", "whoami"] {
        let script = format!(
            "openssl s_client -connect {host}.home.example.test:443 -servername {host}.home.example.test </dev/null 2>/dev/null \
             | openssl x509 -noout -ext subjectAltName"
        );
        let names = hands.client.run("bash", &["-c", &script])?;
        expect(names.contains("DNS:*.home.example.test"), format!("{host} is served with {names}"))?;
    }
    hands.restore()
}
