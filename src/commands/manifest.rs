//! cert-manager's own manifest, as a line of progress.

use serde_json::Value;

use crate::config::Config;
use crate::error::Result;
use crate::machine::upstream;
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "upstream";

/// The documents, where homelab installs cert-manager.
///
/// # Errors
/// When the manifest cannot be had, or is not the pinned one.
pub(super) async fn manifest(config: &Config, progress: &Progress) -> Result<Option<Vec<Value>>> {
    if config.cert_manager.manage {
        progress.update(LINE, "getting cert-manager's manifest");
    }
    let documents = upstream::cert_manager(config).await?;
    if let Some(documents) = &documents {
        progress.done(LINE, &format!("cert-manager's manifest, {} documents", documents.len()));
    }
    Ok(documents)
}
