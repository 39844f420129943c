//! What a stranger can write (objects, names, records, logs, files) against what homelab deletes, prints, pastes and keeps.

mod demo;
mod escapes;
mod house;
mod leaks;
mod ownership;
mod two_clusters;

use super::{Case, always, with_all};

/// Every case; each theme has a file of its own.
pub(super) const CASES: &[Case] = &[
    with_all("attacks", "a visitor cannot switch the demo's health off", demo::health_cannot_be_switched_off),
    always("attacks", "printed commands name the cluster that was asked about", house::two_contexts),
    with_all("attacks", "a field manager's name is one word of the shell", house::manager),
    with_all("attacks", "of 1500 name servers sixteen are asked", house::many_servers),
    with_all("attacks", "durations that overflow are refused", house::durations),
    with_all("attacks", "an API server that proves nothing gets no token", house::insecure),
    with_all("attacks", "a proxy's password is printed nowhere, and NO_PROXY counts", house::proxy),
    with_all("attacks", "a stranger's homelab.yaml is not used by root", house::found_by_chance),
    with_all("attacks", "a pod that streams zeros costs the doctor no memory", house::streaming_pod),
    always("attacks", "a token in the configuration is shown nowhere", leaks::token_in_the_file),
    with_all("attacks", "no secret of the cluster is given away", leaks::planted),
    with_all("attacks", "escape codes in a condition reach no terminal", escapes::in_a_condition),
    with_all(
        "attacks",
        "records and annotations are one word of the shell",
        escapes::in_records_and_annotations,
    ),
    always("attacks", "a label alone has nothing deleted", ownership::labels_alone),
    always(
        "attacks",
        "a stranger's Ingress with the scratch label survives the doctor",
        ownership::scratch_label,
    ),
    always(
        "attacks",
        "another lab in the cluster is refused with the line that continues the first",
        ownership::another_lab,
    ),
    with_all(
        "attacks",
        "a second cluster with the same owner stops before its first write",
        two_clusters::same_owner,
    ),
    with_all("attacks", "a copied Ingress keeps its certificate", ownership::copied_ingress),
    with_all("attacks", "what was there before is refused, adopted, and never deleted", ownership::adopted),
    with_all("attacks", "a thousand records of others are the same afterwards", ownership::records_of_others),
];
