//! external-dns and the records it keeps.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(EDNS_PODS, "external-dns runs")
        .needs(&[id::CONFLICT, id::POD_DNS, id::NDOTS, id::EGRESS, id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE, id::TOKEN_COPIES])
        .about(
            "The Deployment of external-dns, the state of its pod and, if its process exited, the last lines of its log.",
            "New services get no name, and names of removed ones stay.",
        )
        .causes(&[
            cause(
                "it exits when it starts: its version does not know one of its flags, or requires another (`--policy` since 0.22)",
                "`homelab up`, without `images.externalDns`",
            ),
            cause("the DNS provider refuses its token: external-dns exits at every error of the provider's API but 429 and 5xx", "see the group `cf`"),
            cause("its Secret is missing", "`homelab up`"),
            cause("somebody scaled it to 0", "scale it up again"),
            cause("its image cannot be pulled", "check the node's way to the registry"),
        ])
        .sources(&["external-dns 0.22, controller/execute.go and pkg/apis/externaldns/validation"]),
    Def::error(EDNS_SYNC, "external-dns compares the records every minute and succeeds")
        .needs(&[id::CLOCK, id::RESOLVER, id::POD_DNS, id::NDOTS, id::EGRESS, id::TOKEN, id::DNS_EDIT, EDNS_PODS])
        .about(
            "Its metrics on port 7979, through the API server: `controller_last_sync_timestamp_seconds`, \
             `controller_last_reconcile_timestamp_seconds` and `controller_consecutive_soft_errors`; and the last error in \
             its log.",
            "Records stay as they were: new services get no name.",
        )
        .causes(&[
            cause("its pod cannot reach or resolve the API of the DNS provider", "see the group `net`"),
            cause("one record that the DNS provider refuses fails each run", "remove that record or annotation"),
            cause("the API rate limit of the DNS provider is reached", "wait: see `cf.rate`"),
        ])
        .sources(&["external-dns, docs/monitoring/metrics.md", "external-dns#1428, PR#6556"]),
    Def::warning(EDNS_OWNER_ID, "the owner id is this lab's own")
        .about("`dns.owner`, the owner id with which external-dns marks its records.", "Records disappear and come back, again and again.")
        .causes(&[cause("two installations of external-dns with the same owner id on one zone delete each other's records", "give each lab its own `dns.owner`")])
        .sources(&["external-dns, docs/flags.md: --txt-owner-id"]),
    Def::error(OWNER, "the record belongs to this lab")
        .needs(&[id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE])
        .in_up()
        .about(
            "The records of the host in the zone, and the TXT record with which external-dns marks the records that it owns.",
            "The name leads to another address or to none, while external-dns logs that all records are up to date.",
        )
        .causes(&[
            cause("the record was made by hand before", "delete it in the dashboard: external-dns then creates the right one"),
            cause("another lab, or an earlier installation with another `dns.owner`, made it", "use another name, or delete the record and its TXT record"),
            cause("its TXT record was deleted", "delete the record, too"),
            cause("its TXT record has this lab's owner id and another name: an earlier `--txt-prefix` or `--txt-suffix`, or the form without the record's type", "delete record and TXT record: the finding names both"),
            cause("its TXT record is encrypted (`--txt-encrypt-enabled`)", "find out who encrypts before you delete anything"),
            cause("a CNAME of that name is in the way", "delete it at the DNS provider"),
        ])
        .sources(&["external-dns 0.22, plan/plan.go, registry/txt/registry.go and registry/mapper/mapper.go", "external-dns#1228, #1986, #2737, #4228, PR#5459"]),
    Def::error(RECORDS, "the record holds the addresses of the Ingress")
        .needs(&[id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE, id::HOST_IN_ZONE, id::STATUS, EDNS_PODS, EDNS_SYNC, OWNER])
        .in_up()
        .about(
            "The records of the host in the zone, compared with the addresses in the status of its Ingress.",
            "The name does not resolve, or to an address that does not answer.",
        )
        .causes(&[
            cause("external-dns has not looked since the Ingress changed: it does so every minute", "if the record is not there after that, its log says why"),
            cause("the Ingress has an annotation that switches external-dns off or names another target", "remove the annotation"),
            cause("the Ingress is of no class, or of another class of the same controller: it is served, and external-dns reads class `nginx` only", "give it `ingressClassName: nginx`; the finding has the command"),
            cause("a filter of external-dns keeps the Ingress out: annotation, label, namespace, domain, zone, kind of record, `ingress-hostname-source`", "the finding names the flag; `homelab up` takes off what homelab did not give"),
            cause("somebody else sets the record again and again: a second cluster with the same `dns.owner`, or dynamic DNS", "give each lab its own `dns.owner`"),
            cause("`--policy=create-only` or `--dry-run`", "`homelab up`"),
            cause("an AAAA record of an earlier installation is left", "delete it at the DNS provider"),
            cause("a node reports a public address", "set the node's address"),
        ])
        .sources(&["external-dns 0.22, source/ingress.go and endpoint/domain_filter.go", "external-dns#2059", "external-dns, docs/annotations/annotations.md", "external-dns#1945 (9003)", "external-dns#3584 (AAAA)"]),
    Def::warning(EDNS_STALE, "every record of this lab has its service")
        .needs(&[EDNS_PODS, EDNS_SYNC])
        .about(
            "The records whose TXT record names this lab, and the Ingress or Service that each was made for.",
            "A name of a removed service still resolves.",
        )
        .causes(&[
            cause("`dns.policy` is `upsert-only`", "`dns.policy: sync`, or delete them by hand"),
            cause("another lab has the same `dns.owner`, and creates it again", "give each lab its own"),
            cause("`--dry-run` or `--policy=create-only`: external-dns deletes nothing", "`homelab up`"),
        ])
        .sources(&["external-dns#1228"]),
    Def::info(EDNS_WILDCARD, "no wildcard record covers the lab's names")
        .about("Records `*.` in the zone that cover the lab's domain, and that no Ingress asks for.", "A mistyped name gives the controller's 404; pods with that search domain reach the lab in place of the internet.")
        .causes(&[cause("it was created by hand, or by an Ingress whose `tls.hosts` has a wildcard", "keep it if you want it, otherwise delete it")])
        .sources(&["external-dns#2495"]),
];
