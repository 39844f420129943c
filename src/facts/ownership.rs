//! The TXT records by which external-dns knows its own (docs/registry/txt.md and registry/mapper/mapper.go).

use serde::Serialize;

use crate::facts::organisations;

/// What external-dns was told, so that its TXT records can be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ownership {
    /// `--txt-owner-id`, by which its records are known.
    pub id: String,
    /// `--txt-prefix`, with `%{record_type}` where the type goes.
    pub txt_prefix: String,
    /// `--txt-wildcard-replacement`, in place of the `*`; empty keeps the `*`.
    pub wildcard_replacement: String,
}

impl Ownership {
    /// Whether an owner id is this lab's: its own, or one of a namespace of its organisations.
    #[must_use]
    pub fn is_own(&self, id: &str) -> bool {
        id == self.id || organisations::of(&self.id, id).is_some()
    }

    /// The name of the TXT record that owns the `kind` record of `host`.
    #[must_use]
    pub fn txt_name(&self, kind: &str, host: &str) -> String {
        registry_name(&self.txt_prefix, &self.wildcard_replacement, kind, host)
    }
}

/// What stands for the `*` of a wildcard host in the name of its TXT record (external-dns, `--txt-wildcard-replacement`).
pub const WILDCARD: &str = "wildcard";

/// The kinds that a TXT record may stand for.
pub const KINDS: [&str; 3] = ["A", "CNAME", "AAAA"];

/// Who owns a record, as its TXT record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The `--txt-owner-id` of the external-dns that wrote it.
    pub id: String,
    /// For example `ingress/default/whoami`.
    pub resource: Option<String>,
}

impl Owner {
    /// Reads `heritage=external-dns,external-dns/owner=…,external-dns/resource=…`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<(&str, &str)> =
            text.trim_matches('"').split(',').filter_map(|field| field.split_once('=')).collect();
        let value =
            |key: &str| fields.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
        (value("heritage")? == "external-dns").then_some(())?;
        Some(Self { id: value("external-dns/owner")?, resource: value("external-dns/resource") })
    }
}

/// `prefix` is `--txt-prefix`: with `%{record_type}` in it the type goes there, otherwise in front of the first label.
fn registry_name(prefix: &str, wildcard: &str, kind: &str, host: &str) -> String {
    let (prefix, kind) = (prefix.to_lowercase(), kind.to_lowercase());
    let host = host_in_registry(wildcard, host);
    if prefix.contains("%{record_type}") {
        return format!("{}{host}", prefix.replace("%{record_type}", &kind));
    }
    format!("{prefix}{kind}-{host}")
}

/// A host as the names of its TXT records have it: with `wildcard`, the `--txt-wildcard-replacement`, in place of a `*`.
#[must_use]
pub fn host_in_registry(wildcard: &str, host: &str) -> String {
    match host.strip_prefix("*.") {
        Some(rest) if !wildcard.is_empty() => format!("{wildcard}.{rest}"),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_and_the_resource_are_read_with_and_without_quotes() {
        let text = "heritage=external-dns,external-dns/owner=lab,external-dns/resource=ingress/default/nas";
        let owner = Owner { id: "lab".into(), resource: Some("ingress/default/nas".into()) };
        assert_eq!(Owner::parse(text), Some(owner.clone()));
        assert_eq!(Owner::parse(&format!("\"{text}\"")), Some(owner));
    }

    #[test]
    fn what_an_organisation_wrote_is_this_labs_and_what_begins_alike_is_not() {
        let ours =
            Ownership { id: "lab".into(), txt_prefix: String::new(), wildcard_replacement: String::new() };
        assert!(ours.is_own("lab") && ours.is_own(&organisations::owner("lab", "acme", "shop")));
        for other in ["lab.acme", "lab/", "lab/acme", "lab2/acme/shop", "other/lab/shop", ""] {
            assert!(!ours.is_own(other), "{other}");
        }
    }

    #[test]
    fn any_other_text_has_no_owner() {
        for text in ["", "v=spf1 -all", "heritage=other,external-dns/owner=x", "heritage=external-dns"] {
            assert_eq!(Owner::parse(text), None);
        }
    }

    #[test]
    fn the_type_goes_where_the_prefix_says_or_before_the_first_label() {
        let name = |prefix, host| registry_name(prefix, "wildcard", "A", host);
        assert_eq!(name("%{record_type}-homelab.", "www.example.com"), "a-homelab.www.example.com");
        assert_eq!(name("%{record_type}-homelab.", "example.com"), "a-homelab.example.com");
        assert_eq!(name("k8s.", "www.example.com"), "k8s.a-www.example.com");
        assert_eq!(name("%{record_type}-homelab.", "*.example.com"), "a-homelab.wildcard.example.com");
    }
}
