//! Whether anybody enforces the policies of `egress`: tried out by pods that live for some seconds.

use serde_json::Value;

use super::Lab;
use super::guard::{Guard, Left};
use crate::cluster::{Cluster, MOST_NODES, Mark, Place};
use crate::config::Config;
use crate::desired::egress::{self, Placed};
use crate::error::Result;
use crate::evidence::engine::{DEFINITIONS, takes_names};
use crate::evidence::{EgressSeen, Evidence, TrialSeen, View, entries};
use crate::facts::pins::pins;
use crate::ingress::traits_of;
use crate::machine::random;

/// How the name of an image ends that has busybox, and is not homelab's.
const SMALL: [&str; 2] = ["busybox", "alpine"];
/// The list of slices, as the look names it.
const SLICES: &str = "endpointslices.discovery.k8s.io";
/// How many images are tried on a node.
const MOST_IMAGES: usize = 8;

/// What the configuration keeps in; nothing where it does not.
#[must_use]
pub fn wanted(config: &Config) -> Option<EgressSeen> {
    egress::is_used(config).then(|| EgressSeen {
        keys: egress::keys(config),
        names: egress::all(config).flat_map(|(_, one)| one.names()).map(str::to_owned).collect(),
        trial: None,
    })
}

/// What of the cluster goes into the policies, as it was seen; nothing where that was not read.
#[must_use]
pub fn placed(evidence: &Evidence) -> Option<Placed> {
    let (services, nodes) = (evidence.objects("services")?, evidence.objects("nodes")?);
    let (found, definitions) = (evidence.engine()?, evidence.objects(DEFINITIONS)?);
    let by_cilium = found.is_ok_and(|engine| takes_names(engine, definitions));
    Some(Placed::of(services, nodes).by_cilium(by_cilium).asking(evidence.objects(SLICES)?))
}

/// Tries it out on each node that is ready; what is made for it is removed, also when the run is interrupted.
///
/// # Errors
/// When the nodes cannot be listed, and when there are no random numbers.
pub async fn try_policies(lab: &Lab<'_>, cluster: &Cluster, config: &Config) -> Result<TrialSeen> {
    let nodes = cluster.all_nodes().await?;
    let places: Vec<Place> =
        nodes.iter().filter(|node| node.holds("Ready")).map(|node| place(config, node)).collect();
    let mark = Mark::of(random::bytes()?);
    let mut guard = Guard::of(lab, Left::Trial(mark.clone()));
    let by_name = egress::all(config).any(|(_, one)| one.has_names());
    let most = &places[..places.len().min(MOST_NODES)];
    let seen = cluster.try_policies(most, by_name, &mark).await;
    guard.is_done();
    Ok(seen)
}

/// The images of a node that may try it: those of the lab that are a small Linux, and what the node says that it has; first those that
/// are both. A node names fifty of its images, so that one of the lab's may be there all the same (Kubernetes 1.36, pkg/kubelet/
/// apis/config/v1beta1/defaults.go: `NodeStatusMaxImages`). None of their own programs runs: the pod starts busybox, or does not start.
fn place(config: &Config, node: &Value) -> Place {
    let controller = config.ingress.controller;
    let own = controller.is_managed().then(|| traits_of(controller).image);
    let own = own.into_iter().chain(config.start_page.as_ref().map(|_| "startPage"));
    let own: Vec<String> = own.map(|name| pins().image(name, &config.images)).collect();
    let there = || entries(node, "/status/images").iter().flat_map(|image| entries(image, "/names"));
    let is_there = |own: &&String| {
        there().filter_map(Value::as_str).any(|name| repository(name) == repository(own.as_str()))
    };
    let small = |name: &&str| {
        let last = repository(name).rsplit('/').next().unwrap_or_default();
        SMALL.iter().any(|end| last.ends_with(end))
    };
    // Many others are made on Alpine, too: one that is not, only fails to start. One name of each image is enough.
    let first =
        entries(node, "/status/images").iter().filter_map(|image| entries(image, "/names").last()?.as_str());
    let all = own
        .iter()
        .filter(is_there)
        .cloned()
        .chain(there().filter_map(Value::as_str).filter(small).map(str::to_owned))
        .chain(own.iter().cloned())
        .chain(first.map(str::to_owned));
    let mut images: Vec<String> = Vec::new();
    for image in all {
        if images.len() < MOST_IMAGES && !images.contains(&image) {
            images.push(image);
        }
    }
    Place { node: node.name().to_owned(), images }
}

/// The name of an image without its tag and its digest.
fn repository(name: &str) -> &str {
    let name = name.split('@').next().unwrap_or_default();
    match name.rsplit_once(':') {
        // What stands before a slash is the port of a registry.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_labs_own_images_that_are_there_come_first_then_small_ones_then_whatever_is_there() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nimages: { ingressNginx: a/controller:1 }\n";
        let config = crate::config::parse(text).unwrap();
        let names = [
            "docker.io/rancher/mirrored-library-busybox@sha256:0a",
            "docker.io/library/busybox:1.36",
            "docker.io/library/nginx:1",
        ];
        let images = [json!({ "names": names[2..] }), json!({ "names": names[..2] })];
        let node = json!({ "metadata": { "name": "pi" }, "status": { "images": images } });
        let first = place(&config, &node);
        // A node names only some of its images.
        assert_eq!(
            (first.node.as_str(), first.images),
            ("pi", vec![names[0].to_owned(), names[1].into(), "a/controller:1".into(), names[2].into()])
        );
        let mut with = node.clone();
        with["status"]["images"].as_array_mut().unwrap().push(json!({ "names": ["a/controller@sha256:0b"] }));
        assert_eq!(place(&config, &with).images[..2], ["a/controller:1".to_owned(), names[0].into()]);
    }

    #[test]
    fn an_image_is_known_without_its_tag_and_its_digest() {
        for name in [
            "reg.lan:5000/a/b",
            "reg.lan:5000/a/b:1",
            "reg.lan:5000/a/b:1@sha256:0a",
            "reg.lan:5000/a/b@sha256:0a",
        ] {
            assert_eq!(repository(name), "reg.lan:5000/a/b", "{name}");
        }
    }

    #[test]
    fn homelabs_own_programs_are_tried_out_too() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nsecurity: { egress: restricted }\n";
        let seen = wanted(&crate::config::parse(text).unwrap()).unwrap();
        assert_eq!((seen.keys, seen.names), (vec!["security.egress".to_owned()], Vec::new()));
    }

    #[test]
    fn a_lab_that_keeps_nobody_in_is_not_tried() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        assert_eq!(wanted(&crate::config::parse(text).unwrap()), None);
        let used = format!("{text}egress: {{ a: [lan, b.example.org] }}\n");
        let seen = wanted(&crate::config::parse(&used).unwrap()).unwrap();
        assert_eq!((seen.keys, seen.names), (vec!["egress.a".to_owned()], vec!["b.example.org".to_owned()]));
    }
}
