//! The record by which the internet finds a host, and the certificate that it is shown there.

use crate::checks::edns::is_owned;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::{named, unseen, zone_name};
use crate::evidence::{Evidence, Record, TunnelSeen};
use crate::facts::names::is_within;
use crate::provider::{traits_of, words};

pub(super) fn leads_there(evidence: &Evidence, tunnel: &TunnelSeen, host: &str) -> Outcome {
    let Some(Ok(seen)) = &evidence.provider else { return unseen(evidence) };
    if !is_within(host, &seen.zone.name) {
        return Outcome::skip(format!("it is outside the zone `{}`", seen.zone.name));
    }
    let Some(target) = &tunnel.target else {
        return Outcome::unknown(
            "where the tunnel's names lead is not known: the Service `tunnel/public-names` does not say",
        );
    };
    let page = words(evidence.dns).records_page;
    let leads = |record: &&Record| record.kind == "CNAME" && record.content.eq_ignore_ascii_case(target);
    let records: Vec<&Record> = named(seen, host).collect();
    match records.iter().find(|record| leads(record)) {
        Some(record) if record.proxied => return Outcome::pass(format!("CNAME to `{target}`, proxied")),
        Some(_) => {
            return Finding::new(
                format!("the record `{host}` leads to the tunnel, but is not proxied"),
                "somebody switched the proxy off. The name of a tunnel has no address in public DNS, so visitors find nothing",
                format!("wait a minute: external-dns switches it on again. If it stays, switch it on in {page}"),
            )
            .heals()
            .into();
        }
        None => {}
    }
    let Some(other) = records.first() else {
        return Finding::new(
            format!("the zone `{}` has no record `{host}`", seen.zone.name),
            "external-dns has not written it yet, or cannot",
            "wait a minute; if it stays, its log says why",
        )
        .look("kubectl -n external-dns logs deployment/external-dns --tail=50")
        .heals()
        .into();
    };
    let summary =
        format!("`{host}` does not lead to the tunnel: its record is {} {}", other.kind, other.content);
    let finding = match is_owned(evidence, seen, host) {
        true => Finding::new(
            summary,
            "external-dns wrote it before the service was made public, and replaces it within a minute; or somebody has just changed it",
            "wait a minute; if it stays, its log says why",
        )
        .heals(),
        false => Finding::new(
            summary,
            "somebody else made it, and external-dns does not touch what it does not own",
            format!("delete it in {page} once you know whose it is, or give the service another name"),
        ),
    };
    finding.look("kubectl -n external-dns logs deployment/external-dns --tail=50").into()
}

pub(super) fn is_covered(evidence: &Evidence, host: &str) -> Outcome {
    let (Some(zone), Some(tunnels)) = (zone_name(evidence), traits_of(evidence.dns).tunnels) else {
        return Outcome::unknown("the zone is not known");
    };
    if (tunnels.covers)(zone, host) {
        return Outcome::pass(format!("`{host}` is right below `{zone}`"));
    }
    let (cause, fix) = tunnels.words.certificate;
    let name = words(evidence.dns).name;
    Finding::new(
        format!("{name}'s free certificate does not cover `{host}`: it is too deep below `{zone}`"),
        cause,
        fix,
    )
    .into()
}
