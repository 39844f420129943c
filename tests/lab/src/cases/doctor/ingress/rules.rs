//! What Ingresses and the objects around them say.

use serde_json::{Value, json};

use super::{Ask, Injury, apply, ingress, remove_ingress};
use crate::cases::hands::{DOMAIN, Hands};
use crate::error::Result;

const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    Injury {
        name: "the IngressClass is gone",
        id: "ingress.class",
        says: &["there is no IngressClass `nginx`"],
        ask: Ask::NODE,
        always: false,
        make: |hands| hands.kubectl(&["delete", "ingressclass", "nginx"]).map(drop),
        undo: |_| Ok(()),
    },
    Injury {
        name: "two IngressClasses are the default",
        id: "ingress.class",
        says: &["`nginx` and `traefik` are all marked as the default"],
        ask: Ask::NODE,
        always: true,
        make: |hands| {
            let metadata = json!({ "name": "traefik", "annotations": { DEFAULT: "true" } });
            let spec = json!({ "controller": "traefik.io/ingress-controller" });
            let kind = ("networking.k8s.io/v1", "IngressClass");
            apply(hands, &json!({ "apiVersion": kind.0, "kind": kind.1, "metadata": metadata, "spec": spec }))
        },
        undo: |hands| hands.kubectl(&["delete", "ingressclass", "traefik"]).map(drop),
    },
    Injury {
        name: "an Ingress names a class that does not exist",
        id: "ingress.class",
        says: &["Ingress `homelab/strange` names the IngressClass `traefik`, which does not exist"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let mut object = ingress("strange");
            object["spec"]["ingressClassName"] = json!("traefik");
            apply(hands, &object)
        },
        undo: |hands| remove_ingress(hands, "strange"),
    },
    Injury {
        name: "an admission webhook is left over from a removed installation",
        id: "ingress.webhook",
        says: &[
            "validate.nginx.ingress.kubernetes.io",
            "Service `old/ingress-nginx-admission` does not exist",
        ],
        ask: Ask::NODE,
        always: true,
        make: leftover_webhook,
        undo: |hands| remove_webhook(hands),
    },
    Injury {
        name: "an Ingress has a snippet, and snippets are off",
        id: "ingress.annotations",
        says: &["Ingress `homelab/snippet` has the annotation `server-snippet`", "CVE-2021-25742"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let mut object = ingress("snippet");
            let key = "nginx.ingress.kubernetes.io/server-snippet";
            object["metadata"]["annotations"] = json!({ key: "add_header X-Lab yes;" });
            apply(hands, &object)
        },
        undo: |hands| remove_ingress(hands, "snippet"),
    },
    Injury {
        name: "an Ingress has an annotation that the controller does not know",
        id: "ingress.annotations",
        says: &[
            "Ingress `homelab/mistyped`",
            "`proxy-bodysize`: it is ignored",
            "did you mean `proxy-body-size`?",
        ],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let mut object = ingress("mistyped");
            object["metadata"]["annotations"] = json!({ "nginx.ingress.kubernetes.io/proxy-bodysize": "0" });
            apply(hands, &object)
        },
        undo: |hands| remove_ingress(hands, "mistyped"),
    },
    // kubernetes/ingress-nginx#5282; sighupio/distribution#276.
    Injury {
        name: "the Secret of a password page is missing",
        id: "ingress.annotations",
        says: &[
            "`auth-secret: no-such` of Ingress `homelab/locked` refers to a Secret that does not exist",
            "create the Secret `no-such` in the namespace `homelab`",
        ],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let mut object = ingress("locked");
            object["metadata"]["annotations"] = json!({
                "nginx.ingress.kubernetes.io/auth-type": "basic",
                "nginx.ingress.kubernetes.io/auth-secret": "no-such",
            });
            apply(hands, &object)
        },
        undo: |hands| remove_ingress(hands, "locked"),
    },
    Injury {
        name: "two Ingresses have the same host and path",
        id: "ingress.duplicates",
        says: &["Ingresses `homelab/copy` and `homelab/other`", "the older one, `homelab/copy`"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            apply(hands, &ingress("copy"))?;
            // Their ages are told in whole seconds.
            std::thread::sleep(std::time::Duration::from_millis(1100));
            let mut object = ingress("copy");
            object["metadata"]["name"] = json!("other");
            apply(hands, &object)
        },
        undo: |hands| remove_ingress(hands, "copy").and_then(|()| remove_ingress(hands, "other")),
    },
    Injury {
        name: "an Ingress names a Secret that nobody makes",
        id: "ingress.tls-secret",
        says: &["Ingress `homelab/bare` names the Secret `bare-tls`, which does not exist"],
        ask: Ask::NODE,
        always: false,
        make: |hands| apply(hands, &with_tls("bare")),
        undo: |hands| remove_with_secret(hands, "bare"),
    },
    Injury {
        name: "an Ingress has a host that its tls entry lacks",
        id: "ingress.tls-secret",
        says: &["has a rule for `second.home.example.test`, but no `tls` entry for it"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let mut object = with_tls("first");
            let mut rule = object["spec"]["rules"][0].clone();
            rule["host"] = json!(format!("second.{DOMAIN}"));
            object["spec"]["rules"] = json!([object["spec"]["rules"][0], rule]);
            object["metadata"]["annotations"] = json!({ "cert-manager.io/cluster-issuer": "acme" });
            apply(hands, &object)
        },
        undo: |hands| remove_with_secret(hands, "first"),
    },
    Injury {
        name: "the status of an Ingress has the address of a Service",
        id: "ingress.status",
        says: &["which is not the address of a node", "Service `homelab/whoami`"],
        ask: Ask::NODE,
        always: false,
        make: service_address,
        undo: |hands| remove_ingress(hands, "stray"),
    },
    Injury {
        name: "the controller may not write the status of Ingresses",
        id: "ingress.status",
        says: &["Ingress `homelab/quiet` has no address", "may not update `ingresses/status`"],
        ask: Ask::NODE,
        always: false,
        make: no_status,
        undo: |hands| remove_ingress(hands, "quiet"),
    },
    Injury {
        name: "the API server refuses a new Ingress",
        id: "ingress.scratch",
        says: &["the API server accepts no new Ingress", "no more of them"],
        ask: Ask { flags: &["--active"], ..Ask::NODE },
        always: false,
        make: |hands| refuse_ingresses(hands),
        undo: |hands| {
            let policy = "validatingadmissionpolicy,validatingadmissionpolicybinding";
            hands.kubectl(&["delete", policy, "injury"]).map(drop)
        },
    },
];

fn with_tls(name: &str) -> Value {
    let mut object = ingress(name);
    object["spec"]["tls"] =
        json!([{ "hosts": [format!("{name}.{DOMAIN}")], "secretName": format!("{name}-tls") }]);
    object
}

fn remove_with_secret(hands: &Hands, name: &str) -> Result<()> {
    remove_ingress(hands, name)?;
    let secret = format!("{name}-tls");
    hands.kubectl(&["-n", "homelab", "delete", "certificate", &secret, "--ignore-not-found"])?;
    hands.kubectl(&["-n", "homelab", "delete", "secret", &secret, "--ignore-not-found"]).map(drop)
}

fn leftover_webhook(hands: &Hands) -> Result<()> {
    let service =
        json!({ "namespace": "old", "name": "ingress-nginx-admission", "path": "/networking/v1/ingresses" });
    let rule = json!({ "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "resources": ["ingresses"],
        "operations": ["CREATE", "UPDATE"] });
    let webhook = json!({ "name": "validate.nginx.ingress.kubernetes.io", "rules": [rule], "failurePolicy": "Fail",
        "sideEffects": "None", "admissionReviewVersions": ["v1"], "clientConfig": { "service": service } });
    let object = json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": "ingress-nginx-admission" }, "webhooks": [webhook] });
    apply(hands, &object)
}

fn remove_webhook(hands: &Hands) -> Result<()> {
    let kind = "validatingwebhookconfiguration";
    hands.kubectl(&["delete", kind, "ingress-nginx-admission", "--ignore-not-found"]).map(drop)
}

fn set_status(hands: &Hands, name: &str, addresses: &Value) -> Result<()> {
    let patch = json!({ "status": { "loadBalancer": { "ingress": addresses } } }).to_string();
    let words =
        ["-n", "homelab", "patch", "ingress", name, "--subresource=status", "--type=merge", "-p", &patch];
    hands.kubectl(&words).map(drop)
}

/// An Ingress of its own: external-dns must not see the demo's change.
fn service_address(hands: &Hands) -> Result<()> {
    let service = hands.get(&["service", "-n", "homelab", "whoami"])?;
    apply(hands, &ingress("stray"))?;
    set_status(hands, "stray", &json!([{ "ip": service["spec"]["clusterIP"] }]))
}

fn no_status(hands: &Hands) -> Result<()> {
    let role = hands.get(&["clusterrole", "ingress-nginx"])?;
    let rules = role["rules"].as_array().cloned().unwrap_or_default();
    let kept: Vec<&Value> =
        rules.iter().filter(|rule| rule["resources"] != json!(["ingresses/status"])).collect();
    let patch = json!([{ "op": "replace", "path": "/rules", "value": kept }]).to_string();
    hands.kubectl(&["patch", "clusterrole", "ingress-nginx", "--type=json", "-p", &patch])?;
    apply(hands, &ingress("quiet"))
}

fn refuse_ingresses(hands: &Hands) -> Result<()> {
    let rule = json!({ "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "resources": ["ingresses"],
        "operations": ["CREATE"] });
    let no = json!({ "expression": "false", "message": "there may be no more of them" });
    let group = "admissionregistration.k8s.io/v1";
    let metadata = json!({ "name": "injury" });
    let policy = json!({ "apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": metadata,
        "spec": { "failurePolicy": "Fail", "matchConstraints": { "resourceRules": [rule] }, "validations": [no] } });
    let binding = json!({ "apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata,
        "spec": { "policyName": "injury", "validationActions": ["Deny"] } });
    apply(hands, &policy)?;
    apply(hands, &binding)
}
