//! A cloud controller with servicelb, as k3s has it beside its API server, for the cases that need one: nodes wait for it, and
//! Services of type LoadBalancer are served and released by it (`go/cloud-controller`).

use std::time::Duration;

use serde_json::json;

use super::Node;
use super::control_plane::ControlPlane;
use crate::error::{Context, Result};
use crate::files;
use crate::image::PAUSE;
use crate::lab;
use crate::network::PODS;
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

const NAME: &str = "cloud-controller";
const REGISTERED: Duration = Duration::from_secs(60);

/// The cloud controller that runs, or not.
pub(crate) struct Cloud<'r>(pub(crate) &'r Run);

impl Cloud<'_> {
    /// Starts it as k3s does (k3s, pkg/daemons/control/server.go: `cloudControllerManager`), in place of one that runs.
    pub(crate) fn start(&self, servicelb: bool) -> Result<()> {
        let run = self.0;
        self.stop()?;
        check_alive(run)?;
        let config = run.path(NAME).join("config.json");
        files::write_json(&config, &json!({ "servicelb": servicelb, "image": PAUSE }))?;
        let kubeconfig = run.kubeconfig("admin").display().to_string();
        let mut program = Vantage::find(run, Place::Node)?.daemon(lab::nearer_program(run, NAME)?);
        for flag in ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"] {
            program.arg(format!("--{flag}={kubeconfig}"));
        }
        program.args(["--cloud-provider=k3s", &format!("--cloud-config={}", config.display())]);
        program.args(["--allocate-node-cidrs=true", &format!("--cluster-cidr={PODS}")]);
        program.args(["--configure-cloud-routes=false", "--leader-elect=false", "--secure-port=0"]);
        program.arg(format!("--controllers=*,-route{}", if servicelb { "" } else { ",-service" }));
        program.args(["--node-status-update-frequency=1m0s", "--bind-address=127.0.0.1"]);
        Process::start(run, NAME, &program).map(drop)
    }

    /// Ends it; one that does not run is fine.
    pub(crate) fn stop(&self) -> Result<()> {
        match Process::find(self.0, NAME) {
            Ok(process) => process.stop(self.0),
            Err(_) => Ok(()),
        }
    }
}

/// A node joins anew, beside a cloud controller that has not come yet: its kubelet registers it, and k3s notes there what it was
/// told.
pub(crate) fn join_anew(run: &Run, node: &Node) -> Result<()> {
    let name = node.place().name();
    let first = Vantage::find(run, Place::Node)?;
    node.stop_kubelet()?;
    first.run("kubectl", &["delete", "node", name])?;
    // They would give it other addresses for its pods than its network has, since those are taken in their memory.
    ControlPlane::find(run, Place::Node)?.restart_controllers(false)?;
    node.wait_for_cloud(true)?;
    node.start_kubelet()?;
    wait::until_ok(&format!("{name} to register"), REGISTERED, || {
        check_alive(run)?;
        let pods = first.run("kubectl", &["get", "node", name, "-o", "jsonpath={.spec.podCIDR}"])?;
        (pods == node.pods()).then_some(()).context(format_args!("its pods have the addresses `{pods}`"))
    })?;
    node.annotate()
}
