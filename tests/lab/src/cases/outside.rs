//! What lies outside the cluster, under names of the house: a plain and an HTTPS backend by address, two names for one
//! service, and one certificate for all names.

use std::time::Instant;

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

/// Two machines that are off: the first `up` ends when all else is well, the second within the time that one needs to
/// see it, and both name them.
pub(super) fn machines_that_are_off(hands: &Hands) -> Result<()> {
    let services = "  nas: { url: \"http://10.99.0.77:5000\" }\n  tv: { url: \"https://10.99.0.78\" }\n";
    let config = hands.config_with("off.yaml", &format!("services:\n{services}"))?;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let began = Instant::now();
        runs.push((hands.up_with(&config, &[])?, began.elapsed().as_secs_f64()));
    }
    hands.restore()?;
    for (run, took) in &runs {
        println!("      ended after {took:.1} s");
        expect(run.status.code() == Some(1), format!("{}{}", run.stdout, run.stderr))?;
        for name in ["nas", "tv"] {
            let named = run.stdout.lines().any(|line| {
                line.starts_with(&format!("FAIL  {name}.home.example.test")) && line.contains("apps.answer")
            });
            expect(named, format!("{name} is not named:\n{}", run.stdout))?;
        }
    }
    expect(runs[1].1 < 60.0, format!("all was there, and it looked for {:.0} s", runs[1].1))
}
