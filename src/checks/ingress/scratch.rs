//! What became of an Ingress that was made for a moment, under `--active`.

use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::lab_wide;
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, ScratchFailure, ScratchSeen, Seen};
use crate::ingress::{Traits, traits_of};

pub(super) fn scratch_ingress(evidence: &Evidence) -> Vec<Judged> {
    match evidence.ingress.as_ref().and_then(|seen| seen.scratch.as_ref()) {
        None => Vec::new(),
        Some(Err(failure)) => vec![lab_wide(id::SCRATCH, refused(failure))],
        Some(Ok(seen)) => served(traits_of(evidence.controller), seen),
    }
}

fn refused(failure: &ScratchFailure) -> Outcome {
    let why = &failure.why;
    if failure.forbidden {
        return Outcome::unknown(format!("the user of the kubeconfig may not create one: {why}"));
    }
    Finding::new(
        format!("the API server accepts no new Ingress: {why}"),
        "a webhook refuses it or does not answer, a quota is used up, or the namespace does not exist",
        "fix what the message names; `homelab up` creates the namespace",
    )
    .look("kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations")
    .into()
}

fn served(controller: &Traits, seen: &ScratchSeen) -> Vec<Judged> {
    if let Some(why) = &seen.left {
        let finding = Finding::new(
            format!("the temporary Ingress for `{}` could not be removed: {why}", seen.host),
            "the API server stopped answering, or refuses to delete",
            "delete it by hand",
        );
        let finding = finding.command(command!("kubectl -n {} delete ingress {}", seen.namespace, seen.name));
        return vec![lab_wide(id::SCRATCH, finding)];
    }
    let each = seen.nodes.iter().map(|node| {
        let outcome = at_node(controller, node);
        judged(id::SCRATCH, Subject::node(&node.node), Vantage::Node(node.node.clone()), outcome)
    });
    each.collect()
}

fn at_node(controller: &Traits, seen: &Seen<HttpAnswer>) -> Outcome {
    let node = &seen.node;
    match &seen.result {
        Ok(answer) if (controller.is_unknown_name)(answer) => Finding::new(
            format!("node `{node}` still answers 404 for a new Ingress after 10 s"),
            "the controller does not get updates from the API server, or does not reload: a broken Ingress can prevent that",
            "search the controller's log for `reload` and `forbidden`; if it has neither, restart its DaemonSet",
        )
        .look(controller.show_log("40"))
        .restarts_controller()
        .into(),
        Ok(answer) if answer.status == 503 => {
            Outcome::pass(format!("node `{node}` serves a new Ingress; here it has no backend (503)"))
        }
        Ok(answer) => Outcome::pass(format!("node `{node}` serves a new Ingress ({})", answer.status)),
        Err(why) => Finding::new(
            format!("node `{node}` does not answer for a new Ingress: {why}"),
            "its ports 80 and 443 do not reach the controller",
            "see `ingress.node-404`",
        )
        .into(),
    }
}
