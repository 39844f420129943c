//! One look at everything that checks read: a list for each resource, and the last lines of some logs.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt, future, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::room::Room;
use crate::cluster::snapshot::items;
use crate::cluster::{Cluster, LANES, log, seen};
use crate::evidence::engine::{CILIUM_CLUSTER_POLICIES, CILIUM_POLICIES};
use crate::evidence::http::HttpAnswer;
use crate::evidence::pod::is_ready;
use crate::evidence::{
    ApiFailure, ApiFault, CILIUM_CONFIG, COREDNS_CUSTOM, CertificateSeen, ClusterSeen, IngressSeen, Listing,
    NodeSeen, Objects, View, at,
};
use crate::facts::controllers::Controller;
use crate::ingress::{Traits, traits_of};

/// What is listed: the resource as checks name it, its path, and whether the metadata is enough.
const RESOURCES: &[(&str, &str, bool)] = &[
    ("nodes", "/api/v1/nodes", false),
    ("namespaces", "/api/v1/namespaces", false),
    ("pods", "/api/v1/pods", false),
    ("services", "/api/v1/services", false),
    ("events", "/api/v1/events?fieldSelector=type%3DWarning", false),
    ("persistentvolumeclaims", "/api/v1/persistentvolumeclaims", false),
    ("configmaps", "/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3Dcoredns", false),
    // What a user of k3s adds to it (k3s documentation, "Managing Packaged Components": CoreDNS custom configuration imports).
    (
        COREDNS_CUSTOM,
        "/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3Dcoredns-custom",
        false,
    ),
    (
        CILIUM_CONFIG,
        "/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3Dcilium-config",
        false,
    ),
    (CILIUM_POLICIES, "/apis/cilium.io/v2/ciliumnetworkpolicies", false),
    (CILIUM_CLUSTER_POLICIES, "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies", false),
    ("endpointslices.discovery.k8s.io", "/apis/discovery.k8s.io/v1/endpointslices", false),
    ("storageclasses.storage.k8s.io", "/apis/storage.k8s.io/v1/storageclasses", false),
    ("daemonsets.apps", "/apis/apps/v1/daemonsets", false),
    ("deployments.apps", "/apis/apps/v1/deployments", false),
    ("ingresses.networking.k8s.io", "/apis/networking.k8s.io/v1/ingresses", false),
    ("ingressclasses.networking.k8s.io", "/apis/networking.k8s.io/v1/ingressclasses", false),
    ("networkpolicies.networking.k8s.io", "/apis/networking.k8s.io/v1/networkpolicies", false),
    (
        "customresourcedefinitions.apiextensions.k8s.io",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        true,
    ),
    (
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        false,
    ),
    (
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
        false,
    ),
    ("clusterissuers.cert-manager.io", "/apis/cert-manager.io/v1/clusterissuers", false),
    ("issuers.cert-manager.io", "/apis/cert-manager.io/v1/issuers", false),
    ("certificates.cert-manager.io", "/apis/cert-manager.io/v1/certificates", false),
    ("certificaterequests.cert-manager.io", "/apis/cert-manager.io/v1/certificaterequests", false),
    ("orders.acme.cert-manager.io", "/apis/acme.cert-manager.io/v1/orders", false),
    ("challenges.acme.cert-manager.io", "/apis/acme.cert-manager.io/v1/challenges", false),
    ("helmcharts.helm.cattle.io", "/apis/helm.cattle.io/v1/helmcharts", false),
];

/// Those, and the settings of the lab's ingress controller: the account that may only read may read no other's.
pub(super) fn lists(controller: &Traits) -> impl Iterator<Item = (String, String, bool)> {
    let settings = controller.settings.map(|_| {
        let path = format!("/api/v1/namespaces/{}/configmaps", controller.namespace);
        (controller.settings_list(), path, false)
    });
    RESOURCES
        .iter()
        .map(|(resource, path, metadata_only)| ((*resource).to_owned(), (*path).to_owned(), *metadata_only))
        .chain(settings)
}

/// How many pods are asked: one for each node.
const MOST_PODS: usize = 64;

/// How long a pod may take to answer the API server.
const POD_ANSWER: Duration = Duration::from_secs(4);

impl Cluster {
    /// Reads everything, each part on its own, until `deadline`. Nothing is written. `cert_manager` is the namespace in which
    /// cert-manager runs.
    pub async fn examine(
        &self,
        controller: Controller,
        cert_manager: &str,
        deadline: Instant,
    ) -> ClusterSeen {
        let controller = traits_of(controller);
        let (version, access) = future::join(self.version(deadline), self.access()).await;
        let mut seen = ClusterSeen { version: Some(version), access: Some(access), ..ClusterSeen::default() };
        if matches!(&seen.version, Some(Err(_))) {
            return seen;
        }
        let room = &Room::new();
        let lists = lists(controller).map(|(resource, path, metadata_only)| async move {
            let list = self.send_in::<Value>(request::get(&path, metadata_only), room);
            let list = timeout_at(deadline, list).await;
            let (listing, denied) = self.listing(&resource, list);
            (resource, listing, denied)
        });
        let lists: Vec<_> = stream::iter(lists).buffer_unordered(LANES).collect().await;
        for (resource, listing, denied) in lists {
            seen.objects.0.insert(resource, listing);
            seen.denied = seen.denied.or(denied);
        }
        let pods = seen.objects.list("pods").unwrap_or_default();
        let answers = self.pod_answers(controller, pods, deadline);
        let wanted = log::containers(controller, cert_manager, pods);
        (seen.logs, seen.pod_answers) = future::join(self.logs(wanted, deadline), answers).await;
        seen
    }

    async fn version(&self, deadline: Instant) -> Result<String, ApiFailure> {
        let purpose = Purpose { verb: "get", what: "the version".to_owned() };
        let asked = timeout_at(deadline, self.send::<Value>(request::get("/version", false))).await;
        match asked.unwrap_or(Err(Failed::Late)) {
            Ok(version) => Ok(at(&version, "/gitVersion").to_owned()),
            Err(failed) => Err(self.fault(&purpose, failed)),
        }
    }

    /// What came of a list, and the failure where the user may not read it.
    fn listing(
        &self,
        resource: &str,
        list: Result<Result<Value, Failed>, tokio::time::error::Elapsed>,
    ) -> (Listing, Option<ApiFailure>) {
        match list {
            Ok(Ok(list)) => (Listing::Items(items(list)), None),
            Ok(Err(Failed::Kube(kube::Error::Api(status)))) if status.code == 404 => {
                (Listing::Unserved, None)
            }
            Ok(Err(failed)) => {
                let purpose = Purpose { verb: "list", what: resource.to_owned() };
                let fault = self.fault(&purpose, failed);
                let listing = Listing::Failed(fault.failure.what.clone());
                (listing, Some(fault).filter(|fault| fault.kind == ApiFault::Forbidden))
            }
            Err(_) => (Listing::Failed("no answer in time".to_owned()), None),
        }
    }

    /// Asks each ready pod of the ingress controller by the API server's proxy: the way from the server's node to pods
    /// of each node.
    pub(super) async fn pod_answers(
        &self,
        controller: &Traits,
        pods: &[Value],
        deadline: Instant,
    ) -> BTreeMap<String, Result<HttpAnswer, String>> {
        let wanted = pods.iter().filter(|pod| is_ready(pod) && controller.is_pod(pod)).take(MOST_PODS);
        let port = controller.pod.ports[0];
        let asked = wanted.map(|pod| async move {
            let (namespace, name) = (pod.namespace(), pod.name());
            let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/");
            let until = deadline.min(Instant::now() + POD_ANSWER);
            let answer = timeout_at(until, self.raw(request::get(&path, false))).await;
            let answer = answer.unwrap_or_else(|_| Err("no answer in time".to_owned()));
            let answer = answer.and_then(of_backend);
            (at(pod, "/spec/nodeName").to_owned(), answer)
        });
        future::join_all(asked).await.into_iter().collect()
    }
}

/// The answer of the pod itself: the API server says 503 and 502 of one that it cannot reach, in a Status of its own.
pub(super) fn of_backend(answer: HttpAnswer) -> Result<HttpAnswer, String> {
    match answer.body.contains("\"kind\":\"Status\"") {
        true => Err(reason(&answer.body)),
        false => Ok(answer),
    }
}

/// The sentence in a Status.
fn reason(body: &str) -> String {
    let status: Value = serde_json::from_str(body).unwrap_or_default();
    at(&status, "/message").trim().to_owned()
}

/// The nodes among the objects; `None` when they were not read.
pub fn nodes(objects: &Objects) -> Option<Vec<NodeSeen>> {
    Some(objects.list("nodes")?.iter().map(seen::node).collect())
}

/// The Ingresses among the objects; `None` when they were not read.
pub fn ingresses(objects: &Objects) -> Option<Vec<IngressSeen>> {
    let ingresses = objects.list("ingresses.networking.k8s.io")?.iter();
    Some(
        ingresses
            .filter(|ingress| !crate::cluster::scratch::is_scratch(ingress))
            .map(seen::ingress)
            .collect(),
    )
}

/// The Certificates among the objects; `None` when they were not read.
pub fn certificates(objects: &Objects) -> Option<Vec<CertificateSeen>> {
    Some(objects.list("certificates.cert-manager.io")?.iter().map(seen::certificate).collect())
}
