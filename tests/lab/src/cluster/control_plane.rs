//! etcd, API server, controller manager and scheduler, in the first node's network.

use std::path::Path;
use std::time::Duration;

use super::Node;
use super::credentials::Credentials;
use crate::error::{Result, bail};
use crate::files;
use crate::network::{PODS, SERVICES};
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

const READY: Duration = Duration::from_secs(120);
const API_SERVER: &str = "kube-apiserver";

/// Every request is noted once it was answered, without bodies.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata }]
";

pub(super) struct ControlPlane<'a> {
    run: &'a Run,
    at: &'a Vantage,
}

impl<'a> ControlPlane<'a> {
    pub(super) fn of(run: &'a Run, at: &'a Vantage) -> Self {
        Self { run, at }
    }

    pub(super) fn start(&self, credentials: &Credentials) -> Result<()> {
        self.start_etcd()?;
        self.start_api_server(credentials)?;
        let ca = credentials.ca.display();
        self.part(
            "kube-controller-manager",
            &[
                format!("--kubeconfig={}", self.run.kubeconfig("controller-manager").display()),
                format!("--root-ca-file={ca}"),
                format!("--cluster-signing-cert-file={ca}"),
                format!("--cluster-signing-key-file={}", credentials.ca_key.display()),
                format!("--service-account-private-key-file={}", credentials.tokens.0.display()),
                "--use-service-account-credentials".to_owned(),
                format!("--cluster-cidr={PODS}"),
                "--allocate-node-cidrs".to_owned(),
                "--leader-elect=false".to_owned(),
            ],
        )?;
        self.part(
            "kube-scheduler",
            &[
                format!("--kubeconfig={}", self.run.kubeconfig("scheduler").display()),
                "--leader-elect=false".to_owned(),
            ],
        )
    }

    fn start_etcd(&self) -> Result<()> {
        let (client, peer) = ("http://127.0.0.1:2379", "http://127.0.0.1:2380");
        self.part(
            "etcd",
            &[
                format!("--data-dir={}", self.run.path("etcd").display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                // What the lab stores need not survive the machine.
                "--unsafe-no-fsync".to_owned(),
            ],
        )
    }

    fn start_api_server(&self, credentials: &Credentials) -> Result<()> {
        let policy = self.run.path("audit-policy.yaml");
        files::write(&policy, AUDIT_POLICY)?;
        let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
        let flags = [
            "--etcd-servers=http://127.0.0.1:2379".to_owned(),
            "--secure-port=6443".to_owned(),
            format!("--advertise-address={}", Node::find(self.run, Place::Node)?.address()?),
            format!("--service-cluster-ip-range={SERVICES}"),
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
            file("audit-log-path", &self.run.audit()),
            "--audit-log-mode=blocking".to_owned(),
            "--audit-log-maxsize=2048".to_owned(),
        ];
        self.part(API_SERVER, &flags)?;
        wait::until_ok("the API server", READY, || {
            let answer = self.at.run("kubectl", &["get", "--raw", "/readyz"])?;
            if answer == "ok" { Ok(()) } else { bail!("{answer}") }
        })
    }

    /// As after the node's address changed: the API server names the address that it is told at its start.
    pub(super) fn restart_api_server(&self) -> Result<()> {
        Process::find(self.run, API_SERVER)?.stop(self.run)?;
        self.start_api_server(&Credentials::find(self.run))
    }

    fn part(&self, name: &str, flags: &[String]) -> Result<()> {
        check_alive(self.run)?;
        let mut program = self.at.daemon(self.run.programs().join(name));
        Process::start(self.run, name, program.args(flags)).map(drop)
    }
}
