//! Reads what answers for a service: exactly one of the keys that name it, and what belongs to that key.

use std::net::IpAddr;

use crate::config::fields::Fields;
use crate::config::image;
use crate::config::model::{Backend, Scheme};
use crate::facts::names::{Host, is_label};

/// The keys of which a service has one, in the order in which they are told.
const KEYS: [&str; 4] = ["service", "url", "local", "image"];
/// Keys that mean something beside some of those only.
const BESIDE: [(&str, &[&str]); 3] =
    [("port", &["service", "image"]), ("node", &["local"]), ("data", &["image"])];

/// What answers, with the scheme that its URL brings; `None` when that is not said or cannot be used, with the problems said.
pub(super) fn read(fields: &mut Fields<'_>, name: &str) -> Option<(Backend, Option<Scheme>)> {
    let place = Some(fields.place());
    let mut given: Vec<&'static str> = KEYS.to_vec();
    given.retain(|key| fields.node(key).is_some());
    for (key, of) in BESIDE {
        let there = fields.node(key).map(|node| node.place);
        if let (Some(there), [one]) = (there, given.as_slice())
            && !of.contains(one)
        {
            let message = format!("`{}` has no meaning together with `{one}`", fields.path_of(key));
            fields.problem(
                Some(there),
                message,
                Some(format!("leave it out; it belongs to `{}`", of.join("` or `"))),
            );
        }
    }
    match given.as_slice() {
        [] => {
            let message = format!("`{}` is missing: what answers", fields.path_of("service"));
            let help = "add `service: namespace/name` and `port:`, `image: IMAGE` and `port:` for a program that homelab runs, `local: PORT` for one on the node itself, or `url:` for something outside the cluster";
            fields.problem(place, message, Some(help.to_owned()));
            None
        }
        ["service"] => Some((cluster(fields)?, None)),
        ["image"] => Some((image::read(fields, name)?, None)),
        ["local"] => Some((local(fields)?, None)),
        ["url"] => url(fields).map(|(backend, scheme)| (backend, Some(scheme))),
        some => {
            let message = format!("`{}` has `{}`; keep one", fields.path(), some.join("` and `"));
            fields.problem(place, message, None);
            None
        }
    }
}

fn cluster(fields: &mut Fields<'_>) -> Option<Backend> {
    let port = fields.int("port", 1, 65_535);
    let (place, text) = fields.text("service")?;
    let parts = text.split_once('/').filter(|(namespace, name)| is_label(namespace) && is_label(name));
    let Some((namespace, service)) = parts else {
        let message = format!("`{}` must be `namespace/name`, not `{text}`", fields.path_of("service"));
        fields.problem(Some(place), message, None);
        return None;
    };
    let Some(port) = port else {
        fields.missing("port", "the port of the Service", "80");
        return None;
    };
    Some(Backend::Cluster { namespace: namespace.to_owned(), service: service.to_owned(), port: port as u16 })
}

fn local(fields: &mut Fields<'_>) -> Option<Backend> {
    let node = fields.parsed("node", |text| match text.split('.').all(is_label) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is not a node's name; `kubectl get nodes` lists them")),
    });
    let port = fields.int("local", 1, 65_535)?;
    Some(Backend::Local { node, port: port as u16 })
}

fn url(fields: &mut Fields<'_>) -> Option<(Backend, Scheme)> {
    fields.parsed("url", |text| {
        let wrong = |why: &str| format!("`{text}` {why}");
        let uri: http::Uri = text.parse().map_err(|_| wrong("is not a URL"))?;
        let scheme = scheme(uri.scheme_str().unwrap_or_default())
            .map_err(|_| wrong("must begin with `http://` or `https://`"))?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(wrong("has a path; write scheme, host and port only"));
        }
        let host = uri.host().ok_or_else(|| wrong("has no host"))?;
        let port = uri.port_u16().unwrap_or(if scheme == Scheme::Https { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let backend = match bare.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() || address.is_unspecified() => {
                return Err(wrong(
                    "points at the ingress controller's own pod; use the machine's LAN address",
                ));
            }
            Ok(address) => Backend::Address { address, port },
            Err(_) => Backend::Name { name: Host::parse(bare)?, port },
        };
        Ok((backend, scheme))
    })
}

/// `http` or `https`.
pub(super) fn scheme(text: &str) -> Result<Scheme, String> {
    match text {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        other => Err(format!("`{other}` is neither `http` nor `https`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Problem, parse};

    fn service(entry: &str) -> Result<Config, Vec<Problem>> {
        parse(&format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nservices: {{ films: {{ {entry} }} }}\n"
        ))
    }

    #[test]
    fn a_program_on_a_node_is_a_port_and_where_there_are_several_a_node() {
        let backend = |entry: &str| service(entry).unwrap().services.remove(0).backend;
        assert_eq!(backend("local: 8096"), Backend::Local { node: None, port: 8096 });
        let named = Backend::Local { node: Some("nuc.lan".into()), port: 8096 };
        assert_eq!(backend("local: 8096, node: nuc.lan"), named);
        assert!(service("local: 8443, scheme: https").unwrap().services[0].scheme == Scheme::Https);
    }

    #[test]
    fn one_key_says_what_answers_and_what_belongs_to_another_is_refused() {
        for (entry, said) in [
            ("local: 8096, url: 'http://10.0.0.2'", "has `url` and `local`; keep one"),
            ("service: a/b, port: 80, local: 8096", "has `service` and `local`; keep one"),
            ("local: 8096, port: 80", "`services.films.port` has no meaning together with `local`"),
            ("url: 'http://10.0.0.2', port: 80", "`services.films.port` has no meaning together with `url`"),
            (
                "service: a/b, port: 80, node: nuc",
                "`services.films.node` has no meaning together with `service`",
            ),
            ("local: 0", "must be between 1 and 65535"),
            ("local: jellyfin", "must be a whole number"),
            (
                "url: 'http://10.0.0.2', data: /data",
                "`services.films.data` has no meaning together with `url`",
            ),
            ("image: a/b, port: 80, local: 8096", "has `local` and `image`; keep one"),
            ("image: a/b, port: 80, node: nuc", "`services.films.node` has no meaning together with `image`"),
            ("local: 8096, node: 'a b'", "is not a node's name"),
            ("host: x", "`services.films.service` is missing"),
        ] {
            let problems = service(entry).unwrap_err();
            let told = problems.iter().any(|problem| problem.message.contains(said));
            assert!(told && problems.len() == 1, "{entry}: {problems:?}");
        }
    }

    #[test]
    fn a_service_without_a_backend_has_no_other_problem() {
        let problems = service("maxBodySize: 1g, readTimeout: 5, annotations: { a: b }").unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].help.as_deref().unwrap().contains("local: PORT"));
    }
}
