//! What the reference of an image says (distribution/reference, "Grammar").

/// Registry and repository, without tag and digest.
#[must_use]
pub fn repository(reference: &str) -> &str {
    let path = reference.split_once('@').map_or(reference, |(path, _)| path);
    path.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(path, |(path, _)| path)
}

/// The last part of the repository: what the program is called, whoever made the image and wherever it lies.
#[must_use]
pub fn name(reference: &str) -> &str {
    let path = repository(reference);
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The tag; `None` where there is only a digest, or neither.
#[must_use]
pub fn tag(reference: &str) -> Option<&str> {
    let path = reference.split('@').next()?;
    path.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_stands_last_without_registry_tag_and_digest() {
        for (reference, wanted) in [
            ("docker.io/traefik/whoami", "whoami"),
            ("docker.io/library/traefik:3", "traefik"),
            ("rancher/mirrored-library-traefik:3.6", "mirrored-library-traefik"),
            ("quay.io/x/haproxy-ingress@sha256:aa", "haproxy-ingress"),
            ("registry.lan:5000/kong:3@sha256:aa", "kong"),
            ("whoami", "whoami"),
        ] {
            assert_eq!(name(reference), wanted, "{reference}");
        }
        assert_eq!(repository("registry.lan:5000/a/b:1@sha256:aa"), "registry.lan:5000/a/b");
        assert_eq!(repository("registry.lan:5000/a"), "registry.lan:5000/a");
    }

    #[test]
    fn a_tag_is_neither_a_port_nor_a_digest() {
        for (reference, wanted) in [
            ("registry.lan:5000/whoami:v1.11.0@sha256:aa", Some("v1.11.0")),
            ("registry.lan:5000/whoami@sha256:aa", None),
            ("registry.lan:5000/whoami", None),
            ("whoami:1", Some("1")),
        ] {
            assert_eq!(tag(reference), wanted, "{reference}");
        }
    }
}
