//! What pods reach.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(HOME, "this machine is in the nodes' network")
        .about(
            "Only if the cluster cannot be asked: the doctor compares the networks of this machine with the addresses in the records, \
             and asks those addresses for a name that does not exist. It fails if they are in another network and do not answer, or \
             if another machine answers there.",
            "Every name resolves, but no site opens, or an unknown page opens.",
        )
        .causes(&[
            cause("this machine is not at home", "try again at home, or connect with a VPN that routes to the home network"),
            cause(
                "the network here has the same address range as at home (192.168.1.0/24 is common)",
                "try again at home; a VPN helps only if one of the two networks changes its range",
            ),
            cause(
                "another machine at home uses the node's address",
                "give the node a reserved address in the router's DHCP",
            ),
            cause(
                "a guest network isolates its devices",
                "join the network of the nodes",
            ),
        ])
        .sources(&["RFC 1918"]),
    Def::error(CROSS_NODE, "the API server's node reaches the pods of every node")
        .needs(&[id::KUBECONFIG, id::API, id::NODES])
        .about(
            "With more than one node: the API server asks the ingress controller's pod on each node at its pod address. That proves the network from the API server's node to the pods of each other node. It does not prove the network between two other nodes, or large packets.",
            "Half of the requests fail, or webhooks time out: those for a pod on another node.",
        )
        .causes(&[
            cause("UDP 8472 (VXLAN) is closed between the nodes", "open it between the nodes, on NixOS with `services.homelab.clusterFirewall.enable = true;` on each; 51820 with the wireguard backend"),
            cause("k3s says `proxy error from 127.0.0.1:6443 while dialing`, code 502, at once: no route, or a firewall rejects the connection", "its log has the reason: `journalctl -u k3s | grep 'Sending HTTP 502 response'`"),
            cause("a NetworkPolicy allows connections from pods only: k3s enforces it, and the error says `refused`", "allow ports 80 and 443 from everywhere in it"),
            cause("one machine is a copy of the other, with the same `/etc/machine-id`, so flannel's interfaces have the same MAC address", "run `sudo rm /etc/machine-id && sudo systemd-machine-id-setup` on the copy, and reboot it"),
            cause("the other node has changed its address, and flannel still has the old one", "restart k3s on both; a server with etcd does not start with a different address: give the node its old address"),
            cause("the network card's driver breaks the checksums of VXLAN packets", "run `ethtool -K flannel.1 tx-checksum-ip-generic off`"),
        ])
        .sources(&["k3s documentation, \"Requirements\": Inbound Rules", "nixpkgs, k3s docs/USAGE.md", "cert-manager/cert-manager#2811, #6522", "k3s, pkg/daemons/control/tunnel.go, pkg/agent/netpol/netpol.go", "k3s-io/k3s#10474, #11418", "flannel-io/flannel#1155, #1795", "systemd.link(5): MACAddressPolicy"]),
    Def::error(POD_API, "pods reach the API server")
        .needs(&[id::KUBECONFIG, id::API, id::FORWARDING])
        .about(
            "The last lines of the logs of CoreDNS, cert-manager, external-dns and the ingress controller, if the pod is not ready: does a connection to the API server's Service (`10.43.0.1:443`, unless you chose another range) fail?",
            "CoreDNS, cert-manager or metrics-server never become ready. The node itself reaches the API server, so `kubectl` works.",
        )
        .causes(&[
            cause("the node's firewall drops packets from pods, which reach port 6443 through the interface `cni0`", "allow packets from `cni0` and `flannel.1`, as homelab's NixOS module does"),
            cause("the rules of kube-proxy were flushed by a firewall that reloads", "restart k3s, which rewrites them; NixOS `networking.nftables.flushRuleset = false;`"),
            cause("a NetworkPolicy of the pod's namespace blocks outgoing connections: k3s enforces it, and the error says `refused`", "allow it in the policy's `egress`"),
            cause("the LAN has the same range as the pods or the Services", "choose others with `--cluster-cidr` and `--service-cidr`, in a new cluster"),
        ])
        .sources(&["nixpkgs, k3s docs/USAGE.md: 6443 is required so that pods can reach the API server", "NixOS/nixpkgs#98766, #175513", "k3s-io/k3s#977, #24"]),
    Def::error(COREDNS_CUSTOM, "every entry of `coredns-custom` is one that CoreDNS takes")
        .needs(&[id::KUBECONFIG, id::API])
        .about(
            "The ConfigMaps `coredns` and `coredns-custom` in `kube-system`, and what CoreDNS wrote when it last read them. k3s imports the entries `*.override` into the block for all names, and `*.server` as blocks of their own.",
            "Nothing, at first: CoreDNS goes on with what it read before. After its next restart it does not start, and no pod resolves a name.",
        )
        .causes(&[
            cause("an entry `*.override` has `hosts`, `cache` or another plugin that the Corefile has already: CoreDNS takes it once in a block", "move it into an entry `*.server`, in a block for just its zone; homelab does so for you with `dns.hosts` and `dns.insideZones`"),
            cause("two blocks are for the same zone", "remove one of them"),
            cause("a mistake in an entry: a brace that is never closed, a plugin that there is not", "correct it, or remove the entry"),
        ])
        .sources(&["k3s documentation, \"CoreDNS custom configuration imports\"", "CoreDNS 1.14.7, plugin/hosts/setup.go, core/dnsserver/address.go, plugin/reload/reload.go"]),
    Def::error(COREDNS, "the DNS server of the cluster runs")
        .needs(&[id::KUBECONFIG, id::API, POD_API, COREDNS_CUSTOM])
        .about(
            "The pods of `kube-system` with the label `k8s-app=kube-dns`, the end of their logs, and the ConfigMaps `coredns` and `coredns-custom` that they read.",
            "No pod can resolve names: no certificates, no records, and applications that do not find their database.",
        )
        .causes(&[
            cause("`plugin/loop: Loop`: `--resolv-conf` of k3s names a file with a resolver on the loopback address, which inside the pod is CoreDNS itself (without that flag, k3s uses no such file)", "write the router's address into that file"),
            cause("`plugin/loop: Loop`: an entry in `coredns-custom` contains `forward .` with the address of CoreDNS itself", "remove that line"),
            cause("`plugin/loop: Loop`: a resolver of the LAN (Pi-hole, AdGuard Home) has the cluster's DNS as its upstream", "give it another upstream"),
            cause("`plugin/loop: Loop` on another Kubernetes: the node's resolv.conf names a resolver on the loopback address (systemd-resolved, dnsmasq)", "give the kubelet `/run/systemd/resolve/resolv.conf`"),
            cause("`Error during parsing`: a mistake in the Corefile or in `coredns-custom`", "correct the ConfigMap `coredns-custom` in `kube-system`"),
            cause("its image cannot be pulled", "the finding quotes the registry"),
            cause("it was scaled to 0", "run `kubectl -n kube-system scale deployment/coredns --replicas=1`"),
        ])
        .sources(&["CoreDNS documentation, plugin loop: Troubleshooting", "k3s, manifests/coredns.yaml; documentation, \"CoreDNS custom configuration imports\"; k3s-io/k3s#12979, #10951", "coredns/coredns#2087", "kubernetes/kubeadm#1162"]),
    Def::error(INSIDE_NAMES, "pods get the names of `dns.hosts` and `dns.insideZones`")
        .needs(&[id::KUBECONFIG, id::API, COREDNS])
        .in_up()
        .about(
            "On a node: each ready pod of CoreDNS is asked at its own address for a name that tells which blocks it has read, for the serial of each zone that has a file, and for the names in `dns.hosts`; 24 in all.",
            "Pods do not find a machine of the house, or find it at its old address.",
        )
        .causes(&[
            cause("`homelab up` has not run since the configuration was changed", "run `homelab up`"),
            cause("the kubelet renews the files of a pod within a minute and a half, and CoreDNS looks at them every 30 seconds", "wait two minutes"),
            cause("CoreDNS does not take another entry of `coredns-custom`", "its log names the entry; correct it"),
            cause("the server of the house that `forward` names does not answer, or not to addresses of pods", "ask it from the node with `dig`; allow the range of pods in it"),
        ])
        .sources(&["Kubernetes documentation, \"ConfigMaps\": mounted ConfigMaps are updated automatically", "CoreDNS documentation, reload, hosts, file, forward"]),
    Def::error(POD_DNS, "pods resolve names")
        .needs(&[id::KUBECONFIG, id::API, id::FORWARDING, COREDNS, id::RESOLVER])
        .about(
            "On a node: a query to the DNS Service of the cluster, as a pod would send it, for a name of the cluster and for the DNS provider's API. Everywhere: failed look-ups in the logs of homelab's pods in the last 90 seconds.",
            "`no such host`, `server misbehaving` or `i/o timeout` in the logs of cert-manager and external-dns; records and certificates stay as they are.",
        )
        .causes(&[
            cause("an entry in `coredns-custom` contains `forward .` with a resolver that does not answer", "correct or remove it"),
            cause("CoreDNS asks 8.8.8.8 and 2001:4860:4860::8888, because the node's resolv.conf has only loopback addresses, and the router blocks port 53 to the internet", "write a file with the router's address, and start k3s with `--resolv-conf=FILE`"),
            cause("all of the node's resolvers have IPv6 addresses, and pods have none", "write a file with an IPv4 resolver, and start k3s with `--resolv-conf=FILE`"),
            cause("the router does not answer CoreDNS", "find its address with `resolvectl status` on the node, and try it with `dig`"),
            cause("a NetworkPolicy keeps pods from CoreDNS, or CoreDNS from its resolver: k3s rejects that, and logs say `connection refused`", "allow port 53, UDP and TCP, in it"),
            cause("the node's firewall drops port 53 between pods", "allow packets from `cni0` and `flannel.1`, as homelab's NixOS module does"),
        ])
        .sources(&["k3s-io/k3s#4087, #1527", "k3s-io/k3s#1826, #3153", "NixOS/nixpkgs#98766"]),
    Def::error(NDOTS, "no wildcard answers for the names that pods look up")
        .needs(&[id::KUBECONFIG, id::API, id::SEARCH_DOMAIN, POD_DNS])
        .about(
            "The logs of homelab's pods: did they get a certificate for a different name than they asked for? On a node also: does `API-NAME.SEARCH-DOMAIN` resolve, for the name of the DNS provider's API and each search domain in resolv.conf?",
            "`x509: certificate is valid for *.home.example.com`, not for the name that the pod asked for: names that a pod looks up resolve to homelab's own ingress controller.",
        )
        .causes(&[
            cause("the node's resolv.conf has a search domain, usually from DHCP, in which a wildcard record `*.DOMAIN` answers every name; pods try it first (ndots:5)", "start k3s with `--resolv-conf=FILE` and a file without a search domain; or remove the wildcard record"),
        ])
        .sources(&["k3s-io/k3s#1527, #2801, #5045", "resolv.conf(5): search, ndots"]),
    Def::error(EGRESS, "pods reach the provider and the certificate authority")
        .needs(&[id::KUBECONFIG, id::API, id::FORWARDING, POD_DNS, NDOTS, id::RESOLVER])
        .about(
            "Failed connections to addresses outside the cluster in the logs of cert-manager and external-dns, in the last 90 seconds. A pod's way to the internet may differ from this machine's.",
            "Records and certificates stay as they are, although the same addresses answer on the node.",
        )
        .causes(&[
            cause("a firewall on the node or the router drops packets of pods: a rule in FORWARD, or an egress rule for certain addresses", "allow the pods' range to the internet, or allow forwarding from `cni0`"),
            cause("a proxy or virus scanner in between answers with its own certificate", "exclude the API of the DNS provider and the ACME server from it"),
            cause("pods try IPv6 addresses, but the LAN has no IPv6 internet", "disable IPv6 on the node or give it a route"),
        ])
        .sources(&["k3s-io/k3s#977"]),
];
