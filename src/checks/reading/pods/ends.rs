//! Whether what keeps a pod from running may end with nobody doing anything.

use crate::evidence::pod::Container;

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// By itself: the program waits for another one, and is started again.
    ByItself,
    /// Soon, or not at all.
    Soon,
    /// Not before somebody changes something.
    Never,
}

/// What the kernel says of a program for another processor.
pub(super) const WRONG_PROCESSOR: &str = "exec format error";
/// After so many starts, with pauses of five minutes together, the next one will not be better.
const MANY_STARTS: i64 = 5;

/// Whether a program that ended has ended so often in a row that the next start will not be better, where `said` were its last
/// words. One that lacks something which is not there yet works after a few starts. The pause before the next start tells
/// how many there were: it doubles from ten seconds on, and begins anew once the program has run for ten minutes (Kubernetes
/// docs, "Pod Lifecycle"). The kubelet's words for it are `back-off 1m20s restarting failed container=...` (Kubernetes v1.36,
/// pkg/kubelet/kuberuntime/kuberuntime_manager.go, `doBackOff`).
pub(super) fn is_hopeless(container: &Container<'_>, said: &str) -> bool {
    let pause = container.waiting.and_then(|waiting| waiting.message.split_once("back-off "));
    let pause = pause.and_then(|(_, rest)| rest.split(' ').next());
    let is_often = pause.map_or(container.restarts >= MANY_STARTS, |pause| pause.contains('m'));
    is_often || said.contains(WRONG_PROCESSOR)
}
