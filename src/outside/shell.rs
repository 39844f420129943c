//! Commands that are printed, and pasted by people.
//!
//! Nothing that another wrote may stand in a command but by these functions: a name, a path or an annotation is one word of
//! the shell, whatever is in it.

use crate::outside::invisible::is_invisible;

/// `text` as one word of a POSIX shell: as it is where nothing in it means anything to a shell, else in single quotes.
///
/// `None` where no such word is safe to paste: an empty text, one with characters that people do not see (a terminal acts on
/// some of them while they are pasted), and one that begins with `-`, which a program would take for an option. Who has such
/// a path writes `./` before it.
///
/// Source: POSIX.1-2024, Shell Command Language, 2.2.2 "Single-Quotes" and 2.6.1 "Tilde Expansion".
#[must_use]
pub fn quote(text: &str) -> Option<String> {
    if text.is_empty() || text.starts_with('-') || text.chars().any(is_invisible) {
        return None;
    }
    // zsh puts a program's path in place of `=NAME`.
    let plain =
        !text.starts_with('=') && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c));
    match plain {
        true => Some(text.to_owned()),
        false => Some(format!("'{}'", text.replace('\'', "'\\''"))),
    }
}

/// `template` with each `{}` replaced by one of `words`, quoted: `fill("kubectl -n {} describe pod {}", &["a", "b c"])` is
/// `kubectl -n a describe pod 'b c'`.
///
/// The template is homelab's own text, so it has to be known when homelab is built. `None` where one of the words cannot be
/// quoted: then there is no command to show. Words without a `{}` are left out, a `{}` without a word makes it `None`.
#[must_use]
pub fn fill(template: &'static str, words: &[&str]) -> Option<String> {
    let mut words = words.iter();
    let mut parts = template.split("{}");
    let mut command = parts.next()?.to_owned();
    for part in parts {
        command.push_str(&quote(words.next()?)?);
        command.push_str(part);
    }
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_to_a_shell_stays_as_it_is() {
        for text in ["photos", "home.example.com", "/run/secrets/cf", "a/b@sha256:0", "k=v,x:1%+"] {
            assert_eq!(quote(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn everything_else_stands_in_single_quotes() {
        let cases = [
            ("to ken;x/cf", "'to ken;x/cf'"),
            ("$(id)", "'$(id)'"),
            ("`id`", "'`id`'"),
            ("x';id;'", "'x'\\'';id;'\\'''"),
            ("\"a\"", "'\"a\"'"),
            ("a\\b", "'a\\b'"),
            ("~root", "'~root'"),
            ("=ls", "'=ls'"),
            ("*", "'*'"),
            ("!!", "'!!'"),
            ("a&b|c>d<e#f", "'a&b|c>d<e#f'"),
            ("photos é", "'photos é'"),
        ];
        for (text, word) in cases {
            assert_eq!(quote(text).as_deref(), Some(word));
        }
    }

    #[test]
    fn what_cannot_be_seen_and_what_looks_like_an_option_is_refused() {
        for text in
            ["", "-rf", "--all", "a\nb", "a\tb", "\u{1b}[2J", "a\u{202e}b", "a\u{200b}b", "a\u{9b}b", "a\0"]
        {
            assert_eq!(quote(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_shell_reads_each_word_back_as_it_was() {
        for text in ["x';id;'", "$(id) `id` \"q\" \\ ~ * ! # &", "=ls", "photos"] {
            let script = format!("printf %s {}", quote(text).unwrap());
            let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), text);
        }
    }

    #[test]
    fn a_template_takes_quoted_words_only() {
        let template = "kubectl -n {} describe pod {}";
        assert_eq!(fill(template, &["a", "b c"]).as_deref(), Some("kubectl -n a describe pod 'b c'"));
        assert_eq!(fill(template, &["{}", "$(id)"]).as_deref(), Some("kubectl -n '{}' describe pod '$(id)'"));
        assert_eq!(fill(template, &["a", "b\nc"]), None);
        assert_eq!(fill(template, &["a"]), None);
        assert_eq!(fill("homelab up", &[]).as_deref(), Some("homelab up"));
    }
}
