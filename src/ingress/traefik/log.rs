//! Lines of Traefik's log, which are JSON: `{"level":"error","ingress":"locked","namespace":"home","error":"…","time":"…",
//! "message":"…"}` (zerolog; cmd/traefik/logger.go).

use crate::ingress::traits::{LastWord, NoCertificate};

/// By which messages it says that an Ingress, or one path of it, is left out (pkg/provider/kubernetes/ingress-nginx/build.go).
const LEFT_OUT: [&str; 5] = [
    "Invalid Ingress, skipping",
    "Cannot resolve auth secret, skipping ingress",
    "Cannot build client auth TLS option, skipping ingress",
    "Cannot build serversTransport, skipping ingress",
    "Cannot resolve custom-headers ConfigMap",
];

/// Why it answers every request for an Ingress (`namespace/name`) as one for an unknown name.
pub(super) fn denied_ingress<'a>(line: &'a str, ingress: &str) -> Option<&'a str> {
    let message = field(line, "message")?;
    let (namespace, name) = ingress.split_once('/')?;
    let is_of = field(line, "ingress") == Some(name) && field(line, "namespace") == Some(namespace);
    if is_of && LEFT_OUT.contains(&message) { field(line, "error") } else { None }
}

/// Why a host gets Traefik's own certificate and not that of its Secret (`loadCertificates`, `certificateBlocks`). That a
/// certificate is for other names it does not say.
pub(super) fn no_certificate(line: &str, secret: &str, _: &str) -> Option<NoCertificate> {
    let error = field(line, "error")?;
    let (_, name) = secret.split_once('/')?;
    if error.ends_with(&format!("no keypair found in secret {secret}")) {
        Some(NoCertificate::NoPair)
    } else if error.contains(&format!("fetching secret {secret}:")) && error.contains(name) {
        Some(NoCertificate::Unusable)
    } else {
        None
    }
}

/// Whether a line says why the program ends (cmd/traefik/traefik.go, `main`).
pub(super) fn is_fatal(line: &str) -> bool {
    field(line, "message") == Some("Command error")
}

/// What the last line of the log means when the program ended.
pub(super) const LAST_WORDS: [LastWord; 2] = [
    LastWord {
        // traefik/paerser, parser/element_fill.go.
        part: "field not found, node",
        cause: "the DaemonSet has an argument that this version of Traefik does not know",
        fix: "remove the argument",
    },
    LastWord {
        part: "address already in use",
        cause: "another program on the node listens on the port",
        fix: "find it on the node with `ss -ltnp` and move it to another port",
    },
];

/// A text of the line, as it stands there: quotes in it have their backslash. The first one where a key is there twice.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\":\""))?;
    let mut escaped = false;
    let end = rest.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: &str = r#"{"level":"error","providerName":"kubernetesingressnginx","ingress":"locked","namespace":"home","error":"getting secret users: secret \"users\" not found","ingress":"home/locked rule-0 path-0","time":"2026-11-30T12:00:00Z","message":"Cannot resolve auth secret, skipping ingress"}"#;

    #[test]
    fn an_ingress_that_is_left_out_is_told_from_others() {
        assert_eq!(
            denied_ingress(LOCKED, "home/locked"),
            Some(r#"getting secret users: secret \"users\" not found"#)
        );
        assert_eq!(denied_ingress(LOCKED, "home/lock"), None);
        assert_eq!(denied_ingress(LOCKED, "work/locked"), None);
        let other = LOCKED.replace("Cannot resolve auth secret, skipping ingress", "Updated");
        assert_eq!(denied_ingress(&other, "home/locked"), None);
    }

    #[test]
    fn what_a_secret_lacks_is_told() {
        let line = |error: &str| {
            format!(
                r#"{{"level":"warn","ingress":"a","namespace":"home","error":"{error}","time":"2026-11-30T12:00:00Z","message":"Error loading TLS certificates, defaulting to default certificate"}}"#
            )
        };
        let none =
            line(r#"getting certificate blocks: fetching secret home/a-tls: secret \"a-tls\" not found"#);
        assert_eq!(no_certificate(&none, "home/a-tls", "a.test"), Some(NoCertificate::Unusable));
        assert_eq!(no_certificate(&none, "home/a", "a.test"), None);
        let no_pair = line("no keypair found in secret home/a-tls");
        assert_eq!(no_certificate(&no_pair, "home/a-tls", "a.test"), Some(NoCertificate::NoPair));
        assert_eq!(no_certificate(&no_pair, "home/a-tl", "a.test"), None);
    }
}
