//! `up` where nobody enforces what it is to write, or cannot follow a name: it ends with 1 and the cause, and nothing is written.

use super::cilium;
use crate::cases::hands::{Hands, expect};
use crate::cluster::Node;
use crate::error::Result;

const FILE: &str = "egress-without.yaml";
const NAMESPACE: &str = "egress-without";

/// What stands in the configuration, what is true of the cluster, and what `up` says.
struct Refusal {
    config: &'static str,
    when: fn(&Hands, &dyn Fn() -> Result<()>) -> Result<()>,
    says: &'static [&'static str],
}

const REFUSALS: [Refusal; 5] = [
    Refusal {
        config: "security: { egress: restricted }",
        when: switched_off,
        says: &[
            "nothing in this cluster would enforce `security.egress`",
            "--disable-network-policy",
            "on node",
        ],
    },
    Refusal {
        config: "egress: { egress-without: lan }",
        when: switched_off,
        says: &["nothing in this cluster would enforce", "--disable-network-policy", "on node"],
    },
    Refusal {
        config: "egress: { egress-without: none }",
        when: switched_off,
        says: &["nothing in this cluster would enforce", "--disable-network-policy"],
    },
    Refusal {
        config: "egress: { egress-without: [lan, api.example.org] }",
        when: |_, what| what(),
        says: &["cannot enforce a rule by name", "api.example.org", "Cilium", "proxy"],
    },
    // A definition without agents is what a Cilium leaves that was taken away.
    Refusal {
        config: "egress: { egress-without: '*.example.org:443' }",
        when: |hands, what| cilium::defined(hands, what),
        says: &["cannot enforce a rule by name", "*.example.org"],
    },
];

pub(in crate::cases) fn an_engine(hands: &Hands) -> Result<()> {
    hands.restore()?;
    hands.kubectl(&["create", "namespace", NAMESPACE])?;
    let went = REFUSALS.iter().try_for_each(|refusal| refuses(hands, refusal));
    hands.kubectl(&["delete", "namespace", NAMESPACE, "--wait=false"])?;
    went
}

fn refuses(hands: &Hands, refusal: &Refusal) -> Result<()> {
    let config = hands.config_with(FILE, &format!("{}\n", refusal.config))?;
    (refusal.when)(hands, &|| {
        let mark = hands.audit_mark()?;
        let ended = hands.up_with(&config, &[])?;
        let said = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_said = refusal.says.iter().all(|words| said.contains(words));
        let told = format!("{}: {}\n{}{}", refusal.config, ended.status, ended.stdout, ended.stderr);
        expect(ended.status.code() == Some(1) && is_said, told)?;
        let writes: Vec<String> =
            hands.audited(mark)?.iter().filter(|one| one.is_write()).map(ToString::to_string).collect();
        expect(writes.is_empty(), format!("{}: written all the same: {writes:?}", refusal.config))
    })
}

/// As a k3s that was told so at its start.
fn switched_off(hands: &Hands, what: &dyn Fn() -> Result<()>) -> Result<()> {
    let told = "k3s.io/node-args=[\"server\",\"--disable-network-policy\"]";
    hands.kubectl(&["annotate", "--overwrite", "node", "node", told])?;
    let went = what();
    for node in Node::all(&hands.run)? {
        node.annotate()?;
    }
    went
}
