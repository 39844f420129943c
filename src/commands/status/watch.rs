//! `homelab status --watch`: look, show, wait, and again, until Ctrl-C.

use std::time::Duration;

use tokio::time::sleep;

use crate::cli::{Global, Status};
use crate::commands::house::house;
use crate::commands::status::{Seen, look};
use crate::error::{Error, Exit, Result};
use crate::outside::Shown;
use crate::ui::{Mode, Output, Screen, Ui, failure};

pub(super) async fn watch(global: &Global, flags: &Status, ui: Ui) -> Result<Exit> {
    if ui.output != Output::Text {
        return Err(Error::usage("`--watch` has no other output format than `text`")
            .hint("run `homelab status --output json` again and again instead"));
    }
    let mut screen = Screen::new(ui, flags.interval);
    // What is wrong at the first look is wrong with the command; later, somebody is at work on the file.
    let mut seen = look(global, flags, ui.mode).await.map(Some)?;
    loop {
        let is_read = match seen {
            Some(seen) => screen.show(what(&seen), &seen.picture()),
            None => true,
        };
        if !is_read {
            return Ok(Exit::Fine);
        }
        sleep(Duration::from_secs(flags.interval)).await;
        seen = match look(global, flags, Mode::Quiet).await {
            Ok(seen) => Some(seen),
            Err(error) => {
                let error = house(global).error(error);
                let text = shown!("{}\n", failure(&Shown::default(), &error, &"hint:".into()));
                if !screen.show(text.to_string(), &text) {
                    return Ok(Exit::Fine);
                }
                None
            }
        };
    }
}

/// What makes two pictures differ: not the seconds in a finding's words.
fn what(seen: &Seen) -> String {
    let steps = seen.chains.iter().flatten().flatten().map(|step| step.word);
    let names = seen.lines.iter().map(|line| {
        let wrong: Vec<&str> = line.wrong.iter().map(|wrong| wrong.id.as_str()).collect();
        format!("{} {:?} {:?} {} {:?}", line.host, line.state, line.addresses, line.certificate(), wrong)
    });
    let extra = seen.extra.iter().map(|extra| {
        let wrong: Vec<&str> = extra.wrong.iter().map(|wrong| wrong.id.as_str()).collect();
        format!("{} {:?} {} {:?}", extra.secret, extra.state, extra.certificate(), wrong)
    });
    names.chain(extra).chain(steps.map(str::to_owned)).collect::<Vec<_>>().join("\n")
}
