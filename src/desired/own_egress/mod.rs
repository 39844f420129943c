//! Where homelab's own programs may connect to (`security.egress: restricted`): what each of them needs, and nothing else. A policy for
//! each program, of Cilium's own kind where that is the cluster's network: a NetworkPolicy knows addresses alone, and to Cilium a node is
//! no address, so that nothing written by addresses would lead to the API server.
//!
//! The name servers on the nodes have none: they use their node's network, and policies are about pods that have one of their own. The
//! tunnel's connectors always have one: see `tunnel`.

mod cilium;
mod kubernetes;
mod needs;

use crate::config::{Config, OwnEgress};
use crate::desired::egress::{PREFIX, Placed};
use crate::desired::object::Object;

/// The policies; none where the configuration keeps in none of homelab's own programs.
pub(super) fn objects(config: &Config, placed: Option<&Placed>) -> Vec<Object> {
    if config.own_egress != OwnEgress::Restricted {
        return Vec::new();
    }
    let made = needs::programs(config).into_iter().filter_map(|program| {
        let name = format!("{PREFIX}-{}", program.name);
        // Cilium takes a policy without a rule for one that is not about ways out.
        let body = match placed {
            Some(placed) if placed.by_cilium && !program.needs.is_empty() => {
                cilium::policy(&name, &program, placed)
            }
            _ => kubernetes::policy(&name, &program, config, placed),
        };
        Object::from_value(program.component, body)
    });
    made.collect()
}

#[cfg(test)]
mod tests;
