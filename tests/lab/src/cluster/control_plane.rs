//! A server of the cluster: etcd, API server, controller manager and scheduler, in the network of one machine. There is
//! one on the first node; more of them can join (`servers`).

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::Node;
use super::credentials::Credentials;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::network::{PODS, SERVICES};
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

const READY: Duration = Duration::from_secs(120);
const TUNNEL: &str = "tunnel";
const ETCD: &str = "etcd";
const API_SERVER: &str = "kube-apiserver";
const CONTROLLERS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];

/// Where k3s takes `CONNECT`, which the API server says when a dial fails. Here it is the name of a Unix socket in the
/// folder that the API server runs in.
const EGRESS: &str = "127.0.0.1:6443";

/// Every request is noted once it was answered, without bodies.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata }]
";

pub(super) struct ControlPlane {
    run: Run,
    place: Place,
    at: Vantage,
}

impl ControlPlane {
    pub(super) fn find(run: &Run, place: Place) -> Result<Self> {
        Ok(Self { run: run.clone(), place, at: Vantage::find(run, place)? })
    }

    /// The only server of a new cluster.
    pub(super) fn start(&self) -> Result<()> {
        self.start_etcd(&[self.place])?;
        self.start_rest(false)
    }

    /// Everything but etcd; with `others`, the controllers of one server at a time are at work.
    pub(super) fn start_rest(&self, others: bool) -> Result<()> {
        self.start_tunnel()?;
        self.start_api_server()?;
        self.start_controllers(others)
    }

    /// A member of the etcd of these servers. More than one are there already, but for this one.
    pub(super) fn start_etcd(&self, members: &[Place]) -> Result<()> {
        let client = "http://127.0.0.1:2379";
        let peer = self.peer()?;
        let peers: Result<Vec<String>> = members
            .iter()
            .map(|place| Ok(format!("{}={}", place.name(), Self::find(&self.run, *place)?.peer()?)))
            .collect();
        let state = if members.len() == 1 { "new" } else { "existing" };
        self.part(
            ETCD,
            &[
                format!("--name={}", self.place.name()),
                format!("--data-dir={}", self.folder(ETCD).display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster={}", peers?.join(",")),
                format!("--initial-cluster-state={state}"),
                // What the lab stores need not survive the machine.
                "--unsafe-no-fsync".to_owned(),
            ],
        )
    }

    /// Where the other members of etcd find this one: by address, as with k3s.
    pub(super) fn peer(&self) -> Result<String> {
        Ok(format!("http://{}:2380", self.address()?))
    }

    pub(super) fn vantage(&self) -> &Vantage {
        &self.at
    }

    fn address(&self) -> Result<String> {
        if self.place.is_node() {
            return Node::find(&self.run, self.place)?.address();
        }
        Ok(self.place.lan_address().context("a server has an address")?.to_owned())
    }

    fn start_tunnel(&self) -> Result<()> {
        let folder = self.folder(TUNNEL);
        let config = folder.join("config.json");
        files::write_json(&config, &json!({ "tunnels": [folder.join(EGRESS)] }))?;
        let mut tunnel = self.at.daemon(self.run.programs().join("lab-world"));
        Process::start(&self.run, &self.name_of(TUNNEL), tunnel.arg("--config").arg(config))?;
        wait::until_ok("the API server's way out", READY, || {
            check_alive(&self.run)?;
            folder.join(EGRESS).exists().then_some(()).context("there is no socket yet")
        })
    }

    /// What k3s gives its API server, but for TLS on the way to the proxy (k3s, pkg/daemons/control/deps:
    /// `genEgressSelectorConfig`).
    fn egress() -> serde_json::Value {
        json!({
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{
                "name": "cluster",
                "connection": { "proxyProtocol": "HTTPConnect", "transport": { "uds": { "udsName": EGRESS } } },
            }],
        })
    }

    fn start_api_server(&self) -> Result<()> {
        let credentials = Credentials::find(&self.run);
        let policy = self.run.path("audit-policy.yaml");
        files::write(&policy, AUDIT_POLICY)?;
        let egress = self.run.path("egress.json");
        files::write_json(&egress, &Self::egress())?;
        let audit =
            if self.place == Place::Node { self.run.audit() } else { self.folder("audit").join("audit.log") };
        files::make_folder(audit.parent().unwrap_or(self.run.folder()))?;
        let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
        let flags = [
            "--etcd-servers=http://127.0.0.1:2379".to_owned(),
            "--secure-port=6443".to_owned(),
            format!("--advertise-address={}", self.address()?),
            format!("--service-cluster-ip-range={SERVICES}"),
            file("egress-selector-config-file", &egress),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(),
            "--allow-privileged".to_owned(),
            "--anonymous-auth=false".to_owned(),
            file("tls-cert-file", &credentials.api.certificate),
            file("tls-private-key-file", &credentials.api.key),
            file("client-ca-file", &credentials.ca),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            file("service-account-signing-key-file", &credentials.tokens.0),
            file("service-account-key-file", &credentials.tokens.1),
            file("kubelet-certificate-authority", &credentials.ca),
            file("kubelet-client-certificate", &credentials.kubelet_client.certificate),
            file("kubelet-client-key", &credentials.kubelet_client.key),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            file("audit-policy-file", &policy),
            file("audit-log-path", &audit),
            "--audit-log-mode=blocking".to_owned(),
            "--audit-log-maxsize=2048".to_owned(),
        ];
        self.part(API_SERVER, &flags)?;
        let kubeconfig = self.run.kubeconfig("admin").display().to_string();
        wait::until_ok("the API server", READY, || {
            let answer = self.at.run("kubectl", &["--kubeconfig", &kubeconfig, "get", "--raw", "/readyz"])?;
            if answer == "ok" { Ok(()) } else { bail!("{answer}") }
        })
    }

    fn start_controllers(&self, others: bool) -> Result<()> {
        let credentials = Credentials::find(&self.run);
        let ca = credentials.ca.display();
        let [manager, scheduler] = CONTROLLERS;
        let elect = format!("--leader-elect={others}");
        self.part(
            manager,
            &[
                format!("--kubeconfig={}", self.run.kubeconfig("controller-manager").display()),
                format!("--root-ca-file={ca}"),
                format!("--cluster-signing-cert-file={ca}"),
                format!("--cluster-signing-key-file={}", credentials.ca_key.display()),
                format!("--service-account-private-key-file={}", credentials.tokens.0.display()),
                "--use-service-account-credentials".to_owned(),
                format!("--cluster-cidr={PODS}"),
                "--allocate-node-cidrs".to_owned(),
                elect.clone(),
            ],
        )?;
        let kubeconfig = format!("--kubeconfig={}", self.run.kubeconfig("scheduler").display());
        self.part(scheduler, &[kubeconfig, elect])
    }

    /// Whether others are at work beside it is told to the controllers at their start.
    pub(super) fn restart_controllers(&self, others: bool) -> Result<()> {
        for part in CONTROLLERS {
            Process::find(&self.run, &self.name_of(part))?.stop(&self.run)?;
        }
        self.start_controllers(others)
    }

    /// As after the node's address changed: the API server names the address that it is told at its start.
    pub(super) fn restart_api_server(&self) -> Result<()> {
        Process::find(&self.run, &self.name_of(API_SERVER))?.stop(&self.run)?;
        self.start_api_server()
    }

    /// All of it ends at once, as when k3s is killed. What has ended already is fine.
    pub(super) fn kill(&self) -> Result<()> {
        [&self.rest()[..], &self.processes(&[ETCD])].concat().iter().try_for_each(|part| part.kill(&self.run))
    }

    /// All but etcd ends as it is meant to: the API server takes its address out of the Service `kubernetes`.
    pub(super) fn stop_rest(&self) -> Result<()> {
        self.rest().iter().try_for_each(|part| part.stop(&self.run))
    }

    pub(super) fn is_killed(&self) -> bool {
        self.processes(&[API_SERVER]).is_empty()
    }

    fn rest(&self) -> Vec<Process> {
        self.processes(&[CONTROLLERS[0], CONTROLLERS[1], API_SERVER, TUNNEL])
    }

    fn processes(&self, parts: &[&str]) -> Vec<Process> {
        parts.iter().filter_map(|part| Process::find(&self.run, &self.name_of(part)).ok()).collect()
    }

    /// The first server's parts have their own names; those of others have the machine's before it.
    fn name_of(&self, part: &str) -> String {
        if self.place == Place::Node { part.to_owned() } else { format!("{}-{part}", self.place.name()) }
    }

    pub(super) fn folder(&self, part: &str) -> std::path::PathBuf {
        self.run.path(&self.name_of(part))
    }

    fn part(&self, name: &str, flags: &[String]) -> Result<()> {
        check_alive(&self.run)?;
        // The API server finds the socket of its way out in the folder that it runs in.
        let folder = self.folder(TUNNEL);
        files::make_folder(&folder)?;
        let mut program = self.at.daemon("env");
        program.arg(format!("--chdir={}", folder.display())).arg(self.run.programs().join(name));
        Process::start(&self.run, &self.name_of(name), program.args(flags)).map(drop)
    }
}
