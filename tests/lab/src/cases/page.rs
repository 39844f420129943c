//! The start page, as the house sees it.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::hands::{DOMAIN, Hands, eventually, expect};
use crate::browser::{self, Browser};
use crate::command::Output;
use crate::error::{Result, bail};
use crate::network::{CLOUDFLARE_API, FILES};

const START: &str = "start.home.example.test";
const TV: &str = "tv.home.example.test";
const PAGE: &str = "startPage: true\n";
/// A telephone's and a laptop's.
const SIZES: [(u32, u32); 2] = [(390, 844), (1280, 800)];

/// What the page's server says of a service, as the LAN client sees it: the head of the answer, and its body.
fn ask(hands: &Hands, host: &str, name: &str) -> Result<Output> {
    let url = format!("https://{host}/up/{name}");
    hands.client.output("curl", &["-sS", "--max-time", "15", "--include", "--cookie", "secret=1", &url])
}

fn is(hands: &Hands, name: &str, status: &str) -> Result<std::result::Result<(), String>> {
    let head = ask(hands, DOMAIN, name)?.stdout;
    let seen = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    Ok(if seen == status { Ok(()) } else { Err(format!("/up/{name} says {head}")) })
}

fn scale_demo(hands: &Hands, replicas: u32) -> Result<()> {
    let replicas = format!("--replicas={replicas}");
    hands.kubectl(&["-n", "homelab", "scale", "deployment/whoami", &replicas]).map(drop)
}

/// Waits until the page says this of the house; it looks every half minute.
fn tells(browser: &Browser<'_>, what: &str) -> Result<f64> {
    eventually(&format!("the page to say `{what}`"), 120, || {
        let told = browser.run("return document.getElementById('summary').textContent")?;
        let told = told.as_str().unwrap_or_default();
        Ok(if told == what { Ok(()) } else { Err(told.to_owned()) })
    })
}

/// The machine that is off fails the proof, as it should, and nothing else does.
fn up_but_for_tv(hands: &Hands, config: &Path) -> Result<()> {
    let output = hands.up_with(config, &[])?;
    let failed: Vec<&str> = output.stdout.lines().filter(|line| line.starts_with("FAIL  ")).collect();
    let is_tv = failed.iter().all(|line| line.starts_with(&format!("FAIL  {TV}")));
    expect(
        output.status.code() == Some(1) && is_tv,
        format!("{}:\n{}{}", output.status, output.stdout, output.stderr),
    )
}

/// The demo is up, is scaled to zero and told of at the next look, and comes back. The page itself stays, without write access
/// and without a token.
pub(super) fn tells_what_is_off(hands: &Hands) -> Result<()> {
    hands.up_well(&hands.config_with("page.yaml", PAGE)?, &[])?;
    let (status, page) = hands.browse(DOMAIN)?;
    expect(status == "200" && page.contains("data-service=\"whoami\""), format!("{status}:\n{page}"))?;
    is(hands, "whoami", "204")?.or_else(|why| bail!("{why}"))?;
    scale_demo(hands, 0)?;
    let off = eventually("the page to say that whoami is off", 60, || is(hands, "whoami", "503"));
    scale_demo(hands, 1)?;
    let off = off?;
    let back = eventually("the page to say that whoami is back", 90, || is(hands, "whoami", "204"))?;
    println!("      off after {off:.1} s, back after {back:.1} s");
    let inside = |script: &str| {
        let words = ["exec", "-n", "homelab", "deployment/start-page", "--", "sh", "-c", script];
        hands.kubectl(&words)
    };
    inside("echo x >/tmp/x")?;
    for script in [
        "echo x >/etc/start-page/x",
        "echo x >/srv/start-page/x",
        "echo x >/x",
        "read -r token </var/run/secrets/kubernetes.io/serviceaccount/token",
    ] {
        expect(inside(script).is_err(), format!("the page's pod can `{script}`"))?;
    }
    hands.restore()
}

/// A backend by address, one with HTTPS, one on the node, and one that is not there: yes or no, and nothing of theirs.
pub(super) fn asks_elsewhere(hands: &Hands) -> Result<()> {
    let services = format!(
        "services:\n  plain: {{ url: \"http://{CLOUDFLARE_API}:8080\" }}\n  files: {{ url: \"https://{FILES}\" }}\n  \
         tv: {{ url: \"https://10.99.0.78\" }}\n"
    );
    let config = hands.config_with("page-elsewhere.yaml", &format!("{PAGE}{services}"))?;
    up_but_for_tv(hands, &config)?;
    for name in ["plain", "files"] {
        eventually(&format!("{name} to be up"), 120, || is(hands, name, "204"))?;
    }
    is(hands, "tv", "503")?.or_else(|why| bail!("{why}"))?;
    let head = ask(hands, DOMAIN, "files")?.stdout.to_lowercase();
    let theirs: Vec<&str> = head
        .lines()
        .filter(|line| {
            ["set-cookie:", "etag:", "last-modified:", "www-authenticate:"]
                .iter()
                .any(|h| line.starts_with(h))
        })
        .collect();
    expect(theirs.is_empty(), format!("headers of the service: {theirs:?}"))?;
    for (words, status) in [(&["-X", "POST"][..], "405"), (&[][..], "204")] {
        let url = format!("https://{DOMAIN}/up/plain");
        let words =
            [&["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "15"], words, &[&url]].concat();
        let seen = hands.client.run("curl", &words)?;
        expect(seen == status, format!("{words:?} gives {seen}"))?;
    }
    hands.restore()
}

/// A site has the domain's own name: `up` stops before its first write with the line to write, and that line works.
pub(super) fn name_in_use(hands: &Hands) -> Result<()> {
    // The case before had its page there: what is left of that is homelab's own, and no site of somebody else.
    let own = format!("a-homelab.{DOMAIN}");
    eventually("the page of the case before to have left its name", 120, || {
        let is_left = !hands.contents("A", DOMAIN)?.is_empty() || !hands.contents("TXT", &own)?.is_empty();
        Ok(if is_left { Err("its records are there".to_owned()) } else { Ok(()) })
    })?;
    let site = json!({ "type": "A", "name": DOMAIN, "content": "192.0.2.9", "ttl": 300 });
    hands.add_record(&site)?;
    let seen = (|| {
        let mark = hands.audit_mark()?;
        let output = hands.up_with(&hands.config_with("page-in-use.yaml", PAGE)?, &[])?;
        let flat = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        expect(
            output.status.code() == Some(2) && flat.contains("startPage: { host: start }"),
            format!("{}: {flat}", output.status),
        )?;
        let writes = hands.audited(mark)?.iter().filter(|request| request.is_write()).count();
        expect(writes == 0, format!("{writes} writes before it refused"))?;
        hands.up_well(&hands.config_with("page-start.yaml", "startPage: { host: start }\n")?, &[])?;
        expect(hands.browse(START)?.0 == "200", "the page does not answer under its other name")?;
        expect(hands.contents("A", DOMAIN)? == ["192.0.2.9"], "the site's record was touched")
    })();
    hands.remove_records("A", DOMAIN)?;
    hands.restore()?;
    seen
}

/// Chromium on the LAN, as wide as a telephone and as a laptop, light and dark: axe finds nothing, no line of the console is an
/// error, and what is off is told in words. The pictures are kept in the run's folder, to be looked at.
pub(super) fn in_a_browser(hands: &Hands) -> Result<()> {
    let axe = match browser::parts() {
        Ok(axe) => axe?,
        Err(why) => {
            println!("      SKIPPED: {why}");
            return Ok(());
        }
    };
    let more = format!(
        "{PAGE}services:\n  photos: {{ service: homelab/whoami, port: 80, icon: 📷, description: Fotos & <b>Videos</b> }}\n  \
         tv: {{ url: \"https://10.99.0.78\" }}\n"
    );
    up_but_for_tv(hands, &hands.config_with("page-browser.yaml", &more)?)?;
    let here = |program: &str| hands.client.command(program);
    let folder: PathBuf = hands.run.path("page");
    let browser = Browser::start(&here, &folder)?;
    for (width, height) in SIZES {
        for scheme in ["light", "dark"] {
            browser.shows(width, height, scheme)?;
            browser.open(&format!("https://{DOMAIN}/"))?;
            tells(&browser, "Not available: Tv")?;
            browser.run("document.querySelector('details').open = true")?;
            let found = browser.violations(&axe)?;
            expect(found.is_empty(), format!("{width} {scheme}: {}", found.join("\n")))?;
            let errors = browser.errors()?;
            expect(errors.is_empty(), format!("{width} {scheme}: {}", errors.join("\n")))?;
            browser.picture(&folder.join(format!("page-{width}x{height}-{scheme}.png")))?;
        }
    }
    println!("      pictures: {}", folder.display());
    // Without a hand on the page: its next look tells.
    scale_demo(hands, 0)?;
    let off = tells(&browser, "Not available: Photos, Tv, Whoami");
    scale_demo(hands, 1)?;
    let off = off?;
    let back = tells(&browser, "Not available: Tv")?;
    println!(
        "      a service that was switched off shows so after {off:.0} s, and is back after {back:.0} s"
    );
    drop(browser);
    hands.restore()
}
