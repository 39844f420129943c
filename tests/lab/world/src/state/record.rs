//! A DNS record as Cloudflare keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The types that this emulator keeps and serves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Kind {
    A,
    Aaaa,
    Caa,
    Cname,
    Mx,
    Ns,
    Txt,
}

impl Kind {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "A" => Self::A,
            "AAAA" => Self::Aaaa,
            "CAA" => Self::Caa,
            "CNAME" => Self::Cname,
            "MX" => Self::Mx,
            "NS" => Self::Ns,
            "TXT" => Self::Txt,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Caa => "CAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Txt => "TXT",
        }
    }

    /// Only these go through Cloudflare's proxy.
    pub(crate) fn can_be_proxied(self) -> bool {
        matches!(self, Self::A | Self::Aaaa | Self::Cname)
    }
}

/// One record. The name is complete, lower case, without a final dot; the content is as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) created_on: Timestamp,
    pub(crate) modified_on: Timestamp,
    pub(crate) facts: Facts,
}

/// What the user says about a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) content: String,
    /// Of MX records.
    pub(crate) priority: Option<u16>,
    /// 1 means automatic.
    pub(crate) ttl: u32,
    pub(crate) proxied: bool,
    /// A private address can never be proxied.
    pub(crate) proxiable: bool,
    pub(crate) comment: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) settings: Value,
}

impl Record {
    /// The record as the API answers it. There is no zone in it since November 2024.
    pub(crate) fn to_json(&self) -> Value {
        let Facts { name, kind, content, priority, ttl, proxied, proxiable, comment, tags, settings } =
            &self.facts;
        let mut json = json!({
            "id": self.id, "name": name, "type": kind.as_str(), "content": content, "ttl": ttl,
            "proxied": proxied, "proxiable": proxiable, "comment": comment, "tags": tags,
            "settings": settings, "meta": {},
            "created_on": self.created_on.to_string(), "modified_on": self.modified_on.to_string(),
        });
        if let Some(priority) = priority {
            json["priority"] = json!(priority);
        }
        if *kind == Kind::Caa
            && let Some((flags, tag, value)) = caa_parts(content)
        {
            json["data"] = json!({ "flags": flags, "tag": tag, "value": value });
        }
        json
    }
}

/// Flags, tag and value of a CAA record's content, `0 issue "letsencrypt.org"`.
pub(crate) fn caa_parts(content: &str) -> Option<(u8, &str, &str)> {
    let (flags, rest) = content.trim().split_once(char::is_whitespace)?;
    let (tag, value) = rest.trim_start().split_once(char::is_whitespace)?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    let tag_is_good = !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    tag_is_good.then_some(())?;
    Some((flags.parse().ok()?, tag, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caa_content_has_three_parts() {
        assert_eq!(caa_parts("0 issue \"letsencrypt.org\""), Some((0, "issue", "letsencrypt.org")));
        assert_eq!(caa_parts("0 issue ;"), Some((0, "issue", ";")));
        assert_eq!(caa_parts("issue letsencrypt.org"), None);
    }

    #[test]
    fn every_kind_reads_its_own_name() {
        for kind in [Kind::A, Kind::Aaaa, Kind::Caa, Kind::Cname, Kind::Mx, Kind::Ns, Kind::Txt] {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("SPF"), None);
    }
}
