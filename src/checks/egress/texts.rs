//! Where pods may connect to.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

const CILIUM: &str = "cilium 1.20.2: pkg/policy/api, pkg/fqdn";

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(EGRESS_ENGINE, "the cluster enforces what `egress` says")
        .needs(&[id::API])
        .about(
            "Only with `egress`: looks for who enforces policies, in the nodes' notes of how k3s was started and among the DaemonSets; with a rule by name, \
             for Cilium and its definition. That a policy is enforced only `egress.enforced` shows.",
            "`homelab up` stops before it writes anything; policies that are there already keep nobody in.",
        )
        .causes(&[
            cause("k3s was started with `--disable-network-policy`", "take it out of k3s' configuration, and restart k3s"),
            cause("the agents of Cilium or another network do not run", "look at their pods"),
            cause("a rule is a name, and the cluster's network knows addresses alone", "make Cilium the cluster's network, or let a proxy connect by name"),
        ])
        .sources(&["k3s: pkg/cli/cmds/server.go, pkg/agent/netpol/netpol.go", "cilium 1.20.2: install/kubernetes/cilium/templates/cilium-agent/daemonset.yaml"]),
    Def::error(EGRESS_ENFORCED, "policies are enforced on each node")
        .needs(&[EGRESS_ENGINE, id::COREDNS])
        .in_up()
        .active()
        .about(
            "Only with `egress`; `homelab up` does it, too. Starts a pod on each node (8 at most), from an image that is there already. It tries two ports of a \
             pod of CoreDNS: first without a policy, when both must answer, then with one that allows only DNS. The port that is not allowed must stop to \
             answer within 20 s, and DNS must go on. Nothing leaves the cluster; pod and policy are removed, also after a run that was killed.",
            "A program connects to what its `egress` does not allow, and nothing says so.",
        )
        .causes(&[
            cause("k3s was started with `--disable-network-policy`", "take it out of k3s' configuration, and restart k3s"),
            cause("k3s could not start its policy controller: the node has no `ipset`, or the kernel lacks its modules", "install them, and restart k3s; its log says `Skipping network policy controller start`"),
            cause("another network took the place of flannel, and enforces no policies", "take one that does: Cilium, Calico; or k3s' own"),
            cause("packets between pods of one node do not pass the node's firewall: `br_netfilter` is not loaded (seen on the node where CoreDNS runs alone)", "`sudo modprobe br_netfilter`"),
        ])
        .sources(&["k3s: pkg/agent/netpol/netpol.go", "kube-router 2.1.0: pkg/controllers/netpol"]),
    Def::warning(EGRESS_NEEDS, "no policy keeps the lab's own programs from what they need")
        .needs(&[id::API])
        .about(
            "Reads the NetworkPolicies of everybody, and where Cilium's agents run its own two kinds, too: whether the ingress controller reaches the API server, \
             and whether cert-manager and external-dns reach the API server, DNS and port 443 of the internet. The API server is reached at each of its addresses, \
             as the slice of its Service has them. A policy of Cilium's is named only for what it leaves out for certain: `toServices`, `toGroups` and `toNodes` \
             count as letting through.",
            "Sooner or later no new name, no renewed certificate, or no page at all.",
        )
        .causes(&[cause(
            "a policy that denies everything by default was put into their namespace too",
            "add a policy that allows what the finding names, or leave these namespaces out",
        )])
        .sources(&["Kubernetes docs, \"Network Policies\"", "cilium 1.20.2: pkg/policy/api/rule.go, rule_validation.go, egress.go, entity.go"]),
    Def::warning(EGRESS_DNS_RULE, "what pods look up is seen wherever a rule is a name")
        .needs(&[id::API])
        .about(
            "Reads the policies of Cilium's two kinds: each namespace with `toFQDNs` needs a rule to port 53 with `rules: dns`, by which Cilium's proxy sees \
             the answers. Without it, no name ever has an address.",
            "Every connection to an allowed name times out.",
        )
        .causes(&[cause("a policy was written by hand, and its DNS rule forgotten", "add the rule that the finding prints")])
        .sources(&[CILIUM]),
    Def::info(EGRESS_WILDCARD, "a pattern of names is for those that it looks like")
        .needs(&[id::API])
        .about(
            "Reads the patterns of every policy of Cilium's: `*.example.org` is for one label in front, so neither for `example.org` nor for \
             `a.b.example.org`; `**.example.org` is for one label or more.",
            "Most of a program's connections work, and some time out.",
        )
        .causes(&[cause(
            "the program uses the name itself, or names with more labels",
            "add the name itself, or write `**.` for names of several labels",
        )])
        .sources(&["cilium 1.20.2: pkg/fqdn/matchpattern/matchpattern.go, pkg/policy/api/fqdn.go"]),
    Def::info(EGRESS_CACHE, "the addresses that Cilium allows for names are known")
        .needs(&[id::API])
        .about(
            "Only where Cilium's agents run and a policy has rules by name: says on which nodes pods may be concerned, and in which pod of Cilium's to look. homelab \
             does not look itself: only the agent on the pod's node knows, and asking it means to run a program in its pod, which may do anything on that node.",
            "A connection to a new address of a name times out until the pod looks the name up again; one to an old address may go on being allowed for hours.",
        )
        .causes(&[cause(
            "the name has moved, and the agent still allows the address of before",
            "`cilium-dbg fqdn cache list` in the agent's pod shows it, `cilium-dbg fqdn cache clean` forgets it; what is open there may be interrupted",
        )])
        .sources(&[
            "cilium 1.20.2: pkg/fqdn/namemanager, pkg/identity/identity.go, Documentation/observability/metrics.rst",
        ]),
    Def::error(EGRESS_HOSTPORT, "with Cilium, the nodes' ports lead to the ingress controller")
        .needs(&[id::API])
        .about(
            "Only where Cilium's agents run: reads `kube-system/cilium-config`. Cilium serves a pod's `hostPort` itself only with `kubeProxyReplacement`; \
             otherwise the CNI plugin `portmap` has to be chained to it.",
            "Nothing answers on ports 80 and 443 of the nodes, although the controller is ready.",
        )
        .causes(&[cause(
            "Cilium was installed without `kubeProxyReplacement=true` and without `cni.chainingMode=portmap`",
            "set `kubeProxyReplacement=true` in Cilium's values, and restart its agents",
        )])
        .sources(&["cilium 1.20.2: Documentation/network/kubernetes/kubeproxy-free.rst, \"Container HostPort Support\""]),
];
