//! A controller that is there already: an ingress-nginx that somebody set up by hand, of a class of its own, behind a Service of type
//! LoadBalancer whose address somebody wrote. homelab serves the lab by it, proves it, and changes nothing of it.

use serde_json::{Value, json};

use super::doctor::Ask;
use super::hands::{Hands, WHOAMI, eventually, expect};
use crate::command;
use crate::error::{Context, Result};

/// The namespace of it, its class, and the name of each of its objects.
const EDGE: &str = "edge";
const CLASS_CONTROLLER: &str = "example.test/edge";
/// Its address on the LAN, which is no node's: the first node answers for it, as MetalLB's speaker has it.
const ADDRESS: &str = "10.99.0.240";
const ON_LINK: &str = "10.99.0.240/32";
/// What is compared: all that was made, and the pods of it.
const KINDS: &str = "deployment,service,configmap,serviceaccount,pods";
const OF_CLUSTER: [&str; 3] = ["namespace/edge", "ingressclass/edge", "clusterrolebinding/edge"];
/// homelab's own.
const OURS: [&str; 3] = ["-n", "ingress-nginx", "daemonset/ingress-nginx-controller"];
const CONFIG: &str = "own-controller.yaml";
const INGRESS: &str = "ingress: { manage: false, class: edge }\n";

/// There and back, with the controller as it was.
pub(super) fn serves_and_stays_as_it_was(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let done = set_up(hands).and_then(|()| there_and_back(hands));
    // Whatever became of it, the next case finds the lab as it was.
    let back = hands.restore();
    let cleaned = remove(hands);
    done.and(back).and(cleaned)
}

fn there_and_back(hands: &Hands) -> Result<()> {
    let before = objects(hands)?;
    let serial = serial(hands)?;
    refuses_a_class_that_is_not_there(hands)?;
    let config = hands.config_with(CONFIG, INGRESS)?;
    hands.up_well(&config, &[])?;
    let served = hands.ingress_addresses("homelab", "whoami")?;
    expect(served == [ADDRESS], format!("the Ingress has {served:?}"))?;
    let record = hands.contents("A", WHOAMI)?;
    expect(record == [ADDRESS], format!("the record has {record:?}"))?;
    let (status, _) = hands.browse(WHOAMI)?;
    expect(status == "200", format!("{WHOAMI} answers {status}"))?;
    expect(self::serial(hands)? == serial, "another certificate was issued")?;
    expect(hands.get(&OURS).is_err(), "homelab's own controller is still there")?;
    nothing_is_written_again(hands, &config)?;
    the_doctor_is_well(hands)?;
    same(&before, &objects(hands)?)?;
    hands.restore()?;
    eventually("the record to have the nodes again", 120, || {
        let (record, nodes) = (hands.contents("A", WHOAMI)?, hands.node_addresses()?);
        Ok(if record == nodes { Ok(()) } else { Err(format!("{record:?}")) })
    })?;
    expect(self::serial(hands)? == serial, "another certificate was issued on the way back")?;
    same(&before, &objects(hands)?)
}

fn refuses_a_class_that_is_not_there(hands: &Hands) -> Result<()> {
    let config =
        hands.config_with("own-controller-wrong.yaml", "ingress: { manage: false, class: nobodys }\n")?;
    let mark = hands.audit_mark()?;
    let ended = hands.up_with(&config, &[])?;
    let names = ended.stderr.contains("no IngressClass `nobodys`") && ended.stderr.contains("`edge`");
    expect(ended.status.code() == Some(2) && names, format!("{}\n{}", ended.status, ended.stderr))?;
    let writes: Vec<_> =
        hands.audited(mark)?.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("written before that was said: {writes:?}"))
}

fn nothing_is_written_again(hands: &Hands, config: &std::path::Path) -> Result<()> {
    let mark = hands.audit_mark()?;
    hands.up_well(config, &[])?;
    let writes: Vec<_> =
        hands.audited(mark)?.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("the second up wrote: {writes:?}"))
}

/// No failure; what it cannot see has one reason.
fn the_doctor_is_well(hands: &Hands) -> Result<()> {
    let ask = Ask { config: Some(CONFIG), ..Ask::NODE };
    eventually("the doctor to find nothing", 120, || {
        let answer = ask.run(hands)?;
        let told = answer.lines();
        let checks = answer.report["checks"].as_array().cloned().unwrap_or_default();
        let skipped = checks.iter().any(|check| check["id"] == "ingress.pods" && check["outcome"] == "skip");
        Ok(match answer.code {
            Some(0) if told.is_empty() && skipped => Ok(()),
            code => Err(format!("{code:?} {told}")),
        })
    })
    .map(drop)
}

/// The serial number of the certificate that the LAN is shown.
fn serial(hands: &Hands) -> Result<String> {
    let script = format!(
        "openssl s_client -connect {WHOAMI}:443 -servername {WHOAMI} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    );
    Ok(hands.client.run("bash", &["-c", &script])?.trim().to_owned())
}

/// A person's manifests: homelab's own container, with other names, no ports of the node and a Service in front.
fn set_up(hands: &Hands) -> Result<()> {
    let ours = hands.get(&OURS)?;
    let mut container = ours["spec"]["template"]["spec"]["containers"][0].clone();
    let arguments = container["args"].as_array().context("the controller's arguments")?.iter();
    let kept = ["--enable-annotation-validation", "--enable-metrics", "--profiling", "--post-shutdown"];
    let mut arguments: Vec<Value> = arguments
        .filter(|one| {
            one.as_str().is_some_and(|one| !one.starts_with("--") || kept.iter().any(|k| one.starts_with(k)))
        })
        .cloned()
        .collect();
    for argument in [
        "--election-id=edge".to_owned(),
        format!("--controller-class={CLASS_CONTROLLER}"),
        format!("--ingress-class={EDGE}"),
        format!("--configmap={EDGE}/{EDGE}"),
        format!("--publish-service={EDGE}/{EDGE}"),
    ] {
        arguments.push(argument.into());
    }
    container["args"] = arguments.into();
    container["ports"] =
        json!([{ "name": "http", "containerPort": 80 }, { "name": "https", "containerPort": 443 }]);
    let labels = json!({ "app": EDGE });
    let meta = || json!({ "name": EDGE, "namespace": EDGE });
    let pod =
        json!({ "serviceAccountName": EDGE, "terminationGracePeriodSeconds": 5, "containers": [container] });
    let all = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": EDGE } },
        { "apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta() },
        { "apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(), "data": { "hsts": "false" } },
        { "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": EDGE },
          "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
          "subjects": [{ "kind": "ServiceAccount", "name": EDGE, "namespace": EDGE }] },
        { "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": EDGE },
          "spec": { "controller": CLASS_CONTROLLER } },
        { "apiVersion": "v1", "kind": "Service", "metadata": meta(),
          "spec": { "type": "LoadBalancer", "selector": labels, "ports": [
            { "name": "http", "port": 80 }, { "name": "https", "port": 443 }] } },
        { "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(),
          "spec": { "replicas": 1, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod } } },
    ] });
    hands.kubectl_apply("edge.json", &all.to_string())?;
    hands.node.run("ip", &["address", "replace", ON_LINK, "dev", "eth0"])?;
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": ADDRESS }] } } }).to_string();
    hands.kubectl(&[
        "-n",
        EDGE,
        "patch",
        "service",
        EDGE,
        "--subresource=status",
        "--type=merge",
        "-p",
        &status,
    ])?;
    hands.kubectl(&["-n", EDGE, "rollout", "status", "deployment/edge", "--timeout=110s"])?;
    let url = format!("http://{ADDRESS}/");
    eventually("the controller by hand to answer the LAN", 60, || {
        let said = hands
            .client
            .run("curl", &["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "5", &url]);
        Ok(match said {
            Ok(code) if code == "404" => Ok(()),
            Ok(code) => Err(code),
            Err(error) => Err(error.to_string()),
        })
    })
    .map(drop)
}

fn remove(hands: &Hands) -> Result<()> {
    for object in OF_CLUSTER {
        hands.kubectl(&["delete", object, "--ignore-not-found", "--timeout=100s"])?;
    }
    let mut delete = hands.node.command("ip");
    // It is not there where nothing was set up.
    command::output(delete.args(["address", "delete", ON_LINK, "dev", "eth0"])).map(drop)
}

/// Every object of it, without what a program that runs notes of itself.
fn objects(hands: &Hands) -> Result<Vec<String>> {
    let mut all = hands.get(&["-n", EDGE, KINDS])?["items"].as_array().cloned().context("its objects")?;
    for object in OF_CLUSTER {
        all.push(hands.get(&[object])?);
    }
    let text = |mut object: Value| {
        if let Some(object) = object.as_object_mut() {
            object.remove("status");
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
            metadata.remove("managedFields");
        }
        object.to_string()
    };
    let mut all: Vec<String> = all.into_iter().map(text).collect();
    all.sort();
    Ok(all)
}

fn same(before: &[String], after: &[String]) -> Result<()> {
    let changed: Vec<_> = after.iter().filter(|object| !before.contains(object)).collect();
    expect(before == after, format!("something of the controller was changed: {changed:#?}"))
}
