//! Where pods may connect to (`egress`): looked at before the first write, since a policy that nobody enforces keeps nobody in.

use crate::cluster::Cluster;
use crate::config::{Backend, Config, Service};
use crate::desired::egress::{self, Placed};
use crate::desired::kind;
use crate::desired::object::Key;
use crate::error::{Error, Result};
use crate::evidence::View;
use crate::evidence::engine::{CILIUM_POLICIES, Engine, NoEngine, engine, takes_names};

/// The two ways out where names are wanted, and the cluster knows addresses alone.
const BY_NAME: &str = "make Cilium the cluster's network (docs/egress.md says how); or run a proxy that connects by name for the program, and allow \
                       only the proxy: `cluster` or its address";

/// What of the cluster goes into the policies; nothing where the configuration keeps nobody in.
///
/// # Errors
/// When the cluster cannot enforce what is asked for, and when it cannot be asked.
pub(super) async fn look(cluster: &Cluster, config: &Config) -> Result<Option<Placed>> {
    if !egress::is_used(config) {
        return Ok(None);
    }
    let definition = Key { kind: &kind::CRD, namespace: None, name: CILIUM_POLICIES.to_owned() };
    let (at, name) = egress::API;
    let api = Key { kind: &kind::ENDPOINT_SLICE, namespace: Some(at.to_owned()), name: name.to_owned() };
    let (nodes, daemon_sets, services, namespaces, running, definition, api) = tokio::try_join!(
        cluster.all_nodes(),
        cluster.all(&kind::DAEMON_SET),
        cluster.all(&kind::SERVICE),
        cluster.all(&kind::NAMESPACE),
        cluster.all(&kind::POD),
        cluster.metadata_of(&definition),
        cluster.one(&api),
    )?;
    let found = engine(&nodes, &daemon_sets);
    let by_cilium = found == Ok(Engine::Cilium);
    can_be_enforced(config, found, &Vec::from_iter(definition))?;
    let placed = Placed::of(&services, &nodes).by_cilium(by_cilium).asking(&api);
    let known: Vec<&str> = namespaces.iter().map(View::name).collect();
    is_placed(config, &placed, &known)?;
    are_kept_in(config, &placed, &running, by_cilium)?;
    Ok(Some(placed))
}

/// Whether policies are about all of these pods.
fn are_kept_in(config: &Config, placed: &Placed, pods: &[serde_json::Value], by_cilium: bool) -> Result<()> {
    if let Some((key, pod)) = egress::beyond(config, placed, pods) {
        return Err(Error::wrong(format!("`{key}`: nothing keeps the pod `{pod}` in"))
            .because("it uses the network of its node (`hostNetwork`), and policies are about pods that have one of their own")
            .hint("take `hostNetwork` out of the program; or leave `egress` out"));
    }
    if by_cilium && let Some((key, label)) = egress::unlabelled(config, placed) {
        return Err(Error::wrong(format!("`{key}`: Cilium does not know pods by the label `{label}`, which the Service selects by"))
            .because("it leaves labels out that change with each pod (its documentation, \"Limiting Identity-Relevant Labels\"), so the policy would be about no pod")
            .hint("let the Service select by another label; or write the list for the namespace"));
    }
    // Cilium never takes a pod for an address.
    if !by_cilium && let Some((key, pod)) = egress::outside(config, placed, pods) {
        return Err(Error::wrong(format!("`{key}`: `lan` would allow pods, too"))
            .because(format!(
                "the address of the pod `{pod}` is in none of the networks that the nodes name for their pods"
            ))
            .hint("write the networks of your house in its place, such as `192.168.1.0/24`"));
    }
    Ok(())
}

/// What render cannot print: it asks no cluster.
///
/// # Errors
/// When it would leave a policy out.
pub(super) fn can_be_rendered(config: &Config) -> Result<()> {
    let Some(service) = egress::unplaced(config, None) else { return Ok(()) };
    Err(Error::usage(format!("`services.{}.egress` cannot be rendered", service.name))
        .because(
            "its pods are those that its Service selects, and `render` does not ask the cluster for that",
        )
        .hint(instead(service)))
}

/// What keeps in the same pods without a Service.
fn instead(service: &Service) -> String {
    format!(
        "write the same list at the top of the configuration for the whole namespace: `egress: {{ {}: [...] }}`",
        service.namespace()
    )
}

fn can_be_enforced(
    config: &Config,
    found: Result<Engine, NoEngine>,
    definitions: &[serde_json::Value],
) -> Result<()> {
    let keys = || egress::keys(config).iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let engine = match found {
        Ok(engine) => engine,
        Err(why) => {
            let hint = match &why {
                NoEngine::Off(_) => {
                    "take `disable-network-policy` out of k3s' configuration (/etc/rancher/k3s/config.yaml, or the arguments of its service) and \
                     restart k3s; or leave `egress` out"
                }
                NoEngine::Down(_) => {
                    "look why its pods are not ready: `kubectl get pods -A -l 'k8s-app'`; then run `homelab up` again"
                }
                NoEngine::Unknown => {
                    "install a network that enforces NetworkPolicies (Cilium, Calico), or use k3s, which does; or leave `egress` out"
                }
            };
            return Err(Error::wrong(format!("nothing in this cluster would enforce {}", keys()))
                .because(why)
                .because("a policy that nobody enforces would look as if the pods were kept in")
                .hint(hint));
        }
    };
    // With Cilium, homelab's own programs are kept in by names, too: to it, the API server's node is no address.
    let own = || (engine == Engine::Cilium).then(|| egress::of_own(config)).flatten();
    let named = egress::all(config).find_map(|(key, one)| Some((key, one.names().next()?.to_owned())));
    let Some((key, name)) = named.or_else(own) else { return Ok(()) };
    if takes_names(engine, definitions) {
        return Ok(());
    }
    let refused = Error::wrong(format!("`{key}`: this cluster cannot enforce a rule by name (`{name}`)"));
    Err(match engine {
        Engine::Cilium => refused
            .because(format!("Cilium runs, but its definition `{CILIUM_POLICIES}` is not there"))
            .hint("Cilium's agents and its operator register it when they start: look at their logs, then run `homelab up` again"),
        other => refused
            .because(format!(
                "{} knows addresses alone, and those of a name change: what is right today is wrong tomorrow",
                other.name()
            ))
            .hint(BY_NAME),
    })
}

/// Whether there are pods to keep in.
fn is_placed(config: &Config, placed: &Placed, namespaces: &[&str]) -> Result<()> {
    if let Some(service) = egress::unplaced(config, Some(placed)) {
        let Backend::Cluster { namespace, service: name, .. } = &service.backend else { return Ok(()) };
        return Err(Error::wrong(format!(
            "`services.{}.egress`: the pods to keep in are not known",
            service.name
        ))
        .because(format!("the Service `{namespace}/{name}` is not there, or selects no pods by itself"))
        .hint(format!("install the program first; or {}", instead(service))));
    }
    let missing =
        config.egress.keys().find(|name| !namespaces.contains(&name.as_str()) && !is_made(config, name));
    match missing {
        None => Ok(()),
        Some(name) => Err(Error::wrong(format!("`egress.{name}`: there is no namespace `{name}`"))
            .because("the policy lies in the namespace, which whoever installs the program makes")
            .hint(format!(
                "install the program first, or `kubectl create namespace {name}`; then run `homelab up` again"
            ))),
    }
}

/// Whether homelab makes the namespace.
fn is_made(config: &Config, name: &str) -> bool {
    let images =
        |service: &Service| matches!(service.backend, Backend::Image { .. }) && service.namespace() == name;
    config.services.iter().any(images)
        || config.extra_certificates.iter().any(|extra| extra.namespace == name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Exit;

    const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";

    fn config(more: &str) -> Config {
        crate::config::parse(&format!("{BASE}{more}")).unwrap()
    }

    fn refused(more: &str, found: Result<Engine, NoEngine>) -> Option<String> {
        let definitions = [json!({ "metadata": { "name": CILIUM_POLICIES } })];
        let error = can_be_enforced(&config(more), found, &definitions).err()?;
        assert_eq!(error.exit, Exit::Wrong);
        Some(error.to_string())
    }

    #[test]
    fn without_an_engine_every_word_is_refused_with_the_cause() {
        for list in ["none", "any", "lan", "a.example.org"] {
            let told = refused(&format!("egress: {{ a: {list} }}\n"), Err(NoEngine::Off(vec!["pi".into()])))
                .unwrap();
            assert!(
                told.contains("would enforce `egress.a`")
                    && told.contains("`--disable-network-policy` on pi"),
                "{told}"
            );
            assert!(told.contains("hint: take `disable-network-policy` out"), "{told}");
        }
        assert!(refused("egress: { a: lan }\n", Err(NoEngine::Unknown)).unwrap().contains("is not k3s"));
        assert!(
            refused("egress: { a: lan }\n", Err(NoEngine::Down("Cilium")))
                .unwrap()
                .contains("none of its agents")
        );
    }

    #[test]
    fn a_rule_by_name_needs_cilium_and_the_two_ways_out_are_told() {
        let by_name = "services: { news: { image: a/b, port: 80, egress: [lan, '*.example.org'] } }\n";
        let told = refused(by_name, Ok(Engine::K3s)).unwrap();
        assert!(told.contains("`services.news.egress`") && told.contains("(`*.example.org`)"), "{told}");
        assert!(
            told.contains("knows addresses alone")
                && told.contains("make Cilium")
                && told.contains("a proxy"),
            "{told}"
        );
        assert_eq!(refused(by_name, Ok(Engine::Cilium)), None);
        assert_eq!(refused("egress: { a: [lan, cluster, 192.168.1.5] }\n", Ok(Engine::K3s)), None);
        let error = can_be_enforced(&config(by_name), Ok(Engine::Cilium), &[]).unwrap_err().to_string();
        assert!(error.contains("is not there"), "{error}");
    }

    #[test]
    fn pods_that_are_not_known_are_told_of_and_never_passed_over() {
        let text = "services: { photos: { service: immich/server, port: 1, egress: lan } }\n";
        let none = Placed::of(&[], &[]);
        let told = is_placed(&config(text), &none, &["immich"]).unwrap_err().to_string();
        assert!(
            told.contains("the Service `immich/server` is not there")
                && told.contains("`egress: { immich: [...] }`"),
            "{told}"
        );
        let service = json!({ "metadata": { "namespace": "immich", "name": "server" }, "spec": { "selector": { "a": "b" } } });
        assert!(is_placed(&config(text), &Placed::of(&[service], &[]), &[]).is_ok());
        assert!(can_be_rendered(&config(text)).unwrap_err().to_string().contains("cannot be rendered"));
        assert!(can_be_rendered(&config("services: { a: { image: b, port: 1, egress: lan } }\n")).is_ok());
    }

    #[test]
    fn a_namespace_that_nobody_has_made_is_told_of() {
        let none = Placed::of(&[], &[]);
        let told =
            is_placed(&config("egress: { immich: lan }\n"), &none, &["default"]).unwrap_err().to_string();
        assert!(told.contains("there is no namespace `immich`"), "{told}");
        assert!(is_placed(&config("egress: { immich: lan }\n"), &none, &["immich"]).is_ok());
        let own = "egress: { homelab-a: lan }\nservices: { a: { image: b, port: 1 } }\n";
        assert!(is_placed(&config(own), &none, &[]).is_ok());
    }

    fn pod(namespace: &str, labels: &serde_json::Value, more: &serde_json::Value) -> serde_json::Value {
        let mut pod = json!({ "metadata": { "namespace": namespace, "name": "p", "labels": labels }, "spec": {}, "status": { "podIP": "10.42.0.7" } });
        for (place, value) in more.as_object().into_iter().flatten() {
            pod[place] = value.clone();
        }
        pod
    }

    fn kept_in(
        more: &str,
        selector: &serde_json::Value,
        pod: serde_json::Value,
        by_cilium: bool,
    ) -> Option<String> {
        let service =
            json!({ "metadata": { "namespace": "ha", "name": "server" }, "spec": { "selector": selector } });
        let error = are_kept_in(&config(more), &Placed::of(&[service], &[]), &[pod], by_cilium).err()?;
        assert_eq!(error.exit, Exit::Wrong);
        Some(error.to_string())
    }

    const HOME: &str = "services: { home: { service: ha/server, port: 1, egress: none } }\n";

    #[test]
    fn a_pod_with_the_network_of_its_node_is_told_of_since_no_policy_is_about_it() {
        let (labels, by_node) =
            (json!({ "app": "ha", "tier": "web" }), json!({ "spec": { "hostNetwork": true } }));
        let selector = json!({ "app": "ha" });
        for (more, key) in [(HOME, "services.home.egress"), ("egress: { ha: lan }\n", "egress.ha")] {
            let told = kept_in(more, &selector, pod("ha", &labels, &by_node), false).unwrap();
            assert!(told.contains(&format!("`{key}`: nothing keeps the pod `ha/p` in")), "{told}");
            assert_eq!(kept_in(more, &selector, pod("ha", &labels, &json!({})), false), None);
            assert_eq!(kept_in(more, &selector, pod("other", &labels, &by_node), false), None);
        }
        assert_eq!(kept_in(HOME, &selector, pod("ha", &json!({ "app": "db" }), &by_node), false), None);
    }

    #[test]
    fn cilium_is_asked_for_no_label_that_it_leaves_out() {
        let one = json!({ "statefulset.kubernetes.io/pod-name": "ha-0" });
        let told = kept_in(HOME, &one, pod("ha", &one, &json!({})), true).unwrap();
        assert!(
            told.contains("`statefulset.kubernetes.io/pod-name`, which the Service selects by"),
            "{told}"
        );
        assert_eq!(kept_in(HOME, &one, pod("ha", &one, &json!({})), false), None);
        let usual = json!({ "app.kubernetes.io/name": "ha", "k8s-app": "ha" });
        assert_eq!(kept_in(HOME, &usual, pod("ha", &usual, &json!({})), true), None);
        let image = "services: { news: { image: a/b, port: 80, egress: lan } }\n";
        assert_eq!(kept_in(image, &usual, pod("ha", &usual, &json!({})), true), None);
    }

    #[test]
    fn lan_is_not_written_where_pods_have_addresses_that_the_nodes_do_not_name() {
        let stray = |ip: &str| pod("x", &json!({}), &json!({ "status": { "podIP": ip } }));
        let lan = "egress: { ha: [lan] }\n";
        let told = kept_in(lan, &json!({}), stray("192.168.77.3"), false).unwrap();
        assert!(
            told.contains("`egress.ha`: `lan` would allow pods, too") && told.contains("`x/p`"),
            "{told}"
        );
        assert_eq!(kept_in(lan, &json!({}), stray("192.168.77.3"), true), None);
        assert_eq!(kept_in(lan, &json!({}), stray("10.42.0.9"), false), None);
        assert_eq!(kept_in("egress: { ha: cluster }\n", &json!({}), stray("192.168.77.3"), false), None);
    }
}
