// A cloud controller as k3s has it (k3s, pkg/cloudprovider): it takes the addresses of nodes from their annotations, and
// serves a Service of type LoadBalancer by a DaemonSet that holds its ports on every node. With servicelb off it deletes those
// DaemonSets at its start, and nobody takes the finalizer from a Service any more.
package main

import (
	"encoding/json"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/wait"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/cloud-provider/app"
	"k8s.io/cloud-provider/app/config"
	"k8s.io/cloud-provider/names"
	"k8s.io/cloud-provider/options"
	"k8s.io/component-base/cli"
	cliflag "k8s.io/component-base/cli/flag"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	"k8s.io/klog/v2"
)

// The name that k3s gives itself in nodes.
const name = "k3s"

// What --cloud-config holds.
type settings struct {
	ServiceLB bool   `json:"servicelb"`
	Image     string `json:"image"`
}

func main() {
	cloudprovider.RegisterCloudProvider(name, func(file io.Reader) (cloudprovider.Interface, error) {
		var given settings
		if err := json.NewDecoder(file).Decode(&given); err != nil {
			return nil, err
		}
		return &cloud{settings: given}, nil
	})
	flags, err := options.NewCloudControllerManagerOptions()
	if err != nil {
		klog.Fatal(err)
	}
	start := func(config *config.CompletedConfig) cloudprovider.Interface {
		of := config.ComponentConfig.KubeCloudShared.CloudProvider
		cloud, err := cloudprovider.InitCloudProvider(of.Name, of.CloudConfigFile)
		if err != nil {
			klog.Fatal(err)
		}
		return cloud
	}
	command := app.NewCloudControllerManagerCommand(flags, start, app.DefaultInitFuncConstructors,
		names.CCMControllerAliases(), cliflag.NamedFlagSets{}, wait.NeverStop)
	os.Exit(cli.Run(command))
}
