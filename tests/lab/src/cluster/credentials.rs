//! Who is who in the cluster: certificates of its own CA, and a kubeconfig for each part.

use std::path::PathBuf;

use crate::error::{Context, Result};
use crate::files;
use crate::paths::Run;
use crate::pki::{Authority, Pair, Subject, signing_key};
use crate::vantage::Place;

/// Where the parts on the first node find the API server.
pub(super) const LOCAL: &str = "127.0.0.1";

/// Names and addresses of the API servers. The lab moves the first node from .10 to .12; the other two join it.
const API_NAMES: [&str; 10] = [
    LOCAL,
    "10.43.0.1",
    "10.99.0.10",
    "10.99.0.11",
    "10.99.0.12",
    "10.99.0.22",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
];

/// Names and addresses of each node, now and after it was moved.
const NODE_NAMES: [&str; 6] = ["node", "node2", "10.99.0.10", "10.99.0.11", "10.99.0.12", "10.99.0.13"];

/// The files of the control plane.
pub(super) struct Credentials {
    pub(super) ca: PathBuf,
    pub(super) ca_key: PathBuf,
    pub(super) api: Pair,
    pub(super) kubelet_client: Pair,
    pub(super) tokens: (PathBuf, PathBuf),
}

impl Credentials {
    pub(super) fn make(run: &Run, places: &[Place]) -> Result<()> {
        let pki = run.pki();
        let ca = Authority::open(&pki, "Cluster CA")?;
        let admin = Subject { user: "admin", group: Some("system:masters") };
        for (file, address) in [("admin", LOCAL), ("admin-lan", first_address(run)?.as_str())] {
            kubeconfig(run, &ca, file, &admin, address)?;
        }
        for (file, user) in
            [("controller-manager", "system:kube-controller-manager"), ("scheduler", "system:kube-scheduler")]
        {
            kubeconfig(run, &ca, file, &Subject { user, group: None }, LOCAL)?;
        }
        for place in places {
            let address = if *place == Place::Node { LOCAL.to_owned() } else { first_address(run)? };
            let user = format!("system:node:{}", place.name());
            let kubelet = Subject { user: &user, group: Some("system:nodes") };
            kubeconfig(run, &ca, &format!("{}-kubelet", place.name()), &kubelet, &address)?;
            let proxy = Subject { user: "system:kube-proxy", group: None };
            kubeconfig(run, &ca, &format!("{}-proxy", place.name()), &proxy, &address)?;
            ca.server(&pki, place.name(), &NODE_NAMES)?;
        }
        ca.server(&pki, "apiserver", &API_NAMES)?;
        let of_the_api = Subject { user: "kube-apiserver-kubelet-client", group: Some("system:masters") };
        ca.client(&pki, "kubelet-client", &of_the_api)?;
        signing_key(&pki, "service-accounts").map(drop)
    }

    /// Finds the files that `make` made.
    pub(super) fn find(run: &Run) -> Self {
        let at = |name: &str| run.pki().join(name);
        let pair =
            |name: &str| Pair { certificate: at(&format!("{name}.crt")), key: at(&format!("{name}.key")) };
        Self {
            ca: at("ca.crt"),
            ca_key: at("ca.key"),
            api: pair("apiserver"),
            kubelet_client: pair("kubelet-client"),
            tokens: (at("service-accounts.key"), at("service-accounts.pub")),
        }
    }
}

fn first_address(run: &Run) -> Result<String> {
    super::Node::find(run, Place::Node)?.address()
}

fn kubeconfig(run: &Run, ca: &Authority, file: &str, subject: &Subject, address: &str) -> Result<()> {
    let pair = ca.client(&run.pki(), file, subject)?;
    let text = format!(
        "apiVersion: v1\n\
         kind: Config\n\
         current-context: lab\n\
         clusters:\n\
         - name: lab\n  \
           cluster:\n    \
             server: https://{address}:6443\n    \
             certificate-authority: {}\n\
         users:\n\
         - name: {file}\n  \
           user:\n    \
             client-certificate: {}\n    \
             client-key: {}\n\
         contexts:\n\
         - name: lab\n  \
           context:\n    \
             cluster: lab\n    \
             user: {file}\n",
        ca.certificate().display(),
        pair.certificate.display(),
        pair.key.display(),
    );
    files::write(&run.kubeconfig(file), text)
}

/// Sends all who reach the API server over the LAN to another address.
pub(super) fn move_api(run: &Run, from: &str, to: &str) -> Result<()> {
    let folder = run.kubeconfig("");
    for file in files::below(&folder)? {
        let path = folder.join(file);
        let text = files::read_text(&path)?;
        files::write(&path, text.replace(&format!("https://{from}:"), &format!("https://{to}:")))?;
    }
    Ok(())
}

/// Sends one user to another server; gives the server from before.
pub(super) fn lead(run: &Run, user: &str, to: &str) -> Result<String> {
    let path = run.kubeconfig(user);
    let text = files::read_text(&path)?;
    let line = text.lines().find_map(|line| line.trim().strip_prefix("server: "));
    let before = line.context(format_args!("{} names no server", path.display()))?.to_owned();
    files::write(&path, text.replace(&before, to))?;
    Ok(before)
}
