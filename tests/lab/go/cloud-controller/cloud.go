package main

import (
	"context"
	"errors"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/klog/v2"
)

type cloud struct {
	settings
	client kubernetes.Interface
}

func (c *cloud) Initialize(builder cloudprovider.ControllerClientBuilder, stop <-chan struct{}) {
	c.client = builder.ClientOrDie("servicelb")
	ctx := wait.ContextForChannel(stop)
	if c.ServiceLB {
		go wait.UntilWithContext(ctx, c.tellAddresses, 2*time.Second)
		return
	}
	all := meta.ListOptions{LabelSelector: forService}
	if err := c.client.AppsV1().DaemonSets(namespace).DeleteCollection(ctx, meta.DeleteOptions{}, all); err != nil {
		klog.Fatal(err)
	}
}

func (c *cloud) LoadBalancer() (cloudprovider.LoadBalancer, bool) { return c, c.ServiceLB }
func (c *cloud) InstancesV2() (cloudprovider.InstancesV2, bool)   { return c, true }
func (c *cloud) Instances() (cloudprovider.Instances, bool)       { return nil, false }
func (c *cloud) Zones() (cloudprovider.Zones, bool)               { return nil, false }
func (c *cloud) Clusters() (cloudprovider.Clusters, bool)         { return nil, false }
func (c *cloud) Routes() (cloudprovider.Routes, bool)             { return nil, false }
func (c *cloud) ProviderName() string                             { return name }
func (c *cloud) HasClusterID() bool                               { return true }

// Machines at home are never gone for good.
func (c *cloud) InstanceExists(context.Context, *core.Node) (bool, error)   { return true, nil }
func (c *cloud) InstanceShutdown(context.Context, *core.Node) (bool, error) { return false, nil }

// What k3s notes on its node when it starts there. Before that, nothing is known.
func (c *cloud) InstanceMetadata(_ context.Context, node *core.Node) (*cloudprovider.InstanceMetadata, error) {
	internal := node.Annotations["k3s.io/internal-ip"]
	if internal == "" {
		return nil, errors.New("address annotations not yet set")
	}
	var addresses []core.NodeAddress
	add := func(kind core.NodeAddressType, list string) {
		for _, one := range strings.Split(list, ",") {
			if one != "" {
				addresses = append(addresses, core.NodeAddress{Type: kind, Address: one})
			}
		}
	}
	add(core.NodeInternalIP, internal)
	add(core.NodeExternalIP, node.Annotations["k3s.io/external-ip"])
	add(core.NodeHostName, node.Annotations["k3s.io/hostname"])
	return &cloudprovider.InstanceMetadata{
		ProviderID: name + "://" + node.Name, InstanceType: name, NodeAddresses: addresses,
	}, nil
}
