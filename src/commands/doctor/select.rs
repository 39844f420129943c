//! Which checks are wanted: `--pre`, `--check` and `--skip`.

use super::{Error, Result};
use crate::cli::Doctor;
use crate::verify::{CheckId, GROUPS, checks, def};

/// A choice among the checks.
pub(super) struct Selection {
    before_up: bool,
    only: Vec<String>,
    skip: Vec<String>,
}

impl Selection {
    /// Reads the flags.
    ///
    /// # Errors
    /// When a name is neither a check nor a group.
    pub(super) fn new(flags: &Doctor) -> Result<Self> {
        for name in flags.check.iter().chain(&flags.skip) {
            if !is_known(name) {
                let near = crate::config::nearest(name, &names());
                let hint = near.map_or("`homelab doctor --list` shows them all".to_owned(), |near| {
                    format!("did you mean `{near}`? `homelab doctor --list` shows them all")
                });
                return Err(Error::usage(format!("there is no check and no group `{name}`")).hint(hint));
            }
        }
        Ok(Self { before_up: flags.pre, only: flags.check.clone(), skip: flags.skip.clone() })
    }

    /// Whether the report should have the check.
    pub(super) fn wants(&self, id: CheckId) -> bool {
        let Some(def) = def(id) else { return false };
        let named = |names: &[String]| names.iter().any(|name| name == id.as_str() || name == def.group());
        (self.only.is_empty() || named(&self.only))
            && !named(&self.skip)
            && (!self.before_up || def.before_up)
    }
}

fn names() -> Vec<&'static str> {
    GROUPS.iter().map(|group| group.name).chain(checks().map(|def| def.id.as_str())).collect()
}

fn is_known(name: &str) -> bool {
    names().contains(&name)
}
