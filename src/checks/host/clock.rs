//! The clock of this machine, by other clocks.

use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::config::Provider;
use crate::evidence::{Clock, ClockSeen, MachineSeen};
use crate::provider::words;

/// How far a clock may be off, and from where on certificates suffer, in seconds.
const TOLERATED: u64 = 120;
const HARMFUL: u64 = 300;

pub(super) fn clock(provider: Provider, machine: &MachineSeen) -> Outcome {
    let words = words(provider);
    // The nodes' own clock is the API server's.
    let name = if provider.is_on_nodes() { words.api_host } else { words.name };
    let seen = |of| machine.clocks.iter().find(|clock| clock.of == of);
    let ahead = |of| seen(of).and_then(|clock| clock.ahead.as_ref().ok().copied());
    let unheard = seen(Clock::Internet).and_then(why);
    let off = |seconds: &i64| seconds.unsigned_abs() > TOLERATED;
    match (ahead(Clock::Internet), ahead(Clock::ApiServer)) {
        (Some(ahead), _) if off(&ahead) => here(machine, ahead),
        (Some(_), Some(ahead)) if off(&ahead) => there(name, ahead),
        (Some(_), _) => Outcome::pass(format!("it agrees with {name}'s clock")),
        (None, Some(ahead)) if off(&ahead) => either(ahead),
        (None, api) => match (unheard, machine.clocks.iter().find_map(why), api) {
            // Also where there has never been any.
            (Some(why), _, _) if provider.is_on_nodes() => Outcome::skip(format!(
                "no clock on the internet could be read, and this lab works without the internet: {why}"
            )),
            (_, Some(why), None) => Outcome::unknown(format!("no other clock could be read: {why}")),
            (_, Some(why), Some(_)) => {
                Outcome::unknown(format!("no clock on the internet could be read: {why}"))
            }
            (_, None, Some(_)) => Outcome::pass("it agrees with the API server's clock"),
            (_, None, None) => Outcome::skip("no other clock was asked"),
        },
    }
}

fn why(clock: &ClockSeen) -> Option<&str> {
    clock.ahead.as_ref().err().map(String::as_str)
}

fn difference(ahead: i64) -> String {
    let seconds = i64::try_from(ahead.unsigned_abs()).unwrap_or(i64::MAX);
    let direction = if ahead > 0 { "ahead" } else { "behind" };
    format!("{} {direction}", span(seconds))
}

fn here(machine: &MachineSeen, ahead: i64) -> Outcome {
    let cause = match machine.time_synchronised {
        Some(false) => {
            "systemd-timesyncd runs, but has not set the clock since it started: no time server answers it"
        }
        Some(true) => "systemd-timesyncd has set the clock once; something has moved it since",
        None => "no time server seems to set it",
    };
    graded(
        ahead,
        Finding::new(
            format!("the clock of this machine is {}", difference(ahead)),
            format!("{cause}; with a wrong clock, valid certificates look expired"),
            "let a time server set the clock (`sudo timedatectl set-ntp true`), then restart k3s (`sudo systemctl restart k3s`)",
        ),
    )
}

fn there(name: &str, ahead: i64) -> Outcome {
    graded(
        ahead,
        Finding::new(
            format!("the clock of the API server's machine is {}", difference(-ahead)),
            format!(
                "this machine's clock agrees with {name}'s, and the API server's does not; with a wrong clock, valid certificates look expired"
            ),
            "let a time server set the clock of that machine (`sudo timedatectl set-ntp true`), then restart k3s there (`sudo systemctl restart k3s`)",
        ),
    )
}

fn either(ahead: i64) -> Outcome {
    graded(
        ahead,
        Finding::new(
            format!("this machine's clock is {} of the API server's clock", difference(ahead)),
            "one of the two clocks is wrong; homelab cannot tell which, because no clock on the internet could be read",
            "let a time server set both clocks (`sudo timedatectl set-ntp true`)",
        ),
    )
}

fn graded(ahead: i64, finding: Finding) -> Outcome {
    let finding = finding.look("timedatectl").nixos("services.timesyncd.enable = true;");
    if ahead.unsigned_abs() > HARMFUL { finding.into() } else { finding.only(Severity::Warning).into() }
}
