//! kube-router as the engine of NetworkPolicies on every node, as k3s has it, for the cases that need one: what no policy lets
//! through is rejected (`go/kube-router`).

use super::Node;
use crate::error::Result;
use crate::lab;
use crate::network::SERVICES;
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::Place;

const NAME: &str = "kube-router";

/// Takes away what it has written, and leaves what others have (k3s, `k3s-killall.sh`: its last lines).
const FLUSH: &str = "set -e
iptables-save -t filter | grep -v -e KUBE-ROUTER -e KUBE-POD-FW -e KUBE-NWPLCY | iptables-restore -T filter
ipset list -name | xargs --no-run-if-empty --max-args=1 ipset destroy";

/// Starts it on every node.
pub(crate) struct Policies<'r>(pub(crate) &'r Run);

impl Policies<'_> {
    pub(crate) fn start(&self) -> Result<()> {
        let run = self.0;
        check_alive(run)?;
        let program = lab::nearer_program(run, NAME)?;
        for node in Node::all(run)? {
            let user = if node.place() == Place::Node { "admin" } else { "admin-lan" };
            let mut engine = node.vantage().daemon(&program);
            engine.arg(format!("--kubeconfig={}", run.kubeconfig(user).display()));
            engine.arg(format!("--hostname-override={}", node.place().name()));
            engine.arg(format!("--service-cluster-ip-range={SERVICES}"));
            Process::start(run, &node.name_of(NAME), &engine)?;
        }
        Ok(())
    }

    /// Ends it, and every policy with it.
    pub(crate) fn end(&self) -> Result<()> {
        for node in Node::all(self.0)? {
            if let Ok(process) = Process::find(self.0, &node.name_of(NAME)) {
                process.stop(self.0)?;
            }
            node.vantage().run("sh", &["-c", FLUSH])?;
        }
        Ok(())
    }
}
