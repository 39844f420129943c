//! The programs of the cluster, built from Go modules into the cache. See `go/` for the modules.

mod traefik;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::command::{run, run_within};
use crate::controller::Controller;
use crate::error::{Context, Result};
use crate::files::{self, Recipe};
use crate::paths::{Cache, sources};

const LIMIT: Duration = Duration::from_secs(90 * 60);

/// One Go module under `go/`, and what is built from it.
struct Part {
    folder: &'static str,
    /// Further linker flags.
    link: &'static str,
    /// Name of the program and its package.
    programs: &'static [(&'static str, &'static str)],
    /// What has to lie beside its go.mod before it can be built, and is not of this repository.
    beside: Option<fn(&Path) -> Result<()>>,
}

const PARTS: [Part; 9] = [
    Part {
        folder: "kubernetes",
        // Without a version the API server calls itself v0.0.0, and ingress-nginx refuses to start.
        link: "-X k8s.io/component-base/version.gitVersion=v1.36.3 \
               -X k8s.io/component-base/version.gitMajor=1 \
               -X k8s.io/component-base/version.gitMinor=36",
        programs: &[
            ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
            ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
            ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
            ("kubelet", "k8s.io/kubernetes/cmd/kubelet"),
            ("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy"),
            ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
        ],
        beside: None,
    },
    Part { folder: "etcd", link: "", programs: &[("etcd", "go.etcd.io/etcd/server/v3")], beside: None },
    Part {
        folder: "coredns",
        link: "",
        programs: &[("coredns", "github.com/coredns/coredns")],
        beside: None,
    },
    Part {
        folder: "external-dns",
        link: "",
        programs: &[("external-dns", "sigs.k8s.io/external-dns")],
        beside: None,
    },
    Part {
        folder: "cert-manager",
        link: "",
        programs: &[
            ("cert-manager-controller", "./controller"),
            ("cert-manager-webhook", "./webhook"),
            ("cert-manager-cainjector", "./cainjector"),
            ("extractcrd", "github.com/cert-manager/cert-manager/hack/extractcrd"),
        ],
        beside: None,
    },
    Part {
        folder: "ingress-nginx",
        link: "",
        programs: &[
            ("nginx-ingress-controller", "k8s.io/ingress-nginx/cmd/nginx"),
            ("wait-shutdown", "k8s.io/ingress-nginx/cmd/waitshutdown"),
        ],
        beside: None,
    },
    Part { folder: "helm", link: "", programs: &[("helm", "helm.sh/helm/v4/cmd/helm")], beside: None },
    Part { folder: "whoami", link: "", programs: &[("whoami", ".")], beside: None },
    Part { folder: "pause", link: "", programs: &[("pause", ".")], beside: None },
];

/// What k3s has beside those. Only the cases of one group need it, so it is built when they run.
const NEARER: [Part; 2] = [
    Part { folder: "cloud-controller", link: "", programs: &[("cloud-controller", ".")], beside: None },
    Part { folder: "kube-router", link: "", programs: &[("kube-router", ".")], beside: None },
];

/// Another ingress controller. It takes as long as all of Kubernetes, so it is built for labs that have it.
const TRAEFIK: [Part; 1] = [Part {
    folder: "traefik",
    link: "-X github.com/traefik/traefik/v3/pkg/version.Version=3.7.13",
    programs: &[("traefik", "github.com/traefik/traefik/v3/cmd/traefik")],
    beside: Some(traefik::lego),
}];

/// What looks at manifests. No lab needs it.
const SCORE: [Part; 1] = [Part {
    folder: "kube-score",
    link: "",
    programs: &[("kube-score", "github.com/zegl/kube-score/cmd/kube-score")],
    beside: None,
}];

/// Cilium's own code, for the one test that asks it.
const CILIUM: [Part; 1] =
    [Part { folder: "cilium", link: "", programs: &[("cilium-judge", ".")], beside: None }];

/// The built programs.
pub(crate) struct Programs {
    built: Vec<(&'static str, PathBuf)>,
    keys: Vec<(&'static str, String)>,
}

impl Programs {
    pub(crate) fn path(&self, name: &str) -> Result<&Path> {
        let found = self.built.iter().find(|(program, _)| *program == name);
        Ok(&found.context(format_args!("no part of the lab is called {name}"))?.1)
    }

    /// The recipe of the part in a folder under `go/`.
    pub(crate) fn recipe(&self, folder: &str) -> Result<&str> {
        let found = self.keys.iter().find(|(part, _)| *part == folder);
        Ok(&found.context(format_args!("no part of the lab is built in go/{folder}"))?.1)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.built.iter().map(|(name, path)| (*name, path.as_path()))
    }
}

/// Builds what the cache does not hold yet.
pub(crate) fn build(cache: &Cache, controller: Controller) -> Result<Programs> {
    let more: &[Part] = match controller {
        Controller::IngressNginx => &[],
        Controller::Traefik => &TRAEFIK,
    };
    build_all(cache, PARTS.iter().chain(more))
}

/// The same for what is nearer to k3s.
pub(crate) fn build_nearer(cache: &Cache) -> Result<Programs> {
    build_all(cache, &NEARER)
}

/// The same for what looks at manifests.
pub(crate) fn build_score(cache: &Cache) -> Result<Programs> {
    build_all(cache, &SCORE)
}

/// The same for Cilium's own code.
pub(crate) fn build_cilium(cache: &Cache) -> Result<Programs> {
    build_all(cache, &CILIUM)
}

fn build_all<'a>(cache: &Cache, parts: impl IntoIterator<Item = &'a Part>) -> Result<Programs> {
    let go = run(Command::new("go").args(["env", "GOVERSION", "GOARCH"]))?;
    let mut programs = Programs { built: Vec::new(), keys: Vec::new() };
    for part in parts {
        let key = recipe(part, &go)?;
        let folder = cache.binaries().join(format!("{}-{key}", part.folder));
        if !folder.exists() {
            let beside = cache.binaries().join(format!("{}-{key}.partial", part.folder));
            files::remove_folder(&beside)?;
            let sources = prepare(cache, part)?;
            for program in part.programs {
                compile(part, &sources, *program, &beside)?;
            }
            files::rename(&beside, &folder)?;
        }
        programs.keys.push((part.folder, key));
        programs.built.extend(part.programs.iter().map(|(name, _)| (*name, folder.join(name))));
    }
    Ok(programs)
}

fn recipe(part: &Part, go: &str) -> Result<String> {
    let mut recipe = Recipe::default();
    recipe.add("go", go).add("link", part.link);
    for (name, package) in part.programs {
        recipe.add(name, package);
    }
    Ok(recipe.add_folder(&sources().join("go").join(part.folder))?.key())
}

/// The folder with the part's go.mod: that of this repository, or a copy of it in the cache with what has to lie beside.
fn prepare(cache: &Cache, part: &Part) -> Result<PathBuf> {
    let own = sources().join("go").join(part.folder);
    let Some(beside) = part.beside else { return Ok(own) };
    let copy = cache.binaries().join(format!("{}.sources", part.folder));
    files::remove_folder(&copy)?;
    files::copy_folder(&own, &copy)?;
    beside(&copy)?;
    Ok(copy)
}

fn compile(part: &Part, sources: &Path, (name, package): (&str, &str), into: &Path) -> Result<()> {
    let start = Instant::now();
    eprint!("building {name} ... ");
    let mut go = go(part.folder);
    go.current_dir(sources);
    go.args(["build", "-buildvcs=false", "-trimpath", "-ldflags", format!("-s -w {}", part.link).trim()]);
    run_within(go.arg("-o").arg(into.join(name)).arg(package), LIMIT)?;
    eprintln!("{} s", start.elapsed().as_secs());
    Ok(())
}

/// The folder of a Go module that a part is built from, in Go's module cache.
pub(crate) fn module_folder(part: &str, module: &str) -> Result<PathBuf> {
    let found = run(go(part).args(["list", "-m", "-f", "{{.Dir}}", module]))?;
    Ok(PathBuf::from(found.trim()))
}

/// The same of a part that may not have been built, so that Go may have to fetch it.
pub(crate) fn downloaded_module(part: &str, module: &str) -> Result<PathBuf> {
    run_within(go(part).args(["mod", "download", module]), LIMIT)?;
    module_folder(part, module)
}

fn go(folder: &str) -> Command {
    let mut go = Command::new("go");
    go.current_dir(sources().join("go").join(folder));
    go.env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=readonly").env("GOWORK", "off");
    go
}
