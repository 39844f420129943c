//! `homelab zone delegate`: the records by which public DNS leads from the names into the zone that the lab may write.

use serde_json::{Value, json};

use crate::cli::{Delegate, Global, Zone, ZoneCommand};
use crate::config::{Challenge, Config};
use crate::error::{Error, Exit, Result};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Output, Ui};

pub(super) fn zone(global: &Global, flags: &Zone, ui: Ui) -> Result<Exit> {
    let ZoneCommand::Delegate(flags) = &flags.command;
    let config = configuration::load(global.config.as_deref())?;
    let Some(zone) = &config.dns.challenge_zone else {
        return Err(Error::usage("there is nothing to delegate: the provider hosts the zone of the names").hint(
            "set `dns.challengeZone` if it hosts another zone, in which the challenges for certificates are met: docs/challenge-zone.md",
        ));
    };
    let challenges = config.challenges();
    match ui.output {
        Output::Json => ui::document(document(zone.as_str(), &challenges)),
        _ if challenges.is_empty() => ui::note(&"no certificate of this configuration needs a record".into()),
        _ => ui::answer(&Shown::lines(&told(&config, &challenges, flags))),
    }
    Ok(Exit::Fine)
}

fn told(config: &Config, challenges: &[Challenge], flags: &Delegate) -> String {
    let rows: Vec<[&str; 3]> =
        challenges.iter().map(|one| [one.name.as_str(), "CNAME", one.target.as_str()]).collect();
    match flags.table {
        true => table(&rows),
        false => zone_file(config, &rows),
    }
}

/// RFC 1035, section 5.1. Each name ends in a dot, so it is the same in every zone file.
fn zone_file(config: &Config, rows: &[[&str; 3]]) -> String {
    let zone = config.dns.challenge_zone.as_ref().map_or("", |zone| zone.as_str());
    let mut text = format!(
        "; For the public zone of `{}`. By these, the challenges for its certificates are met in `{zone}`.\n",
        config.domain
    );
    let width = widest(rows, 0) + 1;
    for [name, kind, target] in rows {
        text.push_str(&format!("{:width$} IN {kind} {target}.\n", format!("{name}.")));
    }
    text
}

fn table(rows: &[[&str; 3]]) -> String {
    let head = [["NAME", "TYPE", "TARGET"]];
    let (first, second) = (widest(rows, 0).max(4), 5);
    head.iter()
        .chain(rows)
        .map(|[name, kind, target]| format!("{name:first$}  {kind:second$}  {target}\n"))
        .collect()
}

fn widest(rows: &[[&str; 3]], column: usize) -> usize {
    rows.iter().filter_map(|row| row.get(column)).map(|text| text.len()).max().unwrap_or(0)
}

fn document(zone: &str, challenges: &[Challenge]) -> Value {
    let records = challenges.iter().map(|one| {
        json!({ "name": one.name, "type": "CNAME", "target": one.target, "certificates_for": one.proves })
    });
    json!({ "schema_version": 1, "challenge_zone": zone, "records": records.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn wildcard() -> Config {
        config::parse(
            "domain: intranet.example.com\nemail: ada@lovelace.dev\ncertificates: wildcard\n\
             dns: { provider: cloudflare, challengeZone: acme.example.org, houseResolver: true }\n\
             services: { docs: { local: 1, host: docs.lab.intranet.example.com } }\n",
        )
        .unwrap()
    }

    #[test]
    fn a_zone_file_has_a_line_for_each_name_that_can_be_pasted_anywhere() {
        let config = wildcard();
        let text = told(&config, &config.challenges(), &Delegate { table: false });
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("; For the public zone of `intranet.example.com`."), "{text}");
        assert_eq!(
            lines[1..],
            [
                "_acme-challenge.docs.lab.intranet.example.com. IN CNAME _acme-challenge.docs.lab.intranet.example.com.acme.example.org.",
                "_acme-challenge.intranet.example.com.          IN CNAME _acme-challenge.intranet.example.com.acme.example.org.",
            ]
        );
    }

    #[test]
    fn a_table_has_the_names_as_a_providers_page_wants_them() {
        let config = wildcard();
        let text = told(&config, &config.challenges(), &Delegate { table: true });
        let columns: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(columns[0], ["NAME", "TYPE", "TARGET"]);
        assert_eq!(
            columns[2],
            [
                "_acme-challenge.intranet.example.com",
                "CNAME",
                "_acme-challenge.intranet.example.com.acme.example.org"
            ]
        );
    }

    #[test]
    fn the_document_has_the_published_form() {
        let challenges = wildcard().challenges();
        let document = document("acme.example.org", &challenges);
        ui::assert_is("delegated", &document);
        let names = &document["records"][1]["certificates_for"];
        assert_eq!(*names, json!(["*.intranet.example.com", "intranet.example.com"]));
    }
}
