//! The programs that apply what lies in a git repository, as far as homelab has to know them.

use serde::Serialize;

/// A program that applies the files of `homelab render --output-dir` in place of `homelab up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deployer {
    /// Flux.
    Flux,
    /// Argo CD.
    ArgoCd,
}

impl Deployer {
    /// Every one that is known.
    pub const ALL: [Self; 2] = [Self::Flux, Self::ArgoCd];

    /// As people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flux => "Flux",
            Self::ArgoCd => "Argo CD",
        }
    }

    /// The field manager of what it applies (fluxcd/kustomize-controller, main.go, `controllerName`; Argo CD, docs/user-guide/
    /// sync-options.md, "Client-Side Apply Migration").
    #[must_use]
    pub const fn manager(self) -> &'static str {
        match self {
            Self::Flux => "kustomize-controller",
            Self::ArgoCd => "argocd-controller",
        }
    }

    /// The one that applies under that field manager.
    #[must_use]
    pub fn of_manager(manager: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.manager() == manager)
    }
}

/// The order in which Argo CD applies objects, the lowest number first: it waits until all of one number are healthy (Argo CD,
/// docs/user-guide/sync-waves.md).
pub const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";
/// What Argo CD does otherwise with one object (docs/user-guide/sync-options.md): `Prune=false` when it is no longer in the
/// repository, `Delete=false` when the application goes.
pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// `disabled` keeps Flux from deleting an object that is no longer in the repository (kustomize-controller, docs/spec/v1/
/// kustomizations.md, "Prune").
pub const FLUX_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
/// `IfNotPresent` has Flux make an object and never change it (the same, "Controlling the apply behavior of resources").
pub const FLUX_APPLY: &str = "kustomize.toolkit.fluxcd.io/ssa";
