//! What people do with their services, through whichever ingress controller the lab has: large uploads, a websocket on which
//! nothing comes for long, passwords, allow-lists, limits.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::hands::{DOMAIN, Hands, WHOAMI, eventually, expect};
use super::socket::Socket;
use crate::controller::Controller;
use crate::error::{Context, Result, bail};
use crate::network::CLIENT;

/// For so long nothing comes on the websocket: three times what the controllers allow where homelab says nothing.
const IDLE: Duration = Duration::from_secs(200);
const UPLOAD: u64 = 2 << 30;
/// An address of the house that is not the client's.
const NEIGHBOUR: &str = "10.99.0.77";
const NAMES: [&str; 5] = ["open", "locked", "listed", "limited", "small"];
const USERS: &str = "matrix-users";

/// Every row; the websocket idles meanwhile.
pub(super) fn rows(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let done = all(hands);
    for name in NAMES {
        hands.kubectl(&["-n", "homelab", "delete", "ingress", name, "--ignore-not-found"])?;
    }
    hands.kubectl(&["-n", "homelab", "delete", "secret", USERS, "--ignore-not-found"])?;
    done
}

fn all(hands: &Hands) -> Result<()> {
    let node = hands.node_addresses()?.first().cloned().unwrap_or_default();
    // As homelab writes it for a service; the demo's own Ingress has the page `/` alone.
    let annotations = json!({ "proxy-body-size": "0", "proxy-request-buffering": "off",
        "proxy-read-timeout": "3600", "proxy-send-timeout": "3600" });
    serve(hands, "open", &annotations)?;
    becomes(hands, &node, "open", &[], "200")?;
    let mut socket = websocket(hands, &node)?;
    let since = Instant::now();
    upload(hands, &node)?;
    redirect(hands)?;
    password(hands, &node)?;
    allow_list(hands, &node)?;
    limit(hands, &node)?;
    largest_body(hands, &node)?;
    thread::sleep(IDLE.saturating_sub(since.elapsed()));
    let idle = since.elapsed().as_secs();
    socket.echoes()?;
    println!("      the websocket answers after {idle} s in which nothing came");
    Ok(())
}

/// A process of nginx that is about to end can get the connection, and does not know the name yet.
fn websocket(hands: &Hands, node: &str) -> Result<Socket> {
    let mut open = None;
    eventually("the websocket to open", 30, || {
        Ok(Socket::open(hands, node, &format!("open.{DOMAIN}"))
            .map(|socket| open = Some(socket))
            .map_err(|error| error.to_string()))
    })?;
    open.context("a websocket")
}

/// As a phone sends a video: nobody keeps it on the way.
fn upload(hands: &Hands, node: &str) -> Result<()> {
    let host = format!("open.{DOMAIN}");
    let curl =
        format!("curl -sSk --fail --max-time 300 --resolve {host}:443:{node} -T - https://{host}/count");
    let script = format!("head -c {UPLOAD} /dev/zero | {curl}");
    let began = Instant::now();
    let counted = hands.client.run("bash", &["-o", "pipefail", "-c", &script])?;
    expect(counted.trim() == UPLOAD.to_string(), format!("the program counted {counted:?} bytes"))?;
    println!("      2 GiB went up in {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

fn redirect(hands: &Hands) -> Result<()> {
    let url = format!("http://{WHOAMI}/?a=1");
    let words = ["-sS", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", &url];
    let said = hands.client.run("curl", &words)?;
    expect(said == format!("308 https://{WHOAMI}/?a=1"), format!("plain HTTP gets {said:?}"))
}

fn password(hands: &Hands, node: &str) -> Result<()> {
    let hash = hands.node.run("openssl", &["passwd", "-apr1", "lovelace"])?;
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": USERS, "namespace": "homelab" },
        "stringData": { "auth": format!("ada:{}\n", hash.trim()) } });
    hands.kubectl_apply("matrix.json", &secret.to_string())?;
    serve(hands, "locked", &json!({ "auth-type": "basic", "auth-secret": USERS, "auth-realm": "House" }))?;
    becomes(hands, node, "locked", &[], "401")?;
    becomes(hands, node, "locked", &["-u", "ada:byron"], "401")?;
    becomes(hands, node, "locked", &["-u", "ada:lovelace"], "200")
}

/// Judged by the client's own address, whatever it says of itself.
fn allow_list(hands: &Hands, node: &str) -> Result<()> {
    let list = |address: &str| json!({ "whitelist-source-range": format!("{address}/32") });
    serve(hands, "listed", &list(NEIGHBOUR))?;
    becomes(hands, node, "listed", &[], "403")?;
    let forged = format!("X-Forwarded-For: {NEIGHBOUR}");
    becomes(hands, node, "listed", &["-H", &forged], "403")?;
    serve(hands, "listed", &list(CLIENT))?;
    becomes(hands, node, "listed", &[], "200")
}

fn limit(hands: &Hands, node: &str) -> Result<()> {
    serve(hands, "limited", &json!({ "limit-rps": "1" }))?;
    becomes(hands, node, "limited", &[], "200")?;
    let said: Vec<String> = (0..30).map(|_| ask(hands, node, "limited", &[])).collect::<Result<_>>()?;
    let wanted = match hands.controller()? {
        Controller::IngressNginx => "503",
        Controller::Traefik => "429",
    };
    let refused = said.iter().filter(|status| *status == wanted).count();
    println!("      {refused} of 30 requests at once are refused with {wanted}");
    expect(refused > 0 && said.iter().any(|status| status == "200"), format!("30 requests got {said:?}"))
}

/// As homelab writes it for a service with `maxBodySize`.
fn largest_body(hands: &Hands, node: &str) -> Result<()> {
    serve(hands, "small", &json!({ "proxy-body-size": "1m", "proxy-request-buffering": "on" }))?;
    becomes(hands, node, "small", &[], "200")?;
    for (size, wanted) in [("500000", "200"), ("2000000", "413")] {
        let file = format!("/tmp/homelab-lab-body-{size}");
        let made = format!("head -c {size} /dev/zero > {file}");
        hands.client.run("bash", &["-c", &made])?;
        let data = format!("@{file}");
        let said = ask(hands, node, "small", &["--data-binary", &data]);
        hands.client.run("rm", &["-f", &file])?;
        let said = said?;
        expect(said == wanted, format!("a body of {size} bytes gets {said}, not {wanted}"))?;
    }
    Ok(())
}

/// An Ingress of somebody's own in front of the demo.
fn serve(hands: &Hands, name: &str, annotations: &Value) -> Result<()> {
    let all = annotations.as_object().into_iter().flatten();
    let annotations: Value =
        all.map(|(key, value)| (format!("nginx.ingress.kubernetes.io/{key}"), value.clone())).collect();
    let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    let host = format!("{name}.{DOMAIN}");
    let object = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "namespace": "homelab", "annotations": annotations },
        "spec": { "ingressClassName": "nginx", "tls": [{ "hosts": [host] }],
            "rules": [{ "host": host, "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } }] } });
    hands.kubectl_apply("matrix.json", &object.to_string()).map(drop)
}

/// The status that the client gets at a node.
fn ask(hands: &Hands, node: &str, name: &str, more: &[&str]) -> Result<String> {
    let (way, url) = (format!("{name}.{DOMAIN}:443:{node}"), format!("https://{name}.{DOMAIN}/count"));
    let fixed = ["-sSk", "--max-time", "10", "--resolve", &way, "-o", "/dev/null", "-w", "%{http_code}"];
    // Who refuses a body need not read it to its end, nor may his answer come to its own: the status counts.
    let ended = hands.client.output("curl", &[&fixed[..], more, &[&url]].concat())?;
    match ended.status.success() || ended.stdout == "413" {
        true => Ok(ended.stdout),
        false => bail!("curl of {url} ended with {}: {}", ended.status, ended.stderr.trim()),
    }
}

/// Waits until the controller has taken the change.
fn becomes(hands: &Hands, node: &str, name: &str, more: &[&str], wanted: &str) -> Result<()> {
    eventually(&format!("{name} to answer {wanted}"), 30, || {
        let said = ask(hands, node, name, more)?;
        Ok(if said == wanted { Ok(()) } else { Err(said) })
    })
    .map(drop)
}
