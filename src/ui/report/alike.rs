//! What is the same for many names is told once, with the first of them and how many more there are. JSON has every one.

use std::collections::BTreeMap;

use crate::checks::Subject;
use crate::facts::names::probe_name;
use crate::outside::Shown;

/// So many that are alike still stand each for itself.
pub(in crate::ui) const FEW: usize = 3;
/// How many of many are named.
const NAMED: usize = 2;

/// Those with the same key together, in the order of the first of each.
pub(in crate::ui) fn by<T>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Vec<Vec<T>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<T>> = Vec::new();
    for item in items {
        let at = *places.entry(key(&item)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

/// The same, but few that are alike stay apart.
pub(super) fn many_by<T>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Vec<Vec<T>> {
    let apart = |group: Vec<T>| match group.len() {
        0..=FEW => group.into_iter().map(|one| vec![one]).collect(),
        _ => vec![group],
    };
    by(items, key).into_iter().flat_map(apart).collect()
}

/// A text with the name of its host and times taken out: what is then the same is one state of many names.
pub(in crate::ui) fn pattern(text: &str, subject: &Subject) -> String {
    let Some(host) = &subject.host else { return text.to_owned() };
    let text = text.replace(&probe_name(host), "\0").replace(host.as_str(), "\0");
    let text = match host.split_once('.') {
        Some((label, _)) => without_word(&text, label),
        None => text,
    };
    without_spans(&text)
}

/// The text without a word that stands by itself, or at the end of a longer one such as `photos-tls`.
fn without_word(text: &str, word: &str) -> String {
    let mut left = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let joins = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(end..).and_then(|after| after.chars().next());
        if at >= from && !joins(before) && !joins(after) {
            left.push_str(text.get(from..at).unwrap_or_default());
            left.push('\0');
            from = end;
        }
    }
    left + text.get(from..).unwrap_or_default()
}

/// The text without numbers of seconds, minutes, hours and days.
fn without_spans(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_unit = |word: &&str| {
        let word = word.trim_end_matches([';', ',', '.', ')']);
        ["s", "min", "h", "day", "days"].contains(&word)
    };
    let counts = |at: usize| {
        let is_number = words.get(at).is_some_and(|word| word.parse::<u64>().is_ok());
        is_number && words.get(at + 1).is_some_and(is_unit)
    };
    let kept: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|(at, _)| !(counts(*at) || *at > 0 && counts(at - 1)))
        .map(|(_, word)| *word)
        .collect();
    kept.join(" ")
}

/// All of a few names, or the first of many and how many more there are.
pub(super) fn names(all: &[Shown]) -> Shown {
    match all.len() {
        0..=6 => Shown::join(all, ", "),
        many => {
            let first = all.get(..NAMED).unwrap_or_default();
            shown!("{} and {} more", Shown::join(first, ", "), many - NAMED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, host: &str) -> String {
        pattern(text, &Subject::host(host))
    }

    #[test]
    fn texts_that_differ_in_the_name_and_in_times_alone_are_alike() {
        let text = |host: &str, label: &str, time: &str| {
            of(&format!("`{host}`, Secret {label}-tls: it forgets this in {time}"), host)
        };
        assert_eq!(
            text("nas.example.com", "nas", "20 min"),
            text("photos.example.com", "photos", "1 min 5 s")
        );
        assert_ne!(of("10.0.0.1 drops it", "a.b.c"), of("10.0.0.2 drops it", "a.b.c"));
        assert_ne!(of("200 from 2 places", "a.b.c"), of("302 from 2 places", "a.b.c"));
    }

    #[test]
    fn a_short_label_takes_nothing_out_of_other_words() {
        assert_eq!(of("as a banana", "a.example.com"), "as \0 banana");
    }

    #[test]
    fn few_stay_apart_and_many_are_told_with_how_many_there_are() {
        assert_eq!(many_by(1..=3, |_| String::new()).len(), 3);
        assert_eq!(many_by(1..=4, |_| String::new()).len(), 1);
        let all: Vec<Shown> = (0..1000).map(|n| shown!("s{}", n)).collect();
        assert_eq!(names(&all).to_string(), "s0, s1 and 998 more");
    }
}
