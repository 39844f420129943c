//! The rules for a single record.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::draft::Draft;
use super::error::ApiError;
use crate::state::record::{Facts, Kind, caa_parts};
use crate::state::zone::{is_within, plain};

/// A complete record out of a draft, or Cloudflare's objection.
pub(crate) fn facts(draft: Draft, zone: &str) -> Result<Facts, ApiError> {
    let kind = draft.kind.as_deref().and_then(Kind::parse).ok_or_else(|| {
        let given = draft.kind.as_deref().unwrap_or_default();
        // The real code for an unknown type is not known.
        ApiError::validation(9020, format!("Invalid DNS record type: {given:?}."))
    })?;
    let name = full_name(draft.name.as_deref().unwrap_or_default(), zone)?;
    let content = content(kind, draft.content, draft.data.as_ref())?;
    let proxied = draft.proxied.unwrap_or(false);
    let proxiable = proxiable(kind, &content);
    if proxied && !kind.can_be_proxied() {
        return Err(ApiError::validation(9004, "This record type cannot be proxied."));
    }
    if proxied && !proxiable {
        let message = format!("Target {content} is not allowed for a proxied record.");
        return Err(ApiError::validation(9003, message));
    }
    Ok(Facts {
        name,
        kind,
        priority: priority(kind, draft.priority)?,
        // Cloudflare sets the TTL of proxied records to automatic.
        ttl: if proxied { 1 } else { ttl(draft.ttl)? },
        proxied,
        proxiable,
        comment: draft.comment.filter(|text| !text.is_empty()),
        tags: draft.tags.unwrap_or_default(),
        settings: draft.settings.unwrap_or_else(|| json!({})),
        content,
    })
}

/// The complete name: Cloudflare appends the zone to names that do not end in it, and reads `@` as the zone.
fn full_name(given: &str, zone: &str) -> Result<String, ApiError> {
    let given = plain(given.trim());
    let name = match given.as_str() {
        "@" => zone.to_owned(),
        name if is_within(name, zone) => name.to_owned(),
        name => format!("{name}.{zone}"),
    };
    if is_record_name(&name) { Ok(name) } else { Err(ApiError::validation(9000, "DNS name is invalid.")) }
}

/// Letters, digits, hyphens and underscores; an asterisk alone as the first label.
fn is_record_name(name: &str) -> bool {
    let rest = name.strip_prefix("*.").unwrap_or(name);
    is_host_name(rest) && name.len() <= 253
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// The content of this type in the form in which it is kept.
fn content(kind: Kind, content: Option<String>, data: Option<&Value>) -> Result<String, ApiError> {
    let given = match (kind, data) {
        (Kind::Caa, Some(data)) => caa_content(data),
        _ => content.map(|text| if kind == Kind::Txt { text } else { text.trim().to_owned() }),
    };
    let given = given.unwrap_or_default();
    let target = || given.trim_end_matches('.').to_owned();
    let (code, words, good) = match kind {
        Kind::A => (9005, "Content for A record must be a valid IPv4 address.", address::<Ipv4Addr>(&given)),
        Kind::Aaaa => {
            (9006, "Content for AAAA record must be a valid IPv6 address.", address::<Ipv6Addr>(&given))
        }
        Kind::Cname => (9007, "Content for CNAME record is invalid.", host(target())),
        Kind::Mx => (9009, "Content for MX record is invalid.", host(target())),
        Kind::Ns => (9008, "Content for NS record is invalid.", host(target())),
        Kind::Caa => (9012, "Content for CAA record is invalid.", caa_parts(&given).map(|_| given.clone())),
        Kind::Txt => (
            9010,
            "Content for TXT record is invalid.",
            (1..=4096).contains(&given.len()).then(|| given.clone()),
        ),
    };
    good.ok_or_else(|| ApiError::validation(code, words))
}

fn address<T: std::str::FromStr + ToString>(text: &str) -> Option<String> {
    text.parse::<T>().ok().map(|address| address.to_string())
}

fn host(name: String) -> Option<String> {
    let name = name.to_ascii_lowercase();
    is_host_name(&name).then_some(name)
}

fn caa_content(data: &Value) -> Option<String> {
    let flags = data.get("flags").and_then(Value::as_f64).unwrap_or(0.0);
    let (tag, value) = (data.get("tag")?.as_str()?, data.get("value")?.as_str()?);
    Some(format!("{flags} {tag} \"{value}\""))
}

/// 1 for automatic, otherwise a minute to a day.
fn ttl(given: Option<f64>) -> Result<u32, ApiError> {
    let given = given.unwrap_or(1.0);
    let whole = given as u32;
    let good = f64::from(whole) == given && (whole == 1 || (60..=86_400).contains(&whole));
    let refusal = "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for automatic";
    if good { Ok(whole) } else { Err(ApiError::validation(9021, refusal)) }
}

fn priority(kind: Kind, given: Option<f64>) -> Result<Option<u16>, ApiError> {
    match (kind, given) {
        (Kind::Mx, Some(n)) if (0.0..=65_535.0).contains(&n) => Ok(Some(n as u16)),
        (Kind::Mx, _) => Err(ApiError::validation(9100, "Invalid DNS record MX priority.")),
        _ => Ok(None),
    }
}

/// Cloudflare's edge reaches public addresses only.
fn proxiable(kind: Kind, content: &str) -> bool {
    kind.can_be_proxied() && content.parse::<IpAddr>().is_ok_and(is_public) || kind == Kind::Cname
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            let shared = a.octets()[0] == 100 && (64..128).contains(&a.octets()[1]);
            !(a.is_private()
                || a.is_loopback()
                || a.is_link_local()
                || a.is_unspecified()
                || a.is_multicast()
                || shared)
        }
        IpAddr::V6(a) => {
            !(a.is_unique_local()
                || a.is_unicast_link_local()
                || a.is_loopback()
                || a.is_unspecified()
                || a.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: Value) -> Result<Facts, u32> {
        facts(serde_json::from_value(json).unwrap(), "example.test")
            .map_err(|error| error.flattened().item.code)
    }

    #[test]
    fn a_name_is_completed_with_the_zone() {
        let name = |name: &str| check(json!({"type":"A","name":name,"content":"192.0.2.1"})).map(|f| f.name);
        assert_eq!(name("www"), Ok("www.example.test".to_owned()));
        assert_eq!(name("@"), Ok("example.test".to_owned()));
        assert_eq!(name("WWW.Example.Test."), Ok("www.example.test".to_owned()));
        assert_eq!(name("*.home"), Ok("*.home.example.test".to_owned()));
        assert_eq!(name("a.other.test"), Ok("a.other.test.example.test".to_owned()));
        assert_eq!(name("bad name"), Err(9000));
        assert_eq!(name("www.*"), Err(9000));
    }

    #[test]
    fn a_private_address_cannot_be_proxied_and_a_public_one_can() {
        let proxied = |address: &str| {
            check(json!({"type":"A","name":"w","content":address,"proxied":true,"ttl":300})).map(|f| f.ttl)
        };
        for address in ["192.168.1.5", "10.0.0.1", "172.16.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1"] {
            assert_eq!(proxied(address), Err(9003), "{address}");
        }
        assert_eq!(proxied("203.0.113.5"), Ok(1), "a proxied record's TTL is automatic");
        assert_eq!(check(json!({"type":"AAAA","name":"w","content":"fd00::1","proxied":true})), Err(9003));
        assert_eq!(check(json!({"type":"TXT","name":"w","content":"x","proxied":true})), Err(9004));
    }

    #[test]
    fn a_private_address_is_kept_unproxied_and_says_that_it_cannot_be_proxied() {
        let facts = check(json!({"type":"A","name":"w","content":"192.168.1.5"})).unwrap();
        assert!(!facts.proxied && !facts.proxiable);
    }

    #[test]
    fn the_ttl_is_automatic_or_between_a_minute_and_a_day() {
        let ttl =
            |ttl: Value| check(json!({"type":"A","name":"w","content":"192.0.2.1","ttl":ttl})).map(|f| f.ttl);
        assert_eq!([ttl(json!(1)), ttl(json!(60.0)), ttl(json!(null))], [Ok(1), Ok(60), Ok(1)]);
        for bad in [0.0, 2.0, 59.0, 60.5, 86_401.0, -1.0] {
            assert_eq!(ttl(json!(bad)), Err(9021), "{bad}");
        }
    }

    #[test]
    fn the_content_must_fit_the_type() {
        let content = |kind: &str, content: &str| {
            check(json!({"type":kind,"name":"w","content":content,"priority":10})).map(|f| f.content)
        };
        assert_eq!(content("A", "fd00::1"), Err(9005));
        assert_eq!(content("AAAA", "192.0.2.1"), Err(9006));
        assert_eq!(content("CNAME", "Other.Test."), Ok("other.test".to_owned()));
        assert_eq!(content("CNAME", "not a host"), Err(9007));
        assert_eq!(content("TXT", "\"a b\""), Ok("\"a b\"".to_owned()), "quotes are kept as given");
        assert_eq!(content("TXT", ""), Err(9010));
        assert_eq!(content("MX", "mail.test"), Ok("mail.test".to_owned()));
        assert_eq!(content("CAA", "nonsense"), Err(9012));
        assert_eq!(content("WKS", "x"), Err(9020));
    }

    #[test]
    fn a_caa_record_may_come_as_data() {
        let data = json!({"flags":0,"tag":"issue","value":"letsencrypt.org"});
        let facts = check(json!({"type":"CAA","name":"@","data":data})).unwrap();
        assert_eq!(facts.content, "0 issue \"letsencrypt.org\"");
    }

    #[test]
    fn an_mx_record_needs_a_priority() {
        assert_eq!(check(json!({"type":"MX","name":"@","content":"mail.test"})), Err(9100));
    }
}
