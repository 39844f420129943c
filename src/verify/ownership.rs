//! The TXT records by which external-dns knows its own (docs/registry/txt.md and registry/mapper/mapper.go).

use super::evidence::Ownership;
use crate::net::cloudflare::Record;

/// The kinds that a TXT record may stand for.
pub(super) const KINDS: [&str; 3] = ["A", "CNAME", "AAAA"];

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

/// The name of the TXT record that owns the `kind` record of `host`.
///
/// `prefix` is `--txt-prefix`: with `%{record_type}` in it the type goes there, otherwise in front of the first label.
#[must_use]
pub fn registry_name(prefix: &str, wildcard: &str, kind: &str, host: &str) -> String {
    let (prefix, kind) = (prefix.to_lowercase(), kind.to_lowercase());
    let host = match host.strip_prefix("*.") {
        Some(rest) if !wildcard.is_empty() => format!("{wildcard}.{rest}"),
        _ => host.to_owned(),
    };
    if prefix.contains("%{record_type}") {
        return format!("{}{host}", prefix.replace("%{record_type}", &kind));
    }
    format!("{prefix}{kind}-{host}")
}

/// The names of the TXT records of the owner `id`.
#[must_use]
pub fn claims<'r>(records: &'r [Record], id: &str) -> Vec<&'r str> {
    texts(records, id).map(|(name, _)| name).collect()
}

/// The hosts whose TXT record names this lab, each with that record's content.
#[must_use]
pub fn owned<'r>(records: &'r [Record], ours: &Ownership) -> Vec<(&'r str, Owner)> {
    let texts: Vec<(&str, Owner)> = texts(records, &ours.id).collect();
    let hosts = records.iter().filter(|record| KINDS.contains(&record.kind.as_str()));
    let found = hosts.filter_map(|record| {
        let name = registry_name(&ours.txt_prefix, &ours.wildcard_replacement, &record.kind, &record.name);
        let (_, owner) = texts.iter().find(|(txt, _)| txt.eq_ignore_ascii_case(&name))?;
        Some((record.name.as_str(), owner.clone()))
    });
    found.collect()
}

fn texts<'r>(records: &'r [Record], id: &str) -> impl Iterator<Item = (&'r str, Owner)> {
    let texts = records.iter().filter(|record| record.kind == "TXT");
    texts
        .filter_map(|txt| Some((txt.name.as_str(), Owner::parse(&txt.text())?)))
        .filter(move |(_, owner)| owner.id == id)
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
