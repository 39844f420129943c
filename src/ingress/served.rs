//! Which Ingresses a controller serves. ingress-nginx (internal/ingress/controller/store/store.go, `GetIngressClass`) and Traefik's
//! provider for its Ingresses (v3.7.9, pkg/provider/kubernetes/ingress-nginx/build.go, `shouldProcess`) decide alike: the field
//! counts before the annotation, and an annotation is the controller's only by the one name of its own class.

use serde_json::Value;

use crate::evidence::{View, at};
use crate::ingress::traits::Traits;

/// How a class was named before there were IngressClasses.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// Whose an Ingress is, by its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class<'a> {
    /// The controller serves it.
    Served,
    /// It is another controller's, by the name of the class.
    Foreign(&'a str),
    /// It names a class that does not exist.
    Missing(&'a str),
    /// It names none, and nobody takes those.
    Without,
}

/// Whose an Ingress is, with the IngressClasses that there are. `own` is the name of the controller's class, and `serves` says
/// whether a class is the controller's; `takes_any` whether it takes Ingresses without a class.
pub fn whose<'a>(
    own: &str,
    takes_any: bool,
    serves: impl Fn(&Value) -> bool,
    classes: &[Value],
    ingress: &'a Value,
) -> Class<'a> {
    let find = |name: &str| classes.iter().find(|class| class.name() == name);
    match (at(ingress, "/spec/ingressClassName"), ingress.annotation(CLASS_ANNOTATION)) {
        ("", "") if takes_any => Class::Served,
        ("", "") => Class::Without,
        ("", name) if name == own => Class::Served,
        ("", name) if find(name).is_some() => Class::Foreign(name),
        ("", name) => Class::Missing(name),
        (name, _) => match find(name) {
            Some(class) if serves(class) => Class::Served,
            Some(_) => Class::Foreign(name),
            None => Class::Missing(name),
        },
    }
}

impl Traits {
    /// The same for a controller that homelab installs.
    #[must_use]
    pub fn class_of<'a>(&self, takes_any: bool, classes: &[Value], ingress: &'a Value) -> Class<'a> {
        let serves = |class: &Value| at(class, "/spec/controller") == self.class_controller;
        whose(self.class, takes_any, serves, classes, ingress)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ingress::nginx::TRAITS;

    fn class(name: &str, controller: &str) -> Value {
        json!({ "metadata": { "name": name }, "spec": { "controller": controller } })
    }

    #[test]
    fn the_field_counts_before_the_annotation_and_an_annotation_by_its_own_name_alone() {
        let classes = [
            class("nginx", TRAITS.class_controller),
            class("inside", TRAITS.class_controller),
            class("cilium", "cilium.io/ingress-controller"),
        ];
        let whose = |field: &str, annotation: &str, takes_any: bool| {
            let mut ingress = json!({ "spec": {}, "metadata": { "annotations": {} } });
            if !field.is_empty() {
                ingress["spec"]["ingressClassName"] = field.into();
            }
            if !annotation.is_empty() {
                ingress["metadata"]["annotations"][CLASS_ANNOTATION] = annotation.into();
            }
            match TRAITS.class_of(takes_any, &classes, &ingress) {
                Class::Served => "served".to_owned(),
                Class::Foreign(name) => format!("foreign {name}"),
                Class::Missing(name) => format!("missing {name}"),
                Class::Without => "without".to_owned(),
            }
        };
        assert_eq!(whose("nginx", "", false), "served");
        // Every class that names the controller.
        assert_eq!(whose("inside", "", false), "served");
        assert_eq!(whose("cilium", "nginx", true), "foreign cilium");
        assert_eq!(whose("nothing", "nginx", true), "missing nothing");
        assert_eq!(whose("", "nginx", false), "served");
        // Neither controller takes an annotation with the name of another class, even of its own.
        assert_eq!(whose("", "inside", true), "foreign inside");
        assert_eq!(whose("", "gone", true), "missing gone");
        assert_eq!((whose("", "", true), whose("", "", false)), ("served".into(), "without".into()));
    }
}
