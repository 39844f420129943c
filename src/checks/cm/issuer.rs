//! The issuers: whether each has an account at its ACME server.

use serde_json::Value;

use crate::checks::cm::reading::{Cure, Reading, means, one_line, passes, read};
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::{AcmeSeen, Evidence, View, at};
use crate::facts::authority::is_part;

/// Words of a rate limit: that is a check of its own.
pub(super) const RATE_LIMITED: &str = "acme:error:rateLimited";

/// What an ACME server, or the way to it, says while an account is registered.
const READINGS: &[Reading] = &[
    means(
        &[
            "invalidcontact",
            "invalidemail",
            "contact email",
            "unsupportedcontact",
            "forbidden domain",
            "contact domain",
        ],
        "the ACME server does not accept the e-mail address of the account",
        "write an address that you read, at a domain that exists, into `email` of the configuration; then run `homelab up`",
    ),
    means(
        &["already exists"],
        "a Secret of that name existed before, and is not the key of this account",
        "delete that Secret if nothing else uses it, or give the issuer another `privateKeySecretRef`",
    ),
    means(
        &["accountdoesnotexist", "no account exists"],
        "the account's key belongs to another environment: production does not know the accounts of staging",
        "delete the Secret with the account's key, so that cert-manager registers again; certificates stay as they are",
    ),
    means(
        &["externalaccountrequired", "external account"],
        "this authority accepts only accounts that are bound to one that you created at its web site",
        "add `externalAccountBinding` to the issuer, or use Let's Encrypt",
    ),
    means(
        &["no such host", "server misbehaving"],
        "the name of the ACME server does not resolve inside the cluster",
        "check CoreDNS and the resolvers that it forwards to, and the address in `acme.server`",
    ),
    passes(
        &["connection refused"],
        "nothing listens at the address of the ACME server",
        "check that the ACME server runs, and the address in `acme.server`",
    ),
    passes(
        &["i/o timeout", "deadline exceeded", "client.timeout", "no route to host", "network is unreachable"],
        "pods cannot reach the ACME server: they have no way to the internet, or a firewall is in between",
        "let pods reach the internet (TCP 443), then wait: cert-manager tries again by itself",
    ),
    means(
        &["x509", "tls: "],
        "the ACME server shows a certificate that cert-manager does not trust",
        "name the authority that signed it in `acme.caFile`; for Let's Encrypt, look for a proxy in between or a wrong clock",
    ),
    passes(
        &["badnonce", "bad nonce"],
        "a request came too late or through a proxy that caches, so the server no longer knew its nonce",
        "wait: cert-manager tries again by itself",
    ),
    means(
        &["404", "405", "not found", "invalid character '<'", "not an rfc 8555"],
        "the answer from that address is not an ACME directory",
        "correct `acme.server`: it is the full address of the directory; then run `homelab up`",
    ),
    passes(
        &["500", "502", "503", "504", "serverinternal"],
        "the ACME server itself has a fault",
        "wait: cert-manager tries again by itself; Let's Encrypt reports outages at https://letsencrypt.status.io",
    ),
    means(
        &["private key is invalid", "not of type rsa", "no key"],
        "the Secret with the account's key does not hold a usable key",
        "delete that Secret, so that cert-manager creates a new account; certificates stay as they are",
    ),
];

/// The issuers, the lab's own first: when that one fails, the others are of no interest.
pub(super) fn outcomes_of_issuers(evidence: &Evidence, acme: &AcmeSeen) -> Vec<Outcome> {
    let Some(all) = evidence.objects("clusterissuers.cert-manager.io") else {
        return vec![Outcome::unknown("the ClusterIssuers were not read")];
    };
    let wanted = acme.wanted.issuer.as_str();
    let Some(own) = all.iter().find(|issuer| issuer.name() == wanted) else {
        return vec![missing(wanted).into()];
    };
    if let Some(finding) = fault(acme, own) {
        return vec![finding.into()];
    }
    let mut outcomes = vec![Outcome::pass(match own["spec"]["acme"].is_object() {
        true => format!("ClusterIssuer `{wanted}` is registered at {}", server(own)),
        false => format!("ClusterIssuer `{wanted}` can sign"),
    })];
    let namespaced = evidence.objects("issuers.cert-manager.io").unwrap_or_default();
    let others = all.iter().filter(|issuer| issuer.name() != wanted).chain(namespaced);
    for other in others.filter(|other| other["spec"]["acme"].is_object() || is_part(other.name())) {
        if let Some(finding) = fault(acme, other) {
            let used = is_used(evidence, other);
            outcomes.push(if used { finding } else { finding.only(Severity::Warning) }.into());
        }
    }
    outcomes.extend(shared_key(all).map(Outcome::from));
    outcomes
}

fn missing(name: &str) -> Finding {
    Finding::new(
        format!("there is no ClusterIssuer `{name}`"),
        "`homelab up` has not run since it was added to the configuration, or somebody deleted it",
        "run `homelab up`, which creates it",
    )
    .command("homelab up")
}

/// What is wrong with one issuer; `None` when it is ready.
fn fault(acme: &AcmeSeen, issuer: &Value) -> Option<Finding> {
    let name = title(issuer);
    let Some(ready) = issuer.condition("Ready") else {
        return Some(
            Finding::new(
                format!("{name} has no status yet"),
                "cert-manager's controller has not looked at it",
                "wait a moment; if it stays, read the controller's log",
            )
            .heals(),
        );
    };
    if ready["status"] == "True" {
        return None;
    }
    let said = one_line(at(ready, "/message"));
    let summary = format!("{name} is not ready: {said}");
    if said.contains(RATE_LIMITED) {
        return Some(
            Finding::new(
                summary,
                "the ACME server accepts no more new accounts from this address for now",
                "wait: cert-manager tries again by itself",
            )
            .heals()
            .retry_at(crate::checks::cm::limit::retry_after(&said)),
        );
    }
    if !issuer["spec"]["acme"].is_object() {
        return Some(
            Finding::new(
                summary,
                "the Secret with its key is not there yet, or cannot be used",
                "wait a moment; if it stays, find out what stops its Certificate",
            )
            .look("kubectl get certificates,certificaterequests -A")
            .heals(),
        );
    }
    let known = read(&said, READINGS);
    let cause = known.map_or("the ACME server, or the way to it, gives no details", |row| row.cause);
    if let Some(drift) = drift(acme, issuer) {
        let fix = "run `homelab up`, which writes it as the configuration says";
        return Some(Finding::new(summary, format!("{cause}; {drift}"), fix).command("homelab up"));
    }
    let cause = match elsewhere(issuer) {
        Some(host) => {
            format!("{cause}; its account was registered at `{host}`, not the server that it has now")
        }
        None => cause.to_owned(),
    };
    let fix = known.map_or("check the issuer and the controller's log", |row| row.fix);
    let look = command!("kubectl -n {} logs deployment/cert-manager --tail=50", acme.wanted.namespace);
    let finding = Finding::new(summary, cause, fix).look(look);
    Some(if known.is_some_and(|row| row.cure == Cure::Waiting) { finding.heals() } else { finding })
}

/// How the lab's own issuer differs from the configuration.
fn drift(acme: &AcmeSeen, issuer: &Value) -> Option<String> {
    let is_own = issuer.name() == acme.wanted.issuer && at(issuer, "/kind") != "Issuer";
    if !is_own {
        return None;
    }
    let fields = [
        ("e-mail address", "/spec/acme/email", &acme.wanted.email),
        ("server", "/spec/acme/server", &acme.wanted.server),
    ];
    fields.into_iter().find_map(|(what, pointer, wanted)| {
        let is = at(issuer, pointer);
        (is != wanted).then(|| format!("its {what} is `{is}`, but `{wanted}` in the configuration"))
    })
}

/// The host where the account was made, when the issuer's server is on another.
fn elsewhere(issuer: &Value) -> Option<&str> {
    let account = host_of(at(issuer, "/status/acme/uri"));
    (!account.is_empty() && account != host_of(at(issuer, "/spec/acme/server"))).then_some(account)
}

/// Two issuers of different servers with one Secret for their accounts' keys: whichever registers last, the other loses.
fn shared_key(all: &[Value]) -> Option<Finding> {
    let key = |issuer: &Value| at(issuer, "/spec/acme/privateKeySecretRef/name").to_owned();
    for (index, one) in all.iter().enumerate().filter(|(_, one)| !key(one).is_empty()) {
        let same = |other: &&Value| key(other) == key(one) && host_of(server(other)) != host_of(server(one));
        if let Some(other) = all[index + 1..].iter().find(same) {
            return Some(
                Finding::new(
                    format!("{} and {} keep their accounts' keys in one Secret, `{}`", title(one), title(other), key(one)),
                    "an account belongs to one server: with one key for two, each may stop working when the other registers",
                    "give each issuer its own `privateKeySecretRef`",
                )
                .only(Severity::Warning),
            );
        }
    }
    None
}

/// Whether a Certificate names the issuer.
fn is_used(evidence: &Evidence, issuer: &Value) -> bool {
    let namespace = issuer.namespace();
    let kind = if namespace.is_empty() { "ClusterIssuer" } else { "Issuer" };
    let names = |certificate: &Value| {
        let given = at(certificate, "/spec/issuerRef/kind");
        let given = if given.is_empty() { "Issuer" } else { given };
        given == kind
            && at(certificate, "/spec/issuerRef/name") == issuer.name()
            && (namespace.is_empty() || certificate.namespace() == namespace)
    };
    evidence.objects("certificates.cert-manager.io").unwrap_or_default().iter().any(names)
}

fn title(issuer: &Value) -> String {
    let name = issuer.name();
    match issuer.namespace() {
        "" => format!("ClusterIssuer `{name}`"),
        namespace => format!("Issuer `{namespace}/{name}`"),
    }
}

fn server(issuer: &Value) -> &str {
    at(issuer, "/spec/acme/server")
}

/// The host of a URL.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', ':']).next().unwrap_or_default()
}
