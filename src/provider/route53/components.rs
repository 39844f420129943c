//! What external-dns and cert-manager are told.

use serde_json::{Value, json};

use super::keys::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use super::sdk::REGION;
use crate::config::Config;
use crate::provider::credentials::{SECRET, ZONE_ID_KEY, ZONE_KEY};

/// The public zone alone, should a private one have its name (external-dns 0.22, pkg/apis/externaldns/types.go). A request may have
/// 1000 changes at most, and a set of records that is replaced counts twice (API reference, ChangeResourceRecordSets).
pub(super) fn external_dns_arguments(_: &Config) -> Vec<String> {
    ["--provider=aws", "--aws-zone-type=public", "--aws-batch-change-size=200"].map(str::to_owned).into()
}

/// external-dns takes every flag from the environment too. The domain filter is the zone, not the lab's domain: a name outside
/// the domain would lose its filter together with its service, and its record would stay.
pub(super) const EXTERNAL_DNS_ENV: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
    ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
    ("EXTERNAL_DNS_ZONE_ID_FILTER", ZONE_ID_KEY),
    ("EXTERNAL_DNS_DOMAIN_FILTER", ZONE_KEY),
];

/// Without a region, the SDK in external-dns makes no request.
pub(super) const EXTERNAL_DNS_SETTINGS: &[(&str, &str)] = &[("AWS_REGION", REGION)];

/// cert-manager's solver (cert-manager docs, DNS01, Route53). With the zone's id it looks for no zone by its name, so that its key
/// needs no right to list all.
pub(super) fn solver(_: &Config, zone: Option<&str>) -> Value {
    let key = |key: &str| json!({ "name": SECRET, "key": key });
    let mut solver = json!({ "route53": {
        "region": REGION,
        "accessKeyIDSecretRef": key(ACCESS_KEY_ID),
        "secretAccessKeySecretRef": key(SECRET_ACCESS_KEY),
    } });
    if let Some(id) = zone {
        solver["route53"]["hostedZoneID"] = id.into();
    }
    solver
}
