//! Programs behind the names that answer and cannot be used, and a machine that is off: failures that people reported. The
//! demo's Service leads to a program on a machine of the LAN.

use serde_json::json;

use super::apps::{alone, service, slice};
use super::records::nudge;
use super::{Ask, Injury};
use crate::backend::Fault;
use crate::cases::hands::Hands;
use crate::error::{Context, Result};
use crate::network::CLIENT;
use crate::process::Process;

/// The daemon of the lab.
const NAME: &str = "backend";
/// Its port.
const PORT: u16 = 18080;
/// An address of the LAN that nobody has.
const NOBODY: &str = "10.99.0.77";

pub(super) const INJURIES: &[Injury] = &[
    // argoproj/argo-cd#2953, #3982.
    Injury {
        name: "a program redirects to itself",
        id: "apps.answer",
        says: &["307", "redirects to itself", "backend-protocol: HTTPS"],
        ask: Ask::NODE,
        always: false,
        make: |hands| leads_to(hands, Fault::Loop),
        undo,
    },
    // pajikos/home-assistant-helm-chart#53.
    Injury {
        name: "a program refuses what comes through a proxy",
        id: "apps.answer",
        says: &["400", "proxy"],
        ask: Ask::NODE,
        always: false,
        make: |hands| leads_to(hands, Fault::Untrusting),
        undo,
    },
    // oauth2-proxy/oauth2-proxy#676.
    Injury {
        name: "the headers of an answer do not fit",
        id: "apps.answer",
        says: &["502", "proxy-buffer-size"],
        ask: Ask::NODE,
        always: false,
        make: |hands| leads_to(hands, Fault::Headers),
        undo,
    },
    // kubernetes/ingress-nginx#11244.
    Injury {
        name: "a program ends the connection without an answer",
        id: "apps.answer",
        says: &["502"],
        ask: Ask::NODE,
        always: false,
        make: |hands| leads_to(hands, Fault::Closing),
        undo,
    },
    Injury {
        name: "the machine behind a name is off",
        id: "apps.answer",
        says: &[NOBODY],
        ask: Ask::NODE,
        always: false,
        make: |hands| points_at(hands, NOBODY),
        undo,
    },
];

/// Starts the program, and lets the demo's name lead to it.
fn leads_to(hands: &Hands, fault: Fault) -> Result<()> {
    let program = std::env::current_exe().context("the path of this program")?;
    let mut backend = hands.client.daemon(program);
    backend.args(["backend", fault.word()]).arg(PORT.to_string());
    Process::start(&hands.run, NAME, &backend)?;
    points_at(hands, CLIENT)
}

fn points_at(hands: &Hands, address: &str) -> Result<()> {
    alone(hands)?;
    let name = slice(hands)?["metadata"]["name"].as_str().context("the name of the slice")?.to_owned();
    let patch = json!([
        { "op": "replace", "path": "/endpoints", "value": [{ "addresses": [address], "conditions": { "ready": true } }] },
        { "op": "replace", "path": "/ports/0/port", "value": PORT },
    ]);
    let words = ["-n", "homelab", "patch", "endpointslice", &name, "--type=json", "-p", &patch.to_string()];
    hands.kubectl(&words)?;
    nudge(hands)
}

/// The Service selects its pods again, and the program ends.
fn undo(hands: &Hands) -> Result<()> {
    if let Ok(backend) = Process::find(&hands.run, NAME) {
        backend.kill(&hands.run)?;
    }
    service(hands, |spec| spec["selector"]["app.kubernetes.io/name"] = "whoami".into())?;
    hands.restore_unproved()?;
    nudge(hands)
}
