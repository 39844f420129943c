//! How a certificate is asked for: by which kind of challenge, of which issuer, for which Secret, and by whom. Looked at
//! before anything is said of records (cert-manager 1.21: pkg/controller/certificate-shim/sync.go, pkg/issuer/acme/http).

use serde_json::{Value, json};

use crate::checks::cm::chain::Chain;
use crate::checks::cm::reading::one_line;
use crate::checks::engine::Finding;
use crate::checks::engine::words::list;
use crate::checks::reading::zone::wanted;
use crate::evidence::{AcmeSeen, Evidence, View, at, entries};
use crate::facts::address::is_private;
use crate::outside::command::Command;

/// What cert-manager calls the challenge that homelab's issuer solves.
const DNS: &str = "DNS-01";
const INGRESSES: &str = "ingresses.networking.k8s.io";
/// The annotations by which an Ingress names an issuer, without their prefix.
const NAMING: [&str; 4] = ["issuer", "cluster-issuer", "issuer-kind", "issuer-group"];

/// Whether the challenge is met by a TXT record; one that does not say is taken for such.
pub(super) fn is_by_dns(challenge: &Value) -> bool {
    ["", DNS].contains(&at(challenge, "/spec/type"))
}

/// A certificate that is asked for by a challenge from the internet, for a name that leads into the house.
pub(super) fn from_outside(evidence: &Evidence, acme: &AcmeSeen, chain: &Chain<'_>) -> Option<Finding> {
    let certificate = chain.certificate;
    let open = chain.challenges.iter().find(|challenge| !is_by_dns(challenge));
    let host = match open {
        Some(challenge) => at(challenge, "/spec/dnsName"),
        // A failed order takes its challenges with it: the issuer still says what it solves.
        None if chain.challenges.is_empty() && !chain.is_ready() && solves_no_dns(evidence, certificate) => {
            entries(certificate, "/spec/dnsNames").first()?.as_str()?
        }
        None => return None,
    };
    let kind = open.map_or("HTTP-01", |challenge| at(challenge, "/spec/type"));
    let issuer = issuer_words(certificate);
    let said = chain.messages().next().map_or_else(String::new, |said| format!(": {}", one_line(said)));
    let summary = format!("the certificate for `{host}` uses the {kind} challenge of {issuer}{said}");
    let addresses = wanted(evidence, host);
    let private = addresses.iter().any(is_private);
    let cause = match (private, addresses.as_slice()) {
        (true, _) => format!(
            "for {kind} the certificate authority has to open `http://{host}/` from the internet, but the name points to {}, a private \
             address that the internet cannot reach. {kind} does not use a TXT record",
            list(&addresses)
        ),
        (false, []) => format!(
            "for {kind} the certificate authority has to open `http://{host}/` from the internet: the name has no address yet, or one \
             that the internet cannot reach"
        ),
        (false, _) => format!(
            "for {kind} the certificate authority has to open `http://{host}/` at {} from the internet, on port 80: that port is not \
             forwarded to a node, or something else answers there",
            list(&addresses)
        ),
    };
    let fix = format!(
        "let homelab's own issuer `{}` issue it: it uses {DNS}, for which the internet need not reach your lab",
        acme.wanted.issuer
    );
    Some(Finding::new(summary, cause, fix).command(give_issuer(evidence, acme, certificate)))
}

/// The issuer that a Certificate names and that is not there, with what helps.
pub(super) fn no_issuer(evidence: &Evidence, certificate: &Value) -> Option<Finding> {
    let (name, kind) = (at(certificate, "/spec/issuerRef/name"), kind_of(certificate));
    let group = at(certificate, "/spec/issuerRef/group");
    if name.is_empty() || !["", "cert-manager.io"].contains(&group) {
        return None;
    }
    let cluster = evidence.objects("clusterissuers.cert-manager.io")?;
    let local = evidence.objects("issuers.cert-manager.io")?;
    let at_home = |issuer: &Value| issuer.name() == name && issuer.namespace() == certificate.namespace();
    let found = match kind {
        "Issuer" => local.iter().any(at_home),
        "ClusterIssuer" => cluster.iter().any(|issuer| issuer.name() == name),
        _ => return Some(of_no_kind(certificate, kind)),
    };
    if found {
        return None;
    }
    let summary = format!(
        "Certificate `{}` names {}, which does not exist",
        certificate.full_name(),
        issuer_words(certificate)
    );
    let elsewhere = local.iter().find(|issuer| issuer.name() == name).filter(|_| kind == "Issuer");
    let as_cluster = kind == "Issuer" && cluster.iter().any(|issuer| issuer.name() == name);
    let as_local = kind == "ClusterIssuer" && local.iter().any(at_home);
    let acme = evidence.acme.as_ref();
    Some(match (as_cluster, as_local, elsewhere) {
        (true, ..) => Finding::new(
            summary,
            format!("`{name}` is a ClusterIssuer: the annotation `cert-manager.io/issuer` looks for an Issuer in the namespace `{}`", certificate.namespace()),
            format!("name it as a ClusterIssuer: `cert-manager.io/cluster-issuer: {name}`"),
        )
        .command(name_issuer(evidence, certificate, name)),
        (_, true, _) => Finding::new(
            summary,
            format!("`{name}` is an Issuer of this namespace: the annotation `cert-manager.io/cluster-issuer` looks for a ClusterIssuer"),
            format!("name it as an Issuer: `cert-manager.io/issuer: {name}`, without `cert-manager.io/cluster-issuer`"),
        ),
        (.., Some(issuer)) => Finding::new(
            summary,
            format!("there is one of that name in `{}`, and an Issuer serves its own namespace only", issuer.namespace()),
            own_issuer(acme),
        )
        .command(acme.and_then(|acme| give_issuer(evidence, acme, certificate))),
        _ => Finding::new(summary, "its name is mistyped, or the issuer was deleted", own_issuer(acme))
            .command(acme.and_then(|acme| give_issuer(evidence, acme, certificate))),
    })
}

fn own_issuer(acme: Option<&AcmeSeen>) -> String {
    let name = acme.map_or("of homelab", |acme| acme.wanted.issuer.as_str());
    format!("correct the name, or let homelab's own issuer `{name}` issue it")
}

fn of_no_kind(certificate: &Value, kind: &str) -> Finding {
    Finding::new(
        format!(
            "Certificate `{}` names an issuer of the kind `{kind}`, which cert-manager does not have",
            certificate.full_name()
        ),
        "`issuerRef.kind`, or the annotation `cert-manager.io/issuer-kind`, must be `Issuer` or `ClusterIssuer`; for any other kind, set `issuerRef.group` as well",
        "correct the kind, or set its group as well",
    )
}

/// Why no Certificate is made for an Ingress that asks for one.
pub(super) fn not_made(evidence: &Evidence, ingress: &Value, host: &str) -> Option<Finding> {
    let has = |name: &str| ingress["metadata"]["annotations"][format!("cert-manager.io/{name}")].is_string();
    let title = ingress.full_name();
    let summary = format!("no Certificate is created for `{host}`");
    if has("cluster-issuer")
        && let Some(other) = NAMING.into_iter().find(|name| *name != "cluster-issuer" && has(name))
    {
        return Some(
            Finding::new(
                summary,
                format!("Ingress `{title}` has the annotations `cert-manager.io/cluster-issuer` and `cert-manager.io/{other}`: cert-manager ignores an Ingress with both"),
                format!("remove `cert-manager.io/{other}`"),
            )
            .command(without_annotation(ingress, other)),
        );
    }
    let all = entries(ingress, "/spec/tls");
    let has_host = |tls: &&Value| entries(tls, "/hosts").iter().any(|name| name == host);
    let Some(tls) = all.iter().find(has_host) else {
        let whole = all.iter().find(|tls| entries(tls, "/hosts").is_empty())?;
        return Some(Finding::new(
            summary,
            format!(
                "the entry for the Secret `{}` under `tls` of Ingress `{title}` lists no hosts, and cert-manager ignores such an entry",
                at(whole, "/secretName")
            ),
            format!("write `hosts: [{host}]` into it"),
        ));
    };
    let secret = at(tls, "/secretName");
    if secret.is_empty() {
        return Some(Finding::new(
            summary,
            format!(
                "the entry for `{host}` under `tls` of Ingress `{title}` names no Secret, and cert-manager ignores such an entry"
            ),
            "add a `secretName` of its own to it",
        ));
    }
    if all.iter().filter(|tls| at(tls, "/secretName") == secret).count() > 1 {
        return Some(Finding::new(
            summary,
            format!(
                "two entries under `tls` of Ingress `{title}` name the Secret `{secret}`: cert-manager creates one Certificate for each entry, and ignores an Ingress with such a pair"
            ),
            "put the hosts into one entry, or give each entry a `secretName` of its own",
        ));
    }
    claimed(evidence, ingress, secret, summary)
}

/// The Certificate of that Secret is there, made for something else: cert-manager leaves it alone.
fn claimed(evidence: &Evidence, ingress: &Value, secret: &str, summary: String) -> Option<Finding> {
    let all = evidence.objects("certificates.cert-manager.io")?;
    let of_secret = |one: &&Value| one.namespace() == ingress.namespace() && one.name() == secret;
    let certificate = all.iter().find(of_secret)?;
    let owner = owner_of(certificate);
    if owner == Some(ingress.name()) {
        return None;
    }
    let whose = match owner {
        Some(owner) => format!("belongs to the Ingress `{}/{owner}`", ingress.namespace()),
        None => "was made by hand".to_owned(),
    };
    Some(Finding::new(
        summary,
        format!(
            "Ingress `{}` names the Secret `{secret}`, whose Certificate `{}` {whose} and does not list this name: cert-manager \
             changes no Certificate that it made for another",
            ingress.full_name(),
            certificate.full_name()
        ),
        "give the Ingress a `secretName` of its own, or add the name to that Certificate",
    ))
}

/// The Ingress that a Certificate was made for; `None` when a person made it.
fn owner_of(certificate: &Value) -> Option<&str> {
    let owners = entries(certificate, "/metadata/ownerReferences").iter();
    owners.filter(|owner| at(owner, "/kind") == "Ingress").map(|owner| at(owner, "/name")).next()
}

fn ingress_of<'e>(evidence: &'e Evidence, certificate: &Value) -> Option<&'e Value> {
    let name = owner_of(certificate)?;
    evidence.cluster.as_ref()?.objects.find(INGRESSES, certificate.namespace(), name)
}

/// Has homelab's own issuer issue it, by the Ingress that it was made for, or itself.
fn give_issuer(evidence: &Evidence, acme: &AcmeSeen, certificate: &Value) -> Option<Command> {
    name_issuer(evidence, certificate, &acme.wanted.issuer)
}

fn name_issuer(evidence: &Evidence, certificate: &Value, issuer: &str) -> Option<Command> {
    let namespace = certificate.namespace();
    let Some(name) = owner_of(certificate) else {
        let patch = json!({ "spec": { "issuerRef": { "name": issuer, "kind": "ClusterIssuer", "group": "cert-manager.io" } } });
        return command!(
            "kubectl -n {} patch certificate {} --type=merge -p {}",
            namespace,
            certificate.name(),
            patch.to_string()
        );
    };
    let ingress = ingress_of(evidence, certificate)?;
    let has = |name: &&str| ingress["metadata"]["annotations"][format!("cert-manager.io/{name}")].is_string();
    let mut words = vec![format!("cert-manager.io/cluster-issuer={issuer}")];
    let others = NAMING.into_iter().filter(|name| *name != "cluster-issuer").filter(has);
    words.extend(others.map(|name| format!("cert-manager.io/{name}-")));
    command!("kubectl -n {} annotate --overwrite ingress {} {}", namespace, name, words)
}

fn without_annotation(ingress: &Value, name: &str) -> Option<Command> {
    let word = format!("cert-manager.io/{name}-");
    command!("kubectl -n {} annotate ingress {} {}", ingress.namespace(), ingress.name(), word)
}

fn kind_of(certificate: &Value) -> &str {
    match at(certificate, "/spec/issuerRef/kind") {
        "" => "Issuer",
        kind => kind,
    }
}

fn issuer_words(certificate: &Value) -> String {
    let name = at(certificate, "/spec/issuerRef/name");
    match kind_of(certificate) {
        "Issuer" => format!("Issuer `{}/{name}`", certificate.namespace()),
        kind => format!("{kind} `{name}`"),
    }
}

/// Whether the issuer is there and none of its solvers writes a TXT record.
fn solves_no_dns(evidence: &Evidence, certificate: &Value) -> bool {
    let name = at(certificate, "/spec/issuerRef/name");
    let (list, namespace) = match kind_of(certificate) {
        "ClusterIssuer" => ("clusterissuers.cert-manager.io", ""),
        _ => ("issuers.cert-manager.io", certificate.namespace()),
    };
    let issuer = evidence.cluster.as_ref().and_then(|cluster| cluster.objects.find(list, namespace, name));
    let solvers = issuer.map_or(&[][..], |issuer| entries(issuer, "/spec/acme/solvers"));
    !solvers.is_empty() && solvers.iter().all(|solver| solver["http01"].is_object())
}
