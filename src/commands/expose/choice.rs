//! The Services of the cluster, for whoever does not know their names.

use crate::cluster::Offered;
use crate::error::{Error, Result};
use crate::facts::namespaces;
use crate::outside::Shown;
use crate::ui::{self, ask};

/// The question.
pub(super) const WHICH: &str = "Which one, by its number";
/// As many as are listed where nobody can be asked.
const MOST: usize = 20;

/// One port of one Service.
pub(super) type Choice<'s> = (&'s Offered, u16);

/// Asks which one is meant.
///
/// # Errors
/// When nobody can be asked, or there is none.
pub(super) fn choose(services: &[Offered], name: &str) -> Result<(Offered, u16)> {
    let choices = choices(services);
    if choices.is_empty() {
        let none = match services.is_empty() {
            true => "the cluster has no Service that could get a name",
            false => "the cluster has only Services of homelab and of Kubernetes themselves",
        };
        return Err(Error::usage(none).hint(
            "for a program on a node itself, use `--local PORT`; for one on another machine, `--url`; `--image` runs one in the cluster",
        ));
    }
    if !ask::is_possible() {
        return Err(named(&choices, name));
    }
    ui::note(&list(&choices));
    let (service, port) = ask::question(WHICH, |answer| taken(&choices, answer))?;
    Ok((service.clone(), port))
}

/// Those of people's own programs, in the order of their names.
pub(super) fn choices(services: &[Offered]) -> Vec<Choice<'_>> {
    let theirs = |service: &&Offered| {
        let is_system = service.namespace.starts_with("kube-") || namespaces::is_home(&service.namespace);
        !is_system && (service.namespace.as_str(), service.name.as_str()) != ("default", "kubernetes")
    };
    let mut found: Vec<Choice<'_>> = services
        .iter()
        .filter(theirs)
        .flat_map(|service| service.ports.iter().map(move |port| (service, port.number)))
        .collect();
    found.sort_by_key(|(service, port)| (&service.namespace, &service.name, *port));
    found
}

/// The one with this number.
pub(super) fn taken<C: Clone>(choices: &[C], answer: &str) -> Result<C> {
    let number: Option<usize> = answer.parse().ok();
    let chosen = number.and_then(|number| choices.get(number.checked_sub(1)?));
    chosen.cloned().ok_or_else(|| Error::usage(format!("write a number from 1 to {}", choices.len())))
}

pub(super) fn full((service, port): &Choice<'_>) -> String {
    format!("{}/{}:{port}", service.namespace, service.name)
}

fn list(choices: &[Choice<'_>]) -> Shown {
    numbered(&choices.iter().map(|choice| Shown::line(&full(choice))).collect::<Vec<_>>())
}

/// Lines to choose one from.
pub(super) fn numbered(lines: &[Shown]) -> Shown {
    let lines = lines.iter().enumerate().map(|(at, line)| shown!("  {:>3}  {}", at + 1, line));
    Shown::join(&lines.collect::<Vec<_>>(), "\n")
}

/// The same for a script: a command for each.
fn named(choices: &[Choice<'_>], name: &str) -> Error {
    let commands: Vec<String> = choices
        .iter()
        .take(MOST)
        .filter_map(|choice| command!("homelab expose {} --service {}", name, full(choice)))
        .map(|command| format!("`{command}`"))
        .collect();
    Error::usage(format!(
        "`{name}` needs `--service`, `--local`, `--url` or `--image`, and there is no terminal to ask on"
    ))
    .hint(commands.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Port;

    fn services() -> Vec<Offered> {
        let all = [
            ("kube-system", "metrics-server"),
            ("default", "kubernetes"),
            ("homelab", "whoami"),
            ("immich", "server"),
            ("gitea", "http"),
        ];
        let port = |number| Port { number, name: String::new() };
        all.map(|(namespace, name)| Offered {
            namespace: namespace.into(),
            name: name.into(),
            ports: vec![port(80), port(22)],
        })
        .to_vec()
    }

    #[test]
    fn peoples_own_services_are_listed_port_by_port() {
        let services = services();
        let choices = choices(&services);
        assert_eq!(
            list(&choices).as_str(),
            "    1  gitea/http:22\n    2  gitea/http:80\n    3  immich/server:22\n    4  immich/server:80"
        );
        assert_eq!(full(&taken(&choices, "4").unwrap()), "immich/server:80");
        for answer in ["0", "5", "", "x"] {
            assert!(taken(&choices, answer).unwrap_err().what.contains("from 1 to 4"), "{answer}");
        }
    }

    #[test]
    fn a_script_gets_the_commands() {
        let services = services();
        let error = named(&choices(&services), "photos").to_string();
        assert!(error.contains("`homelab expose photos --service immich/server:80`"), "{error}");
    }
}
