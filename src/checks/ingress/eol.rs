//! Whether the controller that runs still gets updates, and which known flaws its program has.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Outcome, Severity};
use crate::checks::id;
use crate::checks::ingress::{lab_wide, objects, unread};
use crate::evidence::{Evidence, at, entries};
use crate::facts::image;
use crate::facts::pins::pins;
use crate::ingress::{Flaw, Guard, Retired, Version, traits_of};

pub(super) fn end_of_life(evidence: &Evidence) -> Vec<Judged> {
    if evidence.objects("daemonsets.apps").is_none() {
        return unread(id::EOL, "DaemonSets");
    }
    let Some(set) = objects::daemon_set(evidence) else {
        return vec![lab_wide(id::EOL, Outcome::skip("the controller is not installed"))];
    };
    let image =
        entries(set, "/spec/template/spec/containers").first().map_or("", |first| at(first, "/image"));
    let outcome = match &traits_of(evidence.controller).retired {
        None => Outcome::pass(format!("the controller's image is `{image}`")),
        Some(retired) => of_image(evidence, retired, image),
    };
    vec![lab_wide(id::EOL, outcome)]
}

fn of_image(evidence: &Evidence, retired: &Retired, image: &str) -> Outcome {
    let controller = traits_of(evidence.controller);
    let (bare, tag) = (image::repository(image), tag(image));
    let is_pinned =
        pins().pinned(controller.image).is_some_and(|pin| pin.repository == bare && pin.tag == tag);
    let version = if is_pinned { Some(retired.pinned) } else { said(evidence, retired) };
    let open = version.map(|version| (version, open(retired, version))).filter(|(_, open)| !open.is_empty());
    if retired.images.contains(&bare) {
        let mut summary = format!("the controller is {} {tag}, whose project is retired", controller.name);
        if let Some((version, flaws)) = &open {
            summary.push_str(&format!("; {}", lacks(controller.program, *version, flaws)));
        }
        return of_project(evidence, retired, summary, open.map(|(_, flaws)| flaws).unwrap_or_default());
    }
    let Some((version, flaws)) = open else {
        let known = match version {
            Some(version) => {
                format!("with {} {version}, which has no flaw that homelab knows", controller.program)
            }
            None => format!("which {} is in it is not known", controller.program),
        };
        return Outcome::pass(format!("the controller's image is `{image}`; {known}"));
    };
    let enough = flaws.iter().filter_map(|flaw| flaw.fixed.iter().min()).max().unwrap_or(&version);
    Finding::new(
        format!("the controller's image is `{image}`; {}", lacks(controller.program, version, &flaws)),
        "judged by the version number that it prints: whoever builds the image may have put fixes into an older version",
        format!(
            "take a newer build, one with {} {enough} or later, in `images: {{ {}: … }}`; keep ports 80 and 443 closed towards the internet until then",
            controller.program, controller.image
        ),
    )
    .only(Severity::Warning)
    .into()
}

/// The project's own image. That it has no fixes any more is known to everybody who runs it, and the same every day: a warning
/// that never ends would hide others. So it is a note, as long as the guards are there that keep the worst away.
fn of_project(evidence: &Evidence, retired: &Retired, summary: String, open: Vec<&Flaw>) -> Outcome {
    let settings = settings(evidence);
    let is_away = |flaw: &&&Flaw| {
        let away_by = flaw.away_by.zip(settings);
        away_by.is_some_and(|(setting, all)| setting.holds(all[setting.key].as_str()))
    };
    let away = open.iter().filter(is_away).count();
    let mut cause = retired.cause.to_owned();
    if away > 0 {
        cause.push_str(&format!(". The controller's settings keep {away} of these flaws away"));
    }
    let removed: Vec<&Guard> = traits_of(evidence.controller)
        .guards
        .iter()
        .filter(|guard| {
            let value = settings.and_then(|all| all[guard.key].as_str());
            value.is_some_and(|value| !guard.safe.contains(&value))
        })
        .collect();
    let Some(guard) = removed.first() else {
        return Finding::new(summary, cause, retired.fix).only(Severity::Info).into();
    };
    Finding::new(
        summary,
        format!("{cause}. Its settings lack a protection (`{}`): {}", guard.key, guard.without),
        format!("remove `{}` from `ingress.config`, and run `homelab up`; {}", guard.key, retired.fix),
    )
    .only(Severity::Warning)
    .into()
}

/// What the controller's own log says, if the words of its start are among the lines that were read.
fn said(evidence: &Evidence, retired: &Retired) -> Option<Version> {
    let controller = traits_of(evidence.controller);
    let logs = evidence.cluster.iter().flat_map(|cluster| &cluster.logs);
    let own = logs.filter(|(place, _)| controller.is_place(place));
    own.filter_map(|(_, log)| (retired.version_in)(log)).min()
}

fn open(retired: &Retired, version: Version) -> Vec<&'static Flaw> {
    retired.flaws.iter().filter(|flaw| flaw.is_in(version)).collect()
}

fn lacks(program: &str, version: Version, flaws: &[&Flaw]) -> String {
    let newest = flaws.iter().max_by_key(|flaw| flaw.published);
    let newest =
        newest.map(|flaw| format!("{}, published on {}", flaw.id, flaw.published)).unwrap_or_default();
    match flaws.len() {
        1 => format!("its {program} {version} lacks the fix for {newest}"),
        count => {
            format!("its {program} {version} lacks the fixes for {count} known flaws, the newest {newest}")
        }
    }
}

fn tag(image: &str) -> &str {
    image.split('@').next().unwrap_or_default().rsplit(':').next().unwrap_or_default()
}

/// The entries of the controller's ConfigMap as they live.
fn settings(evidence: &Evidence) -> Option<&Value> {
    let objects = &evidence.cluster.as_ref()?.objects;
    traits_of(evidence.controller).settings(objects).map(|map| &map["data"])
}
