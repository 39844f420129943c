package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	cilium "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	"github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2/validator"
	"github.com/cilium/cilium/pkg/policy/api"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// A policy, and what Cilium has against it.
type taken struct {
	File      string `json:"file"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Against   string `json:"against,omitempty"`
}

// As `cilium-dbg preflight validate-cnp` looks at a policy (schema, unknown fields), and then as the agent reads it.
func take(logger *slog.Logger, files []string) ([]taken, error) {
	schema, err := validator.NewNPValidator(logger)
	if err != nil {
		return nil, err
	}
	all := []taken{}
	for _, file := range files {
		objects, err := policies(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, object := range objects {
			one := taken{File: file, Namespace: object.GetNamespace(), Name: object.GetName()}
			if err := schema.ValidateCNP(object); err != nil {
				one.Against = err.Error()
			} else if _, err := read(logger, object); err != nil {
				one.Against = err.Error()
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// The rules of a policy, sanitized by Cilium.
func read(logger *slog.Logger, object *unstructured.Unstructured) (api.Rules, error) {
	var policy cilium.CiliumNetworkPolicy
	bytes, err := object.MarshalJSON()
	if err != nil {
		return nil, err
	}
	// As JSON: a selector reads itself.
	if err := yaml.UnmarshalStrict(bytes, &policy); err != nil {
		return nil, err
	}
	return policy.Parse(logger, clusterName)
}

// The CiliumNetworkPolicies among the objects of a file.
func policies(file string) ([]*unstructured.Unstructured, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	var found []*unstructured.Unstructured
	reader := kyaml.NewYAMLReader(bufio.NewReader(opened))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		object := map[string]any{}
		if err := yaml.Unmarshal(document, &object); err != nil {
			return nil, err
		}
		if object["kind"] == cilium.CNPKindDefinition {
			found = append(found, &unstructured.Unstructured{Object: runtime.DeepCopyJSON(object)})
		}
	}
}
