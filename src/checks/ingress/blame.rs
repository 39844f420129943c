//! Whose text it is that nginx refuses: it quotes a value, or names one of its own directives.

use jiff::Timestamp;
use serde_json::Value;

use crate::checks::ingress::{duplicates, objects};
use crate::checks::reading::{full_name, when};
use crate::desired::ingress_nginx::{CONTROLLER, NAMESPACE, is_default};
use crate::desired::meta::HOMELAB;
use crate::evidence::{Evidence, at, entries};

const PREFIX: &str = "nginx.ingress.kubernetes.io/";
/// What nginx says of one path that stands twice.
const DUPLICATE: &str = "duplicate location";
/// How many suspects are named.
const NAMED: usize = 3;
/// How much of a value is shown.
const SHOWN: usize = 60;
/// The settings whose directive is not their own name with underscores (ingress-nginx v1.15.1,
/// rootfs/etc/nginx/template/nginx.tmpl).
const DIRECTIVES: [(&str, &str); 29] = [
    ("access-log-params", "access_log"),
    ("access-log-path", "access_log"),
    ("block-cidrs", "deny"),
    ("brotli-level", "brotli_comp_level"),
    ("error-log-level", "error_log"),
    ("error-log-path", "error_log"),
    ("forwarded-for-header", "real_ip_header"),
    ("gzip-level", "gzip_comp_level"),
    ("hide-headers", "proxy_hide_header"),
    ("http-access-log-path", "access_log"),
    ("keep-alive", "keepalive_timeout"),
    ("keep-alive-requests", "keepalive_requests"),
    ("limit-conn-status-code", "limit_conn_status"),
    ("limit-conn-zone-variable", "limit_conn_zone"),
    ("limit-req-status-code", "limit_req_status"),
    ("log-format-stream", "log_format"),
    ("log-format-upstream", "log_format"),
    ("max-worker-connections", "worker_connections"),
    ("max-worker-open-files", "worker_rlimit_nofile"),
    ("proxy-body-size", "client_max_body_size"),
    ("proxy-real-ip-cidr", "set_real_ip_from"),
    ("proxy-stream-responses", "proxy_responses"),
    ("proxy-stream-timeout", "proxy_timeout"),
    ("server-name-hash-bucket-size", "server_names_hash_bucket_size"),
    ("server-name-hash-max-size", "server_names_hash_max_size"),
    ("ssl-dh-param", "ssl_dhparam"),
    ("ssl-session-cache-size", "ssl_session_cache"),
    ("upstream-keepalive-connections", "keepalive"),
    ("upstream-keepalive-time", "keepalive_time"),
];

/// What may hold the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Culprit<'a> {
    /// A path, a host or an annotation of an Ingress.
    Ingress {
        /// The Ingress.
        object: &'a Value,
        /// Where in it, with the value.
        place: String,
    },
    /// An entry of the controller's settings.
    Setting {
        /// Its name.
        key: &'a str,
        /// Its value, or the beginning of it.
        value: String,
        /// Who wrote it, where that was not homelab.
        by: Option<&'a str>,
    },
}

impl Culprit<'_> {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Ingress { object, place } => format!("Ingress `{}` has {place}", full_name(object)),
            Self::Setting { key, value, by: None } => format!("`ingress.config` has `{key}: {value}`"),
            Self::Setting { key, value, by: Some(by) } => {
                format!("the ConfigMap `{NAMESPACE}/{CONTROLLER}` has `{key}: {value}`, written by `{by}`")
            }
        }
    }
}

/// The likeliest places, all of them where several are as likely, those that changed last first; none where nothing has the
/// text.
pub(super) fn of<'a>(evidence: &'a Evidence, said: &[String]) -> Vec<Culprit<'a>> {
    let quoted: Vec<&str> = said.iter().flat_map(|line| quotations(line)).collect();
    if said.iter().any(|line| line.contains(DUPLICATE)) {
        let twice = exact_twice(evidence, &quoted);
        if !twice.is_empty() {
            return twice;
        }
    }
    let mut found: Vec<(usize, Option<Timestamp>, Culprit<'a>)> = Vec::new();
    for ingress in ingresses(evidence) {
        let alike = places(ingress).filter_map(|place| Some((place.likeness(&quoted)?, place)));
        if let Some((likeness, place)) = alike.max_by_key(|(likeness, _)| *likeness) {
            let culprit = Culprit::Ingress { object: ingress, place: place.shown() };
            found.push((likeness, changed(ingress), culprit));
        }
    }
    if let Some(map) = settings(evidence) {
        for (key, value) in map["data"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            // What homelab sets by itself is taken by nginx: the text was another's, who may have removed it since.
            if let Some(likeness) = likeness(key, value, &quoted).filter(|_| !is_default(key, value)) {
                let culprit = Culprit::Setting { key, value: short(value), by: writer(map, key) };
                found.push((likeness, changed(map), culprit));
            }
        }
    }
    found.sort_by_key(|(likeness, changed, _)| std::cmp::Reverse((*likeness, *changed)));
    let most = found.first().map(|(likeness, ..)| *likeness);
    let likeliest = found.into_iter().take_while(|(likeness, ..)| Some(*likeness) == most);
    likeliest.map(|(.., culprit)| culprit).take(NAMED).collect()
}

/// The later ones of Ingresses with the same exact path of one host. The controller passes over the later one only where
/// no prefix of the same path stands before both, and each host has the prefix `/` from the beginning (ingress-nginx,
/// internal/ingress/controller/controller.go, `getBackendServers`).
fn exact_twice<'a>(evidence: &'a Evidence, quoted: &[&str]) -> Vec<Culprit<'a>> {
    let pairs = duplicates::pairs(evidence).unwrap_or_default().into_iter();
    let refused = pairs.filter(|((_, path, exact), ..)| *exact && quoted.contains(path));
    let culprits = refused.map(|((host, path, _), first, second)| Culprit::Ingress {
        object: second,
        place: format!(
            "the exact path `{}` of `{}`, which Ingress `{}` has, too",
            short(path),
            short(host),
            full_name(first)
        ),
    });
    culprits.take(NAMED).collect()
}

/// How much of a setting nginx quotes: its value, or at least its directive.
fn likeness(key: &str, value: &str, quoted: &[&str]) -> Option<usize> {
    alike(value, quoted).max(quoted.contains(&directive(key).as_str()).then_some(DIRECTIVE))
}

/// What was written last of all that nginx is given, and when.
pub(super) fn newest(evidence: &Evidence) -> Option<(&Value, Timestamp)> {
    let all = ingresses(evidence).into_iter().chain(settings(evidence));
    all.filter_map(|object| Some((object, changed(object)?))).max_by_key(|(_, time)| *time)
}

/// When the object was written last, its status aside.
pub(super) fn changed(object: &Value) -> Option<Timestamp> {
    let writes = entries(object, "/metadata/managedFields").iter();
    let own = writes.filter(|entry| at(entry, "/subresource").is_empty());
    own.filter_map(|entry| when(entry, "/time")).max().or_else(|| when(object, "/metadata/creationTimestamp"))
}

/// Those that the controller serves; all where the classes were not read.
pub(super) fn ingresses(evidence: &Evidence) -> Vec<&Value> {
    let all = || evidence.objects("ingresses.networking.k8s.io").unwrap_or_default().iter().collect();
    objects::served(evidence).unwrap_or_else(all)
}

/// The controller's settings.
pub(super) fn settings(evidence: &Evidence) -> Option<&Value> {
    evidence.cluster.as_ref()?.objects.find("configmaps/ingress-nginx", NAMESPACE, CONTROLLER)
}

/// Who else has written a setting; `None` when homelab did, or nobody knows.
fn writer<'a>(map: &'a Value, key: &str) -> Option<&'a str> {
    let field = format!("f:{key}");
    let writes = |entry: &&Value| !entry["fieldsV1"]["f:data"][&field].is_null();
    let writers =
        entries(map, "/metadata/managedFields").iter().filter(writes).map(|entry| at(entry, "/manager"));
    let writers: Vec<&str> = writers.collect();
    if writers.contains(&HOMELAB) { None } else { writers.first().copied() }
}

/// The directive of nginx that a setting becomes.
fn directive(key: &str) -> String {
    let named = DIRECTIVES.iter().find(|(setting, _)| *setting == key);
    named.map_or_else(|| key.replace('-', "_"), |(_, directive)| (*directive).to_owned())
}

/// A text of an Ingress that reaches nginx' configuration.
struct Place<'a> {
    what: &'static str,
    key: &'a str,
    value: &'a str,
}

impl Place<'_> {
    fn likeness(&self, quoted: &[&str]) -> Option<usize> {
        match self.key.strip_prefix(PREFIX) {
            Some(key) => likeness(key, self.value, quoted),
            None => alike(self.value, quoted),
        }
    }

    fn shown(&self) -> String {
        match self.key {
            "" => format!("the {} `{}`", self.what, short(self.value)),
            key => format!("the {} `{key}: {}`", self.what, short(self.value)),
        }
    }
}

fn places(ingress: &Value) -> impl Iterator<Item = Place<'_>> {
    let annotations = ingress["metadata"]["annotations"].as_object();
    let annotations = annotations.into_iter().flatten().filter(|(key, _)| key.starts_with(PREFIX));
    let annotations = annotations
        .filter_map(|(key, value)| Some(Place { what: "annotation", key, value: value.as_str()? }));
    let rules = entries(ingress, "/spec/rules").iter();
    let paths = rules.clone().flat_map(|rule| entries(rule, "/http/paths"));
    let paths = paths.map(|path| Place { what: "path", key: "", value: at(path, "/path") });
    let hosts = rules.map(|rule| Place { what: "host", key: "", value: at(rule, "/host") });
    paths.chain(hosts).chain(annotations)
}

/// A directive that nginx names says less than a value that it quotes.
const DIRECTIVE: usize = 1;
/// A value that nginx quotes as it stands says more than one that is a part of the quotation.
const WHOLE: usize = 1000;

/// How much of a value nginx quotes; `None` where that is nothing that tells.
fn alike(value: &str, quoted: &[&str]) -> Option<usize> {
    let value = value.trim();
    let tells = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).count() >= 2
            && !["true", "false", "on", "off"].contains(&text)
    };
    let one = |quoted: &&str| {
        let bare = quoted.trim_start_matches('^').trim_end_matches('$');
        if !tells(value) || !tells(bare) {
            None
        } else if value == *quoted || value == bare {
            Some(WHOLE + value.len())
        } else if quoted.contains(value) && value.len() > 2 {
            Some(2 + value.len())
        } else if has_word(value, bare) {
            Some(2 + bare.len())
        } else {
            None
        }
    };
    quoted.iter().filter_map(one).max()
}

/// Whether the text has the word, not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let alone = |at: usize| {
        let after = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
        !inner(after) && !inner(text.get(..at).and_then(|before| before.chars().next_back()))
    };
    text.match_indices(word).any(|(at, _)| alone(at))
}

/// What stands in quotation marks.
fn quotations(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2).filter(|text| !text.is_empty())
}

fn short(value: &str) -> String {
    let line = value.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(SHOWN).collect();
    if cut.len() < value.len() { format!("{cut} …") } else { cut }
}
