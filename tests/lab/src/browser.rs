//! A real browser in a place of the lab: Debian's Chromium, driven over WebDriver (W3C) by curl, and axe-core, which finds what
//! keeps people from using a page.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::command::{output_within, run_within};
use crate::debian;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::paths::Cache;
use crate::wait;

/// The newest on 2026-11-29, and what the registry says of its tarball; fetched by npm, never committed.
const AXE: &str = "axe-core@4.14.1";
const AXE_SHA512: &str =
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";
const PORT: &str = "9515";
const LIMIT: Duration = Duration::from_secs(60);
const FETCH: Duration = Duration::from_secs(300);

/// Installs the browser and gives axe's text. The outer error is why that cannot be had here.
pub(crate) fn parts() -> std::result::Result<Result<String>, String> {
    debian::install_for_a_case(&["chromium", "chromium-driver", "fonts-noto-color-emoji"])?;
    if output_within(Command::new("npm").arg("--version"), LIMIT).is_err() {
        debian::install_for_a_case(&["npm"])?;
    }
    let folder = match Cache::find() {
        Ok(cache) => cache.folder().join("axe"),
        Err(error) => return Ok(Err(error)),
    };
    let tarball = folder.join("axe-core-4.14.1.tgz");
    if !tarball.exists() {
        let fetched = files::make_folder(&folder).and_then(|()| {
            let mut npm = Command::new("npm");
            npm.args(["pack", AXE, "--silent", "--pack-destination"]).arg(&folder);
            run_within(npm.current_dir(&folder), FETCH)
        });
        fetched.map_err(|error| format!("npm cannot fetch {AXE}: {error}"))?;
    }
    Ok(unpacked(&tarball))
}

/// axe's text, if the tarball is the pinned one.
fn unpacked(tarball: &Path) -> Result<String> {
    let script = "openssl dgst -sha512 -binary \"$1\" | base64 -w 0";
    let sum = run_within(Command::new("sh").args(["-c", script, "sh"]).arg(tarball), LIMIT)?;
    if sum.trim() != AXE_SHA512 {
        bail!("{} has the SHA-512 {sum}, not the pinned one", tarball.display());
    }
    run_within(Command::new("tar").arg("-xzOf").arg(tarball).arg("package/axe.min.js"), LIMIT)
}

/// A Chromium that runs, and ends with this value.
pub(crate) struct Browser<'a> {
    here: &'a dyn Fn(&str) -> Command,
    folder: PathBuf,
    driver: Child,
    session: String,
}

impl<'a> Browser<'a> {
    /// Starts it where `here` makes commands; what it writes goes into `folder`.
    pub(crate) fn start(here: &'a dyn Fn(&str) -> Command, folder: &Path) -> Result<Self> {
        files::make_folder(folder)?;
        let mut driver = here("chromedriver");
        driver.arg(format!("--port={PORT}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = driver.spawn().context("starting chromedriver")?;
        let mut browser = Self { here, folder: folder.to_path_buf(), driver, session: String::new() };
        wait::until_ok("chromedriver", LIMIT, || browser.ask("GET", "/status", None))?;
        // Root cannot have Chromium's sandbox. Whether the certificate is good, curl has proved with the lab's own root.
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", &profile];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": arguments, "binary": "/usr/bin/chromium" },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let session = browser.ask("POST", "/session", Some(&wanted))?;
        browser.session = session["sessionId"].as_str().context("a session of the browser")?.to_owned();
        Ok(browser)
    }

    /// As large as a screen, light or dark.
    pub(crate) fn shows(&self, width: u32, height: u32, scheme: &str) -> Result<()> {
        self.protocol(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 }),
        )?;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.protocol("Emulation.setEmulatedMedia", &json!({ "features": features }))
    }

    pub(crate) fn open(&self, url: &str) -> Result<()> {
        self.within("POST", "/url", Some(&json!({ "url": url }))).map(drop)
    }

    /// What a script returns that runs in the page.
    pub(crate) fn run(&self, script: &str) -> Result<Value> {
        self.within("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    /// What axe finds, one line each: the rule, and where.
    pub(crate) fn violations(&self, axe: &str) -> Result<Vec<String>> {
        self.run(axe)?;
        let script = "const done = arguments[0]; axe.run().then(done, (e) => done({ failed: String(e) }))";
        let found = self.within("POST", "/execute/async", Some(&json!({ "script": script, "args": [] })))?;
        let (Some(violations), Some(passes)) = (found["violations"].as_array(), found["passes"].as_array())
        else {
            bail!("axe did not end: {found}");
        };
        if passes.len() < 10 {
            bail!("axe has looked at next to nothing: {} rules passed", passes.len());
        }
        let line = |one: &Value| format!("{}: {} {}", one["id"], one["help"], one["nodes"]);
        Ok(violations.iter().map(line).collect())
    }

    /// The lines of the console that are errors: a resource that the policy keeps out is one. What `/up/` says of a service
    /// that is off is one, too, and rightly so.
    pub(crate) fn errors(&self) -> Result<Vec<String>> {
        let log = self.within("POST", "/se/log", Some(&json!({ "type": "browser" })))?;
        let severe = log.as_array().context("the console")?.iter().filter(|line| line["level"] == "SEVERE");
        let lines = severe.filter_map(|line| line["message"].as_str()).map(str::to_owned);
        Ok(lines.filter(|line| !(line.contains("/up/") && line.contains("status of 503"))).collect())
    }

    /// The whole page as PNG.
    pub(crate) fn picture(&self, path: &Path) -> Result<()> {
        let picture = self.within("GET", "/screenshot", None)?;
        let base64 = path.with_extension("base64");
        files::write(&base64, picture.as_str().context("a picture")?)?;
        let script = "base64 -d \"$1\" >\"$2\" && rm \"$1\"";
        run_within(Command::new("sh").args(["-c", script, "sh"]).args([&base64, path]), LIMIT).map(drop)
    }

    /// A command of Chromium's own protocol.
    fn protocol(&self, command: &str, parameters: &Value) -> Result<()> {
        let body = json!({ "cmd": command, "params": parameters });
        self.within("POST", "/goog/cdp/execute", Some(&body)).map(drop)
    }

    fn within(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut curl = (self.here)("curl");
        curl.args(["-sS", "--max-time", "50", "--noproxy", "*", "-X", method]);
        if let Some(body) = body {
            // axe is longer than an argument may be.
            let file = self.folder.join("request.json");
            files::write_json(&file, body)?;
            curl.args(["-H", "Content-Type: application/json", "--data-binary"]);
            curl.arg(format!("@{}", file.display()));
        }
        let text = run_within(curl.arg(format!("http://127.0.0.1:{PORT}{path}")), LIMIT)?;
        let mut answer: Value = serde_json::from_str(&text).context("what chromedriver says")?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => bail!("{path}: {error}: {}", value["message"]),
            None => Ok(value),
        }
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        // Chromium ends with its session; the driver alone would leave it.
        let _ = self.within("DELETE", "", None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = files::remove_folder(&self.folder.join("profile"));
    }
}
