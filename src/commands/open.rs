//! `homelab open`: a service in the browser of this machine.

use serde_json::{Value, json};

use crate::cli::Global;
use crate::config::{self, Config};
use crate::error::{Error, Exit, Result};
use crate::facts::names::Host;
use crate::machine::browser::{self, Opened};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Output, Ui};

pub(super) async fn open(global: &Global, name: &str, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let host = host_of(&config, name)?;
    let url = config.url(&host);
    // Before anything else: it can be copied whatever comes of the browser.
    if ui.output != Output::Json {
        ui::answer(&shown!("{}\n", Shown::line(&url)));
    }
    let opened = browser::open(&url).await.map_err(|why| {
        let hint = "open the URL by hand, or set `$BROWSER` to your browser's command";
        Error::unfinished(format!("cannot open a browser for {url}")).because(why).hint(hint)
    })?;
    if ui.output == Output::Json {
        ui::document(document(&url, &opened));
        return Ok(Exit::Fine);
    }
    match opened {
        Opened::By(_) => {}
        Opened::NoDesktop => ui::note(&"no desktop here: open the address on another device".into()),
        Opened::Root => ui::note(&"root opens no browser: run this as yourself, or copy the address".into()),
    }
    Ok(Exit::Fine)
}

/// The host that a name means: a service's first one, or a host of the lab, whole or without the domain.
fn host_of(config: &Config, name: &str) -> Result<Host> {
    if let Some(service) = config.services.iter().find(|service| service.name == name) {
        return service.hosts.first().cloned().ok_or_else(|| unknown(config, name));
    }
    let name_of_host = name.trim_end_matches('.').to_lowercase();
    let below = format!("{name_of_host}.{}", config.domain);
    let mut hosts = config.hosts().into_iter();
    hosts
        .find(|host| [&name_of_host, &below].contains(&&host.to_string()))
        .ok_or_else(|| unknown(config, name))
}

fn unknown(config: &Config, name: &str) -> Error {
    let hosts: Vec<String> = config.hosts().iter().map(ToString::to_string).collect();
    let below = format!(".{}", config.domain);
    let short = hosts.iter().filter_map(|host| host.strip_suffix(&below));
    let services = config.services.iter().map(|service| service.name.as_str());
    let known: Vec<&str> = services.chain(short).chain(hosts.iter().map(String::as_str)).collect();
    let hint = match config::nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`? `homelab status` shows every name"),
        None => "`homelab status` shows every name".to_owned(),
    };
    Error::usage(format!("the configuration has no service and no host `{name}`")).hint(hint)
}

fn document(url: &str, opened: &Opened) -> Value {
    let by = match opened {
        Opened::By(program) => Some(program),
        Opened::NoDesktop | Opened::Root => None,
    };
    json!({ "schema_version": 1, "url": url, "opened_by": by })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> std::result::Result<String, String> {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nservices:\n  photos: { local: 2342, hosts: [pictures, photos.example.com] }\n";
        let config = config::parse(text).unwrap();
        host_of(&config, name).map(|host| host.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_is_a_service_or_a_host_with_or_without_the_domain() {
        for (name, host) in [
            ("photos", "pictures.home.example.com"),
            ("pictures", "pictures.home.example.com"),
            ("Photos.example.com.", "photos.example.com"),
            ("whoami", "whoami.home.example.com"),
        ] {
            assert_eq!(found(name).as_deref(), Ok(host), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_has_the_nearest_one() {
        assert!(found("fotos").unwrap_err().contains("did you mean `photos`?"));
        assert!(found("whomai").unwrap_err().contains("did you mean `whoami`?"));
        let far = found("calendar").unwrap_err();
        assert!(far.contains("no host `calendar`") && far.contains("shows every name"), "{far}");
    }

    #[test]
    fn the_document_has_the_published_form() {
        for opened in [Opened::By("xdg-open".into()), Opened::NoDesktop, Opened::Root] {
            ui::assert_is("open", &document("https://a.example.com/", &opened));
        }
    }
}
