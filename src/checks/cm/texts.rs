//! cert-manager, its issuer, its challenges and Certificates.

use super::ids::*;
use crate::checks::engine::{CheckId, Def, cause};
use crate::checks::id;

/// What keeps any certificate from being issued.
const MACHINERY: &[CheckId] = &[id::TOKEN, CM_CRDS, CM_PODS, CM_WEBHOOK, ISSUER];

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(CM_CRDS, "cert-manager's CRDs exist, all of one version")

        .needs(&[id::API])
        .about(
            "The six CustomResourceDefinitions (CRDs) of cert-manager in the Kubernetes API: whether each exists and is served, and whether all have the same version.",
            "`kubectl get certificates` says that the server does not have such a resource; nothing is ever issued or renewed.",
        )
        .causes(&[
            cause("cert-manager is not installed yet, or was removed together with its CRDs", "`homelab up` installs it again; the TLS Secrets still exist and stay in use"),
            cause("`certManager.manage: false`, and the other installation left the CRDs out", "install them with it (Helm: `crds.enabled=true`)"),
            cause("an upgrade stopped half-way, or two installations write the same CRDs", "`homelab up`, or keep only one of the two installations"),
        ])
        .sources(&["cert-manager.io: Installation; CRD lifecycle", "cert-manager v1.21: pkg/util/cmapichecker"]),
    Def::error(CM_PODS, "cert-manager's programs run")
        .needs(&[id::POD_API, CM_CRDS])
        .about(
            "The Deployments `cert-manager`, `cert-manager-webhook` and `cert-manager-cainjector` in its namespace, their pods, and the last error in their logs.",
            "New services get no certificate, old ones are not renewed; `homelab up` waits for a webhook.",
        )
        .causes(&[
            cause("the image cannot be pulled, or no node has room", "fix what the finding names: a mirror under `images:`, a free node"),
            cause("a program exits again and again: it cannot reach the API server from its pod", "trust the interfaces of the pods in the firewall: see `net`"),
            cause("somebody scaled it to 0 for maintenance", "scale it up again with the command of the finding"),
        ])
        .sources(&["cert-manager v1.21: deploy/manifests"]),
    Def::error(CM_WEBHOOK, "the API server can call cert-manager's webhooks")
        .needs(&[CM_CRDS, CM_PODS])
        .about(
            "Two CertificateRequests are sent to the API server as a dry run, which stores nothing: a good one, to which the webhook must add the name of the user, and a bad one, which it must refuse. Only a webhook that is reached and trusted does both.",
            "`failed calling webhook \"webhook.cert-manager.io\"` when an issuer or a Certificate is created or changed.",
        )
        .causes(&[
            cause("it started a moment ago", "wait; its certificate and the `caBundle` come after some seconds"),
            cause("the `caBundle` in the webhook's configuration is empty or belongs to another authority: the cainjector does not run, or something else wrote the field", "restart the cainjector, which writes it; keep `caBundle` out of everything that you apply"),
            cause("the network between the API server and the pod drops packets: the NixOS firewall, VXLAN between two nodes, a wrong MTU", "let it take what comes from `cni0` and `flannel.1`, as homelab's NixOS module does, UDP 8472 between the nodes; `ethtool -K flannel.1 tx-checksum-ip-generic off` where only large packets are lost"),
            cause("the Service or the webhook's configuration is missing", "`homelab up`"),
        ])
        .sources(&[
            "cert-manager.io: Troubleshooting, the webhook",
            "cert-manager v1.21: pkg/util/cmapichecker",
            "cert-manager#2811, cert-manager#5189, cert-manager#6721",
        ]),
    Def::error(ISSUER, "the issuers are registered at their ACME servers")
        .needs(&[id::RESOLVER, id::POD_DNS, id::NDOTS, id::EGRESS, id::TOKEN_COPIES, CM_CRDS, CM_PODS, CM_WEBHOOK])
        .about(
            "The Ready condition of the ClusterIssuer that the configuration asks for, of every other issuer, and the Secrets that hold their accounts' keys.",
            "Every new Certificate stays at \"the issuer is not ready\".",
        )
        .causes(&[
            cause("the e-mail address is not accepted: an example domain, or a domain that does not exist", "correct `email` in the configuration, then `homelab up`"),
            cause("pods do not reach the ACME server: DNS in the cluster, a firewall, no route", "fix what the finding names; cert-manager tries again by itself"),
            cause("the address in `acme.server` is no ACME directory", "write the directory's full address"),
            cause("a private ACME server's certificate is signed by an authority of your own", "name that authority in `acme.caFile`"),
            cause("the account's key belongs to another environment, or a Secret of that name existed before", "delete that Secret, or use another `privateKeySecretRef`: accounts are per server"),
        ])
        .sources(&[
            "cert-manager.io: Troubleshooting, ACME",
            "letsencrypt.org: Staging environment",
            "cert-manager v1.21: pkg/issuer/acme/setup.go",
            "cert-manager#7470",
        ]),
    Def::error(CAA, "the CAA records let the authority issue")
        .needs(&[id::TOKEN])
        .about(
            "The CAA records of each host and of every name above it, asked of the servers that hold the zone. The first name that has any decides, as for the authority itself (RFC 8659): an `issue` record must name it, for a wildcard an `issuewild` record where there is one.",
            "The certificate is refused although the challenge was met; an existing certificate works until it expires.",
        )
        .causes(&[
            cause("the domain allows other authorities only: a record of an earlier provider", "add `0 issue \"letsencrypt.org\"` beside it"),
            cause("`issuewild \";\"` forbids wildcards", "add `0 issuewild \"letsencrypt.org\"`, or set `certificates: per-host`"),
            cause("the name servers cannot answer for CAA (SERVFAIL), which forbids, too", "fix DNSSEC: https://dnsviz.net shows where it breaks"),
        ])
        .sources(&["RFC 8659", "letsencrypt.org: Certificate Authority Authorization", "cert-manager#211"]),
    Def::error(SELFCHECK, "cert-manager sees its challenges' records")
        .needs(MACHINERY)
        .about(
            "The reason of each challenge that waits for its TXT record to be seen. cert-manager looks itself, from its pod, over the resolvers of `acme.recursiveNameservers`, before it lets the authority look.",
            "A Certificate stays pending for many minutes while its record is in the zone.",
        )
        .causes(&[
            cause("it is new: records need a minute to reach all servers", "wait; `homelab doctor --wait` checks again"),
            cause("a resolver has cached that the name does not exist", "wait up to half an hour"),
            cause("the router or a firewall blocks port 53", "leave `acme.recursiveNameservers` at its default, which asks over HTTPS"),
            cause("the resolver over HTTPS is blocked", "name another one, or set `acme.propagationWait: 60s`"),
            cause("the zone's DNSSEC is broken, so that resolvers answer SERVFAIL", "remove or renew the DS record at the registrar"),
        ])
        .sources(&[
            "cert-manager.io: DNS01, setting nameservers for the self check",
            "cert-manager#5515, cert-manager#6334, cert-manager#6572",
        ]),
    Def::error(CHALLENGE, "no challenge is refused or stuck")
        .needs(&[id::TOKEN, CM_CRDS, CM_PODS, CM_WEBHOOK, ISSUER, CAA, SELFCHECK])
        .about(
            "State and reason of every challenge: what the DNS provider said when its record was to be written or removed, and what the authority said when it looked.",
            "A Certificate stays pending, or fails and is tried again only after an hour.",
        )
        .causes(&[
            cause("it is HTTP-01, of another issuer, and the name has a private address", "let homelab's own issuer issue it; the finding has the command"),
            cause("the DNS provider refuses the token in the cluster", "create a valid token, write it to the token file, and run `homelab up`"),
            cause("pods do not reach the API of the DNS provider", "fix what keeps pods from the internet: see `net`"),
            cause("the authority found no record, or another one: a CNAME or wildcard at `_acme-challenge`", "remove what is there"),
            cause("a challenge was given up after a moment without network", "`homelab renew NAME` starts over"),
            cause("a challenge cannot be removed, because its record cannot", "fix what its reason names; its finalizer goes by itself"),
        ])
        .sources(&[
            "cert-manager v1.21: pkg/controller/acmechallenges",
            "cert-manager.io: DNS01, delegated domains",
            "cert-manager#3238, cert-manager#7757, cert-manager#8696, cert-manager#8747",
        ]),
    Def::error(ACME_RATE_LIMIT, "no rate limit of the authority is reached")
        .needs(&[ISSUER])
        .about(
            "What Order, CertificateRequest and Certificate quote of the authority: `rateLimited`, which limit it is, and the time after which it lets you try again.",
            "The certificate is refused for hours or days.",
        )
        .causes(&[
            cause("the same certificate was issued five times in seven days: the lab was reinstalled again and again", "wait; keep the TLS Secrets next time, and use `acme.staging: true` while you experiment"),
            cause("five challenges of a name failed within an hour", "fix the cause, then wait an hour"),
            cause("fifty certificates of the domain in seven days", "wait, or use one wildcard certificate: `certificates: wildcard`"),
        ])
        .sources(&["letsencrypt.org: Rate Limits", "letsencrypt.org: Staging environment"]),
    Def::error(CERTIFICATE, "cert-manager has issued the certificate")
        .needs(&[id::TOKEN, CM_CRDS, CM_PODS, CM_WEBHOOK, ISSUER, CAA, SELFCHECK, CHALLENGE, ACME_RATE_LIMIT])
        .in_up()
        .about(
            "The Certificate that is for the host, its CertificateRequest, Order and Challenges: the last one of them that has a message. After a failure cert-manager waits one hour, then two, up to 32.",
            "The browser warns of a certificate that it does not know, or shows `Kubernetes Ingress Controller Fake Certificate`.",
        )
        .causes(&[
            cause("the issuer that it names does not exist: an Issuer named as a ClusterIssuer or the other way round, or one of another namespace", "name homelab's own issuer; the finding has the command"),
            cause("no Certificate is made: two annotations that exclude each other, an entry under `tls` without hosts or Secret, or a Secret that another Ingress has", "correct what the finding names"),
            cause("it is being issued: a challenge takes a minute or two", "wait"),
            cause("it failed, the cause is fixed, and cert-manager still waits", "`homelab renew NAME` tries now"),
            cause("the Ingress has no annotation `cert-manager.io/cluster-issuer`", "`homelab up`, or add it to an Ingress of your own"),
            cause("two Certificates name one Secret", "give each its own `secretName`"),
        ])
        .sources(&["cert-manager.io: FAQ, what happens if issuance fails", "cert-manager v1.21: pkg/controller/certificates/trigger"]),
];
