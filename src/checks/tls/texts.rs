//! What a browser sees of each host: the certificate and the answer.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(HANDSHAKE, "the node speaks TLS for the name")
        .needs(&[id::NODE_404])
        .in_up()
        .about(
            "A TLS handshake from this machine with port 443 of every ready node, with the host's name (SNI), whatever DNS says.",
            "The browser says that the connection was refused, reset, or took too long.",
        )
        .causes(&[
            cause("the ingress controller has no ready pod on that node", "look at its pod; `homelab up` puts it there"),
            cause("something else holds port 443 of the node", "remove it: see `ingress.node-404`"),
            cause("a firewall drops the connection", "open TCP 443 to the nodes from the LAN"),
        ]),
    Def::error(SERVED_SECRET, "the node serves the certificate of the Secret")
        .needs(&[id::RELOAD, HANDSHAKE, id::CERTIFICATE])
        .about(
            "The fingerprint of the certificate that each node shows, compared with the one in the Secret that the Ingress names. Of the Secret only the public half is kept.",
            "A certificate was renewed, but the browser goes on warning of the old one; or only this machine warns.",
        )
        .causes(&[
            cause("the controller lost its connection to the API server and has not loaded the new certificate", "restart the controller, unless `ingress.reload` fails: then see there"),
            cause("a virus scanner, a proxy or another machine answers in the node's place", "try from another machine"),
        ])
        .sources(&["ingress-nginx#4199"]),
    Def::error(LEAF, "the certificate served is good for the name")
        .needs(&[id::RELOAD, HANDSHAKE, id::TLS_SECRET, id::CERTIFICATE, SERVED_SECRET, id::CLOCK])
        .in_up()
        .about(
            "The certificate that each node shows for the name: whether it is the controller's fake one, for the name, in date, from a test authority, and trusted by this machine; and from Ingress, Secret and Certificate, why not.",
            "The browser warns: not private, wrong name, expired, or an unknown authority.",
        )
        .causes(&[
            cause("the Secret that the Ingress names is not there: not issued yet, in another namespace, or by another name", "wait for the Certificate, or correct `secretName`"),
            cause("the certificate in the Secret is for other names: the controller shows its fake one then", "name the right Secret, or add the name to the Certificate"),
            cause("it is from Let's Encrypt's staging environment", "take `acme.staging` out, run `homelab up`, then `homelab renew NAME`"),
            cause("it was put there by hand, and has expired or is self-signed", "let cert-manager issue it: annotation `cert-manager.io/cluster-issuer`"),
            cause("the intermediate certificate is missing in `tls.crt`", "put the whole chain there"),
            cause("the clock of this machine is wrong", "`timedatectl set-ntp true`"),
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
            "The end of the certificate that is served, and when cert-manager plans to renew it (`status.renewalTime`), both relative to its life: certificates live shorter every year.",
            "Nothing yet; the browser will warn on the day it ends. Let's Encrypt sends no e-mail before.",
        )
        .causes(&[
            cause("the renewal fails again and again", "fix what `cm.challenge` or `cm.certificate` names"),
            cause("cert-manager's controller was away when it was time", "`homelab renew NAME`"),
            cause("cert-manager does not renew it: it was put there by hand", "let cert-manager issue it"),
        ])
        .sources(&[
            "letsencrypt.org: Decreasing Certificate Lifetimes to 45 Days (2025-12-02)",
            "letsencrypt.org: Ending Support for Expiration Notification Emails (2025-01-22)",
            "cert-manager.io: Certificate resource, renewal",
        ]),
];
