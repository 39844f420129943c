//! The TXT records by which any external-dns, however it was told to name them, says that a record is its own (external-dns
//! 0.22: registry/mapper/mapper.go and registry/txt/registry.go).

use crate::checks::edns::registry;
use crate::evidence::{Evidence, ProviderSeen};
use crate::facts::ownership::{KINDS, Owner, Ownership, host_in_registry};

/// As short as an encrypted text can be: a nonce, a tag and what `heritage=external-dns` takes, in base64
/// (external-dns, endpoint/crypto.go).
const SHORTEST_CIPHER: usize = 60;

/// One such TXT record.
pub(super) struct Claim<'r> {
    /// Its name.
    pub(super) txt: &'r str,
    /// Whom it names; `None` when its text is encrypted.
    pub(super) owner: Option<Owner>,
    /// How its name is made.
    pub(super) shape: Shape,
}

/// How the name of a TXT record is made of the host's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// As this lab's external-dns makes it.
    Ours,
    /// By another `--txt-prefix`.
    Prefix(String),
    /// By a `--txt-suffix`.
    Suffix(String),
    /// Without prefix and suffix.
    Bare,
    /// With that in front, but without the record's type: as versions before 0.12 did.
    Old(String),
}

impl Shape {
    /// How it came about, as a flag where there is one.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Ours => "as this external-dns names it".to_owned(),
            Self::Prefix(prefix) => format!("as `--txt-prefix={prefix}` makes it"),
            Self::Suffix(suffix) => format!("as `--txt-suffix={suffix}` makes it"),
            Self::Bare => "as an external-dns without `--txt-prefix` makes it".to_owned(),
            Self::Old(prefix) if prefix.is_empty() => {
                "the old form without the record's type, of external-dns before 0.12".to_owned()
            }
            Self::Old(prefix) => {
                format!("the old form without the record's type, with `--txt-prefix={prefix}`")
            }
        }
    }
}

/// All that say so of a host.
pub(super) fn claims<'r>(
    evidence: &Evidence,
    seen: &'r ProviderSeen,
    ours: &Ownership,
    host: &str,
) -> Vec<Claim<'r>> {
    let is_longer = |name: &str, txt: &str| {
        name.len() > host.len() && !name.eq_ignore_ascii_case(txt) && shape(ours, txt, name).is_some()
    };
    let others = || {
        let named = seen.records.iter().filter(|record| KINDS.contains(&record.kind.as_str()));
        named.map(|record| record.name.as_str()).chain(evidence.hosts.keys().map(String::as_str))
    };
    let texts = seen.records.iter().filter(|record| record.kind == "TXT");
    let found = texts.filter_map(|txt| {
        let shape = shape(ours, &txt.name, host)?;
        let text = txt.text();
        let owner = Owner::parse(&text);
        (owner.is_some() || is_cipher(&text)).then_some(())?;
        // The TXT record of `photos.lab` ends like that of `lab`, too.
        let is_anothers = shape != Shape::Ours && others().any(|name| is_longer(name, &txt.name));
        (!is_anothers).then_some(Claim { txt: &txt.name, owner, shape })
    });
    found.collect()
}

/// How the name is made, should it be for that host.
fn shape(ours: &Ownership, txt: &str, host: &str) -> Option<Shape> {
    let (txt, host) = (txt.to_lowercase(), host.to_lowercase());
    if KINDS.iter().any(|kind| registry(ours, kind, &host).eq_ignore_ascii_case(&txt)) {
        return Some(Shape::Ours);
    }
    let host = host_in_registry(&ours.wildcard_replacement, &host);
    if txt == host {
        return Some(Shape::Old(String::new()));
    }
    if let Some(before) = txt.strip_suffix(&host) {
        return of_prefix(before);
    }
    let ((first, parent), (label, above)) = (host.split_once('.')?, txt.split_once('.')?);
    let rest = typed(label).1.strip_prefix(first)?;
    (parent == above && rest.starts_with(['-', '_'])).then(|| Shape::Suffix(rest.to_owned()))
}

/// What stands in front of the host: a prefix, and the record's type in it or behind it.
fn of_prefix(before: &str) -> Option<Shape> {
    if let Some(prefix) =
        KINDS.iter().find_map(|kind| before.strip_suffix(&format!("{}-", kind.to_lowercase())))
    {
        return Some(if prefix.is_empty() { Shape::Bare } else { Shape::Prefix(prefix.to_owned()) });
    }
    let (kind, rest) = typed(before);
    match kind {
        Some(_) if before.ends_with(['.', '-', '_']) => {
            Some(Shape::Prefix(format!("%{{record_type}}-{rest}")))
        }
        None if before.ends_with(['.', '-', '_']) => Some(Shape::Old(before.to_owned())),
        _ => None,
    }
}

/// The record's type in front of a name, and the rest.
fn typed(name: &str) -> (Option<&'static str>, &str) {
    let found = KINDS
        .into_iter()
        .find_map(|kind| Some((kind, name.strip_prefix(&format!("{}-", kind.to_lowercase()))?)));
    found.map_or((None, name), |(kind, rest)| (Some(kind), rest))
}

/// Whether a text may be one that external-dns encrypted: base64 and nothing else.
fn is_cipher(text: &str) -> bool {
    let is_of_base64 = |c: char| c.is_ascii_alphanumeric() || ['+', '/', '='].contains(&c);
    text.len() >= SHORTEST_CIPHER && text.len().is_multiple_of(4) && text.chars().all(is_of_base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_which_a_name_was_made_is_known() {
        let ours = Ownership {
            id: "lab".into(),
            txt_prefix: "%{record_type}-homelab.".into(),
            wildcard_replacement: "wildcard".into(),
        };
        let cases = [
            ("a-homelab.nas.example.com", Some(Shape::Ours)),
            ("k8s.a-nas.example.com", Some(Shape::Prefix("k8s.".into()))),
            ("extdnsa-nas.example.com", Some(Shape::Prefix("extdns".into()))),
            ("cname-k8s.nas.example.com", Some(Shape::Prefix("%{record_type}-k8s.".into()))),
            ("a-nas.example.com", Some(Shape::Bare)),
            ("nas.example.com", Some(Shape::Old(String::new()))),
            ("k8s.nas.example.com", Some(Shape::Old("k8s.".into()))),
            ("a-nas-txt.example.com", Some(Shape::Suffix("-txt".into()))),
            ("nas-txt.example.com", Some(Shape::Suffix("-txt".into()))),
            ("bananas.example.com", None),
            ("a-mail.example.com", None),
        ];
        for (txt, wanted) in cases {
            assert_eq!(shape(&ours, txt, "nas.example.com"), wanted, "{txt}");
        }
        assert_eq!(shape(&ours, "a-homelab.wildcard.example.com", "*.example.com"), Some(Shape::Ours));
    }
}
