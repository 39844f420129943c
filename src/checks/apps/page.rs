//! Pages that came and cannot work, and requests for others that failed lately.

use crate::checks::apps::{buffer, recognise, refusal, upstream};
use crate::checks::engine::{Finding, Severity};
use crate::checks::ingress::changed;
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, View};
use crate::ingress::{Unusable, traits_of};

/// For how long a note about another page than `/` is told of, in seconds: it may have been cured by the program since.
const LATELY: i64 = 3600;

/// A page over TLS whose own parts are to be loaded without: browsers do not load such scripts, styles and frames (W3C, "Mixed
/// Content"), and the page stays empty.
pub(super) fn mixed(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Option<Finding> {
    let tls = evidence.wants_tls(host) != Some(false);
    let html = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
    if !tls || !html {
        return None;
    }
    let parts = [format!("<base href=\"http://{host}"), format!("<script src=\"http://{host}")];
    parts.iter().find(|part| answer.body.contains(*part))?;
    let program = recognise::program(evidence, host, answer);
    let fix = program.and_then(|program| program.circle.or(program.host).or(program.proxy)).map_or_else(
        || format!("set the program's own address to https://{host}/, or let it trust `X-Forwarded-Proto` of the ingress"),
        |words| refusal::filled(evidence, host, program, words),
    );
    Some(
        Finding::new(
            format!("the page of `{host}` loads its own parts from http://{host}, which browsers block"),
            "the program does not know that people use HTTPS, so it writes `http://` into its pages",
            fix,
        )
        .only(Severity::Warning),
    )
}

/// What the controller noted lately about other pages of a host that answers at `/`.
pub(super) fn noted_lately(evidence: &Evidence, host: &str) -> Option<Finding> {
    let controller = traits_of(evidence.controller);
    let recent = |why: Unusable| {
        // `/` was asked for just now.
        let of_others = upstream::noted_as(evidence, host, why).filter(|noted| !noted.of_root);
        let at = upstream::written(&of_others.max_by_key(|noted| noted.time)?)?;
        let since = ingress_changed(evidence, host);
        (evidence.now.as_second() - at.as_second() <= LATELY && since.is_none_or(|since| at >= since))
            .then_some(at)
    };
    if recent(Unusable::LongHeaders).is_some() {
        let finding = Finding::new(
            format!(
                "`{host}` answers, but {} answered 502 for another of its pages in the last hour",
                controller.program
            ),
            "the headers of that page, usually cookies and tokens after signing in, are longer than the buffer of the ingress",
            "",
        );
        return Some(buffer::larger(evidence, host, finding).only(Severity::Warning));
    }
    recent(Unusable::LongBody)?;
    Some(
        Finding::new(
            format!("`{host}` answers, but {} refused an upload with 413 in the last hour", controller.program),
            "the upload is larger than the Ingress allows",
            format!("raise `maxBodySize` of the service, or leave it out: there is no limit then (annotation `{}proxy-body-size`)", controller.annotations),
        )
        .only(Severity::Warning),
    )
}

/// When the Ingresses of the host were changed last.
fn ingress_changed(evidence: &Evidence, host: &str) -> Option<jiff::Timestamp> {
    let ingresses = evidence.objects("ingresses.networking.k8s.io").unwrap_or_default();
    let of_host = crate::checks::apps::backend::of(evidence, host);
    let theirs = ingresses.iter().filter(|ingress| {
        of_host.iter().any(|one| one.namespace == ingress.namespace() && one.ingress == ingress.name())
    });
    theirs.filter_map(changed).max()
}
