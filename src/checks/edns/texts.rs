//! external-dns and the records it keeps.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(EDNS_PODS, "external-dns runs")
        .needs(&[id::INSTALLED, id::CONFLICT, id::POD_DNS, id::NDOTS, id::EGRESS, id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE, id::TOKEN_COPIES])
        .about(
            "The Deployment of external-dns, the state of its pod and, if its process exited, the last lines of its log.",
            "New services get no name, and the names of removed services stay.",
        )
        .causes(&[
            cause(
                "it exits when it starts: its version does not know one of its flags, or requires another (`--policy` since 0.22)",
                "remove `images.externalDns`, and run `homelab up`",
            ),
            cause("the DNS provider refuses its token: at some providers external-dns exits at every error of the API except 429 and 5xx", "see the group `cf`"),
            cause("its Secret is missing", "run `homelab up`"),
            cause("somebody scaled it to 0", "scale it up again"),
            cause("its image cannot be pulled", "check whether the node reaches the registry"),
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
            cause("the DNS provider refuses one record, and so each run fails", "remove that record or annotation"),
            cause("the API rate limit of the DNS provider is reached", "wait: see `cf.rate`"),
        ])
        .sources(&["external-dns, docs/monitoring/metrics.md", "external-dns#1428, PR#6556"]),
    Def::warning(EDNS_OWNER_ID, "only this cluster uses its owner id")
        .about("`dns.owner`, the owner id with which external-dns marks its records.", "Records disappear and come back, again and again.")
        .causes(&[cause("two installations of external-dns with the same owner id in one zone delete each other's records", "give each cluster its own `dns.owner`")])
        .sources(&["external-dns, docs/flags.md: --txt-owner-id"]),
    Def::error(WILDCARD_RECORD, "the wildcard record belongs to homelab and contains the addresses of the nodes")
        .needs(&[id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE, EDNS_PODS, EDNS_SYNC])
        .in_up()
        .about(
            "With `records: wildcard`: the record `*.<domain>` in the zone, the TXT record that marks its owner, and the addresses in the status of the Ingress `homelab/wildcard-record`, from which external-dns creates it.",
            "No name resolves but those that have a record of their own.",
        )
        .causes(&[
            cause("external-dns has not created it yet: it does so every minute, once that Ingress has an address", "wait a minute; if it is still missing then, the log of external-dns says why"),
            cause("somebody created a record `*.<domain>` by hand, or another cluster did", "delete it in the dashboard, or leave `records` out: each name then has a record of its own"),
            cause("its TXT record was deleted", "delete the record, too: external-dns creates both"),
            cause("somebody changed its content by hand", "wait a minute: external-dns corrects it"),
        ])
        .sources(&["external-dns 0.22, source/ingress.go and registry/mapper/mapper.go", "RFC 4592"]),
    Def::error(OWNER, "the record belongs to homelab in this cluster")
        .needs(&[id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE])
        .in_up()
        .about(
            "The records of the host in the zone, and the TXT record with which external-dns marks the records that it owns.",
            "The name points to another address or to none, while external-dns logs that all records are up to date.",
        )
        .causes(&[
            cause("somebody created the record by hand", "delete it in the dashboard: external-dns then creates the right one"),
            cause("another cluster, or an earlier installation with another `dns.owner`, created it", "use another name, or delete the record and its TXT record"),
            cause("its TXT record was deleted", "delete the record, too"),
            cause("its TXT record has your owner id, but not the name that external-dns expects: it was written with an older `--txt-prefix` or `--txt-suffix`, or by external-dns before 0.12", "delete the record and its TXT record: the finding shows both"),
            cause("its TXT record is encrypted (`--txt-encrypt-enabled`)", "find out which external-dns encrypts before you delete anything"),
            cause("a CNAME of that name is in the way", "delete it at the DNS provider"),
        ])
        .sources(&["external-dns 0.22, plan/plan.go, registry/txt/registry.go and registry/mapper/mapper.go", "external-dns#1228, #1986, #2036, #2737, PR#5459"]),
    Def::error(RECORDS, "the record contains the addresses of the Ingress")
        .needs(&[id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE, id::HOST_IN_ZONE, id::STATUS, EDNS_PODS, EDNS_SYNC, OWNER])
        .in_up()
        .about(
            "The records of the host in the zone, compared with the addresses in the status of its Ingress.",
            "The name does not resolve, or it resolves to an address that does not answer.",
        )
        .causes(&[
            cause("external-dns has not compared the records since the Ingress changed: it does so every minute", "wait a minute; if the record is still missing then, the log of external-dns says why"),
            cause("the Ingress has an annotation that switches external-dns off or names another target", "remove the annotation"),
            cause("the Ingress has no class, or another class of the same controller: the controller serves it, but external-dns reads class `nginx` only", "give it `ingressClassName: nginx`; the finding has the command"),
            cause("a filter of external-dns leaves the Ingress out: annotation, label, namespace, domain, zone, kind of record, `ingress-hostname-source`", "the finding names the flag; `homelab up` removes flags that homelab did not set"),
            cause("another program keeps changing the record: a second cluster with the same `dns.owner`, or dynamic DNS", "give each cluster its own `dns.owner`"),
            cause("`--policy=create-only` or `--dry-run`", "run `homelab up`"),
            cause("an AAAA record of an earlier installation is left", "delete it at the DNS provider"),
            cause("a node reports a public address", "set the node's address with `services.homelab.nodeIP` or `--node-ip`"),
            cause("with `records: wildcard`: another record of that name, or of a name below it, hides the wildcard record (RFC 4592)", "delete that record, give the service another name, or set `records: per-host`"),
        ])
        .sources(&["external-dns 0.22, source/ingress.go and endpoint/domain_filter.go", "external-dns#2059", "external-dns, docs/annotations/annotations.md", "external-dns#1945 (9003)", "external-dns#3584 (AAAA)", "RFC 4592, section 2.2.2; cert-manager/cert-manager#806, #4217 (challenges and wildcards)"]),
    Def::warning(SERVICE_NAMES, "every name that a Service asks for has its record")
        .needs(&[id::TOKEN, id::CF_PERMISSIONS, id::CF_ZONE, EDNS_PODS, EDNS_SYNC])
        .about(
            "Every Service with the annotation `hostname` or `internal-hostname` of external-dns: does its type give an address, is its name in the zone, and is there a record that this cluster owns?",
            "The name of a database or another program without an Ingress does not resolve, while external-dns logs that all records are up to date.",
        )
        .causes(&[
            cause("the Service is of type ClusterIP: external-dns writes none of its address", "use the type NodePort, or the annotation `target` with an address"),
            cause("none of the pods of a headless Service is ready", "look why they do not run"),
            cause("the name is outside of the zone", "give it a name in the zone"),
            cause("a record that somebody made by hand is in the way", "delete it, or give the Service another name"),
            cause("a Service of type LoadBalancer has no address", "see `k3s.load-balancers`"),
        ])
        .sources(&["external-dns 0.22, source/service.go"]),
    Def::warning(EDNS_STALE, "every record of homelab has its service")
        .needs(&[EDNS_PODS, EDNS_SYNC])
        .about(
            "The records whose TXT record has this cluster's `dns.owner`, and the Ingress or Service that each was created for.",
            "A name of a removed service still resolves.",
        )
        .causes(&[
            cause("`dns.policy` is `upsert-only`; with `records: wildcard`, the records of single names stay and hide the wildcard", "set `dns.policy: sync`, or delete them by hand"),
            cause("another cluster has the same `dns.owner`, and creates it again", "give each cluster its own"),
            cause("`--dry-run` or `--policy=create-only`: external-dns deletes nothing", "run `homelab up`"),
        ])
        .sources(&["external-dns#1228"]),
    Def::info(EDNS_WILDCARD, "no wildcard record of others covers homelab's names")
        .about("Records `*.` in the zone that cover `domain`, and that neither an Ingress nor `records: wildcard` asks for.", "A mistyped name shows the controller's 404 page; pods with that search domain reach your ingress controller instead of the internet.")
        .causes(&[cause("it was created by hand, or by an Ingress whose `tls.hosts` has a wildcard", "keep it if you want it, otherwise delete it")])
        .sources(&["external-dns#2495"]),
];
