//! From an error of the SDK to a fault.
//!
//! Codes: Route 53 API reference, "Common errors" and the errors of each call; IAM API reference, the errors of each call; IAM user
//! guide, "Troubleshoot signed requests" (the words of a signature that is too old or too new).

use std::error::Error;

use aws_sdk_route53::config::http::HttpResponse;
use aws_sdk_route53::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::denial::Denial;
use super::http::Cut;
use crate::evidence::{Fault, Transport};
use crate::facts::secret::Secret;

/// Where the API is.
pub(super) const HOST: &str = "route53.amazonaws.com";
/// A change that is refused as it stands.
pub(super) const BATCH: &str = "InvalidChangeBatch";
/// The zone that a call names is not there.
pub(super) const NO_ZONE: &str = "NoSuchHostedZone";
/// How far clocks may be apart for a signature, in seconds.
const SKEW: i64 = 300;

/// Calls of whoever makes zones alone.
const OF_MAKER: [&str; 3] = ["CreateHostedZone", "DeleteHostedZone", "GetHostedZone"];
/// Calls about claims, which whoever makes zones and the key of an organisation may make.
const OF_TAGS: [&str; 2] = ["ListTagsForResource", "ChangeTagsForResource"];

/// What AWS said where it refused a call with this code, as [`Asked::fault`] tells it.
pub(super) fn said<'f>(fault: &'f Fault, code: &str) -> Option<&'f str> {
    match fault {
        Fault::Refused { message, .. } => message.strip_prefix(code)?.strip_prefix(": "),
        _ => None,
    }
}

/// Whom a call asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Route 53, about zones.
    Zones,
    /// IAM, about users.
    Users,
}

impl Service {
    /// As policies name it.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Zones => "route53",
            Self::Users => "iam",
        }
    }

    /// Where it is.
    const fn host(self) -> &'static str {
        match self {
            Self::Zones => HOST,
            Self::Users => "iam.amazonaws.com",
        }
    }

    /// Where the whole policy with this action is.
    fn policy(self, action: &str) -> &'static str {
        match self {
            Self::Zones if OF_TAGS.contains(&action) => {
                "`homelab zone policy ORGANISATION --for organisation` prints the policy for the key of one, `--for maker` that of whoever makes zones"
            }
            Self::Zones if !OF_MAKER.contains(&action) => "docs/route53.md has the whole policy",
            Self::Zones | Self::Users => "`homelab zone policy --for maker` prints the whole policy",
        }
    }
}

/// A call that was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) service: Service,
    /// As policies name it, without the service.
    pub(super) action: &'static str,
    /// The id of the zone that it is about.
    pub(super) zone: Option<&'a str>,
    pub(super) secret: Option<&'a Secret>,
}

impl Asked<'_> {
    /// What an error of this call means.
    pub(super) fn fault<E>(&self, error: SdkError<E, HttpResponse>) -> Fault
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let host = self.service.host();
        let unreachable = |cause| Fault::Transport { host: host.into(), cause };
        match &error {
            SdkError::TimeoutError(_) => unreachable(Transport::Timeout),
            SdkError::DispatchFailure(failure) => {
                unreachable(cut(failure.as_connector_error().map(|error| error as _)))
            }
            SdkError::ResponseError(answer) => not_its_api(host, answer.raw()),
            SdkError::ServiceError(refused) => {
                let (status, meta) = (refused.raw().status().as_u16(), refused.err().meta());
                match (meta.code(), status) {
                    (Some(code), _) => self.refused(refused.raw(), code, meta.message().unwrap_or_default()),
                    (None, 500..) => Fault::Server { status },
                    (None, _) => match batch(refused.raw()) {
                        Some(message) => self.refused(refused.raw(), BATCH, &message),
                        None => not_its_api(host, refused.raw()),
                    },
                }
            }
            other => Fault::Unexpected { what: other.to_string() },
        }
    }

    fn refused(&self, answer: &HttpResponse, code: &str, message: &str) -> Fault {
        let status = answer.status().as_u16();
        match code {
            // An access key that was made inactive is answered for as one that was never there.
            "InvalidClientTokenId" | "InvalidAccessKeyId" | "UnrecognizedClientException" => {
                Fault::InvalidToken
            }
            "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => {
                Fault::Clock { ahead: ahead(answer) }
            }
            "SignatureDoesNotMatch" if is_of_clock(message, answer) => Fault::Clock { ahead: ahead(answer) },
            "SignatureDoesNotMatch" => Fault::Signature,
            "AccessDenied" | "AccessDeniedException" => self.denied(message),
            "Throttling"
            | "ThrottlingException"
            | "PriorRequestNotComplete"
            | "EntityTemporarilyUnmodifiable"
            | "ConcurrentModification" => Fault::RateLimited { retry_after: None },
            _ if status >= 500 => Fault::Server { status },
            _ => Fault::Refused { status, code: 0, message: self.shown(&format!("{code}: {message}")) },
        }
    }

    /// Which right is missing, and where: as the answer names both, else as this call needs them.
    fn denied(&self, message: &str) -> Fault {
        let after = |words: &str| {
            let (_, rest) = message.split_once(words)?;
            let word = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
            let is_one = word.chars().all(|c| c.is_ascii_alphanumeric() || ":/-_.+=@*".contains(c));
            is_one.then(|| word.to_owned())
        };
        let named = || format!("{}:{}", self.service.prefix(), self.action);
        let action = after("to perform: ").unwrap_or_else(named);
        let place = match (action.as_str(), self.zone) {
            ("route53:GetChange", _) => "arn:aws:route53:::change/*".to_owned(),
            (_, Some(zone)) => format!("arn:aws:route53:::hostedzone/{zone}"),
            (_, None) => after("on resource: ").unwrap_or_else(|| "*".to_owned()),
        };
        let user = after("User: ").map(|arn| format!(" of `{arn}`")).unwrap_or_default();
        let denial = Denial::of(message);
        let what = format!("the access key{user} may not `{action}` on `{place}`{}", denial.clause());
        Fault::Unprepared {
            what: self.shown(&what),
            cure: denial.cure(&action, &place, self.service.policy(self.action)),
        }
    }

    fn shown(&self, text: &str) -> String {
        self.secret.map_or_else(|| text.to_owned(), |secret| secret.redact(text))
    }
}

/// What happened to the connection.
fn cut(error: Option<&(dyn Error + 'static)>) -> Transport {
    let mut next = error;
    while let Some(error) = next {
        if let Some(Cut(transport)) = error.downcast_ref() {
            return transport.clone();
        }
        next = error.source();
    }
    Transport::Other("the connection failed".to_owned())
}

/// The messages of a refused change, which the API also sends as a document of their own: the SDK finds no code in that
/// (aws-sdk-go-v2, service/route53/internal/customizations/custom_error_deser.go).
fn batch(answer: &HttpResponse) -> Option<String> {
    let text = std::str::from_utf8(answer.body().bytes()?).ok()?;
    let (_, inside) = text.split_once(&format!("<{BATCH}"))?;
    let (_, message) = inside.split_once("<Message>")?;
    let (message, _) = message.split_once("</Message>")?;
    Some(message.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

/// Something else answers.
fn not_its_api(host: &str, answer: &HttpResponse) -> Fault {
    let kind = answer.headers().get("content-type").unwrap_or("no content type").to_owned();
    Fault::NotJson { host: host.into(), status: answer.status().as_u16(), kind }
}

/// A signature that is too old or too new is refused with the code of a wrong one.
fn is_of_clock(message: &str, answer: &HttpResponse) -> bool {
    let says = ["Signature expired", "Signature not yet current"].iter().any(|words| message.contains(words));
    says || ahead(answer).is_some_and(|seconds| seconds.abs() > SKEW)
}

/// How many seconds the server is ahead of this machine.
fn ahead(answer: &HttpResponse) -> Option<i64> {
    let there = rfc2822::parse(answer.headers().get("date")?).ok()?.timestamp();
    Some(there.as_second() - Timestamp::now().as_second())
}
