//! A lab that Flux or Argo CD applies: `up` stops before its first write.

use crate::commands::strangers::named;
use crate::error::{Error, Result};
use crate::plan::deployed::deployed;
use crate::plan::{Plan, Snapshot};

/// A lab that a GitOps program applies is not written by `up`, too, unless it is told to take it over.
///
/// # Errors
/// When such a program applied what the plan would write.
pub(super) fn not_deployed(plan: &Plan, snapshot: &Snapshot, adopt: bool) -> Result<()> {
    let Some((by, keys)) = deployed(plan, snapshot).filter(|_| !adopt) else { return Ok(()) };
    let (name, manager) = (by.name(), by.manager());
    Err(Error::usage(format!("{name} applies this lab, so `homelab up` does not"))
        .because(format!(
            "`{manager}` applied what homelab would write: {}",
            named(keys.iter().map(ToString::to_string))
        ))
        .because("two programs that write the same objects undo each other's changes")
        .hint(format!(
            "to apply the configuration, run `homelab render --output-dir DIR` and commit the folder: {name} does the rest;\n\
             to have homelab apply it again, take the folder away from {name} first, then run `homelab up --adopt` once (docs/gitops.md)"
        )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::diff::plan_of_tests;
    use crate::desired::{Inputs, bundle};
    use crate::error::Exit;

    /// The lab as that field manager has applied it, from the rendered files or by `up`.
    fn applied_by(manager: &str) -> Snapshot {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        let bundle = bundle(&crate::config::parse(text).unwrap(), &Inputs::default());
        let mut snapshot = Snapshot::default();
        for object in bundle.objects.into_iter().filter(|object| !object.is_secret()) {
            let mut live = object.body;
            live["metadata"]["managedFields"] = json!([{ "manager": manager, "operation": "Apply" }]);
            snapshot.objects.insert(object.key, live);
        }
        snapshot
    }

    #[test]
    fn up_writes_nothing_into_a_lab_that_flux_or_argo_cd_applies_and_names_the_field_manager() {
        for (manager, name) in [("kustomize-controller", "Flux"), ("argocd-controller", "Argo CD")] {
            let snapshot = applied_by(manager);
            let error = not_deployed(&plan_of_tests(&snapshot), &snapshot, false).unwrap_err();
            assert_eq!(error.exit, Exit::Usage);
            let text = error.to_string();
            assert!(text.starts_with(&format!("{name} applies this lab")), "{text}");
            assert!(
                text.contains(&format!("`{manager}` applied")) && text.contains("`Namespace homelab`"),
                "{text}"
            );
            assert!(text.contains("homelab render --output-dir DIR") && text.contains("--adopt"), "{text}");
            assert!(not_deployed(&plan_of_tests(&snapshot), &snapshot, true).is_ok());
        }
    }

    #[test]
    fn up_goes_on_in_its_own_lab_and_in_a_new_cluster() {
        for snapshot in [applied_by("homelab"), applied_by("kubectl"), Snapshot::default()] {
            assert!(not_deployed(&plan_of_tests(&snapshot), &snapshot, false).is_ok());
        }
    }
}
