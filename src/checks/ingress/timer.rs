//! Whether somebody writes the nodes' addresses again and again, where the controller does not.

use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Judged, Outcome};
use crate::checks::id;
use crate::checks::ingress::lab_wide;
use crate::evidence::Evidence;
use crate::ingress::traits_of;

/// It runs every half minute: what is older than this, in seconds, has stopped.
const STOPPED: i64 = 180;
const FIX: &str = "start the timer, on the first server";
const START: &str = "sudo systemctl enable --now homelab-addresses.timer";
const LOOK: &str =
    "systemctl status homelab-addresses.timer homelab-addresses.service homelab-addresses-access.service";

/// Nothing is said where the controller writes the addresses itself.
pub(super) fn timer_of_addresses(evidence: &Evidence) -> Vec<Judged> {
    let Some(run) = &evidence.addresses_run else { return Vec::new() };
    let outcome = match (run, stopped(evidence)) {
        (Err(why), _) => Outcome::unknown(why.clone()),
        (Ok(_), Some(cause)) => {
            let name = traits_of(evidence.controller).name;
            let ran = match run {
                Ok(Some(ago)) => {
                    format!("the timer that writes the nodes' addresses ran last {} ago", span(*ago))
                }
                _ => "no timer writes the nodes' addresses between two runs of `homelab up`".to_owned(),
            };
            let (ran, cause) = match traits_of(evidence.controller).pod.writes_status {
                true => (
                    ran.replace("writes the nodes' addresses", "follows the lab's address on the internet"),
                    format!(
                        "{cause}: when the lab gets another address on the internet, the public record leads to the old one"
                    ),
                ),
                false => (
                    ran,
                    format!(
                        "{name} does not write them itself, and {cause}: a node that is lost or has another address stays in DNS as it was"
                    ),
                ),
            };
            Finding::new(ran, cause, FIX).command(START).look(LOOK).into()
        }
        (Ok(ago), None) => Outcome::pass(format!("{} ago", span(ago.unwrap_or_default()))),
    };
    vec![lab_wide(id::ADDRESSES, outcome)]
}

/// Why nobody writes the addresses now, in words; `None` where somebody does, or where that is not known.
pub(super) fn stopped(evidence: &Evidence) -> Option<String> {
    match evidence.addresses_run.as_ref()? {
        Ok(None) => Some("homelab-addresses.timer has not run yet".to_owned()),
        Ok(Some(ago)) if *ago > STOPPED => {
            Some(format!("homelab-addresses.timer has not run for {}", span(*ago)))
        }
        Ok(Some(_)) | Err(_) => None,
    }
}

/// A finding about addresses that are not right, where nobody writes them.
pub(super) fn unwritten(evidence: &Evidence, summary: String) -> Result<Finding, String> {
    let for_it = !traits_of(evidence.controller).pod.writes_status;
    match stopped(evidence).filter(|_| for_it) {
        Some(cause) => Ok(Finding::new(summary, format!("nothing writes it: {cause}"), FIX)
            .command("homelab addresses")
            .command(START)
            .look(LOOK)
            .heals_soon()),
        None => Err(summary),
    }
}
