//! `homelab expose` without a name: the Services of the cluster, each with the command that gives it one.

use serde_json::{Value, json};

use crate::cli::{Expose, Global};
use crate::cluster::Offered;
use crate::commands::expose::choice::{self, Choice};
use crate::commands::expose::is_free;
use crate::commands::house::house;
use crate::config::{Backend, Config};
use crate::error::Result;
use crate::outside::Shown;
use crate::ui::{self, House, Output, Ui, ask};

/// The question.
const NAME: &str = "Its name (Enter takes the one in the command)";
/// Where there is no Service to choose from.
const NONE: &str = "the cluster has no Service that could get a name";
/// Where the only ones are those that homelab and Kubernetes brought.
const ONLY_OWN: &str =
    "the cluster has only Services of homelab and of Kubernetes themselves, and none of them needs a name";
/// What there is to do then.
const INSTEAD: [&str; 4] = [
    "Install a program in the cluster and run this again, or give a name to",
    "  a program on a node: `homelab expose NAME --local PORT`",
    "  a program on another machine: `homelab expose NAME --url URL`",
    "  an image, which homelab then runs: `homelab expose NAME --image IMAGE --port PORT`",
];

/// Asks whoever sits here for a Service and its name; `None` where nobody does, and the list is the answer.
///
/// # Errors
/// When the cluster cannot be asked.
pub(super) async fn choose(
    global: &Global,
    flags: &Expose,
    config: &Config,
    ui: Ui,
) -> Result<Option<Expose>> {
    let services = global.lab().connect().await?.services().await?;
    let choices = to_choose_from(&services, config);
    let lines: Vec<Line<'_>> = choices.iter().map(|choice| Line::of(choice, config)).collect();
    let house = house(global);
    if ui.output == Output::Json {
        ui::document(document(&lines, &house));
        return Ok(None);
    }
    if lines.is_empty() {
        ui::answer(&none(!services.is_empty(), &house));
        return Ok(None);
    }
    let list: Vec<Shown> = lines.iter().map(|line| line.shown(&house)).collect();
    if flags.yes || !ask::is_possible() {
        ui::answer(&shown!("{}\n", Shown::join(&list, "\n")));
        return Ok(None);
    }
    ui::note(&choice::numbered(&list));
    let line = ask::question(choice::WHICH, |answer| choice::taken(&lines, answer))?;
    let name = ask::question(NAME, |answer| {
        let name = if answer.is_empty() { line.name.clone() } else { answer.to_owned() };
        is_free(config, &name).map(|()| name)
    })?;
    Ok(Some(Expose { name: Some(name), service: Some(choice::full(&line.choice)), ..flags.clone() }))
}

/// What there is to do where no Service waits for a name. That is nobody's fault.
fn none(has_own: bool, house: &House) -> Shown {
    let lines = INSTEAD.map(|line| Shown::line(&house.words(line)));
    shown!("{}. {}\n", if has_own { ONLY_OWN } else { NONE }, Shown::join(&lines, "\n"))
}

/// The Services but those that homelab made for an `image`: they have their name.
fn to_choose_from<'s>(services: &'s [Offered], config: &Config) -> Vec<Choice<'s>> {
    let is_of_image = |offered: &Offered| {
        let of = |backend: &Backend| matches!(backend, Backend::Image { namespace, .. } if *namespace == offered.namespace);
        config.services.iter().any(|service| of(&service.backend))
    };
    choice::choices(services).into_iter().filter(|(offered, _)| !is_of_image(offered)).collect()
}

/// One port of one Service, and what it could be called.
#[derive(Debug, Clone)]
struct Line<'s> {
    choice: Choice<'s>,
    name: String,
    /// The name that it has already.
    has: Option<String>,
}

impl<'s> Line<'s> {
    fn of(choice: &Choice<'s>, config: &Config) -> Self {
        let (offered, number) = *choice;
        let leads_here = |backend: &Backend| {
            matches!(backend, Backend::Cluster { namespace, service, port }
                if *namespace == offered.namespace && *service == offered.name && *port == number)
        };
        let named = config.services.iter().find(|service| leads_here(&service.backend));
        let has = named.and_then(|service| service.hosts.first()).map(ToString::to_string);
        let joined = format!("{}-{}", offered.namespace, offered.name);
        let likely = [&offered.name, &offered.namespace, &joined, &format!("{joined}-{number}")];
        let name = likely.into_iter().find(|name| is_free(config, name).is_ok());
        Self { choice: *choice, name: name.unwrap_or(&offered.name).clone(), has }
    }

    fn command(&self, house: &House) -> Option<String> {
        let line = command!("homelab expose {} --service {}", self.name, choice::full(&self.choice))?;
        house.command(&line.to_string())
    }

    fn shown(&self, house: &House) -> Shown {
        let command = self.command(house).unwrap_or_else(|| choice::full(&self.choice));
        let command = Shown::line(&command);
        match &self.has {
            Some(host) => shown!("{}   # has the name {}", command, Shown::line(host)),
            None => command,
        }
    }
}

fn document(lines: &[Line<'_>], house: &House) -> Value {
    let services = lines.iter().map(|line| {
        let (service, port) = line.choice;
        json!({ "namespace": service.namespace, "service": service.name, "port": port, "host": line.has,
            "command": line.command(house) })
    });
    json!({ "schema_version": 1, "services": services.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Port;

    fn offered(namespace: &str, name: &str) -> Offered {
        let ports = vec![Port { number: 80, name: String::new() }];
        Offered { namespace: namespace.into(), name: name.into(), ports }
    }

    #[test]
    fn each_service_but_that_of_an_image_has_its_command_with_a_name_that_is_free_and_the_name_that_it_has() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nservices:\n  \
                    server: { service: immich/server, port: 80 }\n  books: { image: a/b, port: 80 }\n";
        let config = crate::config::parse(text).unwrap();
        let services =
            [offered("gitea", "http"), offered("immich", "server"), offered("homelab-books", "books")];
        let choices = to_choose_from(&services, &config);
        let lines: Vec<Line<'_>> = choices.iter().map(|choice| Line::of(choice, &config)).collect();
        let shown: Vec<String> =
            lines.iter().map(|line| line.shown(&House::default()).as_str().to_owned()).collect();
        assert_eq!(
            shown,
            [
                "homelab expose http --service gitea/http:80",
                "homelab expose immich --service immich/server:80   # has the name server.home.example.com",
            ]
        );
        let document = document(&lines, &House::default());
        assert_eq!(document["services"][1]["host"], "server.home.example.com");
        assert_eq!(document["services"][0]["command"], shown[0]);
        crate::ui::assert_is("offered", &document);
    }

    #[test]
    fn where_no_service_waits_for_a_name_that_is_said_with_what_can_get_one() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        let config = crate::config::parse(text).unwrap();
        assert!(to_choose_from(&[offered("kube-system", "metrics-server")], &config).is_empty());
        let said = none(false, &House::default()).to_string();
        assert!(said.starts_with("the cluster has no Service that could get a name. Install"), "{said}");
        let said = none(true, &House::default()).to_string();
        assert!(said.starts_with("the cluster has only Services of homelab and of Kubernetes"), "{said}");
        for flag in ["--local PORT", "--url URL", "--image IMAGE --port PORT"] {
            assert!(said.contains(&format!("`homelab expose NAME {flag}`\n")), "{flag}: {said}");
        }
        crate::ui::assert_is("offered", &document(&[], &House::default()));
    }
}
