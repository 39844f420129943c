//! Which way each client goes to a public name: the internet's, and that of the house.

use serde::Serialize;

use crate::evidence::Evidence;

/// The ways to a public name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Ways {
    /// That of the internet.
    pub(super) internet: Way,
    /// Where that leads, as far as it is known.
    pub(super) target: Option<String>,
    /// That of the house.
    pub(super) house: AtHome,
}

/// How clients in the house reach a public name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AtHome {
    /// By the nodes' own addresses.
    Direct,
    /// Out to the internet and back.
    OutAndBack,
}

/// How the internet reaches a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Way {
    /// By a port of the router.
    Port,
    /// By a tunnel.
    Tunnel,
}

impl Ways {
    /// Those of a host; `None` where the internet does not reach it.
    pub(super) fn of(evidence: &Evidence, host: &str) -> Option<Self> {
        let by_port = evidence.by_port(host);
        let house = if evidence.is_answered_in_house(host) { AtHome::Direct } else { AtHome::OutAndBack };
        evidence.is_public(host).then(|| Self {
            internet: if by_port.is_some() { Way::Port } else { Way::Tunnel },
            target: by_port.and_then(|public| public.target.clone()),
            house,
        })
    }

    /// In words, with the addresses of the house.
    pub(super) fn told(&self, addresses: &str) -> String {
        let outside = match (self.internet, &self.target) {
            (Way::Tunnel, _) => "the tunnel",
            (Way::Port, Some(target)) if !target.is_empty() => target.as_str(),
            (Way::Port, _) => "nowhere yet",
        };
        match self.house {
            AtHome::Direct => format!("{addresses} at home, {outside} from outside"),
            AtHome::OutAndBack => format!("{outside}, from the house too (out and back)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::PublicSeen;

    #[test]
    fn a_public_name_says_which_way_each_client_goes() {
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        evidence.public = Some(PublicSeen {
            by_port: ["a.example.com".to_owned()].into(),
            target: Some("203.0.113.7".to_owned()),
            ..PublicSeen::default()
        });
        let ways = Ways::of(&evidence, "a.example.com").unwrap();
        assert_eq!(ways.told("192.168.1.2"), "203.0.113.7, from the house too (out and back)");
        let ways = Ways { house: AtHome::Direct, ..ways };
        assert_eq!(ways.told("192.168.1.2"), "192.168.1.2 at home, 203.0.113.7 from outside");
        assert_eq!(Ways::of(&evidence, "b.example.com"), None);
    }
}
