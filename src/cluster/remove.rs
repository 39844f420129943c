//! Deletes one object as it was seen; what others change meanwhile is looked at and decided again.

use crate::cluster::{Cluster, Deleted};
use crate::desired::kind;
use crate::desired::object::Key;
use crate::error::{Error, Result};
use crate::outside;
use crate::plan::ownership::Doomed;

/// How often an object that others change meanwhile is looked at again.
pub(crate) const TRIES: usize = 5;

/// What is still there, though it is wanted no more.
#[derive(Debug)]
pub(crate) struct Stays {
    pub(crate) key: Key,
    /// In words.
    pub(crate) why: String,
    /// Whether whoever set its finalizers has to act.
    held: bool,
}

impl Stays {
    /// What nobody holds by a finalizer.
    pub(crate) fn of(key: Key, why: String) -> Self {
        Self { key, why, held: false }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Removed {
    /// It is gone, or on its way out.
    Gone,
    /// It is not to go any more.
    Spared,
    /// It is to go, and does not.
    Stays(Stays),
}

/// Deletes it, if it still is what was seen. `again` looks at it anew, and says whether it still goes.
pub(crate) async fn remove(
    cluster: &Cluster,
    doomed: Doomed,
    mut again: impl AsyncFnMut(&Doomed) -> Result<Option<Doomed>>,
) -> Result<Removed> {
    let mut now = doomed;
    for _ in 0..TRIES {
        match cluster.delete(&now).await? {
            Deleted::Gone => return Ok(Removed::Gone),
            Deleted::Held(by) => {
                let by: Vec<String> = by.iter().map(|name| outside::code_span(name)).collect();
                let why = format!("is held by the finalizer {}", by.join(" and "));
                return Ok(Removed::Stays(Stays { key: now.key, why, held: true }));
            }
            Deleted::Changed => match again(&now).await? {
                Some(next) => now = next,
                None => return Ok(Removed::Spared),
            },
        }
    }
    let why = "changes faster than it can be deleted".to_owned();
    Ok(Removed::Stays(Stays { key: now.key, why, held: false }))
}

/// What did not go, why, and what to do before `command` is run again.
pub(crate) fn unfinished(what: &str, stays: &[Stays], command: &str) -> Error {
    let mut error = Error::unfinished(what);
    for Stays { key, why, .. } in stays {
        error = error.because(match *key.kind == kind::INGRESS {
            true => format!(
                "{key} {why}; it is served until it is deleted, so its Certificate and its Secret stay, too"
            ),
            false => format!("{key} {why}"),
        });
    }
    let mut hints = Vec::new();
    if let Some(Stays { key, .. }) = stays.iter().find(|stays| stays.held) {
        let edit = match &key.namespace {
            Some(namespace) => command!("kubectl -n {} edit {} {}", namespace, key.kind.plural, key.name),
            None => command!("kubectl edit {} {}", key.kind.plural, key.name),
        };
        let edit = edit.map_or_else(String::new, |edit| format!(" (`{edit}`)"));
        hints.push(format!(
            "the program that set a finalizer removes it: check that this program runs. \
             If it is not installed any more, remove its line from `finalizers`{edit}"
        ));
    }
    if let Some(Stays { key, .. }) = stays.iter().find(|stays| !stays.held) {
        let show = command!("kubectl get {} -A --show-managed-fields -o yaml", key.kind.plural);
        hints.push(show.map_or_else(String::new, |show| format!("`{show}` shows who changes it")));
    }
    hints.push(format!("then run `{command}` again, which removes the rest"));
    error.hint(hints.join(";\n"))
}
