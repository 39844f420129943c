//! Which fields of which objects stay in evidence that is given away: those that judges read, and those by which an object is
//! known. Everything else goes, whatever it is: what is not named here cannot leak.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::evidence::WAITING_PODS;
use crate::facts::providers::Provider;

/// Of every object. Annotations, managed fields and what depends on whose an object is: see [`crate::evidence::redact::objects`].
const METADATA: &str = "apiVersion kind metadata/name metadata/namespace metadata/uid metadata/generation \
    metadata/creationTimestamp metadata/deletionTimestamp metadata/finalizers metadata/labels/** \
    metadata/ownerReferences/** metadata/annotations/** metadata/managedFields/manager metadata/managedFields/operation \
    metadata/managedFields/time metadata/managedFields/subresource metadata/managedFields/fieldsV1/**";

/// What runs in a pod; `{}` stands for where its specification lies.
const POD: &str = "{}/nodeName {}/nodeSelector/** {}/affinity/** {}/tolerations/** {}/hostNetwork {}/dnsPolicy \
    {}/dnsConfig/** {}/priorityClassName {}/serviceAccountName {}/enableServiceLinks {}/terminationGracePeriodSeconds \
    {}/volumes/name {}/volumes/persistentVolumeClaim/** {}/volumes/hostPath/path {}/volumes/secret/secretName \
    {}/volumes/configMap/name {}/containers/name {}/containers/image {}/containers/ports/** {}/containers/resources/** \
    {}/containers/command {}/containers/args {}/containers/env/name {}/initContainers/name {}/initContainers/image \
    {}/initContainers/restartPolicy {}/initContainers/ports/**";

/// The fields of each resource, beside the metadata; `/**` keeps everything below.
const RESOURCES: &[(&str, &str)] = &[
    (
        "nodes",
        "spec/podCIDR spec/podCIDRs spec/unschedulable spec/taints/** status/addresses/** status/conditions/** \
        status/nodeInfo/** status/capacity/** status/allocatable/**",
    ),
    ("namespaces", "status/**"),
    (
        "pods",
        "POD:spec status/phase status/reason status/message status/conditions/** status/containerStatuses/** \
        status/initContainerStatuses/** status/startTime status/podIP status/podIPs/** status/hostIP status/hostIPs/** \
        status/qosClass",
    ),
    (
        "services",
        "spec/type spec/clusterIP spec/clusterIPs spec/externalIPs spec/externalName spec/loadBalancerClass \
        spec/externalTrafficPolicy spec/publishNotReadyAddresses spec/selector/** spec/ports/** status/**",
    ),
    ("configmaps", "data/**"),
    ("configmaps/coredns-custom", "data/**"),
    (
        "configmaps/cilium-config",
        "data/kube-proxy-replacement data/cni-chaining-mode data/policy-cidr-match-mode",
    ),
    ("ciliumnetworkpolicies.cilium.io", "spec/** specs/**"),
    ("ciliumclusterwidenetworkpolicies.cilium.io", "spec/** specs/**"),
    (
        "events",
        "involvedObject/kind involvedObject/namespace involvedObject/name reason message type count \
        firstTimestamp lastTimestamp eventTime series/** reportingComponent source/component",
    ),
    (
        "persistentvolumeclaims",
        "spec/storageClassName spec/accessModes spec/volumeName spec/volumeMode spec/resources/** \
        status/phase status/conditions/** status/capacity/**",
    ),
    (
        "endpointslices.discovery.k8s.io",
        "addressType endpoints/addresses endpoints/conditions/** endpoints/nodeName \
        endpoints/targetRef/** ports/**",
    ),
    ("storageclasses.storage.k8s.io", "provisioner reclaimPolicy volumeBindingMode allowVolumeExpansion"),
    (
        "daemonsets.apps",
        "spec/selector/** spec/updateStrategy/** spec/template/metadata/labels/** POD:spec/template/spec \
        status/**",
    ),
    (
        "deployments.apps",
        "spec/replicas spec/paused spec/selector/** spec/strategy/** spec/template/metadata/labels/** \
        POD:spec/template/spec status/**",
    ),
    ("ingresses.networking.k8s.io", "spec/** status/**"),
    ("ingressclasses.networking.k8s.io", "spec/**"),
    ("networkpolicies.networking.k8s.io", "spec/**"),
    ("customresourcedefinitions.apiextensions.k8s.io", ""),
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", "webhooks/**"),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", "webhooks/**"),
    ("clusterissuers.cert-manager.io", "ISSUER"),
    ("issuers.cert-manager.io", "ISSUER"),
    (
        "certificates.cert-manager.io",
        "spec/dnsNames spec/commonName spec/secretName spec/issuerRef/** spec/duration \
        spec/renewBefore spec/privateKey/** spec/usages status/**",
    ),
    (
        "certificaterequests.cert-manager.io",
        "spec/issuerRef/** spec/duration spec/usages status/conditions/** \
        status/failureTime",
    ),
    (
        "orders.acme.cert-manager.io",
        "spec/dnsNames spec/commonName spec/issuerRef/** status/state status/reason \
        status/failureTime status/authorizations/identifier status/authorizations/wildcard \
        status/authorizations/initialState",
    ),
    ("challenges.acme.cert-manager.io", "spec/dnsName spec/type spec/wildcard spec/issuerRef/** status/**"),
    (
        "helmcharts.helm.cattle.io",
        "spec/chart spec/version spec/targetNamespace status/jobName status/conditions/**",
    ),
];

/// Of an issuer of either kind, beside the solvers of the providers ([`Provider::facts`]). The address of the account goes with the keys that name secrets.
const ISSUER: &str = "spec/acme/server spec/acme/email spec/acme/preferredChain spec/acme/privateKeySecretRef/** \
    spec/acme/disableAccountKeyGeneration spec/acme/solvers/selector/** \
    spec/acme/solvers/http01/ingress/ingressClassName spec/acme/solvers/dns01/cnameStrategy \
    spec/ca/secretName status/conditions/** status/acme/uri";

/// What is kept of a value.
#[derive(Debug, Clone)]
enum Keep {
    /// All of it.
    All,
    /// What stands alone (text, number, list of these), and of an object these fields. A list counts as its items.
    Fields(BTreeMap<String, Keep>),
}

/// The fields of one resource.
#[derive(Debug, Clone)]
pub(super) struct Kept(Keep);

impl Kept {
    /// Those of a resource; of one that is not known, only its metadata.
    pub(super) fn of(resource: &str) -> Self {
        let mut keep = Keep::Fields(BTreeMap::new());
        METADATA.split_whitespace().for_each(|path| keep.insert(path));
        let resource = if resource == WAITING_PODS { "pods" } else { resource };
        let fields_of = |resource: &str| RESOURCES.iter().find(|(name, _)| *name == resource);
        // `configmaps/NAMESPACE` is a list of one namespace.
        let known = fields_of(resource)
            .or_else(|| fields_of(resource.split_once('/').map_or(resource, |(all, _)| all)));
        for path in known.map_or("", |(_, paths)| paths).split_whitespace() {
            match path.strip_prefix("POD:") {
                Some(place) => {
                    POD.split_whitespace().for_each(|path| keep.insert(&path.replace("{}", place)))
                }
                None if path == "ISSUER" => {
                    ISSUER.split_whitespace().for_each(|path| keep.insert(path));
                    let solvers = Provider::ALL.iter().flat_map(|provider| provider.facts().solver);
                    solvers.for_each(|path| keep.insert(&format!("spec/acme/solvers/dns01/{path}")));
                }
                None => keep.insert(path),
            }
        }
        Self(keep)
    }

    /// The object with these fields alone.
    pub(super) fn pick(&self, object: &Value) -> Value {
        self.0.pick(object).unwrap_or_default()
    }
}

impl Keep {
    fn insert(&mut self, path: &str) {
        let Self::Fields(fields) = self else { return };
        match path.split_once('/') {
            _ if path == "**" => *self = Self::All,
            None => drop(fields.entry(path.to_owned()).or_insert_with(|| Self::Fields(BTreeMap::new()))),
            Some((first, rest)) => {
                fields.entry(first.to_owned()).or_insert_with(|| Self::Fields(BTreeMap::new())).insert(rest)
            }
        }
    }

    /// What is kept; `None` for an object of which nobody named a field.
    fn pick(&self, value: &Value) -> Option<Value> {
        match (value, self) {
            (value, Self::All) => Some(value.clone()),
            (Value::Object(_), Self::Fields(fields)) if fields.is_empty() => None,
            (Value::Object(object), Self::Fields(fields)) => {
                let kept = object
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), fields.get(name)?.pick(value)?)));
                Some(Value::Object(kept.collect::<Map<_, _>>()))
            }
            (Value::Array(items), keep) => {
                Some(Value::Array(items.iter().filter_map(|item| keep.pick(item)).collect()))
            }
            // A field of which only parts are kept has to have parts.
            (_, Self::Fields(fields)) => fields.is_empty().then(|| value.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_named_stays() {
        let pod = json!({
            "metadata": { "name": "a", "annotations": { "x": "y" }, "selfLink": "z" },
            "spec": {
                "nodeName": "pi", "hostname": "gone",
                "containers": [{ "name": "c", "env": [{ "name": "A", "value": "gone" }], "lifecycle": {} }],
                "volumes": [{ "name": "v", "secret": { "secretName": "s", "items": [] }, "csi": { "a": "gone" } }],
            },
            "data": "gone",
        });
        let wanted = json!({
            "metadata": { "name": "a", "annotations": { "x": "y" } },
            "spec": {
                "nodeName": "pi",
                "containers": [{ "name": "c", "env": [{ "name": "A" }] }],
                "volumes": [{ "name": "v", "secret": { "secretName": "s" } }],
            },
        });
        assert_eq!(Kept::of("pods").pick(&pod), wanted);
    }

    #[test]
    fn of_a_resource_that_nobody_named_only_the_metadata_stays() {
        let object = json!({ "metadata": { "name": "a" }, "spec": { "a": 1 }, "data": { "b": 2 } });
        assert_eq!(Kept::of("secrets").pick(&object), json!({ "metadata": { "name": "a" } }));
    }
}
