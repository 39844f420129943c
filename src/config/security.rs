//! What keeps homelab's own programs in: the section `security`.

use crate::config::fields::{Fields, nearest};

/// Where homelab's own programs may connect to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OwnEgress {
    /// Everywhere, as every pod that no policy is about.
    #[default]
    Any,
    /// To what they need.
    Restricted,
}

impl OwnEgress {
    const ALL: [Self; 2] = [Self::Any, Self::Restricted];

    const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Restricted => "restricted",
        }
    }
}

/// Reads `security`: the only key in it is `egress`.
pub(super) fn read(fields: &mut Fields<'_>) -> OwnEgress {
    fields.parsed("egress", own_egress).unwrap_or_default()
}

fn own_egress(text: &str) -> Result<OwnEgress, String> {
    if let Some(found) = OwnEgress::ALL.into_iter().find(|one| one.word() == text) {
        return Ok(found);
    }
    let meant = nearest(text, &OwnEgress::ALL.map(OwnEgress::word));
    let meant = meant.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
    Err(format!(
        "`{text}` is neither `any` nor `restricted`{meant} Where programs of yours may connect to, `egress` of the service or of its namespace says"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<OwnEgress, String> {
        let base = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        match crate::config::parse(&format!("{base}{text}")) {
            Ok(config) => Ok(config.own_egress),
            Err(problems) => Err(problems.iter().map(|one| format!("{one:?}")).collect()),
        }
    }

    #[test]
    fn homelabs_own_programs_are_kept_in_only_where_it_is_said() {
        assert_eq!(read(""), Ok(OwnEgress::Any));
        assert_eq!(read("security: {}\n"), Ok(OwnEgress::Any));
        assert_eq!(read("security: { egress: any }\n"), Ok(OwnEgress::Any));
        assert_eq!(read("security: { egress: restricted }\n"), Ok(OwnEgress::Restricted));
    }

    #[test]
    fn another_word_is_refused_with_those_that_there_are() {
        let told = read("security: { egress: restrict }\n").unwrap_err();
        assert!(told.contains("neither `any` nor `restricted`") && told.contains("did you mean"), "{told}");
        for list in ["[lan]", "none", "true", "api.example.org"] {
            assert!(read(&format!("security: {{ egress: {list} }}\n")).is_err(), "{list}");
        }
        assert!(read("security: { ingress: restricted }\n").is_err());
    }
}
