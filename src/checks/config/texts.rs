//! The configuration, before anything is asked.

use super::ids::*;
use crate::checks::engine::{Def, cause};

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(VALID, "the configuration can be used")
        .before_up()
        .about(
            "The file of --config, of $HOMELAB_CONFIG, ./homelab.yaml or /etc/homelab/homelab.yaml, read as `homelab up` reads it. Nothing is sent.",
            "`homelab up` exits at once with exit code 2.",
        )
        .causes(&[
            cause("a key is misspelt or is in the wrong place", "correct the line that the finding shows; it names the nearest known key"),
            cause("the e-mail address is one of example.com, which Let's Encrypt refuses for an account", "give an address at which you receive mail"),
            cause("the file is somewhere else, or belongs to another user", "name it with --config, or run it as the user who may read it"),
        ])
        .sources(&["cert-manager documentation, troubleshooting/acme", "letsencrypt/boulder, forbidden contact domains"]),
    Def::error(HOST_IN_ZONE, "the host is in the zone")
        .needs(&[VALID])
        .before_up()
        .about(
            "Each host of the configuration, and of every Ingress that homelab's controller serves and homelab did not create: is it in the zone that the API token sees? external-dns writes records for that zone only.",
            "The name never resolves, and external-dns says nothing at its usual log level.",
        )
        .causes(&[
            cause("a service has a `host` in another domain", "give it a host in the zone; one homelab serves one zone"),
            cause("another program's Ingress names a host of another domain", "change that Ingress, or create the record by hand at the DNS provider of that domain"),
        ])
        .sources(&["external-dns documentation, advanced/domain-filter"]),
    Def::error(TARGET_PRIVATE_UNPROXIED, "no record with a private address uses the DNS provider's proxy")
        .needs(&[VALID])
        .before_up()
        .about(
            "The annotation of external-dns that asks the DNS provider for its proxy, with either prefix, in the configuration and on every Ingress; and whether the addresses are private.",
            "The provider refuses the record, and external-dns may then write no record of the zone at all.",
        )
        .causes(&[cause(
            "the provider's proxy is on the internet and cannot reach a private address",
            "remove the annotation: the record then holds the private address itself, which is what a home lab needs",
        )])
        .sources(&["external-dns pull request #6556"]),
    Def::warning(ANNOTATION_PREFIX, "every annotation for external-dns has the prefix that it reads")
        .needs(&[VALID])
        .before_up()
        .about(
            "The annotations of the configuration's services, and of every Ingress and Service: do they have the prefix `dns.annotationPrefix`, which homelab passes to external-dns?",
            "An annotation that sets a target, a time to live or a host name has no effect, and nothing is logged.",
        )
        .causes(&[cause(
            "external-dns 0.22 changed its default from external-dns.alpha.kubernetes.io/ to external-dns.kubernetes.io/, and reads one prefix only",
            "rename the annotation, or set `dns.annotationPrefix` to the prefix that all of yours have",
        )])
        .sources(&["external-dns documentation, flags (v0.22.0)", "external-dns pull request #6424"]),
    Def::warning(GUARDED, "the configuration keeps the security settings of the controller")
        .needs(&[VALID])
        .before_up()
        .about(
            "The entries of `ingress.config` that override homelab's own: `allow-snippet-annotations`, `annotations-risk-level`, `allow-cross-namespace-resources`, and `use-http2` with the pinned image.",
            "Nothing, until somebody who can create an Ingress uses it to read secrets of others: the controller reads every Secret of the cluster, the DNS token included.",
        )
        .causes(&[cause(
            "a guide asked for it, for one Ingress",
            "remove the entry, and do without the annotation: there is often another annotation for the same purpose",
        )])
        .sources(&["ingress-nginx documentation, \"ConfigMap\", \"Annotations Risks\"", "CVE-2021-25742", "CVE-2026-123007"]),
];
