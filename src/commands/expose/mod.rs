//! `homelab expose` and `homelab unexpose`: one entry of the configuration more or less, and `up`.

mod alone;
mod backend;
mod change;
mod choice;
mod goes;
mod image;
mod local;
mod look;
mod protect;
mod public;

use crate::cli::{Expose, Global, Unexpose};
use crate::commands::expose::backend::Behind;
use crate::commands::expose::change::{Change, Way};
use crate::commands::house::house;
use crate::config::edit::{self, ServiceEntry, Setting};
use crate::config::{self, Config, ROOT_PAGE, START_PAGE, Service, WHOAMI};
use crate::error::{Error, Exit, Result};
use crate::facts::authority::PAGE_LABEL;
use crate::facts::names::is_label;
use crate::machine::configuration::{self, Opened};
use crate::ui::{self, Ui};

pub(super) async fn expose(global: &Global, flags: &Expose, ui: Ui) -> Result<Exit> {
    let opened = configuration::open(global.config.as_deref())?;
    if let Some(name) = &flags.name {
        return named(global, flags, name, &opened, ui).await;
    }
    let Some(chosen) = alone::choose(global, flags, &opened.config, ui).await? else { return Ok(Exit::Fine) };
    let name = chosen.name.clone().unwrap_or_default();
    named(global, &chosen, &name, &opened, ui).await
}

async fn named(global: &Global, flags: &Expose, name: &str, opened: &Opened, ui: Ui) -> Result<Exit> {
    is_free(&opened.config, name)?;
    let Behind { mut settings, warning, again } = backend::behind(global, flags, name).await?;
    settings.extend(flags.host.iter().map(|host| ("host", Setting::Text(host.clone()))));
    settings.extend(protect::setting(flags)?);
    settings.extend(public::settings(flags, opened.config.ingress.controller.facts())?);
    let entry = ServiceEntry { name: name.to_owned(), settings };
    let mut change = change_for(opened, &entry, again)?;
    change.left = protect::left_to_do(flags, name).into_iter().chain(public::left_to_do(flags)).collect();
    let warning = match (&flags.url, change.hosts.first()) {
        (Some(url), Some(host)) => look::at_url(url, host).await,
        _ => warning,
    };
    if let Some(warning) = warning {
        ui::print_warning(&house(global).error(warning));
    }
    change::carry_out(global, ui, &change, Way { dry_run: flags.dry_run, yes: flags.yes }).await
}

fn change_for<'o>(opened: &'o Opened, entry: &ServiceEntry, again: Option<String>) -> Result<Change<'o>> {
    let by_hand = format!("under `services:`, write\n  {}", entry.yaml());
    let edited = edit::add(&opened.text, entry).map_err(|why| {
        Error::usage(format!("`{}` has to be edited by hand", opened.path.display()))
            .because(why)
            .hint(format!("{by_hand}\nand run `homelab up`"))
    })?;
    let config = config::read(&opened.path, &edited.text)
        .map_err(|error| error.because("this is the file as it would be; it was not changed"))?;
    let service = config.services.iter().find(|service| service.name == entry.name);
    let hosts = service.map(hosts).unwrap_or_default();
    Ok(Change {
        opened,
        edited,
        service: entry.name.clone(),
        hosts,
        comes: true,
        again,
        nix: entry.nix(),
        by_hand,
        goes: None,
        left: Vec::new(),
    })
}

fn hosts(service: &Service) -> Vec<String> {
    service.hosts.iter().map(ToString::to_string).collect()
}

/// A name that no service has yet, and that can be one.
fn is_free(config: &Config, name: &str) -> Result<()> {
    if !is_label(name) {
        let error = Error::usage(format!("`{name}` is no name for a service"));
        let near: String =
            name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        return Err(match (name.split_once('.'), is_label(&near)) {
            (Some((label, _)), _) if is_label(label) => error
                .because("it is more than one label")
                .hint(format!("name the service `{label}`, and give the whole name with `--host`")),
            (_, true) => error
                .because("it has other characters than lower-case letters, digits and hyphens")
                .hint(format!("`{near}` would be one; any other host name goes into `--host`")),
            _ => error.hint("use lower-case letters, digits and hyphens"),
        });
    }
    if name == WHOAMI && config.whoami {
        return Err(Error::usage(format!("the demo service has the name `{WHOAMI}`"))
            .hint("choose another name, or set `whoami: false` in the configuration"));
    }
    if name == START_PAGE && config.start_page.is_some() {
        return Err(Error::usage(format!("the start page has the name `{START_PAGE}`"))
            .hint("choose another name; any host name can be given with `--host`"));
    }
    let Some(taken) = config.services.iter().find(|service| service.name == name) else { return Ok(()) };
    Err(Error::usage(format!("`{name}` is there already: it leads to {}", backend::shown(taken))).hint(
        format!("choose another name, edit the configuration and run `homelab up`, or `homelab unexpose {name}` first"),
    ))
}

pub(super) async fn unexpose(global: &Global, flags: &Unexpose, ui: Ui) -> Result<Exit> {
    let opened = configuration::open(global.config.as_deref())?;
    let service = known(&opened.config, &flags.name)?;
    let name = service.name.clone();
    let edited = edit::remove(&opened.text, &name).map_err(|why| {
        Error::usage(format!("`{}` has to be edited by hand", opened.path.display()))
            .because(why)
            .hint(format!("take `{name}` out of `services:`, and run `homelab up`"))
    })?;
    config::read(&opened.path, &edited.text)
        .map_err(|error| error.because("this is the file as it would be; it was not changed"))?;
    let change = Change {
        opened: &opened,
        edited,
        hosts: hosts(service),
        comes: false,
        again: command!("sudo homelab unexpose {}", name).map(|command| command.to_string()),
        nix: format!("# remove this, then switch\n{}\n", edit::nix_service(&name)),
        by_hand: format!("take `{name}` out of `services:`"),
        goes: Some(shown!("{}{}", goes::told(&opened.config, service), goes::section(&opened.config))),
        left: goes::left(service).into_iter().collect(),
        service: name,
    };
    change::carry_out(global, ui, &change, Way { dry_run: flags.dry_run, yes: flags.yes }).await
}

/// The service that is meant: by its key, or by one of its hosts.
pub(super) fn known<'c>(config: &'c Config, name: &str) -> Result<&'c Service> {
    let is = |service: &&Service| {
        service.name == name || service.hosts.iter().any(|host| host.as_str().eq_ignore_ascii_case(name))
    };
    if let Some(service) = config.services.iter().find(is) {
        return Ok(service);
    }
    let error = Error::usage(format!("no service has the name `{name}`"));
    if config.whoami && (name == WHOAMI || config.domain.child(WHOAMI).as_str() == name) {
        return Err(error
            .because(format!("`{WHOAMI}` is the demo service"))
            .hint("to remove it, set `whoami: false` in the configuration, and run `homelab up`"));
    }
    if config.start_page.as_ref().is_some_and(|page| name == START_PAGE || page.host.as_str() == name) {
        return Err(error
            .because("it is the start page")
            .hint("to remove it, take `startPage` out of the configuration, and run `homelab up`"));
    }
    if config.root_page.as_ref().is_some_and(|host| [PAGE_LABEL, ROOT_PAGE, host.as_str()].contains(&name)) {
        return Err(error
            .because("it is the page that offers the root certificate")
            .hint("to remove it, set `rootPage: false` in the configuration, and run `homelab up`"));
    }
    let names: Vec<&str> = config.services.iter().map(|service| service.name.as_str()).collect();
    Err(match config::nearest(name, &names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => error.because("the configuration has no services"),
        None => error.hint(format!("the configuration has {}", names.join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> Config {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\n{more}"
        );
        config::parse(&text).unwrap()
    }

    #[test]
    fn a_name_that_cannot_be_one_is_refused_with_one_that_can() {
        let said = |name: &str| {
            let error =
                is_free(&config("services: { nas: { url: 'http://10.0.0.2' } }\n"), name).unwrap_err();
            error.to_string()
        };
        assert!(said("My_Photos").contains("`my-photos` would be one"));
        assert!(said("photos.example.com").contains("name the service `photos`"));
        assert!(said("whoami").contains("demo service"));
        assert!(said("nas").contains("it leads to `http://10.0.0.2:80`"), "{}", said("nas"));
        assert!(said("-").contains("lower-case letters"));
        assert!(is_free(&config("whoami: false\n"), "whoami").is_ok());
        assert!(is_free(&config(""), "start-page").is_ok());
        let error = is_free(&config("startPage: true\n"), "start-page").unwrap_err().to_string();
        assert!(error.contains("the start page has the name"), "{error}");
    }

    #[test]
    fn a_service_is_known_by_its_key_and_its_host_and_a_slip_is_named() {
        let config = config("services: { photos: { url: 'http://10.0.0.2', host: bilder } }\n");
        assert_eq!(known(&config, "photos").unwrap().name, "photos");
        assert_eq!(known(&config, "bilder.home.example.com").unwrap().name, "photos");
        assert!(known(&config, "photo").unwrap_err().to_string().contains("did you mean `photos`?"));
        assert!(known(&config, "whoami").unwrap_err().to_string().contains("whoami: false"));
        let page = self::config("startPage: true\n");
        for name in ["start-page", "home.example.com"] {
            assert!(known(&page, name).unwrap_err().to_string().contains("take `startPage` out"), "{name}");
        }
        let page = self::config("issuer: ca\n");
        for name in ["ca", "ca.home.example.com"] {
            assert!(known(&page, name).unwrap_err().to_string().contains("rootPage: false"), "{name}");
        }
        assert!(is_free(&page, "ca").is_ok(), "a service may have the name: the page goes then");
        assert!(known(&config, "xyz").unwrap_err().to_string().contains("the configuration has photos"));
    }
}
