//! A controller of the tests: it shows that no judge has to know which controller there is.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::evidence::Reload;
use crate::facts::controllers::{Controller, ControllerFacts};
use crate::ingress::failed::{FailedRequest, Unusable};
use crate::ingress::pod::{Pod, rule};
use crate::ingress::traits::{LastWord, Log, Status, Traits};

const FACTS: &ControllerFacts = Controller::Paper.facts();

pub(super) const TRAITS: Traits = Traits {
    name: "paper-ingress",
    program: "paper",
    namespace: FACTS.namespace,
    workload: "paper",
    image: "paper",
    container: "paper",
    account: "paper",
    class: "paper",
    class_controller: "paper.test/ingress",
    namesake: "another paper",
    takes_any: "--any",
    pod: Pod {
        arguments: |_, wildcard| vec![format!("--leaf={wildcard}")],
        trial: &["--rehearse"],
        settings: |_| BTreeMap::new(),
        files: None,
        fields: &[],
        variables: &[],
        ports: [8080, 8443],
        health: ("/well", 8090),
        before_end: &[],
        grace: 1,
        requests: ("10m", "10Mi"),
        user: (65_532, 65_532),
        writes_files: false,
        scratch: "",
        wildcard_by_ingress: false,
        capabilities: &[],
        in_cluster: &[rule("networking.k8s.io", &["ingresses"], &["get"])],
        at_home: &[],
        writes_status: false,
    },
    settings: FACTS.settings,
    annotations: FACTS.annotations,
    annotations_of_service: |service| vec![("paper.test/size".to_owned(), service.max_body_size.clone())],
    annotations_of_protect: |_, _| Vec::new(),
    refuses_unknown_names: false,
    without_redirect: &[("sealed", "no")],
    references: &[],
    keeps_secrets_apart: ("", ""),
    refuses_names: "",
    snippets: None,
    guards: &[],
    is_guarded: |_, _| false,
    is_default: |_, _| false,
    is_unknown_name: |answer| answer.status == 404 && answer.body == "blank page",
    is_own_page: |answer| answer.body == "blank page",
    turns_away: |_| false,
    denies_with: &[],
    is_fake: |leaf| leaf.subject == "CN=watermark",
    overlooks_ports: false,
    // As with a controller for which homelab writes it.
    status: Status {
        lost: "nobody has erased the node",
        late: "the clerk comes once a minute",
        every: 60,
        empty: ("the clerk has not come", "ring for the clerk"),
        misled_by: &[],
        harmless: "",
        fixed_by: &[],
        internal: "--inside",
    },
    log: Log {
        takes: Duration::from_secs(5),
        last_reload: |log| log.contains("page turned").then_some(Reload::Loaded),
        reload_event: "TURN",
        refused_reload: |_, _| None,
        refusal: "torn",
        untold: ("unread", "the reader slept"),
        same_place: "twice",
        directive: str::to_owned,
        is_fatal: |line| line.starts_with("crumpled"),
        last_words: &[LastWord { part: "crumpled", cause: "the sheet is crumpled", fix: "smooth it" }],
        refused_annotation: "illegible",
        is_refused_annotation: |line| line.contains("illegible"),
        denied_status: |line| line.contains("no ink").then_some("the margin"),
        denied_ingress: |_, _| None,
        denied_event: ("", ""),
        absent: "no such sheet",
        no_certificate: |_, _, _| None,
        unresolved: |_| None,
        failed_request: |line, host| {
            let address = line.strip_prefix("asked ")?.strip_suffix(&format!(" in vain for {host}"))?;
            let address = Some(address.parse().ok()?);
            Some(FailedRequest {
                address,
                time: "",
                why: Some(Unusable::Refused),
                asks_leave: false,
                of_root: false,
            })
        },
        discreet: |line| Some(line.to_owned()),
    },
    retired: None,
};
