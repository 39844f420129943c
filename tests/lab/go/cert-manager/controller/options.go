package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/cert-manager/cert-manager/pkg/controller"
)

// options are what the command line says, with upstream's defaults for all that it cannot say.
type options struct {
	controller.ContextOptions
	leaderNamespace string
}

// parse knows the flags of upstream's manifest and those that homelab lays over it. The flag package refuses others.
func parse() (options, error) {
	parsed := options{ContextOptions: defaults()}
	flag.Int("v", 2, "log level")
	flag.StringVar(&parsed.ClusterResourceNamespace, "cluster-resource-namespace", "kube-system", "namespace of the secrets of ClusterIssuers")
	flag.StringVar(&parsed.leaderNamespace, "leader-election-namespace", "kube-system", "namespace of the lease")
	flag.StringVar(&parsed.HTTP01SolverImage, "acme-http01-solver-image", "", "image of the HTTP-01 solver")
	flag.IntVar(&parsed.MaxConcurrentChallenges, "max-concurrent-challenges", 60, "challenges at work at once")
	first, longest := &parsed.CertificateRequestMinimumBackoffDuration, &parsed.CertificateRequestMaximumBackoffDuration
	flag.DurationVar(first, "certificate-request-minimum-backoff-duration", *first, "pause after a failed request")
	flag.DurationVar(longest, "certificate-request-maximum-backoff-duration", *longest, "longest such pause")
	servers := flag.String("dns01-recursive-nameservers", "", "HOST:PORT or https://HOST/PATH, separated by commas")
	only := flag.Bool("dns01-recursive-nameservers-only", false, "ask no authoritative server")
	flag.Parse()
	if flag.NArg() > 0 {
		return parsed, fmt.Errorf("unexpected arguments: %s", strings.Join(flag.Args(), " "))
	}
	parsed.DNS01CheckAuthoritative = !*only
	if *servers != "" {
		parsed.DNS01Nameservers = strings.Split(*servers, ",")
	}
	return parsed, nil
}

// defaults are those of upstream's internal/apis/config/controller/v1alpha1/defaults.go.
func defaults() controller.ContextOptions {
	return controller.ContextOptions{
		KubernetesAPIQPS:   20,
		KubernetesAPIBurst: 50,
		IssuerOptions:      controller.IssuerOptions{ClusterIssuerAmbientCredentials: true},
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverResourceRequestCPU:    resource.MustParse("10m"),
			HTTP01SolverResourceRequestMemory: resource.MustParse("64Mi"),
			HTTP01SolverResourceLimitsCPU:     resource.MustParse("100m"),
			HTTP01SolverResourceLimitsMemory:  resource.MustParse("64Mi"),
			ACMEHTTP01SolverRunAsNonRoot:      true,
			DNS01CheckRetryPeriod:             10 * time.Second,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerKind:                 "Issuer",
			DefaultIssuerGroup:                "cert-manager.io",
			DefaultAutoCertificateAnnotations: []string{"kubernetes.io/tls-acme"},
		},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes:                 []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"},
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
	}
}
