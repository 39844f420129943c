//! Reads the fields of a mapping one by one and gathers every problem, so that a user sees all of them at once.

use std::collections::BTreeMap;

use crate::config::token;
use crate::config::yaml::{Key, Node, Position, Value};
use crate::facts::providers::Provider;

/// Something in the configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands; none for what is missing from the file altogether.
    pub place: Option<Position>,
    /// What is wrong, with the path of the key.
    pub message: String,
    /// What to write instead, if that is known.
    pub help: Option<String>,
    /// What stands in the file as the value and may be a secret: it is not quoted. A key that is not known keeps nothing
    /// that is.
    pub hides: Vec<String>,
    /// Whether what follows in its line is not quoted at all.
    pub blank: bool,
}

impl Problem {
    /// A problem with nothing in it that may be a secret.
    pub(super) fn new(place: Option<Position>, message: impl Into<String>, help: Option<String>) -> Self {
        Self { place, message: message.into(), help, hides: Vec::new(), blank: false }
    }
}

/// One mapping that is being read.
pub(super) struct Fields<'a> {
    path: String,
    place: Position,
    entries: &'a [(Key, Node)],
    asked: Vec<&'static str>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// Begins to read `node`; anything but a mapping is a problem and reads as an empty one.
    pub(super) fn new(path: &str, node: &'a Node, problems: &'a mut Vec<Problem>) -> Self {
        let entries: &[(Key, Node)] = match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            other => {
                let message = format!("{} must be a mapping, not {}", shown(path), other.kind());
                problems.push(Problem::new(Some(node.place), message, None));
                &[]
            }
        };
        Self { path: path.to_owned(), place: node.place, entries, asked: Vec::new(), problems }
    }

    /// Where the mapping begins.
    pub(super) fn place(&self) -> Position {
        self.place
    }

    /// The path of the mapping itself.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of `key` below this mapping.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of `key`, if it is there and not null.
    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let found = self.entries.iter().find(|(k, _)| k.name == key)?;
        (!matches!(found.1.value, Value::Null)).then_some(&found.1)
    }

    /// Reports a problem at `place`.
    pub(super) fn problem(
        &mut self,
        place: Option<Position>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.problems.push(Problem::new(place, message, help));
    }

    /// Reports a value that is a secret and must not be quoted.
    pub(super) fn secret(&mut self, place: Position, message: impl Into<String>, help: &str, value: String) {
        let problem = Problem::new(Some(place), message, Some(help.to_owned()));
        self.problems.push(Problem { hides: vec![value], blank: true, ..problem });
    }

    /// A field below this one, to be read in turn.
    pub(super) fn section<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Fields<'_>) -> T) -> T {
        let path = self.path_of(key);
        let empty = Node { place: self.place, value: Value::Null };
        let node = self.node(key);
        let mut fields = Fields::new(&path, node.unwrap_or(&empty), self.problems);
        let value = read(&mut fields);
        fields.finish();
        value
    }

    /// The entries of a mapping whose keys the user chooses.
    pub(super) fn entries(&mut self, key: &'static str) -> &'a [(Key, Node)] {
        match self.node(key).map(|n| (&n.value, n.place)) {
            None => &[],
            Some((Value::Map(entries), _)) => entries,
            Some((other, place)) => {
                self.wrong_kind(key, place, "a mapping", other);
                &[]
            }
        }
    }

    /// The entries of a list.
    pub(super) fn items(&mut self, key: &'static str) -> &'a [Node] {
        match self.node(key).map(|n| (&n.value, n.place)) {
            None => &[],
            Some((Value::List(items), _)) => items,
            Some((other, place)) => {
                self.wrong_kind(key, place, "a list", other);
                &[]
            }
        }
    }

    /// Reads an entry of [`Self::entries`] or [`Self::items`].
    pub(super) fn entry<T>(&mut self, path: &str, node: &Node, read: impl FnOnce(&mut Fields<'_>) -> T) -> T {
        let mut fields = Fields::new(path, node, self.problems);
        let value = read(&mut fields);
        fields.finish();
        value
    }

    /// Text; numbers are taken as they are written only where quotes do not change their meaning.
    pub(super) fn text(&mut self, key: &'static str) -> Option<(Position, String)> {
        let node = self.node(key)?;
        self.as_text(key, node).map(|text| (node.place, text))
    }

    /// Text that `parse` understands; its error becomes a problem at that place.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (place, text) = self.text(key)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                let message = format!("`{}`: {why}", self.path_of(key));
                self.problem(Some(place), message, None);
                None
            }
        }
    }

    /// A list of texts, or one text in place of a list of one.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(Position, String)> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        let items = match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        items.into_iter().filter_map(|n| self.as_text(key, n).map(|text| (n.place, text))).collect()
    }

    /// A mapping of names that the user chooses to texts; numbers and truth values are taken as written.
    pub(super) fn texts_by_name(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (name, node) in self.entries(key) {
            let text = match &node.value {
                Value::Text(text) => text.clone(),
                Value::Int(number) => number.to_string(),
                Value::Bool(value) => value.to_string(),
                other => {
                    self.wrong_kind(&format!("{key}.{}", name.name), node.place, "text", other);
                    continue;
                }
            };
            found.insert(name.name.clone(), text);
        }
        found
    }

    /// `true` or `false`.
    pub(super) fn bool(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        self.wrong_kind(key, node.place, "true or false", &node.value);
        None
    }

    /// A whole number between `low` and `high`, both included.
    pub(super) fn int(&mut self, key: &'static str, low: i64, high: i64) -> Option<i64> {
        let node = self.node(key)?;
        match &node.value {
            Value::Int(value) if (low..=high).contains(value) => Some(*value),
            Value::Int(value) => {
                let message =
                    format!("`{}` must be between {low} and {high}, not {value}", self.path_of(key));
                self.problem(Some(node.place), message, None);
                None
            }
            other => {
                self.wrong_kind(key, node.place, "a whole number", other);
                None
            }
        }
    }

    /// Says that a field without a default is not there.
    pub(super) fn missing(&mut self, key: &'static str, what: &str, example: &str) {
        if self.node(key).is_some() {
            return;
        }
        let message = format!("`{}` is missing: {what}", self.path_of(key));
        self.problem(None, message, Some(format!("add `{key}: {example}`")));
    }

    /// Reports every key that nobody asked for, with the nearest one that exists.
    pub(super) fn finish(self) {
        #[cfg(test)]
        asked::note(&self.path, &self.asked);
        for (key, node) in self.entries {
            if self.asked.contains(&key.name.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}`", self.path_of(&key.name));
            let help = nearest(&key.name, &self.asked).map(|k| format!("did you mean `{k}`?"));
            let known = || format!("known keys here: {}", self.asked.join(", "));
            let help = match token::is_meant(&key.name, &node.value) {
                true => token::into_a_file(Provider::credentials().next()),
                false => help.unwrap_or_else(known),
            };
            let problem = Problem::new(Some(key.place), message, Some(help));
            self.problems.push(Problem { hides: texts(&node.value), blank: true, ..problem });
        }
    }

    fn as_text(&mut self, key: &'static str, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Int(number) => Some(number.to_string()),
            other => {
                self.wrong_kind(key, node.place, "text", other);
                None
            }
        }
    }

    fn wrong_kind(&mut self, key: &str, place: Position, wanted: &str, found: &Value) {
        let message = format!("`{}` must be {wanted}, not {}", self.path_of(key), found.kind());
        self.problem(Some(place), message, None);
    }
}

/// The known name nearest to `name`, if it is near enough to be a slip of the hand.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |k: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &k.to_lowercase());
    known
        .iter()
        .copied()
        .map(|k| (distance(k), k))
        .filter(|(d, k)| *d <= 1 + k.len() / 4)
        .min()
        .map(|(_, k)| k)
}

/// Every text in a value, line by line, as the file has them.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Text(text) => text.lines().map(|line| line.trim().to_owned()).collect(),
        Value::Int(number) => vec![number.to_string()],
        Value::List(items) => items.iter().flat_map(|item| texts(&item.value)).collect(),
        Value::Map(fields) => fields.iter().flat_map(|(_, node)| texts(&node.value)).collect(),
        Value::Null | Value::Bool(_) | Value::Float => Vec::new(),
    }
}

fn shown(path: &str) -> String {
    if path.is_empty() { "the configuration".to_owned() } else { format!("`{path}`") }
}

/// Which keys were asked for, by the path of their mapping.
#[cfg(test)]
pub(super) mod asked {
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    type Asked = BTreeMap<String, BTreeSet<String>>;

    thread_local!(static ASKED: RefCell<Option<Asked>> = const { RefCell::new(None) });

    /// From now on, they are noted.
    pub(in crate::config) fn begin() {
        ASKED.set(Some(Asked::new()));
    }

    /// Those since the beginning.
    pub(in crate::config) fn end() -> Asked {
        ASKED.take().unwrap()
    }

    pub(super) fn note(path: &str, keys: &[&str]) {
        ASKED.with_borrow_mut(|asked| {
            let Some(asked) = asked else { return };
            asked.entry(path.to_owned()).or_default().extend(keys.iter().map(|key| (*key).to_owned()));
        });
    }
}
