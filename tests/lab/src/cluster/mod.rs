//! A Kubernetes cluster of the parts that k3s bundles. It is not k3s: k3s itself cannot be had in the lab.

mod cloud;
mod control_plane;
mod credentials;
mod etcd;
mod node;
mod policies;
mod resolver;
mod second;
mod servers;

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::command::run_within;
use crate::error::{Context, Error, Result};
use crate::files;
use crate::image::Built;
use crate::lab::{self, CLUSTER_DOMAIN};
use crate::paths::{Run, sources};
use crate::process::check_alive;
use crate::vantage::{Place, Vantage};
use crate::wait;
pub(crate) use cloud::{Cloud, join_anew};
use control_plane::ControlPlane;
use credentials::Credentials;
pub(crate) use node::Node;
pub(crate) use policies::Policies;
pub(crate) use second::Second;
pub(crate) use servers::Servers;

const READY: Duration = Duration::from_secs(120);

/// The API server of the first node ends and starts again, as when k3s restarts.
///
/// # Errors
/// When it does not end, or does not come back.
pub(crate) fn restart_api_server(run: &Run) -> Result<()> {
    ControlPlane::find(run, Place::Node)?.restart_api_server()
}

/// Starts the control plane and the nodes, with the images in them, and waits until DNS works in the cluster.
pub(crate) fn start(run: &Run, places: &[Place], images: &[Built]) -> Result<()> {
    let first = Vantage::find(run, Place::Node)?;
    Credentials::make(run, places)?;
    ControlPlane::find(run, Place::Node)?.start()?;
    thread::scope(|scope| {
        let mut importing = Vec::new();
        for place in places {
            importing.push(scope.spawn(move || Node::find(run, *place)?.start_containers(images)));
        }
        for place in places {
            start_node(run, *place)?;
        }
        for import in importing {
            import.join().map_err(|_| Error::new("importing images stopped"))??;
        }
        Ok::<_, Error>(())
    })?;
    add_dns(run, &first)
}

/// Nodes register one after the other, so that each gets the pod addresses that its network has.
fn start_node(run: &Run, place: Place) -> Result<()> {
    let first = Vantage::find(run, Place::Node)?;
    let node = Node::find(run, place)?;
    node.route_to_others()?;
    node.start()?;
    let (name, path) = (place.name(), "jsonpath={.spec.podCIDR}");
    wait::until_ok(&format!("{name} to register"), READY, || {
        check_alive(run)?;
        let pods = first.run("kubectl", &["get", "node", name, "-o", path])?;
        (!pods.is_empty()).then_some(()).context("it has no pod addresses yet")
    })?;
    node.annotate()
}

fn add_dns(run: &Run, first: &Vantage) -> Result<()> {
    let text = files::read_text(&sources().join("manifests/coredns.yaml"))?;
    let kubernetes = |domain: &str| format!("kubernetes {domain} in-addr.arpa");
    let manifest = run.path("coredns.yaml");
    files::write(
        &manifest,
        text.replace(&kubernetes(CLUSTER_DOMAIN), &kubernetes(&lab::cluster_domain(run)?)),
    )?;
    run_within(first.command("kubectl").args(["apply", "--server-side", "-f"]).arg(manifest), READY)?;
    write_node_hosts(run)?;
    wait_for(first, &["--for=condition=Ready", "node", "--all"])?;
    wait_for(first, &["--for=condition=Available", "-n", "kube-system", "deployment/coredns"])
}

/// The nodes by name for CoreDNS, as k3s keeps them (k3s, pkg/node/controller.go).
fn write_node_hosts(run: &Run) -> Result<()> {
    let lines: Result<String> = Node::all(run)?.iter().map(Node::hosts_line).collect();
    let patch = json!({ "data": { "NodeHosts": lines? } }).to_string();
    let words = ["patch", "configmap", "coredns", "-n", "kube-system", "--type=merge", "-p", &patch];
    Vantage::find(run, Place::Node)?.run("kubectl", &words).map(drop)
}

fn wait_for(vantage: &Vantage, words: &[&str]) -> Result<()> {
    let mut kubectl = vantage.command("kubectl");
    kubectl.arg("wait").args(words).arg(format!("--timeout={}s", READY.as_secs()));
    run_within(&mut kubectl, READY * 2).map(drop)
}
