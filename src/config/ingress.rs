//! The ingress controller: one that homelab installs, or one that is there already.

use crate::config::annotations;
use crate::config::fields::Fields;
use crate::config::model::{Certificates, Ingress, Scheme, Service};
use crate::config::values::known;
use crate::facts::controllers::Controller;
use crate::facts::names::is_label;

/// Where the classes are found.
const LISTED: &str = "`kubectl get ingressclasses` lists the classes that the cluster has";
/// What a controller that is there already is told by in place of a key.
const BY_ITSELF: &str = "set it in the configuration of your controller, and leave this line out";

/// Reads the section.
pub(super) fn read(fields: &mut Fields<'_>) -> Ingress {
    let make = fields.parsed("controller", |text| {
        known("controller", Controller::ALL, |controller| controller.facts().key, text)
    });
    let manage = fields.bool("manage").unwrap_or(true);
    let class = fields.parsed("class", |text| match text.split('.').all(is_label) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is not the name of an IngressClass; {LISTED}")),
    });
    let default_class = fields.bool("defaultClass");
    let config = fields.texts_by_name("config");
    if manage {
        let place = fields.node("class").map(|node| node.place);
        if place.is_some() {
            let message = "`ingress.class`: the controller that homelab installs brings a class of its own";
            let help = "leave it out, or set `manage: false` to use the controller that serves this class";
            fields.problem(place, message, Some(help.to_owned()));
        }
        let controller = make.unwrap_or_default();
        annotations::settings(fields, controller);
        return Ingress {
            controller,
            dialect: controller,
            class: None,
            default_class: default_class.unwrap_or(true),
            config,
        };
    }
    if class.is_none() && fields.node("class").is_none() {
        let place = fields.node("manage").map(|node| node.place);
        let message = "`ingress.class` is missing: with `ingress.manage: false`, it says which controller serves the lab";
        fields.problem(place, message, Some(format!("add `class: NAME` beside it; {LISTED}")));
    }
    for key in ["defaultClass", "config"] {
        if let Some(place) = fields.node(key).map(|node| node.place) {
            let message = format!(
                "`ingress.{key}` has no effect with `ingress.manage: false`: homelab changes nothing of your controller"
            );
            fields.problem(Some(place), message, Some(BY_ITSELF.to_owned()));
        }
    }
    Ingress {
        controller: Controller::Unmanaged,
        dialect: make.unwrap_or(Controller::Unmanaged),
        class,
        // Who serves Ingresses without a class is not homelab's matter.
        default_class: false,
        config,
    }
}

/// What else of the configuration needs a controller that homelab installs.
pub(super) fn check(fields: &mut Fields<'_>, controller: Controller, certificates: Certificates) {
    if !controller.is_managed() && certificates == Certificates::Wildcard {
        let place = fields.node("certificates").map(|node| node.place);
        let message = "`certificates: wildcard` cannot work with `ingress.manage: false`: the controller has to serve that certificate by \
                       default, and homelab changes nothing of it";
        let help = "leave `certificates` out: each service then has its own certificate";
        fields.problem(place, message, Some(help.to_owned()));
    }
}

/// Reports what a service asks of a controller whose annotations nobody knows. Left alone, it would have no effect, and
/// nobody would be told.
pub(super) fn has_no_words_for(fields: &mut Fields<'_>, service: &Service) {
    let makes: Vec<String> =
        Controller::ALL.iter().map(|make| format!("`ingress.controller: {}`", make.facts().key)).collect();
    let reads =
        format!("if it reads the annotations of one that homelab knows, say so: {}", makes.join(" or "));
    for key in ["maxBodySize", "readTimeout", "protect"] {
        if let Some(place) = fields.node(key).map(|node| node.place) {
            let message = format!(
                "`{}` has no effect: homelab does not know how your ingress controller is told (`ingress.manage: false`)",
                fields.path_of(key)
            );
            let help =
                format!("write your controller's own annotation below `annotations` in its place; {reads}");
            fields.problem(Some(place), message, Some(help));
        }
    }
    if service.scheme == Scheme::Https && service.annotations.is_empty() {
        let node = fields.node("scheme").or(fields.node("url"));
        let place = node.map(|node| node.place);
        let message = format!(
            "`{}`: homelab does not know how your ingress controller is told to speak HTTPS to a service (`ingress.manage: false`)",
            fields.path()
        );
        let help = format!(
            "write your controller's own annotation for it below `annotations` of the service; {reads}"
        );
        fields.problem(place, message, Some(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Problem, parse};

    fn read(ingress: &str, more: &str) -> Result<Config, Vec<Problem>> {
        parse(&format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\ningress: {{ {ingress} }}\n{more}\n"
        ))
    }

    fn refused(ingress: &str, more: &str) -> Problem {
        let mut problems = read(ingress, more).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    #[test]
    fn a_controller_that_is_there_already_needs_its_class_and_no_more() {
        let ingress = read("manage: false, class: edge.public", "").unwrap().ingress;
        assert_eq!(ingress.class.as_deref(), Some("edge.public"));
        assert_eq!((ingress.controller, ingress.dialect), (Controller::Unmanaged, Controller::Unmanaged));
        let ours = read("", "").unwrap().ingress;
        assert!(ours.controller.is_managed() && ours.dialect == ours.controller && ours.class.is_none());
        let missing = refused("manage: false", "");
        assert!(missing.message.contains("`ingress.class` is missing") && missing.place.is_some());
        assert!(missing.help.unwrap().contains("kubectl get ingressclasses"));
        assert!(
            refused("manage: false, class: 'a b'", "").message.contains("not the name of an IngressClass")
        );
    }

    #[test]
    fn what_only_homelabs_own_controller_can_do_is_refused_with_its_place() {
        for (more, said) in [
            ("defaultClass: true", "`ingress.defaultClass` has no effect"),
            ("config: { use-gzip: 'true' }", "`ingress.config` has no effect"),
        ] {
            let problem = refused(&format!("manage: false, class: edge, {more}"), "");
            assert!(problem.message.contains(said) && problem.place.is_some(), "{problem:?}");
        }
        let wildcard = refused("manage: false, class: edge", "certificates: wildcard");
        assert!(wildcard.message.contains("`certificates: wildcard` cannot work"), "{wildcard:?}");
        let class = refused("class: edge", "");
        assert!(class.message.contains("brings a class of its own"), "{class:?}");
    }

    #[test]
    fn what_would_silently_have_no_effect_is_refused_unless_the_make_is_known() {
        let own = "manage: false, class: edge";
        for (service, said) in [
            ("{ local: 80, maxBodySize: 1g }", "`services.nas.maxBodySize` has no effect"),
            ("{ local: 80, protect: { lan: true } }", "`services.nas.protect` has no effect"),
            ("{ local: 80, readTimeout: 60 }", "`services.nas.readTimeout` has no effect"),
            ("{ local: 443, scheme: https }", "`services.nas`: homelab does not know"),
            ("{ url: 'https://192.168.1.5:5001' }", "`services.nas`: homelab does not know"),
        ] {
            let services = format!("services: {{ nas: {service} }}");
            let problem = refused(own, &services);
            assert!(problem.message.contains(said) && problem.place.is_some(), "{problem:?}");
            let known = Controller::default();
            let told = read(&format!("{own}, controller: {}", known.facts().key), &services).unwrap();
            assert_eq!((told.ingress.controller, told.ingress.dialect), (Controller::Unmanaged, known));
        }
        let own_words = "services: { nas: { url: 'https://192.168.1.5:5001', annotations: { example.com/tls: 'true' } } }";
        assert!(read(own, own_words).is_ok(), "whoever writes the annotation knows his controller");
    }
}
