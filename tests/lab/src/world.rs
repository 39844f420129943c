//! The lab's internet: Cloudflare's API, name servers, resolvers and pinned files (`lab-world`), and ACME (pebble).

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::error::{Context, Result};
use crate::files;
use crate::name_server::{Provider, route53};
use crate::network::{ACME, AMAZON_API, AUTHORITATIVE, CLOUDFLARE_API, FILES, RESOLVERS, SHORT_ACME};
use crate::paths::{Cache, Run};
use crate::pki::{Authority, Pair};
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

/// The zone of the lab's Cloudflare account.
pub(crate) const ZONE: &str = "example.test";

/// A zone that nobody in the lab may write: people enter records in it by hand.
pub(crate) const COMPANY: &str = "company.test";

const LIMIT: Duration = Duration::from_secs(30);
const TOKEN_LENGTH: usize = 40;

/// An ACME server of the lab.
struct Pebble {
    name: &'static str,
    host: &'static str,
    address: &'static str,
    /// How long its certificates live. Without one they live five years.
    seconds: Option<u32>,
}

/// One like Let's Encrypt, and one whose certificates must be renewed while a person watches.
const PEBBLES: [Pebble; 2] = [
    Pebble { name: "pebble", host: "acme.lab.test", address: ACME, seconds: None },
    Pebble { name: "pebble-short", host: "acme-short.lab.test", address: SHORT_ACME, seconds: Some(300) },
];

/// Starts all of it, and writes what machines of the lab trust.
pub(crate) fn start(
    run: &Run,
    cache: &Cache,
    ca: &Authority,
    lab_world: &Path,
    provider: Provider,
) -> Result<()> {
    let at = Vantage::find(run, Place::World)?;
    let mut names = vec!["api.cloudflare.com", "github.com"];
    names.extend(PEBBLES.iter().map(|pebble| pebble.host).chain(RESOLVERS).chain(route53::HOSTS));
    let pair = ca.server(&run.path("world"), "internet", &names)?;

    let config = run.path("world").join("config.json");
    let mut world = world_config(run, cache, &pair)?;
    if provider.is_own() {
        // The zone stays known, so that the domain above delegates it; its own server answers for it.
        world["authoritative"] = json!([]);
        world["forwards"] = json!({ ZONE: format!("{}:53", AUTHORITATIVE[0]) });
    }
    if provider == Provider::Local {
        world["zones"] = json!([]);
        world["tokens"] = json!([]);
    }
    files::write_json(&config, &world)?;
    Process::start(run, "lab-world", at.daemon(lab_world).arg("--config").arg(&config))?;
    wait::until_ok("the lab's internet", LIMIT, || {
        check_alive(run)?;
        at.run(
            "curl",
            &["-sS", "--fail", "--max-time", "2", &format!("http://{CLOUDFLARE_API}:8080/healthz")],
        )
    })?;

    provider.start(run, &pair)?;
    files::write(&run.trust(), files::read(&ca.certificate())?)?;
    let mut trusted = files::read_text(&ca.certificate())?;
    for pebble in &PEBBLES {
        trusted.push_str(&pebble.start(run, &at, &pair)?);
    }
    files::write_whole(&run.trust(), trusted)
}

fn world_config(run: &Run, cache: &Cache, pair: &Pair) -> Result<serde_json::Value> {
    let at = |port: u16| move |address: &&str| format!("{address}:{port}");
    let token = random_token()?;
    files::write(&run.token(), format!("{token}\n"))?;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(run.token(), private).context("protecting the token")?;
    let mut hosts = json!({
        "api.cloudflare.com": [CLOUDFLARE_API],
        "github.com": [FILES],
        "ada.ns.lab.test": [AUTHORITATIVE[0]],
        "bob.ns.lab.test": [AUTHORITATIVE[1]],
    });
    for pebble in &PEBBLES {
        hosts[pebble.host] = json!([pebble.address]);
    }
    for host in route53::HOSTS {
        hosts[host] = json!([AMAZON_API]);
    }
    let servers = ["ada.ns.lab.test", "bob.ns.lab.test"];
    let zones = [ZONE, COMPANY].map(|name| json!({ "name": name, "name_servers": servers }));
    Ok(json!({
        "tls": { "cert": pair.certificate, "key": pair.key },
        "api": [format!("{CLOUDFLARE_API}:443")],
        "control": format!("{CLOUDFLARE_API}:8080"),
        "authoritative": AUTHORITATIVE.iter().map(at(53)).collect::<Vec<_>>(),
        "resolvers": RESOLVERS.iter().map(at(53)).collect::<Vec<_>>(),
        "doh": RESOLVERS.iter().map(at(443)).collect::<Vec<_>>(),
        "files": { "listen": format!("{FILES}:443"), "root": cache.files() },
        "hosts": hosts,
        "zones": zones,
        // Cloudflare counts 1200; the cases ask the doctor more often in five minutes than a house does in a day.
        "rate_limit": { "requests": 12000, "window_seconds": 300 },
        "tokens": [{ "value": token, "permissions": ["zone:read", "dns:edit"], "zones": [ZONE] }],
    }))
}

/// A new token for each run, in the alphabet of Cloudflare's.
fn random_token() -> Result<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let mut bytes = [0; TOKEN_LENGTH];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("making a token")?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect())
}

impl Pebble {
    /// Starts it and gives its root certificate, which is new at each start.
    fn start(&self, run: &Run, at: &Vantage, pair: &Pair) -> Result<String> {
        let management = format!("{}:15000", self.address);
        let mut config = json!({ "pebble": {
            "listenAddress": format!("{}:443", self.address),
            "managementListenAddress": management,
            "certificate": pair.certificate,
            "privateKey": pair.key,
            "httpPort": 80,
            "tlsPort": 443,
        } });
        if let Some(seconds) = self.seconds {
            config["pebble"]["certificateValidityPeriod"] = json!(seconds);
        }
        let file = run.path("world").join(format!("{}.json", self.name));
        files::write_json(&file, &config)?;
        let mut pebble = at.daemon("pebble");
        pebble.arg("-config").arg(&file).arg("-dnsserver").arg(format!("{}:53", RESOLVERS[0]));
        Process::start(run, self.name, pebble.env("PEBBLE_VA_NOSLEEP", "1"))?;
        let root = format!("https://{}:15000/roots/0", self.host);
        let connect = format!("{}:15000:{}", self.host, self.address);
        wait::until_ok(self.name, LIMIT, || {
            check_alive(run)?;
            at.run("curl", &["-sS", "--fail", "--max-time", "2", "--resolve", &connect, &root])
        })
    }
}
