//! A cluster whose own names are in another domain than `cluster.local`: the main job, and a certificate for a Service inside it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::doctor::Ask;
use super::hands::{DOMAIN as LAB, Hands, eventually, expect};
use super::{Case, main_job, with_cluster_domain};
use crate::command::{Output, output, run};
use crate::error::{Context, Result};
use crate::files;
use crate::image::{BUSYBOX, reference};
use crate::vantage::Place;

/// The domain of the lab that these cases need.
pub(super) const DOMAIN: &str = "cluster-01.intranet.example.test";
const GROUP: &str = "cluster domain";

pub(super) const CASES: &[Case] = &[
    with_cluster_domain(
        DOMAIN,
        GROUP,
        "the whole chain holds with another cluster domain, seen from the LAN",
        main_job::proof,
    ),
    with_cluster_domain(
        DOMAIN,
        GROUP,
        "a second up writes nothing, with another cluster domain",
        main_job::second_up,
    ),
    with_cluster_domain(
        DOMAIN,
        GROUP,
        "a pod reaches a Service inside the cluster by the lab's own certificate, without an insecure flag",
        service_inside,
    ),
    with_cluster_domain(
        DOMAIN,
        GROUP,
        "a node takes an image from a registry inside the cluster, by what homelab says and by nothing less",
        image_inside,
    ),
    with_cluster_domain(
        DOMAIN,
        GROUP,
        "an authority that was made for cluster.local is named, and renewed as the doctor says",
        made_for_the_usual_one,
    ),
];

const SPACE: &str = "qa";
const FILE: &str = "qa.yaml";
const SECRET: &str = "registry-tls";
/// How long a pod may take to be ready, and a Secret to get into it (seconds).
const LIMIT: u64 = 120;
const ROOT: &str = "homelab-ca-root";

fn service_inside(hands: &Hands) -> Result<()> {
    let went = certificate(hands);
    // What other cases need, whatever became of this one.
    forget(hands)?;
    went
}

fn certificate(hands: &Hands) -> Result<()> {
    let config = up(hands)?;
    let again = hands.up_well(&config, &[])?;
    expect(!again.stderr.contains("written") && again.stderr.contains(DOMAIN), again.stderr)?;
    expect(root_of(hands, &config)? == json!([LAB, DOMAIN]), "the root may sign other names")?;
    // Nobody outside was asked: there is no record, and no challenge.
    let order = hands.kubectl(&["-n", SPACE, "get", "orders.acme.cert-manager.io", "-o", "name"])?;
    let records = hands.contents("A", &format!("registry.{SPACE}.svc.{DOMAIN}"))?;
    expect(order.trim().is_empty() && records.is_empty(), format!("{order} {records:?}"))?;

    registry(hands)?;
    let name = format!("registry.{SPACE}.svc.{DOMAIN}");
    reaches(hands, &name)?;
    // Without the root, and under another name, it is refused: the pod looks.
    for (url, flags) in [
        (format!("https://{name}/v2/"), &[][..]),
        (format!("https://registry.{SPACE}/v2/"), &["--cacert", "/tls/ca.crt"]),
    ] {
        let said = curl(hands, &url, flags)?;
        expect(said.status.code() == Some(60), format!("{url}: {}\n{}", said.status, said.stderr))?;
    }
    // The cluster has no name in the usual domain, and homelab makes no certificate for one.
    let other = hands.config_with("other.yaml", &entry("cluster.local"))?;
    let refused = hands.up_with(&other, &[])?;
    let says = format!("`{DOMAIN}`, the domain of the names inside this cluster");
    expect(refused.status.code() == Some(2) && refused.stderr.contains(&says), refused.stderr)?;
    well(hands)
}

fn image_inside(hands: &Hands) -> Result<()> {
    let went = pull(hands);
    forget(hands)?;
    went
}

/// By Debian's containerd, with the settings in the form that it takes: k3s' is a newer one, and gets them from registries.yaml.
fn pull(hands: &Hands) -> Result<()> {
    let config = up(hands)?;
    image(hands)?;
    registry(hands)?;
    let name = format!("registry.{SPACE}.svc.{DOMAIN}");
    let root = hands.run.path("registry-root.crt");
    let _ = fs::remove_file(&root);
    let mut ca = hands.homelab(&["ca", "--output", "json", "--registry", &name, "--write"]);
    let said = run(ca.arg(&root).arg("--config").arg(&config))?;
    let said: Value = serde_json::from_str(&said).context("its JSON")?;
    let line = said["registry"]["hosts"].as_str().context("the line for /etc/hosts")?.to_owned();
    let settings = said["registry"]["registries"].as_str().unwrap_or_default();
    expect(settings.contains(&format!("\"{name}\"")) && settings.contains("ca_file"), &said)?;
    let address = line.split(' ').next().unwrap_or_default().to_owned();
    for host in [&name, &address] {
        let endpoint = format!("https://{host}");
        let text = format!(
            "server = \"{endpoint}\"\n[host.\"{endpoint}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = [\"{}\"]\n",
            root.display()
        );
        files::write(&hands.run.path("certs.d").join(host).join("hosts.toml"), text)?;
    }
    let hosts = fs::read_to_string("/etc/hosts").context("the machine's own names")?;
    for (host, line, why) in [
        (&name, None, "no such host"),
        (&address, None, "doesn't contain any IP SANs"),
        (&name, Some(&line), ""),
    ] {
        files::write(&hands.run.path("hosts"), format!("{hosts}{}\n", line.map_or("", String::as_str)))?;
        let script = r#"mount --bind "$1/hosts" /etc/hosts; ctr -n lab-pull images pull --hosts-dir "$1/certs.d" "$2""#;
        eventually(&format!("{host} is asked"), LIMIT, || {
            let mut ctr = hands.node.command("unshare");
            ctr.args(["--mount", "--propagation", "private", "sh", "-ec", script, "sh"]);
            let ended = output(ctr.arg(hands.run.folder()).arg(format!("{host}/tiny:1")))?;
            let is_right = if why.is_empty() { ended.status.success() } else { ended.stderr.contains(why) };
            let said = format!("{}\n{}{}", ended.status, ended.stdout, ended.stderr);
            Ok(if is_right { Ok(()) } else { Err(said) })
        })?;
    }
    hands.node.run("ctr", &["-n", "lab-pull", "images", "rm", &format!("{name}/tiny:1")]).map(drop)
}

/// The smallest image that there is, for nginx to show as a registry does (OCI distribution specification 1.1, "Pull").
fn image(hands: &Hands) -> Result<()> {
    let script = r#"cd "$1"; echo lab > file; tar -cf layer file; gzip -nk layer
        sum() { sha256sum "$1" | cut -d' ' -f1; }; size() { stat -c %s "$1"; }
        echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$(sum layer)\"]}}" > config
        blob() { echo "{\"mediaType\":\"application/vnd.oci.image.$2\",\"digest\":\"sha256:$(sum $1)\",\"size\":$(size $1)}"; }
        echo "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":$(blob config config.v1+json),\"layers\":[$(blob layer.gz layer.v1.tar+gzip)]}" > manifest
        kubectl -n "$2" create configmap image --from-file=manifest --from-file="$(sum config)=config" --from-file="$(sum layer.gz)=layer.gz""#;
    let folder = hands.run.path("image");
    let _ = fs::remove_dir_all(&folder);
    files::make_folder(&folder)?;
    let mut make = hands.node.command("bash");
    run(make.args(["-ec", script, "bash"]).arg(folder).arg(SPACE)).map(drop)
}

/// As a homelab of before has left it: bound to `cluster.local`.
fn made_for_the_usual_one(hands: &Hands) -> Result<()> {
    let went = narrow_authority(hands);
    forget(hands)?;
    went
}

fn narrow_authority(hands: &Hands) -> Result<()> {
    let config = up(hands)?;
    registry(hands)?;
    let domains = json!([LAB, "cluster.local"]);
    for part in [ROOT, "homelab-ca"] {
        narrow(hands, part, &domains)?;
        renew(hands, &config, &format!("cert-manager/{part}"))?;
    }
    renew(hands, &config, &format!("{SPACE}/{SECRET}"))?;
    let before = key(hands)?;
    expect(root_of(hands, &config)? == domains, "the authority is as it was")?;

    // What `up` writes makes no other root, and `up` says so.
    let said = hands.up_with(&config, &[])?;
    let text = format!("{}{}", said.stdout, said.stderr);
    let named = text.contains("may not sign") && text.contains(" renew cert-manager/homelab-ca-root");
    expect(said.status.code() == Some(1) && named, &text)?;
    let ask = Ask { config: Some(FILE), ..Ask::NODE };
    let answer = ask.run(hands)?;
    let first = answer.failures().first().map(|check| check.to_string()).unwrap_or_default();
    expect(first.contains("cm.own-authority"), answer.lines())?;
    for part in
        [format!("cert-manager/{ROOT}"), "cert-manager/homelab-ca".to_owned(), format!("{SPACE}/{SECRET}")]
    {
        expect(text.contains(&format!(" renew {part}\n")), format!("{part} is not named:\n{text}"))?;
        renew(hands, &config, &part)?;
    }
    expect(root_of(hands, &config)? == json!([LAB, DOMAIN]), "the root was not widened")?;
    // Devices that trust the root of before trust this one for names in the lab's domain: it has the same key.
    expect(key(hands)? == before, "the root has another key")?;
    reaches(hands, &format!("registry.{SPACE}.svc.{DOMAIN}"))?;
    well(hands)
}

/// Writes a part of the authority as homelab would, with those domains.
fn narrow(hands: &Hands, part: &str, domains: &Value) -> Result<()> {
    let mut certificate = hands.get(&["certificate", "-n", "cert-manager", part])?;
    for field in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"] {
        certificate["metadata"].as_object_mut().context("its metadata")?.remove(field);
    }
    certificate.as_object_mut().context("a Certificate")?.remove("status");
    certificate["metadata"]["annotations"]["homelab/hash"] = "of-before".into();
    for form in ["dnsDomains", "emailAddresses", "uriDomains"] {
        certificate["spec"]["nameConstraints"]["permitted"][form] = domains.clone();
    }
    let file = hands.config_file("narrow.json", &certificate.to_string())?.display().to_string();
    hands.kubectl(&["apply", "--server-side", "--field-manager=homelab", "-f", &file]).map(drop)
}

/// The doctor finds nothing but that the node itself does not trust the root, which nobody has told it to.
fn well(hands: &Hands) -> Result<()> {
    let answer = Ask { config: Some(FILE), ..Ask::NODE }.run(hands)?;
    let mut others = answer.failures().into_iter().map(|check| check.to_string());
    expect(others.all(|check| check.contains("tls.authority-trusted")), answer.lines())
}

fn entry(domain: &str) -> String {
    format!(
        "extraCertificates: [{{ namespace: {SPACE}, names: [\"*.{SPACE}.svc.{domain}\"], issuer: ca, secret: {SECRET} }}]\n"
    )
}

fn up(hands: &Hands) -> Result<PathBuf> {
    let config = hands.config_with(FILE, &entry(DOMAIN))?;
    hands.up_well(&config, &[])?;
    Ok(config)
}

fn renew(hands: &Hands, config: &Path, place: &str) -> Result<()> {
    run(hands.homelab(&["renew", place]).arg("--config").arg(config)).map(drop)
}

/// The domains that the root may sign names in, as `homelab ca` tells them.
fn root_of(hands: &Hands, config: &Path) -> Result<Value> {
    let text = run(hands.homelab(&["ca", "--output", "json"]).arg("--config").arg(config))?;
    let document: Value = serde_json::from_str(&text).context("its JSON")?;
    Ok(document["root"]["domains"].clone())
}

/// The root's key.
fn key(hands: &Hands) -> Result<String> {
    hands.kubectl(&["-n", "cert-manager", "get", "secret", ROOT, "-o", "jsonpath={.data.tls\\.key}"])
}

/// A program that ends TLS itself in the place of a registry, and on the other node a pod that has the Secret's `ca.crt` alone.
fn registry(hands: &Hands) -> Result<()> {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path /tmp/{name};"))
        .join(" ");
    let settings = format!(
        "pid /tmp/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off; {temporary}\nserver {{ listen 8443 ssl; \
         ssl_certificate /tls/tls.crt; ssl_certificate_key /tls/tls.key; root /image; location = /v2/ {{ return 200 '{{}}'; }} \
         location /v2/tiny/manifests/ {{ default_type application/vnd.oci.image.manifest.v1+json; try_files /manifest =404; }} \
         location ~ ^/v2/tiny/blobs/sha256:(.+)$ {{ try_files /$1 =404; }} }}\n}}\n"
    );
    let tls = json!({ "name": "tls", "secret": { "secretName": SECRET } });
    let public = json!({ "name": "tls", "secret": { "secretName": SECRET, "items": [{ "key": "ca.crt", "path": "ca.crt" }] } });
    let mounted = |name: &str, path: &str| json!({ "name": name, "mountPath": path });
    let named = |name: &str| json!({ "namespace": SPACE, "name": name, "labels": { "app": name } });
    let pod = |name: &str, place: Place, container: Value, volumes: Value| {
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": named(name), "spec": { "nodeName": place.name(),
            "terminationGracePeriodSeconds": 0, "containers": [container], "volumes": volumes } })
    };
    let server = json!({ "name": "registry", "image": reference("startPage"),
        "command": ["/usr/sbin/nginx", "-e", "stderr", "-c", "/settings/nginx.conf", "-g", "daemon off;"],
        "volumeMounts": [mounted("tls", "/tls"), mounted("settings", "/settings"), mounted("tmp", "/tmp"), mounted("image", "/image")] });
    let shell = json!({ "name": "shell", "image": BUSYBOX, "command": ["sleep", "infinity"],
        "volumeMounts": [mounted("tls", "/tls")] });
    let [here, there] = [Place::NODES[0], Place::NODES[1]];
    let all = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "ConfigMap", "metadata": named("registry"), "data": { "nginx.conf": settings } },
        { "apiVersion": "v1", "kind": "Service", "metadata": named("registry"), "spec": {
            "selector": { "app": "registry" }, "ports": [{ "port": 443, "targetPort": 8443 }] } },
        pod("registry", here, server, json!([tls, { "name": "settings", "configMap": { "name": "registry" } }, { "name": "tmp", "emptyDir": {} },
            { "name": "image", "configMap": { "name": "image", "optional": true } }])),
        pod("shell", there, shell, json!([public])),
    ] });
    hands.kubectl_apply("registry.json", &all.to_string())?;
    let limit = format!("--timeout={LIMIT}s");
    hands
        .kubectl(&["-n", SPACE, "wait", "--for=condition=Ready", "pod/registry", "pod/shell", &limit])
        .map(drop)
}

/// The pod on the other node gets an answer, as any program that is given the root. After a renewal, both pods are made again: nginx
/// reads its certificate once.
fn reaches(hands: &Hands, name: &str) -> Result<()> {
    hands.kubectl(&["-n", SPACE, "delete", "pod", "registry", "shell", "--ignore-not-found"])?;
    registry(hands)?;
    let took = eventually("the pod reaches the Service", LIMIT, || {
        let said = curl(hands, &format!("https://{name}/v2/"), &["--cacert", "/tls/ca.crt"])?;
        Ok(match said.status.success() && said.stdout == "{}200" {
            true => Ok(()),
            false => Err(format!("{}: {}{}", said.status, said.stdout, said.stderr)),
        })
    })?;
    println!("      https://{name}/v2/ answered a pod of the other node after {took:.1} s");
    Ok(())
}

fn curl(hands: &Hands, url: &str, flags: &[&str]) -> Result<Output> {
    let mut command = hands.node.command("kubectl");
    command.args([
        "-n",
        SPACE,
        "exec",
        "shell",
        "--",
        "curl",
        "-sS",
        "--max-time",
        "5",
        "-w",
        "%{http_code}",
    ]);
    output(command.args(flags).arg(url))
}

/// The lab as it was.
fn forget(hands: &Hands) -> Result<()> {
    let _ = fs::remove_file(hands.run.path("other.yaml"));
    hands.kubectl(&["-n", SPACE, "delete", "pod,service", "--all", "--ignore-not-found"])?;
    hands.kubectl(&["-n", SPACE, "delete", "configmap", "registry", "image", "--ignore-not-found"])?;
    hands.restore()?;
    eventually("the namespace is gone", LIMIT, || {
        let left = hands.kubectl(&["get", "namespace", SPACE, "--ignore-not-found", "-o", "name"])?;
        Ok(if left.trim().is_empty() { Ok(()) } else { Err(left) })
    })?;
    let gone = ["-n", "cert-manager", "delete", "secret", ROOT, "--ignore-not-found"];
    hands.kubectl(&gone).map(drop)
}
