//! The zone in public DNS: that it is there, and in whose hands.

use crate::checks::dns::judged;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage};
use crate::checks::id;
use crate::evidence::{Evidence, NamesSeen, ZoneSeen};

pub(super) fn delegation(evidence: &Evidence, names: &NamesSeen) -> Judged {
    let outcome = match &names.zone {
        _ if evidence.dns.is_on_nodes() => Outcome::skip(super::AT_HOME),
        None => Outcome::unknown("the zone was not looked up"),
        Some(Err(why)) => Outcome::unknown(why.clone()),
        Some(Ok(zone)) => compare(evidence, zone),
    };
    judged(id::ZONE, Subject::default(), Vantage::PublicDns("any".into()), outcome)
}

fn compare(evidence: &Evidence, zone: &ZoneSeen) -> Outcome {
    let name = &zone.name;
    let listed: &[String] = match &evidence.provider {
        Some(Ok(provider)) if !evidence.is_zone_of_challenges() => &provider.zone.name_servers,
        _ => &[],
    };
    if zone.servers.is_empty() && zone.delegated.is_none() {
        return Finding::new(
            format!("public DNS has no NS records for `{name}`"),
            "the domain is not registered, has expired, or has no name servers set at its registrar",
            match listed {
                [] => {
                    format!("look `{name}` up at your registrar, and enter the provider's name servers there")
                }
                some => {
                    format!("enter {} as the name servers of `{name}` at your registrar", some.join(" and "))
                }
            },
        )
        .look(command!("dig NS {} @1.1.1.1", name))
        .into();
    }
    // What the zone above says is what the registrar has; a resolver may still remember the servers from before.
    let found = zone.delegated.as_deref().unwrap_or(&zone.servers);
    if listed.is_empty() {
        return Outcome::pass(found.join(", "));
    }
    let is_listed = |server: &&String| listed.iter().any(|own| own.eq_ignore_ascii_case(server));
    let foreign: Vec<&str> = found.iter().filter(|server| !is_listed(server)).map(String::as_str).collect();
    if foreign.is_empty() {
        return Outcome::pass(found.join(", "));
    }
    let fix = format!(
        "enter {} as the only name servers of `{name}` at your registrar; the change takes up to two days to reach every resolver",
        listed.join(" and ")
    );
    let look = command!("dig NS {} @1.1.1.1", name);
    let partly = found.len() > foreign.len();
    let finding = Finding::new(
        format!("the domain `{name}` uses the name servers {}, which your DNS provider does not list", foreign.join(" and ")),
        if partly {
            "the registrar lists name servers of two providers; the other provider's servers give different answers"
        } else {
            "the registrar lists other name servers than the provider's, so nobody sees the records at the provider"
        },
        fix,
    )
    .look(look);
    if partly { finding.only(Severity::Warning) } else { finding }.into()
}
