//! Groups that share the cluster: what their objects are called, and by what their records are known.

/// The longest name of an organisation: the names of objects, which are labels of pods too, are made of it.
pub const LONGEST: usize = 40;

/// How the names begin of what homelab runs for organisations.
const EXTERNAL_DNS: &str = "external-dns-for-";

/// The name of what homelab runs for an organisation, and of its rights.
#[must_use]
pub fn external_dns(organisation: &str) -> String {
    format!("{EXTERNAL_DNS}{organisation}")
}

/// Whether a name is one of these.
#[must_use]
pub fn is_external_dns(name: &str) -> bool {
    name.starts_with(EXTERNAL_DNS)
}

/// The owner id of the records that a namespace of an organisation has. A slash is in no owner id of a whole lab
/// (`dns.owner` is a label value of Kubernetes), so none is ever taken for another's; each namespace has one of its own,
/// since external-dns reads one namespace or all, and deletes what bears its id and is not in what it reads.
#[must_use]
pub fn owner(lab: &str, organisation: &str, namespace: &str) -> String {
    format!("{lab}/{organisation}/{namespace}")
}

/// The organisation of the lab `lab` that an owner id is of.
#[must_use]
pub fn of<'i>(lab: &str, id: &'i str) -> Option<&'i str> {
    let (organisation, namespace) = id.strip_prefix(lab)?.strip_prefix('/')?.split_once('/')?;
    (!organisation.is_empty() && !namespace.is_empty()).then_some(organisation)
}
