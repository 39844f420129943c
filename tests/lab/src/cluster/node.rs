//! A node: containerd, kubelet and kube-proxy in a network and mount namespace of their own, and what can befall it.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::control_plane::ControlPlane;
use super::credentials::move_api;
use super::{resolver, write_node_hosts};
use crate::cgroup;
use crate::command::run_within;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::image::{Built, PAUSE};
use crate::lab;
use crate::network::{self, LAN_PREFIX, PODS};
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

const LIMIT: Duration = Duration::from_secs(120);
/// A node whose kubelet is told so has a taint until its cloud controller has come.
const EXTERNAL: &str = "--cloud-provider=external";

/// A node of the cluster, found by its place.
pub(crate) struct Node {
    run: Run,
    place: Place,
    at: Vantage,
}

impl Node {
    pub(crate) fn find(run: &Run, place: Place) -> Result<Self> {
        if !place.is_node() {
            bail!("{} is no node", place.name());
        }
        Ok(Self { run: run.clone(), place, at: Vantage::find(run, place)? })
    }

    /// The nodes of the lab that runs.
    pub(crate) fn all(run: &Run) -> Result<Vec<Self>> {
        let there = Place::NODES.into_iter().filter(|place| place.namespace_file().exists());
        there.map(|place| Self::find(run, place)).collect()
    }

    /// Its address on the LAN now.
    pub(crate) fn address(&self) -> Result<String> {
        let moved = self.note("address");
        if moved.exists() {
            return files::read_text(&moved);
        }
        Ok(self.place.lan_address().context("a node has an address")?.to_owned())
    }

    /// Its addresses of both families, as far as it has them.
    pub(crate) fn addresses(&self) -> Result<String> {
        let four = self.address()?;
        Ok(self.six().map_or_else(|| four.clone(), |six| format!("{four},{six}")))
    }

    /// Its address of IPv6, which it has while a case needs one.
    fn six(&self) -> Option<String> {
        files::read_text(&self.note("six")).ok()
    }

    /// What the lab has noted of it.
    fn note(&self, what: &str) -> PathBuf {
        self.run.node(self.place.name()).join(what)
    }

    /// Gives it an address of IPv6 on the LAN, or takes it away. Its kubelet has to start again.
    pub(crate) fn set_six(&self, six: Option<&str>) -> Result<()> {
        if let Some(before) = self.six() {
            network::in_place(self.place, &["address", "delete", &format!("{before}/64"), "dev", "eth0"])?;
            files::remove(&self.note("six"))?;
        }
        if let Some(six) = six {
            let address = format!("{six}/64");
            network::in_place(self.place, &["address", "add", &address, "dev", "eth0", "nodad"])?;
            files::write(&self.note("six"), six)?;
        }
        Ok(())
    }

    /// Whether its kubelet waits for a cloud controller from its next start on.
    pub(crate) fn wait_for_cloud(&self, waits: bool) -> Result<()> {
        if waits {
            return files::write(&self.note("cloud"), "external");
        }
        files::remove(&self.note("cloud"))
    }

    /// Its line among those of all nodes.
    pub(super) fn hosts_line(&self) -> Result<String> {
        Ok(format!("{} {}\n", self.address()?, self.place.name()))
    }

    /// The addresses of its pods.
    pub(super) fn pods(&self) -> &'static str {
        if self.place == Place::Node { "10.42.0.0/24" } else { "10.42.1.0/24" }
    }

    /// containerd, with the images in it.
    pub(super) fn start_containers(&self, images: &[Built]) -> Result<()> {
        network::masquerade_pods(self.place)?;
        let cni = self.run.node(self.place.name()).join("cni");
        files::write(&cni.join("10-lab.conflist"), self.cni().to_string())?;
        let config = self.run.node(self.place.name()).join("containerd.toml");
        files::write(&config, containerd_config(&cni.to_string_lossy()))?;
        self.daemon("containerd", self.at.daemon("containerd").arg("--config").arg(config))?;
        wait::until_ok("containerd", LIMIT, || {
            check_alive(&self.run)?;
            self.at.run("ctr", &["version"])
        })?;
        for image in images {
            let mut import = self.at.command("ctr");
            import.args(["-n", "k8s.io", "images", "import"]).arg(&image.tar);
            run_within(&mut import, LIMIT).context(&image.reference)?;
        }
        Ok(())
    }

    /// kubelet and kube-proxy.
    pub(super) fn start(&self) -> Result<()> {
        let config = self.run.node(self.place.name()).join("kubelet.json");
        files::write_json(&config, &self.kubelet_config()?)?;
        wait::until_ok("containerd's socket", LIMIT, || {
            self.at.run("test", &["-S", "/run/containerd/containerd.sock"])
        })?;
        self.start_kubelet()?;
        self.start_proxy()
    }

    /// Ends the kubelet; the pods go on.
    pub(crate) fn stop_kubelet(&self) -> Result<()> {
        Process::find(&self.run, &self.name_of("kubelet"))?.stop(&self.run)
    }

    /// With its address; beside a cloud controller as k3s starts it, whose node keeps a taint until that has come (k3s,
    /// pkg/daemons/agent: `kubeletArgsAndConfig`).
    pub(crate) fn start_kubelet(&self) -> Result<()> {
        let address = format!("--node-ip={}", self.addresses()?);
        let cloud = self.note("cloud").exists().then_some(EXTERNAL);
        self.start_kubelet_with(&[Some(address.as_str()), cloud])
    }

    /// A kubelet that leaves its node's addresses to a cloud controller, as one of k3s did that was told none.
    pub(crate) fn start_kubelet_without_address(&self) -> Result<()> {
        self.start_kubelet_with(&[Some(EXTERNAL)])
    }

    fn start_kubelet_with(&self, flags: &[Option<&str>]) -> Result<()> {
        let mut kubelet = self.at.daemon(self.run.programs().join("kubelet"));
        kubelet.arg(format!("--config={}/kubelet.json", self.run.node(self.place.name()).display()));
        kubelet.arg(format!("--kubeconfig={}", self.run.kubeconfig(&self.name_of("kubelet")).display()));
        kubelet.arg(format!("--hostname-override={}", self.place.name()));
        kubelet.args(flags.iter().flatten());
        kubelet.arg(format!("--resolv-conf={}", resolver::choose(&self.at)?));
        self.daemon("kubelet", &kubelet)
    }

    fn start_proxy(&self) -> Result<()> {
        let mut proxy = self.at.daemon(self.run.programs().join("kube-proxy"));
        proxy.arg(format!("--kubeconfig={}", self.run.kubeconfig(&self.name_of("proxy")).display()));
        proxy
            .args([&format!("--hostname-override={}", self.place.name()), &format!("--cluster-cidr={PODS}")]);
        proxy.arg("--proxy-mode=iptables");
        // The machine's limits are not the lab's to change.
        proxy.args(["--conntrack-max-per-core=0", "--conntrack-min=0"]);
        proxy.args(["--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0"]);
        self.daemon("proxy", &proxy)
    }

    /// What k3s notes on its node at each start (k3s, pkg/nodeconfig, pkg/agent/run.go): homelab's own flags, and
    /// the address. Here the address is in the status at once, without a cloud controller.
    pub(crate) fn annotate(&self) -> Result<()> {
        let disabled = ["server", "--disable", "traefik", "--disable", "servicelb"];
        let args = if self.place == Place::Node { json!(disabled) } else { json!(["agent"]) };
        let notes = [
            ("hostname", self.place.name().to_owned()),
            ("internal-ip", self.addresses()?),
            ("node-args", args.to_string()),
            ("node-env", json!({}).to_string()),
        ];
        let first = Vantage::find(&self.run, Place::Node)?;
        let mut kubectl = first.command("kubectl");
        kubectl.args(["annotate", "--overwrite", "node", self.place.name()]);
        kubectl.args(notes.map(|(key, value)| format!("k3s.io/{key}={value}")));
        // And flannel, whose part the lab's routes play (flannel, pkg/subnet/kube/annotations.go).
        kubectl.arg("flannel.alpha.coreos.com/backend-type=host-gw");
        run_within(&mut kubectl, LIMIT)?;
        if self.place != Place::Node {
            return Ok(());
        }
        // A server's label (k3s, pkg/server/server.go: `setNodeLabelsAndAnnotations`).
        let role = "node-role.kubernetes.io/control-plane=true";
        first.run("kubectl", &["label", "--overwrite", "node", self.place.name(), role]).map(drop)
    }

    /// Pulls the network cable.
    pub(crate) fn take_link_down(&self) -> Result<()> {
        network::in_place(self.place, &["link", "set", "eth0", "down"]).map(drop)
    }

    /// Puts it back, with the routes that went with it.
    pub(crate) fn take_link_up(&self) -> Result<()> {
        network::in_place(self.place, &["link", "set", "eth0", "up"])?;
        network::default_route(self.place)?;
        self.route_to_others()
    }

    /// The node comes back with another address, as from DHCP, and k3s starts again on it: API server, kubelet and
    /// proxy know the new one. The certificates hold for .10 to .13 of the LAN.
    pub(crate) fn change_address(&self, to: &str) -> Result<()> {
        let from = self.address()?;
        self.stop_kubelet()?;
        network::in_place(self.place, &["-4", "address", "flush", "dev", "eth0", "scope", "global"])?;
        network::in_place(self.place, &["address", "add", &format!("{to}/{LAN_PREFIX}"), "dev", "eth0"])?;
        files::write(&self.note("address"), to)?;
        network::default_route(self.place)?;
        for node in Self::all(&self.run)? {
            node.route_to_others()?;
        }
        if self.place == Place::Node {
            move_api(&self.run, &from, to)?;
            ControlPlane::find(&self.run, self.place)?.restart_api_server()?;
            for other in Self::all(&self.run)?.iter().filter(|node| node.place != self.place) {
                other.reconnect()?;
            }
        }
        self.start_kubelet()?;
        self.annotate()?;
        write_node_hosts(&self.run)
    }

    /// Kubelet and proxy start again, and read their kubeconfigs.
    pub(super) fn reconnect(&self) -> Result<()> {
        self.stop_kubelet()?;
        self.start_kubelet()?;
        Process::find(&self.run, &self.name_of("proxy"))?.stop(&self.run)?;
        self.start_proxy()
    }

    /// Routes to the pods of the other nodes.
    pub(crate) fn route_to_others(&self) -> Result<()> {
        for other in Self::all(&self.run)?.iter().filter(|node| node.place != self.place) {
            let route = ["route", "replace", other.pods(), "via", &other.address()?];
            network::in_place(self.place, &route)?;
        }
        Ok(())
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn vantage(&self) -> &Vantage {
        &self.at
    }

    pub(super) fn name_of(&self, part: &str) -> String {
        format!("{}-{part}", self.place.name())
    }

    fn daemon(&self, part: &str, command: &std::process::Command) -> Result<()> {
        Process::start(&self.run, &self.name_of(part), command).map(drop)
    }

    fn cni(&self) -> serde_json::Value {
        json!({ "cniVersion": "1.0.0", "name": "lab", "plugins": [
            {
                "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{ "subnet": self.pods() }]],
                    "routes": [{ "dst": "0.0.0.0/0" }],
                },
            },
            { "type": "portmap", "capabilities": { "portMappings": true } },
        ] })
    }

    fn kubelet_config(&self) -> Result<serde_json::Value> {
        let pki = self.run.pki();
        Ok(json!({
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": { "enabled": false },
                "webhook": { "enabled": true },
                "x509": { "clientCAFile": pki.join("ca.crt") },
            },
            "authorization": { "mode": "Webhook" },
            "tlsCertFile": pki.join(format!("{}.crt", self.place.name())),
            "tlsPrivateKeyFile": pki.join(format!("{}.key", self.place.name())),
            "clusterDNS": ["10.43.0.10"],
            "clusterDomain": lab::cluster_domain(&self.run)?,
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "cgroupDriver": "cgroupfs",
            // Two kubelets on one kernel would end each other's pods as orphans.
            "cgroupRoot": format!("/{}/{}", cgroup::NAME, self.place.name()),
            "failCgroupV1": false,
            "failSwapOn": false,
            // k3s leaves upstream's 85 %. Here images cannot be pulled again.
            "imageGCHighThresholdPercent": 100,
            // As k3s has it: what is not named, memory among it, has no threshold (k3s, pkg/daemons/agent).
            "evictionHard": { "nodefs.available": "5%", "imagefs.available": "5%" },
            "evictionMinimumReclaim": { "nodefs.available": "10%", "imagefs.available": "10%" },
            "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        }))
    }
}

/// No CAP_SYS_RESOURCE may be there, so the scores of the out-of-memory killer are only raised. Ports below 1024 are
/// free to pods, as k3s has it.
fn containerd_config(cni: &str) -> String {
    format!(
        r#"version = 2
[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
enable_unprivileged_ports = true
enable_unprivileged_icmp = true
sandbox_image = "{PAUSE}"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{cni}"
"#
    )
}
