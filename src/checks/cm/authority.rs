//! The lab's own certificate authority: whether it lasts, and may sign what is asked of it.

use crate::checks::engine::words::{quoted, span};
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::{AuthoritySeen, Evidence, Signer, View, at};
use crate::facts::authority::{ISSUER, ROOT, is_permitted};
use crate::facts::cluster_domain::is_inside_some;

/// A root is renewed a year before its end: with less left than this, that has not happened.
const SOON: i64 = 360 * DAY;
/// So long after it was made again, machines may still have the one before.
const FRESH: i64 = 365 * DAY;
const DAY: i64 = 86_400;

/// What is said of what the lab's own authority signs, where others are asked about theirs.
pub(super) const ASKS_NOBODY: &str = "the lab's own certificate authority signs it, and asks nobody outside";

/// None in a lab in which it signs nothing.
pub(super) fn can_sign(evidence: &Evidence) -> Option<Outcome> {
    evidence.by_authority().next()?;
    let Some(seen) = &evidence.authority else {
        let unread = || Outcome::unknown("its Secrets were not read");
        return Some(evidence.reads_only().map_or_else(unread, Outcome::skip));
    };
    let (root, intermediate) = match (&seen.root, &seen.intermediate) {
        (Ok(root), Ok(intermediate)) => (root, intermediate),
        (Err(why), _) | (_, Err(why)) => return Some(unusable(seen, why).into()),
    };
    let left = root.certificate.not_after.duration_since(evidence.now).as_secs();
    let fault = other_root(evidence, root, intermediate)
        .or_else(|| outside(evidence, root, intermediate))
        .or_else(|| unbound(root, intermediate))
        .or_else(|| (left < SOON).then(|| ends(evidence, left)))
        .or_else(|| fresh(evidence, root));
    let domains = root.domains.as_deref().unwrap_or_default().join(", ");
    Some(fault.map_or_else(
        || Outcome::pass(format!("may sign names in {domains}; the root ends in {}", span(left))),
        Outcome::from,
    ))
}

fn unusable(seen: &AuthoritySeen, why: &str) -> Finding {
    let what = if seen.root.is_err() { "root" } else { "intermediate" };
    let cause = match what {
        "root" => {
            "cert-manager has not made it yet; or somebody deleted its Secret, and cert-manager makes another root, which no machine trusts yet"
        }
        _ => {
            "cert-manager has not made it yet, or somebody deleted its Secret: cert-manager makes another by itself"
        }
    };
    Finding::new(
        format!("the {what} of the lab's own certificate authority cannot be used: {why}"),
        cause,
        "wait a moment. If the Secret was deleted and you have a backup, `homelab restore` brings the same root back",
    )
    .look("kubectl get certificates,certificaterequests -A")
    .heals()
}

/// Clients that trust the root do not get from the intermediate to it.
fn other_root(evidence: &Evidence, root: &Signer, intermediate: &Signer) -> Option<Finding> {
    let (signer, subject) = (&intermediate.certificate.issuer, &root.certificate.subject);
    let signed = match signer == subject {
        true => format!("an earlier root: that of now, {subject}, has another key"),
        false => format!("{signer}, not by the root {subject}"),
    };
    let finding = Finding::new(
        format!("the intermediate of the lab's own certificate authority is signed by {signed}"),
        "the root was made again after it: its Secret was deleted, or `domain` was changed",
        "renew the intermediate, then the certificates of the services; and let each machine trust the new root",
    )
    .command(command!("homelab renew {}", place(evidence, ISSUER)))
    .look("homelab ca");
    (!root.has_signed(intermediate)).then_some(finding)
}

/// Names that it is asked for and that no client takes from it.
fn outside(evidence: &Evidence, root: &Signer, intermediate: &Signer) -> Option<Finding> {
    let hosts = evidence.by_authority().flat_map(|certificate| &certificate.hosts);
    let refused = |host: &&String| !(root.may_sign(host) && intermediate.may_sign(host));
    let hosts: Vec<&String> = hosts.filter(refused).collect();
    if !hosts.is_empty() && are_inside(evidence, &hosts) {
        return Some(made_before(evidence, root, intermediate, &hosts));
    }
    let narrower = if intermediate.domains.is_some() { intermediate } else { root };
    let domains = narrower.domains.as_deref().unwrap_or_default();
    let finding = Finding::new(
        format!("the lab's own certificate authority may not sign {}", quoted(&hosts)),
        format!("it may sign names in {} alone, and clients refuse all others", domains.join(", ")),
        "let another issuer sign them (`issuer: acme`), or give them names in the lab's domain. If `domain` was changed, renew first the root and then the intermediate",
    )
    .look("homelab ca");
    (!hosts.is_empty()).then_some(finding)
}

/// Whether these names are all of this cluster's own; where its domain was not read, whether they look like that.
fn are_inside(evidence: &Evidence, hosts: &[&String]) -> bool {
    match evidence.cluster_domain() {
        Some(domain) => hosts.iter().all(|host| is_permitted(host, [domain.as_str()])),
        None => hosts.iter().all(|host| is_inside_some(host)),
    }
}

/// It was made for another domain of the cluster: the constraints are in a certificate that is there already, and cert-manager issues
/// none again for them (cert-manager v1.21, pkg/util/pki, `RequestMatchesSpec`).
fn made_before(evidence: &Evidence, root: &Signer, intermediate: &Signer, hosts: &[&String]) -> Finding {
    let finding = Finding::new(
        format!("the lab's own certificate authority may not sign {} yet", quoted(hosts)),
        "its certificates were made when homelab took the cluster's domain for another one, and bind it to that",
        "renew them in this order. The root keeps its key: devices that trust the root of before go on, for names in the lab's domain; whoever opens names inside the cluster needs the new root, and finds it as `ca.crt` in the Secret",
    );
    let narrow = |signer: &Signer| hosts.iter().any(|host| !signer.may_sign(host));
    let parts = [(root, ROOT), (intermediate, ISSUER)].into_iter().filter(|(signer, _)| narrow(signer));
    let parts = parts.map(|(_, name)| place(evidence, name));
    let asking = evidence.by_authority().filter(|one| one.hosts.iter().any(|host| hosts.contains(&host)));
    let asking = asking.map(|one| format!("{}/{}", one.namespace, one.name));
    parts
        .chain(asking)
        .fold(finding, |finding, one| finding.command(command!("homelab renew {}", one)))
        .look("homelab ca")
}

/// Nothing keeps it to the lab's domain.
fn unbound(root: &Signer, intermediate: &Signer) -> Option<Finding> {
    let is_bound = |signer: &Signer| signer.domains.is_some() && signer.excludes_addresses;
    let finding = Finding::new(
        "the lab's own certificate authority may sign every name there is",
        "its certificate has no name constraints: cert-manager was started with `--feature-gates=NameConstraints=false`, or is older than v1.21",
        "remove that flag, or upgrade cert-manager; then renew the root and the intermediate",
    )
    .only(Severity::Warning);
    (!is_bound(root) && !is_bound(intermediate)).then_some(finding)
}

fn ends(evidence: &Evidence, left: i64) -> Finding {
    let summary = match left {
        0.. => format!("the root of the lab's own certificate authority ends in {}", span(left)),
        _ => format!("the root of the lab's own certificate authority ended {} ago", span(-left)),
    };
    let finding = Finding::new(
        summary,
        "cert-manager should have renewed it a year before its end",
        "renew it: it keeps its key, so that nothing breaks today. Then let each machine trust the new one, before the old one ends",
    )
    .command(command!("homelab renew {}", place(evidence, ROOT)))
    .look("homelab ca");
    if left < 0 { finding } else { finding.only(Severity::Warning) }
}

/// It was made again. With the same key as before, who has the one before loses nothing until that ends; whether it is the same,
/// nothing tells.
fn fresh(evidence: &Evidence, root: &Signer) -> Option<Finding> {
    let age = evidence.now.duration_since(root.certificate.not_before).as_secs();
    let certificates = evidence.objects("certificates.cert-manager.io").unwrap_or_default();
    let own = certificates.iter().find(|one| one.name() == ROOT && at(one, "/spec/secretName") == ROOT);
    let is_renewed = own.is_some_and(|one| one["status"]["revision"].as_u64().unwrap_or(0) > 1);
    let finding = Finding::new(
        format!("the root of the lab's own certificate authority was renewed {} ago", span(age)),
        "machines that trust the one before trust this one as well, but only until that one ends; if its Secret was deleted, it has another key, \
         and they do not trust it",
        "let each machine trust the new one: `homelab ca` has it, and the steps",
    )
    .look("homelab ca")
    .only(Severity::Info);
    (is_renewed && age < FRESH).then_some(finding)
}

/// `namespace/name` of a part of the authority.
fn place(evidence: &Evidence, name: &str) -> String {
    let all = evidence.certificates.iter().flatten();
    let own = all.filter(|certificate| certificate.name == name).map(|certificate| &certificate.namespace);
    own.map(|namespace| format!("{namespace}/{name}")).next().unwrap_or_else(|| name.to_owned())
}
