//! A certificate of a few minutes' life renews unattended while people use the service.

use std::time::{Duration, Instant};

use super::hands::{Hands, expect};
use crate::error::{Result, bail};

/// Between two requests: a gentle load.
const PAUSE: Duration = Duration::from_millis(200);

/// Its certificate comes from the ACME server whose certificates live five minutes.
const HOST: &str = "brief.home.example.test";

/// Asks all the while, until another serial is served; not one request may fail.
pub(super) fn renews_without_a_failed_request(hands: &Hands) -> Result<()> {
    let more = "services:\n  brief: { service: homelab/whoami, port: 80 }\n";
    let config = hands.config()?.replace("acme.lab.test", "acme-short.lab.test");
    hands.up_well(&hands.config_file("brief.yaml", &format!("{config}{more}"))?, &[])?;
    renews(hands)?;
    hands.restore()
}

fn renews(hands: &Hands) -> Result<()> {
    let first = serial(hands)?;
    let lifetime = lifetime(hands)?;
    let limit = Duration::from_secs(lifetime + 120);
    let began = Instant::now();
    let (mut requests, mut next_look) = (0_u32, Instant::now());
    loop {
        let (status, body) = hands.browse(HOST)?;
        requests += 1;
        expect(status == "200", format!("request {requests} was answered with {status}:\n{body}"))?;
        if next_look <= Instant::now() {
            next_look = Instant::now() + Duration::from_secs(2);
            let now = serial(hands)?;
            if now != first {
                let after = began.elapsed().as_secs();
                println!("      {first} -> {now} after {after} s, {requests} requests, none failed");
                return Ok(());
            }
        }
        if began.elapsed() > limit {
            bail!("still the serial {first} after {} s; the certificate lives {lifetime} s", limit.as_secs());
        }
        std::thread::sleep(PAUSE);
    }
}

/// The serial of the certificate that nginx serves.
fn serial(hands: &Hands) -> Result<String> {
    let script = format!(
        "openssl s_client -connect {HOST}:443 -servername {HOST} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    );
    Ok(hands.client.run("bash", &["-c", &script])?.trim().to_owned())
}

/// How long the certificate lives, in seconds.
fn lifetime(hands: &Hands) -> Result<u64> {
    let certificate = hands.get(&["certificate", "-n", "homelab", "brief-tls"])?;
    let at = |field: &str| certificate["status"][field].as_str().unwrap_or_default().to_owned();
    let script =
        format!("echo $(( $(date -d {} +%s) - $(date -d {} +%s) ))", at("notAfter"), at("notBefore"));
    let text = hands.client.run("bash", &["-c", &script])?;
    Ok(text.trim().parse().unwrap_or(0))
}
