//! Where the API token comes from.

use std::path::PathBuf;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::net::secret::Secret;

/// The name of the credential in systemd's `LoadCredential=`.
const CREDENTIAL: &str = "dns-token";
/// The variable that Cloudflare's own tools read.
const VARIABLE: &str = "CLOUDFLARE_API_TOKEN";

/// Reads the token: systemd's credential first, then the environment, then `dns.tokenFile`.
pub(super) fn read(config: &Config) -> Result<Secret> {
    let credential =
        std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(CREDENTIAL));
    if let Some(path) = credential.filter(|path| path.exists()) {
        return from_file(path);
    }
    if let Ok(text) = std::env::var(VARIABLE)
        && !text.is_empty()
    {
        return shaped(&text, &format!("the variable `{VARIABLE}`"));
    }
    match &config.dns.token_file {
        Some(path) => from_file(path.clone()),
        None => Err(Error::usage("there is no API token")
            .because(format!(
                "looked for the systemd credential `{CREDENTIAL}`, the variable `{VARIABLE}` and `dns.tokenFile`"
            ))
            .hint("create a token in the Cloudflare dashboard (Zone: Zone: Read and Zone: DNS: Edit for your zone), write it to a file that only you can read, and name that file in `dns.tokenFile`")),
    }
}

fn from_file(path: PathBuf) -> Result<Secret> {
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let failed =
            Error::usage(format!("cannot read the API token from `{}`", path.display())).because(&error);
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                failed.hint("run it with `sudo`, or as the user who owns the file")
            }
            _ => {
                failed.hint("is the path in `dns.tokenFile` right, and has the secret been decrypted to it?")
            }
        }
    })?;
    shaped(&text, &format!("`{}`", path.display()))
}

fn shaped(text: &str, from: &str) -> Result<Secret> {
    Secret::new(text).map_err(|error| {
        Error::usage(format!("the API token in {from} cannot be used")).because(error).hint(error.hint())
    })
}
