//! Reads the entries under `services`.

use std::net::IpAddr;

use crate::config::fields::Fields;
use crate::config::model::{Backend, Scheme, Service};
use crate::config::yaml::{Key, Node};
use crate::facts::names::{Host, is_label};

/// Long enough for a websocket or a slow upload: an hour, as the guides for photo and media servers advise.
const READ_TIMEOUT: u32 = 3600;

/// Reads one entry; `None` when it has no usable backend or host, with the problems said.
pub(super) fn read(
    parent: &mut Fields<'_>,
    domain: Option<&Host>,
    key: &Key,
    node: &Node,
) -> Option<Service> {
    let path = format!("services.{}", key.name);
    if !is_label(&key.name) {
        let help = "use lower-case letters, digits and hyphens; the full name goes into `host`".to_owned();
        parent.problem(Some(key.place), format!("`{path}`: the name is not a DNS label"), Some(help));
        return None;
    }
    parent.entry(&path, node, |fields| {
        let url = url(fields);
        let cluster = cluster(fields);
        let place = Some(fields.place());
        let scheme = fields.parsed("scheme", scheme);
        let (backend, url_scheme) = match (url, cluster) {
            (Some(_), Some(_)) => {
                fields.problem(place, format!("`{path}` has both `service` and `url`; keep one"), None);
                (None, None)
            }
            (Some((backend, scheme)), None) => (Some(backend), Some(scheme)),
            (None, found) => (found, None),
        };
        let annotations = fields.texts_by_name("annotations");
        let service = Service {
            name: key.name.clone(),
            hosts: hosts(fields, domain, &key.name),
            backend: backend?,
            scheme: scheme.or(url_scheme).unwrap_or(Scheme::Http),
            max_body_size: fields.parsed("maxBodySize", body_size).unwrap_or_else(|| "0".to_owned()),
            read_timeout: fields.int("readTimeout", 1, 86_400).map_or(READ_TIMEOUT, |n| n as u32),
            annotations,
        };
        (!service.hosts.is_empty()).then_some(service)
    })
}

fn hosts(fields: &mut Fields<'_>, domain: Option<&Host>, name: &str) -> Vec<Host> {
    let mut given = fields.texts("host");
    given.extend(fields.texts("hosts"));
    if given.is_empty() {
        return domain.map(|d| d.child(name)).into_iter().collect();
    }
    let mut hosts = Vec::new();
    for (place, text) in given {
        let full = match (domain, is_label(&text)) {
            (Some(domain), true) => Ok(domain.child(&text)),
            _ => Host::parse(&text),
        };
        match full {
            Ok(host) if !hosts.contains(&host) => hosts.push(host),
            Ok(_) => {}
            Err(why) => fields.problem(Some(place), format!("`{}`: {why}", fields.path_of("host")), None),
        }
    }
    hosts
}

fn cluster(fields: &mut Fields<'_>) -> Option<Backend> {
    let port = fields.int("port", 1, 65_535);
    let Some((place, text)) = fields.text("service") else {
        if fields.node("url").is_none() {
            let message = format!("`{}` has no backend", fields.path_of("service"));
            let help =
                "add `service: namespace/name` and `port:`, or `url:` for something outside the cluster";
            fields.problem(Some(fields.place()), message, Some(help.to_owned()));
        }
        return None;
    };
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

fn scheme(text: &str) -> Result<Scheme, String> {
    match text {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        other => Err(format!("`{other}` is neither `http` nor `https`")),
    }
}

/// nginx's notation of sizes: digits and one of `k`, `m`, `g` (nginx, "Configuration file measurement units").
fn body_size(text: &str) -> Result<String, String> {
    let digits = text.trim_end_matches(['k', 'm', 'g', 'K', 'M', 'G']);
    let fine =
        digits.len() + 1 >= text.len() && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if fine {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not a size such as `0`, `512m` or `10g`"))
    }
}
