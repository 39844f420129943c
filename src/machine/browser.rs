//! The browser of whoever sits at this machine.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::machine::program::without_secrets;

/// A program that runs for as long has a window: it is left alone from then on.
const STARTS: Duration = Duration::from_secs(2);
/// Between two looks whether it still runs.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// This program has it.
    By(String),
    /// There is no desktop, and `$BROWSER` is not set.
    NoDesktop,
    /// root has no browser: it would show pages of others with all rights.
    Root,
}

/// Opens a URL with `$BROWSER`, else with the desktop's own opener.
///
/// # Errors
/// When none of them can be started; in words.
pub async fn open(url: &str) -> Result<Opened, String> {
    if rustix::process::geteuid().is_root() {
        return Ok(Opened::Root);
    }
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let is_desktop = set("DISPLAY").or_else(|| set("WAYLAND_DISPLAY")).is_some();
    let commands = commands(set("BROWSER").as_deref(), desktop(is_desktop), url);
    let mut why = Vec::new();
    for command in &commands {
        match started(command).await {
            Ok(()) => return Ok(Opened::By(command.first().cloned().unwrap_or_default())),
            Err(failed) => why.push(failed),
        }
    }
    if why.is_empty() { Ok(Opened::NoDesktop) } else { Err(why.join("; ")) }
}

/// What opens a URL in the desktop of this machine, if it has one.
fn desktop(is_there: bool) -> Option<&'static str> {
    if cfg!(target_os = "macos") { Some("open") } else { is_there.then_some("xdg-open") }
}

/// The commands to try, one after the other. `$BROWSER` is a list with colons; each may have arguments, and `%s` stands for
/// the URL, which else comes last (Eric Raymond's BROWSER convention, as xdg-utils has it: no quotes, and no shell).
fn commands(browser: Option<&str>, desktop: Option<&str>, url: &str) -> Vec<Vec<String>> {
    let Some(browser) = browser else {
        return desktop.map(|opener| vec![opener.to_owned(), url.to_owned()]).into_iter().collect();
    };
    let with_url = |command: &str| {
        let mut words: Vec<String> = command.split_whitespace().map(|word| word.replace("%s", url)).collect();
        if !words.is_empty() && !command.contains("%s") {
            words.push(url.to_owned());
        }
        words
    };
    browser.split(':').map(with_url).filter(|words| !words.is_empty()).collect()
}

/// Starts a program that goes on without homelab, whatever it prints.
async fn started(command: &[String]) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut prepared = Command::new(program);
    // A group of its own: Ctrl-C in this terminal does not close the browser.
    prepared
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    without_secrets(&mut prepared);
    let mut child = prepared.spawn().map_err(|error| format!("cannot run `{program}`: {error}"))?;
    let deadline = Instant::now() + STARTS;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("`{program}` failed: {status}")),
            Ok(None) => sleep(PAUSE).await,
            Err(error) => return Err(format!("`{program}`: {error}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://photos.home.example.com/";

    #[test]
    fn the_variable_comes_before_the_desktop_and_may_name_several_programs() {
        let told = |browser, desktop| {
            let commands = commands(browser, desktop, URL);
            commands.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join(" | ")
        };
        assert_eq!(told(None, None), "");
        assert_eq!(told(None, Some("xdg-open")), format!("xdg-open {URL}"));
        assert_eq!(told(Some("firefox"), Some("xdg-open")), format!("firefox {URL}"));
        assert_eq!(
            told(Some("chromium --app=%s::firefox -P lab:"), None),
            format!("chromium --app={URL} | firefox -P lab {URL}")
        );
    }

    #[tokio::test]
    async fn a_program_that_fails_at_once_is_told_and_one_that_runs_on_is_left_alone() {
        let run = |script: &str| ["/bin/sh", "-c", script].map(str::to_owned);
        assert_eq!(started(&run("exit 0")).await, Ok(()));
        assert!(started(&run("exit 3")).await.unwrap_err().contains("exit status: 3"));
        assert!(started(&["/nowhere".to_owned()]).await.unwrap_err().contains("cannot run `/nowhere`"));
        let began = Instant::now();
        assert_eq!(started(&run("exec sleep 3")).await, Ok(()));
        assert!(began.elapsed() < Duration::from_secs(3));
    }
}
