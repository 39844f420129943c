//! The demo is there for everybody in the house, and whoever is in the house may ask it anything.

use std::time::Duration;

use crate::cases::hands::{Hands, WHOAMI, expect};
use crate::error::Result;

/// Longer than three readiness probes, of ten seconds each.
const PROBED: Duration = Duration::from_secs(35);

/// `POST /health` sets what traefik/whoami says of its own health. Nobody on the LAN gets there, and who does, from
/// inside the cluster, changes nothing.
pub(super) fn health_cannot_be_switched_off(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let post = ["-sS", "--max-time", "10", "-X", "POST", "-d", "500"];
    let url = format!("https://{WHOAMI}/health");
    let words = [&post[..], &["-o", "/dev/null", "-w", "%{http_code}", &url]].concat();
    let status = hands.client.run("curl", &words)?;
    expect(status == "404", format!("POST /health from the LAN was answered with {status}"))?;
    let pods = hands.get(&["pods", "-n", "homelab", "-l", "app.kubernetes.io/name=whoami"])?;
    let address = pods["items"][0]["status"]["podIP"].as_str().unwrap_or_default().to_owned();
    let health = format!("http://{address}:8080/health");
    let ask = ["-sS", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", &health];
    expect(hands.node.run("curl", &ask)? == "200", "the LAN has changed the demo's health")?;
    hands.node.run("curl", &[&post[..], &[&health]].concat())?;
    let said = hands.node.run("curl", &ask)?;
    std::thread::sleep(PROBED);
    let answer = hands.browse(WHOAMI);
    hands.node.run("curl", &["-sS", "--max-time", "10", "-X", "POST", "-d", "200", &health])?;
    expect(said == "500", format!("the demo's health is {said} after POST 500: this case proves nothing"))?;
    expect(answer?.0 == "200", "a health of 500 took the demo away")
}
