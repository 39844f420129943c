//! Settings into a file that may be there already: added at its end, or refused. Nothing that stands there is changed.
//! Pure.

use std::path::Path;

use crate::config::{Entry, entries};
use crate::error::{Error, Result};
use crate::machine::k3s_config::File;
use crate::machine::k3s_settings::Setting;

const HEADER: &str = "# Settings of k3s, by `homelab k3s-config`. k3s reads them when it starts: sudo systemctl restart k3s\n\
                      # Files in config.yaml.d beside this one, and flags of k3s' service, count more than this file.\n";
const ADDED: &str = "# By `homelab k3s-config`.\n";

/// A whole new file.
pub(super) fn whole(settings: &[Setting]) -> String {
    let blocks: Vec<String> = settings.iter().map(Setting::commented).collect();
    format!("{HEADER}\n{}", blocks.join("\n"))
}

/// The text of the file at `path` with the settings; `None` when it has them all.
///
/// `over` are the files that k3s lays over it: the last one that has a key counts, and `key+` adds to what was there
/// before it (k3s documentation, "Multiple Config Files"; pkg/configfilearg/parser.go, `readConfigFile`, at f646604).
///
/// # Errors
/// When a key is there with another value, or nothing can be added at the end; with the lines to write by hand.
pub(super) fn with(
    path: &Path,
    main: Option<&File>,
    over: &[File],
    settings: &[Setting],
) -> Result<Option<String>> {
    let layers = main.into_iter().chain(over).map(|file| {
        let entries = entries(&file.text).map_err(|why| unreadable(&file.path, &why, settings))?;
        Ok((file.path.as_path(), entries))
    });
    let layers: Vec<Layer> = layers.collect::<Result<_>>()?;
    let mut missing = Vec::new();
    let mut conflicts = Vec::new();
    for setting in settings {
        match seen(setting, &layers) {
            Seen::Whole => {}
            Seen::Absent => missing.push(setting),
            Seen::Other(place, values) => conflicts.push((setting, place, values)),
        }
    }
    if !conflicts.is_empty() {
        return Err(differs(path, &conflicts));
    }
    if missing.is_empty() {
        return Ok(None);
    }
    let Some(main) = main else {
        return Ok(Some(whole(&missing.into_iter().cloned().collect::<Vec<_>>())));
    };
    added(main, &missing).map(Some)
}

type Layer<'a> = (&'a Path, Vec<Entry>);

/// How a setting stands in the files.
enum Seen {
    Whole,
    Absent,
    /// Where it is set, and the values there.
    Other(String, Vec<String>),
}

fn seen(setting: &Setting, layers: &[Layer]) -> Seen {
    let mut place = None;
    let mut values: Vec<String> = Vec::new();
    for (path, entries) in layers {
        for entry in entries.iter().filter(|entry| entry.key.trim_end_matches('+') == setting.key) {
            if !entry.key.ends_with('+') {
                values.clear();
                place = Some(format!("{}:{}:{}", path.display(), entry.place.line, entry.place.column));
            }
            // k3s takes a list or words with commas between them.
            values.extend(
                entry.values.iter().flat_map(|value| value.split(',')).map(|value| value.trim().to_owned()),
            );
        }
    }
    let has = |wanted: &String| match setting.is_list {
        true => values.contains(wanted),
        false => values.last() == Some(wanted),
    };
    match (setting.values.iter().all(has), place) {
        (true, _) => Seen::Whole,
        // Nothing but additions, to which the setting comes first.
        (false, None) => Seen::Absent,
        (false, Some(place)) => Seen::Other(place, values),
    }
}

/// The text with the settings at its end, if that means the same as before and them besides.
fn added(main: &File, missing: &[&Setting]) -> Result<String> {
    let text = &main.text;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let between = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    let blocks: Vec<String> = missing.iter().map(|setting| setting.commented()).collect();
    let block = format!("\n{ADDED}{}", blocks.join("\n")).replace('\n', end);
    let new = format!("{text}{between}{block}");
    let before = entries(text).unwrap_or_default();
    let after = entries(&new).unwrap_or_default();
    let as_wanted = missing.iter().map(|setting| (setting.key, &setting.values));
    let is_added = after
        .strip_prefix(before.as_slice())
        .is_some_and(|added| added.iter().map(|entry| (entry.key.as_str(), &entry.values)).eq(as_wanted));
    if is_added {
        return Ok(new);
    }
    let error = Error::usage(format!("`{}` was not changed", main.path.display()))
        .because("its YAML is written in a form to which nothing can be added at the end (braces, an indent, or several documents)");
    Err(error.hint(by_hand(missing.iter().map(|setting| setting.lines(&setting.values)))))
}

fn differs(path: &Path, conflicts: &[(&Setting, String, Vec<String>)]) -> Error {
    let error = Error::usage(format!("`{}` was not changed: k3s has other settings already", path.display()));
    let error = conflicts.iter().fold(error, |error, (setting, place, values)| {
        let lacking = setting.values.iter().filter(|value| !values.contains(value));
        let lacking: Vec<String> = lacking.map(|value| format!("`{value}`")).collect();
        error.because(match setting.is_list {
            true => format!("{place}: `{}` lacks {}", setting.key, lacking.join(" and ")),
            false => {
                format!("{place}: `{}` is `{}`, not {}", setting.key, values.join(","), lacking.concat())
            }
        })
    });
    let lines = conflicts.iter().map(|(setting, _, values)| {
        if !setting.is_list {
            return setting.lines(&setting.values);
        }
        let more = setting.values.iter().filter(|value| !values.contains(value));
        setting.lines(&values.iter().chain(more).cloned().collect::<Vec<_>>())
    });
    error.hint(by_hand(lines))
}

fn unreadable(path: &Path, why: &str, settings: &[Setting]) -> Error {
    let error = Error::usage(format!("`{}` cannot be read as k3s reads it", path.display())).because(why);
    error.hint(by_hand(settings.iter().map(|setting| setting.lines(&setting.values))))
}

fn by_hand(lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.collect();
    format!("replace the lines that differ by hand with these, and run it again:\n{}", lines.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::k3s_config::Here;
    use crate::machine::k3s_settings::{Wishes, settings};

    fn wanted() -> Vec<Setting> {
        let here = Here { hostname: Some("node1".into()), ..Here::default() };
        settings(&here, &Wishes::default()).0
    }

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.to_owned() }
    }

    fn edited(text: &str, over: &[File]) -> Result<Option<String>> {
        with(Path::new("config.yaml"), Some(&file("config.yaml", text)), over, &wanted())
    }

    /// The keys of a text with their values.
    fn read(text: &str) -> Vec<(String, Vec<String>)> {
        entries(text).unwrap().into_iter().map(|entry| (entry.key, entry.values)).collect()
    }

    #[test]
    fn a_new_file_has_every_setting_with_its_reason() {
        let text = with(Path::new("config.yaml"), None, &[], &wanted()).unwrap().unwrap();
        let found = read(&text);
        assert_eq!(found[0], ("disable".to_owned(), vec!["traefik".to_owned(), "servicelb".to_owned()]));
        assert_eq!(found[1], ("tls-san".to_owned(), vec!["node1".to_owned()]));
        assert!(text.contains("# homelab's own ingress takes ports 80 and 443."), "{text}");
        assert_eq!(edited(&text, &[]).unwrap(), None, "it has all that is wanted");
    }

    #[test]
    fn what_is_there_stays_to_the_last_character_and_what_is_missing_comes_after_it() {
        for text in [
            "# my k3s\ntoken: secret # keep\n\n# the end\n",
            "token: secret",
            "write-kubeconfig-mode: \"0640\"\r\nnode-label:\r\n- a=b\r\n",
            "\u{feff}token: secret\n",
            "kubelet-arg:\n  - |\n    max-pods=200\n",
            "# nothing but comments\n",
            "",
        ] {
            let new = edited(text, &[]).unwrap().unwrap();
            assert!(new.starts_with(text), "{new}");
            assert_eq!(read(&new)[read(text).len()..][0].0, "disable", "{new}");
            assert_eq!(edited(&new, &[]).unwrap(), None, "{new}");
            let lone = new.replace("\r\n", "").contains('\n');
            assert!(!text.contains("\r\n") || !lone, "one kind of line end: {new:?}");
        }
    }

    #[test]
    fn only_what_is_missing_is_added() {
        let new = edited("disable: traefik, servicelb,metrics-server\n", &[]).unwrap().unwrap();
        assert_eq!(read(&new)[1..], [("tls-san".to_owned(), vec!["node1".to_owned()])]);
    }

    #[test]
    fn another_value_is_refused_with_its_place_and_the_lines_to_write() {
        let text = "# mine\ndisable:\n  - metrics-server\ntls-san: node1\n";
        let error = edited(text, &[]).unwrap_err();
        assert_eq!(error.exit, crate::error::Exit::Usage);
        assert_eq!(error.causes, ["config.yaml:2:1: `disable` lacks `traefik` and `servicelb`"]);
        let hint = error.hint.unwrap();
        assert!(hint.ends_with("disable:\n  - metrics-server\n  - traefik\n  - servicelb"), "{hint}");
    }

    #[test]
    fn a_form_that_cannot_be_added_to_is_refused_with_the_lines_to_write() {
        for text in ["{ token: secret }\n", "  token: secret\n", "token: secret\n...\n"] {
            let error = edited(text, &[]).unwrap_err();
            assert!(error.hint.unwrap().contains("disable:\n  - traefik\n  - servicelb"), "{text}");
        }
    }

    #[test]
    fn what_k3s_cannot_read_is_not_touched() {
        for text in ["- a\n", "token: a\ntoken: b\n", "a: [\n"] {
            assert!(edited(text, &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_laid_over_counts() {
        let mine = "disable: [traefik, servicelb]\ntls-san: [node1]\n";
        let over = |text: &str| edited(mine, &[file("config.yaml.d/10.yaml", text)]);
        assert_eq!(over("token: x\ndisable+: [metrics-server]\n").unwrap(), None);
        let error = over("token: x\ndisable: [metrics-server]\n").unwrap_err();
        assert_eq!(error.causes, ["config.yaml.d/10.yaml:2:1: `disable` lacks `traefik` and `servicelb`"]);
        let has = [file("config.yaml.d/10.yaml", mine)];
        assert_eq!(edited("token: x\n", &has).unwrap(), None, "what another file has is not said twice");
        let adds = [file("config.yaml.d/10.yaml", "disable+: [metrics-server]\n")];
        assert!(edited("token: x\n", &adds).unwrap().unwrap().contains("\ndisable:\n  - traefik\n"));
    }

    #[test]
    fn an_address_that_differs_is_refused() {
        let wishes = Wishes { address: "192.168.1.10".parse().ok(), ..Wishes::default() };
        let (wanted, _) = settings(&Here::default(), &wishes);
        let main = file("c", "disable: traefik,servicelb\nnode-ip: 192.168.2.7\n");
        let error = with(Path::new("c"), Some(&main), &[], &wanted).unwrap_err();
        assert_eq!(error.causes, ["c:2:1: `node-ip` is `192.168.2.7`, not `192.168.1.10`"]);
    }
}
