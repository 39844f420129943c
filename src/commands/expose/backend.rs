//! What is to get a name: a Service of the cluster, a program on a node, or one outside of the cluster.

use crate::cli::{Expose, Global};
use crate::cluster::Offered;
use crate::commands::expose::{choice, image, local, look};
use crate::config::edit::Setting;
use crate::config::{self, Backend, Scheme, Service};
use crate::error::{Error, Result};
use crate::facts::names::is_label;
use crate::outside::command::Command;

/// What the entry says of it.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) settings: Vec<(&'static str, Setting)>,
    /// What may not work, as far as it can be seen from here.
    pub(super) warning: Option<Error>,
    /// The command to do the same as root.
    pub(super) again: Option<String>,
}

/// Finds what the flags mean; asks whoever sits here if they say nothing.
///
/// # Errors
/// When it is not there, or nobody says what it is.
pub(super) async fn behind(global: &Global, flags: &Expose, name: &str) -> Result<Behind> {
    if let Some(url) = &flags.url {
        let again = command!("sudo homelab expose {} --url {}", name, url);
        let settings = vec![("url", Setting::Text(url.clone()))];
        return Ok(Behind { settings, warning: None, again: again.map(|line| with_rest(line, flags)) });
    }
    if let Some(port) = flags.local {
        return local::behind(global, flags, name, port).await;
    }
    if let Some(image) = &flags.image {
        return Ok(image::behind(flags, name, image));
    }
    let Some(given) = &flags.service else {
        let cluster = global.lab().connect().await?;
        let (service, port) = choice::choose(&cluster.services().await?, name)?;
        let seen = look::at_service(&cluster, &service, port).await;
        return Ok(of_service(flags, name, &service, port, seen));
    };
    let asked = Asked::parse(given)?;
    let seen = async {
        let cluster = global.lab().connect().await?;
        let services = cluster.services().await?;
        Ok::<_, Error>((cluster, services))
    };
    match (seen.await, asked.number()) {
        (Ok((cluster, services)), _) => {
            let service = asked.find(&services)?;
            let port = asked.port_of(service)?;
            let seen = look::at_service(&cluster, service, port).await;
            Ok(of_service(flags, name, service, port, seen))
        }
        // To see how the file would change, nothing has to run.
        (Err(error), Some(port)) if flags.dry_run => {
            let seen = look::Seen::not("the Service", error);
            let service = Offered {
                namespace: asked.namespace.to_owned(),
                name: asked.name.to_owned(),
                ports: Vec::new(),
            };
            Ok(of_service(flags, name, &service, port, seen))
        }
        (Err(error), _) => Err(error),
    }
}

fn of_service(flags: &Expose, name: &str, service: &Offered, port: u16, seen: look::Seen) -> Behind {
    let full = format!("{}/{}", service.namespace, service.name);
    let whole = format!("{full}:{port}");
    let again = command!("sudo homelab expose {} --service {}", name, whole);
    let mut settings = vec![("service", Setting::Text(full)), ("port", Setting::Number(port))];
    settings.extend(seen.tls.then(|| ("scheme", Setting::Text("https".to_owned()))));
    Behind { settings, warning: seen.warning, again: again.map(|line| with_rest(line, flags)) }
}

/// The command with the flags that go with every program.
pub(super) fn with_rest(line: Command, flags: &Expose) -> String {
    let host = flags.host.as_ref().and_then(|host| command!("{} --host {}", line, host));
    let line = host.unwrap_or(line);
    let words: Vec<String> = flags.protect.iter().map(ToString::to_string).collect();
    let protect = (!words.is_empty()).then(|| command!("{} --protect {}", line, words.join(","))).flatten();
    protect.unwrap_or(line).to_string()
}

/// What a service of the configuration leads to, in words.
pub(super) fn shown(service: &Service) -> String {
    let scheme = if service.scheme == Scheme::Https { "https" } else { "http" };
    match &service.backend {
        Backend::Cluster { namespace, service, port } => {
            format!("the Service `{namespace}/{service}:{port}`")
        }
        Backend::Address { address, port } => {
            format!("`{scheme}://{}`", std::net::SocketAddr::new(*address, *port))
        }
        Backend::Image { image, .. } => format!("the image `{image}`"),
        Backend::Local { node, port } => match node {
            Some(node) => format!("port {port} of the node `{node}`"),
            None => format!("port {port} of the node"),
        },
        Backend::Name { name, port } => format!("`{scheme}://{name}:{port}`"),
    }
}

/// `namespace/name`, `namespace/name:80` or `namespace/name:http`.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    namespace: &'a str,
    name: &'a str,
    port: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let (full, port) = match text.split_once(':') {
            Some((full, port)) => (full, Some(port)),
            None => (text, None),
        };
        let parts = full.split_once('/').filter(|(namespace, name)| is_label(namespace) && is_label(name));
        let good = port.is_none_or(|port| !port.is_empty() && port.parse() != Ok(0_u16));
        match parts.filter(|_| good) {
            Some((namespace, name)) => Ok(Self { namespace, name, port }),
            None => Err(Error::usage(format!("`{text}` is not a Service such as `immich/immich-server:2283`"))
                .hint("write `--service NAMESPACE/NAME` or `--service NAMESPACE/NAME:PORT`; `kubectl get services -A` lists them")),
        }
    }

    fn number(&self) -> Option<u16> {
        self.port?.parse().ok()
    }

    fn find<'s>(&self, services: &'s [Offered]) -> Result<&'s Offered> {
        let is = |service: &&Offered| service.namespace == self.namespace && service.name == self.name;
        if let Some(service) = services.iter().find(is) {
            return Ok(service);
        }
        let wanted = format!("{}/{}", self.namespace, self.name);
        let error = Error::usage(format!("the cluster has no Service `{wanted}`"));
        let full = |service: &Offered| format!("{}/{}", service.namespace, service.name);
        let all: Vec<String> = services.iter().map(full).collect();
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        let same: Vec<&str> = services
            .iter()
            .zip(&names)
            .filter(|(one, _)| one.name == self.name)
            .map(|(_, full)| *full)
            .collect();
        let there: Vec<&str> = services
            .iter()
            .zip(&names)
            .filter(|(one, _)| one.namespace == self.namespace)
            .map(|(_, full)| *full)
            .collect();
        let alone = same.first().copied().filter(|_| same.len() == 1);
        let near = alone.or_else(|| config::nearest(&wanted, &names));
        Err(match (near, there.as_slice()) {
            (Some(one), _) => error.hint(format!("did you mean `{one}`?")),
            (None, []) => error
                .because(format!("no Service is in the namespace `{}`", self.namespace))
                .hint("`kubectl get services -A` lists them"),
            (None, some) => error.hint(format!("that namespace has {}", some.join(", "))),
        })
    }

    fn port_of(&self, service: &Offered) -> Result<u16> {
        let full = format!("{}/{}", service.namespace, service.name);
        let ports: Vec<String> = service
            .ports
            .iter()
            .map(|port| match port.name.is_empty() {
                true => port.number.to_string(),
                false => format!("{} ({})", port.number, port.name),
            })
            .collect();
        let listed = ports.join(", ");
        match (self.port, service.ports.as_slice()) {
            (None, [one]) => Ok(one.number),
            (None, []) => Err(Error::usage(format!("the Service `{full}` has no port for TCP"))
                .hint(format!("if it answers all the same, name the port: `--service {full}:PORT`"))),
            (None, [first, ..]) => Err(Error::usage(format!(
                "the Service `{full}` has several ports: {listed}"
            ))
            .hint(format!("name the one with the page, for example `--service {full}:{}`", first.number))),
            (Some(text), some) => {
                let is =
                    |port: &&crate::cluster::Port| port.name == text || Some(port.number) == self.number();
                match (some.iter().find(is), self.number(), some) {
                    (Some(port), _, _) => Ok(port.number),
                    (None, Some(number), []) => Ok(number),
                    _ => Err(Error::usage(format!("the Service `{full}` has no port `{text}`"))
                        .hint(format!("it has {}", if ports.is_empty() { "none" } else { &listed }))),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Protection;
    use crate::cluster::Port;

    fn service(namespace: &str, name: &str, ports: &[(u16, &str)]) -> Offered {
        let ports = ports.iter().map(|(number, name)| Port { number: *number, name: (*name).to_owned() });
        Offered { namespace: namespace.into(), name: name.into(), ports: ports.collect() }
    }

    fn found(text: &str) -> Result<u16> {
        let services = [
            service("immich", "immich-server", &[(2283, "http")]),
            service("gitea", "gitea-http", &[(3000, "http"), (22, "ssh")]),
            service("media", "tv", &[]),
        ];
        let asked = Asked::parse(text)?;
        asked.port_of(asked.find(&services)?)
    }

    #[test]
    fn the_port_is_found_by_its_number_its_name_or_alone() {
        for (text, port) in [
            ("immich/immich-server", 2283),
            ("immich/immich-server:2283", 2283),
            ("gitea/gitea-http:http", 3000),
            ("gitea/gitea-http:22", 22),
            ("media/tv:8096", 8096),
        ] {
            assert_eq!(found(text).unwrap(), port, "{text}");
        }
    }

    #[test]
    fn a_service_or_a_port_that_is_not_there_is_told_with_those_that_are() {
        for (text, said) in [
            ("immich/immich-sever", "did you mean `immich/immich-server`?"),
            ("photos/immich-server", "did you mean `immich/immich-server`?"),
            ("gitea/x", "that namespace has gitea/gitea-http"),
            ("nowhere/x", "no Service is in the namespace `nowhere`"),
            ("gitea/gitea-http", "has several ports: 3000 (http), 22 (ssh)"),
            ("gitea/gitea-http:80", "has no port `80`"),
            ("media/tv", "has no port for TCP"),
            ("media/tv:http", "it has none"),
            ("immich-server", "is not a Service such as"),
            ("immich/immich-server:", "is not a Service such as"),
            ("immich/immich-server:0", "is not a Service such as"),
        ] {
            let error = found(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn the_command_for_root_says_the_same() {
        let protect = vec![Protection::Users, Protection::Rate(5)];
        let flags = Expose { host: Some("bilder".into()), protect, ..Expose::default() };
        let seen = look::Seen { tls: true, warning: None };
        let behind = of_service(&flags, "photos", &service("immich", "server", &[]), 2283, seen);
        assert_eq!(
            behind.again.as_deref(),
            Some(
                "sudo homelab expose photos --service immich/server:2283 --host bilder --protect users,rate=5"
            )
        );
        assert_eq!(behind.settings.last(), Some(&("scheme", Setting::Text("https".into()))));
    }
}
