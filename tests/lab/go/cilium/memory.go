package main

import (
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/cilium/cilium/pkg/defaults"
	"github.com/cilium/cilium/pkg/fqdn"
)

// What the pods of one node do with one name, and how often the agent looks through its connections; all times are seconds.
type history struct {
	TTL       int     `json:"ttl"`
	Looks     int     `json:"looks"`
	Until     int     `json:"until"`
	Lookups   []event `json:"lookups"`
	Connected []event `json:"connected"`
}

// A pod looks up the name and gets these addresses; or has a connection to them, until a time.
type event struct {
	Pod       string       `json:"pod"`
	At        int          `json:"at"`
	Until     int          `json:"until"`
	Addresses []netip.Addr `json:"addresses"`
}

// From when on which addresses are allowed by the name on that node.
type allowed struct {
	At        int          `json:"at"`
	Addresses []netip.Addr `json:"addresses"`
}

// What the agent keeps of one pod.
type memory struct {
	history *fqdn.DNSCache
	zombies *fqdn.DNSZombieMappings
}

const name = "db.k8s.intra."

// How often expired names are collected (pkg/fqdn/namemanager/gc.go, `DNSGCJobInterval`, whose package needs a real agent's).
const collects = 60

// The agent's own memory of names, on a clock of ours: its collection of expired names each minute (pkg/fqdn/namemanager/gc.go, `doGC`, is done
// here step by step, for it asks the endpoints of a real agent), and its looks through the connections (pkg/maps/ctmap/gc/gc.go).
func remembered(logger *slog.Logger, histories []history) ([][]allowed, error) {
	all := [][]allowed{}
	for _, history := range histories {
		all = append(all, history.replay(logger))
	}
	return all, nil
}

func (h history) replay(logger *slog.Logger) []allowed {
	// Long ago: what the cache forces out is what was looked up before now.
	began := time.Now().Add(-48 * time.Hour).Truncate(time.Second)
	at := func(second int) time.Time { return began.Add(time.Duration(second) * time.Second) }
	node := fqdn.NewDNSCache(defaults.ToFQDNsMinTTL)
	pods := map[string]memory{}
	seen := []allowed{}
	for second := 0; second <= h.Until; second++ {
		for _, lookup := range h.Lookups {
			if lookup.At != second {
				continue
			}
			pod, known := pods[lookup.Pod]
			if !known {
				pod = memory{
					history: fqdn.NewDNSCacheWithLimit(defaults.ToFQDNsMinTTL, defaults.ToFQDNsMaxIPsPerHost),
					zombies: fqdn.NewDNSZombieMappings(logger, defaults.ToFQDNsMaxDeferredConnectionDeletes, defaults.ToFQDNsMaxIPsPerHost),
				}
				pods[lookup.Pod] = pod
			}
			pod.history.Update(at(second), name, lookup.Addresses, h.TTL)
			node.Update(at(second), name, lookup.Addresses, h.TTL, pod.history)
		}
		if second > 0 && second%h.Looks == 0 {
			h.look(pods, second, at)
		}
		if second > 0 && second%collects == 0 {
			collect(node, pods, at(second))
		}
		addresses := []netip.Addr{}
		for address := range node.GetIPs() {
			addresses = append(addresses, address)
		}
		slices.SortFunc(addresses, netip.Addr.Compare)
		if len(seen) == 0 || !slices.Equal(seen[len(seen)-1].Addresses, addresses) {
			seen = append(seen, allowed{At: second, Addresses: addresses})
		}
	}
	return seen
}

// Each address to which a pod has a connection is marked.
func (h history) look(pods map[string]memory, second int, at func(int) time.Time) {
	for _, connection := range h.Connected {
		pod, known := pods[connection.Pod]
		if !known || second < connection.At || second >= connection.Until {
			continue
		}
		for _, address := range connection.Addresses {
			pod.zombies.MarkAlive(at(second), address)
		}
	}
	for _, pod := range pods {
		pod.zombies.SetCTGCTime(at(second), at(second+h.Looks))
	}
}

func collect(node *fqdn.DNSCache, pods map[string]memory, now time.Time) {
	// Long enough for two rounds.
	lives := 2 * collects
	connected := fqdn.NewDNSCache(lives)
	caches := []*fqdn.DNSCache{connected}
	clean := map[string]bool{}
	for _, pod := range pods {
		for expired := range pod.history.GC(now, pod.zombies) {
			clean[expired] = true
		}
		alive, dead := pod.zombies.GC()
		for _, one := range alive {
			for _, name := range one.Names {
				clean[name] = true
				connected.Update(now, name, []netip.Addr{one.IP}, lives)
			}
		}
		for _, one := range dead {
			for _, name := range one.Names {
				clean[name] = true
			}
		}
		caches = append(caches, pod.history)
	}
	names := []string{}
	for name := range clean {
		names = append(names, name)
	}
	node.ReplaceFromCacheByNames(names, caches...)
}
