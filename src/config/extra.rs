//! Reads `extraCertificates`: certificates that belong to no service, each for programs of one namespace.

use std::collections::BTreeSet;

use crate::config::fields::Fields;
use crate::config::model::{Backend, Issuer, Service};
use crate::config::yaml::{Node, Position};
use crate::config::{Organisation, issuer, organisations};
use crate::facts::authority::{is_part, is_permitted, permitted};
use crate::facts::cluster_domain::{DEFAULT, is_inside_some};
use crate::facts::names::{Host, is_label, is_object_name, is_within, tls_secret, without_wildcard};
use crate::facts::namespaces::is_home;

/// The key.
const KEY: &str = "extraCertificates";
/// What to write where there are none.
const EXAMPLE: &str = "names: [db.home.example.com]";

/// One certificate in one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraCertificate {
    /// The namespace of the programs that use it.
    pub namespace: String,
    /// What it is for, wildcards included; never empty.
    pub names: Vec<String>,
    /// Who signs it.
    pub issuer: Issuer,
    /// Its Secret; the Certificate has the same name.
    pub secret: String,
}

impl ExtraCertificate {
    /// `namespace/name` of its Secret and of its Certificate.
    pub fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.secret)
    }
}

/// What an entry is held against.
struct Rules<'a> {
    domain: Option<&'a Host>,
    /// The zone, where it is known; without it, `up` finds it and looks then.
    zone: Option<&'a Host>,
    services: &'a [Service],
    organisations: &'a [Organisation],
    /// Where cert-manager runs.
    manager: &'a str,
}

/// Reads every entry; `issuer` signs where none is said. One for each namespace of each entry.
pub(super) fn read(
    fields: &mut Fields<'_>,
    (domain, zone): (Option<&Host>, Option<&Host>),
    issuer: Issuer,
    (services, organisations, manager): (&[Service], &[Organisation], &str),
) -> Vec<ExtraCertificate> {
    let rules = Rules { domain, zone, services, organisations, manager };
    let mut all = Vec::new();
    let mut taken = BTreeSet::new();
    for (at, node) in fields.items(KEY).iter().enumerate() {
        let path = format!("{KEY}[{at}]");
        for one in fields.entry(&path, node, |fields| entry(fields, node, &rules, issuer)) {
            if !taken.insert(one.place()) {
                let message = format!(
                    "`{path}`: another entry has the Secret `{}` in the namespace `{}` already",
                    one.secret, one.namespace
                );
                let help = "put the names into one entry, or give one of them another `secret`".to_owned();
                fields.problem(Some(node.place), message, Some(help));
            }
            all.push(one);
        }
    }
    all.sort_by(|a, b| (&a.namespace, &a.secret).cmp(&(&b.namespace, &b.secret)));
    all
}

fn entry(fields: &mut Fields<'_>, node: &Node, rules: &Rules<'_>, issuer: Issuer) -> Vec<ExtraCertificate> {
    let namespaces = namespaces(fields, node.place, rules);
    let names = names(fields, node.place, rules.domain);
    let issuer = fields.parsed("issuer", issuer::issuer).unwrap_or(issuer);
    for (place, name) in &names {
        if let Some((why, help)) = refused(name, issuer, rules) {
            let message = format!("`{}`: {why}", fields.path_of("names"));
            fields.problem(Some(*place), message, Some(help));
        }
    }
    let given = fields.node("secret").map(|node| node.place);
    let named = fields.parsed("secret", secret);
    let Some((_, first)) = names.first() else { return Vec::new() };
    let secret = named.unwrap_or_else(|| secret_for(first));
    if !is_object_name(&secret) {
        let message = format!("`{}`: its first name is too long for the name of a Secret", fields.path());
        fields.problem(Some(node.place), message, Some("add `secret: NAME`".to_owned()));
    }
    let one = |namespace: String| ExtraCertificate {
        namespace,
        names: names.iter().map(|(_, name)| name.clone()).collect(),
        issuer,
        secret: secret.clone(),
    };
    let all: Vec<ExtraCertificate> = namespaces.into_iter().map(one).collect();
    for one in &all {
        if let Some((why, help)) = organisations::refused_extra(one, rules.organisations) {
            fields.problem(Some(node.place), format!("`{}`: {why}", fields.path()), Some(help));
        }
        if let Some(service) = rules.services.iter().find(|service| has_secret(service, one)) {
            let message = format!(
                "`{}`: the Secret `{}` in the namespace `{}` is that of the service `{}`",
                fields.path(),
                one.secret,
                one.namespace,
                service.name
            );
            let help = "give the certificate another `secret`".to_owned();
            fields.problem(Some(given.unwrap_or(node.place)), message, Some(help));
        }
    }
    all
}

/// One namespace, or a list: each gets a Certificate and a key of its own.
fn namespaces(fields: &mut Fields<'_>, at: Position, rules: &Rules<'_>) -> BTreeSet<String> {
    let given = fields.texts("namespace");
    if given.is_empty() {
        let message =
            format!("`{}` is missing: where the programs run that use it", fields.path_of("namespace"));
        fields.problem(Some(at), message, Some("add `namespace: databases`".to_owned()));
    }
    let mut found = BTreeSet::new();
    for (place, text) in given {
        let path = fields.path_of("namespace");
        if !is_label(&text) {
            let message = format!("`{path}`: `{text}` is not a namespace's name");
            let help = "use lower-case letters, digits and hyphens".to_owned();
            fields.problem(Some(place), message, Some(help));
        } else if is_home(&text) || text == rules.manager {
            let message = format!("`{path}`: `{text}` is a namespace of homelab's own programs");
            let help = "name the namespace of the program that uses the certificate".to_owned();
            fields.problem(Some(place), message, Some(help));
        } else if let Some(service) = rules.services.iter().find(|service| is_of_image(service, &text)) {
            let message = format!("`{path}`: `{text}` is the namespace of the service `{}`", service.name);
            let help =
                "name another one: what homelab runs from an image has its namespace for itself".to_owned();
            fields.problem(Some(place), message, Some(help));
        } else {
            found.insert(text);
        }
    }
    found
}

fn names(fields: &mut Fields<'_>, at: Position, domain: Option<&Host>) -> Vec<(Position, String)> {
    let given = fields.texts("names");
    if given.is_empty() {
        let message = format!("`{}` is missing: what the certificate is for", fields.path_of("names"));
        fields.problem(Some(at), message, Some(format!("add `{EXAMPLE}`")));
    }
    let mut found: Vec<(Position, String)> = Vec::new();
    for (place, text) in given {
        match name(domain, &text) {
            Ok(name) if found.iter().any(|(_, other)| *other == name) => {}
            Ok(name) => found.push((place, name)),
            Err(why) => fields.problem(Some(place), format!("`{}`: {why}", fields.path_of("names")), None),
        }
    }
    found
}

/// A whole name, a wildcard, or one label below the domain.
fn name(domain: Option<&Host>, text: &str) -> Result<String, String> {
    match (text.strip_prefix("*."), domain) {
        (Some(below), _) => Host::parse(below).map(|host| format!("*.{host}")),
        (None, Some(domain)) if is_label(text) => Ok(domain.child(text).to_string()),
        (None, _) => Host::parse(text).map(|host| host.to_string()),
    }
}

/// Why nobody signs this name, and what to do.
fn refused(name: &str, issuer: Issuer, rules: &Rules<'_>) -> Option<(String, String)> {
    let bare = without_wildcard(name);
    match issuer {
        Issuer::Ca => {
            let domain = rules.domain?.as_str();
            // Which domain the cluster has, `up` finds and looks then.
            let may_be = is_permitted(name, permitted(domain, DEFAULT)) || is_inside_some(name);
            (!may_be).then(|| {
                (
                    format!("`{name}` is neither in the domain `{domain}` nor the name of a Service inside the cluster, so the lab's own certificate authority may not sign it"),
                    format!("set `issuer: acme` for this entry if the name is in your zone; or take a name in `{domain}`, or one inside the cluster such as `db.qa.svc.{DEFAULT}`"),
                )
            })
        }
        Issuer::Acme if is_within(bare, DEFAULT) => Some((
            format!(
                "`{name}` is a name inside the cluster, which public DNS does not have: no ACME server can find out that it is yours"
            ),
            "set `issuer: ca` for this entry: the lab's own certificate authority may sign it".to_owned(),
        )),
        Issuer::Acme => {
            let zone = rules.zone?;
            (!is_within(bare, zone.as_str())).then(|| {
                (
                    format!("`{name}` is not in the zone `{zone}`, so no ACME server can be shown that it is yours"),
                    match is_inside_some(name) {
                        true => "if it is a name inside the cluster, set `issuer: ca` for this entry: the lab's own certificate authority may sign it".to_owned(),
                        false => format!("take a name in `{zone}`; one lab writes into one zone"),
                    },
                )
            })
        }
    }
}

/// A Secret's name; the authority's are its own wherever they are, since whoever looks for them looks for the name.
fn secret(text: &str) -> Result<String, String> {
    if !is_object_name(text) {
        return Err(format!(
            "`{text}` is not a Secret's name: lower-case letters, digits, hyphens and dots, at most 253"
        ));
    }
    match is_part(text) {
        true => Err(format!("`{text}` is the name of a Secret of the lab's own certificate authority")),
        false => Ok(text.to_owned()),
    }
}

/// The Secret of a certificate that names none: `*.qa.example.com` gets `wildcard-qa-example-com-tls`.
fn secret_for(name: &str) -> String {
    let plain = name.strip_prefix("*.").map_or_else(|| name.to_owned(), |rest| format!("wildcard.{rest}"));
    tls_secret(&plain.replace('.', "-"))
}

fn is_of_image(service: &Service, name: &str) -> bool {
    matches!(&service.backend, Backend::Image { namespace, .. } if namespace == name)
}

/// Whether the Secret is that of a service, whose Ingress lies beside a Service in the cluster.
fn has_secret(service: &Service, one: &ExtraCertificate) -> bool {
    matches!(&service.backend, Backend::Cluster { namespace, .. } if *namespace == one.namespace)
        && tls_secret(&service.name) == one.secret
}

#[cfg(test)]
mod tests;
