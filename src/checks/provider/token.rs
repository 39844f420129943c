//! The API token on this machine and in the cluster.

use std::path::Path;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::config::Provider;
use crate::evidence::{CopyState, Evidence, TokenCopy, TokenPlace, TokenProblem, TokenSeen};
use crate::facts::providers::Credential;
use crate::facts::secret::SecretError;
use crate::facts::variables::told;
use crate::provider::{SECRET, TokenWords, Words, traits_of, words};

/// What every check of the token says at a provider that asks for none.
pub(super) fn not_needed(provider: Provider) -> Option<Outcome> {
    let none = provider.facts().credential.is_none();
    none.then(|| Outcome::skip(format!("{} asks for no token", words(provider).name)))
}

/// Nothing where the token was not looked at: `up` ends before it gets here.
pub(super) fn sources_and_copies(evidence: &Evidence) -> Vec<Judged> {
    let Some(token) = &evidence.token else {
        return Vec::new();
    };
    let lab_wide = |id, vantage, outcome| judged(id, Subject::default(), vantage, outcome);
    let needed = |outcome| not_needed(evidence.dns).unwrap_or(outcome);
    vec![
        lab_wide(id::TOKEN_SOURCE, Vantage::Config, needed(source(evidence.dns, token))),
        lab_wide(id::TOKEN_PRIVATE, Vantage::Config, needed(private(evidence.dns, token))),
        lab_wide(id::TOKEN_COPIES, Vantage::Api, needed(copies(evidence, token))),
    ]
}

/// What to say of a token that the provider refuses and that is shorter than any of its own.
pub(super) fn too_short(evidence: &Evidence) -> Option<String> {
    let length = evidence.token.as_ref().map(|token| token.length)?;
    let Words { name, token, .. } = words(evidence.dns);
    (length > 0 && length < token.shortest).then(|| {
        let (short, shortest) = (token.short, token.shortest);
        format!("it has {length} characters, and {name}'s {short}s have {shortest} or more: part of it may be missing")
    })
}

fn source(provider: Provider, token: &TokenSeen) -> Outcome {
    let place = &token.place;
    let TokenWords { called, short, make_one, .. } = &words(provider).token;
    match &token.problem {
        None => Outcome::pass(format!("{place}, {} characters", token.length)),
        Some(TokenProblem::Nowhere) => {
            let credential = provider.facts().credential.as_ref();
            let variables = credential.map(Credential::variables_told).unwrap_or_default();
            Finding::new(
                format!("there is no {called}"),
                format!("neither systemd's credential `dns-token`, nor {variables}, nor `dns.tokenFile` in the configuration has one"),
                *make_one,
            )
            .nixos(format!("services.homelab.dns.tokenFile = \"{}\";", credential.map_or("", |credential| credential.file)))
            .into()
        }
        Some(TokenProblem::Missing) => Finding::new(
            format!("the {short} file {place} does not exist"),
            "the path in `dns.tokenFile` is wrong, or the secret has not been decrypted to it yet",
            format!("correct `dns.tokenFile`, or write the {short} to that file"),
        )
        .into(),
        Some(TokenProblem::Denied) => Finding::new(
            format!("this user cannot read the {short} file {place}"),
            "the file belongs to another user, usually root. That is right: only the user who runs `homelab` needs to read it",
            "run `homelab` with `sudo`, or as the user who owns the file",
        )
        .look(command!("ls -l {}", path(place)))
        .into(),
        Some(TokenProblem::Unreadable(why)) => Finding::new(
            format!("the {short} file {place} cannot be read"),
            why.trim_end_matches('.'),
            format!("set `dns.tokenFile` to a plain text file that holds only the {short}"),
        )
        .look(command!("ls -l {}", path(place)))
        .into(),
        Some(TokenProblem::Shape(error)) => {
            let told = (traits_of(provider).misshapen)(error);
            let summary = match (token.length, path(place)) {
                (0, Some(_)) => format!("the file {place}, which has to hold the {called}, is empty"),
                _ => format!("{}, read from {place}", told.message),
            };
            Finding::new(summary, told.cause, renewed(short, place, error, told.hint)).into()
        }
    }
}

/// What to do about a token of the wrong shape.
fn renewed(short: &str, place: &TokenPlace, error: &SecretError, hint: &str) -> String {
    match (error, place) {
        (SecretError::Empty, TokenPlace::File(path)) => format!(
            "write the {short} to `{}`, and run `homelab up`, which copies it to the cluster",
            path.display()
        ),
        _ => anew(place, hint),
    }
}

/// A step that ends with another text for the token, and what is left to do then.
pub(super) fn anew(place: &TokenPlace, step: &str) -> String {
    let then = match place {
        TokenPlace::File(path) if path.starts_with("/run") => {
            format!("change the secret from which `{}` is generated (sops, agenix), run `nixos-rebuild switch`", path.display())
        }
        TokenPlace::File(path) => format!("write it to `{}`", path.display()),
        TokenPlace::Credential(_) => "write it to the file that `services.homelab.dns.tokenFile` names, and run `sudo systemctl restart homelab-apply`, which copies it to the cluster".to_owned(),
        TokenPlace::Variables(names) => format!("set {} to it", told(names)),
        TokenPlace::Secret(_) | TokenPlace::Nowhere | TokenPlace::NotNeeded => return step.to_owned(),
    };
    format!("{step}. Then {then}, and run `homelab up`, which copies it to the cluster")
}

fn path(place: &TokenPlace) -> Option<&Path> {
    match place {
        TokenPlace::Credential(path) | TokenPlace::File(path) => Some(path),
        TokenPlace::Variables(_) | TokenPlace::Secret(_) | TokenPlace::Nowhere | TokenPlace::NotNeeded => {
            None
        }
    }
}

fn private(provider: Provider, token: &TokenSeen) -> Outcome {
    let short = words(provider).token.short;
    match &token.place {
        TokenPlace::File(_) if token.length == 0 => Outcome::skip(format!("there is no {short} in it")),
        TokenPlace::File(path) if token.open_to_all => Finding::new(
            format!("every user of this machine can read the {short} file `{}`", path.display()),
            format!("its mode allows that; the {short} can change every record of the zone"),
            "allow only the owner to read it",
        )
        .command(command!("chmod 600 {}", path))
        .into(),
        TokenPlace::File(path) => Outcome::pass(format!("`{}` is closed to others", path.display())),
        TokenPlace::Credential(_) => Outcome::pass("systemd shows the credential to this service only"),
        TokenPlace::Variables(names) => Outcome::pass(format!("only this process has {}", told(names))),
        TokenPlace::Secret(name) => Outcome::pass(format!("it lies in the Secret `{name}` alone")),
        TokenPlace::Nowhere | TokenPlace::NotNeeded => Outcome::skip(format!("there is no {short}")),
    }
}

fn copies(evidence: &Evidence, token: &TokenSeen) -> Outcome {
    let short = words(evidence.dns).token.short;
    let Some(copies) = &token.copies else {
        let unread =
            || Outcome::unknown(format!("the Secrets in the cluster were not compared with the {short}"));
        return evidence.reads_only().map_or_else(unread, Outcome::skip);
    };
    let bad: Vec<&TokenCopy> = copies.iter().filter(|copy| copy.state != CopyState::Same).collect();
    let Some(first) = bad.first() else {
        return Outcome::pass(format!("{} Secrets hold the {short} of {}", copies.len(), token.place));
    };
    let (secret, used_by) = (format!("{}/{SECRET}", first.namespace), &first.used_by);
    let finding = match &first.state {
        CopyState::Same => return Outcome::pass(format!("the Secrets hold the {short}")),
        CopyState::Unread(why) => return Outcome::unknown(why.clone()),
        CopyState::Missing => Finding::new(
            format!("the Secret `{secret}` with the {short} for {used_by} is missing"),
            format!("it was deleted, or `homelab up` has not run yet; {used_by} cannot restart without it"),
            "run `homelab up`, which writes it again",
        ),
        CopyState::Empty => Finding::new(
            format!("the Secret `{secret}` does not hold the {short}"),
            "somebody changed it after `homelab up` wrote it",
            "run `homelab up`, which writes it again",
        ),
        CopyState::OtherZone { there, now } => Finding::new(
            format!(
                "the Secret `{secret}` has the zone `{there}`, which is not the one at {}: that is `{now}`",
                words(evidence.dns).name
            ),
            "the zone was deleted and created again after `homelab up` ran: external-dns and cert-manager still look for the old one, and find nothing",
            "run `homelab up`, which writes the new id; a new zone has other name servers, too: compare them with those at your registrar",
        ),
        CopyState::Differs { by: None } => Finding::new(
            format!("the Secret `{secret}` has another {short} than {}", token.place),
            format!(
                "the {short} was renewed there, but not in the cluster: {used_by} still uses the old one"
            ),
            format!("run `homelab up`: it proves the new {short} first, then writes it"),
        ),
        CopyState::Differs { by: Some(manager) } => Finding::new(
            format!("the Secret `{secret}` has another {short} than {}: `{manager}` wrote it", token.place),
            format!("somebody or another program changed the Secret, and {used_by} uses that {short}"),
            "delete the Secret, and run `homelab up`, which writes it again",
        )
        .command(command!("kubectl -n {} delete secret {}", first.namespace, SECRET)),
    };
    let others: Vec<String> = bad.iter().skip(1).map(|copy| format!("{}/{SECRET}", copy.namespace)).collect();
    let finding = match others.is_empty() {
        true => finding,
        false => Finding {
            summary: format!("{}; the same is true for {}", finding.summary, quoted(&others)),
            ..finding
        },
    };
    finding.command("homelab up").into()
}
