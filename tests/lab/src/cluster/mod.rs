//! A Kubernetes cluster of the parts that k3s bundles. It is not k3s: k3s itself cannot be had in the lab.

mod control_plane;
mod credentials;
mod node;
mod second;

use std::thread;
use std::time::Duration;

use crate::command::run_within;
use crate::error::{Context, Error, Result};
use crate::image::Built;
use crate::paths::{Run, sources};
use crate::process::check_alive;
use crate::vantage::{Place, Vantage};
use crate::wait;
use control_plane::ControlPlane;
use credentials::Credentials;
pub(crate) use node::Node;
pub(crate) use second::Second;

const READY: Duration = Duration::from_secs(120);

/// Starts the control plane and the nodes, with the images in them, and waits until DNS works in the cluster.
pub(crate) fn start(run: &Run, places: &[Place], images: &[Built]) -> Result<()> {
    let first = Vantage::find(run, Place::Node)?;
    let credentials = Credentials::make(run, places)?;
    let control_plane = ControlPlane::of(run, &first);
    control_plane.start(&credentials)?;
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
    add_dns(&first)
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
    })
}

fn add_dns(first: &Vantage) -> Result<()> {
    let manifest = sources().join("manifests/coredns.yaml");
    run_within(first.command("kubectl").args(["apply", "--server-side", "-f"]).arg(manifest), READY)?;
    wait_for(first, &["--for=condition=Ready", "node", "--all"])?;
    wait_for(first, &["--for=condition=Available", "-n", "kube-system", "deployment/coredns"])
}

fn wait_for(vantage: &Vantage, words: &[&str]) -> Result<()> {
    let mut kubectl = vantage.command("kubectl");
    kubectl.arg("wait").args(words).arg(format!("--timeout={}s", READY.as_secs()));
    run_within(&mut kubectl, READY * 2).map(drop)
}
