//! What the configuration says, as it lies in the cluster.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(NAMESPACES, "no namespace is stuck in its deletion")
        .needs(&[id::API])
        .about(
            "Namespaces that are being deleted, and the conditions that say what is left in them.",
            "`homelab up` and `kubectl create` fail with \"because it is being terminated\".",
        )
        .causes(&[
            cause("an object in it has a finalizer, and the program that removes it is not installed any more", "install that program again, let it clean up, and only then remove it. If you remove the finalizer by hand, what the program should clean up stays behind"),
            cause("an aggregated API does not answer, so Kubernetes cannot tell what is left", "repair or delete that APIService: `kubectl get apiservices`"),
        ])
        .sources(&["Kubernetes documentation, finalizers", "cert-manager, pkg/controller/acmechallenges/sync.go"]),
    Def::error(INSTALLED, "the cluster has homelab installed")
        .needs(&[id::API, NAMESPACES])
        .about(
            "Whether the cluster has any object of homelab's beside what `homelab down` keeps: namespaces, CRDs, Secrets and claims. If it has none, whatever else is missing is blocked by this.",
            "No name answers any more, or none has ever answered, although there is a configuration.",
        )
        .causes(&[
            cause("`homelab up` has not run yet", "run `homelab up`; `homelab doctor --pre` checks before it whether this machine is ready"),
            cause("somebody ran `homelab down`", "run `homelab up`, which uses the certificates again that it kept"),
            cause("the kubeconfig or its context leads to another cluster", "name the right one with `--kubeconfig FILE` or `--context NAME`"),
        ]),
    Def::error(CONFLICT, "no other program has changed what homelab sets")
        .needs(&[id::API])
        .about(
            "For each object that differs from the configuration, the owners of the fields that differ (server-side apply conflict; `metadata.managedFields`).",
            "`homelab up` fails with \"other field managers own some of its fields\".",
        )
        .causes(&[
            cause("somebody changed an object with kubectl edit, scale or patch", "run the command in the finding: it removes the other owner of the field"),
            cause("the program was installed with Helm before", "set `certManager.manage: false` or `externalDns.manage: false` to use that installation, remove it with helm uninstall, or take it over with `homelab up --adopt`"),
        ])
        .sources(&["Kubernetes documentation, server-side apply: conflicts, clearing managedFields"]),
    Def::warning(APPLIED, "the cluster matches the configuration")
        .needs(&[id::API, id::NAMESPACES, INSTALLED, CONFLICT])
        .about(
            "Compares every object that `homelab up` would create with the cluster, as `up` does. Secrets are compared only if the API token was read and checked, and not if Flux or Argo CD applies the lab.",
            "An object is as an older configuration asked for it, or somebody changed it by hand.",
        )
        .causes(&[
            cause("the configuration or homelab changed, and `homelab up` has not run since", "run `homelab up`"),
            cause("somebody changed or deleted an object by hand", "run `homelab up`"),
            cause("Flux or Argo CD applies the lab, and has older files", "run `homelab render --output-dir DIR`, and commit the folder"),
            cause("homelab was installed in this cluster with another `dns.owner`", "set that owner in the configuration, or use another cluster for the new installation"),
        ]),
];
