//! What `cargo lab up` shows at its end: the whole chain, as a client on the LAN sees it.

use std::time::Duration;

use crate::cluster::Node;
use crate::controller::Controller;
use crate::error::Result;
use crate::homelab;
use crate::name_server::Provider;
use crate::network::ROUTER_LAN;
use crate::paths::Run;
use crate::vantage::{Place, Vantage};
use crate::wait;

const HOST: &str = "whoami.home.example.test";
const LIMIT: Duration = Duration::from_secs(30);

/// Runs each command of the proof at the client and prints it with what it said.
pub(crate) fn print(run: &Run, provider: Provider) -> Result<()> {
    let client = Vantage::find(run, Place::Client)?;
    println!("\nfrom the client on the LAN:");
    for node in Node::all(run)? {
        let url = format!("http://{}/", node.address()?);
        show(&client, "curl", &["-sS", "-i", "--max-time", "10", &url], is_proof_of_404)?;
    }
    let router = format!("@{ROUTER_LAN}");
    show(&client, "dig", &["+noall", "+answer", HOST, "A", &router], |_| true)?;
    let url = format!("https://{HOST}/");
    let mut https = vec!["-sSv", "--max-time", "10"];
    let root = (provider == Provider::Local).then(|| homelab::write_root(run)).transpose()?;
    if let Some(root) = &root {
        https.extend(["--cacert", root]);
    }
    https.push(&url);
    show(&client, "curl", &https, is_proof_of_https)?;
    let owner = format!("a-homelab.{HOST}");
    show(&client, "dig", &["+noall", "+answer", &owner, "TXT", &router], |_| true)
}

fn is_proof_of_404(line: &str) -> bool {
    let is_page =
        [Controller::IngressNginx, Controller::Traefik].iter().any(|known| line.contains(known.page()));
    line.starts_with("HTTP/") || line.to_ascii_lowercase().starts_with("content-") || is_page
}

fn is_proof_of_https(line: &str) -> bool {
    [
        "*  subject:",
        "*  expire date:",
        "*  issuer:",
        "*  SSL certificate verify",
        "< HTTP/",
        "Hostname:",
        "X-Real-Ip:",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

fn show(client: &Vantage, program: &str, args: &[&str], keep: fn(&str) -> bool) -> Result<()> {
    println!("\n$ {program} {}", args.join(" "));
    let output = wait::until_ok(&format!("an answer to {program}"), LIMIT, || {
        let output = client.output(program, args)?;
        let empty = output.stdout.trim().is_empty();
        if output.status.success() && !empty { Ok(output) } else { crate::error::bail!("{}", output.stderr) }
    })?;
    for line in output.stderr.lines().chain(output.stdout.lines()).filter(|line| keep(line)) {
        println!("{}", line.trim_end());
    }
    Ok(())
}
