package main

import (
	"context"
	"fmt"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/cloud-provider/service/helpers"
	"k8s.io/klog/v2"
	"slices"
)

const (
	namespace   = "kube-system"
	forService  = "svccontroller.k3s.cattle.io/svcname"
	inNamespace = "svccontroller.k3s.cattle.io/svcnamespace"
)

func (c *cloud) GetLoadBalancerName(_ context.Context, _ string, service *core.Service) string {
	return fmt.Sprintf("svclb-%s-%s", service.Name, service.UID[:8])
}

func (c *cloud) GetLoadBalancer(
	ctx context.Context, _ string, service *core.Service,
) (*core.LoadBalancerStatus, bool, error) {
	called := c.GetLoadBalancerName(ctx, "", service)
	_, err := c.client.AppsV1().DaemonSets(namespace).Get(ctx, called, meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	return &service.Status.LoadBalancer, err == nil, err
}

func (c *cloud) EnsureLoadBalancer(
	ctx context.Context, _ string, service *core.Service, _ []*core.Node,
) (*core.LoadBalancerStatus, error) {
	_, err := c.client.AppsV1().DaemonSets(namespace).Create(ctx, c.daemons(ctx, service), meta.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	return nil, cloudprovider.ImplementedElsewhere
}

func (c *cloud) UpdateLoadBalancer(context.Context, string, *core.Service, []*core.Node) error {
	return cloudprovider.ImplementedElsewhere
}

func (c *cloud) EnsureLoadBalancerDeleted(ctx context.Context, _ string, service *core.Service) error {
	called := c.GetLoadBalancerName(ctx, "", service)
	err := c.client.AppsV1().DaemonSets(namespace).Delete(ctx, called, meta.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// A pod on every node that holds the Service's ports. In k3s it hands on what comes in; here it does nothing.
func (c *cloud) daemons(ctx context.Context, service *core.Service) *apps.DaemonSet {
	called := c.GetLoadBalancerName(ctx, "", service)
	labels := map[string]string{"app": called, forService: service.Name, inNamespace: service.Namespace}
	grace := int64(0)
	pod := core.PodSpec{
		TerminationGracePeriodSeconds: &grace,
		Tolerations: []core.Toleration{
			{Key: "node-role.kubernetes.io/control-plane", Operator: core.TolerationOpExists},
			{Key: "CriticalAddonsOnly", Operator: core.TolerationOpExists},
		},
	}
	for _, port := range service.Spec.Ports {
		held := fmt.Sprintf("lb-%s-%d", strings.ToLower(string(port.Protocol)), port.Port)
		pod.Containers = append(pod.Containers, core.Container{
			Name: held, Image: c.Image, ImagePullPolicy: core.PullIfNotPresent,
			Ports: []core.ContainerPort{
				{Name: held, ContainerPort: port.Port, HostPort: port.Port, Protocol: port.Protocol},
			},
		})
	}
	return &apps.DaemonSet{
		ObjectMeta: meta.ObjectMeta{Name: called, Namespace: namespace, Labels: labels},
		Spec: apps.DaemonSetSpec{
			Selector: &meta.LabelSelector{MatchLabels: map[string]string{"app": called}},
			Template: core.PodTemplateSpec{ObjectMeta: meta.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
}

// Writes into each Service the addresses of the nodes on which its pods are ready.
func (c *cloud) tellAddresses(ctx context.Context) {
	services, err := c.client.CoreV1().Services("").List(ctx, meta.ListOptions{})
	if err != nil {
		klog.Error(err)
		return
	}
	for _, service := range services.Items {
		if service.Spec.Type != core.ServiceTypeLoadBalancer {
			continue
		}
		if err := c.tellAddress(ctx, &service); err != nil {
			klog.Error(err)
		}
	}
}

func (c *cloud) tellAddress(ctx context.Context, service *core.Service) error {
	of := fmt.Sprintf("%s=%s,%s=%s", forService, service.Name, inNamespace, service.Namespace)
	pods, err := c.client.CoreV1().Pods(namespace).List(ctx, meta.ListOptions{LabelSelector: of})
	if err != nil {
		return err
	}
	found := sets.New[string]()
	for _, pod := range pods.Items {
		if !isReady(&pod) {
			continue
		}
		node, err := c.client.CoreV1().Nodes().Get(ctx, pod.Spec.NodeName, meta.GetOptions{})
		if err != nil {
			return err
		}
		for _, address := range node.Status.Addresses {
			if address.Type == core.NodeInternalIP && !strings.Contains(address.Address, ":") {
				found.Insert(address.Address)
			}
		}
	}
	updated := service.DeepCopy()
	updated.Status.LoadBalancer.Ingress = nil
	for _, address := range sets.List(found) {
		updated.Status.LoadBalancer.Ingress =
			append(updated.Status.LoadBalancer.Ingress, core.LoadBalancerIngress{IP: address})
	}
	if slices.Equal(addresses(service), addresses(updated)) {
		return nil
	}
	_, err = helpers.PatchService(c.client.CoreV1(), service, updated)
	return err
}

// Those alone: the API server adds fields to each entry.
func addresses(service *core.Service) []string {
	var found []string
	for _, entry := range service.Status.LoadBalancer.Ingress {
		found = append(found, entry.IP)
	}
	return found
}

func isReady(pod *core.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == core.PodReady {
			return condition.Status == core.ConditionTrue
		}
	}
	return false
}
