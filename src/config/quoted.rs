//! The problems of a configuration as they are told: each with its line, without what may be a secret.

use std::fmt::Write as _;
use std::path::Path;

use crate::config::fields::{self, Problem};
use crate::config::yaml::{self, Node, Position, Value};
use crate::error::Error;
use crate::outside::GONE;

/// Shorter values are blanked where they stand, but not looked for in other lines: every line has an `a`.
const IN_LINES: usize = 4;
/// The same for what is said of them, which has words of its own.
const IN_WORDS: usize = 20;

/// Every problem at once.
pub(super) fn report(path: &Path, text: &str, problems: &[Problem]) -> Error {
    let count = match problems.len() {
        1 => "one problem".to_owned(),
        n => format!("{n} problems"),
    };
    let hook = hook(text);
    let mut what = format!("the configuration has {count}\n");
    for problem in problems {
        let place = problem.place.map_or_else(String::new, |p| format!(":{}:{}", p.line, p.column));
        let message = blanked(&without(&problem.message, problems, IN_WORDS), &hook, IN_WORDS);
        let _ = write!(what, "\n  {}{place}: {message}", path.display());
        let line = problem.place.and_then(|p| Some((p, text.lines().nth(p.line.checked_sub(1)? as usize)?)));
        if let Some((place, line)) = line {
            let number = place.line.to_string();
            let indent = indent(line, place, problems, &hook);
            let line = quoted(line, place.line, problems);
            let line = blanked(&line, &hook, IN_LINES);
            let _ = write!(what, "\n    {number} | {line}\n    {} | {indent}^", " ".repeat(number.len()));
        }
        if let Some(help) = &problem.help {
            let _ = write!(what, "\n    {help}");
        }
    }
    Error::usage(what)
}

/// What stands before the caret: as wide as what is shown of the line up to the place, in which a value may be blanked. A tab
/// stays one.
fn indent(line: &str, place: Position, problems: &[Problem], hook: &[String]) -> String {
    let to = |column: u64| column.saturating_sub(1) as usize;
    // What follows a blanked value is not shown: the caret stands at its key then.
    let hiding = problems.iter().filter(|problem| problem.blank).filter_map(|problem| problem.place);
    let first = hiding.filter(|other| other.line == place.line).map(|other| other.column).min();
    let before: String =
        line.chars().take(to(first.map_or(place.column, |first| first.min(place.column)))).collect();
    let before = blanked(&without(&before, problems, IN_LINES), hook, IN_LINES);
    before.chars().map(|c| if c == '\t' { c } else { ' ' }).collect()
}

/// A line of the file. What follows a key that is not known is blanked to its end, and so is every value that may be a secret,
/// whichever problem the line is quoted for.
fn quoted(line: &str, number: u64, problems: &[Problem]) -> String {
    let hiding = problems.iter().filter(|problem| problem.blank);
    let places = hiding.filter_map(|problem| problem.place).filter(|place| place.line == number);
    let first = places.map(|place| place.column.saturating_sub(1) as usize).min();
    let line = match first {
        None => line.to_owned(),
        Some(column) => {
            let start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
            let (before, from) = line.split_at(start);
            match from.split_once(':') {
                Some((key, _)) if !before.trim_end().ends_with(':') => format!("{before}{key}: {GONE}"),
                // It is the value that the problem is at.
                _ => format!("{before}{GONE}"),
            }
        }
    };
    without(&line, problems, IN_LINES)
}

fn without(text: &str, problems: &[Problem], shortest: usize) -> String {
    let values: Vec<String> = problems.iter().flat_map(|problem| problem.hides.clone()).collect();
    blanked(text, &values, shortest)
}

pub(super) fn blanked(text: &str, values: &[String], shortest: usize) -> String {
    let values = values.iter().filter(|value| value.len() >= shortest);
    values.fold(text.to_owned(), |text, value| text.replace(value.as_str(), GONE))
}

/// What stands in the file as the hook's address, which is a secret for whoever may call it. In a file that is no YAML, each
/// address from the hook on.
pub(super) fn hook(text: &str) -> Vec<String> {
    let Ok(file) = yaml::parse(text) else {
        let from = text.find("onFailure").unwrap_or(text.len());
        let ends = |c: char| c.is_whitespace() || "\"',{}[]".contains(c);
        return text[from..].split(ends).filter(|word| word.contains("://")).map(str::to_owned).collect();
    };
    let Some(doctor) = below(&file, "doctor") else { return Vec::new() };
    match &doctor.value {
        Value::Map(_) => below(doctor, "onFailure").map_or_else(Vec::new, addresses),
        other => fields::texts(other),
    }
}

fn addresses(hook: &Node) -> Vec<String> {
    match &hook.value {
        Value::Map(_) => ["url", "urlFile"]
            .iter()
            .filter_map(|key| below(hook, key))
            .flat_map(|node| fields::texts(&node.value))
            .collect(),
        other => fields::texts(other),
    }
}

fn below<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(name, _)| name.name == key).map(|(_, node)| node),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const TOKEN: &str = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM";

    fn told(dns: &str) -> String {
        let text = format!("domain: home.example.com\nemail: ada@lovelace.dev\n{dns}\n");
        report(Path::new("homelab.yaml"), &text, &parse(&text).unwrap_err()).to_string()
    }

    #[test]
    fn a_token_as_a_key_of_its_own_is_not_quoted_and_the_file_is_named() {
        for dns in [
            format!("dns: {{ provider: cloudflare, token: {TOKEN} }}"),
            format!("dns:\n  provider: cloudflare\n  token: {TOKEN}"),
            format!("dns:\n  provider: cloudflare\n  apiToken: \"{TOKEN}\""),
            format!("dns:\n  provider: cloudflare\n  token: >\n    {TOKEN}"),
            "dns:\n  provider: cloudflare\n  token: hunter2".to_owned(),
        ] {
            let told = told(&dns);
            assert!(!told.contains(TOKEN) && !told.contains("hunter2"), "{told}");
            assert!(told.contains("oken: ***") && told.contains("umask 077; cat >"), "{told}");
        }
    }

    #[test]
    fn a_token_in_place_of_the_path_is_not_quoted_and_the_file_is_named() {
        for token in [TOKEN, "cfut_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cDeFgHiJ3l01234567", "Bearer hunter2"] {
            let told = told(&format!("dns: {{ provider: cloudflare, tokenFile: {token} }}"));
            assert!(!told.contains(token), "{told}");
            assert!(told.contains("looks like the token itself") && told.contains("umask 077"), "{told}");
        }
    }

    #[test]
    fn another_problem_of_the_same_line_does_not_quote_it_either() {
        let told = told("dns: { provider: cloudfare, tokn: hunter2, ttl: 5 }");
        assert!(told.contains("`cloudfare`") && told.contains("dns.ttl"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn the_address_of_the_hook_is_never_quoted_whichever_problem_its_line_is_for() {
        let url = "https://ntfy.sh/hunter2";
        for hook in [
            format!("onFailure: {{ url: '{url}', command: [mail] }}"),
            format!("onFailure: {{ url: '{url}', urlFile: /run/x }}"),
            format!("onFailure: {{ urlFile: '{url}' }}"),
            format!("onFailure: {{ urlFile: '{url}', command: [] }}"),
            format!("onFailure: {url}"),
            format!("onFailure: ['{url}']"),
            format!("onFailure: {{ url: {{ x: '{url}' }} }}"),
            format!("onFailure: {{ url: '{url}' }}, onUnknown: maybe"),
            format!("onFailure: {{ url: '{url}' ]"),
        ] {
            let told = told(&format!("dns: {{ provider: cloudflare }}\ndoctor: {{ {hook} }}"));
            assert!(told.contains("problem") && !told.contains("hunter2"), "{hook}: {told}");
        }
    }

    /// What the caret of the problem with these words points at.
    fn pointed_at(told: &str, words: &str) -> String {
        let mut lines = told.lines().skip_while(|line| !line.contains(words)).skip(1);
        let (line, caret) = (lines.next().unwrap(), lines.next().unwrap());
        line.chars().skip(caret.chars().position(|c| c == '^').unwrap()).collect()
    }

    #[test]
    fn the_caret_stands_under_the_fault_also_behind_a_value_that_is_blanked() {
        let url = "https://ntfy.sh/hunter2hunter2hunter2";
        let told = told(&format!(
            "dns: {{ provider: cloudflare, ttl: 5 }}\ndoctor: {{ onFailure: {{ url: '{url}' }}, onUnknown: maybe }}"
        ));
        assert!(pointed_at(&told, "`dns.ttl`").starts_with("5 }"), "{told}");
        assert!(pointed_at(&told, "`doctor.onUnknown`").starts_with("maybe }"), "{told}");
    }

    #[test]
    fn the_caret_stands_at_the_key_of_what_is_not_shown() {
        let told = told(
            "dns: { provider: cloudflare }\nmail: { user: ada }\nservices: { a: { tokn: x, local: 0 } }",
        );
        assert!(pointed_at(&told, "`mail`").starts_with("mail: ***"), "{told}");
        assert!(pointed_at(&told, "`services.a.tokn`").starts_with("tokn: ***"), "{told}");
        assert!(pointed_at(&told, "`services.a.local`").starts_with("tokn: ***"), "{told}");
    }

    #[test]
    fn the_known_keys_are_listed_each_once() {
        let told = told("dns: { provider: cloudflare }\nservices: { a: { local: 1, zzzzzzzz: 1 } }");
        let known = told.split("known keys here: ").nth(1).unwrap().lines().next().unwrap();
        let mut keys: Vec<&str> = known.split(", ").collect();
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all, "{known}");
        assert!(
            ["local", "url", "service", "port", "host", "hosts"].iter().all(|key| keys.contains(key)),
            "{known}"
        );
    }

    #[test]
    fn the_value_of_any_key_that_is_not_known_is_blanked() {
        let told = told("dns: { provider: cloudflare }\nmail: { user: ada, pass: hunter2 }");
        assert!(told.contains("mail: ***"), "{told}");
        assert!(!told.contains("hunter2") && !told.contains("ada,"), "{told}");
    }
}
