//! The token of each organisation: that it is there, that the provider lets it into its zone, and that it is no other's.

use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::unread;
use crate::evidence::{
    Evidence, Fault, OrganisationSeen, ProviderFailure, TokenOwner, TokenProblem, TokenSeen,
};
use crate::provider::{TokenWords, traits_of, words};

/// The key of the configuration in the hints of a provider, which speak of the lab's token.
const KEY: &str = "`dns.tokenFile`";

/// One outcome for each organisation whose token was looked for.
pub(super) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let one = |of: &OrganisationSeen| {
        let outcome = outcome(evidence, of, of.token.as_ref()?);
        Some(judged(id::ORGANISATION_TOKEN, Subject::host(&of.zone), Vantage::Provider, outcome))
    };
    evidence.organisations.iter().filter_map(one).collect()
}

fn outcome(evidence: &Evidence, of: &OrganisationSeen, token: &TokenSeen) -> Outcome {
    if let Some(problem) = &token.problem {
        return unusable(evidence, of, token, problem).into();
    }
    match (&of.provider, &token.edit) {
        (None, _) => Outcome::unknown("the DNS provider was not asked"),
        (Some(Ok(_)), Some(Err(failure))) | (Some(Err(failure)), _) => refused(evidence, of, token, failure),
        (Some(Ok(_)), _) => match of.shared_with.as_ref().filter(|owner| is_well(evidence, owner)) {
            Some(owner) => also_anothers(evidence, of, token, owner).into(),
            None => Outcome::pass(format!("it may read the zone `{}`", of.zone)),
        },
    }
}

/// Whether the other one's token is not told of already: then that is the one in the wrong place.
fn is_well(evidence: &Evidence, owner: &TokenOwner) -> bool {
    let TokenOwner::Organisation(name) = owner else { return true };
    let other = evidence.organisations.iter().find(|one| one.name == *name);
    !other.is_some_and(|one| matches!(one.provider, Some(Err(_))))
}

fn key(of: &OrganisationSeen) -> String {
    format!("organisations.{}.tokenFile", of.name)
}

fn refused(
    evidence: &Evidence,
    of: &OrganisationSeen,
    token: &TokenSeen,
    failure: &ProviderFailure,
) -> Outcome {
    let own_right = match &failure.error {
        // `dns.organisation` says more of it.
        Fault::NoZone { .. } => return Outcome::pass("it may list zones"),
        error if error.is_transient() => return unread(failure),
        error => matches!(error, Fault::MissingPermission { .. } | Fault::Unprepared { .. }),
    };
    if let Some(owner) = of.shared_with.as_ref().filter(|_| own_right) {
        return anothers(evidence, of, token, (owner, failure)).into();
    }
    let cause = failure.cause.clone().unwrap_or_else(|| "the provider gives no other reason".to_owned());
    let hint = failure.hint.replace(KEY, &format!("`{}`", key(of)));
    Finding::new(format!("organisation `{}`: {}", of.name, failure.message), cause, renewed(&hint, own_right))
        .into()
}

/// What was changed at the provider alone needs no run of `up`.
fn renewed(hint: &str, at_provider: bool) -> String {
    match at_provider {
        true => hint.to_owned(),
        false => format!("{hint}. A new one gets to the cluster by `homelab up`"),
    }
}

fn named(owner: &TokenOwner) -> String {
    match owner {
        TokenOwner::Lab => "the lab".to_owned(),
        TokenOwner::Organisation(name) => format!("the organisation `{name}`"),
    }
}

fn own_one(evidence: &Evidence, of: &OrganisationSeen, token: &TokenSeen) -> String {
    let called = words(evidence.dns).token.called;
    format!(
        "write the {called} that was made for `{}` to {} (`homelab zone policy {} --for organisation` prints the rights that it needs), and run `homelab up`, which copies it to the cluster",
        of.name, token.place, of.name
    )
}

/// It is another's, and so does not see the zone.
fn anothers(
    evidence: &Evidence,
    of: &OrganisationSeen,
    token: &TokenSeen,
    (owner, failure): (&TokenOwner, &ProviderFailure),
) -> Finding {
    let called = words(evidence.dns).token.called;
    let (name, owner) = (&of.name, named(owner));
    let summary = format!(
        "{} of the organisation `{name}` has the {called} of {owner}: {}",
        token.place, failure.message
    );
    let cause = format!(
        "the file of {owner} was named or copied in its place; each organisation has one of its own, which may change its zone alone"
    );
    Finding::new(summary, cause, own_one(evidence, of, token))
}

/// It is another's, and sees the zone all the same.
fn also_anothers(
    evidence: &Evidence,
    of: &OrganisationSeen,
    token: &TokenSeen,
    owner: &TokenOwner,
) -> Finding {
    let called = words(evidence.dns).token.called;
    let owner = named(owner);
    Finding::new(
        format!("the organisation `{}` has the same {called} as {owner}", of.name),
        format!("it lies in Secrets of the organisation's namespaces: whoever may read them can change the names of {owner}, too"),
        own_one(evidence, of, token),
    )
    .only(Severity::Warning)
}

fn unusable(
    evidence: &Evidence,
    of: &OrganisationSeen,
    token: &TokenSeen,
    problem: &TokenProblem,
) -> Finding {
    let traits = traits_of(evidence.dns);
    let TokenWords { called, .. } = &traits.words.token;
    let (name, place, key) = (&of.name, &token.place, key(of));
    match problem {
        TokenProblem::Nowhere => Finding::new(
            format!("there is no {called} of the organisation `{name}`"),
            format!("systemd's credential `dns-token-{name}`, `{key}` and the cluster have none"),
            format!(
                "run `homelab zone policy {name} --apply`, which makes one that may change the zone `{}` and no other, and stores it in the cluster; \
                 then `homelab up`. Or make one by hand with the rights that `homelab zone policy {name} --for organisation` prints, and name its file in `{key}`",
                of.zone
            ),
        ),
        TokenProblem::Missing => Finding::new(
            format!("the file {place} with the {called} of the organisation `{name}` does not exist"),
            format!("the path in `{key}` is wrong, or the secret has not been decrypted to it yet"),
            format!("correct `{key}`, or write the {called} to that file"),
        ),
        TokenProblem::Denied => Finding::new(
            format!("this user cannot read the file {place} with the {called} of the organisation `{name}`"),
            "the file belongs to another user, usually root. That is right: only the user who runs `homelab` needs to read it",
            "run `homelab` with `sudo`, or as the user who owns the file",
        ),
        TokenProblem::Unreadable(why) => Finding::new(
            format!("the file {place} with the {called} of the organisation `{name}` cannot be read"),
            why.trim_end_matches('.'),
            format!("set `{key}` to a plain text file that holds only the {called}"),
        ),
        TokenProblem::Shape(error) => {
            let told = (traits.misshapen)(error);
            let hint = told.hint.replace(KEY, &format!("`{key}`"));
            Finding::new(
                format!("organisation `{name}`: {}, read from {place}", told.message),
                told.cause,
                format!("{hint}. Then run `homelab up`, which copies it to the cluster"),
            )
        }
    }
}
