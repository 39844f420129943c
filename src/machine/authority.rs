//! The certificate of an ACME server of one's own, from the file that the configuration names.

use crate::config::{AcmeServer, Config};
use crate::error::{Error, Result};

/// The PEM text of `acme.caFile`.
pub fn authority(config: &Config) -> Result<Option<String>> {
    let Some(path) = &config.acme.ca_file else {
        return Ok(None);
    };
    if !matches!(config.acme.server, AcmeServer::Other(_)) {
        return Err(Error::usage("`acme.caFile` works only together with `acme.server`")
            .hint("remove it: Let's Encrypt is trusted everywhere"));
    }
    let read = std::fs::read_to_string(path);
    let failed = |cause: String| {
        Error::usage(format!("cannot use `acme.caFile`, `{}`", path.display())).because(cause)
    };
    let text = read.map_err(|error| failed(error.to_string()))?;
    if text.contains("-----BEGIN CERTIFICATE-----") {
        Ok(Some(text))
    } else {
        Err(failed("it has no PEM certificate".to_owned()))
    }
}
