//! What a folder for git says of itself: which Secrets its objects need, and what else is not in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::config::{Config, Organisation};
use crate::desired::object::Key;
use crate::desired::{Bundle, external_dns, kind, organisations};
use crate::facts::challenge_server::{KEY_NAME, NAMESPACE, SECRET as CHALLENGE_SECRET, SECRET_KEY};
use crate::facts::namespaces::SYSTEM;
use crate::provider::{self, SECRET, ZONE_ID_KEY, ZONE_KEY, traits_of};

/// The file.
pub(crate) const NAME: &str = "README.md";
/// What stands in for a file that the configuration does not name.
const TOKEN_FILE: &str = "TOKEN_FILE";
/// The same for the zone's id, and its name.
const ZONE_ID: &str = "ZONE_ID";
const ZONE: &str = "ZONE";

const INTRODUCTION: &str = "\
# A home lab, rendered

`homelab render --output-dir` writes this folder from `homelab.yaml`. Change `homelab.yaml` and run it again: it changes and deletes only the files that it wrote
(`.homelab-render.json` lists them, commit it, too). How Flux and Argo CD apply the folder: docs/gitops.md of homelab.

| folder | what is in it | apply it |
|---|---|---|
| `1-foundation` | namespaces, definitions, policies | first |
| `2-programs` | the ingress controller, cert-manager, external-dns, the services | when the definitions are established |
| `3-names` | issuers, certificates, Ingresses, and what needs a certificate to start | when cert-manager runs |
";

const ALTERNATIVES: &str = "\
To keep them in git, encrypt them: SOPS with Flux, Sealed Secrets, or a reference of the External Secrets Operator. Names, namespaces and keys have to be these. Put them into a
folder of your own.

With a new token, delete both Secrets, create them again, and restart external-dns, which reads it once:
`kubectl -n external-dns delete pod -l app.kubernetes.io/name=external-dns`. cert-manager needs no restart.
";

/// The whole text.
pub(crate) fn text(config: &Config, bundle: &Bundle) -> String {
    let mut text = INTRODUCTION.to_owned();
    secrets(&mut text, config);
    if config.dns.challenge_server.is_some() {
        text.push_str(&challenge_key(config));
    }
    let foreign = namespaces_of_others(bundle);
    if !foreign.is_empty() {
        let _ = write!(
            text,
            "\n## Namespaces that are not in here\n\nThese must exist before the objects in them are applied: {}.\n",
            quoted(foreign.into_iter())
        );
    }
    let slices: Vec<&str> = of_kind(bundle, &kind::ENDPOINT_SLICE).map(|key| key.name.as_str()).collect();
    if !slices.is_empty() {
        let _ = write!(
            text,
            "\n## Argo CD leaves out EndpointSlices\n\nSince 3.0, Argo CD ignores every EndpointSlice by default (`resource.exclusions` in the ConfigMap `argocd-cm`), and the addresses of {} are in some. \
             Take `EndpointSlice` out of that list.\n",
            quoted(slices.into_iter())
        );
    }
    text
}

/// The Secrets that the objects refer to, each with the command that makes it.
fn secrets(text: &mut String, config: &Config) {
    let dns = config.dns.provider;
    let (of_external_dns, of_cert_manager) = (keys_of_external_dns(config), keys_of_cert_manager(config));
    let mut commands = Vec::new();
    if !of_external_dns.is_empty() {
        commands.push(command(config, (external_dns::NAMESPACE, SECRET), &of_external_dns, None));
    }
    if !of_cert_manager.is_empty() {
        commands.push(command(config, (&config.cert_manager.namespace, SECRET), &of_cert_manager, None));
    }
    if commands.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n## Secrets\n\nThe objects refer to the Secret `{SECRET}`, which is not in this folder. Create it once `1-foundation` is applied, which has the namespaces; pods that need it wait for it.\n\n```\n{}\n```\n\n",
        commands.join("\n")
    );
    let words = provider::words(dns);
    let commands = commands.join("\n");
    for (placeholder, found) in [
        (TOKEN_FILE, format!("a file with the {}", words.token.called)),
        (ZONE_ID, words.zone_id.to_owned()),
        (ZONE, "the domain at the provider that has your records, for example `example.com`".to_owned()),
    ] {
        let is_there = commands.split([' ', '=', '\n']).any(|word| word == placeholder);
        if is_there {
            let _ = writeln!(text, "- `{placeholder}`: {found}.");
        }
    }
    for key in of_several(config) {
        let _ = writeln!(text, "- `{}`: a file with the `{key}` alone, without a line break.", file_of(&key));
    }
    let _ = write!(text, "\n{ALTERNATIVES}");
    if !config.organisations.is_empty() {
        text.push_str(&of_organisations(config, (&of_external_dns, &of_cert_manager)));
    }
}

/// Those of organisations, each with a credential of its own.
fn of_organisations(config: &Config, (of_external_dns, of_cert_manager): (&[String], &[String])) -> String {
    let mut text = "\n## Secrets of organisations\n\nEach organisation has a credential of its own, which may write into its zone and into no other; never that of the lab:\n\n```\n".to_owned();
    for one in &config.organisations {
        let name = organisations::secret_name(&one.name);
        let at_dns = (external_dns::NAMESPACE, name.as_str());
        let _ = writeln!(text, "{}", command(config, at_dns, of_external_dns, Some(one)));
        for namespace in one.namespaces.iter().filter(|_| !of_cert_manager.is_empty()) {
            let _ = writeln!(text, "{}", command(config, (namespace, SECRET), of_cert_manager, Some(one)));
        }
    }
    text + "```\n\nThe placeholders end in the name of the organisation, and mean what they mean above.\n"
}

/// The key of the server for challenges: any random one will do, and both sides need it. `printf` is the shell's own, so no list of
/// processes shows the key.
fn challenge_key(config: &Config) -> String {
    format!(
        "\n## The key of the server for challenges\n\ncert-manager writes challenges to the lab's own name server by a key, which is not in this folder. Make one, in both namespaces:\n\n```\n\
         KEY=$(openssl rand -base64 32)\n\
         printf %s \"$KEY\" | kubectl -n {} create secret generic {CHALLENGE_SECRET} --from-file={SECRET_KEY}=/dev/stdin\n\
         printf 'key:\\n  - id: {KEY_NAME}\\n    algorithm: hmac-sha256\\n    secret: %s\\n' \"$KEY\" | kubectl -n {NAMESPACE} create secret generic {CHALLENGE_SECRET} --from-file=key.conf=/dev/stdin\n```\n",
        config.cert_manager.namespace
    )
}

/// The keys of the Secrets' data that hold a credential.
fn credentials(config: &Config) -> BTreeSet<String> {
    let is_zone = |key: &String| *key == ZONE_ID_KEY || *key == ZONE_KEY;
    let env = traits_of(config.dns.provider).external_dns_env.iter().map(|(_, key)| (*key).to_owned());
    env.chain(keys_of_cert_manager(config)).filter(|key| !is_zone(key)).collect()
}

/// All that cert-manager reads from its Secret: what the solver refers to.
fn keys_of_cert_manager(config: &Config) -> Vec<String> {
    fn collect(value: &Value, keys: &mut Vec<String>) {
        if let (Some(SECRET), Some(key)) = (value["name"].as_str(), value["key"].as_str()) {
            keys.push(key.to_owned());
        }
        for inner in value.as_object().into_iter().flat_map(|fields| fields.values()) {
            collect(inner, keys);
        }
    }
    let mut keys = Vec::new();
    if config.dns.challenge_server.is_some() {
        return keys;
    }
    collect(&(traits_of(config.dns.provider).solver)(config, None), &mut keys);
    keys
}

/// The same where there are several: each has a file of its own.
fn of_several(config: &Config) -> BTreeSet<String> {
    let all = credentials(config);
    if all.len() > 1 { all } else { BTreeSet::new() }
}

/// What stands in for the file of one of several credentials.
fn file_of(key: &str) -> String {
    format!("FILE_OF_{}", capitals(key))
}

fn capitals(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// All that external-dns reads from its Secret.
fn keys_of_external_dns(config: &Config) -> Vec<String> {
    let mut keys = Vec::new();
    for (_, key) in traits_of(config.dns.provider).external_dns_env.iter().filter(|_| config.external_dns) {
        if !keys.iter().any(|known| known == key) {
            keys.push((*key).to_owned());
        }
    }
    keys
}

/// Makes one Secret. A credential comes from a file, so that no list of processes shows it, and without the line's end, which a
/// request could not carry.
fn command(
    config: &Config,
    (namespace, name): (&str, &str),
    keys: &[String],
    of: Option<&Organisation>,
) -> String {
    let secret = credentials(config);
    let end = of.map_or_else(String::new, |one| format!("_OF_{}", capitals(&one.name)));
    let zone = of.map_or_else(|| zone(config), |one| one.zone.to_string());
    let mut line = format!("kubectl -n {namespace} create secret generic {name}");
    for key in keys {
        let _ = match key.as_str() {
            ZONE_ID_KEY => write!(line, " --from-literal={key}={ZONE_ID}{end}"),
            ZONE_KEY => write!(line, " --from-literal={key}={zone}"),
            key if secret.len() == 1 => write!(line, " --from-file={key}=/dev/stdin"),
            key => write!(line, " --from-file={key}={}{end}", file_of(key)),
        };
    }
    if secret.len() != 1 {
        return line;
    }
    let file = of.map_or(config.dns.token_file.as_ref(), |one| one.token_file.as_ref());
    let quoted = file.and_then(|file| command!("{}", file));
    let file = quoted.map_or_else(|| format!("{TOKEN_FILE}{end}"), |file| file.to_string());
    format!("tr -d '\\n' < {file} | {line}")
}

/// The zone, or what stands in for it: only the provider knows which part of the domain it is.
fn zone(config: &Config) -> String {
    config.dns.zone.as_ref().map_or_else(|| ZONE.to_owned(), ToString::to_string)
}

/// The namespaces of the objects that somebody else has to make.
fn namespaces_of_others(bundle: &Bundle) -> BTreeSet<&str> {
    let made: BTreeSet<&str> = of_kind(bundle, &kind::NAMESPACE).map(|key| key.name.as_str()).collect();
    let all = bundle.objects.iter().filter_map(|object| object.key.namespace.as_deref());
    all.filter(|namespace| !made.contains(namespace) && *namespace != SYSTEM).collect()
}

fn of_kind(bundle: &Bundle, kind: kind::KindRef) -> impl Iterator<Item = &Key> {
    bundle.objects.iter().map(|object| &object.key).filter(move |key| *key.kind == *kind)
}

fn quoted<'t>(names: impl Iterator<Item = &'t str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
