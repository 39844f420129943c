//! Controllers that are not homelab's, as far as they are told from one that is gone.

/// Controllers by the `spec.controller` of their classes, which may go on behind it, with a word that the name of an image of theirs
/// has, as `traefik` and `mirrored-library-traefik` do. Of others, nothing is said: they may run anywhere.
pub const OTHERS: [(&str, &str); 7] = [
    // traefik/traefik, pkg/provider/kubernetes/ingress/kubernetes.go, `traefikDefaultIngressClassController`.
    ("traefik.io/ingress-controller", "traefik"),
    // F5's, by the manifest of its class.
    ("nginx.org/ingress-controller", "nginx-ingress"),
    // haproxy-ingress.github.io/docs, `--controller-class`.
    ("haproxy-ingress.github.io/controller", "haproxy-ingress"),
    // haproxytech/kubernetes-ingress, pkg/store, `CONTROLLER`.
    ("haproxy.org/ingress-controller", "kubernetes-ingress"),
    // Kong's documentation, by the manifest of its class.
    ("ingress-controllers.konghq.com/kong", "kong"),
    // tailscale/tailscale, cmd/k8s-operator, `tailscaleIngressControllerName`.
    ("tailscale.com/ts-ingress", "k8s-operator"),
    // cilium/cilium-cli, defaults, `IngressControllerName`.
    ("cilium.io/ingress-controller", "cilium"),
];
