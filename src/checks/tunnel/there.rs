//! The tunnel at the provider: whether it may be seen, whose it is, and where it leads.

use std::collections::BTreeSet;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::{unread, unseen};
use crate::evidence::{Evidence, Fault, Tunnel, TunnelRule, TunnelSeen};
use crate::provider::{Tunnels, traits_of, words};

const UP: &str = "homelab up";

/// The tunnel; else what is to be said in place of a judgement.
pub(super) fn seen<'t>(
    evidence: &Evidence,
    tunnel: &'t TunnelSeen,
) -> Result<Option<&'t Tunnel>, Box<Outcome>> {
    match &tunnel.found {
        Some(Ok(found)) => Ok(found.as_ref()),
        Some(Err(failure)) => Err(Box::new(unread(failure))),
        None => Err(Box::new(unseen(evidence))),
    }
}

pub(super) fn permission(evidence: &Evidence, tunnel: &TunnelSeen) -> Outcome {
    let short = words(evidence.dns).token.short;
    match &tunnel.found {
        Some(Err(failure)) if matches!(failure.error, Fault::MissingPermission { .. }) => Finding::new(
            &failure.message,
            format!("the {short} was made for records; a service with `public: tunnel` needs a tunnel, which belongs to the account"),
            &failure.hint,
        )
        .into(),
        Some(Ok(_)) => Outcome::pass("tunnels can be seen"),
        _ => seen(evidence, tunnel).err().map_or_else(|| unseen(evidence), |outcome| *outcome),
    }
}

pub(super) fn exists(evidence: &Evidence, tunnel: &TunnelSeen) -> Outcome {
    let name = words(evidence.dns).name;
    let found = match seen(evidence, tunnel) {
        Ok(Some(found)) => found,
        Ok(None) => {
            let cause = match tunnel.id {
                Some(_) => "somebody deleted it",
                None => "`homelab up` has not run since `public: tunnel` was set",
            };
            return Finding::new(
                format!("{name} has no tunnel `{}`", tunnel.name),
                cause,
                "run `homelab up`, which creates it",
            )
            .command(UP)
            .into();
        }
        Err(outcome) => return *outcome,
    };
    match (is_ours(evidence, tunnel, found), traits_of(evidence.dns).tunnels) {
        (false, Some(traits)) => strangers(tunnel, found, traits).into(),
        _ => Outcome::pass(format!("`{}`, {}", found.name, found.id)),
    }
}

/// By its id in the Secret; where Secrets were not read, by where the lab's own names lead.
fn is_ours(evidence: &Evidence, tunnel: &TunnelSeen, found: &Tunnel) -> bool {
    if let Some(id) = &tunnel.id {
        return *id == found.id;
    }
    let target = traits_of(evidence.dns).tunnels.map(|tunnels| (tunnels.target)(&found.id));
    // Nothing was read of the cluster that could tell.
    evidence.cluster.is_none() || (tunnel.target.is_some() && tunnel.target == target)
}

fn strangers(tunnel: &TunnelSeen, found: &Tunnel, traits: &Tunnels) -> Finding {
    Finding::new(
        format!("the tunnel `{}` exists, and this cluster did not create it", found.name),
        match tunnel.id {
            Some(_) => "somebody deleted the lab's own, and created another one with its name",
            None => "somebody created it by hand, or another cluster with the same `dns.owner` did",
        },
        format!(
            "if nobody needs it, delete it in {}, and run `homelab up`. If this cluster replaces the one that created it, run \
             `homelab up --adopt` once: it replaces the rules, and never deletes the tunnel",
            traits.words.page
        ),
    )
}

pub(super) fn rules(evidence: &Evidence, tunnel: &TunnelSeen) -> Outcome {
    let rules = match seen(evidence, tunnel) {
        Ok(Some(found)) => &found.rules,
        Ok(None) => return Outcome::unknown("there is no tunnel"),
        Err(outcome) => return *outcome,
    };
    if *rules == tunnel.wanted {
        return Outcome::pass(format!("{} names", rules.len()));
    }
    let hosts = |rules: &[TunnelRule]| -> BTreeSet<String> {
        rules.iter().map(|rule| rule.host.clone().unwrap_or_else(|| "every name".to_owned())).collect()
    };
    let (has, wants) = (hosts(rules), hosts(&tunnel.wanted));
    let missing: Vec<String> = wants.difference(&has).cloned().collect();
    let more: Vec<String> = has.difference(&wants).cloned().collect();
    let summary = match (missing.is_empty(), more.is_empty()) {
        (false, _) => format!("the tunnel does not lead to {}", quoted(&missing)),
        (true, false) => {
            format!("the tunnel leads to {}, too, which the configuration does not have", quoted(&more))
        }
        (true, true) => {
            "the tunnel leads its names elsewhere than to the lab's ingress controller".to_owned()
        }
    };
    Finding::new(
        summary,
        "somebody changed its rules at the provider, or the configuration was changed and `homelab up` has not run since",
        "run `homelab up`, which sets them again",
    )
    .command(UP)
    .into()
}
