//! `doctor:`: whom `homelab doctor --notify` tells.

use std::path::PathBuf;

use crate::config::fields::Fields;

/// Whom `doctor --notify` tells, and of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notify {
    /// Nobody is told when it is not given.
    pub hook: Option<Hook>,
    /// Whether a run is told of that found nothing wrong but could not look at everything (exit code 3).
    pub on_unknown: bool,
}

/// How somebody is told; each gets the report as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// A program with its arguments, which reads it from its standard input.
    Command(Vec<String>),
    /// An address that it is sent to with POST.
    Url(String),
    /// A file with that address, where it is a secret.
    UrlFile(PathBuf),
}

/// Reads the section.
pub(super) fn read(fields: &mut Fields<'_>) -> Notify {
    let hook = fields.section("onFailure", hook);
    let on_unknown = fields.bool("onUnknown").unwrap_or(false);
    Notify { hook, on_unknown }
}

fn hook(fields: &mut Fields<'_>) -> Option<Hook> {
    let given = fields.node("command").map(|node| node.place);
    let command: Vec<String> = fields.texts("command").into_iter().map(|(_, text)| text).collect();
    let url = fields.parsed("url", url).map(Hook::Url);
    let file = url_file(fields);
    let Some(place) = given else {
        return match (url, file) {
            (Some(_), Some(_)) => several(fields),
            (url, file) => url.or(file),
        };
    };
    if url.or(file).is_some() {
        return several(fields);
    }
    if command.first().is_none_or(String::is_empty) {
        let help = "write a list: the program, then its arguments. The program gets the report on its standard input";
        fields.problem(Some(place), "`doctor.onFailure.command` is empty", Some(help.to_owned()));
        return None;
    }
    Some(Hook::Command(command))
}

/// A path alone: an address in its place would be shown wherever the path is.
fn url_file(fields: &mut Fields<'_>) -> Option<Hook> {
    let (place, path) = fields.text("urlFile")?;
    if path.contains("://") {
        let message = "`doctor.onFailure.urlFile` is an address, not the path of a file";
        let help = "write the address into a file of its own and its path here, or use `url`";
        fields.secret(place, message, help, path);
        return None;
    }
    Some(Hook::UrlFile(path.into()))
}

fn several(fields: &mut Fields<'_>) -> Option<Hook> {
    let message = "`doctor.onFailure` has more than one of `command`, `url` and `urlFile`; keep one";
    let place = ["command", "url", "urlFile"].into_iter().find_map(|key| Some(fields.node(key)?.place));
    fields.problem(place, message, None);
    None
}

/// The address may be a secret, so it is in no error.
fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(text.to_owned()),
        _ => Err("the address must begin with `https://` or `http://`, and name a host".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Hook, Notify, parse};

    fn read(section: &str) -> Result<Notify, String> {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\ndoctor: {section}\n"
        );
        parse(&text).map(|config| config.notify).map_err(|problems| problems[0].message.clone())
    }

    #[test]
    fn a_hook_is_a_command_a_url_or_a_file_with_one() {
        let command = Hook::Command(vec!["/bin/mail".into(), "me".into()]);
        assert_eq!(read("{ onFailure: { command: [/bin/mail, me] } }").unwrap().hook, Some(command));
        let notify = read("{ onFailure: { url: 'https://ntfy.sh/x' }, onUnknown: true }").unwrap();
        assert_eq!(notify, Notify { hook: Some(Hook::Url("https://ntfy.sh/x".into())), on_unknown: true });
        let file = read("{ onFailure: { urlFile: /run/secrets/url } }").unwrap().hook;
        assert_eq!(file, Some(Hook::UrlFile("/run/secrets/url".into())));
        assert_eq!(read("{}").unwrap(), Notify::default());
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        for (section, part) in [
            ("{ onFailure: { command: [] } }", "is empty"),
            ("{ onFailure: { url: 'ntfy.sh/x' } }", "must begin with"),
            ("{ onFailure: { url: 'https:///x' } }", "must begin with"),
            ("{ onFailure: { urlFile: 'https://ntfy.sh/x' } }", "is an address, not the path of a file"),
            ("{ onFailure: { url: 'https://x', urlFile: /run/x } }", "keep one"),
            ("{ onFailure: { urlFile: /run/x, command: [x] } }", "keep one"),
            ("{ onFailure: { url: 'https://x', command: [x] } }", "keep one"),
            ("{ onfailure: { url: 'https://x' } }", "unknown key `doctor.onfailure`"),
        ] {
            let message = read(section).unwrap_err();
            assert!(message.contains(part) && !message.contains("ntfy.sh"), "{section}: {message}");
        }
    }
}
