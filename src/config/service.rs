//! Reads the entries under `services`.

use crate::config::fields::Fields;
use crate::config::model::{Backend, Ingress, Issuer, Scheme, Service};
use crate::config::yaml::{Key, Node};
use crate::config::{
    Organisation, backend, egress, ingress, issuer, organisations, protect, public, start_page,
};
use crate::facts::names::{Host, is_label};
use crate::facts::namespaces;
use crate::facts::network::Network;

/// Long enough for a websocket or a slow upload: an hour, as the guides for photo and media servers advise.
const READ_TIMEOUT: u32 = 3600;

/// Reads one entry; `issuer` signs for it if it does not say another, `controller` serves it, `lan` are the
/// house's further networks, and `all` the organisations that it may be of. `None` when it has no usable backend or host, with the problems said.
pub(super) fn read(
    parent: &mut Fields<'_>,
    (domain, issuer): (Option<&Host>, Issuer),
    (controller, lan): (&Ingress, &[Network]),
    all: &[Organisation],
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
        let backend = backend::read(fields, &key.name);
        let scheme = fields.parsed("scheme", backend::scheme);
        let annotations = fields.texts_by_name("annotations");
        let organisation = organisations::of_service(fields, all);
        let hosts = hosts(fields, organisation.map(|one| &one.zone).or(domain), &key.name);
        let issuer = fields.parsed("issuer", issuer::issuer).unwrap_or(issuer);
        let max_body_size = fields.parsed("maxBodySize", body_size).unwrap_or_else(|| "0".to_owned());
        let read_timeout = fields.int("readTimeout", 1, 86_400).map_or(READ_TIMEOUT, |n| n as u32);
        let description = fields.parsed("description", start_page::description);
        let icon = fields.parsed("icon", start_page::icon);
        let protect = protect::read(fields, lan);
        let public = public::of_service(fields, controller);
        let egress = egress::of_service(fields);
        let (backend, of_url) = backend?;
        let service = Service {
            name: key.name.clone(),
            organisation: organisation.map(|one| one.name.clone()),
            hosts,
            issuer,
            backend,
            scheme: scheme.or(of_url).unwrap_or(Scheme::Http),
            description,
            icon,
            max_body_size,
            read_timeout,
            protect,
            public,
            egress,
            annotations,
        };
        if !controller.dialect.is_managed() {
            ingress::has_no_words_for(fields, &service);
        }
        organisations::check_service(fields, key.place, &service, all);
        (!service.hosts.is_empty()).then_some(service)
    })
}

impl Service {
    /// The namespace of its Ingress: that of its backend, since an Ingress names Services of its own namespace only.
    #[must_use]
    pub fn namespace(&self) -> &str {
        match &self.backend {
            Backend::Cluster { namespace, .. } | Backend::Image { namespace, .. } => namespace,
            Backend::Address { .. } | Backend::Local { .. } | Backend::Name { .. } => namespaces::HOMELAB,
        }
    }
}

impl Service {
    /// The namespace that comes with the service and goes with it, where homelab runs it from an image.
    #[must_use]
    pub fn own_namespace(&self) -> Option<&str> {
        match &self.backend {
            Backend::Image { namespace, .. } => Some(namespace),
            _ => None,
        }
    }
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
