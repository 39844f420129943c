//! Which lab is meant.

use std::path::Path;

use crate::cluster::{Cluster, Unconnected};

/// A configuration and a cluster, as the command line names them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lab<'a> {
    /// `--config`; `None` leaves it to [`crate::machine::configuration::find`].
    pub config: Option<&'a Path>,
    /// `--kubeconfig`; `None` leaves it to [`Cluster::connect`].
    pub kubeconfig: Option<&'a Path>,
    /// `--context`; `None` is the kubeconfig's current one.
    pub context: Option<&'a str>,
    /// `--insecure-api-server`.
    pub insecure: bool,
}

impl Lab<'_> {
    /// A client for the cluster; nothing is sent yet.
    ///
    /// # Errors
    /// As [`Cluster::connect`].
    pub async fn connect(&self) -> Result<Cluster, Unconnected> {
        Cluster::connect(self.kubeconfig, self.context, self.insecure).await
    }
}
