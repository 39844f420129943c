//! What a browser sees of each host: the certificate and the answer.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::warning(AUTHORITY_TRUSTED, "this machine trusts the lab's own certificate authority")
        .in_up()
        .about(
            "With `issuer: ca`: whether the root of the lab's own certificate authority is among the trusted roots of the machine on which homelab runs. The doctor checks its certificates with that root either way.",
            "Browsers on this machine warn of the lab's pages, and programs refuse them; other machines may not.",
        )
        .causes(&[
            cause("the root was not added to this machine's trusted ones yet", "follow the steps that `homelab ca` prints"),
            cause("the root was made again, and the machine trusts the one before", "follow the steps of `homelab ca` with the new root, and remove the old one"),
        ])
        .sources(&["rustls-native-certs: which roots are read"]),
    Def::error(STORED, "the Secret of a certificate of no service holds what was asked for, renewed in time")
        .needs(&[id::CERTIFICATE])
        .in_up()
        .about(
            "With `extraCertificates`: the public part of each Secret. Is the certificate in it for all names, valid, and not from a test authority? And when did cert-manager plan to renew it (`status.renewalTime`)? Whether the program has read it, nobody but the program knows.",
            "Clients of the program report an expired certificate or a wrong name.",
        )
        .causes(&[
            cause("it is not issued yet, or somebody deleted the Secret: cert-manager issues it again", "wait; if it stays, read what `cm.certificate` says"),
            cause("a name was added, and cert-manager has not issued the new certificate yet", "wait, or run `homelab renew NAMESPACE/SECRET`"),
            cause("the renewal fails again and again, or cert-manager's controller did not run when it was time", "fix what `cm.challenge` or `cm.certificate` names, then run `homelab renew NAMESPACE/SECRET`"),
            cause("it is from Let's Encrypt's staging environment", "remove `acme.staging`, run `homelab up`, then `homelab renew NAMESPACE/SECRET`"),
        ])
        .sources(&["cert-manager.io: Certificate resource, renewal"]),
    Def::error(HANDSHAKE, "the node speaks TLS for the name")
        .needs(&[id::NODE_404])
        .in_up()
        .about(
            "A TLS handshake from this machine with port 443 of every ready node, with the host's name (SNI), whatever DNS says.",
            "The browser says that the connection was refused, reset, or took too long.",
        )
        .causes(&[
            cause("the ingress controller has no ready pod on that node", "look at its pod, and run `homelab up`"),
            cause("another program uses port 443 of the node", "remove it: see `ingress.node-404`"),
            cause("a firewall drops the connection", "open TCP 443 to the nodes from the LAN"),
        ]),
    Def::error(SERVED_SECRET, "the node serves the certificate of the Secret")
        .needs(&[id::RELOAD, HANDSHAKE, id::CERTIFICATE])
        .about(
            "Compares the fingerprint of the certificate that each node serves with the certificate in the Secret of the Ingress. The doctor keeps only the public part of the Secret.",
            "A certificate was renewed, but the browser still warns about the old one; or only this machine warns.",
        )
        .causes(&[
            cause("the controller lost its connection to the API server and has not loaded the new certificate", "restart the controller; if `ingress.reload` fails, fix that first"),
            cause("a virus scanner, a proxy or another machine answers instead of the node", "try from another machine"),
        ])
        .sources(&["ingress-nginx#4199"]),
    Def::error(LEAF, "the served certificate is valid for the name")
        .needs(&[id::RELOAD, HANDSHAKE, id::TLS_SECRET, id::CERTIFICATE, SERVED_SECRET, id::CLOCK])
        .in_up()
        .about(
            "The certificate that each node serves: is it for this name, not expired, trusted by this machine, not the controller's fake certificate, not from a test authority? If not, the doctor finds the reason in the Ingress, the Secret and the Certificate.",
            "The browser warns: not private, wrong name, expired, or an unknown certificate authority.",
        )
        .causes(&[
            cause("the Secret in the Ingress does not exist: it is not issued yet, or it has another namespace or another name", "wait for the Certificate, or correct `secretName`"),
            cause("the certificate in the Secret is for other names: the controller then serves its fake certificate", "use the right Secret, or add the name to the Certificate"),
            cause("it is from Let's Encrypt's staging environment", "remove `acme.staging`, run `homelab up`, then `homelab renew NAME`"),
            cause("somebody created it by hand, and it has expired or is self-signed", "let cert-manager issue it: annotation `cert-manager.io/cluster-issuer`"),
            cause("the intermediate certificate is missing in `tls.crt`", "write the whole chain into it"),
            cause("the clock of this machine is wrong", "run `timedatectl set-ntp true`"),
        ])
        .sources(&[
            "ingress-nginx v1.15: internal/ingress/controller (default certificate)",
            "letsencrypt.org: Staging environment",
            "ingress-nginx#1374, ingress-nginx#1984, ingress-nginx#4680",
        ]),
    Def::warning(RENEWAL, "the certificate is renewed in time")
        .needs(&[id::RELOAD, HANDSHAKE, id::CERTIFICATE, LEAF])
        .in_up()
        .about(
            "When the served certificate expires, and when cert-manager plans to renew it (`status.renewalTime`), as a share of its lifetime, because lifetimes get shorter.",
            "Nothing yet; the browser will warn on the day it expires. Let's Encrypt sends no e-mail before.",
        )
        .causes(&[
            cause("the renewal fails again and again", "fix what `cm.challenge` or `cm.certificate` names"),
            cause("cert-manager's controller did not run when it was time", "run `homelab renew NAME`"),
            cause("cert-manager does not renew it, because somebody created it by hand", "let cert-manager issue it"),
        ])
        .sources(&[
            "letsencrypt.org: Decreasing Certificate Lifetimes to 45 Days (2025-12-02)",
            "letsencrypt.org: Ending Support for Expiration Notification Emails (2025-01-22)",
            "cert-manager.io: Certificate resource, renewal",
        ]),
];
