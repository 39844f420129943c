//! What an edit must keep: everything that the file says but the one entry, and every comment.

use std::ops::Range;

use crate::config::edit::SERVICES;
use crate::config::edit::entry::{ServiceEntry, Setting};
use crate::config::edit::outline::Outline;
use crate::config::yaml::{Key, Node, Position, Value};

const NOWHERE: Position = Position { line: 0, column: 0 };

/// What the file has to say with the entry; `None` where `services` is no mapping.
pub(super) fn with(before: &Node, entry: &ServiceEntry) -> Option<Node> {
    let settings = map(&entry.settings);
    changed_services(before, |services| services.push(pair(&entry.name, settings)))
}

fn map(settings: &[(&'static str, Setting)]) -> Value {
    let value = |setting: &Setting| match setting {
        Setting::Text(text) => Value::Text(text.clone()),
        Setting::Number(number) => Value::Int(i64::from(*number)),
        Setting::Flag(flag) => Value::Bool(*flag),
        Setting::Section(settings) => map(settings),
    };
    Value::Map(settings.iter().map(|(key, setting)| pair(key, value(setting))).collect())
}

/// What the file has to say without the entry; `None` where `services` is no mapping.
pub(super) fn without(before: &Node, name: &str) -> Option<Node> {
    changed_services(before, |services| services.retain(|(key, _)| key.name != name))
}

fn changed_services(before: &Node, change: impl FnOnce(&mut Vec<(Key, Node)>)) -> Option<Node> {
    let mut after = before.clone();
    let Value::Map(keys) = &mut after.value else { return None };
    if !keys.iter().any(|(key, _)| key.name == SERVICES) {
        keys.push(pair(SERVICES, Value::Null));
    }
    let (_, services) = keys.iter_mut().find(|(key, _)| key.name == SERVICES)?;
    if matches!(services.value, Value::Null) {
        services.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut services.value else { return None };
    change(entries);
    Some(after)
}

fn pair(key: &str, value: Value) -> (Key, Node) {
    (Key { place: NOWHERE, name: key.to_owned() }, Node { place: NOWHERE, value })
}

/// Whether two values say the same. The order of keys says nothing, and nothing at all says the same as no entries.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, Value::Null) | (Value::Float, Value::Float) => true,
        (Value::Map(entries), Value::Null) | (Value::Null, Value::Map(entries)) => entries.is_empty(),
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Int(one), Value::Int(other)) => one == other,
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(&a.value, &b.value))
        }
        (Value::Map(one), Value::Map(other)) => {
            let twin = |name: &str| other.iter().find(|(key, _)| key.name == name);
            one.len() == other.len()
                && one.iter().all(|(key, node)| {
                    twin(&key.name).is_some_and(|(_, twin)| same(&node.value, &twin.value))
                })
        }
        _ => false,
    }
}

/// Whether the comments outside of what goes are there afterwards, word for word.
pub(super) fn keeps_comments(
    (before, old): (&str, &Outline),
    (after, new): (&str, &Outline),
    gone: &Range<usize>,
) -> bool {
    let kept = old.comments.iter().filter(|comment| !gone.contains(&comment.start));
    kept.map(|comment| before.get(comment.clone())).eq(new.comments.iter().map(|c| after.get(c.clone())))
}

/// The first line that differs, from 1; the lines that go; the lines that come.
pub(super) fn changed<'t>(before: &'t str, after: &'t str) -> (usize, Vec<&'t str>, Vec<&'t str>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    (same + 1, old[..old.len() - tail].to_vec(), new[..new.len() - tail].to_vec())
}
