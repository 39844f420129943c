//! A second cluster without nodes: an API server and an etcd of their own, on other ports of the first node. It is enough
//! to be asked and to be written to; nothing runs in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Node;
use super::credentials::Credentials;
use crate::command;
use crate::error::{Result, bail};
use crate::files;
use crate::network::SERVICES;
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

const READY: Duration = Duration::from_secs(120);
const ETCD: &str = "second-etcd";
const API_SERVER: &str = "second-kube-apiserver";
const ETCD_CLIENTS: &str = "http://127.0.0.1:12379";
const ETCD_PEERS: &str = "http://127.0.0.1:12380";
const PORT: &str = "16443";

/// A second cluster that runs; it ends when it is dropped.
pub(crate) struct Second {
    run: Run,
    at: Vantage,
}

impl Second {
    /// Starts it, empty.
    pub(crate) fn start(run: &Run) -> Result<Self> {
        let second = Self { run: run.clone(), at: Vantage::find(run, Place::Node)? };
        if second.folder().exists() {
            files::remove_folder(&second.folder())?;
        }
        files::make_folder(&second.folder())?;
        second.start_etcd()?;
        second.start_api_server()?;
        let kubeconfig = files::read_text(&run.kubeconfig("admin"))?.replace(":6443", &format!(":{PORT}"));
        files::write(&second.kubeconfig(), kubeconfig)?;
        wait::until_ok("the second API server", READY, || {
            let answer = second.kubectl(&["get", "--raw", "/readyz"])?;
            if answer == "ok" { Ok(()) } else { bail!("{answer}") }
        })?;
        Ok(second)
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder().join("kubeconfig")
    }

    /// Runs `kubectl` as its administrator.
    pub(crate) fn kubectl(&self, words: &[&str]) -> Result<String> {
        command::run(self.at.command("kubectl").arg("--kubeconfig").arg(self.kubeconfig()).args(words))
    }

    fn folder(&self) -> PathBuf {
        self.run.path("second")
    }

    fn start_etcd(&self) -> Result<()> {
        self.part(
            ETCD,
            "etcd",
            &[
                format!("--data-dir={}", self.folder().join("etcd").display()),
                format!("--listen-client-urls={ETCD_CLIENTS}"),
                format!("--advertise-client-urls={ETCD_CLIENTS}"),
                format!("--listen-peer-urls={ETCD_PEERS}"),
                "--unsafe-no-fsync".to_owned(),
            ],
        )
    }

    fn start_api_server(&self) -> Result<()> {
        let credentials = Credentials::find(&self.run);
        let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
        let flags = [
            format!("--etcd-servers={ETCD_CLIENTS}"),
            format!("--secure-port={PORT}"),
            format!("--advertise-address={}", Node::find(&self.run, Place::Node)?.address()?),
            format!("--service-cluster-ip-range={SERVICES}"),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--anonymous-auth=false".to_owned(),
            file("tls-cert-file", &credentials.api.certificate),
            file("tls-private-key-file", &credentials.api.key),
            file("client-ca-file", &credentials.ca),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            file("service-account-signing-key-file", &credentials.tokens.0),
            file("service-account-key-file", &credentials.tokens.1),
        ];
        self.part(API_SERVER, "kube-apiserver", &flags)
    }

    fn part(&self, name: &str, program: &str, flags: &[String]) -> Result<()> {
        check_alive(&self.run)?;
        let mut program = self.at.daemon(self.run.programs().join(program));
        Process::start(&self.run, name, program.args(flags)).map(drop)
    }
}

impl Drop for Second {
    /// What it cannot end is recorded, and `cargo lab down` ends it.
    fn drop(&mut self) {
        for name in [API_SERVER, ETCD] {
            if let Ok(process) = Process::find(&self.run, name) {
                let _ = process.stop(&self.run);
            }
        }
    }
}
