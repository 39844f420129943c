//! Kubernetes' selectors as text, which external-dns takes for labels and for annotations.

use serde_json::Value;

/// Whether labels or annotations fit a selector; `None` when it is not understood (k8s.io/apimachinery, labels/selector.go).
pub(super) fn fits(selector: &str, map: Option<&Value>) -> Option<bool> {
    let of = |key: &str| map.and_then(|map| map.get(key)).and_then(Value::as_str);
    let mut all = true;
    for part in parts(selector) {
        all &= fits_one(part.trim(), &of)?;
    }
    Some(all)
}

/// The requirements: commas inside brackets do not divide.
fn parts(selector: &str) -> Vec<&str> {
    let (mut found, mut from, mut inside) = (Vec::new(), 0, false);
    for (at, c) in selector.char_indices() {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            ',' if !inside => {
                found.extend(selector.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    found.extend(selector.get(from..));
    found.retain(|part| !part.trim().is_empty());
    found
}

fn fits_one<'m>(part: &str, of: &dyn Fn(&str) -> Option<&'m str>) -> Option<bool> {
    if let Some((key, set)) = part.split_once(" notin ") {
        return Some(of(key.trim()).is_none_or(|value| !is_in(set, value)));
    }
    if let Some((key, set)) = part.split_once(" in ") {
        return Some(of(key.trim()).is_some_and(|value| is_in(set, value)));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(of(key.trim()) != Some(value.trim()));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(of(key.trim()) == Some(value.trim()));
    }
    if let Some(key) = part.strip_prefix('!') {
        return Some(of(key.trim()).is_none());
    }
    (!part.contains([' ', '(', ')', '<', '>'])).then(|| of(part).is_some())
}

fn is_in(set: &str, value: &str) -> bool {
    set.trim().trim_start_matches('(').trim_end_matches(')').split(',').any(|one| one.trim() == value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_a_selector_is_read() {
        let map = json!({ "app": "photos", "team": "home" });
        let cases = [
            ("app=photos", true),
            ("app==photos,team!=work", true),
            ("app=mail", false),
            ("app in (mail, photos)", true),
            ("app notin (mail, photos)", false),
            ("tier notin (web)", true),
            ("team", true),
            ("!team", false),
            ("!tier, app", true),
            ("", true),
        ];
        for (selector, wanted) in cases {
            assert_eq!(fits(selector, Some(&map)), Some(wanted), "{selector}");
        }
        assert_eq!(fits("app > 1", Some(&map)), None);
        assert_eq!(fits("app", None), Some(false));
    }
}
