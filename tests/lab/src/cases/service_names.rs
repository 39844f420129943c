//! Services with a name by annotation: what does not speak HTTP has a record without an Ingress, a certificate before it is there, and loses
//! its record with the Service.

use serde_json::{Value, json};

use super::doctor::{Ask, asked_until, is_well};
use super::hands::{DOMAIN, Hands, eventually, expect};
use super::{Case, with_all_and};
use crate::error::{Context, Result};
use crate::image::reference;
use crate::name_server::{Provider, Server};

pub(super) const CASES: &[Case] = &[with_all_and(
    Provider::Route53,
    "route53",
    "Services with the hostname annotation get their records, are reached on their ports, and lose both",
    each_type,
)];

/// With the certificate of the program.
const CONFIG: &str = "services.yaml";
const ASK: Ask = Ask { config: Some(CONFIG), ..Ask::NODE };
/// A namespace of somebody who runs a database.
const SPACE: &str = "ledger";
const HOSTNAME: &str = "external-dns.alpha.kubernetes.io/hostname";
const TARGET: &str = "external-dns.alpha.kubernetes.io/target";
/// The port of the program, and its node port.
const PORTS: (u16, u16) = (8443, 31306);
/// How long a record may take to come or to go (seconds).
const LIMIT: u64 = 90;
/// What somebody has written by hand.
const BY_HAND: (&str, &str) = ("till", "192.168.1.7");

fn each_type(hands: &Hands) -> Result<()> {
    let entry =
        format!("extraCertificates: [{{ namespace: {SPACE}, names: [mysql, peers], secret: db-tls }}]\n");
    let config = hands.config_with(CONFIG, &entry)?;
    // The certificate is there before the program, and before the names are.
    hands.up_well(&config, &[])?;
    program(hands)?;
    server(hands)?.add(&host(BY_HAND.0), "A", BY_HAND.1)?;
    apply(hands, "named", &named())?;

    let nodes = hands.node_addresses()?;
    let pods = pod_addresses(hands)?;
    records(hands, "A", "mysql", &nodes)?;
    records(hands, "A", "peers", &pods)?;
    records(hands, "CNAME", "share", &["nas.example.test".to_owned()])?;
    records(hands, "A", "printer", &["192.168.1.9".to_owned()])?;
    let owner = hands.contents("TXT", &format!("a-homelab.{}", host("mysql")))?.join(" ");
    let mine = format!("owner={DOMAIN},");
    expect(owner.contains(&mine) && owner.contains(&format!("resource=service/{SPACE}/mysql")), owner)?;

    // From the LAN by the node port, from the cluster at the pods' own port, with a certificate that everybody trusts.
    reached(&hands.client, "mysql", PORTS.1)?;
    reached(&hands.node, "peers", PORTS.0)?;
    // What has no address has no record, and what somebody wrote by hand stays his.
    for name in ["quiet", "balanced"] {
        let found = hands.contents("A", &host(name))?;
        expect(found.is_empty(), format!("{name}: {found:?}"))?;
    }
    records(hands, "A", BY_HAND.0, &[BY_HAND.1.to_owned()])?;
    told(hands)?;

    hands.kubectl(&["-n", SPACE, "delete", "service", "--all"])?;
    for (kind, name) in [("A", "mysql"), ("A", "peers"), ("CNAME", "share"), ("A", "printer")] {
        records(hands, kind, name, &[])?;
        let registry = format!("{}-homelab.{}", kind.to_lowercase(), host(name));
        let left = hands.contents("TXT", &registry)?;
        expect(left.is_empty(), format!("{registry}: {left:?}"))?;
    }
    records(hands, "A", BY_HAND.0, &[BY_HAND.1.to_owned()])?;
    server(hands)?.remove(&host(BY_HAND.0), "A")?;
    hands.kubectl(&["-n", SPACE, "delete", "deployment,configmap", "--all"])?;
    hands.restore()?;
    is_well(hands)
}

/// The doctor names each that has no record with the reason, and nothing else is wrong; then these go.
fn told(hands: &Hands) -> Result<()> {
    let balanced = host("balanced");
    let wanted = [
        (
            "k3s.load-balancers",
            format!("type LoadBalancer has no address, so its name `{balanced}` gets no record"),
        ),
        (
            "edns.services",
            format!("the name `{}` of the Service `{SPACE}/quiet` has no record", host("quiet")),
        ),
        ("edns.services", format!("the A record `{}` ({})", host(BY_HAND.0), BY_HAND.1)),
    ];
    eventually("the doctor to name those without a record, and nothing else", LIMIT, || {
        let answer = ASK.run(hands)?;
        let failures = answer.failures();
        let is_told = |(id, part): &(&str, String)| {
            failures.iter().any(|one| one["id"] == *id && one["summary"].to_string().contains(part.as_str()))
        };
        let first = failures.first().is_some_and(|one| one["id"] == wanted[0].0);
        let all = first && failures.len() == wanted.len() && wanted.iter().all(is_told);
        Ok(if all { Ok(()) } else { Err(answer.lines()) })
    })?;
    hands.kubectl(&["-n", SPACE, "delete", "service", "balanced", "quiet", BY_HAND.0])?;
    asked_until("the doctor to find nothing wrong with the others", || {
        let answer = ASK.run(hands)?;
        Ok(if answer.failures().is_empty() { Ok(()) } else { Err(answer.lines()) })
    })
    .map(drop)
}

fn host(name: &str) -> String {
    format!("{name}.{DOMAIN}")
}

fn server(hands: &Hands) -> Result<Server> {
    Server::find(&hands.run)?.context("the lab's own name server")
}

/// Waits until the provider has these contents for a name, in their order.
fn records(hands: &Hands, kind: &str, name: &str, wanted: &[String]) -> Result<()> {
    let what = format!("{kind} of {name} to be {wanted:?}");
    let mut wanted = wanted.to_vec();
    wanted.sort();
    eventually(&what, LIMIT, || {
        let found = hands.contents(kind, &host(name))?;
        let found: Vec<String> = found.iter().map(|one| one.trim_end_matches('.').to_owned()).collect();
        Ok(if found == wanted { Ok(()) } else { Err(format!("{found:?}")) })
    })
    .map(drop)
}

/// Opens the program by its name, with the roots that the machine trusts.
fn reached(at: &crate::vantage::Vantage, name: &str, port: u16) -> Result<()> {
    let url = format!("https://{}:{port}/", host(name));
    eventually(&url, LIMIT, || {
        let words = ["-sS", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", &url];
        let said = at.output("curl", &words)?;
        let fine = said.status.success() && said.stdout.trim() == "200";
        Ok(if fine { Ok(()) } else { Err(format!("{}{}", said.stdout, said.stderr)) })
    })
    .map(drop)
}

fn pod_addresses(hands: &Hands) -> Result<Vec<String>> {
    let path = "jsonpath={.items[*].status.podIP}";
    let text = hands.kubectl(&["-n", SPACE, "get", "pods", "-l", "app=db", "-o", path])?;
    Ok(text.split_whitespace().map(str::to_owned).collect())
}

fn apply(hands: &Hands, name: &str, items: &[Value]) -> Result<()> {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    hands.kubectl_apply(&format!("services-{name}.json"), &list.to_string()).map(drop)
}

/// A Service of each type that external-dns tells apart, and one with a name that somebody else has.
fn named() -> Vec<Value> {
    let service = |name: &str, spec: Value| {
        json!({ "apiVersion": "v1", "kind": "Service",
            "metadata": { "namespace": SPACE, "name": name, "annotations": { HOSTNAME: host(name) } }, "spec": spec })
    };
    let (port, node_port) = PORTS;
    let ports = json!([{ "port": port }]);
    let selector = json!({ "app": "db" });
    let mut printer = service("printer", json!({ "ports": ports }));
    printer["metadata"]["annotations"][TARGET] = "192.168.1.9".into();
    vec![
        service(
            "mysql",
            json!({ "type": "NodePort", "selector": selector, "ports": [{ "port": port, "nodePort": node_port }] }),
        ),
        service("peers", json!({ "clusterIP": "None", "selector": selector, "ports": ports })),
        service("share", json!({ "type": "ExternalName", "externalName": "nas.example.test" })),
        printer,
        service("quiet", json!({ "selector": selector, "ports": ports })),
        service("balanced", json!({ "type": "LoadBalancer", "selector": selector, "ports": ports })),
        service(BY_HAND.0, json!({ "type": "NodePort", "selector": selector, "ports": ports })),
    ]
}

/// nginx in the place of a database: it ends TLS itself.
fn program(hands: &Hands) -> Result<()> {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path /tmp/{name};"))
        .join(" ");
    let settings = format!(
        "pid /tmp/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off; {temporary}\nserver {{ listen {} ssl; \
         ssl_certificate /tls/tls.crt; ssl_certificate_key /tls/tls.key; location / {{ return 200; }} }}\n}}\n",
        PORTS.0
    );
    let metadata = json!({ "namespace": SPACE, "name": "db", "labels": { "app": "db" } });
    let pod = json!({
        "containers": [{ "name": "db", "image": reference("startPage"),
            "command": ["/usr/sbin/nginx", "-e", "stderr", "-c", "/settings/nginx.conf", "-g", "daemon off;"],
            "readinessProbe": { "tcpSocket": { "port": PORTS.0 }, "periodSeconds": 1 },
            "volumeMounts": [
                { "name": "tls", "mountPath": "/tls" },
                { "name": "settings", "mountPath": "/settings" },
                { "name": "tmp", "mountPath": "/tmp" },
            ] }],
        "volumes": [
            { "name": "tls", "secret": { "secretName": "db-tls" } },
            { "name": "settings", "configMap": { "name": "db" } },
            { "name": "tmp", "emptyDir": {} },
        ],
    });
    let all = [
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": { "nginx.conf": settings } }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
            "selector": { "matchLabels": { "app": "db" } },
            "template": { "metadata": { "labels": { "app": "db" } }, "spec": pod } } }),
    ];
    apply(hands, "program", &all)?;
    let limit = format!("--timeout={LIMIT}s");
    hands.kubectl(&["-n", SPACE, "rollout", "status", "deployment/db", &limit]).map(drop)
}
