//! What a probe has made is removed when the run is interrupted, too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use super::Lab;
use crate::cluster::{Cluster, Mark};
use crate::desired::object::Key;

/// For all that is to be removed.
const LIMIT: Duration = Duration::from_secs(2);

/// What a run that is interrupted would leave.
#[derive(Debug)]
pub(super) enum Left {
    /// The Ingress.
    Ingress(Key),
    /// Pods that try out policies, and theirs.
    Trial(Mark),
}

/// Removes it when the run is interrupted. The runtime is about to end then, so a thread with its own does it.
pub(super) struct Guard {
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    insecure: bool,
    left: Option<Left>,
}

impl Guard {
    pub(super) fn of(lab: &Lab<'_>, left: Left) -> Self {
        Self {
            kubeconfig: lab.kubeconfig.map(Path::to_owned),
            context: lab.context.map(str::to_owned),
            insecure: lab.insecure,
            left: Some(left),
        }
    }

    /// Nothing is left any more.
    pub(super) fn is_done(&mut self) {
        self.left = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(left) = self.left.take() else { return };
        let (kubeconfig, context, insecure) = (self.kubeconfig.take(), self.context.take(), self.insecure);
        let remove = async move {
            if let Ok(cluster) = Cluster::connect(kubeconfig.as_deref(), context.as_deref(), insecure).await {
                let _ = match &left {
                    Left::Ingress(key) => timeout(LIMIT, cluster.remove_scratches(Some(key))).await,
                    Left::Trial(mark) => timeout(LIMIT, cluster.remove_trial(mark)).await,
                };
            }
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(remove);
            }
        });
        // What it could not remove, the next run does.
        let _ = thread.join();
    }
}
