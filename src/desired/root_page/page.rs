//! The page itself. It has to be read by whoever has nothing but a browser: no script, nothing from elsewhere, nothing inline.

use crate::desired::html::{escaped, with_commands};
use crate::facts::trust::{FILE, SYSTEMS, System};

pub(super) const STYLE: &str = include_str!("files/page.css");
/// The certificate.
pub(super) const CERTIFICATE: &str = "/root.crt";
/// Where the start script puts the fingerprint.
pub(super) const FINGERPRINT: &str = "FINGERPRINT";

/// The page for a lab's domain, phones and tablets first: they come by the QR code.
pub(super) fn html(domain: &str) -> String {
    let domain = escaped(domain);
    let (phones, others): (Vec<&System>, Vec<&System>) =
        SYSTEMS.iter().partition(|system| system.is_by_page());
    let systems: String = phones.into_iter().chain(others).map(system).collect();
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Trust {domain}</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<main>
<h1>Trust {domain}</h1>
<p>This home lab signs its certificates itself. A device that trusts its root certificate opens the lab's pages without a warning.</p>
<p><a class="file" href="{CERTIFICATE}">Root certificate <span>{FILE}</span></a></p>
<h2>Compare first</h2>
<p>The SHA-256 fingerprint of this certificate:</p>
<p><code class="fingerprint">{FINGERPRINT}</code></p>
<p>Compare the fingerprint with the one that <code>homelab ca</code> prints on the machine that runs the lab. This page comes without encryption, so somebody in your network could have changed it. If a single digit differs, do not trust the certificate.</p>
<h2>Then trust it</h2>
{systems}</main>
</body>
</html>
"##
    )
}

fn system(system: &System) -> String {
    let steps: String =
        system.by_page().iter().map(|step| format!("<li>{}</li>\n", with_commands(step))).collect();
    format!("<details>\n<summary>{}</summary>\n<ol>\n{steps}</ol>\n</details>\n", escaped(system.name))
}
