//! `homelab diff`: configuration -> bundle -> plan -> stdout. The plan is the one that `up` carries out.

use serde_json::{Value, json};

use crate::cli::{Diff, Global};
use crate::commands::house::house;
use crate::commands::planned::{self, Consent, Planned, Start};
use crate::commands::switching::announced;
use crate::commands::tunnel::WayIn;
use crate::error::{Error, Exit, Result};
use crate::outside::Shown;
use crate::plan::{Change, Difference, Plan, Snapshot};
use crate::provider;
use crate::ui::{self, ChangedField, ChangedObject, Output, Ui, Word};

pub(super) async fn diff(global: &Global, flags: &Diff, ui: Ui) -> Result<Exit> {
    let start = Start::new(global).await?;
    let progress = start.progress(ui.mode, &[]);
    let consent = Consent { adopt: flags.adopt, downgrade: flags.allow_downgrade };
    let planned = start.plan(consent, &progress).await;
    let Planned { snapshot, plan, adopted, way, .. } =
        planned.inspect_err(|_: &Error| progress.abandon("stopped"))?;
    drop(progress);
    let change = way.as_ref().and_then(WayIn::change);
    match ui.output {
        Output::Json => ui::document(document(&plan, &snapshot, &adopted, way.as_ref())),
        _ => {
            let up = [("--adopt", flags.adopt), ("--allow-downgrade", flags.allow_downgrade)];
            let up = up
                .iter()
                .filter(|(_, given)| *given)
                .fold("homelab up".to_owned(), |up, (flag, _)| up + " " + flag);
            let up = house(global).words(&format!("`{up}`"));
            if let Some(switch) = &plan.switch {
                ui::note(&Shown::line(&announced(switch)));
            }
            if let Some(change) = &change {
                let name = provider::words(start.config.dns.provider).name;
                ui::note(&Shown::line(&format!("at {name}, `homelab up` {change}")));
            }
            ui::answer(&ui::changes(&changed(&plan, &snapshot), &adopted, plan.kept, global.verbose, &up));
        }
    }
    let is_nothing = plan.is_empty() && adopted.is_empty() && change.is_none();
    Ok(if flags.exit_code && !is_nothing { Exit::Wrong } else { Exit::Fine })
}

fn changed(plan: &Plan, snapshot: &Snapshot) -> Vec<ChangedObject> {
    let written = plan.apply.iter().map(|change| {
        let fields = differences(change, snapshot).into_iter().map(|difference| ChangedField {
            path: difference.path,
            before: difference.before.as_ref().map(text),
            after: difference.after.as_ref().map(text),
        });
        ChangedObject { word: word(change), object: change.object.key.to_string(), fields: fields.collect() }
    });
    let none = |word, object| ChangedObject { word, object, fields: Vec::new() };
    let gone = plan.removal.gone.iter().map(|gone| none(Word::Delete, gone.told()));
    let left = plan.removal.left.iter().map(|key| none(Word::Leave, key.to_string()));
    let data = plan.removal.data.iter().map(|key| none(Word::Data, key.to_string()));
    written.chain(gone).chain(left).chain(data).collect()
}

fn word(change: &Change) -> Word {
    match (&change.adopts, change.new) {
        (Some(_), _) => Word::Adopt,
        (None, true) => Word::Create,
        (None, false) => Word::Change,
    }
}

fn differences(change: &Change, snapshot: &Snapshot) -> Vec<Difference> {
    change.differences(snapshot.objects.get(&change.object.key))
}

/// A text as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn document(plan: &Plan, snapshot: &Snapshot, adopted: &[String], way: Option<&WayIn>) -> Value {
    let mut document = planned::document(plan);
    let written = document["written"].as_array_mut().into_iter().flatten();
    for (said, change) in written.zip(&plan.apply) {
        let fields = differences(change, snapshot).into_iter();
        let fields: Vec<Value> = fields
            .map(|field| json!({ "path": field.path, "before": field.before, "after": field.after }))
            .collect();
        said["fields"] = fields.into();
    }
    document["takes_over"] = json!(adopted);
    document["way_in"] = WayIn::document(way);
    document
}

/// What the first run of a small lab would do.
#[cfg(test)]
pub(super) fn plan_of_tests(snapshot: &Snapshot) -> Plan {
    let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
    let config = crate::config::parse(text).unwrap();
    crate::plan::plan(crate::desired::bundle(&config, &crate::desired::Inputs::default()), snapshot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_published_form() {
        let snapshot = Snapshot::default();
        let plan = plan_of_tests(&snapshot);
        let document = document(&plan, &snapshot, &["record `a` of another cluster".to_owned()], None);
        let fields = document["written"][0]["fields"].as_array().unwrap();
        assert!(!fields.is_empty(), "{document:#}");
        ui::assert_is("diff", &document);
    }
}
