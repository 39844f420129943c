//! Whether anybody enforces the policies of `egress`: tried out by pods that live for some seconds.

use jiff::Timestamp;
use serde_json::Value;

use super::Lab;
use super::guard::{Guard, Left};
use crate::cluster::{Cluster, MOST_NODES, Place};
use crate::config::Config;
use crate::desired::egress;
use crate::error::Result;
use crate::evidence::{EgressSeen, TrialSeen, View, entries};
use crate::facts::pins::pins;
use crate::ingress::traits_of;

/// How the name of an image ends that has busybox, and is not homelab's.
const SMALL: [&str; 2] = ["busybox", "alpine"];
/// How many images are tried on a node.
const MOST_IMAGES: usize = 8;

/// What the configuration keeps in; nothing where it does not.
#[must_use]
pub fn wanted(config: &Config) -> Option<EgressSeen> {
    egress::is_used(config).then(|| EgressSeen {
        keys: egress::all(config).map(|(key, _)| key).collect(),
        names: egress::all(config).flat_map(|(_, one)| one.names()).map(str::to_owned).collect(),
        trial: None,
    })
}

/// Tries it out on each node that is ready; what is made for it is removed, also when the run is interrupted.
///
/// # Errors
/// When the nodes cannot be listed.
pub async fn try_policies(lab: &Lab<'_>, cluster: &Cluster, config: &Config) -> Result<TrialSeen> {
    let nodes = cluster.all_nodes().await?;
    let places: Vec<Place> =
        nodes.iter().filter(|node| node.holds("Ready")).map(|node| place(config, node)).collect();
    let mut guard = Guard::of(lab, Left::Trial);
    let by_name = egress::all(config).any(|(_, one)| one.has_names());
    let most = &places[..places.len().min(MOST_NODES)];
    let seen = cluster.try_policies(most, by_name, Timestamp::now().as_nanosecond()).await;
    guard.is_done();
    Ok(seen)
}

/// The images of a node that may try it: those of the lab that are a small Linux, and what the node says that it has. None of their own
/// programs runs: the pod starts busybox, or does not start.
fn place(config: &Config, node: &Value) -> Place {
    let controller = config.ingress.controller;
    let own = controller.is_managed().then(|| traits_of(controller).image);
    let own = own.into_iter().chain(config.start_page.as_ref().map(|_| "startPage"));
    let own = own.map(|name| pins().image(name, &config.images));
    let there = entries(node, "/status/images").iter().flat_map(|image| entries(image, "/names"));
    let small = |name: &&str| {
        let path = name.split('@').next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        SMALL.iter().any(|end| last.split(':').next().is_some_and(|last| last.ends_with(end)))
    };
    // Many others are made on Alpine, too: one that is not, only fails to start. One name of each image is enough.
    let first =
        entries(node, "/status/images").iter().filter_map(|image| entries(image, "/names").last()?.as_str());
    let all = own
        .chain(there.filter_map(Value::as_str).filter(small).map(str::to_owned))
        .chain(first.map(str::to_owned));
    let mut images: Vec<String> = Vec::new();
    for image in all {
        if images.len() < MOST_IMAGES && !images.contains(&image) {
            images.push(image);
        }
    }
    Place { node: node.name().to_owned(), images }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_labs_own_images_come_first_then_small_ones_then_whatever_is_there() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nimages: { ingressNginx: a/controller:1 }\n";
        let config = crate::config::parse(text).unwrap();
        let names = [
            "docker.io/rancher/mirrored-library-busybox@sha256:0a",
            "docker.io/library/busybox:1.36",
            "docker.io/library/nginx:1",
        ];
        let images = [json!({ "names": names[2..] }), json!({ "names": names[..2] })];
        let node = json!({ "metadata": { "name": "pi" }, "status": { "images": images } });
        let place = place(&config, &node);
        assert_eq!(
            (place.node.as_str(), place.images),
            ("pi", vec!["a/controller:1".to_owned(), names[0].into(), names[1].into(), names[2].into()])
        );
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
