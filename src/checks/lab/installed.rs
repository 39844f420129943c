//! Whether anything of homelab is in the cluster: where nothing is, everything that is missing is missing for that.

use crate::checks::engine::{Finding, Outcome};
use crate::evidence::DriftSeen;

pub(super) fn installed(drift: &DriftSeen) -> Outcome {
    if !drift.bare {
        return Outcome::pass("homelab is installed");
    }
    Finding::new(
        "homelab is not installed in this cluster",
        "`homelab up` has not run here yet, or `homelab down` removed everything",
        "install it",
    )
    .command("homelab up")
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::checks::cm::tests::{CRDS, lists};
    use crate::checks::k3s::tests::{items, sound};
    use crate::checks::tests::*;
    use crate::evidence::dns::Rcode;

    /// The lab after `homelab down`: the configuration, the token and k3s are as they were.
    fn after_down(change: impl FnOnce(&mut Evidence)) -> Report {
        whole(|evidence| {
            let mut seen = sound();
            items(&mut seen, "pods").truncate(1);
            items(&mut seen, "services").truncate(2);
            for resource in ["endpointslices.discovery.k8s.io", "ingresses.networking.k8s.io"] {
                items(&mut seen, resource).clear();
            }
            // The definitions stay, and no object of theirs.
            for (list, objects) in lists() {
                let objects = if list == CRDS { objects } else { Vec::new() };
                seen.objects.0.insert(list.to_owned(), Listing::Items(objects));
            }
            seen.objects.0.insert("ingressclasses.networking.k8s.io".into(), Listing::Items(Vec::new()));
            let kept = json!({ "metadata": { "name": "cert-manager" } });
            seen.objects.0.insert("namespaces".into(), Listing::Items(vec![kept]));
            evidence.cluster = Some(seen);
            evidence.config = Some(ConfigSeen { hosts: vec![HOST.into()], ..ConfigSeen::default() });
            evidence.ingress = Some(ControllerSeen::default());
            evidence.external_dns = Some(ExternalDnsSeen { metrics: Err("no pod of it runs".into()) });
            let wanted = Issuance {
                managed: true,
                namespace: "cert-manager".into(),
                issuer: "letsencrypt".into(),
                ..Issuance::default()
            };
            evidence.acme = Some(AcmeSeen { wanted, secrets: Some([].into()), ..AcmeSeen::default() });
            (evidence.ingresses, evidence.certificates) = (Some(Vec::new()), Some(Vec::new()));
            evidence.cluster_answer = None;
            evidence.reloads = Some(Vec::new());
            evidence.node_answers.iter_mut().for_each(|one| one.answer = Err(Transport::Refused));
            records(evidence).clear();
            let copies = evidence.token.as_mut().unwrap().copies.iter_mut().flatten();
            copies.for_each(|copy| copy.state = CopyState::Missing);
            let host = evidence.hosts.get_mut(HOST).unwrap();
            let lookups = [&mut host.authoritative, &mut host.public, &mut host.system_servers];
            for lookup in lookups.into_iter().flatten() {
                lookup.result = Ok(with_soa(reply(Rcode::NxDomain, &[]), 300));
            }
            host.system = Some(Ok(Vec::new()));
            host.tls.iter_mut().for_each(|seen| seen.result = Err(Transport::Refused));
            host.http.iter_mut().for_each(|seen| seen.result = Err(Transport::Refused));
            host.end_to_end = None;
            let missing = ["DaemonSet ingress-nginx/ingress-nginx-controller", "Ingress homelab/whoami"];
            let write = missing.map(|object| Drifted::Missing(object.into())).to_vec();
            evidence.drift = Some(Ok(DriftSeen { bare: true, write, kept: 2, ..DriftSeen::default() }));
            change(evidence);
        })
    }

    #[test]
    fn after_down_the_only_finding_is_that_homelab_is_not_installed_and_the_rest_is_blocked_by_it() {
        let report = after_down(|_| ());
        let finding = only(&report, id::INSTALLED);
        assert_eq!(finding.fix.commands, ["homelab up"]);
        for blocked in [
            id::APPLIED,
            id::PODS,
            id::NODE_404,
            id::STATUS,
            id::TOKEN_COPIES,
            id::EDNS_PODS,
            id::CM_PODS,
            id::RECORDS,
            id::ANSWER,
        ] {
            assert_eq!(outcome(&report, blocked), Outcome::Blocked { by: id::INSTALLED }, "{blocked}");
        }
        assert_eq!(report.exit_code(), 1);
    }

    #[test]
    fn an_installation_that_is_half_there_is_told_part_by_part() {
        let report = after_down(|evidence| {
            evidence.drift.as_mut().unwrap().as_mut().unwrap().bare = false;
        });
        let told = fails(&report);
        for id in [id::APPLIED, id::PODS, id::TOKEN_COPIES, id::CM_PODS] {
            assert!(told.contains(&id), "{id}: {told:?}");
        }
        assert!(!told.contains(&id::INSTALLED), "{told:?}");
    }

    #[test]
    fn what_would_stop_the_installation_is_told_beside_it() {
        let report = after_down(|evidence| {
            let refused = failure(Fault::InvalidToken);
            evidence.provider = Some(Err(refused));
        });
        let told = fails(&report);
        assert!(told.contains(&id::INSTALLED) && told.contains(&id::TOKEN), "{told:?}");
    }

    #[test]
    fn what_could_not_be_compared_is_never_taken_for_nothing() {
        let report = after_down(|evidence| evidence.drift = Some(Err("no answer".into())));
        assert!(matches!(outcome(&report, id::INSTALLED), Outcome::Unknown { .. }));
        assert!(fails(&report).contains(&id::PODS));
    }
}
