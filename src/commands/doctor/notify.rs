//! Tells whom the configuration names that a run found something: for runs that nobody looks at.

use std::path::Path;
use std::time::Duration;

use crate::checks::Report;
use crate::config::{Config, Hook};
use crate::error::{Error, Exit, Result};
use crate::facts::secret::Secret;
use crate::machine;
use crate::net::post::post_json;
use crate::ui::{self, House};

/// The name of the address' credential in systemd's `LoadCredential=`.
const CREDENTIAL: &str = "hook-url";
/// How long a hook may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Sends the report if it ended badly. What goes wrong here is a warning: the exit code tells of the lab, not of the hook.
pub(super) async fn notify(loaded: &Result<Config>, house: &House, report: &Report, exit: Exit) {
    let notify = match loaded {
        Ok(config) => &config.notify,
        Err(error) => {
            return warn(
                &Error::wrong("no notification sent: cannot read `doctor.onFailure`").because(&error.what),
            );
        }
    };
    let due = match exit {
        Exit::Wrong => true,
        Exit::Unfinished => notify.on_unknown,
        _ => false,
    };
    let Some(hook) = notify.hook.as_ref().filter(|_| due) else { return };
    let document = format!("{:#}\n", serde_json::json!(report));
    let ended = match hook {
        Hook::Command(command) => machine::run_with_input(command, &document, LIMIT).await,
        Hook::Url(url) => post(Secret::url(url).map_err(str::to_owned), document).await,
        Hook::UrlFile(path) => post(address(path), document).await,
    };
    if let Err(why) = ended {
        let hint = "try it yourself: `homelab doctor --notify`";
        warn(&house.error(Error::wrong("the hook in `doctor.onFailure` failed").because(why).hint(hint)));
    }
}

fn warn(error: &Error) {
    ui::print_warning(error);
}

async fn post(url: std::result::Result<Secret, String>, document: String) -> std::result::Result<(), String> {
    match post_json(&url?, document, LIMIT).await {
        Ok(200..300) => Ok(()),
        Ok(status) => Err(format!("it answered with status {status}")),
        Err(error) => Err(error.to_string()),
    }
}

/// The address in systemd's credential, if there is one, else in the file that the configuration names.
fn address(named: &Path) -> std::result::Result<Secret, String> {
    machine::secret_url(CREDENTIAL, named)
}
