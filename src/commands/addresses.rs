//! `homelab addresses`, and the same step of `up`: where the ingress controller does not write the nodes' addresses into the status
//! of Ingresses, homelab does. And the public record follows the lab's address: see `public_address`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::{Addresses, Global};
use crate::cluster::{Cluster, WrittenAddresses};
use crate::commands::house::house;
use crate::commands::public_address::{self, Followed};
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::ingress::{addresses_are_homelabs, traits_of};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Mode, Output, Progress, Ui};

/// The line of progress.
pub(super) const LINE: &str = "addresses";
/// Between two looks while no node qualifies: a pod that is ready belongs to a node that is about to be.
const PAUSE: Duration = Duration::from_secs(2);
/// Who goes on with it.
const GOES_ON: &str = "; from now on homelab-addresses.timer writes them, see docs/addresses.md";
/// For how long `up` waits for such a node.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn addresses(global: &Global, flags: &Addresses, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let (of_nodes, follows) = (addresses_are_homelabs(&config), config.follows_address());
    if !of_nodes && !follows {
        let name = traits_of(config.ingress.controller).name;
        match ui.output {
            Output::Json => ui::document(whole(Value::Null, None)),
            _ if ui.mode == Mode::Quiet => {}
            _ => {
                ui::answer(&Shown::lines(&format!("{name} writes the addresses itself: nothing to do\n")));
            }
        }
        return Ok(Exit::Fine);
    }
    let cluster = global.lab().connect().await?;
    let now = Timestamp::now();
    let asked = if follows { cluster.address_asked().await? } else { None };
    let asks = follows && is_due(asked, now, flags.ask_every);
    // Noted first: that the timer runs is true also where there is nothing that it could write.
    cluster.note_addresses_run(now, if asks { Some(now) } else { asked }).await?;
    let done = if of_nodes { Some(write_once(&cluster, &config).await?) } else { None };
    let followed = if asks { public_address::follow(&cluster, &config).await } else { Ok(None) };
    let nobody = done.as_ref().is_some_and(|done| done.addresses.is_empty());
    let lines = done.iter().filter(|_| !nobody).map(|done| (told(done), !done.written.is_empty()));
    let public = followed.iter().flatten().map(|one| (one.told(), one.written));
    match ui.output {
        Output::Json if !nobody && followed.is_ok() => {
            let public = followed.as_ref().ok().and_then(Option::as_ref);
            ui::document(whole(done.as_ref().map_or(Value::Null, document), public));
        }
        Output::Json => {}
        _ => {
            lines.chain(public).filter(|(_, wrote)| *wrote || ui.mode != Mode::Quiet).for_each(|(line, _)| {
                ui::answer(&Shown::lines(&house(global).words(&format!("{line}\n"))));
            })
        }
    }
    followed.and(if nobody { Err(nowhere(&config)) } else { Ok(Exit::Fine) })
}

/// Whether the lab's address is to be asked for again.
fn is_due(asked: Option<Timestamp>, now: Timestamp, every: Option<u64>) -> bool {
    let (Some(asked), Some(every)) = (asked, every) else { return true };
    let ago = now.as_second() - asked.as_second();
    // A clock that was set back makes nobody wait.
    ago < 0 || u64::try_from(ago).is_ok_and(|ago| ago >= every)
}

/// The step of `up`: once the controller's pods are ready. `None` where the controller writes the addresses itself. The first time,
/// nobody can know yet whether a timer goes on with it.
///
/// # Errors
/// When no node qualifies in time, and when the cluster cannot be asked or refuses a write.
pub(super) async fn step_of_up(
    cluster: &Cluster,
    config: &Config,
    is_first: bool,
    deadline: Instant,
    progress: &Progress,
) -> Result<Option<WrittenAddresses>> {
    if !addresses_are_homelabs(config) {
        return Ok(None);
    }
    progress.update(LINE, "looking which nodes serve");
    let patience = deadline.min(Instant::now() + PATIENCE);
    loop {
        let done = write_once(cluster, config).await?;
        if !done.addresses.is_empty() {
            let goes_on = if is_first { GOES_ON } else { "" };
            progress.done(LINE, &format!("{}{goes_on}", told(&done)));
            return Ok(Some(done));
        }
        if Instant::now() + PAUSE > patience {
            return Err(nowhere(config));
        }
        let name = traits_of(config.ingress.controller).name;
        progress.update(LINE, &format!("waiting for a node that is Ready and has a Ready pod of {name}"));
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) async fn write_once(cluster: &Cluster, config: &Config) -> Result<WrittenAddresses> {
    let controller = traits_of(config.ingress.controller);
    let arguments = (controller.pod.arguments)(config, "");
    let takes_any = arguments.iter().any(|argument| argument == controller.takes_any);
    cluster.write_addresses(controller, takes_any).await
}

fn nowhere(config: &Config) -> Error {
    let name = traits_of(config.ingress.controller).name;
    Error::wrong("no node qualifies, so the addresses of the Ingresses stay as they are")
        .because(format!("no node is Ready and has a Ready pod of {name}"))
        .hint("`homelab doctor` says why")
}

/// What was done, in one line.
fn told(done: &WrittenAddresses) -> String {
    let addresses = done.addresses.texts().join(", ");
    let all = match done.served {
        1 => "1 Ingress has".to_owned(),
        n => format!("{n} Ingresses have"),
    };
    match done.written.len() {
        0 => format!("{all} {addresses}, unchanged"),
        n => format!("{all} {addresses}, {n} written"),
    }
}

/// The same for machines.
pub(super) fn document(done: &WrittenAddresses) -> Value {
    json!({
        "addresses": done.addresses.texts(),
        "ingresses": done.served,
        "written": done.written.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn whole(done: Value, public: Option<&Followed>) -> Value {
    json!({ "schema_version": 1, "status": done, "public": public.map(Followed::document) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::cluster;
    use crate::config;

    fn config(controller: &str) -> Config {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\ningress: {{ controller: {controller} }}\n"
        );
        config::parse(&text).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn up_waits_a_minute_for_a_node_that_serves_and_says_that_nothing_was_changed() {
        let (cluster, log) = cluster(|_, _| (200, json!({ "items": [] })));
        let begun = Instant::now();
        let deadline = begun + Duration::from_secs(600);
        let progress = Progress::new(Mode::Quiet, &[LINE]);
        let error = step_of_up(&cluster, &config("paper"), false, deadline, &progress).await.unwrap_err();
        assert_eq!(error.exit, Exit::Wrong);
        assert!(error.to_string().contains("stay as they are"), "{error}");
        assert!(begun.elapsed() <= PATIENCE);
        assert!(log.lock().unwrap().iter().all(|line| line.starts_with("GET")));
    }

    #[tokio::test]
    async fn a_controller_that_writes_them_itself_costs_no_request() {
        let (cluster, log) = cluster(|_, _| (500, json!({})));
        let progress = Progress::new(Mode::Quiet, &[LINE]);
        let deadline = Instant::now() + PATIENCE;
        let done = step_of_up(&cluster, &config("ingress-nginx"), true, deadline, &progress).await.unwrap();
        assert!(done.is_none() && log.lock().unwrap().is_empty());
    }

    #[test]
    fn the_documents_have_the_published_form() {
        ui::assert_is("addresses", &whole(Value::Null, None));
        let followed = Followed { target: "203.0.113.7".to_owned(), written: true };
        ui::assert_is("addresses", &whole(document(&WrittenAddresses::default()), Some(&followed)));
    }

    #[test]
    fn a_timer_that_runs_often_asks_for_the_labs_address_seldom() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let now = Timestamp::from_second(1000).unwrap();
        assert!(is_due(None, now, Some(300)) && is_due(at(999), now, None), "the first time, and by hand");
        assert!(!is_due(at(701), now, Some(300)) && is_due(at(700), now, Some(300)));
        assert!(is_due(at(2000), now, Some(300)), "a clock that was set back");
    }
}
