package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"

	"github.com/cilium/cilium/pkg/defaults"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/identity/identitymanager"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	"github.com/cilium/cilium/pkg/policy/utils"
	testpolicy "github.com/cilium/cilium/pkg/testutils/policy"
	"github.com/cilium/cilium/pkg/u8proto"
)

const clusterName = defaults.ClusterName

// A pod, as the policies see it.
type pod struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
}

// A way out of a pod: to another pod, to an address (of a name, which it has asked for), or to what Cilium has an entity for.
type way struct {
	From     pod    `json:"from"`
	To       *pod   `json:"to"`
	Name     string `json:"name"`
	Address  string `json:"address"`
	Entity   string `json:"entity"`
	Port     uint16 `json:"port"`
	Protocol string `json:"protocol"`
}

// Where names are asked for.
var nameServer = pod{Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"}}

// What Cilium knows pods by (pkg/k8s/utils, `SanitizePodLabels`): its own labels and the namespace's among them.
func (p pod) labels() labels.Labels {
	all := map[string]string{
		"io.kubernetes.pod.namespace":                                p.Namespace,
		"io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name": p.Namespace,
		"io.cilium.k8s.policy.cluster":                               clusterName,
	}
	for key, value := range p.Labels {
		all[key] = value
	}
	return labels.Map2Labels(all, labels.LabelSourceK8s)
}

// Whether Cilium lets each way be: "open" or "shut".
func verdicts(logger *slog.Logger, files []string, ways []way) ([]string, error) {
	option.Config.EnableNonDefaultDenyPolicies = defaults.EnableNonDefaultDenyPolicies
	policy.SetPolicyEnabled(option.DefaultEnforcement)
	rules, err := all(logger, files)
	if err != nil {
		return nil, err
	}
	answers := []string{}
	for _, way := range ways {
		open, err := isOpen(logger, rules, way)
		if err != nil {
			return nil, err
		}
		if open {
			answers = append(answers, "open")
		} else {
			answers = append(answers, "shut")
		}
	}
	return answers, nil
}

func all(logger *slog.Logger, files []string) (api.Rules, error) {
	var rules api.Rules
	for _, file := range files {
		objects, err := policies(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, object := range objects {
			of, err := read(logger, object)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", file, object.GetName(), err)
			}
			rules = append(rules, of...)
		}
	}
	return rules, nil
}

func isOpen(logger *slog.Logger, rules api.Rules, way way) (bool, error) {
	protocol, err := u8proto.ParseProtocol(way.Protocol)
	if err != nil {
		return false, err
	}
	to, err := destination(logger, rules, way)
	if err != nil {
		return false, err
	}
	return verdict(logger, rules, way.From, to, protocol, way.Port)
}

// The labels of what the way leads to. An address has those of the names that the pod has learned it by (pkg/fqdn/namemanager,
// `deriveLabelsForName`).
func destination(logger *slog.Logger, rules api.Rules, way way) (labels.Labels, error) {
	switch {
	case way.To != nil:
		return way.To.labels(), nil
	case way.Entity != "":
		return labels.NewLabelsFromModel([]string{labels.LabelSourceReserved + ":" + way.Entity}), nil
	}
	address, err := netip.ParseAddr(way.Address)
	if err != nil {
		return nil, err
	}
	found := labels.GetCIDRLabels(netip.PrefixFrom(address, address.BitLen()))
	if way.Name == "" {
		return found, nil
	}
	learns, err := learns(logger, rules, way.From, way.Name)
	if err != nil || !learns {
		return found, err
	}
	for _, rule := range rules {
		for _, egress := range rule.Egress {
			for _, selector := range egress.ToFQDNs {
				matcher, err := selector.ToRegex()
				if err != nil {
					return nil, err
				}
				if means(matcher, way.Name) {
					label := selector.IdentityLabel()
					found[label.Key] = label
				}
			}
		}
	}
	return found, nil
}

// Whether the DNS proxy sees the pod ask for a name: a rule with `dns` leads its questions there, and lets this one through. What
// no such rule leads there, no selector of names ever hears of.
func learns(logger *slog.Logger, rules api.Rules, from pod, name string) (bool, error) {
	open, err := verdict(logger, rules, from, nameServer.labels(), u8proto.UDP, 53)
	if err != nil || !open {
		return false, err
	}
	for _, rule := range rules {
		if !policytypes.NewLabelSelector(rule.EndpointSelector).Matches(from.labels().LabelArray()) {
			continue
		}
		for _, egress := range rule.Egress {
			for _, ports := range egress.ToPorts {
				if ports.Rules == nil {
					continue
				}
				for _, let := range ports.Rules.DNS {
					selector := api.FQDNSelector(let)
					var matcher *regexp.Regexp
					if matcher, err = selector.ToRegex(); err != nil {
						return false, err
					}
					if means(matcher, name) {
						return true, nil
					}
				}
			}
		}
	}
	return false, nil
}

// Whom a selector of names is told to: the names are known here.
type nobody struct{}

func (nobody) RegisterFQDNSelector(api.FQDNSelector) uint64   { return 0 }
func (nobody) UnregisterFQDNSelector(api.FQDNSelector) uint64 { return 0 }

// What Cilium's policy engine says (pkg/policy, `LookupFlow`), asked anew each time: identities stay in it.
func verdict(logger *slog.Logger, rules api.Rules, from pod, to labels.Labels, protocol u8proto.U8proto, port uint16) (bool, error) {
	source := identity.NewIdentity(identity.NumericIdentity(1001), from.labels())
	target := identity.LookupReservedIdentityByLabels(to)
	if target == nil {
		target = identity.NewIdentity(identity.NumericIdentity(1002), to)
	}
	known := identity.IdentityMap{source.ID: source.LabelArray, target.ID: target.LabelArray}
	manager := identitymanager.NewIDManager(logger)
	repository := policy.NewPolicyRepository(logger, known, nil, nil, manager, testpolicy.NewPolicyMetricsNoop())
	repository.GetSelectorCache().SetLocalIdentityNotifier(nobody{})
	manager.Subscribe(testpolicy.SelectorCacheObserver{Cache: repository.GetSubjectSelectorCache()})
	repository.MustAddPolicyEntries(utils.RulesToPolicyEntries(rules))
	flow := policytypes.Flow{From: source, To: target, Proto: protocol, Dport: port}
	found, _, _, err := policy.LookupFlow(logger, repository, manager, flow)
	if err != nil {
		return false, err
	}
	return found.Egress == policytypes.DecisionAllowed, nil
}
