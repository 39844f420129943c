//! Names inside the cluster that the lab's own authority is to sign: whether they are in the domain that the cluster has.

use std::collections::BTreeSet;

use crate::config::{Config, Issuer};
use crate::error::{Error, Result};
use crate::facts::authority::{is_permitted, permitted};
use crate::facts::cluster_domain::DEFAULT;

/// Where the domain is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known<'d> {
    /// The cluster says it.
    Read(&'d str),
    /// A flag of `render` says it, which asks no cluster.
    Told(&'d str),
    /// Nobody was asked: `render` without that flag.
    NotAsked,
    /// Nothing in the cluster says it.
    Unread,
}

impl<'d> Known<'d> {
    /// What a cluster says.
    pub(super) fn by_cluster(domain: Option<&'d str>) -> Self {
        domain.map_or(Self::Unread, Self::Read)
    }

    /// What `render` is told.
    pub(super) fn by_flag(domain: Option<&'d str>) -> Self {
        domain.map_or(Self::NotAsked, Self::Told)
    }

    /// The domain, or the usual one.
    pub(super) fn domain(self) -> &'d str {
        match self {
            Self::Read(domain) | Self::Told(domain) => domain,
            Self::NotAsked | Self::Unread => DEFAULT,
        }
    }
}

/// Looks whether each name that the lab's own authority signs for programs is in the lab's domain or the cluster's.
///
/// # Errors
/// When one is in neither: no client would take the certificate.
pub(super) fn can_be_signed(config: &Config, known: Known<'_>) -> Result<()> {
    let own = config.extra_certificates.iter().filter(|extra| extra.issuer == Issuer::Ca);
    let domains = permitted(config.domain.as_str(), known.domain());
    let outside: BTreeSet<String> = own
        .flat_map(|extra| &extra.names)
        .filter(|name| !is_permitted(name, domains))
        .map(|name| format!("`{name}`"))
        .collect();
    if outside.is_empty() {
        return Ok(());
    }
    let named = Vec::from_iter(outside).join(", ");
    let error = Error::usage(format!("the lab's own certificate authority may not sign {named}"));
    let [lab, cluster] = domains;
    let (why, hint) = match known {
        Known::Read(_) | Known::Told(_) => (
            format!(
                "it signs names in `{lab}`, and in `{cluster}`, the domain of the names inside this cluster"
            ),
            format!("write names of this cluster in `extraCertificates`, such as `*.qa.svc.{cluster}`"),
        ),
        Known::NotAsked => (
            format!(
                "it signs names in `{lab}` and in the cluster's own domain, which `render` takes to be `{cluster}`, as it asks no cluster"
            ),
            "say it: `homelab render --cluster-domain DOMAIN`".to_owned(),
        ),
        Known::Unread => (
            format!(
                "it signs names in `{lab}` and in the cluster's own domain. Nothing in this cluster says which that is: there is no Corefile with `kubernetes DOMAIN` in the ConfigMap `kube-system/coredns`, and no node of a k3s server. So `{cluster}` is assumed"
            ),
            format!(
                "if this cluster has another domain than `{cluster}`, use names in `{lab}` for these certificates"
            ),
        ),
    };
    Err(error.because(why).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: &str, known: Known<'_>) -> Option<String> {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nextraCertificates: [{{ namespace: qa, names: [{names}], issuer: ca }}]\n"
        );
        can_be_signed(&crate::config::parse(&text).unwrap(), known).err().map(|error| error.to_string())
    }

    #[test]
    fn a_name_in_the_clusters_own_domain_is_signed_and_one_of_another_cluster_stops_the_run() {
        let (ours, usual) = ("'*.qa.svc.lab.test', db", "'*.qa.svc.cluster.local'");
        assert_eq!(said(ours, Known::by_cluster(Some("lab.test"))), None);
        assert_eq!(said(usual, Known::by_cluster(Some(DEFAULT))), None);
        for (names, has) in [(usual, "lab.test"), (ours, DEFAULT)] {
            let told = said(names, Known::by_cluster(Some(has))).unwrap();
            assert!(
                told.contains(&format!("in `{has}`, the domain of the names inside this cluster")),
                "{told}"
            );
            assert!(told.contains(&format!("`*.qa.svc.{has}`")) && !told.contains("`db."), "{told}");
        }
    }

    #[test]
    fn where_nothing_says_the_domain_the_usual_one_is_assumed_and_no_other_guessed() {
        for (known, word) in [
            (Known::by_cluster(None), "Nothing in this cluster says"),
            (Known::by_flag(None), "--cluster-domain DOMAIN"),
        ] {
            assert_eq!(said("'*.qa.svc.cluster.local'", known), None);
            let told = said("'*.qa.svc.lab.test'", known).unwrap();
            assert!(told.contains(word), "{told}");
        }
        assert_eq!(said("'*.qa.svc.lab.test'", Known::by_flag(Some("lab.test"))), None);
    }
}
