//! The kinds of object that homelab makes. All are known beforehand, so that no discovery is ever asked for.

/// One kind, as the API server names it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version in that group.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The resource in the URL.
    pub plural: &'static str,
    /// Whether its objects lie in namespaces.
    pub namespaced: bool,
    /// When it is applied.
    pub stage: Stage,
}

/// What has to be there before what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// What others lie in or are instances of, and what guards them: namespaces, definitions, policies.
    Foundation,
    /// Everything that needs no webhook.
    Workload,
    /// What a webhook of stage [`Stage::Workload`] judges.
    Judged,
}

/// A reference to a row of [`KINDS`].
pub type KindRef = &'static Kind;

macro_rules! kinds {
    ($($name:ident = $group:literal $version:literal $kind:literal $plural:literal $namespaced:literal $stage:ident;)*) => {
        $(#[doc = concat!("`", $kind, "`")]
        pub static $name: Kind = Kind {
            group: $group, version: $version, kind: $kind, plural: $plural, namespaced: $namespaced, stage: Stage::$stage,
        };)*
        /// Group, version and kind of each, for what is asserted when homelab is built.
        const NAMES: &[(&str, &str, &str)] = &[$(($group, $version, $kind)),*];
        /// Every kind that homelab can make.
        pub static KINDS: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    NAMESPACE = "" "v1" "Namespace" "namespaces" false Foundation;
    CRD = "apiextensions.k8s.io" "v1" "CustomResourceDefinition" "customresourcedefinitions" false Foundation;
    // In force before the controller that it is about starts: an API server needs a second or two to see a new policy.
    ADMISSION_POLICY = "admissionregistration.k8s.io" "v1" "ValidatingAdmissionPolicy" "validatingadmissionpolicies" false Foundation;
    ADMISSION_BINDING = "admissionregistration.k8s.io" "v1" "ValidatingAdmissionPolicyBinding" "validatingadmissionpolicybindings" false Foundation;
    PRIORITY_CLASS = "scheduling.k8s.io" "v1" "PriorityClass" "priorityclasses" false Foundation;
    INGRESS_CLASS = "networking.k8s.io" "v1" "IngressClass" "ingressclasses" false Workload;
    SERVICE_ACCOUNT = "" "v1" "ServiceAccount" "serviceaccounts" true Workload;
    CLUSTER_ROLE = "rbac.authorization.k8s.io" "v1" "ClusterRole" "clusterroles" false Workload;
    CLUSTER_ROLE_BINDING = "rbac.authorization.k8s.io" "v1" "ClusterRoleBinding" "clusterrolebindings" false Workload;
    ROLE = "rbac.authorization.k8s.io" "v1" "Role" "roles" true Workload;
    ROLE_BINDING = "rbac.authorization.k8s.io" "v1" "RoleBinding" "rolebindings" true Workload;
    CLAIM = "" "v1" "PersistentVolumeClaim" "persistentvolumeclaims" true Workload;
    CONFIG_MAP = "" "v1" "ConfigMap" "configmaps" true Workload;
    SECRET = "" "v1" "Secret" "secrets" true Workload;
    SERVICE = "" "v1" "Service" "services" true Workload;
    ENDPOINT_SLICE = "discovery.k8s.io" "v1" "EndpointSlice" "endpointslices" true Workload;
    NETWORK_POLICY = "networking.k8s.io" "v1" "NetworkPolicy" "networkpolicies" true Workload;
    // The kind of a cluster with Cilium as its network (cilium 1.20.2, pkg/k8s/apis/cilium.io/v2).
    CILIUM_POLICY = "cilium.io" "v2" "CiliumNetworkPolicy" "ciliumnetworkpolicies" true Workload;
    DEPLOYMENT = "apps" "v1" "Deployment" "deployments" true Workload;
    DAEMON_SET = "apps" "v1" "DaemonSet" "daemonsets" true Workload;
    MUTATING_WEBHOOK = "admissionregistration.k8s.io" "v1" "MutatingWebhookConfiguration" "mutatingwebhookconfigurations" false Workload;
    VALIDATING_WEBHOOK = "admissionregistration.k8s.io" "v1" "ValidatingWebhookConfiguration" "validatingwebhookconfigurations" false Workload;
    CLUSTER_ISSUER = "cert-manager.io" "v1" "ClusterIssuer" "clusterissuers" false Judged;
    ISSUER = "cert-manager.io" "v1" "Issuer" "issuers" true Judged;
    CERTIFICATE = "cert-manager.io" "v1" "Certificate" "certificates" true Judged;
    INGRESS = "networking.k8s.io" "v1" "Ingress" "ingresses" true Judged;
}

/// A kind that homelab looks at, waits for or deletes, and never makes.
const fn of_others(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
) -> Kind {
    Kind { group, version, kind, plural, namespaced: true, stage: Stage::Workload }
}

/// `Pod`
pub static POD: Kind = of_others("", "v1", "Pod", "pods");
/// `Lease`
pub static LEASE: Kind = of_others("coordination.k8s.io", "v1", "Lease", "leases");
/// `CertificateRequest`
pub static CERTIFICATE_REQUEST: Kind =
    of_others("cert-manager.io", "v1", "CertificateRequest", "certificaterequests");
/// `Order`
pub static ORDER: Kind = of_others("acme.cert-manager.io", "v1", "Order", "orders");
/// `Challenge`
pub static CHALLENGE: Kind = of_others("acme.cert-manager.io", "v1", "Challenge", "challenges");

impl Kind {
    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether the kind is one of [`KINDS`].
    pub(super) const fn is_known(group: &str, version: &str, kind: &str) -> bool {
        let mut at = 0;
        while at < NAMES.len() {
            let (known_group, known_version, known_kind) = NAMES[at];
            if same(group, known_group) && same(version, known_version) && same(kind, known_kind) {
                return true;
            }
            at += 1;
        }
        false
    }

    /// The kind with this `apiVersion` and `kind`.
    pub fn find(api_version: &str, kind: &str) -> Option<KindRef> {
        KINDS.iter().copied().find(|k| k.kind == kind && k.api_version() == api_version)
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_all_three_of_its_names() {
        assert!(Kind::is_known("apps", "v1", "Deployment") && Kind::is_known("", "v1", "Secret"));
        assert!(
            !Kind::is_known("apps", "v1", "StatefulSet") && !Kind::is_known("apps", "v1beta1", "Deployment")
        );
    }
}
