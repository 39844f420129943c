//! Whose text it is that the controller's program refuses: it quotes a value, or names one of its own directives.

use jiff::Timestamp;
use serde_json::Value;

use crate::checks::ingress::{duplicates, objects};
use crate::checks::reading::when;
use crate::evidence::{Evidence, View, at, entries};
use crate::ingress::{Traits, traits_of};
use crate::plan::deployed::applies_lab;

/// How many suspects are named.
const NAMED: usize = 3;
/// How much of a value is shown.
const SHOWN: usize = 60;
/// What may hold the text.
#[derive(Debug, Clone)]
pub(super) enum Culprit<'a> {
    /// A path, a host or an annotation of an Ingress.
    Ingress {
        /// The Ingress.
        object: &'a Value,
        /// Where in it, with the value.
        place: String,
    },
    /// An entry of the controller's settings.
    Setting {
        /// Its name.
        key: &'a str,
        /// Its value, or the beginning of it.
        value: String,
        /// Who wrote it, where that was not homelab.
        by: Option<&'a str>,
        /// Whose settings these are.
        of: &'static Traits,
    },
}

impl Culprit<'_> {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Ingress { object, place } => format!("Ingress `{}` has {place}", object.full_name()),
            Self::Setting { key, value, by: None, .. } => format!("`ingress.config` has `{key}: {value}`"),
            Self::Setting { key, value, by: Some(by), of } => {
                let place = format!("{}/{}", of.namespace, of.workload);
                format!("the ConfigMap `{place}` has `{key}: {value}`, written by `{by}`")
            }
        }
    }
}

/// The likeliest places, all of them where several are as likely, those that changed last first; none where nothing has the
/// text.
pub(super) fn of<'a>(evidence: &'a Evidence, said: &[String]) -> Vec<Culprit<'a>> {
    let controller = traits_of(evidence.controller);
    let quoted: Vec<&str> = said.iter().flat_map(|line| quotations(line)).collect();
    let words = controller.log.same_place;
    if !words.is_empty() && said.iter().any(|line| line.contains(words)) {
        let twice = exact_twice(evidence, &quoted);
        if !twice.is_empty() {
            return twice;
        }
    }
    let mut found: Vec<(usize, Option<Timestamp>, Culprit<'a>)> = Vec::new();
    for ingress in ingresses(evidence) {
        let alike =
            texts(controller, ingress).filter_map(|text| Some((text.likeness(controller, &quoted)?, text)));
        if let Some((likeness, text)) = alike.max_by_key(|(likeness, _)| *likeness) {
            let culprit = Culprit::Ingress { object: ingress, place: text.shown() };
            found.push((likeness, changed(ingress), culprit));
        }
    }
    if let Some(map) = settings(evidence) {
        for (key, value) in map["data"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            // What homelab sets by itself is taken by the program: the text was another's, who may have removed it since.
            let likeness = likeness(controller, key, value, &quoted);
            if let Some(likeness) = likeness.filter(|_| !(controller.is_default)(key, value)) {
                let culprit =
                    Culprit::Setting { key, value: short(value), by: writer(map, key), of: controller };
                found.push((likeness, changed(map), culprit));
            }
        }
    }
    found.sort_by_key(|(likeness, changed, _)| std::cmp::Reverse((*likeness, *changed)));
    let most = found.first().map(|(likeness, ..)| *likeness);
    let likeliest = found.into_iter().take_while(|(likeness, ..)| Some(*likeness) == most);
    likeliest.map(|(.., culprit)| culprit).take(NAMED).collect()
}

/// The later ones of Ingresses with the same exact path of one host. The controller passes over the later one only where
/// no prefix of the same path stands before both, and each host has the prefix `/` from the beginning (ingress-nginx,
/// internal/ingress/controller/controller.go, `getBackendServers`).
fn exact_twice<'a>(evidence: &'a Evidence, quoted: &[&str]) -> Vec<Culprit<'a>> {
    let pairs = duplicates::pairs(evidence).unwrap_or_default().into_iter();
    let refused = pairs.filter(|((_, path, exact), ..)| *exact && quoted.contains(path));
    let culprits = refused.map(|((host, path, _), first, second)| Culprit::Ingress {
        object: second,
        place: format!(
            "the exact path `{}` of `{}`, which Ingress `{}` has, too",
            short(path),
            short(host),
            first.full_name()
        ),
    });
    culprits.take(NAMED).collect()
}

/// How much of a setting the program quotes: its value, or at least its directive.
fn likeness(controller: &Traits, key: &str, value: &str, quoted: &[&str]) -> Option<usize> {
    alike(value, quoted).max(quoted.contains(&(controller.log.directive)(key).as_str()).then_some(DIRECTIVE))
}

/// What was written last of all that nginx is given, and when.
pub(super) fn newest(evidence: &Evidence) -> Option<(&Value, Timestamp)> {
    let all = ingresses(evidence).into_iter().chain(settings(evidence));
    all.filter_map(|object| Some((object, changed(object)?))).max_by_key(|(_, time)| *time)
}

/// When the object was written last, its status aside.
pub(in crate::checks) fn changed(object: &Value) -> Option<Timestamp> {
    let writes = entries(object, "/metadata/managedFields").iter();
    let own = writes.filter(|entry| at(entry, "/subresource").is_empty());
    own.filter_map(|entry| when(entry, "/time")).max().or_else(|| when(object, "/metadata/creationTimestamp"))
}

/// Those that the controller serves; all where the classes were not read.
pub(super) fn ingresses(evidence: &Evidence) -> Vec<&Value> {
    let all = || evidence.objects("ingresses.networking.k8s.io").unwrap_or_default().iter().collect();
    objects::served(evidence).unwrap_or_else(all)
}

/// The controller's settings.
pub(super) fn settings(evidence: &Evidence) -> Option<&Value> {
    let controller = traits_of(evidence.controller);
    let objects = &evidence.cluster.as_ref()?.objects;
    controller.settings(objects)
}

/// Who else has written a setting; `None` when homelab did, or nobody knows.
fn writer<'a>(map: &'a Value, key: &str) -> Option<&'a str> {
    let field = format!("f:{key}");
    let writes = |entry: &&Value| !entry["fieldsV1"]["f:data"][&field].is_null();
    let writers =
        entries(map, "/metadata/managedFields").iter().filter(writes).map(|entry| at(entry, "/manager"));
    let writers: Vec<&str> = writers.collect();
    if writers.iter().any(|writer| applies_lab(writer)) { None } else { writers.first().copied() }
}

/// A text of an Ingress that reaches the controller's configuration.
struct IngressText<'a> {
    what: &'static str,
    key: &'a str,
    value: &'a str,
}

impl IngressText<'_> {
    fn likeness(&self, controller: &Traits, quoted: &[&str]) -> Option<usize> {
        match self.key.strip_prefix(controller.annotations) {
            Some(key) => likeness(controller, key, self.value, quoted),
            None => alike(self.value, quoted),
        }
    }

    fn shown(&self) -> String {
        match self.key {
            "" => format!("the {} `{}`", self.what, short(self.value)),
            key => format!("the {} `{key}: {}`", self.what, short(self.value)),
        }
    }
}

fn texts<'a>(controller: &Traits, ingress: &'a Value) -> impl Iterator<Item = IngressText<'a>> + use<'a> {
    let prefix = controller.annotations;
    let annotations = ingress["metadata"]["annotations"].as_object();
    let annotations = annotations.into_iter().flatten().filter(move |(key, _)| key.starts_with(prefix));
    let annotations = annotations
        .filter_map(|(key, value)| Some(IngressText { what: "annotation", key, value: value.as_str()? }));
    let rules = entries(ingress, "/spec/rules").iter();
    let paths = rules.clone().flat_map(|rule| entries(rule, "/http/paths"));
    let paths = paths.map(|path| IngressText { what: "path", key: "", value: at(path, "/path") });
    let hosts = rules.map(|rule| IngressText { what: "host", key: "", value: at(rule, "/host") });
    paths.chain(hosts).chain(annotations)
}

/// A directive that the program names says less than a value that it quotes.
const DIRECTIVE: usize = 1;
/// A value that it quotes as it stands says more than one that is a part of the quotation.
const WHOLE: usize = 1000;

/// How much of a value the program quotes; `None` where that is nothing that tells.
fn alike(value: &str, quoted: &[&str]) -> Option<usize> {
    let value = value.trim();
    let tells = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).count() >= 2
            && !["true", "false", "on", "off"].contains(&text)
    };
    let one = |quoted: &&str| {
        let bare = quoted.trim_start_matches('^').trim_end_matches('$');
        if !tells(value) || !tells(bare) {
            None
        } else if value == *quoted || value == bare {
            Some(WHOLE + value.len())
        } else if quoted.contains(value) && value.len() > 2 {
            Some(2 + value.len())
        } else if has_word(value, bare) {
            Some(2 + bare.len())
        } else {
            None
        }
    };
    quoted.iter().filter_map(one).max()
}

/// Whether the text has the word, not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let alone = |at: usize| {
        let after = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
        !inner(after) && !inner(text.get(..at).and_then(|before| before.chars().next_back()))
    };
    text.match_indices(word).any(|(at, _)| alone(at))
}

/// What stands in quotation marks.
fn quotations(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2).filter(|text| !text.is_empty())
}

fn short(value: &str) -> String {
    let line = value.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(SHOWN).collect();
    if cut.len() < value.len() { format!("{cut} …") } else { cut }
}
