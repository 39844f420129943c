//! What a controller is, in words that are the same for all.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::config::{Config, Protect, Service};
use crate::evidence::http::HttpAnswer;
use crate::evidence::tls::Leaf;
use crate::evidence::{Objects, Reload, Transport, View, at};
use crate::ingress::failed::FailedRequest;
use crate::ingress::flaws::{Flaw, Version};
use crate::ingress::pod::{Annotations, Pod};
use crate::outside::command::Command;

/// What is particular to a controller: its names, its answers and its words.
#[derive(Debug)]
pub struct Traits {
    /// Its project, as people know it.
    pub name: &'static str,
    /// The program that answers.
    pub program: &'static str,
    /// Where it runs.
    pub namespace: &'static str,
    /// Its DaemonSet and the name of its pods.
    pub workload: &'static str,
    /// Its image, by its name in the pins and in `images:`.
    pub image: &'static str,
    /// The container in its pods.
    pub container: &'static str,
    /// Its ClusterRole, Role and service account.
    pub account: &'static str,
    /// The class of its Ingresses.
    pub class: &'static str,
    /// The `spec.controller` of the classes that it serves.
    pub class_controller: &'static str,
    /// Another product that brings a class of the same name; empty when none is known.
    pub namesake: &'static str,
    /// With this argument it serves Ingresses without a class, too.
    pub takes_any: &'static str,
    /// Its pods.
    pub pod: Pod,
    /// The ConfigMap with its settings, where it has one.
    pub settings: Option<&'static str>,
    /// How its annotations begin.
    pub annotations: &'static str,
    /// The annotations for a service of the configuration, without those that it has itself.
    pub annotations_of_service: fn(&Service) -> Annotations,
    /// The annotations that protect what has this name; those that a service has itself do not win over them.
    pub annotations_of_protect: fn((&str, &str), &Protect) -> Annotations,
    /// Whether it shakes no hands with who asks for an unknown name over TLS, as soon as a service is public.
    pub refuses_unknown_names: bool,
    /// The annotations by which a host is never sent to HTTPS, whatever else is set; their keys without the controller's beginning.
    pub without_redirect: &'static [(&'static str, &'static str)],
    /// Annotations that refer to another object.
    pub references: &'static [Reference],
    /// The entry of its settings, and its value, that keeps annotations from Secrets of other namespaces; empty if they are kept.
    pub keeps_secrets_apart: (&'static str, &'static str),
    /// With this argument it sends nothing to Services that stand for a name outside (ExternalName); empty when there is none.
    pub refuses_names: &'static str,
    /// Annotations that put text of their own into its configuration; `None` where it has none.
    pub snippets: Option<Snippets>,
    /// Entries of its settings that take a guard away.
    pub guards: &'static [Guard],
    /// Whether an entry of its settings guards something, with the images of the configuration.
    pub is_guarded: fn(&Config, &str) -> bool,
    /// Whether homelab itself sets that entry of its settings, whatever the configuration says.
    pub is_default: fn(&str, &str) -> bool,
    /// Its answer for a name that no Ingress has.
    pub is_unknown_name: fn(&HttpAnswer) -> bool,
    /// Whether it made the page itself: no program behind it did.
    pub is_own_page: fn(&HttpAnswer) -> bool,
    /// Whether an answer to an unknown name is the one that the internet gets as soon as a service is public.
    pub turns_away: fn(&Result<HttpAnswer, Transport>) -> bool,
    /// The statuses with which it answers every request for an Ingress that it cannot serve as an annotation wants it.
    pub denies_with: &'static [u16],
    /// Whether a certificate is the one that it shows for want of a better one.
    pub is_fake: fn(&Leaf) -> bool,
    /// Whether it goes on with a port of before when nothing but the port of a Service changes.
    pub overlooks_ports: bool,
    /// How it writes the addresses of Ingresses.
    pub status: Status,
    /// How its log is read.
    pub log: Log,
    /// Why it gets no updates any more; `None` while it does.
    pub retired: Option<Retired>,
}

/// An entry of the controller's settings that guards something.
#[derive(Debug)]
pub struct Guard {
    /// Its key.
    pub key: &'static str,
    /// The values that keep it.
    pub safe: &'static [&'static str],
    /// What is open without it.
    pub without: &'static str,
}

/// An annotation that refers to another object.
#[derive(Debug)]
pub struct Reference {
    /// Its key, without the controller's own beginning.
    pub key: &'static str,
    /// To what.
    pub to: Referent,
    /// What that has to hold.
    pub holds: &'static str,
}

/// What an annotation refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referent {
    /// A Secret, as `NAME` or `NAMESPACE/NAME`.
    Secret,
    /// A Secret, as `NAMESPACE/NAME` and not otherwise.
    SecretWithNamespace,
    /// A Service of the same namespace. Without it, the annotation has no effect.
    Service,
}

/// Why the Secret of an Ingress gives no certificate for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCertificate {
    /// It is not there, or has nothing that the controller could use.
    Unusable,
    /// It is there, and lacks a certificate or its key.
    NoPair,
    /// Its certificate is for other names.
    OtherNames,
}

/// Annotations that put text of their own into the controller's configuration.
#[derive(Debug)]
pub struct Snippets {
    /// How their names end.
    pub end: &'static str,
    /// The entry of its settings that allows them, and its value.
    pub allowed_by: (&'static str, &'static str),
    /// What one could do, and what the controller does with the Ingress.
    pub cause: &'static str,
    /// How to allow them all the same.
    pub allow: &'static str,
}

/// What the last line of a program's log means.
#[derive(Debug)]
pub struct LastWord {
    /// A part of the line.
    pub part: &'static str,
    /// Why the program ended.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// How the status of Ingresses is written: by the controller, or by homelab for it.
#[derive(Debug)]
pub struct Status {
    /// Why it still has the address of a node that is lost.
    pub lost: &'static str,
    /// Why it lacks a node that serves, where no rollout is the reason.
    pub late: &'static str,
    /// How often it is written, in seconds: an Ingress that is younger can have no address yet.
    pub every: i64,
    /// Why it has no address where nothing speaks against one, and what to do.
    pub empty: (&'static str, &'static str),
    /// Arguments that keep the nodes' addresses out, and what it does with each.
    pub misled_by: &'static [(&'static str, &'static str)],
    /// The same that are harmless.
    pub harmless: &'static str,
    /// Arguments that name the address, in the order in which they win.
    pub fixed_by: &'static [&'static str],
    /// The argument without which it prefers a node's ExternalIP; empty when there is none.
    pub internal: &'static str,
}

/// How a controller's log is read.
#[derive(Debug)]
pub struct Log {
    /// Within how long it has looked at a change and says in its log that it loads it.
    pub takes: Duration,
    /// What it said last of loading its configuration; `None` when it says nothing of it.
    pub last_reload: fn(&str) -> Option<Reload>,
    /// The reason of its events about that.
    pub reload_event: &'static str,
    /// What such an event of type `Warning` tells, of that time; `None` when nothing was refused.
    pub refused_reload: fn(&str, Timestamp) -> Option<Reload>,
    /// The words that stand in the log when a configuration was refused, to look for.
    pub refusal: &'static str,
    /// By which words it says that what serves was not told of a change, and what becomes of that; empty when it does not.
    pub untold: (&'static str, &'static str),
    /// What the program says of one path of a host that is there twice; empty when it says nothing.
    pub same_place: &'static str,
    /// What the program calls a setting when it complains of it.
    pub directive: fn(&str) -> String,
    /// Whether a line, beside those that klog marks as errors, tells why the program ends.
    pub is_fatal: fn(&str) -> bool,
    /// What its last line means, where it is known.
    pub last_words: &'static [LastWord],
    /// Words of the lines about annotations, to look for.
    pub refused_annotation: &'static str,
    /// Whether a line says that the value of an annotation is not accepted.
    pub is_refused_annotation: fn(&str) -> bool,
    /// What a line says that it may not write, and that keeps the status empty.
    pub denied_status: fn(&str) -> Option<&'static str>,
    /// What a line says of an Ingress (`namespace/name`) whose requests it answers with an error by itself, and why.
    pub denied_ingress: for<'a> fn(&'a str, &str) -> Option<&'a str>,
    /// The reason of its events about that, and how their messages begin; empty when it makes none.
    pub denied_event: (&'static str, &'static str),
    /// By which words it says there that an object does not exist.
    pub absent: &'static str,
    /// What a line says of a Secret (`namespace/name`) that gives no certificate for a host.
    pub no_certificate: fn(&str, &str, &str) -> Option<NoCertificate>,
    /// The name that a line says cannot be looked up.
    pub unresolved: for<'a> fn(&'a str) -> Option<&'a str>,
    /// What a line notes of a request for the host that nobody behind the controller answered.
    pub failed_request: for<'a> fn(&'a str, &str) -> Option<FailedRequest<'a>>,
    /// A line without what is nobody's business; `None` when nothing of it is left.
    pub discreet: fn(&str) -> Option<String>,
}

/// A controller that gets no updates any more.
#[derive(Debug)]
pub struct Retired {
    /// The project's own images, without tag; another one is somebody else's build.
    pub images: &'static [&'static str],
    /// Since when, and what that means.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Which version of its program is in the pinned image.
    pub pinned: Version,
    /// What has become known of that program since.
    pub flaws: &'static [Flaw],
    /// The version that its log names.
    pub version_in: fn(&str) -> Option<Version>,
}

impl Traits {
    /// Whether a pod is one of the controller's: anybody may give a pod its label, but not in its namespace.
    #[must_use]
    pub fn is_pod(&self, pod: &Value) -> bool {
        pod.namespace() == self.namespace
            && at(pod, "/metadata/labels/app.kubernetes.io~1name") == self.workload
    }

    /// Whether the container (`namespace/pod/container`, or its beginning) is one of the controller's.
    #[must_use]
    pub fn is_place(&self, place: &str) -> bool {
        place.strip_prefix(self.namespace).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The command that shows its pods.
    #[must_use]
    pub fn show_pods(&self) -> Option<Command> {
        self.is_at_home()?;
        command!("kubectl -n {} get pods -o wide", self.namespace)
    }

    /// Where nobody knows in which namespace it runs, there is no command about its pods.
    fn is_at_home(&self) -> Option<()> {
        (!self.namespace.is_empty()).then_some(())
    }

    /// An annotation for one of its settings (`key: value`), as a person is told of it.
    #[must_use]
    pub fn told(&self, setting: &str) -> String {
        match self.annotations {
            "" => "your controller's own annotation for it, below `annotations` of the service".to_owned(),
            begin => format!("annotation `{begin}{setting}`"),
        }
    }

    /// The annotations of `without_redirect` as an Ingress has them.
    pub fn annotations_without_redirect(&self) -> impl Iterator<Item = (String, String)> {
        let whole = |(key, value): &(&str, &str)| (format!("{}{key}", self.annotations), (*value).to_owned());
        self.without_redirect.iter().map(whole)
    }

    /// The list with its settings, as judges know it: the ConfigMaps of its namespace.
    #[must_use]
    pub fn settings_list(&self) -> String {
        format!("configmaps/{}", self.namespace)
    }

    /// Its settings among the objects, if it has any and they were read.
    #[must_use]
    pub fn settings<'o>(&self, objects: &'o Objects) -> Option<&'o Value> {
        objects.find(&self.settings_list(), self.namespace, self.settings?)
    }

    /// The command that shows the last lines of its log.
    #[must_use]
    pub fn show_log(&self, lines: &str) -> Option<Command> {
        self.is_at_home()?;
        command!("kubectl -n {} logs daemonset/{} --tail={}", self.namespace, self.workload, lines)
    }
}
