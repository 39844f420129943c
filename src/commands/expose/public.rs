//! `--public`: the internet may open it, too.

use crate::cli::Expose;
use crate::config::Way;
use crate::config::edit::Setting;
use crate::error::{Error, Result};
use crate::facts::controllers::{Controller, ControllerFacts};

/// What the entry says of it; nothing where nothing was asked for.
///
/// # Errors
/// Where the ingress controller gets no more fixes, without the word that says that this is known.
pub(super) fn settings(flags: &Expose, controller: &ControllerFacts) -> Result<Vec<(&'static str, Setting)>> {
    let Some(way) = flags.public else { return Ok(Vec::new()) };
    let public = ("public", Setting::Text(way.word().to_owned()));
    let Some(word) = controller.retired else { return Ok(vec![public]) };
    if flags.i_know.as_deref() == Some(word) {
        return Ok(vec![public, ("iKnow", Setting::Text(word.to_owned()))]);
    }
    Err(Error::usage(format!(
        "{} gets no more security fixes, so it should not be reached from the internet",
        controller.key
    ))
    .hint(format!(
        "set `ingress: {{ controller: {} }}` in the configuration; or, if you want it all the same, add `--i-know {word}`",
        Controller::maintained()
    )))
}

/// What homelab cannot do for whoever lets the internet in.
pub(super) fn left_to_do(flags: &Expose) -> Vec<String> {
    let Some(way) = flags.public else { return Vec::new() };
    let how = match way {
        Way::Tunnel => "the API token has to be allowed to edit tunnels, too (docs/tunnel.md)",
        Way::Port => {
            "in your router, forward TCP port 443 to port 443 of a node, and nothing else (docs/port.md)"
        }
    };
    vec![
        "everybody on the internet may open it; all that is not public stays in the house".to_owned(),
        how.to_owned(),
        "then look from outside: with a phone whose Wi-Fi is off".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(way: Option<Way>, i_know: Option<&str>) -> Expose {
        Expose { public: way, i_know: i_know.map(str::to_owned), ..Expose::default() }
    }

    #[test]
    fn without_the_flag_nothing_is_public_and_nothing_is_left_to_do() {
        for controller in Controller::ALL {
            assert_eq!(settings(&flags(None, None), controller.facts()).unwrap(), Vec::new());
        }
        assert!(left_to_do(&flags(None, None)).is_empty());
    }

    #[test]
    fn a_controller_without_fixes_asks_for_the_word_and_any_other_does_not() {
        for controller in Controller::ALL.iter().map(|one| one.facts()) {
            let of = |i_know| settings(&flags(Some(Way::Port), i_know), controller);
            let public = ("public", Setting::Text("port".into()));
            match controller.retired {
                None => assert_eq!(of(Some("whatever")).unwrap(), [public]),
                Some(word) => {
                    for wrong in [None, Some("yes")] {
                        let why = of(wrong).unwrap_err().to_string();
                        assert!(why.contains(&format!("add `--i-know {word}`")), "{why}");
                    }
                    assert_eq!(of(Some(word)).unwrap(), [public, ("iKnow", Setting::Text(word.into()))]);
                }
            }
        }
    }

    #[test]
    fn each_way_says_what_is_left_to_do() {
        let told = |way| left_to_do(&flags(Some(way), None)).join("\n");
        assert!(told(Way::Tunnel).contains("allowed to edit tunnels"));
        assert!(told(Way::Port).contains("forward TCP port 443"));
    }
}
