//! A controller that is there already (`ingress.manage: false`), of whatever make: nothing of it is known, read or changed.
//! What judges ask of it has the answer that accuses nobody.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::facts::controllers::{Controller, ControllerFacts};
use crate::ingress::pod::Pod;
use crate::ingress::traits::{Log, Status, Traits};
use crate::ingress::{nginx, traefik};

/// Why nothing is said of its insides.
pub const NOT_OURS: &str = "the controller is not homelab's: `ingress.manage` is `false`";

const FACTS: &ControllerFacts = Controller::Unmanaged.facts();

/// The certificates that the known makes show for want of a better one.
const FAKES: [&str; 2] = [nginx::FAKE_CERTIFICATE, traefik::FAKE_CERTIFICATE];

pub(super) const TRAITS: Traits = Traits {
    name: "your ingress controller",
    program: "your ingress controller",
    namespace: FACTS.namespace,
    workload: "",
    image: "",
    container: "",
    account: "",
    class: "",
    class_controller: "",
    namesake: "",
    takes_any: "",
    pod: Pod {
        arguments: |_, _| Vec::new(),
        trial: &[],
        settings: |_| BTreeMap::new(),
        files: None,
        fields: &[],
        variables: &[],
        ports: [80, 443],
        health: ("/", 80),
        before_end: &[],
        grace: 0,
        requests: ("", ""),
        user: (0, 0),
        writes_files: false,
        scratch: "",
        wildcard_by_ingress: false,
        capabilities: &[],
        in_cluster: &[],
        at_home: &[],
        writes_status: true,
    },
    settings: FACTS.settings,
    annotations: FACTS.annotations,
    annotations_of_service: |_| Vec::new(),
    annotations_of_protect: |_, _| Vec::new(),
    // That it sends every name to HTTPS by itself is its owner's setting.
    refuses_unknown_names: false,
    without_redirect: &[],
    references: &[],
    keeps_secrets_apart: ("", ""),
    refuses_names: "",
    snippets: None,
    guards: &[],
    is_guarded: |_, _| false,
    is_default: |_, _| false,
    is_unknown_name: |answer| answer.status == 404,
    // Whether it or the program behind it made a page, nobody knows.
    is_own_page: |_| false,
    turns_away: |_| false,
    denies_with: &[],
    // Of other makes it is a certificate for other names, which is told all the same.
    is_fake: |leaf| FAKES.iter().any(|fake| leaf.subject.contains(fake)),
    overlooks_ports: false,
    status: Status {
        lost: "its load balancer, or whoever writes the address, has not noticed yet",
        late: "its load balancer, or whoever writes the address, has not noticed yet",
        every: 60,
        empty: (
            "the controller writes the address of its own Service of type LoadBalancer there, and such a Service has one only where \
             something gives it one: k3s' servicelb, MetalLB, kube-vip, Cilium or a cloud",
            "look whether that Service has an EXTERNAL-IP, and whether the controller is told to publish it",
        ),
        misled_by: &[],
        harmless: "",
        fixed_by: &[],
        internal: "",
    },
    log: Log {
        // It says nothing of when it has loaded what was written.
        takes: Duration::from_secs(5),
        last_reload: |_| None,
        reload_event: "",
        refused_reload: |_, _| None,
        refusal: "",
        untold: ("", ""),
        same_place: "",
        directive: str::to_owned,
        is_fatal: |_| false,
        last_words: &[],
        refused_annotation: "",
        is_refused_annotation: |_| false,
        denied_status: |_| None,
        denied_ingress: |_, _| None,
        denied_event: ("", ""),
        absent: "",
        no_certificate: |_, _, _| None,
        unresolved: |_| None,
        failed_request: |_, _| None,
        discreet: |line| Some(line.to_owned()),
    },
    retired: None,
};
