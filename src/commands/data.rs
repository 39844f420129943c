//! What services keep: homelab deletes no data, and says how somebody else does.

use crate::desired::object::Key;

/// What becomes of a claim, with the command that deletes it; none where that cannot be written safely.
pub(super) fn told(claim: &Key) -> Option<String> {
    let delete = command!("kubectl -n {} delete pvc {}", claim.namespace.as_deref()?, claim.name)?;
    Some(format!("homelab deletes no data: if nobody needs that of {claim}, `{delete}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::kind;

    #[test]
    fn the_command_is_for_this_claim_alone() {
        let namespace = Some("homelab-books".to_owned());
        let told = told(&Key { kind: &kind::CLAIM, namespace, name: "data".to_owned() }).unwrap();
        assert!(told.ends_with("`kubectl -n homelab-books delete pvc data`"), "{told}");
    }
}
