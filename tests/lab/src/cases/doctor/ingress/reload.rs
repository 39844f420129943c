//! What nginx refuses, and what is open: the words are nginx' own.

use serde_json::{Value, json};

use super::{Ask, Injury, NAMESPACE, apply, ingress, remove_ingress};
use crate::cases::doctor::asked_until;
use crate::cases::hands::{DOMAIN, Hands, WHOAMI, expect};
use crate::error::Result;

const CONFIG: &str = "reload.homelab.yaml";
const SETTINGS: &str = "configmap/ingress-nginx-controller";

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    Injury {
        name: "the path of somebody's Ingress is no regular expression",
        id: "ingress.reload",
        says: &[
            "missing closing parenthesis",
            "Ingress `homelab/broken` has the path `/(app`",
            "do not restart the controller",
        ],
        ask: Ask::NODE,
        always: false,
        make: broken_path,
        undo: |hands| remove_ingress(hands, "broken").and_then(|()| remove_ingress(hands, "late")),
    },
    Injury {
        name: "an annotation of somebody's Ingress is nothing that nginx takes",
        id: "ingress.reload",
        says: &[
            "Ingress `homelab/broken` has the annotation `nginx.ingress.kubernetes.io/proxy-buffer-size: 16g`;",
            "-n homelab edit ingress broken",
        ],
        ask: Ask::NODE,
        always: false,
        make: |hands| annotated(hands, "proxy-buffer-size", "16g"),
        undo: |hands| remove_ingress(hands, "broken"),
    },
    Injury {
        name: "somebody's Ingress has the demo's exact path, too",
        id: "ingress.reload",
        says: &[
            "duplicate location",
            "Ingress `homelab/copy` has the exact path `/` of `whoami.home.example.test`, which Ingress `homelab/whoami` has, too",
        ],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let mut object = ingress("copy");
            object["spec"]["rules"][0]["host"] = json!(WHOAMI);
            object["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = json!("Exact");
            apply(hands, &object)
        },
        undo: |hands| remove_ingress(hands, "copy"),
    },
    Injury {
        name: "a setting of the controller was edited by hand and is nothing that nginx takes",
        id: "ingress.reload",
        says: &["ssl-session-timeout: ten", "written by `kubectl", "edit configmap ingress-nginx-controller"],
        ask: Ask::NODE,
        always: false,
        make: |hands| set(hands, &json!({ "ssl-session-timeout": "ten" })),
        undo: |hands| set(hands, &json!({ "ssl-session-timeout": null })),
    },
    Injury {
        name: "an Ingress is of a second class of the same controller",
        id: "edns.records",
        says: &["Ingress `homelab/inner` has the class `internal`", "reads only Ingresses of class `nginx`"],
        ask: Ask::NODE,
        always: false,
        make: second_class,
        undo: |hands| {
            remove_ingress(hands, "inner")?;
            hands.kubectl(&["delete", "ingressclass", "internal"]).map(drop)
        },
    },
    Injury {
        name: "an Ingress is of no class",
        id: "edns.records",
        says: &["Ingress `homelab/classless` has no class", "reads only Ingresses of class `nginx`"],
        ask: Ask::NODE,
        always: false,
        make: without_class,
        undo: |hands| remove_ingress(hands, "classless"),
    },
];

/// The regular expression of one keeps the other from being served.
fn broken_path(hands: &Hands) -> Result<()> {
    let mut object = ingress("broken");
    object["metadata"]["annotations"] = json!({ "nginx.ingress.kubernetes.io/use-regex": "true" });
    let path = &mut object["spec"]["rules"][0]["http"]["paths"][0];
    (path["path"], path["pathType"]) = (json!("/(app"), json!("ImplementationSpecific"));
    apply(hands, &object)?;
    apply(hands, &ingress("late"))
}

fn annotated(hands: &Hands, key: &str, value: &str) -> Result<()> {
    let mut object = ingress("broken");
    object["metadata"]["annotations"] = json!({ format!("nginx.ingress.kubernetes.io/{key}"): value });
    apply(hands, &object)
}

/// Changes the controller's settings as a person would, by hand.
fn set(hands: &Hands, data: &Value) -> Result<()> {
    let patch = json!({ "data": data }).to_string();
    hands.kubectl(&["-n", NAMESPACE, "patch", SETTINGS, "--type=merge", "-p", &patch]).map(drop)
}

fn second_class(hands: &Hands) -> Result<()> {
    let class = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": { "name": "internal" }, "spec": { "controller": "k8s.io/ingress-nginx" } });
    apply(hands, &class)?;
    let mut object = ingress("inner");
    object["spec"]["ingressClassName"] = json!("internal");
    apply(hands, &object)
}

/// The API server gives a new Ingress the default class, if there is one at that moment.
fn without_class(hands: &Hands) -> Result<()> {
    let mark = |value: &str| {
        let mark = format!("ingressclass.kubernetes.io/is-default-class{value}");
        hands.kubectl(&["annotate", "--overwrite", "ingressclass", "nginx", &mark]).map(drop)
    };
    mark("=false")?;
    let mut object = ingress("classless");
    if let Some(spec) = object["spec"].as_object_mut() {
        spec.remove("ingressClassName");
    }
    // The admission plugin reads the classes from a cache of its own.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let made = apply(hands, &object);
    mark("=true").and(made)
}

/// A value in `ingress.config` that nginx does not know: `up` says so, and is well again when it is gone.
pub(in crate::cases) fn up_proves_the_settings(hands: &Hands) -> Result<()> {
    let config = hands.config_with(CONFIG, "ingress:\n  config:\n    ssl-protocols: TLSv9\n")?;
    let seen = broken_up(hands, &config);
    let restored = hands.restore();
    seen?;
    restored?;
    asked_until("nginx to take the configuration again", || {
        let answer = Ask::NODE.run(hands)?;
        let fails = answer.failures().iter().any(|check| check["id"] == "ingress.reload");
        Ok(if fails { Err(answer.lines()) } else { Ok(()) })
    })
    .map(drop)
}

fn broken_up(hands: &Hands, config: &std::path::Path) -> Result<()> {
    for run in ["the run that writes it", "the run after it, which writes nothing"] {
        let output = hands.up_with(config, &[])?;
        let said = format!("{}{}", output.stdout, output.stderr);
        expect(output.status.code() == Some(1), format!("{run} ended with {}:\n{said}", output.status))?;
        for part in ["ingress.reload", "invalid value \"TLSv9\"", "`ssl-protocols: TLSv9`"] {
            expect(said.contains(part), format!("{run} does not say `{part}`:\n{said}"))?;
        }
    }
    let answer = hands.client.run(
        "curl",
        &[
            "-sSk",
            "--max-time",
            "10",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            &format!("https://whoami.{DOMAIN}/"),
        ],
    )?;
    expect(answer == "200", format!("what ran before answers {answer}"))
}
