//! Three servers, each a member of etcd with an API server and controllers of its own, as k3s has them for those who want
//! the cluster to outlive one of them. Kubelets and proxies go by a balancer on their own machine, as on k3s' agents.

use std::time::Duration;

use serde_json::json;

use super::Node;
use super::control_plane::ControlPlane;
use super::credentials::lead;
use super::etcd::Etcd;
use crate::error::{Context, Result};
use crate::files;
use crate::lab;
use crate::network::{SERVICES, in_place};
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

/// The servers that join the first: one on the second node, and one without pods.
const JOINED: [Place; 2] = [Place::Node2, Place::Server3];
/// Where k3s' agents have their balancer (k3s documentation, "k3s agent": `--lb-server-port`).
const BALANCER: &str = "127.0.0.1:6444";
const LIMIT: Duration = Duration::from_secs(60);

/// Three servers that run. `end` leaves the first alone, as it was.
pub(crate) struct Servers {
    run: Run,
    /// Kubelets and proxies, with the server that each went to before.
    clients: Vec<(String, String)>,
}

impl Servers {
    /// Lets two more join.
    pub(crate) fn join(run: &Run) -> Result<Self> {
        let mut servers = Self { run: run.clone(), clients: Vec::new() };
        match servers.join_all() {
            Ok(()) => Ok(servers),
            Err(error) => {
                // What could not begin is taken back; why it could not matters more than how that ends.
                let _ = servers.end();
                Err(error)
            }
        }
    }

    /// The address of the balancer on each node.
    pub(crate) fn balanced() -> String {
        format!("https://{BALANCER}")
    }

    /// The members of etcd, as the first knows them: names and addresses.
    pub(crate) fn members(&self) -> Result<Vec<(String, String)>> {
        Etcd(self.first()?.vantage()).members()
    }

    /// The first ends as when its k3s is killed; the pods on its machine go on, as those of an agent.
    pub(crate) fn kill_first(&self) -> Result<()> {
        self.first()?.kill()
    }

    fn first(&self) -> Result<ControlPlane> {
        ControlPlane::find(&self.run, Place::Node)
    }

    fn join_all(&mut self) -> Result<()> {
        lab::add_place(&self.run, Place::Server3)?;
        self.route_to_services()?;
        let first = self.first()?;
        first.restart_controllers(true)?;
        let mut members = vec![Place::Node];
        for place in JOINED {
            members.push(place);
            let joining = ControlPlane::find(&self.run, place)?;
            let peer = joining.peer()?;
            let etcd = Etcd(first.vantage());
            etcd.add(&peer)?;
            joining.start_etcd(&members)?;
            wait::until_ok(&format!("{} to catch up", place.name()), LIMIT, || {
                check_alive(&self.run)?;
                etcd.promote(&peer)
            })?;
            joining.start_rest(true)?;
        }
        self.balance()
    }

    /// A server without kube-proxy reaches Services, webhooks among them, by a node; with k3s, by the tunnel of an agent.
    fn route_to_services(&self) -> Result<()> {
        let nodes = Node::all(&self.run)?;
        let last = nodes.last().context("a lab has nodes")?.address()?;
        in_place(Place::Server3, &["route", "add", SERVICES, "via", &last])?;
        for node in &nodes {
            in_place(Place::Server3, &["route", "add", node.pods(), "via", &node.address()?])?;
        }
        Ok(())
    }

    fn balance(&mut self) -> Result<()> {
        let first = Node::find(&self.run, Place::Node)?.address()?;
        let others = JOINED.iter().filter_map(|place| place.lan_address()).map(str::to_owned);
        let servers: Vec<_> = [first].into_iter().chain(others).map(|ip| format!("{ip}:6443")).collect();
        for node in Node::all(&self.run)? {
            let name = node.name_of("balancer");
            let config = self.run.path(&name).join("config.json");
            files::write_json(
                &config,
                &json!({ "balancers": [{ "listen": BALANCER, "servers": servers }] }),
            )?;
            let mut balancer = node.vantage().daemon(self.run.programs().join("lab-world"));
            Process::start(&self.run, &name, balancer.arg("--config").arg(config))?;
            for part in ["kubelet", "proxy"] {
                let user = node.name_of(part);
                let before = lead(&self.run, &user, &Self::balanced())?;
                self.clients.push((user, before));
            }
            node.reconnect()?;
        }
        Ok(())
    }

    /// The first alone has everything again. Each step is tried, whatever became of those before it.
    pub(crate) fn end(&self) -> Result<()> {
        let back = self.bring_back_first();
        let led = self.lead_back();
        let left = JOINED.iter().rev().map(|place| self.leave(*place)).fold(Ok(()), Result::and);
        let alone = self.first().and_then(|first| first.restart_controllers(false));
        let removed = lab::remove_place(&self.run, Place::Server3);
        back.and(led).and(left).and(alone).and(removed)
    }

    fn bring_back_first(&self) -> Result<()> {
        let first = self.first()?;
        if !first.is_killed() {
            return Ok(());
        }
        first.start_etcd(&[Place::Node])?;
        first.start_rest(true)
    }

    fn lead_back(&self) -> Result<()> {
        for (user, before) in &self.clients {
            lead(&self.run, user, before)?;
        }
        for node in Node::all(&self.run)? {
            if let Ok(balancer) = Process::find(&self.run, &node.name_of("balancer")) {
                node.reconnect()?;
                balancer.stop(&self.run)?;
            }
        }
        Ok(())
    }

    /// One that never came is fine. It leaves while it runs: two members of three, and one of two, still agree.
    fn leave(&self, place: Place) -> Result<()> {
        if Vantage::find(&self.run, place).is_err() {
            return Ok(());
        }
        let leaving = ControlPlane::find(&self.run, place)?;
        leaving.stop_rest()?;
        Etcd(self.first()?.vantage()).remove(&leaving.peer()?)?;
        leaving.kill()?;
        files::remove_folder(&leaving.folder("etcd"))
    }
}
