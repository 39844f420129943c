//! Reads a program that homelab runs from an image: the image, the port, and where the program keeps its data.

use crate::config::fields::Fields;
use crate::config::model::Backend;
use crate::facts::names::is_label;
use crate::facts::namespaces;

/// What reads as one, for examples.
const EXAMPLE: &str = "ghcr.io/owner/program:1.2";

/// The backend of the service `name`; `None` when it cannot be used, with the problems said.
pub(super) fn read(fields: &mut Fields<'_>, name: &str) -> Option<Backend> {
    let namespace = namespace(fields, name);
    let image = fields.parsed("image", reference);
    let data = fields.node("data").is_some().then(|| fields.parsed("data", folder));
    fields.missing("port", "the port that the program in the image listens on", "8080");
    let port = fields.int("port", 1, 65_535);
    // Where the folder cannot be used, the program must not run without it.
    let data = data.map_or(Some(None), |folder| folder.map(Some))?;
    Some(Backend::Image { namespace: namespace?, image: image?, port: port? as u16, data })
}

/// The service's own namespace. Its Service is called after it, too, and Kubernetes wants a letter first there (RFC 1035).
fn namespace(fields: &mut Fields<'_>, name: &str) -> Option<String> {
    let namespace = namespaces::of_image(name);
    let why = match name.starts_with(|c: char| c.is_ascii_lowercase()) {
        true if is_label(&namespace) => return Some(namespace),
        true => format!("is too long: its namespace would be `{namespace}`"),
        false => "must begin with a letter, since its Service has this name, too".to_owned(),
    };
    let place = Some(fields.place());
    let help = "choose another name; the one that people type can be given by `host`".to_owned();
    fields.problem(place, format!("`{}`: with `image`, the name {why}", fields.path()), Some(help));
    None
}

/// As much of a reference's grammar as tells it from a slip (distribution/reference, "Grammar").
fn reference(text: &str) -> Result<String, String> {
    let path = text.split_once('@').map_or(text, |(path, _)| path);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let ends = text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c));
    if text.contains("://") {
        return Err(format!("`{text}` has a scheme; an image is written like `{EXAMPLE}`"));
    }
    match begins && ends && plain && !path.contains("//") && !path.contains("::") {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is not an image such as `{EXAMPLE}`")),
    }
}

/// What Kubernetes takes as a `mountPath`, and no folder that the image itself needs whole.
fn folder(text: &str) -> Result<String, String> {
    let steps: Vec<&str> = text.strip_prefix('/').unwrap_or_default().split('/').collect();
    let is_step = |step: &&str| !["", ".", ".."].contains(step) && !step.contains(':');
    match steps.iter().all(is_step) {
        true => Ok(text.to_owned()),
        false => {
            Err(format!("`{text}` is not a folder in the image, written from the root on, such as `/data`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn read(name: &str, entry: &str) -> Result<Backend, Vec<String>> {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nservices: {{ {name}: {{ {entry} }} }}\n"
        );
        match parse(&text) {
            Ok(mut config) => Ok(config.services.remove(0).backend),
            Err(problems) => Err(problems.into_iter().map(|problem| problem.message).collect()),
        }
    }

    #[test]
    fn an_image_has_a_port_a_namespace_of_its_own_and_data_if_it_says_where() {
        let made = |data: Option<&str>| Backend::Image {
            namespace: "homelab-books".into(),
            image: "ghcr.io/owner/calibre:1.2".into(),
            port: 8083,
            data: data.map(str::to_owned),
        };
        let image = "image: 'ghcr.io/owner/calibre:1.2', port: 8083";
        assert_eq!(read("books", image), Ok(made(None)));
        assert_eq!(
            read("books", &format!("{image}, data: /var/lib/books")),
            Ok(made(Some("/var/lib/books")))
        );
        for image in ["nginx", "registry.lan:5000/a/b", "a/b@sha256:0123456789abcdef", "localhost/web:v1_2"] {
            assert!(read("books", &format!("image: '{image}', port: 1")).is_ok(), "{image}");
        }
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_the_reason() {
        for (name, entry, said) in [
            ("books", "image: a/b", "`services.books.port` is missing: the port that the program"),
            ("books", "image: a/b, port: 0", "must be between 1 and 65535"),
            ("books", "image: 'https://ghcr.io/a/b', port: 80", "has a scheme"),
            ("books", "image: 'a b', port: 80", "is not an image such as"),
            ("books", "image: 'a/b:', port: 80", "is not an image such as"),
            ("books", "image: '', port: 80", "is not an image such as"),
            ("books", "image: a/b, port: 80, data: data", "is not a folder in the image"),
            ("books", "image: a/b, port: 80, data: /", "is not a folder in the image"),
            ("books", "image: a/b, port: 80, data: /a/../etc", "is not a folder in the image"),
            ("books", "image: a/b, port: 80, data: '/a:/b'", "is not a folder in the image"),
            ("2fa", "image: a/b, port: 80", "must begin with a letter"),
            (&"a".repeat(56), "image: a/b, port: 80", "is too long"),
        ] {
            let problems = read(name, entry).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(said), "{name}: {entry}: {problems:?}");
        }
    }
}
