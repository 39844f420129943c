//! Which lab a printed command is about: whoever pastes it must reach the cluster and the configuration that homelab was
//! asked about. Pure.

use std::path::Path;

use crate::checks::{Outcome, Report};
use crate::error::Error;
use crate::outside::shell;

/// What stands behind a program's name in every command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct House {
    /// In this order, each flag with its value, empty where it takes none; a value that cannot be quoted is `None`, and then
    /// there is no command.
    homelab: Vec<(&'static str, Option<String>)>,
    kubectl: Vec<(&'static str, Option<String>)>,
}

/// A kubeconfig, and who would find it without being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'p> {
    /// Given by a flag or a variable: both programs have to be told.
    Given(&'p Path),
    /// Where homelab looks, and `kubectl` does not.
    ByHomelab(&'p Path),
    /// Where both look, or nowhere.
    ByBoth,
}

impl House {
    /// Names the house by what homelab was given.
    #[must_use]
    pub fn new(config: Option<&Path>, kubeconfig: Found<'_>, context: Option<&str>) -> Self {
        let (told, alone) = match kubeconfig {
            Found::Given(path) => (Some(path), Some(path)),
            Found::ByHomelab(path) => (None, Some(path)),
            Found::ByBoth => (None, None),
        };
        let path = |name, path: Option<&Path>| path.map(|path| (name, of_path(path)));
        let context = || context.map(|context| ("--context", shell::quote(context)));
        Self {
            homelab: [path("--config", config), path("--kubeconfig", told), context()]
                .into_iter()
                .flatten()
                .collect(),
            kubectl: [path("--kubeconfig", alone), context()].into_iter().flatten().collect(),
        }
    }

    /// The same, with an API server that proves nothing, as homelab was told by `--insecure-api-server`.
    #[must_use]
    pub fn insecure(mut self, is: bool) -> Self {
        self.homelab.extend(is.then(|| ("--insecure-api-server", Some(String::new()))));
        self
    }

    /// A command with the house in it, for each program of a pipeline; `None` when the house cannot be named.
    #[must_use]
    pub fn command(&self, line: &str) -> Option<String> {
        let mut told = String::with_capacity(line.len());
        for part in parts(line) {
            told.push_str(&self.one(part)?);
        }
        Some(told)
    }

    /// Words in which commands stand in backticks.
    #[must_use]
    pub fn words(&self, text: &str) -> String {
        let mut told = String::with_capacity(text.len());
        let mut unnamed = false;
        for (at, part) in text.split('`').enumerate() {
            if at > 0 {
                told.push('`');
            }
            if std::mem::take(&mut unnamed) {
                told.push_str(" (with the flags of this run)");
            }
            let command = (at % 2 == 1).then(|| self.command(part));
            unnamed = matches!(command, Some(None));
            told.push_str(command.flatten().as_deref().unwrap_or(part));
        }
        told
    }

    /// A report whose commands, also those in words, have the house in them.
    #[must_use]
    pub fn report(&self, mut report: Report) -> Report {
        for check in &mut report.checks {
            let Outcome::Fail(finding) = &mut check.outcome else { continue };
            let fix = &mut finding.fix;
            fix.text = self.words(&fix.text);
            for lines in [&mut fix.commands, &mut fix.look] {
                *lines = lines.iter().filter_map(|line| self.command(line)).collect();
            }
        }
        report
    }

    /// An error whose hint has the house in its commands.
    #[must_use]
    pub fn error(&self, mut error: Error) -> Error {
        error.hint = error.hint.map(|hint| self.words(&hint));
        error
    }

    /// One program with its arguments, and what stands around them.
    fn one(&self, part: &str) -> Option<String> {
        let Some((name, end)) = program(part) else { return Some(part.to_owned()) };
        let flags = match name {
            "homelab" => &self.homelab,
            _ => &self.kubectl,
        };
        let (head, tail) = part.split_at(end);
        let mut told = head.to_owned();
        for (flag, value) in flags.iter().filter(|(flag, _)| !has_flag(tail, flag)) {
            let flag = if name == "helm" && *flag == "--context" { "--kube-context" } else { flag };
            let value = value.as_ref()?;
            let space = if value.is_empty() { "" } else { " " };
            told.push_str(&format!(" {flag}{space}{value}"));
        }
        told.push_str(tail);
        Some(told)
    }
}

/// A relative path that looks like an option is none behind `./`.
fn of_path(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    if text.starts_with('-') { shell::quote(&format!("./{text}")) } else { shell::quote(text) }
}

/// The program that a command begins with, after `sudo`, and where its name ends; `None` for those that know no house.
fn program(part: &str) -> Option<(&'static str, usize)> {
    let rest = part.trim_start();
    let rest = rest.strip_prefix("sudo ").unwrap_or(rest);
    let name = ["homelab", "kubectl", "helm"]
        .into_iter()
        .find(|name| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
    Some((name, part.len() - rest.len() + name.len()))
}

/// Whether a command has the flag already, as a word of its own and outside of quotes.
fn has_flag(line: &str, flag: &str) -> bool {
    let mut open = String::with_capacity(line.len());
    let mut quote = None;
    let mut marks = line.chars();
    while let Some(mark) = marks.next() {
        match (quote, mark) {
            (None | Some('"'), '\\') => drop(marks.next()),
            (None, '\'' | '"') => quote = Some(mark),
            (Some(began), _) if began == mark => quote = None,
            (None, _) => open.push(mark),
            _ => {}
        }
    }
    open.split_whitespace()
        .any(|word| word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
}

/// A line of the shell, cut behind each `|`, `;` and `&` that is not quoted.
fn parts(line: &str) -> Vec<&str> {
    let (mut found, mut begin, mut quote) = (Vec::new(), 0, None);
    let mut marks = line.char_indices();
    while let Some((at, mark)) = marks.next() {
        match (quote, mark) {
            // Outside of quotes and in double ones it takes the meaning from the next mark, as in `'it'\''s'`.
            (None | Some('"'), '\\') => drop(marks.next()),
            (None, '\'' | '"') => quote = Some(mark),
            (Some(open), _) if open == mark => quote = None,
            (None, '|' | ';' | '&') => {
                found.push(&line[begin..=at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(&line[begin..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{Check, Finding, Report, Severity, Subject, Vantage, id};

    fn trial() -> House {
        House::new(
            Some(Path::new("lab.yaml")),
            Found::Given(Path::new("/home/ada/kube config")),
            Some("trial"),
        )
    }

    fn report_of(finding: Finding) -> Report {
        let (subject, vantage) = (Subject::default(), Vantage::Api);
        let outcome = finding.into();
        Report::of(vec![Check {
            id: id::TOKEN,
            title: "t",
            subject,
            vantage,
            severity: Severity::Error,
            needs: &[],
            outcome,
        }])
    }

    #[test]
    fn what_homelab_was_given_stands_in_every_command() {
        let cases = [
            (
                "kubectl -n homelab get pods",
                "kubectl --kubeconfig '/home/ada/kube config' --context trial -n homelab get pods",
            ),
            (
                "homelab up",
                "homelab --config lab.yaml --kubeconfig '/home/ada/kube config' --context trial up",
            ),
            (
                "sudo kubectl get nodes | grep 'a; kubectl b'; kubectl version",
                "sudo kubectl --kubeconfig '/home/ada/kube config' --context trial get nodes | grep 'a; kubectl b'; \
                 kubectl --kubeconfig '/home/ada/kube config' --context trial version",
            ),
            // A name that has the flags in it is no flag, and a quoted apostrophe ends no word.
            (
                "kubectl get ingress a--context--kubeconfig 'x --context y'",
                "kubectl --kubeconfig '/home/ada/kube config' --context trial get ingress a--context--kubeconfig 'x --context y'",
            ),
            (
                "kubectl annotate ingress a b='x'\\'';kubectl y'",
                "kubectl --kubeconfig '/home/ada/kube config' --context trial annotate ingress a b='x'\\'';kubectl y'",
            ),
            ("helm list", "helm --kubeconfig '/home/ada/kube config' --kube-context trial list"),
            ("dig homelab.example.com && ip route", "dig homelab.example.com && ip route"),
            ("journalctl -u homelab -n 5", "journalctl -u homelab -n 5"),
        ];
        for (line, told) in cases {
            assert_eq!(trial().command(line).as_deref(), Some(told));
        }
    }

    #[test]
    fn a_house_that_everybody_finds_is_not_named() {
        let line = "kubectl get nodes; homelab up";
        let house = House::new(None, Found::ByBoth, None);
        assert_eq!(house.command(line).as_deref(), Some(line));
    }

    #[test]
    fn kubectl_is_told_what_only_homelab_finds_by_itself() {
        let house = House::new(None, Found::ByHomelab(Path::new("/etc/rancher/k3s/k3s.yaml")), None);
        assert_eq!(
            house.command("kubectl get nodes").as_deref(),
            Some("kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml get nodes")
        );
        assert_eq!(house.command("homelab up").as_deref(), Some("homelab up"));
    }

    #[test]
    fn a_house_that_cannot_be_named_has_no_commands_and_says_so_in_words() {
        let house = House::new(None, Found::ByBoth, Some("a\nb"));
        assert_eq!(house.command("kubectl get nodes"), None);
        assert_eq!(house.command("dig example.com").as_deref(), Some("dig example.com"));
        assert_eq!(
            house.words("run `homelab up` again"),
            "run `homelab up` (with the flags of this run) again"
        );
    }

    #[test]
    fn what_was_allowed_once_stays_allowed() {
        let house = House::new(None, Found::ByBoth, None).insecure(true);
        assert_eq!(
            house.command("homelab up; kubectl get nodes").as_deref(),
            Some("homelab --insecure-api-server up; kubectl get nodes")
        );
    }

    #[test]
    fn commands_in_words_have_it_too_and_names_stay_names() {
        let house = House::new(None, Found::ByBoth, Some("trial"));
        assert_eq!(
            house.words("`homelab/photos-tls`: run `homelab up`, or `sudo kubectl get nodes`"),
            "`homelab/photos-tls`: run `homelab --context trial up`, or `sudo kubectl --context trial get nodes`"
        );
        let hint = Error::wrong("x").hint("run `homelab up`");
        assert_eq!(house.error(hint).hint.as_deref(), Some("run `homelab --context trial up`"));
    }

    #[test]
    fn a_flag_that_a_command_has_already_is_not_given_twice() {
        let line = "kubectl --kubeconfig FILE version";
        let house = House::new(None, Found::Given(Path::new("/k")), None);
        assert_eq!(house.command(line).as_deref(), Some(line));
    }

    #[test]
    fn every_command_of_a_report_has_the_house() {
        let finding =
            Finding::new("s", "c", "run `homelab up`").command("homelab up").look("kubectl get pods");
        let report = report_of(finding);
        let told: Report = House::new(None, Found::ByBoth, Some("trial")).report(report);
        let fix = &told.failures().next().unwrap().finding().unwrap().fix;
        assert_eq!(fix.commands, ["homelab --context trial up"]);
        assert_eq!(fix.look, ["kubectl --context trial get pods"]);
        assert_eq!(fix.text, "run `homelab --context trial up`");
    }

    #[test]
    fn a_path_that_looks_like_an_option_is_a_path() {
        let house = House::new(Some(Path::new("-x.yaml")), Found::ByBoth, None);
        assert_eq!(house.command("homelab up").as_deref(), Some("homelab --config ./-x.yaml up"));
    }
}
