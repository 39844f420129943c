//! cert-manager, its issuer, its challenges and Certificates.

use super::ids::*;
use crate::checks::engine::{CheckId, Def, cause};
use crate::checks::id;

/// What keeps any certificate from being issued.
const MACHINERY: &[CheckId] = &[id::TOKEN, CM_CRDS, CM_PODS, CM_WEBHOOK, ISSUER];

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(CM_CRDS, "cert-manager's CRDs exist, all of one version")

        .needs(&[id::API, id::INSTALLED])
        .about(
            "The six CustomResourceDefinitions (CRDs) of cert-manager in the Kubernetes API: does each exist and work, and do all have the same version?",
            "`kubectl get certificates` says that the server does not have such a resource; cert-manager issues and renews nothing.",
        )
        .causes(&[
            cause("cert-manager is not installed yet, or was removed together with its CRDs", "run `homelab up`, which installs it again; the TLS Secrets still exist and stay in use"),
            cause("`certManager.manage: false`, and your own installation has no CRDs", "install them with it (Helm: `crds.enabled=true`)"),
            cause("an upgrade stopped half-way, or two installations write the same CRDs", "run `homelab up`, or keep only one of the two installations"),
        ])
        .sources(&["cert-manager.io: Installation; CRD lifecycle", "cert-manager v1.21: pkg/util/cmapichecker"]),
    Def::error(CM_PODS, "cert-manager's programs run")
        .needs(&[id::POD_API, id::INSTALLED, CM_CRDS])
        .about(
            "The Deployments `cert-manager`, `cert-manager-webhook` and `cert-manager-cainjector` in its namespace, their pods, and the last error in their logs.",
            "New services get no certificate, and certificates are not renewed; `homelab up` waits for cert-manager to start.",
        )
        .causes(&[
            cause("the image cannot be pulled, or no node has room", "fix what the finding names: a mirror under `images:`, a free node"),
            cause("a program exits again and again: it cannot reach the API server from its pod", "accept packets from the pods' interfaces in the firewall: see `net`"),
            cause("somebody scaled it to 0 for maintenance", "scale it up again with the command in the finding"),
        ])
        .sources(&["cert-manager v1.21: deploy/manifests"]),
    Def::error(CM_WEBHOOK, "the API server can call cert-manager's webhooks")
        .needs(&[CM_CRDS, CM_PODS])
        .about(
            "Sends two CertificateRequests to the API server as a dry run, which stores nothing: a valid one, to which the webhook must add the name of the user, and an invalid one, which it must refuse. Both work only if the API server reaches and trusts the webhook.",
            "`failed calling webhook \"webhook.cert-manager.io\"` when an issuer or a Certificate is created or changed.",
        )
        .causes(&[
            cause("it started a moment ago", "wait some seconds for its certificate and the `caBundle`"),
            cause("the `caBundle` in the webhook's configuration is empty or belongs to another authority: the cainjector does not run, or something else wrote the field", "restart the cainjector, which writes it; keep `caBundle` out of everything that you apply"),
            cause("the network between the API server and the pod drops packets: the NixOS firewall, VXLAN between two nodes, a wrong MTU", "accept packets from `cni0` and `flannel.1`, as homelab's NixOS module does, and open UDP 8472 between the nodes; if only large packets are lost, run `ethtool -K flannel.1 tx-checksum-ip-generic off`"),
            cause("the Service or the webhook's configuration is missing", "run `homelab up`"),
        ])
        .sources(&[
            "cert-manager.io: Troubleshooting, the webhook",
            "cert-manager v1.21: pkg/util/cmapichecker",
            "cert-manager#2811, cert-manager#5189, cert-manager#6721",
        ]),
    Def::error(ISSUER, "the issuers are registered at their ACME servers")
        .needs(&[id::INSTALLED, id::RESOLVER, id::POD_DNS, id::NDOTS, id::EGRESS, id::TOKEN_COPIES, CM_CRDS, CM_PODS, CM_WEBHOOK])
        .about(
            "The Ready condition of the ClusterIssuer in the configuration and of every other issuer, and the Secrets with the keys of their accounts.",
            "Every new Certificate stays at \"the issuer is not ready\".",
        )
        .causes(&[
            cause("the e-mail address is not accepted: an example domain, or a domain that does not exist", "correct `email` in the configuration, then run `homelab up`"),
            cause("pods do not reach the ACME server: DNS in the cluster, a firewall, no route", "fix what the finding names; cert-manager tries again by itself"),
            cause("the address in `acme.server` is no ACME directory", "write the directory's full address"),
            cause("a private ACME server's certificate is signed by your own certificate authority", "set `acme.caFile` to a file with that authority's certificate"),
            cause("the account's key belongs to another ACME server, or a Secret of that name existed before", "delete that Secret, or use another `privateKeySecretRef`: accounts are per server"),
        ])
        .sources(&[
            "cert-manager.io: Troubleshooting, ACME",
            "letsencrypt.org: Staging environment",
            "cert-manager v1.21: pkg/issuer/acme/setup.go",
            "cert-manager#7470",
        ]),
    Def::error(OWN_AUTHORITY, "the lab's own certificate authority can sign what is asked of it")
        .needs(&[id::INSTALLED, CM_CRDS, CM_PODS, CM_WEBHOOK])
        .in_up()
        .about(
            "With `issuer: ca`: the public halves of the Secrets `homelab-ca-root` and `homelab-ca`. Has the one signed the other, how long does the root last, and do its name constraints permit every name that a Certificate asks for?",
            "Every browser warns of a page of the lab, also where the root is trusted.",
        )
        .causes(&[
            cause("a name is outside the domain of the lab", "set `issuer: acme` for that service, or give it a name below `domain`"),
            cause("the root's Secret was deleted, so that cert-manager made another root", "bring it back with `homelab restore`; without a backup, let each machine trust the new one: `homelab ca`"),
            cause("`domain` was changed", "renew the root, then the intermediate, then the services' certificates"),
            cause("it was made while the cluster's own domain was taken for another one, so that names inside the cluster are not among those that it may sign", "renew the root, then the intermediate, then the certificates of these names, as the finding says: the root keeps its key"),
            cause("the root ends soon", "`homelab renew cert-manager/homelab-ca-root`, then `homelab ca` on each machine"),
            cause("cert-manager has its feature NameConstraints switched off", "switch it on, and renew both"),
        ])
        .sources(&["RFC 5280, section 4.2.1.10", "cert-manager v1.21: pkg/util/pki, internal/controller/feature"]),
    Def::error(CHALLENGE_SERVER, "the internet finds the lab's own server for challenges")
        .in_up()
        .about(
            "With `dns.challengeServer`: the way from the zone above `dns.challengeZone` to the server. The NS record and the address of the server at the name servers of the zone above; what a public resolver gets for the zone, which looks from outside; and the server itself, by UDP and by TCP, at its public address and at its node. From inside the house, not every router leads back to its own public address: then UDP and TCP are not told apart.",
            "`homelab up` exits before it asks for a certificate while the zone above does not lead to the server; cert-manager waits for a record that nobody can see.",
        )
        .causes(&[
            cause("the zone above has no NS record for it yet, or one of another server", "enter the records that `homelab zone delegate` prints"),
            cause("the address record (glue) of the server is missing, or is of an earlier address of the router", "enter it as `homelab zone delegate` prints it; change `dns.challengeServer` if the router has another address"),
            cause("the router does not forward port 53, or by UDP or TCP alone", "let it forward public port 53, UDP and TCP, to the node and the port of the finding"),
            cause("another name server answers at the public address (a lame delegation, or an open resolver)", "let the router forward port 53 to the server of the challenges, and nowhere else"),
            cause("the server does not run", "look at its pod in the namespace `challenge-server`, and run `homelab up`"),
            cause("the internet provider closes port 53, or the zone above has a DS record of the zone, which is not signed", "ask the internet provider; remove the DS record"),
        ])
        .sources(&["RFC 1034, section 4.2.1; RFC 9471 (glue)", "RFC 5358 (open resolvers)", "Knot DNS 3.5: doc/reference.rst"]),
    Def::error(CHALLENGE_CNAME, "public DNS leads from each challenge into the zone that the lab may write")
        .before_up()
        .in_up()
        .about(
            "With `dns.challengeZone`: follows the CNAME record of `_acme-challenge.NAME` for each name of a certificate, at the name servers of the zones, as cert-manager (`cnameStrategy: Follow`) and the certificate authority do. It must end in that zone.",
            "`homelab up` exits before it asks for a certificate that cannot be issued; a certificate that is there is not renewed.",
        )
        .causes(&[
            cause("the CNAME record is not entered yet", "enter it in the public zone that holds the name: `homelab zone delegate` prints each"),
            cause("it leads to another name: a slip, the final dot is missing in a zone file, or it is that of another ACME client", "replace it by the record of the finding"),
            cause("a wildcard CNAME record answers in its place", "enter the record beside the wildcard: it comes before it"),
            cause("the records lead in a circle", "replace the first one, and remove the others"),
            cause("public DNS asks other name servers for the zone of the challenges than the provider's", "set `dns.challengeZone` to a name in the provider's zone that is not delegated further"),
        ])
        .sources(&[
            "RFC 8555, section 8.4; RFC 1034, section 4.3.3",
            "cert-manager.io: DNS01, delegated domains",
            "cert-manager v1.21: pkg/issuer/acme/dns/util/wait.go",
        ]),
    Def::error(CAA, "the CAA records allow the certificate authority to issue")
        .needs(&[id::TOKEN])
        .about(
            "Looks up CAA records at the zone's name servers, first for the host, then for each parent domain. The first name with CAA records counts (RFC 8659): one `issue` record must name the certificate authority. For a wildcard, `issuewild` records count if there are any.",
            "The certificate authority refuses the certificate although the challenge succeeded; an existing certificate works until it expires.",
        )
        .causes(&[
            cause("the domain allows only other certificate authorities: a record of an earlier provider", "add `0 issue \"letsencrypt.org\"`"),
            cause("`issuewild \";\"` forbids wildcards", "add `0 issuewild \"letsencrypt.org\"`, or set `certificates: per-host`"),
            cause("the name servers answer SERVFAIL for CAA; the certificate authority then refuses to issue", "fix DNSSEC: https://dnsviz.net shows where it breaks"),
        ])
        .sources(&["RFC 8659", "letsencrypt.org: Certificate Authority Authorization", "cert-manager#211"]),
    Def::error(SELFCHECK, "cert-manager's self check sees the TXT records of its challenges")
        .needs(MACHINERY)
        .needs(&[CHALLENGE_SERVER, CHALLENGE_CNAME])
        .about(
            "Challenges in cert-manager's self check. Before cert-manager asks the certificate authority to validate, it looks up the TXT record itself, from its pod, at the resolvers in `acme.recursiveNameservers`.",
            "A Certificate stays pending for many minutes although its TXT record is in the zone.",
        )
        .causes(&[
            cause("it is new: records need a minute to reach all servers", "wait; `homelab doctor --wait` checks again"),
            cause("a resolver has cached that the name does not exist", "wait up to half an hour"),
            cause("the router or a firewall blocks port 53", "keep the default of `acme.recursiveNameservers`, which uses HTTPS"),
            cause("the resolver over HTTPS is blocked", "set another one, or set `acme.propagationWait: 60s`"),
            cause("the zone's DNSSEC is broken, so resolvers answer SERVFAIL", "remove or renew the DS record at the registrar"),
        ])
        .sources(&[
            "cert-manager.io: DNS01, setting nameservers for the self check",
            "cert-manager#5515, cert-manager#6334, cert-manager#6572",
        ]),
    Def::error(CHALLENGE, "no challenge is refused or stuck")
        .needs(&[id::TOKEN, CM_CRDS, CM_PODS, CM_WEBHOOK, ISSUER, CHALLENGE_SERVER, CHALLENGE_CNAME, CAA, SELFCHECK])
        .about(
            "State and reason of every challenge: what the DNS provider answered when cert-manager wrote or removed its record, and what the certificate authority answered when it validated.",
            "A Certificate stays pending, or fails and cert-manager tries again only after an hour.",
        )
        .causes(&[
            cause("another issuer uses the HTTP-01 challenge, but the name has a private address", "let homelab's own issuer issue it; the finding has the command"),
            cause("the DNS provider refuses the token in the cluster", "create a valid token, write it to the token file, and run `homelab up`"),
            cause("pods do not reach the API of the DNS provider", "fix the connection of pods to the internet: see `net`"),
            cause("the certificate authority found no record, or a wrong one: a CNAME or wildcard at `_acme-challenge`", "remove that record"),
            cause("cert-manager gave a challenge up after a moment without network", "run `homelab renew NAME`, which starts over"),
            cause("a challenge cannot be removed, because its DNS record cannot be removed", "fix what its reason names; cert-manager then removes its finalizer"),
        ])
        .sources(&[
            "cert-manager v1.21: pkg/controller/acmechallenges",
            "cert-manager.io: DNS01, delegated domains",
            "cert-manager#3238, cert-manager#5752, cert-manager#8696, cert-manager#8747",
        ]),
    Def::error(ACME_RATE_LIMIT, "no rate limit of the authority is reached")
        .needs(&[ISSUER])
        .about(
            "The error of the certificate authority in Order, CertificateRequest and Certificate: `rateLimited`, which limit it is, and when you can try again.",
            "The certificate authority refuses the certificate for hours or days.",
        )
        .causes(&[
            cause("the same certificate was issued five times in seven days, for example because you reinstalled again and again", "wait; keep the TLS Secrets next time, and use `acme.staging: true` while you experiment"),
            cause("five challenges for a name failed within an hour", "fix the cause, then wait an hour"),
            cause("fifty certificates were issued for the domain in seven days", "wait, or use one wildcard certificate: `certificates: wildcard`"),
        ])
        .sources(&["letsencrypt.org: Rate Limits", "letsencrypt.org: Staging environment"]),
    Def::error(CERTIFICATE, "cert-manager has issued the certificate")
        .needs(&[id::INSTALLED, id::TOKEN, CM_CRDS, CM_PODS, CM_WEBHOOK, ISSUER, CHALLENGE_SERVER, CHALLENGE_CNAME, CAA, SELFCHECK, CHALLENGE, ACME_RATE_LIMIT])
        .in_up()
        .about(
            "The Certificate for the host, or of an entry in `extraCertificates`, its CertificateRequest, Order and Challenges: the last one of them that has a message. After a failure, cert-manager waits 1 hour, then 2, then 4 (a cert-manager that homelab does not manage: up to 32).",
            "The browser warns about an unknown certificate, or shows `Kubernetes Ingress Controller Fake Certificate`.",
        )
        .causes(&[
            cause("the issuer in the Certificate does not exist: an Issuer given as a ClusterIssuer or the other way round, or one in another namespace", "use homelab's own issuer; the finding has the command"),
            cause("cert-manager creates no Certificate: two annotations exclude each other, an entry under `tls` has no hosts or Secret, or another Ingress uses the Secret", "correct what the finding names"),
            cause("it is being issued: a challenge takes a minute or two", "wait"),
            cause("it failed, the cause is fixed, and cert-manager still waits", "run `homelab renew NAME`, which tries at once"),
            cause("the Ingress has no annotation `cert-manager.io/cluster-issuer`", "run `homelab up`; if it is your own Ingress, add the annotation"),
            cause("two Certificates have the same Secret", "give each its own `secretName`"),
            cause("an entry of `extraCertificates` has no Certificate: it was added after the last run, or somebody deleted it", "run `homelab up`"),
        ])
        .sources(&["cert-manager.io: FAQ, what happens if issuance fails", "cert-manager v1.21: pkg/controller/certificates/trigger"]),
];
