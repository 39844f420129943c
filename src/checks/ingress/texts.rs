//! Ports 80 and 443, the ingress controller and the Ingresses.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(PORT_OWNER, "no other pod has ports 80 and 443 of a node")
        .needs(&[id::API])
        .in_up()
        .about(
            "The pods of every namespace: does one other than the controller's have `hostPort` 80 or 443? A hostPort is an address translation and no socket, so `ss` on the node does not show who has it. A pod that waits for such a port is a warning. The check at the end of `up` looks only at pods that wait.",
            "The controller's pod stays Pending, or another program answers on port 80. The address of the node stays in DNS while the node is Ready.",
        )
        .causes(&[
            cause("k3s' servicelb gives the ports to a LoadBalancer Service, often Traefik's", "start every k3s server with `--disable=traefik,servicelb`"),
            cause("another ingress controller, or one of your programs, asks for the port", "remove its `hostPort`, or give it another port"),
            cause("another pod waits for the port, and will take it when the controller's pod restarts: the controller cannot evict it (`preemptionPolicy: Never`)", "remove that pod's `hostPort` before that"),
        ])
        .sources(&["k3s-io/k3s#383, #2403 and #4583", "containernetworking/plugins, portmap"]),
    Def::error(RELOAD, "nginx runs the newest configuration")
        .needs(&[id::API, id::INSTALLED])
        .in_up()
        .about(
            "The last lines of the log of each pod of the controller, and if these say nothing, its events `RELOAD` of the last hour. If nginx rejects the configuration, homelab searches the paths, hosts and annotations of the Ingresses and the controller's settings for the text in its error message.",
            "nginx keeps its old configuration, and no change takes effect: new names get 404 or the fake certificate, renewed certificates are not shown. A pod of the controller that starts during that time gets no configuration at all.",
        )
        .causes(&[
            cause("the path of an Ingress is not a valid regular expression, which `use-regex` or `rewrite-target` requires", "correct the path, or remove the Ingress"),
            cause("nginx does not accept the value of an annotation or a snippet", "correct it"),
            cause("an entry of `ingress.config` has a value that nginx does not know", "correct it, then run `homelab up`"),
        ])
        .sources(&["ingress-nginx, internal/ingress/controller/controller.go and nginx.go (`testTemplate`)", "ingress-nginx#13690 and #13351", "rancher/rancher#27037"]),
    Def::error(PODS, "the ingress controller runs on every node")
        .needs(&[id::API, id::NODES, PORT_OWNER, id::INSTALLED])
        .about(
            "The DaemonSet `ingress-nginx-controller`, its pods, the nodes with their taints, and the last lines of the log of a pod that exits again and again.",
            "Nothing answers on ports 80 and 443 of the node. While the node is Ready, its address stays in the DNS records if it was there before: `kubectl cordon NODE` removes it.",
        )
        .causes(&[
            cause("another pod has port 80 or 443 of the node", "see `ingress.port-owner`"),
            cause("the node cannot pull the image", "check the node's own DNS and its connection to the registry"),
            cause("the program exits when it starts: an argument or a setting was changed by hand", "run `kubectl -n ingress-nginx delete daemonset ingress-nginx-controller`, then `homelab up`"),
            cause("something kills it (exit code 137): the kernel when memory runs out, or the kubelet when its liveness probe fails", "look at the pod's events and the kernel's log; give the node more memory, or run less on it"),
            cause("the node has a taint that the controller does not tolerate", "remove the taint; the controller tolerates that of control planes"),
            cause("the DaemonSet is being rolled out: the next pod gets the ports when the previous one has exited", "wait some seconds"),
        ])
        .sources(&["ingress-nginx#6043 (`didn't have free ports`)", "Kubernetes docs, \"DaemonSet\""]),
    Def::error(CLUSTER_404, "the ingress controller answers inside the cluster")
        .needs(&[id::API, PODS])
        .in_up()
        .about(
            "`GET /` to a ready pod of the controller, through the proxy of the API server: no port of a node and no firewall is in between. For a name that no Ingress has, the right answer is nginx' 404 page.",
            "Every name fails, from everywhere.",
        )
        .causes(&[
            cause("no pod of the controller is ready", "see `ingress.pods`"),
            cause("another controller's pods have the same labels", "remove that installation"),
        ]),
    Def::error(HOSTPORT, "the node redirects ports 80 and 443 to the controller's pod")
        .needs(&[id::API, PODS, CLUSTER_404])
        .about(
            "Compares the answer on both ports of each node, from this machine, with the answer of the pod there, from inside the cluster. If the connection is refused, the node no longer redirects the port to the pod. A timeout counts as a failure only if the same port also refuses a connection from the API server. A timeout alone may be a firewall (see `ingress.node-404`). A check on the node itself cannot see a firewall: only a run on another machine shows what the LAN gets. A NetworkPolicy that keeps the LAN out is found everywhere: the doctor reads the policies of the pod's namespace.",
            "Nothing answers any more after a reload of the firewall or `nixos-rebuild switch`, although all pods are ready.",
        )
        .causes(&[
            cause("a reload of the firewall flushed the rules of the hostPorts; they are written only when a pod starts", "once `ingress.reload` passes, run `kubectl -n ingress-nginx rollout restart daemonset/ingress-nginx-controller`"),
            cause("nftables on NixOS starts from an empty ruleset at each reload", "set `networking.nftables.flushRuleset = false;`"),
            cause("one of your scripts runs `iptables -t nat -F`", "change it so that it flushes its own chains only"),
            cause("a NetworkPolicy of the controller's namespace allows other pods only: k3s rejects the LAN's connections, but not those from the node itself", "allow ports 80 and 443 from everywhere in it (a rule without `from`)"),
        ])
        .sources(&["containernetworking/plugins#512", "rancher/rke2#10469", "k3s-io/k3s#7542, #3583", "NixOS options, `networking.nftables.flushRuleset`"]),
    Def::error(NODE_404, "the ingress controller answers on the node's ports 80 and 443")
        .needs(&[id::API, PORT_OWNER, PODS, CLUSTER_404, HOSTPORT, id::SOURCE_NAT])
        .in_up()
        .about(
            "`GET /` to every address of every ready node, ports 80 and 443, with and without a name, from this machine. nginx' 404 page is right; `404 page not found` in plain text is Traefik's. On the node itself, this check cannot see a firewall that blocks the LAN: run the doctor on another machine, too. With `ingress.manage: false`, the addresses of the Ingresses are asked, and any answer is right.",
            "Browsers say that the site cannot be reached, or show another program's page.",
        )
        .causes(&[
            cause("a firewall of the node, or between the networks of the house, drops the port", "open 80 and 443 for the LAN; on NixOS `services.homelab.openFirewall` does that, unless you set it to false"),
            cause("Traefik, which k3s installs, answers instead of nginx", "start every k3s server with `--disable=traefik,servicelb`, then delete what is left of it"),
            cause("another program on the node listens there", "find it with `ss -ltnp` and give it another port"),
            cause("this machine is in a guest network, or its access point isolates clients", "join the network of the node"),
        ])
        .sources(&["k3s-io/k3s#5103 and #1160 (Traefik stays)", "k3s-io/k3s#977 (firewalls)"]),
    Def::error(CLASS, "every Ingress has a class that a controller serves")
        .needs(&[id::API, id::INSTALLED])
        .about(
            "The IngressClasses: does `nginx` belong to homelab's controller, and which one is marked as the default? And the class that each Ingress names.",
            "A name gets the 404 of an unknown name, and no record, although its Ingress exists.",
        )
        .causes(&[
            cause("the Ingress was written for another controller, such as Traefik", "give it `ingressClassName: nginx`"),
            cause("two classes are marked as the default: an Ingress without a class gets the newest", "keep one mark: `kubectl annotate ingressclass NAME ingressclass.kubernetes.io/is-default-class=false --overwrite`"),
            cause("the class is another controller's, and no pod of that controller runs", "give the Ingress `ingressClassName: nginx`, or start that controller"),
            cause("the IngressClass was removed", "run `homelab up`; with `ingress.manage: false`, set `ingress.class` to one that exists"),
            cause("the Ingress names no class, and `ingress.defaultClass` is off", "give it the class, or switch the option on"),
        ])
        .sources(&["Kubernetes docs, \"Ingress\", \"Default IngressClass\"", "kubernetes, plugin/pkg/admission/network/defaultingressclass", "ingress-nginx#7600"]),
    Def::error(WEBHOOK, "no webhook blocks changes to Ingresses")
        .needs(&[id::API])
        .about(
            "Every validating and mutating webhook that Kubernetes calls for Ingresses, with its Service, the ready pods behind that, and its `caBundle`. homelab's own controller has no webhook.",
            "`failed calling webhook \"validate.nginx.ingress.kubernetes.io\"` whenever an Ingress is applied, by `homelab up` too.",
        )
        .causes(&[
            cause("an installation with helm was removed and left its webhook behind", "run `kubectl delete validatingwebhookconfiguration NAME`"),
            cause("the pods behind the webhook are not ready", "find out why, and start them"),
            cause("its `caBundle` is empty: the Job that fills it in is a helm hook, and did not run", "install it again with helm"),
        ])
        .sources(&["ingress-nginx#5968, #13986 and #5401"]),
    Def::error(ANNOTATIONS, "the controller accepts the annotations of Ingresses")
        .needs(&[id::API])
        .about(
            "The annotations of each Ingress: snippets (unless the controller's settings allow them), values that the controller rejects in its log, and the Secrets and Services that they refer to (`auth-secret`, `auth-tls-secret`, `proxy-ssl-secret`, `default-backend`), and names that the controller does not know (a warning: it ignores them). The doctor does not read what is in a Secret: the controller's events and log say what is missing in it.",
            "A new Ingress gets 404; a change to an old one has no effect. If a Secret is missing, nginx answers 503 or 403 although the pods are ready.",
        )
        .causes(&[
            cause("the name of an annotation is mistyped, or is one of a controller of before", "correct it: the finding names the nearest one that is known; or remove it"),
            cause("snippets are off, because they let anyone who can create an Ingress read every Secret (CVE-2021-25742)", "use the annotation that is made for the purpose; `ingress.config` in the configuration can allow snippets"),
            cause("the value of an annotation is not valid", "correct it; see its page in the documentation"),
            cause("an annotation refers to a Secret that does not exist, lies in another namespace or lacks a key", "create the Secret in the Ingress' own namespace"),
            cause("`auth-tls-secret` or `proxy-ssl-secret` names a Secret without its namespace", "write NAMESPACE/NAME"),
            cause("`default-backend` refers to a Service that does not exist", "correct the name"),
        ])
        .sources(&["ingress-nginx, docs/user-guide/nginx-configuration/annotations-risk.md and configmap.md", "ingress-nginx v1.15.1, internal/ingress/annotations: auth, authtls, proxyssl, defaultbackend", "kubernetes/ingress-nginx#5282", "CVE-2021-25742"]),
    Def::warning(DUPLICATES, "no two Ingresses have the same host and path")
        .needs(&[id::API])
        .about(
            "Host, path and kind of path of every Ingress of the controller; a canary may share them.",
            "One of two programs gets no requests: the one with the newer Ingress.",
        )
        .causes(&[
            cause("a program's Helm chart created an Ingress, and the configuration names the same host", "switch off the chart's Ingress, or remove the service from the configuration"),
            cause("an Ingress was copied, and its host was not changed", "give it another host"),
        ])
        .sources(&["ingress-nginx, internal/ingress/controller/controller.go (`Location already configured`)"]),
    Def::error(TLS_SECRET, "every certificate that an Ingress names exists or will be issued")
        .needs(&[id::API, CLASS])
        .about(
            "The Secret of each `tls` entry: does it exist and have a certificate, or does a Certificate or an annotation ask cert-manager for it? Also the hosts of an Ingress that are in none of its `tls` entries. The doctor reads only the names of Secrets.",
            "Browsers warn of the \"Kubernetes Ingress Controller Fake Certificate\".",
        )
        .causes(&[
            cause("the Ingress lacks the annotation that asks cert-manager", "run `kubectl annotate ingress NAME cert-manager.io/cluster-issuer=ISSUER`"),
            cause("the Secret exists, but has no `tls.crt` and `tls.key`", "let cert-manager fill another one, or create it again with `kubectl create secret tls`"),
            cause("the Secret is in another namespace", "ask for a certificate in the Ingress' own namespace"),
            cause("a host was added to the rules, but not to `tls`", "add it to `tls`, too"),
        ])
        .sources(&["cert-manager docs, \"Annotated Ingress resource\"", "ingress-nginx#4680"]),
    Def::warning(ADDRESSES, "the nodes' addresses are written again and again")
        .needs(&[id::API])
        .in_up()
        .about(
            "Only where the ingress controller does not write the nodes' addresses into the Ingresses itself: `homelab up` does then, and between two runs homelab-addresses.timer, every half minute. It notes each run in the Lease `homelab/homelab-addresses`. More than three minutes without a run are a warning.",
            "Nothing, until a node is lost or gets another address: then its old address stays in DNS, and some requests fail.",
        )
        .causes(&[
            cause("nobody has started the timer: the Debian package starts nothing by itself", "run `sudo systemctl enable --now homelab-addresses.timer` on the first server; on NixOS the module starts it"),
            cause("homelab does not run as a service on a server, but by hand from elsewhere", "let a machine that is always on run `homelab addresses` every half minute"),
            cause("the timer runs, and its program fails", "read its journal: `journalctl -u homelab-addresses -u homelab-addresses-access`"),
        ])
        .sources(&["traefik/traefik#13839"]),
    Def::error(STATUS, "the Ingress has the addresses of ready nodes")
        .needs(&[id::API, PODS, CLASS, ANNOTATIONS, CLUSTER_404, id::INSTALLED])
        .in_up()
        .about(
            "Compares the addresses in the status of each host's Ingress with those of the nodes, and reads the controller's arguments and log. external-dns publishes the addresses in that status. With `ingress.manage: false`, any private address is right.",
            "The name has no record, or one with an address that no device in the house can reach.",
        )
        .causes(&[
            cause("the controller started a moment ago; the leading pod writes the status every few seconds", "wait a minute"),
            cause("it runs with `--publish-service` and writes the address of a Service (10.43.x.y)", "create its DaemonSet again with `homelab up`"),
            cause("it runs without `--report-node-internal-ip-address` and prefers a node's ExternalIP", "create its DaemonSet again with `homelab up`"),
            cause("it may not write the status: its ClusterRole was changed", "delete the ClusterRole, then `homelab up`"),
            cause("with `ingress.manage: false`: the Service of your controller, of type LoadBalancer, has no address, or your controller does not publish it", "install or enable a load balancer (k3s' servicelb, MetalLB, kube-vip, Cilium)"),
            cause("a node was lost, and its pod is not deleted yet", "bring the node back, or drain and delete it"),
            cause("the controller does not write the status, and homelab-addresses.timer, which does, has stopped", "run `homelab addresses`, and start the timer: see `ingress.addresses`"),
        ])
        .sources(&["ingress-nginx, internal/ingress/status/status.go", "ingress-nginx#2945"]),
    Def::error(SCRATCH, "a new Ingress is served within seconds")
        .needs(&[id::API, RELOAD, NODE_404, WEBHOOK, CLASS])
        .active()
        .about(
            "With `--active` only: creates an Ingress for a host below `.invalid`, which gets no record and no certificate, requests it from every ready node, and removes it. If a run is interrupted, the next one removes what it left.",
            "Changes to Ingresses have no effect.",
        )
        .causes(&[
            cause("a webhook refuses every Ingress", "see `ingress.webhook`"),
            cause("the controller does not reload, because another Ingress breaks its configuration", "see `ingress.reload`"),
        ]),
    Def::warning(MIGRATION, "another controller reads the annotations of every Ingress alike")
        .needs(&[id::API])
        .asked()
        .about(
            "With `--check ingress.migration` only, before `ingress.controller` is changed: the annotations `nginx.ingress.kubernetes.io/…` of every Ingress that homelab did not write, against those that Traefik reads. homelab's own Ingresses are written anew for the other controller; an annotation in the configuration that it does not read is refused when the configuration is read.",
            "After the change, an Ingress has no password page, lets everybody in, redirects elsewhere, or answers 404.",
        )
        .causes(&[
            cause("Traefik does not know the annotation and ignores it", "do what the finding says of it, before the change"),
            cause("the Ingress has a snippet: Traefik leaves the whole Ingress out", "remove it, and use annotations that are made for the purpose"),
            cause("Traefik reads the annotation with another meaning (`proxy-ssl-server-name`, `ssl-passthrough`)", "do what the finding says of it, before the change"),
        ])
        .sources(&["traefik/traefik v3.7.13, pkg/provider/kubernetes/ingress-nginx/annotations.go", "Traefik documentation, \"Traefik & Ingresses with NGINX Annotations\""]),
    Def::warning(EOL, "the controller still gets updates")
        .needs(&[id::API])
        .about(
            "The image of the controller's DaemonSet (with `ingress.manage: false`, those of all pods), and the version of nginx in it: known of the pinned image, read in the log of any other (`nginx version:`, which stands at its beginning and may be gone). That version is compared with the flaws of nginx that were published since March 2026, when the project kubernetes/ingress-nginx was retired: there are no releases and no fixes after that. homelab still uses it, because it reports the nodes' own addresses. A note, as long as the settings keep their protections; a warning if one is removed, or if another image has an nginx with known flaws.",
            "Nothing, until somebody uses a vulnerability in it.",
        )
        .causes(&[
            cause("the image is the project's own", "keep ports 80 and 443 closed to the internet; with `images: { ingressNginx: … }` you can use a maintained build of the same controller"),
            cause("`ingress.config` removes a protection, HTTP/2 off for example", "remove that entry, and run `homelab up`"),
            cause("another image has an nginx without the newest fixes", "take a newer build of that image"),
        ])
        .sources(&["README of kubernetes/ingress-nginx, 2026-03-20", "nginx.org, \"nginx security advisories\", and CVEProject/cvelistV5, read on 2026-11-30", "kubernetes.io/blog, 2025-11-11, \"Ingress NGINX Retirement\"", "traefik/traefik#13755"]),
];
