//! Which program stands behind a host, by the image of its pods, by the page it answers, or by the name of its Service.

use crate::checks::apps::backend;
use crate::checks::apps::programs::{PROGRAMS, Program};
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, at, entries};
use crate::facts::image;

/// By the image of the pods or the name of the Service, where the page says nothing.
pub(super) fn behind(evidence: &Evidence, host: &str) -> Option<&'static Program> {
    by_image(evidence, host).or_else(|| by_service(evidence, host))
}

/// By all that is known: the image of the pods, the page, the name of the Service.
pub(super) fn program(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Option<&'static Program> {
    by_image(evidence, host).or_else(|| by_page(answer)).or_else(|| by_service(evidence, host))
}

fn by_image(evidence: &Evidence, host: &str) -> Option<&'static Program> {
    backend::of(evidence, host).iter().find_map(|backend| {
        let pods = backend::pods(evidence, backend.find(evidence)?);
        let images = pods.iter().flat_map(|pod| entries(pod, "/spec/containers"));
        images.map(|container| at(container, "/image")).find_map(of_image)
    })
}

/// By its name, for example `home-assistant`, or by the end of its repository, as `vaultwarden/server`.
fn of_image(reference: &str) -> Option<&'static Program> {
    let (name, whole) = (image::name(reference), image::repository(reference));
    let is = |known: &str| name == known || (known.contains('/') && whole.ends_with(known));
    PROGRAMS.iter().find(|program| program.images.iter().any(|known| is(known)))
}

fn by_page(answer: &HttpAnswer) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.marks.iter().any(|mark| answer.body.contains(mark)))
}

/// A Service that bears the name of a program, whole or as a word of it.
fn by_service(evidence: &Evidence, host: &str) -> Option<&'static Program> {
    let backends = backend::of(evidence, host);
    let is = |known: &str| backends.iter().any(|backend| has_words(backend.service, known));
    PROGRAMS.iter().find(|program| program.services.iter().any(|known| is(known)))
}

fn has_words(name: &str, known: &str) -> bool {
    let (name, known) = (format!("-{name}-"), format!("-{known}-"));
    name.contains(&known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_image_whatever_the_registry() {
        let name = |image: &str| of_image(image).map(|program| program.name);
        assert_eq!(name("ghcr.io/home-assistant/home-assistant:2026.11"), Some("Home Assistant"));
        assert_eq!(name("registry.lan:5000/mirror/nextcloud@sha256:00"), Some("Nextcloud"));
        assert_eq!(name("quay.io/argoproj/argocd:v3.1.0"), Some("Argo CD"));
        assert_eq!(name("goauthentik/server"), name("ghcr.io/goauthentik/server:2026.2"));
        assert_eq!(name("vaultwarden/server:1.36"), Some("Vaultwarden"));
        assert_eq!(name("example.com/somebody/server:1"), None);
        assert!(has_words("immich-server", "immich") && !has_words("nextcloudpi", "nextcloud"));
    }

    #[test]
    fn each_program_can_be_recognised_and_says_where_its_facts_are_from() {
        for program in PROGRAMS {
            let known = program.images.len() + program.marks.len() + program.services.len();
            assert!(known > 0 && program.source.starts_with("https://"), "{}", program.name);
            let helps = [program.tls, program.proxy, program.host, program.circle];
            assert!(helps.iter().any(Option::is_some), "{} helps nobody", program.name);
        }
    }
}
