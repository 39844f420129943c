//! What a Certificate in a namespace of an organisation may ask of the lab, and who asks.
//!
//! cert-manager's CA issuer signs whatever a request says, another authority too, and can give none of them a path length
//! (cert-manager v1.21, pkg/util/pki/certificatetemplate.go, `CertificateTemplateFromCertificateRequest`): whoever had one of the
//! lab's own authority would sign for the whole domain, and every device that trusts the root would believe it. What an Issuer
//! of the namespace signs is its own matter: nobody trusts it who was not told to.

use crate::desired::organisations::guard::PLAIN;
use crate::facts::authority;

/// Nobody outside of the namespace is asked.
const BY_ITS_OWN: &str = "variables.zone == '' || !has(object.spec.issuerRef.kind) || object.spec.issuerRef.kind != 'ClusterIssuer'";
/// What stands in a certificate besides DNS names (cert-manager v1.21, `CertificateSpec`): homelab does not know whose it is.
const BESIDE_NAMES: [&str; 5] = ["literalSubject", "ipAddresses", "uris", "emailAddresses", "otherNames"];

const WHY_BY_CERT_MANAGER: &str = "'in the namespace ' + request.namespace + ' of an organisation, only cert-manager itself asks a ClusterIssuer: \
    make a Certificate, or name the Issuer of the namespace'";
const WHY_NO_AUTHORITY: &str = "'in the namespace ' + request.namespace + ' of an organisation, a ClusterIssuer signs no other authority: \
    take out isCA and the usages cert sign and crl sign, or name an Issuer of the namespace'";
const WHY_NAMES_ALONE: &str = "'in the namespace ' + request.namespace + ' of an organisation, a ClusterIssuer signs dnsNames and commonName alone: \
    take out literalSubject, ipAddresses, uris, emailAddresses and otherNames, or name an Issuer of the namespace'";
const WHY_FOR_LEAVES: &str = "'in the namespace ' + request.namespace + ' of an organisation, the ClusterIssuer ' + object.spec.issuerRef.name + \
    ' may not be used here: use an Issuer of the namespace, or the lab\\'s own authority'";

/// An expression that has to hold, and why.
pub(super) type Rule = (String, &'static str);

/// The names that a Certificate is for, but those inside the cluster of its own namespace, which the lab's own authority may sign.
pub(super) fn names(domain: &str) -> String {
    format!(
        "((has(object.spec.dnsNames) ? object.spec.dnsNames : []) \
         + (has(object.spec.commonName) && object.spec.commonName != '' ? [object.spec.commonName] : [])).{PLAIN}\
         .filter(n, !(n.endsWith('.' + request.namespace + '.svc') || n.endsWith('.' + request.namespace + '.svc.{domain}')))"
    )
}

/// What holds for Certificates, also for those that cert-manager makes of an Ingress. Of the ClusterIssuers it is the one that
/// signs for services: what others than homelab's vouch for, it cannot know, and the lab's ACME account has no right to the zone.
pub(super) fn of_certificates() -> Vec<Rule> {
    let for_leaves = format!("{BY_ITS_OWN} || object.spec.issuerRef.name == '{}'", authority::ISSUER);
    let lacks = |field: &&str| format!("(!has(object.spec.{field}) || size(object.spec.{field}) == 0)");
    let lacks_all = BESIDE_NAMES.iter().map(lacks).collect::<Vec<_>>().join(" && ");
    let names_alone = format!("{BY_ITS_OWN} || ({lacks_all})");
    vec![(for_leaves, WHY_FOR_LEAVES), no_authority(), (names_alone, WHY_NAMES_ALONE)]
}

/// What holds for what cert-manager makes of a Certificate that was looked at. By hand it would be signed unseen, for any name.
/// An authority that was asked for before there was a fence is refused when it is to be renewed.
pub(super) fn of_requests(cert_manager: &str) -> Vec<Rule> {
    let by_cert_manager = format!(
        "{BY_ITS_OWN} || request.userInfo.username.startsWith('system:serviceaccount:{cert_manager}:')"
    );
    vec![(by_cert_manager, WHY_BY_CERT_MANAGER), no_authority()]
}

fn no_authority() -> Rule {
    let expression = format!(
        "{BY_ITS_OWN} || ((!has(object.spec.isCA) || !object.spec.isCA) \
         && (!has(object.spec.usages) || !object.spec.usages.exists(u, u in ['cert sign', 'crl sign'])))"
    );
    (expression, WHY_NO_AUTHORITY)
}
