//! What `homelab upgrade` says.

use std::path::Path;

use serde_json::{Value, json};

use crate::facts::image::tag;
use crate::outside::Shown;
use crate::plan::upgrade::{Part, State};
use crate::ui::{House, UpgradeLine, upgrades};

/// Where nothing is newer.
const NOTHING: &str = "nothing to upgrade: this homelab brings nothing newer than what runs\n";
/// Where nothing runs at all.
const ABSENT: &str = "nothing to upgrade: homelab has installed nothing in this cluster. `homelab up` does\n";

/// What is said where nothing is written: with the table if it is asked for, or if something is newer.
pub(super) fn answer(parts: &[Part], asked: bool, verbose: bool, house: &House) -> Shown {
    let count = parts.iter().filter(|part| part.is_due()).count();
    let mut text = if asked || count > 0 { table(parts, verbose) } else { Shown::default() };
    match count {
        0 if parts.iter().all(|part| part.state == State::Absent) => {
            text.push(Shown::lines(&house.words(ABSENT)))
        }
        0 => text.push(NOTHING),
        _ => {}
    }
    text
}

/// One line for each component; for its single parts where they differ.
pub(super) fn table(parts: &[Part], verbose: bool) -> Shown {
    upgrades(&lines(parts), verbose)
}

fn lines(parts: &[Part]) -> Vec<UpgradeLine> {
    let mut groups: Vec<(&Part, UpgradeLine)> = Vec::new();
    for part in parts {
        let line = line(part);
        let is_same = |(first, other): &(&Part, UpgradeLine)| {
            first.component == part.component
                && (&other.runs, &other.brings, &other.means) == (&line.runs, &line.brings, &line.means)
        };
        if groups.iter().any(is_same) {
            continue;
        }
        let is_first = groups.iter().all(|(first, _)| first.component != part.component);
        let name = if is_first { part.component } else { part.name };
        groups.push((part, UpgradeLine { name, ..line }));
    }
    groups.into_iter().map(|(_, line)| line).collect()
}

fn line(part: &Part) -> UpgradeLine {
    let short = |text: &str| match tag(text) {
        Some(tag) => tag.to_owned(),
        None => text.split('@').next().unwrap_or(text).to_owned(),
    };
    let means = match (&part.state, &part.skip) {
        (State::Newer, Some(skip)) => format!("newer, but {} comes first", skip.through),
        (State::Same | State::Newer, _) => part.state.word().to_owned(),
        (State::Older, _) => "older: a newer homelab was here".to_owned(),
        (State::Other, _) => "another image".to_owned(),
        (State::Overridden(key), _) => format!("yours, by `{key}`"),
        (State::Absent, _) => "not installed".to_owned(),
    };
    UpgradeLine {
        name: part.component,
        runs: part.runs.as_deref().map_or_else(|| "-".to_owned(), short),
        brings: short(&part.brings),
        means,
        is_due: part.is_due(),
        notes: part.notes.clone(),
    }
}

/// Where NixOS generates the configuration, homelab comes from there, too.
pub(super) fn by_nixos(path: &Path) -> Shown {
    let path = Shown::line(&path.display().to_string());
    shown!(
        "NixOS generates {}, and homelab with its versions comes with it: run `nix flake update`, then `sudo nixos-rebuild switch`",
        path
    )
}

/// The last line of a run: what it brought.
pub(super) fn ending(parts: &[Part]) -> Shown {
    let due: Vec<Part> = parts.iter().filter(|part| part.is_due()).cloned().collect();
    let told = lines(&due)
        .into_iter()
        .map(|line| shown!("{} {} -> {}", line.name, Shown::line(&line.runs), Shown::line(&line.brings)));
    shown!("upgraded: {}\n", Shown::join(&told.collect::<Vec<_>>(), ", "))
}

/// The document of a look.
pub(super) fn document(parts: &[Part]) -> Value {
    json!({
        "schema_version": 1,
        "newer": parts.iter().any(Part::is_due),
        "components": components(parts),
    })
}

/// Every pin, for machines.
pub(super) fn components(parts: &[Part]) -> Value {
    let all = parts.iter().map(|part| {
        let key = match &part.state {
            State::Overridden(key) => Some(key),
            _ => None,
        };
        json!({
            "component": part.component,
            "pin": part.name,
            "runs": part.runs,
            "brings": part.brings,
            "state": part.state.word(),
            "overridden_by": key,
            "first": part.skip.as_ref().map(|skip| &skip.through),
            "release_notes": part.notes,
        })
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::version::Version;
    use crate::plan::skipped::Skip;
    use crate::ui;

    fn part(
        component: &'static str,
        name: &'static str,
        runs: Option<&str>,
        brings: &str,
        state: State,
    ) -> Part {
        Part {
            component,
            name,
            runs: runs.map(str::to_owned),
            brings: brings.to_owned(),
            notes: format!("https://example.com/{name}"),
            state,
            skip: None,
        }
    }

    fn plain(text: &Shown) -> String {
        anstream::adapter::strip_str(text.as_str()).to_string()
    }

    fn some() -> Vec<Part> {
        vec![
            part("cert-manager", "cert-manager", Some("v1.20.3"), "v1.21.2", State::Newer),
            part(
                "cert-manager",
                "certManagerController",
                Some("q/c:v1.20.3@sha256:a"),
                "q/c:v1.21.2",
                State::Newer,
            ),
            part(
                "cert-manager",
                "certManagerWebhook",
                Some("lan/w:1"),
                "q/w:v1.21.2",
                State::Overridden("images.certManagerWebhook".into()),
            ),
            part("ingress-nginx", "ingressNginx", Some("r/c:v1.15.1"), "r/c:v1.15.1", State::Same),
            part("start", "startPage", None, "d/n:1.30.5-alpine", State::Absent),
        ]
    }

    #[test]
    fn a_component_has_one_line_and_a_part_of_it_that_differs_its_own() {
        let wanted = "component           runs     brings         means\n\
                      cert-manager        v1.20.3  v1.21.2        newer\n\
                      certManagerWebhook  1        v1.21.2        yours, by `images.certManagerWebhook`\n\
                      ingress-nginx       v1.15.1  v1.15.1        same\n\
                      start               -        1.30.5-alpine  not installed\n";
        assert_eq!(plain(&table(&some(), false)), wanted);
        let verbose = plain(&table(&some(), true));
        assert!(verbose.contains("newer\n  https://example.com/cert-manager\n"), "{verbose}");
        assert_eq!(plain(&ending(&some())), "upgraded: cert-manager v1.20.3 -> v1.21.2\n");
    }

    #[test]
    fn where_nothing_is_newer_there_is_one_line() {
        let said = |parts: &[Part], asked| answer(parts, asked, false, &House::default());
        let same = [part("whoami", "whoami", Some("t/w:v1"), "t/w:v1", State::Same)];
        assert_eq!(plain(&said(&same, false)), NOTHING);
        assert!(plain(&said(&same, true)).ends_with(NOTHING));
        let none = [part("whoami", "whoami", None, "t/w:v1", State::Absent)];
        assert_eq!(plain(&said(&none, false)), ABSENT);
        let all = plain(&said(&some(), false));
        assert!(all.starts_with("component ") && !all.contains("nothing"), "{all}");
    }

    #[test]
    fn a_version_that_has_to_come_first_is_told() {
        let mut all = some();
        let version = |text| Version::parse(text).unwrap();
        all[0].skip = Skip::between(version("v1.18.0"), version("v1.21.2"));
        assert!(plain(&table(&all, false)).contains("newer, but v1.19 comes first"));
        assert_eq!(components(&all)[0]["first"], "v1.19");
    }

    #[test]
    fn the_document_has_the_published_form() {
        let document = document(&some());
        ui::assert_is("upgrade", &document);
        assert_eq!(document["newer"], true);
        assert_eq!(document["components"][2]["overridden_by"], "images.certManagerWebhook");
        let mut done = crate::commands::planned::document(&crate::plan::Plan::default());
        done["verify"] = Value::Null;
        done["components"] = components(&some());
        ui::assert_is("up", &done);
    }

    #[test]
    fn on_nixos_the_way_is_told() {
        let told = by_nixos(Path::new("/etc/homelab/homelab.yaml"));
        assert!(
            told.as_str().contains("/etc/homelab/homelab.yaml")
                && told.as_str().contains("`nix flake update`")
        );
    }
}
