//! `--protect`: what stands between a visitor and the program.

use crate::cli::{Expose, Protection};
use crate::config::edit::Setting;
use crate::error::{Error, Result};

/// What the entry says of it; nothing where nothing was asked for.
///
/// # Errors
/// When two rates are given.
pub(super) fn setting(flags: &Expose) -> Result<Option<(&'static str, Setting)>> {
    let mut settings: Vec<(&'static str, Setting)> = Vec::new();
    for word in &flags.protect {
        let (key, setting) = match word {
            Protection::Lan => ("lan", Setting::Flag(true)),
            Protection::Users => ("users", Setting::Flag(true)),
            Protection::Hsts => ("hsts", Setting::Flag(true)),
            Protection::Rate(number) => ("rate", Setting::Number(*number)),
        };
        match settings.iter().find(|(known, _)| *known == key) {
            None => settings.push((key, setting)),
            Some((_, same)) if *same == setting => {}
            Some(_) => {
                return Err(
                    Error::usage("`--protect` names two rates").hint("name one, `rate=10` for example")
                );
            }
        }
    }
    Ok((!settings.is_empty()).then_some(("protect", Setting::Section(settings))))
}

/// What is left to do before anybody gets in.
pub(super) fn left_to_do(flags: &Expose, name: &str) -> Option<String> {
    flags.protect.contains(&Protection::Users).then(|| {
        format!("nobody may open it until you let somebody in: `homelab protect {name} --user NAME`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Option<(&'static str, Setting)>> {
        let protect = words.iter().map(|word| word.parse().unwrap()).collect();
        setting(&Expose { protect, ..Expose::default() })
    }

    #[test]
    fn each_word_is_a_key_once() {
        assert_eq!(of(&[]).unwrap(), None);
        let all = vec![("lan", Setting::Flag(true)), ("rate", Setting::Number(10))];
        assert_eq!(
            of(&["lan", "rate=10", "lan", "rate=10"]).unwrap(),
            Some(("protect", Setting::Section(all)))
        );
        assert!(of(&["rate=1", "rate=2"]).unwrap_err().to_string().contains("two rates"));
    }

    #[test]
    fn a_word_that_is_none_is_refused_with_those_that_are() {
        for (word, said) in [
            ("rate", "`rate=10` for example"),
            ("rate=0", "`rate=10` for example"),
            ("rate=many", "`rate=10` for example"),
            ("user", "none of `lan`, `users`, `rate=N` and `hsts`"),
            ("forwardAuth", "needs an address"),
            ("lan=yes", "none of"),
        ] {
            let why = word.parse::<Protection>().unwrap_err();
            assert!(why.contains(said), "{word}: {why}");
        }
    }

    #[test]
    fn where_a_password_is_asked_for_it_is_said_that_nobody_has_one() {
        let flags = Expose { protect: vec![Protection::Users], ..Expose::default() };
        assert!(left_to_do(&flags, "books").unwrap().contains("homelab protect books --user NAME"));
        assert_eq!(left_to_do(&Expose::default(), "books"), None);
    }
}
