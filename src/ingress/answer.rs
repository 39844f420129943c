//! Answers that more than one controller gives.

use crate::evidence::http::HttpAnswer;

/// The 404 of Go's standard library, which Traefik gives for a name it does not know: homelab's and that of k3s alike, and any
/// program in Go for a page that it does not have.
#[must_use]
pub fn is_go_404(answer: &HttpAnswer) -> bool {
    let plain = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/plain"));
    answer.status == 404 && plain && answer.body.trim_end() == "404 page not found"
}
