package main

import (
	"regexp"

	"github.com/cilium/cilium/pkg/fqdn/dns"
	"github.com/cilium/cilium/pkg/policy/api"
)

// A selector of `toFQDNs`, and names.
type selector struct {
	Name    string   `json:"matchName"`
	Pattern string   `json:"matchPattern"`
	Names   []string `json:"names"`
}

// Those of the names that it means.
func names(selectors []selector) ([][]string, error) {
	all := [][]string{}
	for _, selector := range selectors {
		matcher, err := (&api.FQDNSelector{MatchName: selector.Name, MatchPattern: selector.Pattern}).ToRegex()
		if err != nil {
			return nil, err
		}
		meant := []string{}
		for _, name := range selector.Names {
			if means(matcher, name) {
				meant = append(meant, name)
			}
		}
		all = append(all, meant)
	}
	return all, nil
}

// Cilium keeps names of answers absolute and in small letters.
func means(matcher *regexp.Regexp, name string) bool {
	return matcher.MatchString(dns.FQDN(name))
}
