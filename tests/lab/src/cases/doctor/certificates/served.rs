//! What the nodes serve: guests' Ingresses with Secrets that are missing, or hold something that no browser takes.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::super::injury;
use super::{guest, guest_leaves};
use crate::cases::doctor::Injury;
use crate::cases::hands::{DOMAIN, Hands};
use crate::error::{Context, Result};

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    injury(
        "the Secret of an Ingress is for another name",
        "tls.leaf",
        &["fake certificate", "is for other.home.example.test, not for"],
        |hands| bring(hands, "misnamed", "other", Some("Somebody's CA"), (2020, 2100)),
        |hands| guest_leaves(hands, "misnamed"),
    ),
    injury(
        "a certificate that was put there by hand has expired",
        "tls.leaf",
        &["expired", "by hand", "homelab/expired-tls"],
        |hands| bring(hands, "expired", "expired", Some("Somebody's CA"), (2020, 2025)),
        |hands| guest_leaves(hands, "expired"),
    ),
    injury(
        "a certificate signed itself",
        "tls.leaf",
        &["does not trust the issuer", "self-signed"],
        |hands| bring(hands, "selfmade", "selfmade", None, (2020, 2100)),
        |hands| guest_leaves(hands, "selfmade"),
    ),
    injury(
        "a certificate is from an authority that this machine does not know",
        "tls.leaf",
        &["does not trust the issuer CN=Somebody", "your own authority"],
        |hands| bring(hands, "unknown", "unknown", Some("Somebody's CA"), (2020, 2100)),
        |hands| guest_leaves(hands, "unknown"),
    ),
    // Let's Encrypt's staging environment is known by the name of its issuers, which this one borrows.
    injury(
        "a certificate is from a staging environment",
        "tls.leaf",
        &["(STAGING) Bogus Broccoli", "no browser trusts"],
        |hands| bring(hands, "staged", "staged", Some("(STAGING) Bogus Broccoli X2"), (2020, 2100)),
        |hands| guest_leaves(hands, "staged"),
    ),
];

/// A guest with a Secret made by hand: a certificate for `<named>.<domain>` from an issuer of that name, or from itself.
fn bring(hands: &Hands, name: &str, named: &str, issuer: Option<&str>, years: (i32, i32)) -> Result<()> {
    let host = format!("{named}.{DOMAIN}");
    let mut params = CertificateParams::new([host.clone()]).context("a name")?;
    params.distinguished_name.push(DnType::CommonName, host);
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().context("making a key")?;
    let certificate = match issuer {
        None => params.self_signed(&key).context("signing")?,
        Some(issuer) => {
            let mut authority = CertificateParams::default();
            authority.distinguished_name = rcgen::DistinguishedName::new();
            authority.distinguished_name.push(DnType::CommonName, issuer);
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let its_key = KeyPair::generate().context("making a key")?;
            params.signed_by(&key, &Issuer::new(authority, its_key)).context("signing")?
        }
    };
    let at = hands.config_file(&format!("{name}.crt"), &certificate.pem())?.display().to_string();
    let key = hands.config_file(&format!("{name}.key"), &key.serialize_pem())?.display().to_string();
    let secret = format!("{name}-tls");
    hands.kubectl(&["-n", "homelab", "create", "secret", "tls", &secret, "--cert", &at, "--key", &key])?;
    guest(hands, name, None)
}
