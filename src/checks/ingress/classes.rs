//! The classes of Ingresses: homelab's own, the default one, and those that Ingresses name.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::objects::{self, annotation};
use crate::checks::ingress::{foreign, lab_wide, or_pass, unread};
use crate::checks::reading::classes::CLASSES;
use crate::evidence::{Evidence, View, at};
use crate::ingress::{Class, Traits, traits_of};
use crate::outside::command::Command;

/// Shows the classes of the cluster.
pub(super) const LIST: &str = "kubectl get ingressclasses";
/// Shows them with the Ingresses, each with its class.
pub(super) const LIST_WITH_INGRESSES: &str = "kubectl get ingressclass; kubectl get ingress -A";
/// Marks the class of Ingresses that name none.
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";

pub(super) fn classes_of_ingresses(evidence: &Evidence) -> Vec<Judged> {
    let Some(classes) = evidence.objects(CLASSES) else {
        return unread(id::CLASS, "IngressClasses");
    };
    let Some(ingresses) = evidence.objects("ingresses.networking.k8s.io") else {
        return unread(id::CLASS, "Ingresses");
    };
    let controller = traits_of(evidence.controller);
    let ours = controller.class;
    let mut failures = Vec::new();
    let own = own(controller, classes);
    let is_missing = own.is_some();
    failures.extend(own.or_else(|| default(evidence, classes)).map(|finding| lab_wide(id::CLASS, finding)));
    for ingress in ingresses {
        let finding = match objects::class(evidence, ingress) {
            // One finding is enough for a class that homelab brings.
            Some(Class::Missing(class)) if is_missing && class == ours => continue,
            Some(Class::Missing(class)) => missing(ours, ingress, class),
            Some(Class::Without) => without(ours, ingress),
            Some(Class::Foreign(class)) => match foreign::unserved(evidence, ours, ingress, class) {
                Some(finding) => finding.command(give_class(ours, ingress)),
                None => continue,
            },
            _ => continue,
        };
        let each = objects::hosts(ingress)
            .into_iter()
            .map(|host| judged(id::CLASS, Subject::host(host), Vantage::Api, finding.clone()));
        failures.extend(each);
    }
    or_pass(failures, id::CLASS, format!("`{ours}` exists, and every Ingress has a class that exists"))
}

/// The class that homelab brings.
fn own(controller: &Traits, classes: &[Value]) -> Option<Finding> {
    let (ours, serves) = (controller.class, controller.class_controller);
    let Some(class) = classes.iter().find(|class| class.name() == ours) else {
        let finding = Finding::new(
            format!("there is no IngressClass `{ours}`"),
            "somebody removed it, or `homelab up` stopped before it: the controller ignores every Ingress that names it",
            "create it again",
        );
        return Some(finding.command("homelab up").look(LIST));
    };
    let owner = at(class, "/spec/controller");
    (owner != serves).then(|| {
        Finding::new(
            format!("IngressClass `{ours}` belongs to `{owner}`, not to `{serves}`"),
            format!("another ingress controller, of {} for example, was installed with the same class name", controller.namesake),
            format!("remove that controller; run `kubectl delete ingressclass {ours}`, then `homelab up` (the field `controller` of an IngressClass cannot be changed)"),
        )
        .look(command!("kubectl get ingressclass {} -o yaml", ours))
    })
}

/// At most one default, and homelab's where the configuration wants that.
fn default(evidence: &Evidence, classes: &[Value]) -> Option<Finding> {
    let ours = traits_of(evidence.controller).class;
    let marked: Vec<&str> = classes
        .iter()
        .filter(|class| annotation(class, DEFAULT) == "true")
        .map(|class| class.name())
        .collect();
    let wanted = evidence.config.as_ref().filter(|config| config.problem.is_none())?.default_class;
    if marked.len() > 1 {
        let list: Vec<String> = marked.iter().map(|name| format!("`{name}`")).collect();
        let list = list.join(" and ");
        let others = marked.iter().filter(|name| wanted && **name != ours);
        let finding = Finding::new(
            format!("IngressClasses {list} are all marked as the default"),
            "a new Ingress without a class is served by the controller of the newest one. Often one is left \
             over from Traefik or another installation",
            "keep the mark on one of them only",
        )
        .look("kubectl get ingressclasses -o yaml | grep -B8 is-default-class");
        let unmark =
            |name: &&str| command!("kubectl annotate ingressclass {} {}=false --overwrite", name, DEFAULT);
        return Some(others.fold(finding, |finding, name| finding.command(unmark(name))));
    }
    (wanted && marked != [ours]).then(|| {
        let (summary, cause) = match marked.first() {
            Some(other) => (
                format!("`{other}` is the default IngressClass, not `{ours}`"),
                "another ingress controller marked its class, and homelab's mark was removed",
            ),
            None => (
                format!("IngressClass `{ours}` is not marked as the default"),
                "its mark was removed by hand",
            ),
        };
        let finding = Finding::new(summary, cause, "mark only homelab's class as the default");
        let unmark = marked
            .iter()
            .map(|name| command!("kubectl annotate ingressclass {} {}=false --overwrite", name, DEFAULT));
        let finding = unmark.fold(finding, |finding, command| finding.command(command));
        finding.command(command!("kubectl annotate ingressclass {} {}=true --overwrite", ours, DEFAULT))
    })
}

pub(super) fn missing(ours: &str, ingress: &Value, class: &str) -> Finding {
    let name = ingress.full_name();
    let finding = Finding::new(
        format!("Ingress `{name}` names the IngressClass `{class}`, which does not exist"),
        "no controller serves it: its host gets the 404 of an unknown name, and no DNS record. It was written for another cluster, or the class has a typo",
        format!("give it the class `{ours}`"),
    );
    if crate::plan::is_of_lab(ingress) {
        return finding.command("homelab up");
    }
    finding.command(give_class(ours, ingress))
}

/// Sets homelab's class, and takes the old way of naming one off.
fn give_class(ours: &str, ingress: &Value) -> Option<Command> {
    let patch = format!(
        r#"{{"metadata":{{"annotations":{{"kubernetes.io/ingress.class":null}}}},"spec":{{"ingressClassName":"{ours}"}}}}"#
    );
    let (namespace, name) = (ingress.namespace(), ingress.name());
    command!("kubectl -n {} patch ingress {} --type=merge -p {}", namespace, name, patch)
}

fn without(ours: &str, ingress: &Value) -> Finding {
    Finding::new(
        format!("Ingress `{}` names no class, and there is no default class", ingress.full_name()),
        "with `ingress.defaultClass: false` the controller serves only Ingresses that name its class",
        format!("give it the class `{ours}`, or set `ingress.defaultClass: true`"),
    )
    .command(give_class(ours, ingress))
    .only(Severity::Warning)
}
