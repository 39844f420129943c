//! The resolvers and search domains that pods inherit from this machine.

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::pod_resolv;
use crate::evidence::{Evidence, MachineSeen, WildcardSeen};
use crate::provider::words;

pub(super) fn resolv(machine: &MachineSeen) -> Outcome {
    let Some(resolv) = &machine.resolv else {
        return Outcome::unknown("/etc/resolv.conf could not be read");
    };
    if let Some(path) = &resolv.path {
        return Outcome::pass(format!("{} from `{path}`", list(&resolv.servers)));
    }
    let finding = Finding::new(
        format!("the machine's resolvers are no use to pods: {}", list(&resolv.servers)),
        "a resolver on the machine itself cannot be reached from a pod, so k3s gives pods 8.8.8.8, which does not know the names of the house",
        format!("give pods a file of their own: {}", pod_resolv::steps(Some(machine))),
    )
    .look("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf");
    pod_resolv::with_options(finding, Some(machine)).into()
}

pub(super) fn search(evidence: &Evidence, machine: &MachineSeen) -> Outcome {
    let Some(resolv) = &machine.resolv else {
        return Outcome::unknown("/etc/resolv.conf could not be read");
    };
    if resolv.path.is_none() || resolv.search.is_empty() {
        return Outcome::skip("pods inherit no search domain");
    }
    let answers = |seen: &&WildcardSeen| seen.answer.as_ref().is_ok_and(|addresses| !addresses.is_empty());
    if let Some(seen) = machine.wildcards.iter().find(answers) {
        return wildcard(words(evidence.dns).api_host, machine, seen);
    }
    if machine.wildcards.is_empty() {
        return Outcome::skip("no resolver was asked");
    }
    let unasked = machine.wildcards.iter().find_map(|seen| Some((seen, seen.answer.as_ref().err()?)));
    match unasked {
        Some((seen, why)) => Outcome::unknown(format!("`{}` could not be asked for: {why}", seen.asked)),
        None => {
            let domains: Vec<String> =
                machine.wildcards.iter().map(|seen| format!("`{}`", seen.domain)).collect();
            Outcome::pass(format!("{} answers for no unknown name", domains.join(", ")))
        }
    }
}

fn wildcard(api: &str, machine: &MachineSeen, seen: &WildcardSeen) -> Outcome {
    let WildcardSeen { domain, asked, answer } = seen;
    let addresses = answer.as_deref().map(list).unwrap_or_default();
    let finding = Finding::new(
        format!("any name below the search domain `{domain}` has the address {addresses}, even `{asked}`"),
        format!("pods look up `{api}.{domain}` before `{api}`, and a wildcard record answers: they then talk to the wrong server"),
        format!(
            "remove the wildcard record `*.{domain}`; or give pods a file without `search {domain}`: {}",
            pod_resolv::steps(Some(machine))
        ),
    )
    .look("cat /etc/resolv.conf");
    pod_resolv::with_options(finding, Some(machine)).into()
}
