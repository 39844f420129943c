//! What the ingress controller of the configuration does not read: annotations of services, and entries for a ConfigMap that
//! it does not have.

use crate::config::fields::Fields;
use crate::config::model::{Ingress, Service};
use crate::config::yaml::{Position, Value};
use crate::facts::controllers::Controller;

/// Reports what would have no effect, or another one than it says.
pub(super) fn check(fields: &mut Fields<'_>, ingress: &Ingress, services: &[Service]) {
    let facts = ingress.dialect.facts();
    for service in services {
        let beside = |name: &str| service.annotations.get(name).map(String::as_str);
        for (name, value) in &service.annotations {
            // Another build of the controller that they were made for may read more; of that, the doctor warns.
            let refused = facts.difference(name, value, beside).filter(|_| facts.reads_anothers());
            if let Some(difference) = refused {
                let place = place(fields, &service.name, ["annotations", name]);
                let message = format!(
                    "`services.{}.annotations.{name}` with `ingress.controller: {}`: {}",
                    service.name, facts.key, difference.effect
                );
                fields.problem(place, message, Some(difference.instead.to_owned()));
            }
        }
    }
}

/// Reports entries for a ConfigMap where the controller has none.
pub(super) fn settings(fields: &mut Fields<'_>, controller: Controller) {
    let facts = controller.facts();
    if facts.settings.is_none()
        && let Some((key, _)) = fields.entries("config").first()
    {
        let place = Some(key.place);
        let message = format!(
            "`ingress.config` with `controller: {}`: it has no ConfigMap, and no entry would have an effect",
            facts.key
        );
        let help = "remove `config`; what a service needs goes into its `maxBodySize`, `readTimeout` or `annotations`";
        fields.problem(place, message, Some(help.to_owned()));
    }
}

/// Where a key of a section of the service stands.
pub(super) fn place(fields: &mut Fields<'_>, service: &str, path: [&str; 2]) -> Option<Position> {
    let (_, node) = fields.entries("services").iter().find(|(key, _)| key.name == service)?;
    let Value::Map(entries) = &node.value else { return None };
    let (_, section) = entries.iter().find(|(key, _)| key.name == path[0])?;
    let Value::Map(entries) = &section.value else { return None };
    entries.iter().find(|(key, _)| key.name == path[1]).map(|(key, _)| key.place)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem, parse};

    fn read(more: &str) -> Result<Config, Vec<Problem>> {
        parse(&format!(
            "domain: a.example.com\nemail: a@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n{more}"
        ))
    }

    fn with(controller: &str, annotation: &str) -> Result<Config, Vec<Problem>> {
        read(&format!(
            "ingress: {{ controller: {controller} }}\nservices:\n  nas:\n    url: http://192.168.1.5\n    annotations:\n      \
             nginx.ingress.kubernetes.io/{annotation}\n"
        ))
    }

    #[test]
    fn what_a_controller_does_not_read_is_refused_where_it_stands() {
        let problems = with("traefik", "denylist-source-range: 10.0.0.0/8").unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        let problem = &problems[0];
        assert_eq!(problem.place.map(|place| place.line), Some(9));
        assert!(problem.message.contains("everybody may come in"), "{problem:?}");
        assert!(problem.help.as_deref().unwrap().contains("allowlist-source-range"));
        assert!(with("ingress-nginx", "denylist-source-range: 10.0.0.0/8").is_ok());
    }

    #[test]
    fn a_value_that_is_read_alike_is_no_problem() {
        assert!(with("traefik", "satisfy: all").is_ok());
        assert!(with("traefik", "satisfy: any").is_err());
        assert!(with("traefik", "limit-rps: 5").is_ok());
        assert!(with("traefik", "proxy-body-size: 0").is_ok());
        let unbounded = with("traefik", "proxy-body-size: 10m").unwrap_err();
        assert!(unbounded[0].help.as_deref().unwrap().contains("proxy-request-buffering"), "{unbounded:?}");
        let bounded =
            "proxy-body-size: 10m\n      nginx.ingress.kubernetes.io/proxy-request-buffering: \"on\"";
        assert!(with("traefik", bounded).is_ok());
    }

    #[test]
    fn a_name_that_the_controller_does_not_know_at_all_is_refused_too() {
        let problems = with("traefik", "proxy-bodysize: 0").unwrap_err();
        assert!(problems[0].message.contains("it is ignored"), "{problems:?}");
        assert!(with("ingress-nginx", "proxy-bodysize: 0").is_ok(), "a newer build of it may read that");
        let other = "annotations: { example.com/proxy-bodysize: \"0\" }";
        let text = format!(
            "ingress: {{ controller: traefik }}\nservices:\n  nas: {{ url: http://192.168.1.5, {other} }}\n"
        );
        assert!(read(&text).is_ok(), "annotations of others are their own matter");
    }

    #[test]
    fn settings_without_a_configmap_are_refused() {
        let problems = read("ingress: { controller: traefik, config: { use-gzip: true } }\n").unwrap_err();
        assert!(problems[0].message.contains("it has no ConfigMap"), "{problems:?}");
        assert!(read("ingress: { controller: traefik, config: {} }\n").is_ok());
    }
}
