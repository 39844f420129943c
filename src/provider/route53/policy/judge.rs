//! A judge of policy documents, for tests: what they say of a request (IAM User Guide, "Policy evaluation logic": what nothing allows is
//! denied, and a `Deny` that applies is the last word). Its own tests are the examples of AWS' documentation.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::normalized;

/// A policy document. What this judge does not know is refused, never passed over.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "Version")]
    _version: Version,
    statement: OneOrMany<Statement>,
}

#[derive(Clone, Debug, Deserialize)]
enum Version {
    #[serde(rename = "2012-10-17")]
    Of2012,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
    #[serde(default)]
    condition: BTreeMap<Operator, BTreeMap<String, OneOrMany<String>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Operator {
    #[serde(rename = "ForAllValues:StringEquals")]
    AllEqual,
    #[serde(rename = "ForAllValues:StringLike")]
    AllLike,
    #[serde(rename = "ForAllValues:StringNotLike")]
    AllUnlike,
    #[serde(rename = "ForAnyValue:StringEquals")]
    AnyEqual,
    #[serde(rename = "ForAnyValue:StringLike")]
    AnyLike,
    Null,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn all(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What a request asks for, as policies see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// `route53:GetChange`.
    pub(super) action: String,
    /// What it is done to; each of them has to be allowed.
    pub(super) resources: Vec<String>,
    /// The values of its condition keys.
    pub(super) context: BTreeMap<String, BTreeSet<String>>,
}

/// What the documents say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ruling {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
}

/// The ruling on a request: on each of its resources, and so the worst of them.
fn judge(documents: &[Document], asked: &Asked) -> Ruling {
    let rulings = asked.resources.iter().map(|resource| of_one(documents, asked, resource));
    rulings.max().unwrap_or(Ruling::NotAllowed)
}

fn of_one(documents: &[Document], asked: &Asked, resource: &str) -> Ruling {
    let statements = documents.iter().flat_map(|document| document.statement.all());
    let effects: Vec<Effect> =
        statements.filter(|statement| statement.applies(asked, resource)).map(|one| one.effect).collect();
    match () {
        () if effects.contains(&Effect::Deny) => Ruling::Denied,
        () if effects.contains(&Effect::Allow) => Ruling::Allowed,
        () => Ruling::NotAllowed,
    }
}

impl Statement {
    fn applies(&self, asked: &Asked, resource: &str) -> bool {
        let action = asked.action.to_lowercase();
        self.action.all().iter().any(|pattern| is_like(&pattern.to_lowercase(), &action))
            && self.resource.all().iter().any(|pattern| is_like(pattern, resource))
            && self.condition.iter().all(|(operator, keys)| {
                keys.iter().all(|(key, wanted)| operator.holds(values(asked, key), wanted.all()))
            })
    }
}

/// Keys are the same in every case of their letters.
fn values<'a>(asked: &'a Asked, key: &str) -> Vec<&'a str> {
    let of_key = asked.context.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
    of_key.flat_map(|(_, values)| values.iter().map(String::as_str)).collect()
}

impl Operator {
    /// `ForAllValues` holds where a request has no value, `ForAnyValue` does not (IAM User Guide, "Set operators").
    fn holds(self, values: Vec<&str>, wanted: &[String]) -> bool {
        let equal = |value: &&str| wanted.iter().any(|one| one == value);
        let like = |value: &&str| wanted.iter().any(|pattern| is_like(pattern, value));
        match self {
            Self::AllEqual => values.iter().all(equal),
            Self::AllLike => values.iter().all(like),
            Self::AllUnlike => !values.iter().any(like),
            Self::AnyEqual => values.iter().any(equal),
            Self::AnyLike => values.iter().any(like),
            Self::Null => wanted.iter().any(|one| one == if values.is_empty() { "true" } else { "false" }),
        }
    }
}

/// Whether the whole text is as the pattern says: `*` stands for any characters, none as well, `?` for one (IAM User Guide, "JSON
/// policy elements: Resource").
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Behind the last `*`, and how far the text was when it was met.
    let mut star = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                at += 1;
                star = Some((at, seen));
            }
            Some(&c) if c == '?' || c == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((behind, from)) = star else { return false };
                (at, seen) = (behind, from + 1);
                star = Some((behind, from + 1));
            }
        }
    }
    pattern[at..].iter().all(|&c| c == '*')
}

/// A change of these records: action, type, name. Names are as the condition keys have them.
pub(super) fn change(zone: &str, changes: &[(&str, &str, &str)]) -> Asked {
    let key = |name: &str| format!("route53:ChangeResourceRecordSets{name}");
    Asked {
        context: [
            (key("Actions"), changes.iter().map(|(action, ..)| (*action).to_owned()).collect()),
            (key("RecordTypes"), changes.iter().map(|(_, kind, _)| (*kind).to_owned()).collect()),
            (key("NormalizedRecordNames"), changes.iter().map(|(.., name)| normalized(name)).collect()),
        ]
        .into(),
        ..of_zone("ChangeResourceRecordSets", zone)
    }
}

/// A call about one zone.
pub(super) fn of_zone(action: &str, zone: &str) -> Asked {
    on(action, &format!("arn:aws:route53:::hostedzone/{zone}"))
}

/// A call about this.
pub(super) fn on(action: &str, resource: &str) -> Asked {
    Asked {
        action: format!("route53:{action}"),
        resources: vec![resource.to_owned()],
        context: BTreeMap::new(),
    }
}

/// Whether one document alone allows it.
pub(super) fn allows(document: &Value, asked: &Asked) -> bool {
    ruling(std::slice::from_ref(document), asked) == Ruling::Allowed
}

pub(super) fn ruling(documents: &[Value], asked: &Asked) -> Ruling {
    let read = |document: &Value| serde_json::from_value(document.clone()).unwrap();
    judge(&documents.iter().map(read).collect::<Vec<_>>(), asked)
}

mod tests;
