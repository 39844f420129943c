//! Reads `startPage`: whether there is one, and where.

use crate::config::fields::Fields;
use crate::config::model::{Language, StartPage};
use crate::config::yaml::Value;
use crate::facts::names::{Host, is_label};

/// The longest texts, in characters: a line on a telephone.
const TITLE_MAX: usize = 60;
const DESCRIPTION_MAX: usize = 120;
/// What one sign may be made of: a person with a colour of skin and hair is five.
const ICON_MAX: usize = 8;

/// `true`, `false`, or a mapping that says more; `None` when there is none, or it cannot be used, with the problems said.
pub(super) fn read(fields: &mut Fields<'_>, domain: Option<&Host>) -> Option<StartPage> {
    match fields.node("startPage").map(|node| &node.value)? {
        Value::Bool(false) => return None,
        Value::Bool(true) => {
            let domain = domain?;
            let (host, title) = (domain.clone(), domain.to_string());
            return Some(StartPage { host, title, language: Language::default() });
        }
        Value::Map(_) => {}
        other => {
            let place = fields.node("startPage").map(|node| node.place);
            let message = format!("`startPage` must be true, false or a mapping, not {}", other.kind());
            fields.problem(place, message, None);
            return None;
        }
    }
    fields.section("startPage", |fields| {
        let given = fields.parsed("host", |text| match (domain, is_label(text)) {
            (Some(domain), true) => Ok(domain.child(text)),
            _ => Host::parse(text),
        });
        let title = fields.parsed("title", |text| line(text, TITLE_MAX));
        let language = fields.parsed("language", |text| match text {
            "en" => Ok(Language::English),
            "de" => Ok(Language::German),
            other => Err(format!("`{other}` is neither `en` nor `de`")),
        });
        let domain = domain?;
        Some(StartPage {
            host: given.unwrap_or_else(|| domain.clone()),
            title: title.unwrap_or_else(|| domain.to_string()),
            language: language.unwrap_or_default(),
        })
    })
}

/// What the page says of a service.
pub(super) fn description(text: &str) -> Result<String, String> {
    line(text, DESCRIPTION_MAX)
}

/// What stands before the name of a service: a letter or two, or an emoji. No address of a picture: the page loads nothing.
pub(super) fn icon(text: &str) -> Result<String, String> {
    let icon = line(text, ICON_MAX).map_err(|_| {
        format!(
            "`{text}` is not an icon; write an emoji, or one or two letters, at most {ICON_MAX} characters"
        )
    })?;
    match icon.is_ascii() && icon.len() > 2 {
        false => Ok(icon),
        true => Err(format!("`{text}` is not an icon; write an emoji, or one or two letters")),
    }
}

fn line(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty; leave the key out".to_owned());
    }
    // Some turn the direction of what follows them.
    if text.chars().any(|c| {
        c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
    }) {
        return Err("it must be one line without control characters".to_owned());
    }
    match text.chars().count() {
        count if count > most => Err(format!("it has {count} characters; at most {most} fit")),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Language, parse};

    fn config(more: &str) -> Result<Config, String> {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\n{more}\n"
        );
        parse(&text).map_err(|problems| format!("{problems:?}"))
    }

    #[test]
    fn there_is_none_unless_it_is_asked_for() {
        for more in ["", "startPage: false", "startPage:"] {
            assert_eq!(config(more).unwrap().start_page, None, "{more}");
        }
        let page = config("startPage: true").unwrap().start_page.unwrap();
        assert_eq!((page.host.as_str(), page.title.as_str()), ("home.example.com", "home.example.com"));
        assert_eq!(page.language, Language::English);
    }

    #[test]
    fn it_may_say_where_it_is_and_how_it_speaks() {
        let page = config("startPage: { host: start, title: Our house, language: de }").unwrap().start_page;
        let page = page.unwrap();
        assert_eq!((page.host.as_str(), page.title.as_str()), ("start.home.example.com", "Our house"));
        assert_eq!(page.language, Language::German);
        let page = config("startPage: { host: www.example.com }").unwrap().start_page.unwrap();
        assert_eq!(page.host.as_str(), "www.example.com");
    }

    #[test]
    fn its_name_gets_a_record_and_is_nobody_elses() {
        let hosts: Vec<String> =
            config("startPage: true").unwrap().hosts().iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["home.example.com", "whoami.home.example.com"]);
        for (services, said) in [
            (
                "{ web: { url: 'http://10.0.0.2', host: home.example.com } }",
                "both `startPage` and `web` use the name",
            ),
            ("{ start-page: { url: 'http://10.0.0.2' } }", "the start page has the name `start-page`"),
        ] {
            let why = config(&format!("startPage: true\nservices: {services}")).unwrap_err();
            assert!(why.contains(said), "{why}");
            assert!(config(&format!("services: {services}")).is_ok());
        }
        let why = config("startPage: { host: whoami }").unwrap_err();
        assert!(why.contains("both `startPage` and `whoami` use the name"), "{why}");
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for (more, said) in [
            ("startPage: yes please", "must be true, false or a mapping, not text"),
            ("startPage: { host: 'a b' }", "`startPage.host`"),
            ("startPage: { language: fr }", "neither `en` nor `de`"),
            ("startPage: { titel: x }", "did you mean `title`?"),
            ("startPage: { title: '' }", "leave the key out"),
            ("startPage: { title: \"a\\nb\" }", "one line"),
            (
                "startPage: true\nservices: { a: { url: 'http://10.0.0.2', icon: photo.png } }",
                "is not an icon",
            ),
            ("services: { a: { url: 'http://10.0.0.2', description: \"\\u202e\" } }", "control characters"),
        ] {
            let why = config(more).unwrap_err();
            assert!(why.contains(said), "{more}: {why}");
        }
        let long = "x".repeat(121);
        let why = config(&format!("services: {{ a: {{ url: 'http://10.0.0.2', description: {long} }} }}"))
            .unwrap_err();
        assert!(why.contains("121 characters"), "{why}");
    }

    #[test]
    fn a_service_has_a_description_and_an_icon_if_it_says_so() {
        let service =
            config("services: { a: { url: 'http://10.0.0.2', icon: 📷, description: All our photos } }");
        let service = service.unwrap().services.remove(0);
        assert_eq!(
            (service.icon.as_deref(), service.description.as_deref()),
            (Some("📷"), Some("All our photos"))
        );
    }
}
